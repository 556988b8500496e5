"""Interleaved VERTEX vertices (gpu/spec.py) from glTF attributes: the twin of web/transfer/decode/vertices.js.

Source of the octahedral map: Cigolle et al., "A Survey of Efficient Representations for Independent Unit Vectors", JCGT
2014.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from layerw.gpu import spec
from layerw.hosts.containers import FormatError
from layerw.hosts.meshes.descriptor import F64, Plan

VERTEX = np.dtype({
    "names": ["position", "normal", "tangent", "uv", "color"], "offsets": [0, 12, 16, 20, 28],
    "formats": [("<f4", 3), ("<i2", 2), ("<i1", 4), ("<f4", 2), ("<u1", 4)], "itemsize": spec.VERTEX_BYTES,
})  # fmt: skip
Vertices = npt.NDArray[Any]  # of VERTEX


def turned(matrix: F64, vectors: F64, w: float) -> F64:
    """matrix * (x, y, z, w), in the order in which the page sums."""
    x, y, z = vectors[:, 0], vectors[:, 1], vectors[:, 2]
    made = np.empty((len(vectors), 3))
    for row in range(3):
        a, b, c, d = matrix[row]
        made[:, row] = a * x + b * y + c * z + (d * w if w else 0.0)
    return made


def cofactors(matrix: F64) -> F64:
    """What turns normals, also under mirrors and uneven scales; of (..., 3, 4) or (..., 3, 3)."""
    m = matrix[..., :3]
    return np.stack([np.cross(m[..., 1, :], m[..., 2, :]), np.cross(m[..., 2, :], m[..., 0, :]),
                     np.cross(m[..., 0, :], m[..., 1, :])], -2)  # fmt: skip


def determinant(matrix: F64) -> Any:
    """Of the 3 x 3 part."""
    return (matrix[..., 0, :3] * cofactors(matrix)[..., 0, :]).sum(-1)


def octahedral(vectors: F64) -> npt.NDArray[np.int16]:
    """Unit vectors as two snorm16 each."""
    total = np.abs(vectors).sum(1)
    good = total > 0
    u, v = (np.divide(vectors[:, axis], total, out=np.zeros(len(total)), where=good) for axis in (0, 1))
    below = good & (vectors[:, 2] < 0)
    folded = (1 - np.abs(v)) * np.where(u < 0, -1, 1), (1 - np.abs(u)) * np.where(v < 0, -1, 1)
    both = np.stack([np.where(below, folded[0], u), np.where(below, folded[1], v)], 1)
    whole = both * 32767 + np.where(both < 0, -0.5, 0.5)
    return np.where(good[:, None] & np.isfinite(whole), whole, 0).astype(np.int32).astype(np.int16)


def write_vertices(plan: Plan, mirrored: bool) -> Vertices:
    """Of the file's vertices."""
    out = np.zeros(plan.count, VERTEX)
    matrix = plan.matrix if plan.flags & spec.MESH_BUILD_TRANSFORM else None
    position = plan.attributes["position"].floats
    wrong = ~np.isfinite(position[:, :3]).all(1)
    if wrong.any():
        first = int(wrong.argmax())
        raise FormatError(f"The position of vertex {first} is {tuple(position[first, :3])}; all three must be finite "
                          "numbers.")
    out["position"] = position[:, :3] if matrix is None else turned(matrix, position, 1.0)
    if "normal" in plan.attributes:
        normal = plan.attributes["normal"].floats
        if matrix is not None:
            turn = cofactors(matrix) * (-1 if determinant(matrix) < 0 else 1)
            normal = turned(np.concatenate([turn, np.zeros((3, 1))], 1), normal, 0.0)
        out["normal"] = octahedral(normal[:, :3])
    if "tangent" in plan.attributes:
        out["tangent"] = _tangents(plan.attributes["tangent"].floats, matrix, mirrored)
    if "uv" in plan.attributes:
        uv = plan.attributes["uv"].floats
        (a, b, c), (d, e, f) = ((1, 0, 0), (0, 1, 0)) if plan.uv_matrix is None else plan.uv_matrix
        out["uv"] = np.stack([a * uv[:, 0] + b * uv[:, 1] + c, d * uv[:, 0] + e * uv[:, 1] + f], 1)
    color = plan.attributes.get("color")
    out["color"] = 255
    if color is not None:
        parts = color.floats
        width = min(parts.shape[1], 4)
        out["color"][:, :width] = _unorm8(parts[:, :width])
    return out


def _tangents(values: F64, matrix: F64 | None, mirrored: bool) -> npt.NDArray[np.int8]:
    along = values[:, :3] if matrix is None else turned(matrix, values, 0.0)
    length = np.sqrt(along[:, 0] ** 2 + along[:, 1] ** 2 + along[:, 2] ** 2)
    good = length > 0
    scale = np.divide(127.0, length, out=np.zeros(len(length)), where=good)
    made = np.zeros((len(values), 4), np.int8)  # zero: the shader derives it
    made[:, :3] = np.floor(along * scale[:, None] + 0.5)
    sign = np.where(values[:, 3] < 0, -127, 127) if values.shape[1] == 4 else np.full(len(values), 127)
    made[:, 3] = np.where(good, sign * (-1 if mirrored else 1), 0)
    return made


def _unorm8(values: F64) -> npt.NDArray[np.uint8]:
    return np.where(values <= 0, 0, np.where(values >= 1, 255, values * 255 + 0.5)).astype(np.uint8)
