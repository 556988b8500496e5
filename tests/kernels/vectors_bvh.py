"""Calls of the kernels of geometry/bvh.h with random inputs, as vectors.py has them for the others.

Things are on a coarse grid in half of the calls: then rays run along edges and in planes, start on surfaces, and meet
several things at one distance; triangles without area and equal centres are common.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from layerw.kernels.twins import bvh, rays

from .vectors import SIZES, SKEWS, Call, Out, empty, floats

RAYS = 10
SPAN = 20.0


def on_grid(rng: np.random.Generator, values: np.ndarray) -> np.ndarray:
    """The values, or in half of the calls on a grid of 4 metres."""
    return (np.round(values / 4) * 4).astype(np.float32) if rng.uniform() < 0.5 else values.astype(np.float32)


def triangles(rng: np.random.Generator, n: int, poison: float) -> tuple[np.ndarray, np.ndarray]:
    """Positions and indices of n triangles that share corners."""
    points = max(n, 3)
    place = rng.uniform(-SPAN, SPAN, (points, 3))
    positions = on_grid(rng, place)
    bad = floats(rng, (points, 3), 1, 1.0)
    positions = np.where(rng.uniform(0, 1, (points, 3)) < poison / 4, bad, positions).astype(np.float32)
    first = rng.integers(0, points, n)
    near = np.argsort(place[:, 0], kind="stable")  # corners that are close in x: triangles are not all huge
    corners = rng.permuted(np.tile(np.arange(5), (n, 1)), axis=1)[:, :3]
    corners[:, 2] = np.where(rng.uniform(0, 1, n) < 0.1, corners[:, 1], corners[:, 2])  # no area
    indices = near[(first[:, None] + corners) % points]
    return positions, indices.astype(np.uint32).reshape(-1)


def boxes_of(rng: np.random.Generator, n: int, poison: float) -> np.ndarray:
    """Boxes, some without size, some inside out or not finite."""
    low = on_grid(rng, rng.uniform(-SPAN, SPAN, (n, 3)))
    size = on_grid(rng, rng.uniform(0, 6, (n, 3))) * (rng.uniform(0, 1, (n, 3)) < 0.9)
    found = np.concatenate([low, low + size], axis=1).astype(np.float32)
    return np.where(rng.uniform(0, 1, (n, 6)) < poison / 4, floats(rng, (n, 6), 9, 1.0), found).astype(np.float32)


def rays_of(rng: np.random.Generator, poison: float, count: int = RAYS) -> np.ndarray:
    """Rays that mostly pass the middle; some along an axis or in a plane, some with an end."""
    origin = on_grid(rng, rng.uniform(-2 * SPAN, 2 * SPAN, (count, 3)))
    target = on_grid(rng, rng.uniform(-SPAN, SPAN, (count, 3)))
    level = rng.uniform(0, 1, (count, 3)) < 0.25
    origin = np.where(level, target, origin)
    direction = (target - origin) * rng.uniform(0.1, 2, (count, 1))
    until = np.where(rng.uniform(0, 1, count) < 0.7, np.inf, rng.uniform(0, 2, count))
    found = np.zeros((count, 8), np.float32)
    found[:, 0:3], found[:, 4:7], found[:, 7] = origin, direction, until
    return np.where(rng.uniform(0, 1, (count, 8)) < poison / 4, floats(rng, (count, 8), 9, 1.0), found)


def tree(rng: np.random.Generator, boxes: np.ndarray) -> tuple[np.ndarray, int, np.ndarray]:
    """Nodes, their number and the order, built by the twin."""
    count, area = len(boxes), np.zeros(1, np.float32)
    nodes, order = np.zeros((2 * count, 8), np.float32), np.zeros(count, np.uint32)
    used = bvh.lw_bvh_build(boxes, count, int(rng.integers(1, 5)), nodes, order, order.copy(), area)
    return nodes[:used].view(np.uint32), used, order


def mesh(rng: np.random.Generator, n: int, poison: float) -> tuple[Any, ...]:
    """A tree over triangles, with them."""
    positions, indices = triangles(rng, n, poison)
    boxes = np.zeros((n, 6), np.float32)
    bvh.lw_bvh_triangle_boxes(positions, indices, n, boxes)
    return (*tree(rng, boxes), positions, indices)


def triangle_boxes(rng: np.random.Generator, n: int, poison: float) -> list[Any]:
    """The arguments of lw_bvh_triangle_boxes."""
    return [*triangles(rng, n, poison), n, empty((n, 6), np.float32)]


def build(rng: np.random.Generator, n: int, poison: float) -> list[Any]:
    """The arguments of lw_bvh_build."""
    return [boxes_of(rng, n, poison), n, int(rng.integers(0, 6)), empty((2 * n, 8), np.uint32), empty(n, np.uint32),
            empty(n, np.uint32), empty(1, np.float32)]


def refit(rng: np.random.Generator, n: int, poison: float) -> list[Any]:
    """The arguments of lw_bvh_refit: a tree of other boxes."""
    nodes, used, order = tree(rng, boxes_of(rng, n, poison))
    return [boxes_of(rng, n, poison), order, Out(nodes), used, empty(1, np.float32)]


def build_curve(rng: np.random.Generator, n: int, poison: float) -> list[Any]:
    """The arguments of lw_bvh_build_curve: in half of the calls with clusters, the smallest of them in one cell."""
    boxes = boxes_of(rng, n, poison)
    if rng.uniform() < 0.5:
        # Powers of two, which are exact: numpy's 10 ** x depends on the CPU.
        boxes *= np.ldexp(np.float32(1), rng.integers(-30, 30, n).astype(np.int32))[:, None]
    return [boxes, n, int(rng.integers(0, 6)), empty((2 * n, 8), np.uint32), empty(n, np.uint32),
            empty(3 * n, np.uint32), empty(1, np.float32)]


def links(rng: np.random.Generator, n: int, poison: float) -> list[Any]:
    """The arguments of lw_bvh_links."""
    nodes, used, order = tree(rng, boxes_of(rng, n, poison))
    return [nodes, used, order, empty(n, np.uint32), empty(used, np.uint32)]


def refit_some(rng: np.random.Generator, n: int, poison: float) -> list[Any]:
    """The arguments of lw_bvh_refit_some: a tree that fitted before some boxes changed."""
    boxes, other = boxes_of(rng, n, poison), boxes_of(rng, n, poison)
    nodes, used, order = tree(rng, boxes)
    leaves, parents = np.zeros(n, np.uint32), np.zeros(used, np.uint32)
    bvh.lw_bvh_links(nodes, used, order, leaves, parents)
    items = np.flatnonzero(rng.uniform(0, 1, n) < 0.3).astype(np.uint32)
    boxes[items] = other[items]
    return [boxes, order, leaves, parents, rng.permuted(items), len(items), Out(nodes)]


def take_rows(rng: np.random.Generator, n: int, poison: float) -> list[Any]:
    """The arguments of lw_bvh_take_rows: some of the rows stand where they stood, or nothing was there yet."""
    fresh = rng.uniform() < 0.5
    table, nodes, *_ = meshes(rng, poison)
    before, of = instances(rng, n, poison)
    now, _ = instances(rng, n, poison)
    rows = np.flatnonzero(rng.uniform(0, 1, 2 * n) < 0.5)[:n].astype(np.uint32)
    stayed = rng.uniform(0, 1, n) < 0.5
    now[stayed] = before[stayed]
    columns = [np.full((2 * n, width), 9, np.float32) for width in (3, 4, 3, 3)]
    for part, column in zip(rays.COLUMNS, columns, strict=True):
        column[rows] = now[: len(rows), part]
    first = int(rng.integers(0, len(rows) + 1))
    return [rows, first, len(rows) - first, *columns, of, table, nodes, Out(before), Out(boxes_of(rng, n, 0)),
            None if fresh else empty(n, np.uint32)]


def choose_rows(rng: np.random.Generator, n: int, poison: float) -> list[Any]:
    """The arguments of lw_bvh_choose_rows: handles with generations, some of them without a shape."""
    def some(high: int, share: float, kind: Any) -> np.ndarray:
        return (rng.integers(0, high, n) * (rng.uniform(0, 1, n) < share)).astype(kind)

    none = np.uint32(0xFFFFFFFF)
    shapes = np.where(rng.uniform(0, 1, 9) < 0.3, none, rng.integers(0, 5, 9)).astype(np.uint32)
    lods = np.where(rng.uniform(0, 1, 4) < 0.3, none, rng.integers(0, 5, 4)).astype(np.uint32)
    mesh = some(11, 0.9, np.uint32) | some(4, 0.5, np.uint32) << np.uint32(20)
    return [some(2, 0.9, np.uint8), some(16, 0.8, np.uint8), some(9, 0.3, np.int32) - np.int32(1), mesh,
            some(4, 0.4, np.uint16), n, shapes, 9, lods, *(empty(n, np.uint32) for _ in range(4)),
            empty(2, np.uint32)]


def rays_triangles(rng: np.random.Generator, n: int, poison: float) -> list[Any]:
    """The arguments of lw_bvh_rays."""
    return [*mesh(rng, n, poison), rays_of(rng, poison), RAYS, empty(RAYS, np.float32), empty(RAYS, np.uint32),
            empty((RAYS, 2), np.float32)]


def blocked(rng: np.random.Generator, n: int, poison: float) -> list[Any]:
    """The arguments of lw_bvh_blocked."""
    return [*mesh(rng, n, poison), rays_of(rng, poison), RAYS, empty(RAYS, np.uint32)]


def rays_boxes(rng: np.random.Generator, n: int, poison: float) -> list[Any]:
    """The arguments of lw_bvh_rays_boxes."""
    boxes = boxes_of(rng, n, poison)
    return [*tree(rng, boxes), boxes, rays_of(rng, poison), RAYS, empty(RAYS, np.float32), empty(RAYS, np.uint32)]


def spheres(rng: np.random.Generator, n: int, poison: float) -> list[Any]:
    """The arguments of lw_bvh_spheres, often with too little room."""
    boxes, balls = boxes_of(rng, n, poison), np.abs(floats(rng, (RAYS, 4), 8, poison))
    balls[:, :3] = on_grid(rng, rng.uniform(-SPAN, SPAN, (RAYS, 3)))
    room = int(rng.integers(0, 3 * n + 1))
    return [*tree(rng, boxes), boxes, balls, RAYS, empty(room, np.uint32), room, empty(RAYS, np.uint32)]


def meshes(rng: np.random.Generator, poison: float) -> tuple[np.ndarray, ...]:
    """Three meshes behind each other, one of them empty: table, nodes, order, positions, indices."""
    parts = [mesh(rng, n, poison) for n in (int(rng.integers(1, 30)), 0, int(rng.integers(1, 9)))]
    table, first, triangle, corner = [], 0, 0, 0
    for _, used, order, positions, indices in parts:
        table.append((first, used, triangle, len(order)))
        indices += np.uint32(corner)
        first, triangle, corner = first + used, triangle + len(order), corner + len(positions)
    return (np.array(table, np.uint32), *(np.concatenate([part[k] for part in parts]) for k in (0, 2, 3, 4)))


def instances(rng: np.random.Generator, n: int, poison: float) -> tuple[np.ndarray, np.ndarray]:
    """Places of n instances and their meshes."""
    turn = on_grid(rng, rng.uniform(-4, 4, (n, 4)))
    turn[(turn == 0).all(axis=1), 3] = 1
    turn /= np.sqrt((turn.astype(np.float64) ** 2).sum(axis=1))[:, None]
    scale = rng.uniform(0.02, 0.5, (n, 3)) * rng.choice((-1, 1), (n, 3)) * (rng.uniform(0, 1, (n, 3)) < 0.98)
    shear = rng.uniform(-0.3, 0.3, (n, 3)) * (rng.uniform(0, 1, (n, 1)) < 0.4)
    place = on_grid(rng, rng.uniform(-SPAN, SPAN, (n, 3)))
    found = np.concatenate([place, turn, scale, shear], axis=1).astype(np.float32)
    bad = floats(rng, found.shape, 9, 1.0)
    found = np.where(rng.uniform(0, 1, found.shape) < poison / 10, bad, found).astype(np.float32)
    return found, rng.integers(0, 3, n).astype(np.uint32)


def instance_boxes(rng: np.random.Generator, n: int, poison: float) -> list[Any]:
    """The arguments of lw_bvh_instance_boxes."""
    table, nodes, *_ = meshes(rng, poison)
    return [*instances(rng, n, poison), table, nodes, n, empty((n, 6), np.float32)]


def rays_instances(rng: np.random.Generator, n: int, poison: float) -> list[Any]:
    """The arguments of lw_bvh_rays_instances."""
    table, nodes, *rest = meshes(rng, poison)
    placed, of = instances(rng, n, poison)
    boxes = np.zeros((n, 6), np.float32)
    rays.lw_bvh_instance_boxes(placed, of, table, nodes, n, boxes)
    return [*tree(rng, boxes), boxes, placed, of, table, nodes, *rest, rays_of(rng, poison), RAYS,
            empty(RAYS, np.float32), empty(RAYS, np.uint32), empty(RAYS, np.uint32)]


MAKERS: dict[str, Callable[[np.random.Generator, int, float], list[Any]]] = {
    "lw_bvh_triangle_boxes": triangle_boxes, "lw_bvh_build": build, "lw_bvh_refit": refit,
    "lw_bvh_build_curve": build_curve, "lw_bvh_links": links, "lw_bvh_refit_some": refit_some,
    "lw_bvh_take_rows": take_rows, "lw_bvh_choose_rows": choose_rows,
    "lw_bvh_rays": rays_triangles, "lw_bvh_blocked": blocked, "lw_bvh_rays_boxes": rays_boxes,
    "lw_bvh_spheres": spheres, "lw_bvh_instance_boxes": instance_boxes, "lw_bvh_rays_instances": rays_instances,
}


def make(name: str, seed: int, n: int, poison: float, skew: int) -> Call:
    """One call."""
    with np.errstate(all="ignore"):
        return Call(name, MAKERS[name](np.random.default_rng([seed, n]), n, poison), skew)


def standard(seed: int = 11, sizes: tuple[int, ...] = SIZES) -> list[Call]:
    """Every kernel with every size, with and without poison, at every alignment."""
    return [make(name, seed + k, n, poison, SKEWS[(k + n) % 4])
            for name in MAKERS for k, n in enumerate(sizes) for poison in (0.0, 0.2)]
