"""Water that bodies float in: `app.physics.add_water(app.sea)`.

Owns: where its surface is, and the forces on what is in it: at the middles of the eight parts of a body's box, each
lifted and slowed by as much of it as is below the surface. Limits: flat around each part; waves that only the picture
has lift nothing; a hull is taken to fill six tenths of its box.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from layerw.base import checks
from layerw.base.errors import ConfigError, KindError, ShapeError
from layerw.base.names import named
from layerw.base.ports import F32
from layerw.physics import rigid_world as rw
from layerw.physics.forms import Forms, _turned
from layerw.physics.shallow import ShallowWater
from layerw.scene.environment import Sea

Heights = Callable[[npt.NDArray[np.float64], npt.NDArray[np.float64]], npt.ArrayLike]
OCTANTS = np.array([(x, y, z) for x in (-0.5, 0.5) for y in (-0.5, 0.5) for z in (-0.5, 0.5)], np.float32)
SETTABLE = ("density", "drag", "flow")
FLOW_MAX = 1e3


@named
class Water:
    """Some water; made by `app.physics.add_water`. `density`, `drag` and `flow` may be assigned."""

    __slots__ = ("_end", "_of", "_surface", "_wake", "density", "drag", "flow")

    def __setattr__(self, name: str, value: Any) -> None:
        if name == "density":
            value = checks.number("water.density", value, 0, 1e5)
        elif name == "drag":
            value = checks.number("water.drag", value, 0, 1000)
        elif name == "flow":
            value = checks.vector("water.flow", value)
            if (abs(value) > FLOW_MAX).any():
                raise ShapeError(f"water.flow is {checks.shown(value)}; it takes m/s up to {FLOW_MAX:g}.")
        elif name not in Water.__slots__:
            raise checks.unknown_attribute(self, name, SETTABLE)
        object.__setattr__(self, name, value)
        if name in SETTABLE and hasattr(self, "_wake"):
            self._wake()

    def __init__(self, surface: object, at: npt.ArrayLike, density: float, drag: float, flow: npt.ArrayLike,
                 end: Callable[[Water], None], wake: Callable[[], None]) -> None:  # fmt: skip
        self._of, self._surface, self._end = surface, surface_of(surface, at), end
        self.density, self.drag, self.flow = density, drag, flow
        self._wake = wake

    def remove(self) -> None:
        """Dry from now on; a second call does nothing."""
        self._end(self)
        self._wake()

    def _forces(self, world: rw.RigidWorld, forms: Forms, gravity_y: float, dt: float) -> None:
        bodies = world.bodies
        slots = np.flatnonzero((bodies.kind[: bodies.high] == rw.DYNAMIC) & ~bodies.sensor[: bodies.high])
        slots = slots[bodies.row[slots] >= 0]
        if not len(slots):
            return
        state = world.state(slots)
        awake = state[:, 14] > 0
        slots, state = slots[awake], state[awake]
        if not len(slots):
            return
        half, volume, mass = forms.half[slots], forms.volume[slots], state[:, 13]
        local = forms.middle[slots, None] + half[:, None] * OCTANTS
        arms = _turned(state[:, 3:7], local)
        points = state[:, None, :3] + arms
        tall = np.abs(_turned(state[:, 3:7], half[:, None] * np.eye(3, dtype=np.float32))[:, :, 1]).sum(axis=1) / 2
        heights = self._heights(points)
        if world.has_ended:  # the function closed the App
            return
        below = (heights - points[:, :, 1] + tall[:, None]) / (2 * np.maximum(tall, 1e-4))[:, None]
        share = np.clip(below, 0, 1)
        if not (share > 0).any():
            return
        displaced = share * (volume[:, None] / 8 * self.density)  # kilograms of water
        speed = state[:, None, 7:10] + np.cross(state[:, None, 10:13], arms) - np.asarray(self.flow, np.float32)
        slow = np.minimum(displaced * self.drag, (mass / 8 * 0.5 / dt)[:, None])  # never turns a motion round
        force = -slow[:, :, None] * speed
        force[:, :, 1] -= displaced * gravity_y
        wet = share > 0
        values = np.concatenate([force[wet], points[wet]], axis=1)
        world.command(np.repeat(slots[:, None], 8, axis=1)[wet], rw.FORCE_AT, values)

    def _heights(self, points: F32) -> npt.NDArray[np.float64]:
        x, z = points[:, :, 0].astype(np.float64), points[:, :, 2].astype(np.float64)
        try:
            found = np.broadcast_to(np.asarray(self._surface(x, z), np.float64), x.shape)
        except (TypeError, ValueError) as error:
            raise ShapeError(f"The function of app.physics.add_water failed or gave no heights in the shape of x and "
                             f"z: {error}") from error
        return np.nan_to_num(found, nan=-1e9, posinf=1e9, neginf=-1e9)


def surface_of(surface: object, at: npt.ArrayLike) -> Heights:
    """Heights (x, z) -> metres of what programs give; -1e9 where there is none."""
    if isinstance(surface, Sea):
        sea = surface
        return lambda x, z: -1e9 if sea.level is None else sea.level
    if isinstance(surface, ShallowWater):
        return _shallow(surface, checks.vector("app.physics.add_water at", at))
    if callable(surface):
        return checks.callback("app.physics.add_water surface", surface, "x", "z")
    if isinstance(surface, str) or not hasattr(surface, "__float__"):
        raise KindError(f"app.physics.add_water surface is {checks.shown(surface)}; it takes a height in metres, "
                        "app.sea, a ShallowWater, or a function of x and z.")
    level = checks.number("app.physics.add_water surface", surface, -1e5, 1e5)
    return lambda x, z: level


def _shallow(water: ShallowWater, corner: npt.NDArray[np.float64]) -> Heights:
    if water.cell_m <= 0:
        raise ConfigError("app.physics.add_water was given a ShallowWater without cells.")

    def heights(x: npt.NDArray[np.float64], z: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        ground, depth = water.ground, water.depth
        column = np.floor((x - corner[0]) / water.cell_m).astype(int)
        row = np.floor((z - corner[2]) / water.cell_m).astype(int)
        inside = (column >= 0) & (column < water.columns) & (row >= 0) & (row < water.rows)
        where = row.clip(0, water.rows - 1), column.clip(0, water.columns - 1)
        return np.where(inside & (depth[where] > 1e-3), corner[1] + ground[where] + depth[where], -1e9)

    return heights
