"""Height fields: what every source turns into before it is cut into tiles.

Owns: the `HeightField` grid and how many levels a quadtree over it has.
Does not: make terrain (island.py), read files (sources/) or make tiles (tiles.py).
Limits: the grid is square, 64 * 2**(levels - 1) cells a side.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from layerw_server.bake.errors import BakeError

F32 = npt.NDArray[np.floating[Any]]  # float32 at run time; numpy's types widen mixed arithmetic, numpy does not

TILE_CELLS = 64
LEVELS_MAX = 8


@dataclass(frozen=True)
class Road:
    """A spline through `points` (x, z in metres from the world's middle), `width_m` wide."""

    points: tuple[tuple[float, float], ...]
    width_m: float


@dataclass(frozen=True)
class Shaping:
    """What is done to the heights before they are cut into tiles: see waters.py and carve.py."""

    river_km2: float = math.inf  # a river drains at least so much
    lakes: int = 0  # at most so many
    lake_depth_m: float = 1.5  # what is shallower is no lake
    roads: tuple[Road, ...] = ()

    @property
    def has_water(self) -> bool:
        """Whether there is anything to find."""
        return self.lakes > 0 or math.isfinite(self.river_km2)


@dataclass(frozen=True)
class HeightField:
    """A square grid of heights in metres; row 0 is the northern edge, column 0 the western one.

    `heights` is (n + 1, n + 1) float32 where n = TILE_CELLS * 2**(levels - 1); samples are grid corners.
    `layers` holds further float32 grids over the same square, of n / 2**k + 1 samples a side, that textures use, each
    optional: `flow` (log2 of drained cells), `hard` (0 soft ground to 1 bare rock), `woods` (-0.5 open to 0.5 wooded).
    `georeference` says where the outermost samples lie (`crs`, `west`, `south`, `east`, `north`); `notes` are
    sentences about what was mended in the source.
    """

    heights: F32
    levels: int
    cell_x_m: float
    cell_y_m: float
    name: str
    sea_level_m: float | None = None
    layers: dict[str, F32] = field(default_factory=dict)
    biome: dict[str, float] = field(default_factory=dict)
    source: dict[str, Any] = field(default_factory=dict)
    georeference: dict[str, Any] | None = None
    notes: tuple[str, ...] = ()
    shaping: Shaping = Shaping()

    @property
    def cells(self) -> int:
        """Cells along a side."""
        return int(self.heights.shape[0]) - 1

    @property
    def size_m(self) -> tuple[float, float]:
        """West-east and north-south extent in metres."""
        return self.cells * self.cell_x_m, self.cells * self.cell_y_m


def check_levels(levels: int) -> None:
    """Refuse a level count outside 1..LEVELS_MAX."""
    if not 1 <= levels <= LEVELS_MAX:
        raise BakeError(f"levels is {levels}, but must lie between 1 and {LEVELS_MAX}.")


def levels_for(cells: int) -> int:
    """As many levels as give every sample of `cells` + 1 a corner of its own, at most LEVELS_MAX."""
    return min(LEVELS_MAX, max(1, math.ceil(math.log2(max(cells, 1) / TILE_CELLS)) + 1))
