"""The Python side of rays.py: numpy's brute force and the kernels in place. See contenders.py.

Numpy tries every item (of ground, every cell in the ray's way), so it runs few of the rays and its time is scaled to
all; checksums are of those few.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from contenders import U32, checksum, timed

FEW = 32
F32 = np.float32
Result = tuple[list[float], int]


def build(kernels: Any, boxes: np.ndarray, leaf_items: int) -> tuple[np.ndarray, int, np.ndarray]:
    """A tree: nodes, how many, order."""
    count = len(boxes)
    nodes, order, scratch = np.zeros((2 * count, 8), U32), np.zeros(count, U32), np.zeros(count, U32)
    used = kernels.lw_bvh_build(boxes, count, leaf_items, nodes, order, scratch, np.zeros(1, F32))
    return nodes, used, order


def measure(kernels: Any, d: dict[str, np.ndarray], is_numpy: bool) -> dict[str, Result]:
    """All cases of one contender."""
    turns = (0, 2) if is_numpy else (3, 9)
    rays = FEW if is_numpy else len(d["ball_rays"]) // 8
    scale = len(d["ball_rays"]) // 8 / rays
    found: dict[str, Result] = {}

    def take(case: str, run: Callable[[], Any], result: np.ndarray, factor: float = 1.0) -> None:
        times = timed(lambda: None, run, *turns)
        found[case] = [time * factor for time in times], checksum(result[:FEW] if case.startswith("rays") else result)

    positions, indices = d["ball_positions"], d["ball_indices"]
    count, area = len(indices) // 3, np.zeros(1, F32)
    boxes = np.zeros((count, 6), F32)
    kernels.lw_bvh_triangle_boxes(positions, indices, count, boxes)
    nodes, order, scratch = np.zeros((2 * count, 8), U32), np.zeros(count, U32), np.zeros(count, U32)
    used = kernels.lw_bvh_build(boxes, count, 4, nodes, order, scratch, area)
    take("bvh build", lambda: kernels.lw_bvh_build(boxes, count, 4, nodes, order, scratch, area), order)
    take("bvh refit", lambda: kernels.lw_bvh_refit(boxes, order, nodes, used, area), nodes[:used])
    distance, weights = np.zeros(rays, F32), np.zeros(2 * rays, F32)
    item, other = np.zeros(rays, U32), np.zeros(rays, U32)
    take("rays, triangles", lambda: kernels.lw_bvh_rays(nodes, used, order, positions, indices, d["ball_rays"], rays,
                                                        distance, item, weights), distance, scale)

    places, cube, corners = d["places"], d["cube_positions"], d["cube_indices"]
    number, of = len(places) // 13, np.zeros(len(places) // 13, U32)
    around, sides = np.zeros((12, 6), F32), np.zeros((number, 6), F32)
    kernels.lw_bvh_triangle_boxes(cube, corners, 12, around)
    mesh, mesh_used, mesh_order = build(kernels, around, 4)
    table = np.array([0, mesh_used, 0, 12], U32)
    kernels.lw_bvh_instance_boxes(places, of, table, mesh, number, sides)
    top, top_used, top_order = build(kernels, sides, 2)
    take("rays, instances", lambda: kernels.lw_bvh_rays_instances(
        top, top_used, top_order, sides, places, of, table, mesh, mesh_order, cube, corners, d["place_rays"], rays,
        distance, item, other), distance, scale)

    side = int(len(d["codes"]) ** 0.5)
    pyramid, far = np.zeros(side * side & ~1, np.uint16), np.zeros(rays)  # a sixth of it is needed
    kernels.lw_field_pyramid(d["codes"], side, side, pyramid)
    take("rays, ground", lambda: kernels.lw_field_rays(d["codes"], side, side, d["grid"], pyramid, d["ground_rays"],
                                                       rays, far, item), far, scale)
    return found
