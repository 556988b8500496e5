"""Gaussian splats in binary glTF: primitives of points with KHR_gaussian_splatting.

Owns: which accessors are theirs, checked as every accessor is, and where their nodes put them: all of a file become one
cloud. Limits: one .glb with its own buffer, neither sparse nor packed; all of its primitives have one colour space.
Source: KHR_gaussian_splatting (2026): scale and opacity are linear, rotation xyzw.
"""

from __future__ import annotations

import struct

import numpy as np

from layerw.assets.accessors import COMPONENT_BYTES, Accessor, resolve_accessor
from layerw.assets.gltf import Document, parse
from layerw.assets.items import Item
from layerw.assets.nodes import build_tree
from layerw.base.mathx import quat_from_matrix, quat_multiply, quats_from_matrices
from layerw.base.ports import F32, F64
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
from layerw.splats.harmonics import DEGREE_MAX, Harmonics, joined, quantized, turning

EXTENSION = "KHR_gaussian_splatting"
_TYPES = {5120: "i1", 5121: "u1", 5122: "<i2", 5123: "<u2", 5125: "<u4", 5126: "<f4"}
_NAMES = {"rotation": "ROTATION", "scale": "SCALE", "opacity": "OPACITY", "color": "SH_DEGREE_0_COEF_0"}
_CHECKED_AS = {"rotation": "rotation", "scale": "scale", "opacity": "morph_weights", "color": "translation"}
_BYTES, _HARMONICS_BYTES = 208, (0, 15, 45, 125)  # a splat, as in files.py
_SLICE = 1 << 12  # splats that a node moves at a time
_SPACES = ("srgb_rec709_display", "lin_rec709_display")


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
            accessors = _accessors(doc, primitive, shown, degree)
            given = accessors["position"].count
            count += given
            checked_count(count, "the file")  # before anything of it is made
            charge((_BYTES + _HARMONICS_BYTES[_degree(accessors)]) * given)
            found.append(_read(binary, accessors, shown, tree.worlds[row]))
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


def _accessors(doc: Document, primitive: Item, shown: Item, degree: int) -> dict[str, Accessor]:
    """By name, all as long as each other. degree: of the harmonics that are wanted, at most."""
    if primitive.integer("mode", 4) != 0:
        raise primitive.wrong("mode", f"0 (points), as {EXTENSION} says")
    if shown.text("kernel", "ellipse") != "ellipse":
        raise shown.wrong("kernel", "ellipse")
    shown.choice("colorSpace", _SPACES[0], _SPACES)
    attributes = primitive.object("attributes")
    wanted = {"position": ("POSITION", "position")}
    wanted |= {name: (f"{EXTENSION}:{said}", _CHECKED_AS[name]) for name, said in _NAMES.items()}
    for one in range(1, degree + 1):
        orders = {f"{one} {order}": f"{EXTENSION}:SH_DEGREE_{one}_COEF_{order}" for order in range(2 * one + 1)}
        if not any(said in attributes for said in orders.values()):
            break
        wanted |= {name: (said, "translation") for name, said in orders.items()}
    found = {name: resolve_accessor(doc, attributes.integer(said), semantic, attributes.at(said))
             for name, (said, semantic) in wanted.items()}  # fmt: skip
    count = found["position"].count
    for name, accessor in found.items():
        if accessor.buffer != 0 or accessor.sparse is not None:
            raise attributes.error(f"has a {name} that is sparse, packed or not in the file; splats are read plain.")
        if accessor.count != count:
            raise attributes.error(f"has {accessor.count} of {name}, but {count} positions.")
    return found


def _degree(accessors: dict[str, Accessor]) -> int:
    return next(one for one in range(DEGREE_MAX, -1, -1) if one == 0 or f"{one} 0" in accessors)


def _read(binary: memoryview, accessors: dict[str, Accessor], shown: Item, world: F64) -> Arrays:
    values = {name: _values(binary, accessors[name]) for name in ("position", "scale", "rotation", "opacity", "color")}
    color = np.empty((len(values["position"]), 4), np.float32)
    color[:, :3], color[:, 3] = 0.5 + SH_0 * values["color"], values["opacity"][:, 0]
    checked(values["position"], values["scale"], values["rotation"], color)  # before nodes change them
    moved = placed(values["position"], values["scale"], values["rotation"], world)
    is_linear = shown.text("colorSpace", _SPACES[0]) == _SPACES[1]
    return Arrays(*moved, color, _harmonics(binary, accessors, world[:3, :3]), is_linear)


def _harmonics(binary: memoryview, accessors: dict[str, Accessor], linear: F64) -> Harmonics:
    degree, count = _degree(accessors), accessors["position"].count
    turned = _rotation(linear) if degree else None

    def band(one: int) -> F32:
        found = np.empty((count, 2 * one + 1, 3), np.float32)
        for order in range(2 * one + 1):
            found[:, order] = _values(binary, accessors[f"{one} {order}"])
        checked_band(found, one)
        if turned is not None:
            turn = turning(one, turned)
            for start in range(0, count, _SLICE):
                found[start : start + _SLICE] = turn @ found[start : start + _SLICE]
        return found

    return quantized(band, degree, count)


def _rotation(linear: F64) -> F64 | None:
    """What a node turns and mirrors; None: nothing."""
    left, size, right = np.linalg.svd(linear)
    turn: F64 = left @ right
    return None if not size.min() > 0 or np.allclose(turn, np.eye(3), atol=1e-6) else turn


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
