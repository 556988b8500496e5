"""Builds one mesh: vertices, second uvs, posed stream, indices, in one run of bytes that goes to the GPU as it is.

The twin of web/transfer/decode/mesh.js and indices.js. Limits: 2^24 vertices.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from layerw.gpu import spec
from layerw.hosts.containers import FormatError, unrolled_count
from layerw.hosts.meshes.descriptor import BufferOf, Plan, Words, read_descriptor
from layerw.hosts.meshes.discs import build_discs
from layerw.hosts.meshes.posed import mirrors, pose, write_posed
from layerw.hosts.meshes.vertices import Vertices, determinant, octahedral, write_vertices

SHORT_VERTICES_MAX = 65_535
_TRIANGLES = spec.GLTF_MODES.index("triangles")
I64 = npt.NDArray[np.int64]


@dataclass(slots=True)
class Built:
    """payload: the bounds, how far the joints of a posed mesh reach, and vertices of joints that there are not."""

    data: bytes
    vertices: int
    indices: int
    payload: bytes


def build_mesh(words: Words, buffer_of: BufferOf) -> Built:
    """Raises FormatError."""
    plan = read_descriptor(words, buffer_of)
    if plan.flags & spec.MESH_BUILD_DISCS:
        discs, bounds = build_discs(plan)
        return Built(discs.tobytes(), plan.count, 0, bounds.tobytes())
    is_flat = _check_counts(plan)
    mirrored = _is_mirrored(plan)
    indices = _indices(plan, mirrored)
    vertices = write_vertices(plan, mirrored)
    numbers = np.arange(plan.count)
    if is_flat:
        numbers, vertices = indices, _flat(vertices[indices])
        indices = np.arange(plan.indices)
    parts = [vertices.tobytes()]
    if "uv1" in plan.attributes:
        parts.append(plan.attributes["uv1"].floats[numbers, :2].astype(np.float32).tobytes())
    payload = _bounds(vertices["position"])
    if plan.flags & spec.MESH_BUILD_POSED:
        posed, reach = write_posed(plan, vertices["position"], numbers)
        parts.append(posed.tobytes())
        payload = np.concatenate([payload, reach])
    payload = np.concatenate([payload, plan.strays])
    listed = indices.astype(np.uint16 if plan.vertices <= SHORT_VERTICES_MAX else np.uint32).tobytes()
    parts += [listed, bytes(-len(listed) % 4)]
    return Built(b"".join(parts), plan.vertices, plan.indices, payload.astype(np.float32).tobytes())


def _check_counts(plan: Plan) -> bool:
    """Whether normals are made here."""
    is_flat = bool(plan.flags & spec.MESH_BUILD_FLAT_NORMALS)
    if plan.topology >= len(spec.GLTF_MODES) or (is_flat and plan.topology < _TRIANGLES):
        raise FormatError(f"The primitive mode is {plan.topology}, which does not exist or has no flat normals.")
    read = plan.count if plan.index is None else len(plan.index.items)
    indices = unrolled_count(spec.GLTF_MODES[plan.topology], read)
    vertices = indices if is_flat else plan.count
    if (plan.vertices, plan.indices) != (vertices, indices):
        raise FormatError(f"A mesh was planned with {plan.vertices} vertices and {plan.indices} indices, but its "
                          f"accessors give {vertices} and {indices}.")
    return is_flat


def _is_mirrored(plan: Plan) -> bool:
    """Whether it is drawn as a mirror image of the file's; where joints are baked in, that is done here."""
    inverse = plan.attributes.get("inverse_bind")
    if plan.flags & spec.MESH_BUILD_POSED:
        turned = inverse is not None and mirrors(inverse)
        return bool(plan.flags & spec.MESH_BUILD_MIRRORED) is not turned
    turned = bool(plan.flags & spec.MESH_BUILD_TRANSFORM) and bool(determinant(plan.matrix) < 0)
    return turned is not (plan.joint_matrices is not None and pose(plan))


def _indices(plan: Plan, flip: bool) -> I64:
    """Every mode as a list of triangles, lines or points (glTF 2.0, 3.7.2.1)."""
    given = np.arange(plan.count) if plan.index is None else plan.index.items[:, 0].astype(np.int64)
    if len(given) and int(given.max()) >= plan.count:
        raise FormatError(f"Index {int(given.argmax())} names vertex {given.max()}, but the mesh has only {plan.count} "
                          "vertices.")
    mode, n = spec.GLTF_MODES[plan.topology], np.arange(plan.indices // 3)
    if mode in ("line_loop", "line_strip"):
        at = np.arange(plan.indices // 2)
        listed = np.stack([given[at], given[(at + 1) % max(len(given), 1)]], 1).ravel() if len(at) else given[:0]
    elif mode == "triangle_strip":
        odd = n & 1
        listed = np.stack([given[n], given[n + 1 + odd], given[n + 2 - odd]], 1).ravel()
    elif mode == "triangle_fan":
        listed = np.stack([given[n + 1], given[n + 2], given[np.zeros_like(n)]], 1).ravel()
    else:
        listed = given[: plan.indices]
    if flip and mode.startswith("triangle"):
        listed = listed.reshape(-1, 3)[:, [0, 2, 1]].ravel()
    return listed


def _flat(vertices: Vertices) -> Vertices:
    """Every triangle's own three vertices get its normal."""
    corners = vertices["position"].astype(np.float64).reshape(-1, 3, 3)
    u, v = corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
    vertices["normal"] = np.repeat(octahedral(np.cross(u, v)), 3, 0)
    return vertices


def _bounds(positions: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Smallest and largest position, and the radius around their middle."""
    if not len(positions):
        return np.zeros(7, np.float32)
    points = positions.astype(np.float64)
    low, high = points.min(0), points.max(0)
    x, y, z = (points - (low + high) / 2).T
    return np.array([*low, *high, np.sqrt((x * x + y * y + z * z).max())], np.float32)
