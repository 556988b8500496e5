"""Calls of geometry kernels with random inputs, and what of their outputs is defined.

Imports numpy only: the same text runs in Pyodide, where it makes the same calls from the same seeds. Only uniform
numbers and integers are drawn, so that inputs are the same everywhere.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

LODS_MAX = 8
SIZES = (0, 1, 2, 3, 4, 5, 7, 8, 31, 64, 333, 2000)
SKEWS = (0, 4, 8, 12)  # bytes past a multiple of 16: what kernels must take
GUARD = 0xA5  # what outputs hold before a call


class Call(NamedTuple):
    """`args`: whole numbers, arrays that are read, and Out for arrays that are written (with what they hold before)."""

    name: str
    args: list[Any]
    skew: int


class Same(NamedTuple):
    """The array of an earlier argument again: a broken contract."""

    argument: int


class Out(NamedTuple):
    """An array that a kernel writes."""

    array: np.ndarray


def empty(shape: Any, dtype: Any) -> Out:
    """An output that holds nothing yet."""
    return Out(np.full(np.prod(shape) * np.dtype(dtype).itemsize, GUARD, np.uint8).view(dtype).reshape(shape))


def floats(rng: np.random.Generator, shape: Any, span: float, poison: float) -> np.ndarray:
    """Uniform numbers, some of them replaced by NaN, infinities, zeros, tiny and huge ones."""
    values = rng.uniform(-span, span, shape).astype(np.float32)
    if poison:
        bad = np.array([np.nan, np.inf, -np.inf, 0.0, -0.0, 1e-42, 3e38, -3e38], np.float32)
        at = rng.uniform(0, 1, shape) < poison
        values[at] = bad[rng.integers(0, len(bad), int(at.sum()))]
    return values


def view(rng: np.random.Generator, by_reach: bool) -> np.ndarray:
    """A view with unit planes, by planes or by reach."""
    found = np.zeros(28, np.float32)
    camera = rng.uniform(-40, 40, 3)
    found[0:3] = camera
    found[4:7] = camera - found[0:3]
    found[3] = rng.uniform(0, 60) if by_reach else -1
    planes = rng.uniform(-1, 1, (5, 4))
    planes[:, :3] /= np.sqrt((planes[:, :3] ** 2).sum(axis=1))[:, None]
    planes[:, 3] = rng.uniform(0, 30, 5)
    found[8:28] = planes.ravel()
    return found


def rows(rng: np.random.Generator, count: int) -> np.ndarray:
    """Row numbers: stretches that follow each other, with gaps; sometimes in any order."""
    gaps = rng.integers(0, 3, count) * (rng.uniform(0, 1, count) < 0.1)
    found = (np.arange(count) + np.cumsum(gaps)).astype(np.uint32)
    return rng.permutation(found) if rng.uniform() < 0.3 else found


def runs(rng: np.random.Generator, count: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Runs that cut `count` rows, with the ends of their levels and their drafts."""
    parts = int(rng.integers(1, 6))
    cuts = np.sort(rng.integers(0, count + 1, parts - 1))
    start = np.concatenate([[0], cuts])
    size = np.diff(start, append=count)
    lods = rng.integers(0, LODS_MAX + 1, parts)
    each = np.maximum(lods, 1)
    draft = np.cumsum(each) - each
    until = np.full(int(each.sum()), np.inf, np.float32)
    for first, number in zip(draft, lods, strict=True):
        until[first : first + number] = np.sort(rng.uniform(0, 120, number))
    drafts = rng.integers(0, 2**32, (len(until), 8), dtype=np.uint32)
    return np.stack([start, size, draft, lods], axis=1).astype(np.uint32), until, drafts


def rounded(count: int) -> int:
    """Up to a multiple of 4."""
    return (count + 3) & ~3


def cull_lods(rng: np.random.Generator, n: int, poison: float, name: str = "lw_cull_lods") -> list[Any]:
    """The arguments of lw_cull_lods."""
    number, lods = rows(rng, n), int(rng.integers(0, LODS_MAX + 1))
    until = np.sort(rng.uniform(0, 120, max(lods, 1))).astype(np.float32)
    out = empty(max(lods, 1) * rounded(n), np.uint32)
    positions = floats(rng, (int(number.max(initial=0)) + 1, 3), 80, poison)
    return [view(rng, rng.uniform() < 0.3), positions, np.abs(floats(rng, n, 5, poison)), number, n, until, lods, out,
            empty(LODS_MAX, np.uint32)]


def cull_runs(rng: np.random.Generator, n: int, poison: float) -> list[Any]:
    """The arguments of lw_cull_runs."""
    number, (table, until, drafts) = rows(rng, n), runs(rng, n)
    room = n + int((np.maximum(table[:, 3].astype(int) - 1, 0) * (table[:, 1].astype(int) + 3)).max()) + 4
    positions = floats(rng, (int(number.max(initial=0)) + 1, 3), 80, poison)
    return [view(rng, rng.uniform() < 0.3), positions, np.abs(floats(rng, n, 5, poison)), number, table, len(table),
            until, drafts, empty(room, np.uint32), empty((len(drafts), 8), np.uint32), Out(np.zeros(2, np.uint32))]


