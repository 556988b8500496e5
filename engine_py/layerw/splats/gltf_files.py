"""Gaussian splats in binary glTF: primitives of points with KHR_gaussian_splatting.

Owns: which accessors are theirs, checked as every accessor is, and where their nodes put them: all of a file become one
cloud. Limits: one .glb with its own buffer, neither sparse nor packed; harmonics from degree 1 on are passed over.
Source: KHR_gaussian_splatting (2026): scale and opacity are linear, rotation xyzw.
"""

from __future__ import annotations

import struct

import numpy as np

from layerw.assets.accessors import COMPONENT_BYTES, Accessor, resolve_accessor
from layerw.assets.gltf import Document, parse
from layerw.assets.items import Item
from layerw.assets.nodes import build_tree
from layerw.base.mathx import quats_from_matrices
from layerw.base.ports import F32, F64
from layerw.splats.files import SH_0, Arrays, SplatError, checked, checked_count, finished

EXTENSION = "KHR_gaussian_splatting"
_TYPES = {5120: "i1", 5121: "u1", 5122: "<i2", 5123: "<u2", 5125: "<u4", 5126: "<f4"}
_NAMES = {"rotation": "ROTATION", "scale": "SCALE", "opacity": "OPACITY", "color": "SH_DEGREE_0_COEF_0"}
_CHECKED_AS = {"rotation": "rotation", "scale": "scale", "opacity": "morph_weights", "color": "translation"}
_SPACES = ("srgb_rec709_display", "lin_rec709_display")


def read_glb(data: bytes) -> Arrays:
    """See files.read_splats. Raises SplatError, GltfError."""
    text, binary = _chunks(data)
    doc = parse(text, len(binary))
    tree = build_tree(doc)
    found: list[tuple[F32, F32, F32, F32]] = []
    count = 0
    for row, mesh in tree.meshes:
        for primitive in doc.item("meshes", mesh, "a node's mesh").objects("primitives"):
            shown = primitive.extension(EXTENSION)
            if shown is None:
                continue
            accessors = _accessors(doc, primitive, shown)
            count += accessors["position"].count
            checked_count(count, "the file")  # before anything of it is made
            found.append(_read(binary, accessors, shown, tree.worlds[row]))
    if not found:
        raise SplatError(f"no mesh of it has {EXTENSION}; app.load shows other models")
    return finished(*(np.concatenate(part) for part in zip(*found, strict=True)))


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


def _accessors(doc: Document, primitive: Item, shown: Item) -> dict[str, Accessor]:
    """By name, all as long as each other."""
    if primitive.integer("mode", 4) != 0:
        raise primitive.wrong("mode", f"0 (points), as {EXTENSION} says")
    if shown.text("kernel", "ellipse") != "ellipse":
        raise shown.wrong("kernel", "ellipse")
    shown.choice("colorSpace", _SPACES[0], _SPACES)
    attributes = primitive.object("attributes")
    wanted = {"position": ("POSITION", "position")}
    wanted |= {name: (f"{EXTENSION}:{said}", _CHECKED_AS[name]) for name, said in _NAMES.items()}
    found = {name: resolve_accessor(doc, attributes.integer(said), semantic, attributes.at(said))
             for name, (said, semantic) in wanted.items()}  # fmt: skip
    count = found["position"].count
    for name, accessor in found.items():
        if accessor.buffer != 0 or accessor.sparse is not None:
            raise attributes.error(f"has a {name} that is sparse, packed or not in the file; splats are read plain.")
        if accessor.count != count:
            raise attributes.error(f"has {accessor.count} of {name}, but {count} positions.")
    return found


def _read(binary: memoryview, accessors: dict[str, Accessor], shown: Item, world: F64) -> tuple[F32, F32, F32, F32]:
    values = {name: _values(binary, accessor) for name, accessor in accessors.items()}
    color = np.empty((len(values["position"]), 4), np.float32)
    color[:, :3], color[:, 3] = 0.5 + SH_0 * values["color"], values["opacity"][:, 0]
    if shown.text("colorSpace", _SPACES[0]) == _SPACES[1]:
        linear = np.clip(color[:, :3], 0, 1)
        color[:, :3] = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    checked(values["position"], values["scale"], values["rotation"], color)  # before nodes change them
    return (*placed(values["position"], values["scale"], values["rotation"], world), color)


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
    """Splats in the axes of their file, of those in a node's. An ellipsoid that a node stretches is one again: that of
    the principal axes of what it becomes."""
    if np.allclose(world, np.eye(4)):
        return position, scale, rotation
    moved = (position @ world[:3, :3].T + world[:3, 3]).astype(np.float32)
    axes = world[:3, :3] @ (_matrices(rotation) * scale[:, None, :])
    if not np.isfinite(axes).all():
        raise SplatError(f"a node scales its splats beyond all numbers: {world[:3, :3].tolist()}")
    turn, size, _ = np.linalg.svd(axes)
    turn[:, :, 2] *= np.sign(np.linalg.det(turn))[:, None]
    return moved, size.astype(np.float32), quats_from_matrices(turn).astype(np.float32)


def _matrices(rotation: F32) -> F64:
    """(n, 3, 3) of quaternions of any length but 0."""
    wide = rotation.astype(np.float64)
    x, y, z, w = (wide / np.maximum(np.linalg.norm(wide, axis=1, keepdims=True), 1e-12)).T
    rows = (1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y),
            2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x),
            2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y))  # fmt: skip
    return np.stack(rows, axis=1).reshape(-1, 3, 3)
