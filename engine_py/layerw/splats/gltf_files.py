"""Gaussian splats in glTF: what primitives of KHR_gaussian_splatting hold.

Owns: their values, brought to other axes, harmonics as well. Of a .glb that `app.splats` reads, all become one cloud.
Limits of that: its own buffer, neither sparse nor packed; all of its primitives have one colour space.
Source: KHR_gaussian_splatting (2026): scale and opacity are linear, rotation xyzw.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from functools import partial

import numpy as np

from layerw.assets.accessors import COMPONENT_BYTES, Accessor
from layerw.assets.gaussians import EXTENSION, SplatPlan, plan_splats
from layerw.assets.gltf import parse
from layerw.assets.nodes import build_tree
from layerw.base.mathx import quat_from_matrix, quat_multiply, quats_from_matrices
from layerw.base.ports import F32, F64, SplatParts
from layerw.splats.files import (
    SH_0,
    Arrays,
    Charge,
    SplatError,
    checked,
    checked_band,
    checked_count,
    finished,
    units,
)
from layerw.splats.harmonics import joined, quantized, turning

_TYPES = {5120: "i1", 5121: "u1", 5122: "<i2", 5123: "<u2", 5125: "<u4", 5126: "<f4"}
_BYTES, _HARMONICS_BYTES = 208, (0, 15, 45, 125)  # a splat, as in files.py
_SLICE = 1 << 12  # splats that a node moves at a time


def read_glb(data: bytes, charge: Charge, degree: int) -> Arrays:
    """See files.read_splats. Raises SplatError, GltfError."""
    text, binary = _chunks(data)
    doc = parse(text, len(binary))
    tree = build_tree(doc)
    found: list[Arrays] = []
    count = 0
    for row, mesh in tree.meshes:
        for primitive in doc.item("meshes", mesh, "a node's mesh").objects("primitives"):
            shown = primitive.extension(EXTENSION)
            if shown is None:
                continue
            plan = _plain(plan_splats(doc, primitive, shown, degree))
            count += plan.count
            checked_count(count, "the file")  # before anything of it is made
            charge((_BYTES + _HARMONICS_BYTES[plan.degree]) * plan.count)
            found.append(arrays_of(partial(_of, binary, plan), plan, tree.worlds[row]))
    if not found:
        raise SplatError(f"no mesh of it has {EXTENSION}; app.load shows other models")
    if len({one.is_linear for one in found}) > 1:
        raise SplatError("its splats have colours of two spaces; one file has one")
    position, scale, rotation, color = (np.concatenate(part) for part in list(zip(*found, strict=True))[:4])
    return finished(position, scale, rotation, color, joined([one.harmonics for one in found]),
                    is_linear=found[0].is_linear)  # fmt: skip


def _chunks(data: bytes) -> tuple[bytes, memoryview]:
    if len(data) < 20:
        raise SplatError(f"it has {len(data)} bytes; a .glb has at least 20")
    _, version, total, size, kind = struct.unpack_from("<5I", data)
    if version != 2 or kind != 0x4E4F534A or 20 + size > len(data):
        raise SplatError(f"its header says version {version} and a chunk of {size:,} bytes in {len(data):,}")
    at = 20 + size
    if at + 8 > min(total, len(data)):
        raise SplatError("it has no binary chunk")
    length, kind = struct.unpack_from("<2I", data, at)
    if kind != 0x004E4942 or at + 8 + length > len(data):
        raise SplatError(f"its binary chunk says {length:,} bytes at byte {at:,} of {len(data):,}")
    return data[20:at], memoryview(data)[at + 8 : at + 8 + length]


def _plain(plan: SplatPlan) -> SplatPlan:
    for name, accessor in plan.accessors.items():
        if accessor.buffer != 0 or accessor.sparse is not None:
            raise SplatError(f"{plan.path} has a {name} that is sparse, packed or not in the file; app.load reads it")
    return plan


def taking_bytes(parts: SplatParts) -> int:
    """What `taken` takes."""
    return (_BYTES + _HARMONICS_BYTES[parts.degree]) * parts.count


def taken(values: Callable[[str], F32], parts: SplatParts) -> Arrays:
    """Splats of a model or a tile. Raises SplatError."""
    found = arrays_of(values, parts, np.eye(4) if parts.matrix is None else parts.matrix)
    return finished(*found[:5], is_linear=found.is_linear)


def arrays_of(values: Callable[[str], F32], plan: SplatParts, world: F64) -> Arrays:
    """Splats of a primitive, brought to other axes. values: of an accessor, by name. Raises SplatError."""
    count = plan.count
    position, scale, rotation = (values(name) for name in ("position", "scale", "rotation"))
    color = np.empty((count, 4), np.float32)
    color[:, :3], color[:, 3] = 0.5 + SH_0 * values("color"), values("opacity")[:, 0]
    checked(position, scale, rotation, color)  # before nodes change them
    turned = _rotation(world[:3, :3]) if plan.degree else None

    def band(one: int) -> F32:
        found = np.empty((count, 2 * one + 1, 3), np.float32)
        for order in range(2 * one + 1):
            found[:, order] = values(f"{one} {order}")
        checked_band(found, one)
        if turned is not None:
            turn = turning(one, turned)
            for start in range(0, count, _SLICE):
                found[start : start + _SLICE] = turn @ found[start : start + _SLICE]
        return found

    return Arrays(*placed(position, scale, rotation, world), color, quantized(band, plan.degree, count), plan.is_linear)


def _rotation(linear: F64) -> F64 | None:
    """What a node turns and mirrors; None: nothing."""
    left, size, right = np.linalg.svd(linear)
    turn: F64 = left @ right
    return None if not size.min() > 0 or np.allclose(turn, np.eye(3), atol=1e-6) else turn


def _of(binary: memoryview, plan: SplatPlan, name: str) -> F32:
    return _values(binary, plan.accessors[name])


def _values(binary: memoryview, accessor: Accessor) -> F32:
    """(count, components); the accessor lies in its buffer."""
    kind = np.dtype(_TYPES[accessor.component_type])
    tight = COMPONENT_BYTES[accessor.component_type] * accessor.components
    raw = np.ndarray((accessor.count, accessor.components), kind, binary, accessor.byte_offset,
                     (accessor.byte_stride or tight, kind.itemsize))  # fmt: skip
    found = raw.astype(np.float32)
    if accessor.normalized:
        found = np.maximum(found / np.float32(np.iinfo(kind).max), -1)
    return found


def placed(position: F32, scale: F32, rotation: F32, world: F64) -> tuple[F32, F32, F32]:
    """Splats in the axes of their file, of those in a node's."""
    if np.allclose(world, np.eye(4)):
        return position, scale, rotation
    linear, even = world[:3, :3], _even(world[:3, :3])
    moved, sizes, turns = np.empty_like(position), np.empty_like(scale), np.empty_like(rotation)
    for start in range(0, len(position), _SLICE):
        some = slice(start, start + _SLICE)
        unit = units(rotation[some])
        with np.errstate(over="ignore"):  # what is infinite then is told as such
            moved[some] = position[some] @ linear.T + world[:3, 3]
            if even is None:
                sizes[some], turns[some] = _stretched(scale[some], unit, linear)
            else:
                sizes[some], turns[some] = scale[some] * even[0], quat_multiply(even[1], unit)
    return moved, sizes, turns


