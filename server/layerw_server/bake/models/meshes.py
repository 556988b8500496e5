"""Triangles of a primitive made fewer, ordered for the GPU, and its attributes quantised.

Owns: which attributes become which small numbers. Does not: change what it does not know, or what is no triangle list.
Source: KHR_mesh_quantization; meshoptimizer (Garland and Heckbert 1997's quadrics, Forsyth's vertex cache order).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from layerw_server.bake import codecs
from layerw_server.bake.models.gltf import Gltf, Json, whole
from layerw_server.bake.models.writer import Writer

TRIANGLES = 4
TRIANGLES_LEFT_MIN = 24
CODE_MAX = 32_767
Rows = npt.NDArray[Any]


@dataclass(frozen=True)
class Lattice:
    """Where quantised positions lie: metres = code * step + middle, codes from -CODE_MAX to CODE_MAX."""

    middle: tuple[float, float, float]
    step: float


@dataclass(frozen=True)
class Triangles:
    """Indices (3 n,) uint32 into the primitive's vertices, and by how much simplifying may be wrong, metres."""

    indices: npt.NDArray[np.uint32]
    error_m: float


def triangles_of(file: Gltf, primitive: Json) -> npt.NDArray[np.uint32] | None:
    """The index list of a primitive; None where it is no triangle list with positions."""
    attributes = primitive.get("attributes")
    if primitive.get("mode", TRIANGLES) != TRIANGLES or not isinstance(attributes, dict) or (
            "POSITION" not in attributes):
        return None
    count = whole(file.item("accessors", attributes["POSITION"]).get("count"))
    if "indices" in primitive:
        indices = file.raw(primitive["indices"])[:, 0].astype(np.uint32)
    else:
        indices = np.arange(count, dtype=np.uint32)
    indices = indices[: len(indices) - len(indices) % 3]
    if not len(indices):
        return None
    if int(indices.max()) >= count:
        raise file.wrong(f"a primitive has index {int(indices.max())} of {count} vertices")
    return indices


def welded(file: Gltf, primitive: Json, indices: npt.NDArray[np.uint32]) -> npt.NDArray[np.uint32]:
    """The same triangles, where vertices that are equal in every attribute are one."""
    numbers = [*primitive["attributes"].values(),
               *(number for target in primitive.get("targets", ()) for number in target.values())]
    parts = [file.raw(number) for number in numbers]
    if len({len(part) for part in parts}) != 1:
        raise file.wrong("a primitive's attributes have different counts")
    rows = np.concatenate([np.ascontiguousarray(part).view(np.uint8).reshape(len(part), -1) for part in parts], axis=1)
    keys = np.ascontiguousarray(rows).view(f"V{rows.shape[1]}")[:, 0]
    _, first, inverse = np.unique(keys, return_index=True, return_inverse=True)
    same: npt.NDArray[np.uint32] = first.astype(np.uint32)[inverse.reshape(-1)][indices]
    return same