def cull_sorted(rng: np.random.Generator, n: int, poison: float) -> list[Any]:
    """The arguments of lw_cull_sorted; positions repeat, so that distances are equal."""
    args = cull_runs(rng, n, poison)
    args[1] = np.round(args[1] / 40) * 40
    args[8:10] = [empty(6 * n, np.uint32), empty(n, np.uint32), empty((n, 8), np.uint32)]
    return args


def cull_cells(rng: np.random.Generator, n: int, poison: float) -> list[Any]:
    """The arguments of lw_cull_cells: `n` cells."""
    table, until, drafts = runs(rng, n)
    range_rows = int(rng.choice([1, 5, 20, 10**6]))
    size = rng.integers(0, 9, n).astype(np.intp)
    spans = np.stack([np.cumsum(size) - size, size], axis=1).astype(np.uint32)
    total = int(size.sum())
    centers = floats(rng, (n, 3), 80, poison)
    positions = np.repeat(centers, size, axis=0) + floats(rng, (total, 3), 5, poison)
    hidden = (rng.uniform(0, 1, n) < rng.choice((0.0, 0.3))).astype(np.uint8)
    return [view(rng, rng.uniform() < 0.3), centers, np.abs(floats(rng, n, 12, poison)), spans, positions,
            rows(rng, total), table, len(table), until, drafts, Out(hidden), range_rows, 4,
            empty(total + 4, np.uint32), empty((len(drafts) + total // range_rows, 8), np.uint32),
            Out(np.zeros(2, np.uint32))]


def sphere_radii(rng: np.random.Generator, n: int, poison: float) -> list[Any]:
    """The arguments of lw_sphere_radii."""
    number = rows(rng, n)
    used = int(number.max(initial=0)) + 1
    return [np.abs(floats(rng, used, 9, poison)), floats(rng, (used, 3), 4, poison), number, n, empty(n, np.float32)]


def compose_rows(rng: np.random.Generator, n: int, poison: float) -> list[Any]:
    """The arguments of lw_compose_rows: children of roots and of earlier children, in shuffled rows."""
    used = 2 * n + 3
    place = rng.permutation(used)
    children = place[:n].astype(np.uint32)
    parents = np.full(used, -1, np.int32)
    for i, row in enumerate(children):
        parents[row] = children[rng.integers(0, i)] if i and rng.uniform() < 0.7 else place[n + rng.integers(0, n + 3)]
    position, rotation, scale = (floats(rng, (used, width), 3, poison) for width in (3, 4, 3))
    world = [floats(rng, (used, width), 3, poison) for width in (3, 4, 3, 3)]
    world[3][rng.uniform(0, 1, used) < 0.5] = 0  # no shear, so that every way of composing is taken
    for scales in (scale, world[2]):
        scales[rng.uniform(0, 1, used) < 0.3] = rng.uniform(-3, 3)
        scales[rng.uniform(0, 1, scales.shape) < 0.1] = 0
    rotation[rng.uniform(0, 1, used) < 0.3] = (0, 0, 0, 1)
    rotation[rng.uniform(0, 1, used) < 0.1] = (0, 0.5**0.5, 0, 0.5**0.5)
    return [parents, children, n, position, rotation, scale, *map(Out, world)]


def mirrored(rng: np.random.Generator, n: int, poison: float) -> list[Any]:
    """The arguments of lw_mirrored."""
    number = rows(rng, n)
    scale = floats(rng, (int(number.max(initial=0)) + 1, 3), 2, poison)
    return [scale, number, n, Out(rng.integers(0, 2, n).astype(np.uint8))]


def not_finite(rng: np.random.Generator, n: int, poison: float) -> list[Any]:
    """The arguments of lw_not_finite: numbers whose squares overflow as well."""
    values = floats(rng, (n,), 3, poison)
    values[rng.uniform(0, 1, n) < 0.1] *= np.float32(1e30)
    return [values, n]


def scatter_poses(rng: np.random.Generator, n: int, poison: float) -> list[Any]:
    """The arguments of lw_scatter_poses: some slots have no row, and blocks have bits from before."""
    places = rng.integers(0, 70_000, n)
    rows = np.where(rng.uniform(0, 1, n) < 0.1, -1, places + np.arange(n)).astype(np.int32)
    slots = np.argsort(rng.uniform(0, 1, n)).astype(np.uint32)
    room = int(rows.max(initial=0)) + 1
    return [slots, n, floats(rng, (n, 7), 2, poison), rows, Out(floats(rng, (n, 7), 2, 0)),
            Out(floats(rng, (room, 3), 2, 0)), Out(floats(rng, (room, 4), 2, 0)),
            Out(rng.integers(0, 2**32, 3, dtype=np.uint32))]


def sort(rng: np.random.Generator, n: int, bits: int) -> list[Any]:
    """The arguments of lw_sort_u32 and lw_sort_u64: few different values in some bytes, so that keys repeat."""
    dtype = np.uint32 if bits == 32 else np.uint64
    keys = rng.integers(0, 2**bits, n, dtype=dtype)
    keys &= np.asarray(rng.integers(0, 2**bits, dtype=dtype) & rng.integers(0, 2**bits, dtype=dtype), dtype)
    return [Out(keys), Out(np.arange(n, dtype=np.uint32)), empty(n, dtype), empty(n, np.uint32), n]


MAKERS: dict[str, Callable[[np.random.Generator, int, float], list[Any]]] = {
    "lw_cull_lods": cull_lods, "lw_cull_runs": cull_runs, "lw_cull_sorted": cull_sorted, "lw_cull_cells": cull_cells,
    "lw_sphere_radii": sphere_radii, "lw_compose_rows": compose_rows, "lw_mirrored": mirrored,
    "lw_not_finite": not_finite, "lw_scatter_poses": scatter_poses,
    "lw_sort_u32": lambda rng, n, poison: sort(rng, n, 32), "lw_sort_u64": lambda rng, n, poison: sort(rng, n, 64),
}


def make(name: str, seed: int, n: int, poison: float, skew: int) -> Call:
    """One call. 64-bit keys keep their own alignment."""
    with np.errstate(all="ignore"):
        args = MAKERS[name](np.random.default_rng([seed, n]), n, poison)
    return Call(name, args, skew & 8 if name == "lw_sort_u64" else skew)


def standard(seed: int = 7) -> list[Call]:
    """Every kernel with every size, with and without poison, at every alignment."""
    return [make(name, seed + k, n, poison, SKEWS[(k + n) % 4])
            for name in MAKERS for k, n in enumerate(SIZES) for poison in (0.0, 0.05)]


def defined(call: Call, result: Any, outs: list[np.ndarray]) -> list[np.ndarray]:
    """What the contract says of the outputs; NaN is one value, whatever its bits are."""
    if call.name.startswith("lw_cull_lods"):
        outs = [np.array([result], np.uint32), outs[0].reshape(-1)[:result], outs[1][: max(call.args[6], 1)]]
    elif call.name.startswith("lw_cull_"):
        used, number = outs[-1].tolist()
        outs = [outs[-3].reshape(-1)[:used], outs[-2].reshape(-1, 8)[:number], outs[-1]]
    elif call.name.startswith("lw_sort_"):
        outs = outs[:2]
    elif call.name in ("lw_compose_rows", "lw_mirrored", "lw_not_finite"):
        outs = [np.array([result], np.uint32), *outs]
    elif call.name in ("lw_bvh_build", "lw_bvh_build_curve"):  # nodes, order, area; not the scratch
        outs = [np.array([result], np.uint32), outs[0].reshape(-1, 8)[:result], outs[1], outs[3]]
    elif call.name == "lw_bvh_take_rows":  # instances, boxes, moved
        outs = [np.array([result], np.uint32), outs[0], outs[1], *(moved[:result] for moved in outs[2:])]
    elif call.name == "lw_bvh_choose_rows":
        still, moving = outs[4].tolist()
        outs = [outs[0][:still], outs[1][:still], outs[2][:moving], outs[3][:moving], outs[4]]
    elif call.name == "lw_bvh_spheres":
        outs = [np.array([result], np.uint32), outs[0][:result], outs[1]]
    elif call.name == "lw_lights_seen":
        outs = [np.array([result], np.uint32), outs[0][:result], outs[1][:result], outs[2]]
    elif call.name == "lw_horizon_boxes":  # not what is kept between calls
        outs = outs[2:]
    elif call.name == "lw_light_lists":  # rows, lists and found; not the scratch
        outs = [outs[0].reshape(-1, 12)[: call.args[6]], outs[2][: outs[3][0]], outs[3]]
    return [np.where(np.isnan(out), np.float32(np.nan), out) if out.dtype == np.float32 else out for out in outs]


def digest(call: Call, result: Any, outs: list[np.ndarray]) -> str:
    """A hash of what is defined."""
    total = hashlib.sha256()
    for out in defined(call, result, outs):
        kind = np.uint32 if out.dtype.kind != "f" and out.dtype.itemsize != 8 else out.dtype
        total.update(np.ascontiguousarray(out.astype(kind)).tobytes())
    return total.hexdigest()[:16]


def placed(array: np.ndarray, skew: int) -> np.ndarray:
    """A copy whose bytes start `skew` past a multiple of 16."""
    room = np.zeros(array.nbytes + 32, np.uint8)
    start = -room.__array_interface__["data"][0] % 16 + skew
    copy = room[start : start + array.nbytes].view(array.dtype).reshape(array.shape)
    copy[...] = array
    return copy


def run_on_arrays(kernels: Any, call: Call) -> str:
    """Calls functions that take numpy arrays: the twins, or the in-place module."""
    args: list[Any] = []
    outs: list[np.ndarray] = []
    for arg in call.args:
        if isinstance(arg, Out):
            outs.append(placed(arg.array, call.skew))
            args.append(outs[-1])
        else:
            args.append(placed(arg, call.skew) if isinstance(arg, np.ndarray) else arg)
    return digest(call, getattr(kernels, call.name)(*args), outs)
