"""The scenes that every contender runs: particles as files of rows for spawn, water as files of heights, scenes.json.

A dam that breaks (10,000 particles; 1,000 for the numpy twin, which compares all pairs), a column 80 particles deep,
and a flood over hills. Contenders print {scene: {contender: [[ms of each step], checksum]}}.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

SCENES: dict[str, dict[str, Any]] = {
    "dam": {"sides": (25, 20, 20), "spacing": 0.05, "high": (3, 2, 1), "steps": 120},
    "small dam": {"sides": (10, 10, 10), "spacing": 0.1, "high": (2.5, 2, 1), "steps": 60},
    "column": {"sides": (10, 80, 10), "spacing": 0.05, "high": (0.5, 5, 0.5), "steps": 120},
    "flood": {"columns": 512, "rows": 512, "cell_m": 1.0, "steps": 120},
}
SKIPPED = 20  # first steps: the lattice finds its pressure, the machine its pace
DT_S = 1 / 120
VISCOSITY = 0.05


def rows_of(scene: dict[str, Any]) -> np.ndarray:
    """(n, 6) position and velocity of a block of particles at rest in the corner."""
    grid = np.stack(np.meshgrid(*map(np.arange, scene["sides"]), indexing="ij"), -1).reshape(-1, 3)
    rows = np.zeros((len(grid), 6), np.float32)
    rows[:, :3] = (grid + 0.5).astype(np.float32) * np.float32(scene["spacing"])
    return rows


def hills() -> tuple[np.ndarray, np.ndarray]:
    """Ground and depth of the flood."""
    side = np.linspace(0, 6 * np.pi, 512)
    ground = (1.5 + np.sin(side)[:, None] * np.cos(side)[None]).astype(np.float32)
    depth = np.maximum(np.linspace(4, -2, 512)[None] - ground, 0).astype(np.float32)
    return ground, depth


def write(folder: Path) -> None:
    """Writes all files."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, scene in SCENES.items():
        if "sides" in scene:
            rows_of(scene).tofile(folder / f"{name}.bin")
    for name, field in zip(("ground", "depth"), hills(), strict=True):
        field.tofile(folder / f"{name}.bin")
    (folder / "scenes.json").write_text(json.dumps(SCENES))


def checksum(*arrays: np.ndarray) -> int:
    """The sum of the words, each times its place + 1, modulo 2**32, over all arrays."""
    total = np.uint32(0)
    with np.errstate(over="ignore"):
        for array in arrays:
            words = np.ascontiguousarray(array).reshape(-1).view(np.uint32)
            total += (words * np.arange(1, len(words) + 1, dtype=np.uint32)).sum(dtype=np.uint32)
    return int(total)
