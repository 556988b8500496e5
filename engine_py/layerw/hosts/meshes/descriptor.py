"""Reads and checks a MESH_BUILD descriptor (gpu/spec.py): untrusted numbers become arrays.

The twin of web/transfer/decode/descriptor.js and influences.js.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from layerw.gpu import spec
from layerw.hosts.containers import FormatError

VERTICES_MAX = 1 << 24
JOINTS_MAX = 65_536
F64 = npt.NDArray[np.float64]
Words = npt.NDArray[np.uint32]
BufferOf = Callable[[int], bytes]
_TYPES = {5120: "i1", 5121: "u1", 5122: "<i2", 5123: "<u2", 5125: "<u4", 5126: "<f4"}
_SCALES = {"b": 127, "B": 255, "h": 32767, "H": 65535}
_HEAD, _MATRIX, _ACCESSOR, _UV = len(spec.MESH_BUILD_HEAD), 12, len(spec.ACCESSOR), 6


class Source(NamedTuple):
    """One attribute: (count, components), as in the file."""

    items: npt.NDArray[Any]
    normalized: bool

    @property
    def floats(self) -> F64:
        """Its values as float32 says them; normalised integers are shares."""
        scale = _SCALES.get(self.items.dtype.char) if self.normalized else None
        if scale is None:
            return self.items.astype(np.float32).astype(np.float64)
        return np.maximum(self.items * (1 / scale), -1.0).astype(np.float32).astype(np.float64)


@dataclass(slots=True)
class Plan:
    """vertices, indices: of the result. matrix: 3x4; uv_matrix: 2x3; joint_matrices: (n, 3, 4), of a mesh that is posed
    while it is built; joints: of one that is posed while it is drawn; strays: what leave_out_strays found."""

    vertices: int
    indices: int
    flags: int
    topology: int
    srgb_colors: bool
    matrix: F64
    uv_matrix: F64 | None
    joint_matrices: F64 | None
    joints: int
    index: Source | None
    attributes: dict[str, Source]
    strays: list[float]

    @property
    def count(self) -> int:
        """Vertices of the file."""
        return len(self.attributes["position"].items)


def read_descriptor(words: Words, buffer_of: BufferOf) -> Plan:
    """Raises FormatError."""
    attribute_count, vertices, indices, flags, topology, joints, srgb = words[:7].tolist()
    skin = joints * _MATRIX if flags & spec.MESH_BUILD_SKIN else 0
    uv = _UV if flags & spec.MESH_BUILD_UV_TRANSFORM else 0
    first = _HEAD + _MATRIX
    expected = first + (1 + attribute_count) * _ACCESSOR + uv + skin
    if len(words) != expected:
        raise FormatError(f"A mesh of {attribute_count} attributes has a descriptor of {len(words)} words; it must "
                          f"have {expected}.")
    if vertices > VERTICES_MAX or indices > 3 * VERTICES_MAX:
        raise FormatError(f"A mesh has {vertices} vertices and {indices} indices; at most {VERTICES_MAX} and "
                          f"{3 * VERTICES_MAX} are built.")
    rows = words[first : first + (1 + attribute_count) * _ACCESSOR].reshape(-1, _ACCESSOR).tolist()
    attributes = {spec.SEMANTICS[row[0]]: _accessor(row, buffer_of) for row in rows[1:] if row[0] < len(spec.SEMANTICS)}
    if "position" not in attributes:
        raise FormatError("A mesh descriptor has no position accessor.")
    count = len(attributes["position"].items)
    for name, source in attributes.items():
        if len(source.items) != count and name != "inverse_bind":
            raise FormatError(f"The {name} accessor has {len(source.items)} elements, but there are {count} positions.")
    _choose_strongest(attributes)
    is_posed = bool(flags & spec.MESH_BUILD_POSED)
    strays: list[float] = []
    if flags & spec.MESH_BUILD_SKIN or (is_posed and joints):
        _check_skin(attributes, joints)
        strays = _leave_out_strays(attributes, joints)
    floats, end = words.view(np.float32).astype(np.float64), len(words) - skin
    return Plan(
        vertices, indices, flags, topology, bool(srgb), floats[_HEAD:first].reshape(3, 4),
        floats[end - _UV : end].reshape(2, 3) if uv else None, floats[end:].reshape(-1, 3, 4) if skin else None,
        joints if is_posed else 0, _accessor(rows[0], buffer_of) if rows[0][1] else None, attributes,
        strays)  # fmt: skip


def _accessor(row: list[int], buffer_of: BufferOf) -> Source:
    semantic, transfer, offset, stride, type_, components, normalized, count = row
    name = spec.SEMANTICS[semantic] if semantic < len(spec.SEMANTICS) else ""
    if not name or type_ not in _TYPES or not 1 <= components <= (16 if name == "inverse_bind" else 4):
        raise FormatError(f"An accessor has semantic {semantic}, component type {type_} and {components} components, "
                          "which are unknown.")
    dtype = np.dtype(_TYPES[type_])
    step, width = stride or dtype.itemsize * components, dtype.itemsize * components
    if step < width or step % dtype.itemsize or offset % dtype.itemsize:
        raise FormatError(f"The {name} accessor has offset {offset} and stride {step}; both must be multiples of "
                          f"{dtype.itemsize} and the stride at least {width} bytes.")
    if transfer == 0:  # zeros, however many; what is made of them later takes room
        most = JOINTS_MAX if name == "inverse_bind" else VERTICES_MAX
        if count > most:
            raise FormatError(f"The {name} accessor has {count} elements and no buffer; at most {most} are built.")
        return Source(np.broadcast_to(np.zeros(components, np.float32), (count, components)), bool(normalized))
    data = buffer_of(transfer)
    end = offset + step * (count - 1) + width if count else offset
    if end > len(data):
        raise FormatError(f"The {name} accessor ends at byte {end}, outside of its buffer of {len(data)} bytes.")
    items = np.ndarray((count, components), dtype, data, offset if count else 0, (step, dtype.itemsize))
    return Source(items, bool(normalized))


def _check_skin(attributes: dict[str, Source], joints: int) -> None:
    for name in ("joints", "weights"):
        if name not in attributes or attributes[name].items.shape[1] != 4:
            raise FormatError(f"A mesh with a skin has no {name} accessor of four components.")
    inverse = attributes.get("inverse_bind")
    if joints > JOINTS_MAX or (inverse and (inverse.items.shape[1] != 16 or len(inverse.items) < joints)):
        raise FormatError(f"A skin of {joints} joints has other inverse bind matrices, or more than {JOINTS_MAX}.")


def _choose_strongest(attributes: dict[str, Source]) -> None:
    """Of vertices that follow up to eight joints the strongest four, of equal ones the first."""
    if "joints1" not in attributes and "weights1" not in attributes:
        return
    names = ("joints", "joints1", "weights", "weights1")
    if any(name not in attributes or attributes[name].items.shape[1] != 4 for name in names):
        raise FormatError("A mesh with a second set of joints has no four accessors of four components for both sets.")
    joints, weights = (np.concatenate([attributes.pop(a).floats, attributes.pop(b).floats], 1)
                       for a, b in (names[:2], names[2:]))
    shares = np.nan_to_num(np.maximum(weights, 0), nan=0.0, posinf=np.inf)
    order = np.argsort(-shares, axis=1, kind="stable")[:, :4]
    chosen = np.take_along_axis(shares, order, 1)
    kept = (chosen > 0) | (np.arange(4) == 0)
    attributes["joints"] = Source(np.where(kept, np.take_along_axis(joints, order, 1), 0).astype(np.float32), False)
    attributes["weights"] = Source(chosen.astype(np.float32), False)


def _leave_out_strays(attributes: dict[str, Source], joint_count: int) -> list[float]:
    """Takes the weights of joints that the skin has not; a vertex that has no others follows the first joint. The first
    such vertex, the joint that it names, and how many such vertices there are; or nothing."""
    joints, weights = attributes["joints"].floats, attributes["weights"].floats
    there = joints < joint_count
    wrong = (weights > 0) & ~there
    if not wrong.any():
        return []
    vertex, which = (int(n) for n in np.argwhere(wrong)[0])
    attributes["joints"] = Source(np.where(there, joints, 0).astype(np.float32), False)
    attributes["weights"] = Source(np.where(there, weights, 0).astype(np.float32), False)
    return [vertex, float(joints[vertex, which]), int(wrong.any(1).sum())]
