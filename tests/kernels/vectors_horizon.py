"""Calls of the kernel of horizon/horizon.h with random inputs, as vectors.py has them for the others."""

from __future__ import annotations

from typing import Any

import numpy as np

from .vectors import Call, Out, empty

FACE, CELL = 64, 64
SIZES = (0, 1, 3, 40, 150)


def horizon_boxes(rng: np.random.Generator, n: int) -> list[Any]:
    """Waves of any height, tiles of any stride, some of them missing; an eye anywhere."""
    columns, rows = CELL * rng.integers(1, 5, 2) + 1
    z, x = np.mgrid[0:rows, 0:columns]
    codes = (rng.uniform(0, 25_000) * (2 + np.sin(x / rng.uniform(3, 40)) * np.cos(z / rng.uniform(3, 40)))
             + rng.integers(0, 2000, (rows, columns))).astype(np.uint16)  # fmt: skip
    grid = np.array([rng.uniform(-900, 0), rng.uniform(-900, 0), 4.0, rng.choice((4.0, 2.7)), -20.0, 0.002])
    cells = (int(rows) - 1) // CELL, (int(columns) - 1) // CELL
    drawn = np.zeros((*cells, 4), np.uint8)
    drawn[..., 0] = rng.integers(0, 3, cells)
    drawn[..., 1] = drawn[..., 0] + rng.integers(0, 3, cells)
    drawn[..., 2] = rng.uniform(0, 1, cells) < 0.9
    low, span = grid[:2], np.array((columns - 1, rows - 1)) * grid[2:4]
    place = low + rng.uniform(-0.1, 1.1, 2) * span
    if rng.uniform() < 0.3:
        place = low + np.round((place - low) / grid[2:4]) * grid[2:4]  # on a line
    eye = np.array([place[0], rng.uniform(-20, 120), place[1], rng.uniform(5, 20), rng.uniform(0, 1)])
    arcs = eye[3] * np.power(rng.uniform(1.03, 1.2), np.arange(int(rng.integers(1, 60))))
    planes = rng.uniform(-1, 1, (5, 4))
    planes[:, 3] = rng.uniform(0, 200, 5)
    corner = low + rng.uniform(-0.2, 1.1, (n, 2)) * span
    wide = rng.uniform(0, 0.2, (n, 2)) * span * (rng.uniform(0, 1, (n, 1)) < 0.9)
    bottom = rng.uniform(-20, 60, n)
    boxes = np.stack([corner[:, 0], bottom, corner[:, 1], corner[:, 0] + wide[:, 0], bottom + rng.uniform(0, 30, n),
                      corner[:, 1] + wide[:, 1]], axis=1)  # fmt: skip
    sectors = 4 * FACE
    return [codes, int(columns), int(rows), grid, drawn, eye, arcs, len(arcs), planes, boxes, n,
            Out(np.zeros(sectors, np.uint8)), empty((sectors, len(arcs)), np.float64), empty(n, np.uint8)]  # fmt: skip


def make(seed: int, n: int) -> Call:
    """One call; doubles keep their own alignment."""
    return Call("lw_horizon_boxes", horizon_boxes(np.random.default_rng([seed, n]), n), 8 * (seed & 1))


def standard(seed: int = 23) -> list[Call]:
    """Every size a few times."""
    return [make(seed + k, n) for n in SIZES for k in range(6)]