def _even(linear: F64) -> tuple[float, F64] | None:
    """The scale and the rotation of what stretches no way more than another. A mirror counts as the rotation that is
    its opposite: an ellipsoid is as it was when all its axes point the other way."""
    squares = linear.T @ linear
    square = float(np.trace(squares)) / 3
    if not 0 < square < np.inf or np.abs(squares - square * np.eye(3)).max() > 1e-6 * square:
        return None
    size = square**0.5
    return size, quat_from_matrix(linear / (size if np.linalg.det(linear / size) > 0 else -size))


def _stretched(scale: F32, unit: F32, linear: F64) -> tuple[F64, F64]:
    """An ellipsoid that a node stretches is one again: that of the principal axes of what it becomes."""
    axes = linear @ (_matrices(unit) * scale[:, None, :])
    if not np.isfinite(axes).all():
        raise SplatError(f"a node scales its splats beyond all numbers: {linear.tolist()}")
    turn, size, _ = np.linalg.svd(axes)
    turn[:, :, 2] *= np.sign(np.linalg.det(turn))[:, None]
    return size, quats_from_matrices(turn)


def _matrices(unit: F32) -> F64:
    """(n, 3, 3) of unit quaternions."""
    x, y, z, w = unit.astype(np.float64).T
    rows = (1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y),
            2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x),
            2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y))  # fmt: skip
    return np.stack(rows, axis=1).reshape(-1, 3, 3)
