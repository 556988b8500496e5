"""Edits: what a program changes of a streamed world's ground, while it runs.

Owns: the checks of what is asked for, and who hears of a change. The differences are stream/ground_edits.py's, what is
drawn of them edited_tiles.py's. Limits: layerw's own worlds, whose height grid is as fine as their finest tiles (2,049
samples a side); no caves: one height a place.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from layerw.base import checks
from layerw.base.colors import Color, parse_color
from layerw.base.errors import ConfigError, LayerwError, SaveError, ShapeError
from layerw.base.ports import F64
from layerw.base.settings import fixed_attributes
from layerw.content.edited_mesh import SAMPLES_MAX
from layerw.content.edited_tiles import EditedTiles
from layerw.stream import geo
from layerw.stream.ground import Ground
from layerw.stream.ground_edits import CHANGE_MAX_M, GroundEdits, Window
from layerw.stream.keys import finest_samples

if TYPE_CHECKING:
    from layerw.gpu.store import Store
    from layerw.stream.streamer import Streamer

RADIUS_SAMPLES_MAX = 256
GROUND_COLORS = {"grass": "#5d7038", "soil": "#5a4632", "sand": "#c6b288", "rock": "#77726a", "gravel": "#8d877c",
                 "snow": "#eef1f5", "ash": "#35322f"}  # fmt: skip


@fixed_attributes
class Edits:
    """`world.edits`: what `world.dig`, `world.raise_` and `world.paint` made of the ground.

    count: how many edits were made or taken back. size_bytes: what they take of the heap's budget.
    """

    def __init__(self, streamer: Streamer, store: Store, ground: Callable[[], Ground]) -> None:
        self._streamer, self._store, self._find = streamer, store, ground
        self._made: GroundEdits | None = None
        self._tiles: EditedTiles | None = None
        self._waiting: dict[str, Any] | None = None  # of a save, until the ground is here

    @property
    def count(self) -> int:
        """How many changes there were."""
        return self._made.serial if self._made is not None else 0

    @property
    def size_bytes(self) -> int:
        """What they take of the heap's budget."""
        return self._made.size_bytes if self._made is not None else 0

    def heights(self, x: npt.ArrayLike, z: npt.ArrayLike) -> F64:
        """How far the ground was raised at points (x, z), metres; below 0 where it was dug. At the grid's samples that
        are nearest; NaN where x or z is."""
        ground = self._ground("world.edits.heights")
        place_x, place_z = np.broadcast_arrays(np.asarray(x, np.float64), np.asarray(z, np.float64))
        if self._made is None or not place_x.size:
            return np.where(np.isnan(place_x) | np.isnan(place_z), np.nan, 0.0)
        unknown = np.isnan(place_x) | np.isnan(place_z)
        place_x, place_z = np.where(unknown, ground.west_m, place_x), np.where(unknown, ground.north_m, place_z)
        column = np.clip(np.rint((place_x - ground.west_m) / ground.spacing_x_m), 0, ground.columns - 1).astype(int)
        row = np.clip(np.rint((place_z - ground.north_m) / ground.spacing_z_m), 0, ground.rows - 1).astype(int)
        window = Window(int(column.min()), int(row.min()), int(column.max()), int(row.max()))
        found: F64 = np.where(unknown, np.nan, self._made.change_m(window)[row - window.z0, column - window.x0])
        return found

    def clear(self) -> None:
        """The ground as it was baked."""
        self._waiting = None
        if self._made is not None and self._tiles is not None:
            self._made.clear()
            self._tiles.changed(self._made.whole)

    # -- for World ---------------------------------------------------------------------------------
    def _shape(self, name: str, at: npt.ArrayLike, radius: float, amount: tuple[str, float], sign: int) -> None:
        """amount: what the argument is called, and metres; sign: -1 digs, 1 raises."""
        ground, (x, z), radius = self._checked(name, at, radius)
        metres = checks.number(f"{name} {amount[0]}", amount[1], 0, CHANGE_MAX_M, above=True)
        edits, tiles = self._open(ground)
        tiles.changed(edits.stamp(x, z, radius, sign * metres))

    def _color(self, at: npt.ArrayLike, radius: float, look: Color, strength: float) -> None:
        ground, (x, z), radius = self._checked("World.paint", at, radius)
        known = GROUND_COLORS.get(look, look) if isinstance(look, str) else look
        try:
            rgba = parse_color(known, "World.paint color")
        except ShapeError as error:
            raise ShapeError(f"{error} Kinds of ground are {', '.join(GROUND_COLORS)}.") from None
        share = checks.number("World.paint strength", strength, 0, 1, above=True)
        rgb = tuple(round(255 * value) for value in rgba[:3])
        edits, tiles = self._open(ground)
        tiles.changed(edits.color(x, z, radius, (rgb[0], rgb[1], rgb[2]), share * rgba[3]))

    def _checked(self, name: str, at: npt.ArrayLike, radius: float) -> tuple[Ground, tuple[float, float], float]:
        ground = self._ground(name)
        x, _, z = checks.vector(f"{name} at", at).tolist()
        least = max(ground.spacing_x_m, ground.spacing_z_m)
        metres = checks.number(f"{name} radius", radius)
        if not least <= metres <= RADIUS_SAMPLES_MAX * least:
            raise ConfigError(f"{name} radius is {metres:g}; this world's ground has a height each {least:g} m, so a "
                              f"radius is {least:g} to {RADIUS_SAMPLES_MAX * least:g} m.")  # fmt: skip
        east = ground.west_m + (ground.columns - 1) * ground.spacing_x_m
        south = ground.north_m + (ground.rows - 1) * ground.spacing_z_m
        if not (ground.west_m <= x <= east and ground.north_m <= z <= south):
            raise ConfigError(f"{name} at is ({x:g}, {z:g}), outside of the world, which reaches from x = "
                              f"{ground.west_m:g} to {east:g} and from z = {ground.north_m:g} to {south:g}.")
        return ground, (x, z), metres

    def _ground(self, name: str) -> Ground:
        """The grid, where its tiles can follow it."""
        ground, streamer = self._find(), self._streamer
        if finest_samples(streamer.extras) != ground.columns or ground.columns > SAMPLES_MAX:
            spacing = f"{ground.spacing_x_m:g} m from height to height"
            raise LayerwError(f"{name}: the ground of {streamer.url} has {spacing}, which is not what its finest tiles "
                              f"have, so they could not show an edit; bake it with 6 levels at most.")  # fmt: skip
        if not np.allclose(streamer.tree.place, geo.WORLD_FROM_TILESET):
            raise LayerwError(f"{name}: {streamer.url} was moved by `transform` or `place`, and its heights were not, "
                              "so its tiles can't show an edit; stream it as it is.")  # fmt: skip
        return ground

    def _open(self, ground: Ground) -> tuple[GroundEdits, EditedTiles]:
        if self._made is None or self._tiles is None:
            self._made = GroundEdits(ground, self._store.heap)
            self._tiles = EditedTiles(self._streamer, self._store, self._made, int(self._streamer.extras["levels"]))
        return self._made, self._tiles

    def _changes_since(self, serial: int) -> list[Window]:
        return self._made.changes_since(serial) if self._made is not None and serial < self._made.serial else []

    def _areas_since(self, serial: int) -> list[tuple[float, float, float, float]]:
        """Where the ground changed: x and z of the lower corner, then of the upper one, metres."""
        windows = self._changes_since(serial)
        g = self._find() if windows else None
        return [] if g is None else [
            (g.west_m + w.x0 * g.spacing_x_m, g.north_m + w.z0 * g.spacing_z_m,
             g.west_m + w.x1 * g.spacing_x_m, g.north_m + w.z1 * g.spacing_z_m) for w in windows]

    # -- for the engine and saves --------------------------------------------------------------------
    def _step(self) -> list[str]:
        told = []
        if self._waiting is not None and self._streamer.ground is not None:
            packed, self._waiting = self._waiting, None
            try:
                self._unpack(packed)
            except (SaveError, LayerwError) as error:
                told.append(f"The edits of a save are not taken: {error}")
        return told + (self._tiles.step() if self._tiles is not None else [])

    def _drawn(self) -> tuple[frozenset[int], int] | None:
        """Tiles that are not drawn as the ground is, and how often that changed; None: tiles show it with the next
        frame."""
        if self._made is None or self._tiles is None:
            return frozenset(), 0
        return (self._tiles.unfit, self._made.serial) if self._tiles.shown == self._made.serial else None

    def _pack(self) -> dict[str, Any]:
        """For a save; {} where nothing is changed."""
        if self._waiting is not None:
            return self._waiting
        return self._made.pack() if self._made is not None else {}

    def _unpack(self, packed: dict[str, Any]) -> None:
        """From a save: now, or once the ground is here. Raises SaveError, BudgetError."""
        if self._streamer.ground is None:
            self._waiting = packed
        elif packed or self._made is not None:
            edits, tiles = self._open(self._ground("The edits of a save"))
            edits.unpack(packed)
            tiles.changed(edits.whole)

    def _close(self) -> None:
        self._waiting = None
        if self._made is not None and self._tiles is not None:
            self._tiles.close()
            self._made.release()
            self._made = self._tiles = None