def simplified(positions: Rows, indices: npt.NDArray[np.uint32], share: float, error: float) -> Triangles:
    """About `share` of the triangles, as long as the shape stays within `error` of its size."""
    target = max(3 * TRIANGLES_LEFT_MIN, int(len(indices) * share) // 3 * 3)
    if share >= 1.0 or len(indices) <= target:
        return Triangles(indices, 0.0)
    pack = codecs.meshopt()
    points = np.ascontiguousarray(positions, np.float32)
    out, wrong = np.empty(len(indices), np.uint32), np.zeros(1, np.float32)
    count = pack.simplify(out, indices, points, target_index_count=target, target_error=error, result_error=wrong)
    return Triangles(out[:count].copy(), float(wrong[0]) * float(pack.simplify_scale(points)))


def ordered(indices: npt.NDArray[np.uint32], vertices: int) -> tuple[npt.NDArray[np.uint32], npt.NDArray[np.uint32]]:
    """Indices in an order that GPUs like, and the old numbers of the vertices that are left, in theirs."""
    if codecs.has_meshopt():
        cached = np.empty_like(indices)
        codecs.meshopt().optimize_vertex_cache(cached, indices, len(indices), vertices)
        indices = cached
    used, first, inverse = np.unique(indices, return_index=True, return_inverse=True)
    order = np.argsort(first, kind="stable")  # by first use
    place = np.empty(len(used), np.uint32)
    place[order] = np.arange(len(used), dtype=np.uint32)
    return place[inverse.reshape(-1)], used[order].astype(np.uint32)


def lattice_of(file: Gltf, mesh: Json) -> Lattice | None:
    """The lattice of a whole mesh; None where a position is not finite."""
    lows, highs = [], []
    for primitive in mesh.get("primitives", ()):
        if isinstance(primitive, dict) and "POSITION" in primitive.get("attributes", {}):
            points = file.floats(primitive["attributes"]["POSITION"])
            if points.shape[1] != 3 or not np.isfinite(points).all():
                return None
            lows.append(points.min(axis=0))
            highs.append(points.max(axis=0))
    if not lows:
        return None
    return lattice_between(np.min(lows, axis=0).astype(np.float64), np.max(highs, axis=0).astype(np.float64))


def lattice_between(low: Rows, high: Rows) -> Lattice:
    """The finest lattice that reaches both corners."""
    middle, half = 0.5 * (low + high), 0.5 * float((high - low).max())
    return Lattice((float(middle[0]), float(middle[1]), float(middle[2])), half / CODE_MAX if half > 0 else 1.0)


def codes_of(positions: Rows, lattice: Lattice) -> Rows:
    """(n, 3) int16."""
    codes = np.rint((positions.astype(np.float64) - lattice.middle) / lattice.step)
    small: Rows = np.clip(codes, -CODE_MAX, CODE_MAX).astype("<i2")
    return small


def write_attribute(
    file: Gltf, writer: Writer, name: str, number: Any, keep: Rows | None, lattice: Lattice | None,
) -> int:
    """An attribute in as few bytes as its meaning needs; returns its accessor. `keep`: the vertices that are left."""
    one = file.item("accessors", number)
    rows = file.raw(number)
    rows = rows if keep is None else rows[keep]
    is_normalized = bool(one.get("normalized"))
    kind = name.split("_")[0]
    if kind == "POSITION":
        if lattice is None:
            return writer.vertices(file.floats(number)[slice(None) if keep is None else keep], bounds=True)
        values = file.floats(number)[slice(None) if keep is None else keep]
        return writer.vertices(codes_of(values, lattice), bounds=True)
    if rows.dtype.kind == "f" and not np.isfinite(rows).all():
        return writer.vertices(rows, normalized=is_normalized)
    if kind in ("NORMAL", "TANGENT") and rows.dtype.kind == "f":
        return writer.vertices(np.rint(np.clip(rows, -1, 1) * 127).astype("i1"), normalized=True)
    if kind == "TEXCOORD" and rows.dtype.kind == "f" and rows.min() >= 0 and rows.max() <= 1:
        return writer.vertices(np.rint(rows * 65_535).astype("<u2"), normalized=True)
    if kind == "COLOR" and rows.dtype.kind == "f" and rows.min() >= 0 and rows.max() <= 1:
        return writer.vertices(np.rint(rows * 255).astype("u1"), normalized=True)
    if kind == "JOINTS" and rows.max() < 256:
        return writer.vertices(rows.astype("u1"))
    if kind == "WEIGHTS" and rows.dtype.kind == "f":
        return writer.vertices(_weights(rows), normalized=True)
    return writer.vertices(rows, normalized=is_normalized)


def _weights(rows: Rows) -> Rows:
    """Bytes whose sum is 255 in every row."""
    codes = np.rint(np.clip(rows, 0, 1) * 255).astype(np.int64)
    codes[np.arange(len(codes)), codes.argmax(axis=1)] += 255 - codes.sum(axis=1)
    small: Rows = np.clip(codes, 0, 255).astype("u1")
    return small
