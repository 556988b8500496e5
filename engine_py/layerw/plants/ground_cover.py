"""What covers the ground where one stands: grass, flowers, pebbles, thinned with distance, following the camera.

Owns: which cells are there. A cell's plants are its own by its place (hashed.py), so that one comes back to what one
left. Rows are made once; a cell that falls behind gives its rows to one that comes into reach. Three rings, of ever
fewer plants, reach ever farther. Limits: it follows the main view's camera.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from layerw.base import checks
from layerw.base.errors import BudgetError, HandleError, ShapeError
from layerw.base.settings import fixed_attributes
from layerw.frame.subsystems import SubsystemPort
from layerw.plants.hashed import numbers_of
from layerw.scene.entity import Entities
from layerw.scene.material import Material
from layerw.scene.scatter import SLOPE_STEP_M, Heights, Rules
from layerw.scene.shapes import Lods, Mesh

if TYPE_CHECKING:
    from layerw.app import App

RINGS = ((0.55, 0.4), (0.3, 0.7), (0.15, 1.0))  # (share of the plants, share of the reach)
CELLS_A_REACH = 6
CELLS_A_FRAME = 24  # at most, in flight: 0.1 to 0.3 ms of heights each
PLANTS_MAX = 1_000_000
FADE_M = 3.0  # a tenth of what grows up to 500 m would leave a shore bare
NO_CELL = -(1 << 40)  # of rows that grow anew
CHANNELS = 6  # x, z, whether it grows, turn, size, shade


class GroundCovers:
    """The subsystem: all of a program, moved once a frame."""

    def __init__(self, port: SubsystemPort) -> None:
        self.port = port
        self.covers: list[GroundCover] = []

    def hooks(self) -> Mapping[str, Callable[..., Any]]:
        """See Subsystem."""
        return {"after": self._follow}

    def close(self) -> None:
        """See Subsystem; entities go with the table."""
        self.covers.clear()

    def _follow(self, _dt: float) -> None:
        for cover in list(self.covers):
            with self.port.failures.alone("lw.GroundCover"):
                cover._follow()


@fixed_attributes
class GroundCover:
    """Plants where one stands, thinned with distance: `lw.GroundCover(app, island.heights, lw.flora.grass(), blades)`.

    Args:
        app: the app.
        heights: vectorised ground height, metres, as for `lw.scatter`; a world's when it is ready. What `world.heights`
            covers grows anew where the world is edited.
        mesh: a lw.Mesh, or lw.Lods, whose distances end at each ring's reach.
        material: as for `app.spawn`; its `wind` sways them.
        per_m2: plants on a square metre near the camera; 45 % of them are left beyond two fifths of the reach,
            15 % beyond seven tenths.
        reach_m: how far from the camera they grow, metres.
        height, slope_max, patches_m, sink_m, seed: as for `lw.scatter`; towards its lowest and highest ground it thins
            out over 3 m at most.
        size: least and greatest scale.
        tint: how much darker some are than others, 0 to 1.

    Raises:
        KindError, ShapeError, ConfigError: an argument is not what it should be.
        BudgetError: more than 1,000,000 plants.

    A place's plants are always the same. `cover.count` is how many there can be at once, `cover.visible = False` hides
    them, `cover.close()` ends it.
    """

    FIXED = ("count",)

    def __init__(self, app: App, heights: Heights, mesh: Mesh | Lods, material: Material | None = None, *,
                 per_m2: float = 1.0, reach_m: float = 60.0, height: tuple[float, float] = (-math.inf, math.inf),
                 slope_max: float = math.radians(35), patches_m: float = 0.0, sink_m: float = 0.05,
                 size: tuple[float, float] = (0.7, 1.3), tint: float = 0.3, seed: int = 0) -> None:  # fmt: skip
        from layerw.app import App

        checks.instance("GroundCover app", app, App, "the lw.App")
        checks.instance("GroundCover mesh", mesh, (Mesh, Lods), "a lw.Mesh or lw.Lods")
        rules = Rules("GroundCover", heights, height, slope_max, patches_m, sink_m, seed, FADE_M)
        per_m2 = checks.number("GroundCover per_m2", per_m2, 0, above=True)
        reach = checks.number("GroundCover reach_m", reach_m, 1, 10_000)
        least, most = checks.vector("GroundCover size", size, 2)
        if not 0 < least <= most:
            raise ShapeError(f"GroundCover size is {checks.shown(size)}; it takes the least and the greatest scale.")
        look = (least, most, checks.number("GroundCover tint", tint, 0, 1))
        plans = [_plan(share * per_m2, far * reach) for share, far in RINGS]
        self.count = sum(cells * cells * plants for _, cells, plants in plans)
        if self.count > PLANTS_MAX:
            raise BudgetError(f"GroundCover would have {self.count:,} plants; {PLANTS_MAX:,} is the most. Give it a "
                              f"smaller per_m2 ({per_m2:g}) or reach_m ({reach:g}).")  # fmt: skip
        self._visible, self._view = True, app.view
        self._rings = []
        for number, (cell_m, cells, plants) in enumerate(plans):
            rows = app.spawn_many(_until(mesh, RINGS[number][1] * reach), cells * cells * plants, material, scale=0.0)
            rows.visible = False
            rows.casts_shadow = number == 0  # of what is farther nobody sees one
            self._rings.append(_Ring(rows, cell_m, cells, plants, rules, look, number))
        self._edits = getattr(getattr(heights, "__self__", None), "edits", None)  # of a world's `heights`
        self._edits_shown = self._edits.count if self._edits is not None else 0
        self._covers: list[GroundCover] = app._engine.subsystems.get("ground_cover", GroundCovers).covers
        self._covers.append(self)
        app._engine.scenes.own(self.close)

    @property
    def visible(self) -> bool:
        """Whether it is drawn."""
        return self._visible

    @visible.setter
    def visible(self, value: bool) -> None:
        self._visible = checks.flag("GroundCover.visible", value)
        for ring in self._rings:
            ring.show(self._visible)

    def close(self) -> None:
        """Ends it, and despawns what grew; nothing where it has ended."""
        if self in self._covers:
            self._covers.remove(self)
        for ring in self._rings:
            if ring.rows.alive_mask.all():
                ring.rows.despawn()
        self._rings = []

    def _follow(self) -> None:
        x, _, z = map(float, self._view.camera.position)  # where the program has just put it, as the picture will be
        left = CELLS_A_FRAME
        if self._edits is not None and self._edits.count != self._edits_shown:
            for area in self._edits._areas_since(self._edits_shown):
                for ring in self._rings:
                    ring.forget(area)
            self._edits_shown = self._edits.count
        for ring in self._rings:
            try:
                left -= ring.follow(x, z, left, self._visible)
            except HandleError:  # the program despawned them
                self.close()
                return


class _Ring:
    """Rows in a square of cells about the camera; the cell (i, j) has those of (i mod cells, j mod cells)."""

    def __init__(self, rows: Entities, cell_m: float, cells: int, plants: int, rules: Rules,
                 look: tuple[float, float, float], number: int) -> None:  # fmt: skip
        self.rows, self._cell_m, self._cells, self._plants = rows, cell_m, cells, plants
        self._rules, self._look, self._number = rules, look, number
        self._shown: npt.NDArray[np.int64] | None = None  # (cells^2, 2) the cell that has these rows
        self._grows = np.zeros(cells * cells * plants, np.bool_)  # which rows stand for a plant
        self._middle: tuple[int, int] | None = None

    def follow(self, x: float, z: float, most: int, visible: bool) -> int:
        """Gives rows to at most that many cells, the nearest first, and says to how many; to all at the first time, for
        nothing."""
        middle = (round(x / self._cell_m - 0.5), round(z / self._cell_m - 0.5))
        if middle == self._middle or (most <= 0 and self._shown is not None):
            return 0
        wanted, begins = self._about(middle), self._shown is None
        if self._shown is None:
            self._shown, most = wanted - 1, len(wanted)
        late = np.flatnonzero((self._shown != wanted).any(axis=1))
        if len(late) > most:
            near = np.abs(wanted[late] - middle).max(axis=1)
            late = late[np.argsort(near, kind="stable")[:most]]
        else:
            self._middle = middle
        self._grow(late, wanted[late], visible)
        self._shown[late] = wanted[late]
        return 0 if begins else len(late)

    def forget(self, area: tuple[float, float, float, float]) -> None:
        """Cells that reach into an area (x, z of the lower and the upper corner, metres) grow anew."""
        if self._shown is None:
            return
        low, high = self._shown * self._cell_m - SLOPE_STEP_M, (self._shown + 1) * self._cell_m + SLOPE_STEP_M
        inside = (low <= area[2:]).all(axis=1) & (high >= area[:2]).all(axis=1)
        if inside.any():
            self._shown[inside] = NO_CELL
            self._middle = None

    def show(self, visible: bool) -> None:
        """Hides all, or shows those that grow."""
        self._turn(np.flatnonzero(self._grows), visible)

    def _about(self, middle: tuple[int, int]) -> npt.NDArray[np.int64]:
        """(cells^2, 2) which cell each place shall have."""
        half = self._cells // 2
        low = np.array(middle, np.int64) - half
        places = np.arange(self._cells)
        each = [low[axis] + (places - low[axis]) % self._cells for axis in (0, 1)]
        return np.stack(np.meshgrid(*each, indexing="ij"), axis=-1).reshape(-1, 2)

    def _grow(self, places: npt.NDArray[np.intp], cells: npt.NDArray[np.int64], visible: bool) -> None:
        seed = self._rules.seed * len(RINGS) + self._number
        across, along, chance, turn, size, shade = numbers_of(cells, self._plants, CHANNELS, seed)
        x, z = (cells[:, :1] + across) * self._cell_m, (cells[:, 1:] + along) * self._cell_m
        grows = self._rules.chance(x, z) > chance
        low, high, tint = self._look
        half = math.pi * turn.reshape(-1)
        placed = (places[:, None] * self._plants + np.arange(self._plants)).reshape(-1)
        rows = self.rows[placed]
        ground = np.where(grows, self._rules.ground(x, z), 0.0)  # heights are NaN where a world has no ground
        rows.position = np.stack([x, ground, z], axis=-1).reshape(-1, 3)
        rows.rotation = np.stack([0 * half, np.sin(half), 0 * half, np.cos(half)], axis=-1)
        rows.scale = np.repeat((low + (high - low) * size).reshape(-1, 1), 3, axis=1)
        rows.color = np.repeat((1 - tint * shade).reshape(-1, 1), 3, axis=1)
        was, now = self._grows[placed], grows.reshape(-1)
        self._grows[placed] = now
        if visible:
            self._turn(placed[now & ~was], True)
            self._turn(placed[was & ~now], False)

    def _turn(self, rows: npt.NDArray[np.intp], visible: bool) -> None:
        if len(rows):
            self.rows[rows].visible = visible


def _plan(per_m2: float, reach_m: float) -> tuple[float, int, int]:
    """(metres of a cell, cells along a side, plants of a cell)."""
    cell_m = reach_m / CELLS_A_REACH
    return cell_m, 2 * CELLS_A_REACH + 1, max(1, math.ceil(per_m2 * cell_m * cell_m))


def _until(mesh: Mesh | Lods, reach_m: float) -> Lods:
    """As far as a ring reaches."""
    levels = [(mesh, reach_m)] if isinstance(mesh, Mesh) else list(zip(mesh.meshes, mesh.until_m, strict=True))
    near = [(level, until) for level, until in levels if until < reach_m]
    last = levels[len(near)][0] if len(near) < len(levels) else near.pop()[0]
    return Lods([*near, (last, reach_m)])
