"""The queries of geometry/bvh.h in numpy: every item is tried, whatever the tree says, and the answers are the same.

Owns: the order of arithmetic of bvh_ray.h. Limits: one ray at a time against all boxes at once, then against all
triangles whose boxes it passes; 100,000 boxes take 10 ms a ray.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from layerw.kernels.twins.bvh import node_words, triangle_boxes, valid_boxes
from layerw.kernels.twins.transform import stretched
from layerw.kernels.twins.vectors import rotated

Array = npt.NDArray[Any]
NO_ITEM = 0xFFFFFFFF
INSTANCE_FLOATS = 13
PARTS = (slice(0, 3), slice(3, 6), 6, slice(7, 10), slice(10, 13))  # position, axis, w, scale, shear of an instance
COLUMNS = (slice(0, 3), slice(3, 7), slice(7, 10), slice(10, 13))  # as the table has them
FAR_FACTOR = np.float32(1 + 3 * 2.0**-23)
_INFINITY, _ZERO = np.float32(np.inf), np.float32(0)


class Ray(NamedTuple):
    """A ray that can hit something, float32."""

    origin: Array
    direction: Array
    until: np.float32


class Hits(NamedTuple):
    """Of some triangles or boxes, in rising order of number."""

    number: Array
    t: Array
    v: Array
    w: Array


def ray_of(origin: Array, direction: Array, until: np.float32) -> Ray | None:
    """None where it hits nothing at all."""
    usable = np.isfinite(origin).all() and np.isfinite(direction).all() and direction.any() and until >= 0
    return Ray(origin, direction, until) if usable else None


def _rays(rays: Array, count: int) -> list[Ray | None]:
    return [ray_of(own[0:3], own[4:7], own[7]) for own in rays.reshape(-1, 8)[:count]]


def intervals(ray: Ray, low: Array, high: Array, limit: np.float32) -> tuple[Array, Array, Array]:
    """Which of the boxes (n, 3) the ray passes before `limit`, and where it enters and leaves each."""
    near, far = np.full(len(low), _ZERO), np.full(len(low), _INFINITY)
    passed = np.ones(len(low), np.bool_)
    for axis in range(3):
        o, inverse = ray.origin[axis], np.float32(1) / ray.direction[axis]
        if not np.isfinite(inverse):
            passed &= (low[:, axis] <= o) & (o <= high[:, axis])
            continue
        front, back = (high, low) if inverse < 0 else (low, high)
        t0, t1 = (front[:, axis] - o) * inverse, ((back[:, axis] - o) * inverse) * FAR_FACTOR
        near, far = np.where(t0 > near, t0, near), np.where(t1 < far, t1, far)
    return passed & (near <= far) & (near <= limit), near, far


def _edge(ax: Array, ay: Array, bx: Array, by: Array) -> Array:
    value = ax * by - ay * bx
    exact = ax.astype(np.float64) * by.astype(np.float64) - ay.astype(np.float64) * bx.astype(np.float64)
    return np.where(value != 0, value, exact.astype(np.float32))


def _clamped(t: Array, near: Array, far: Array) -> Array:
    t = np.where(t < near, near, t)
    return np.where(t > far, far, t)


def triangle_hits(ray: Ray, positions: Array, indices: Array) -> Hits:
    """Every triangle that the ray hits. `indices`: (n, 3)."""
    corners = positions[indices]
    boxes = triangle_boxes(corners[:, 0], corners[:, 1], corners[:, 2])
    passed, near, far = intervals(ray, boxes[:, :3], boxes[:, 3:], ray.until)
    number = np.flatnonzero(passed & valid_boxes(boxes))
    t, v, w, hit = _cross(ray, corners[number])
    number, t, v, w = number[hit], t[hit], v[hit], w[hit]
    return Hits(number, _clamped(t, near[number], far[number]), v, w)


def _cross(ray: Ray, corners: Array) -> tuple[Array, Array, Array, Array]:
    size = np.abs(ray.direction)
    kz = int(size.argmax())
    kx, ky = (kz + 1) % 3, (kz + 2) % 3
    along = ray.direction[kz]
    if along < 0:
        kx, ky = ky, kx
    shear_x, shear_y, shear_z = ray.direction[kx] / along, ray.direction[ky] / along, np.float32(1) / along
    from_origin = corners - ray.origin
    az, bz, cz = (from_origin[:, k, kz] for k in range(3))
    ax, bx, cx = (from_origin[:, k, kx] - shear_x * z for k, z in enumerate((az, bz, cz)))
    ay, by, cy = (from_origin[:, k, ky] - shear_y * z for k, z in enumerate((az, bz, cz)))
    u, v, w = _edge(cx, cy, bx, by), _edge(ax, ay, cx, cy), _edge(bx, by, ax, ay)
    mixed = ((u < 0) | (v < 0) | (w < 0)) & ((u > 0) | (v > 0) | (w > 0))
    total = (u + v) + w
    t = ((u * (shear_z * az) + v * (shear_z * bz)) + w * (shear_z * cz)) / total
    return t, v / total, w / total, ~mixed & (total != 0) & (t >= 0) & (t <= ray.until)


def _nearest(hits: Hits) -> int:
    """Which of them; the lower number of equals. -1 = there is none."""
    return int(hits.t.argmin()) if len(hits.t) else -1


def lw_bvh_rays(nodes: Array, node_count: int, order: Array, positions: Array, indices: Array, rays: Array,
                ray_count: int, distance: Array, triangle: Array, weights: Array) -> None:
    """See geometry/bvh.h."""
    points, corners = positions.reshape(-1, 3), indices.reshape(-1, 3)
    weights = weights.reshape(-1, 2)
    with np.errstate(all="ignore"):
        for i, ray in enumerate(_rays(rays, ray_count)):
            distance[i], triangle[i], weights[i] = _INFINITY, NO_ITEM, 0
            hits = triangle_hits(ray, points, corners) if ray and node_count else None
            best = _nearest(hits) if hits else -1
            if hits and best >= 0:
                distance[i], triangle[i] = hits.t[best], hits.number[best]
                weights[i] = hits.v[best], hits.w[best]


def lw_bvh_blocked(nodes: Array, node_count: int, order: Array, positions: Array, indices: Array, rays: Array,
                   ray_count: int, blocked: Array) -> None:
    """See geometry/bvh.h."""
    points, corners = positions.reshape(-1, 3), indices.reshape(-1, 3)
    with np.errstate(all="ignore"):
        for i, ray in enumerate(_rays(rays, ray_count)):
            blocked[i] = bool(ray and node_count and len(triangle_hits(ray, points, corners).t))


def _box_hits(ray: Ray, boxes: Array) -> tuple[Array, Array, Array]:
    passed, near, far = intervals(ray, boxes[:, :3], boxes[:, 3:], ray.until)
    number = np.flatnonzero(passed & valid_boxes(boxes))
    return number, near[number], far[number]


def lw_bvh_rays_boxes(nodes: Array, node_count: int, order: Array, boxes: Array, rays: Array, ray_count: int,
                      distance: Array, item: Array) -> None:
    """See geometry/bvh.h."""
    with np.errstate(all="ignore"):
        for i, ray in enumerate(_rays(rays, ray_count)):
            distance[i], item[i] = _INFINITY, NO_ITEM
            number, near, _ = _box_hits(ray, boxes.reshape(-1, 6)) if ray and node_count else (boxes[:0],) * 3
            if len(number):
                best = int(near.argmin())
                distance[i], item[i] = near[best], number[best]


def lw_bvh_spheres(nodes: Array, node_count: int, order: Array, boxes: Array, spheres: Array, sphere_count: int,
                   found: Array, room: int, ends: Array) -> int:
    """See geometry/bvh.h."""
    number = order if node_count else order[:0]
    own = boxes.reshape(-1, 6)[number]
    valid, total = valid_boxes(own), 0
    with np.errstate(all="ignore"):
        for i, sphere in enumerate(spheres.reshape(-1, 4)[:sphere_count]):
            at, low, high = sphere[:3], own[:, :3], own[:, 3:]
            x, y, z = np.where(at < low, low - at, np.where(at > high, at - high, _ZERO)).T
            touched = valid & ((x * x + y * y) + z * z <= sphere[3] * sphere[3])
            hit = number[touched & bool(sphere[3] >= 0 and np.isfinite(at).all())]
            fits = hit[: max(room - total, 0)]
            found[total : total + len(fits)] = fits
            total += len(hit)
            ends[i] = total
    return total


# -- instances ---------------------------------------------------------------------------------------------------

def lw_bvh_instance_boxes(instances: Array, mesh_of: Array, meshes: Array, mesh_nodes: Array, count: int,
                          boxes: Array) -> None:
    """See geometry/bvh.h."""
    own, table = instances.reshape(-1, INSTANCE_FLOATS)[:count], meshes.reshape(-1, 4)[mesh_of[:count]]
    out, filled = boxes.reshape(-1, 6)[:count], table[:, 1] > 0
    out[:, :3], out[:, 3:] = _INFINITY, -_INFINITY
    roots = node_words(mesh_nodes)[table[filled, 0]].view(np.float32)
    position, axis, w, scale, shear = (own[filled, part] for part in PARTS)
    half_of = np.float32(0.5)
    with np.errstate(all="ignore"):
        center = stretched(scale, shear, (roots[:, 0:3] + roots[:, 4:7]) * half_of)
        half = (roots[:, 4:7] - roots[:, 0:3]) * half_of
        sides = [stretched(scale, shear, np.where(np.arange(3) == k, half, _ZERO)) for k in range(3)]
        middle = position + rotated(axis, w, center)
        x, y, z = (np.abs(rotated(axis, w, side)) for side in sides)
        reach = (x + y) + z
        right, up, back, far = ((np.abs(v[:, 0]) + np.abs(v[:, 1])) + np.abs(v[:, 2]) for v in (*sides, center))
        size = ((right + up) + back) + far
        wider = reach + (np.abs(position) + size[:, None]) * np.float32(4e-6)
        out[filled] = np.concatenate([middle - wider, middle + wider], axis=1)


def lw_bvh_take_rows(rows: Array, first: int, count: int, position: Array, rotation: Array, scale: Array,
                     shear: Array | None, mesh_of: Array, meshes: Array, mesh_nodes: Array, instances: Array,
                     boxes: Array, moved: Array | None) -> int:
    """See geometry/bvh.h."""
    all_of = instances.reshape(-1, INSTANCE_FLOATS)
    now = np.zeros((count, INSTANCE_FLOATS), np.float32)
    from_row = rows[first : first + count]
    for part, column in zip(COLUMNS, (position, rotation, scale, shear), strict=True):
        if column is not None:
            now[:, part] = column[from_row]
    before = all_of[first : first + count]
    changed = (now.view(np.uint32) != before.view(np.uint32)).any(axis=1) if moved is not None else np.ones(count, bool)
    own = first + np.flatnonzero(changed)
    all_of[own], made = now[changed], np.empty((len(own), 6), np.float32)
    lw_bvh_instance_boxes(all_of[own], mesh_of[own], meshes, mesh_nodes, len(own), made)
    boxes.reshape(-1, 6)[own] = made
    if moved is not None:
        moved[: len(own)] = own
    return len(own)


def _local(ray: Ray, own: Array) -> Ray | None:
    axis, w = -own[None, 3:6], own[None, 6]
    origin = _shrunk(own, rotated(axis, w, (ray.origin - own[0:3])[None])[0])
    return ray_of(origin, _shrunk(own, rotated(axis, w, ray.direction[None])[0]), ray.until)


def _shrunk(own: Array, to: Array) -> Array:
    scale, shear = own[7:10], own[10:13]
    z = to[2] / scale[2]
    y = (to[1] - shear[2] * z) / scale[1]
    return np.array([((to[0] - shear[0] * y) - shear[1] * z) / scale[0], y, z], np.float32)


def lw_bvh_rays_instances(nodes: Array, node_count: int, order: Array, boxes: Array, instances: Array, mesh_of: Array,
                          meshes: Array, mesh_nodes: Array, mesh_order: Array, positions: Array, indices: Array,
                          rays: Array, ray_count: int, distance: Array, instance: Array, triangle: Array) -> None:
    """See geometry/bvh.h. Goes through the instances in the order of entering their boxes."""
    points, corners = positions.reshape(-1, 3), indices.reshape(-1, 3)
    own, boxes = instances.reshape(-1, INSTANCE_FLOATS), boxes.reshape(-1, 6)
    table = meshes.reshape(-1, 4).astype(np.intp)
    with np.errstate(all="ignore"):
        for i, ray in enumerate(_rays(rays, ray_count)):
            best = (_INFINITY, NO_ITEM, NO_ITEM)
            number, near, far = _box_hits(ray, boxes) if ray and node_count else (boxes[:0],) * 3
            for k in np.argsort(near, kind="stable").tolist():
                if near[k] > best[0] or ray is None:
                    break
                local = _local(ray, own[number[k]])
                _, _, start, count = table[mesh_of[number[k]]]
                if local is None:
                    continue
                hits = triangle_hits(local, points, corners[start : start + count])
                one = _nearest(hits)
                if one >= 0:
                    t = _clamped(hits.t[one : one + 1], near[k : k + 1], far[k : k + 1])[0]
                    best = min(best, (t, int(number[k]), int(hits.number[one])))
            distance[i], instance[i], triangle[i] = best
