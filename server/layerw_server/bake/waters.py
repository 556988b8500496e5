"""Rivers and lakes of a height field, found where its water runs: lines and levels, as data.

Owns: which pools are lakes, which drained areas are rivers, their lines, widths and surfaces; water.<hash>.json.
Does not: change heights (carve.py) or make meshes (water_tiles.py).
Limits: found on at most SAMPLES_MAX corners a side; a lake that a survey shows as flat ground is no hollow: not found.
Source: Leopold and Maddock 1953 (width as a power of the discharge, here of the drained area).
"""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from layerw_server.bake.drainage import I64, Flow, route
from layerw_server.bake.heightfield import F32, HeightField, Shaping
from layerw_server.bake.outlines import outline

SAMPLES_MAX = 1025
LAKE_CELLS_MIN, LAKE_SHARE_MAX = 12, 0.012
WIDTH_M, WIDTH_POWER, WIDTH_M_MIN, WIDTH_M_MAX = 3.0, 0.42, 1.5, 80.0
SMOOTHING = 4
X, Z, Y, WIDTH = range(4)


@dataclass(frozen=True)
class Lake:
    """Standing water: `cells` of the thin grid, flat, under `level_m`."""

    level_m: float
    depth_m: float
    area_m2: float
    cells: I64


@dataclass(frozen=True)
class River:
    """(n, 4) float64 downstream: x, z, surface y, width, in world metres; `to` is the river that it joins."""

    line: npt.NDArray[np.float64]
    to: int | None


@dataclass(frozen=True)
class Waters:
    """Everything found, and the side of the thin grid."""

    lakes: tuple[Lake, ...]
    rivers: tuple[River, ...]
    side: int


def find(field: HeightField, shaping: Shaping) -> Waters:
    """Rivers that drain more than `shaping.river_km2`, and as many lakes as it lets stand."""
    stride = max(1, field.cells // (SAMPLES_MAX - 1))
    heights = np.ascontiguousarray(field.heights[::stride, ::stride])
    cell = (field.cell_x_m * stride, field.cell_y_m * stride)
    flow = route(heights, field.sea_level_m)
    lakes = _lakes(flow, heights, cell, shaping)
    if math.isinf(shaping.river_km2):
        return Waters(lakes, (), heights.shape[0])
    return Waters(lakes, _rivers(flow, heights, cell, lakes, field, shaping.river_km2), heights.shape[0])


# -- lakes -----------------------------------------------------------------------------------------------------------


def _lakes(flow: Flow, heights: F32, cell: tuple[float, float], shaping: Shaping) -> tuple[Lake, ...]:
    flat, area = heights.ravel(), cell[0] * cell[1]
    under = np.flatnonzero(flow.pool >= 0)
    under = under[np.argsort(flow.pool[under], kind="stable")]
    names, first = np.unique(flow.pool[under], return_index=True)
    made = []
    for cells in np.split(under, first[1:]) if names.size else []:
        level = float(flow.filled[cells].max())
        most = int(LAKE_SHARE_MAX * flat.size)
        if cells.size > most:  # its outlet has cut down until so much of it is left
            level = float(np.partition(flat[cells], most)[most])
            cells = cells[flat[cells] < level]
        found, cells = cells.size, _gathered(cells, heights.shape[0])
        depth = level - float(flat[cells].min()) if cells.size else 0.0
        if depth >= shaping.lake_depth_m and cells.size >= max(LAKE_CELLS_MIN, 0.5 * found):
            made.append(Lake(level, depth, cells.size * area, cells))
    made.sort(key=lambda lake: -lake.depth_m * lake.area_m2)
    return tuple(made[: shaping.lakes])


def _gathered(cells: I64, side: int) -> I64:
    """Those with most of their neighbours: no threads and specks of a flat that is barely under water."""
    for _ in range(3):
        near = np.zeros(cells.size, np.int64)
        for dy in (-1, 0, 1):
            for dx in (-1, 0, 1):
                near += np.isin(cells + dy * side + dx, cells)
        cells = cells[near >= 6]
    return cells


# -- rivers ----------------------------------------------------------------------------------------------------------


def _rivers(
    flow: Flow, heights: F32, cell: tuple[float, float], lakes: tuple[Lake, ...], field: HeightField, from_km2: float,
) -> tuple[River, ...]:
    side, flat = heights.shape[0], heights.ravel()
    km2 = flow.cells * np.float32(cell[0] * cell[1] * 1e-6)
    level_of, lake_of = np.full(flat.size, np.nan), np.full(flat.size, -1)
    for number, lake in enumerate(lakes):
        level_of[lake.cells], lake_of[lake.cells] = lake.level_m, number
    if field.sea_level_m is not None:
        level_of[flat <= field.sea_level_m] = field.sea_level_m
    brings = km2 >= from_km2
    runs = brings & np.isnan(level_of)
    paths = _paths(flow.receiver, km2, brings, runs)
    joins: dict[int, int] = {}  # corner -> the river that has it
    places: dict[int, tuple[float, float, float]] = {}
    rivers: list[River] = []
    for path in paths:
        last = int(path[-1])
        if lake_of[path[0]] >= 0:  # from its shore, not from its deepest place
            path[0] = _closest(lakes[lake_of[path[0]]].cells, int(path[1]), side)
        still = level_of[path]
        ground = np.where(np.isnan(still), flat[path], still)
        x = (path % side - (side - 1) / 2) * cell[0]
        z = (path // side - (side - 1) / 2) * cell[1]
        y = np.minimum.accumulate(ground.astype(np.float64))
        y[-1] = y[-1] if np.isnan(still[-1]) else still[-1]
        to = joins.get(last)
        if to is not None:
            x[-1], z[-1], y[-1] = places[last]
        line = _smooth(np.stack([x, z, np.maximum(y, y[-1])], axis=1))
        width = np.clip(WIDTH_M * np.maximum(km2[path], from_km2) ** WIDTH_POWER, WIDTH_M_MIN, WIDTH_M_MAX)
        if len(path) > 1:
            width[-1] = width[-2]
        for k, corner in enumerate(path[:-1] if to is not None or not runs[last] else path):
            joins.setdefault(int(corner), len(rivers))
            places.setdefault(int(corner), (line[k, X], line[k, Z], line[k, Y]))
        rivers.append(River(np.column_stack([line, _mean(width)]), to))
    return tuple(rivers)


def _paths(receiver: I64, km2: F32, brings: npt.NDArray[np.bool_], runs: npt.NDArray[np.bool_]) -> list[I64]:
    """Lines of corners downstream, the larger before those that join them; each ends with the corner it joins."""
    at = np.flatnonzero(brings)
    at = at[np.lexsort((at, -km2[at]))]
    main: dict[int, int] = {}  # the donor that brings the most
    for corner in at.tolist():
        to = int(receiver[corner])
        if to != corner:
            main.setdefault(to, corner)
    paths, taken = [], set()
    for corner in at.tolist():
        if corner in taken or not runs[corner]:
            continue
        to = int(receiver[corner])
        path = [to] if to != corner else []
        here: int | None = corner
        while here is not None and runs[here] and here not in taken:
            taken.add(here)
            path.append(here)
            here = main.get(here)
        if here is not None and here not in taken and not runs[here]:
            path.append(here)  # out of a lake: begin in it
        if len(path) > 2:
            paths.append(np.array(path[::-1], np.int64))
    return paths


def _closest(cells: I64, to: int, side: int) -> int:
    away = np.hypot(cells // side - to // side, cells % side - to % side)
    return int(cells[np.argmin(away)])


def _smooth(line: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Without the eight directions of the grid; what falls downstream goes on falling."""
    for _ in range(SMOOTHING):
        line[1:-1] = 0.25 * line[:-2] + 0.5 * line[1:-1] + 0.25 * line[2:]
    return line


def _mean(width: F32) -> npt.NDArray[np.float64]:
    out = width.astype(np.float64)
    for _ in range(SMOOTHING):
        out[1:-1] = 0.25 * out[:-2] + 0.5 * out[1:-1] + 0.25 * out[2:]
    return out


# -- data ------------------------------------------------------------------------------------------------------------


def levels(waters: Waters) -> F32:
    """(side, side): the surface of the lake at a corner, two corners beyond its shore as well; NaN elsewhere."""
    out = np.full((waters.side, waters.side), np.nan, np.float32)
    for lake in waters.lakes[::-1]:
        out.ravel()[lake.cells] = lake.level_m
    for _ in range(2):
        grown = out.copy()
        for dy, dx in ((0, 1), (0, -1), (1, 0), (-1, 0)):
            beside = np.roll(out, (dy, dx), (0, 1))
            grown = np.where(np.isnan(grown), beside, grown)
        out = grown
    return out


def write(waters: Waters, field: HeightField, folder: Path) -> dict[str, Any]:
    """Write water.<hash>.json; returns what the tileset says about it."""
    from layerw_server.bake.tileset import dumps

    cell = tuple(size / (waters.side - 1) for size in field.size_m)
    lakes = [{"level_m": round(lake.level_m, 2), "area_m2": round(lake.area_m2), "depth_m": round(lake.depth_m, 2),
              "outline": np.round(outline(lake.cells, waters.side, (cell[0], cell[1])), 1).tolist()}
             for lake in waters.lakes]
    rivers = [{"points": np.round(river.line[:, [X, Y, Z, WIDTH]], 2).tolist(), "to": river.to}
              for river in waters.rivers]
    data = dumps({"version": 1, "lakes": lakes, "rivers": rivers})
    name = f"water.{hashlib.sha256(data).hexdigest()[:16]}.json"
    (folder / name).write_bytes(data)
    return {"uri": name, "byteLength": len(data), "lakes": len(lakes), "rivers": len(rivers)}
