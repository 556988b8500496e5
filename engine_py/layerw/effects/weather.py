"""What falls from the sky around the camera: rain and snow.

Owns: a mesh of numbers and a material for each kind that falls now; without weather there is none. Where a drop is
follows from its number and the time alone (web/shaders/particles.wgsl): a box around the camera that repeats without
end. What stands above keeps it off (frame/roofs.py).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from layerw.base.lifetimes import Life
from layerw.base.ports import F64, MaterialDesc
from layerw.effects.particles import EVERYWHERE_M, FLAGS, TOPOLOGY, WIND_MPS
from layerw.frame.resources import Resources
from layerw.scene.entity import Entity
from layerw.scene.environment import Environment
from layerw.scene.material_values import Values
from layerw.scene.shaders import Shader
from layerw.scene.table import Table
from layerw.scene.textures import Texture


class Kind(NamedTuple):
    """box_m: the side of the box that repeats. stretch: seconds of its way that a drop is long. carried: the share of
    the wind's speed."""

    drops: int
    box_m: float
    size_m: float
    fall_mps: float
    stretch: float
    carried: float
    sway_m: float
    color: tuple[float, float, float, float]  # linear


KINDS = {
    "rain": Kind(14_000, 17.0, 0.007, 8.5, 0.04, 0.6, 0.0, (0.75, 0.8, 0.9, 0.55)),
    "snow": Kind(12_000, 14.0, 0.022, 1.1, 0.0, 0.35, 0.25, (0.95, 0.97, 1.0, 0.95)),
}


class FallingValues(Values):
    """A kind that falls, as a material; `numbers` change in each frame."""

    drawn_in = ("particles", 1)

    def __init__(self, kind: Kind) -> None:
        self.kind_of, self.offset, self.velocity, self.amount = kind, np.zeros(3), np.zeros(3), 0.0
        self._listeners: list[Callable[[], None]] = []

    @property
    def blend(self) -> bool:
        """They have a pass of their own."""
        return False

    def desc(self, texture: Callable[[Texture], int] = lambda _: 0,
             shader: Callable[[Shader], int] = lambda _: 0) -> MaterialDesc:  # fmt: skip
        """See Values."""
        one = self.kind_of
        rows = np.zeros((14, 4))
        rows[0] = (*self.offset, one.sway_m)
        rows[1:3] = one.size_m
        rows[3:11] = one.color
        rows[4] = (*self.velocity, one.color[3])  # what falls has one colour, so this key is never looked at
        rows[11] = (0.0, 1.0, 0.4, one.stretch)
        rows[12] = (1.0, 1.0, 0.0, 1.0)
        rows[13] = (0.3, one.drops, one.box_m, round(one.drops * self.amount))
        return MaterialDesc("particles", FLAGS, numbers=tuple(rows.ravel().tolist()))


class Drops:
    """One kind while it falls."""

    def __init__(self, table: Table, resources: Resources, kind: Kind) -> None:
        self.life, self.values = Life(), FallingValues(kind)
        self._store = resources.store
        material = resources.made_material(self)
        data = np.arange(kind.drops, dtype=np.float32)
        packed = data.view(np.uint8), np.zeros(0, np.uint8)
        self._mesh = self._store.create_packed(packed, kind.drops, 0, TOPOLOGY["particles"])
        self.entity = Entity(table, table.spawn(1, mesh=self._mesh, material=material, radius=EVERYWHERE_M))

    def move(self, amount: float, air: F64, dt_s: float) -> None:
        """What falls of it now, and where to."""
        values, kind = self.values, self.values.kind_of
        values.amount = amount
        values.velocity = air * kind.carried - (0.0, kind.fall_mps, 0.0)
        values.offset = (values.offset + values.velocity * dt_s / kind.box_m) % 1.0
        values.changed()

    def end(self) -> None:
        """It falls no more."""
        if self.entity.alive:
            self.entity.despawn()
        self._store.destroy_mesh(self._mesh)


class Falling:
    """`move` once a frame."""

    def __init__(self, table: Table, resources: Resources, environment: Environment) -> None:
        self._table, self._resources, self._environment = table, resources, environment
        self._drops: dict[str, Drops] = {}

    @property
    def falls(self) -> bool:
        """Whether anything does."""
        return bool(self._drops)

    def move(self, dt_s: float) -> None:
        """Begins and ends what the program said."""
        weather, wind = self._environment.weather, self._environment.wind
        speed = WIND_MPS * wind.strength
        air = np.array((math.sin(wind.direction), 0.0, -math.cos(wind.direction))) * speed
        for name, amount in (("rain", weather.rain), ("snow", weather.snow)):
            drops = self._drops.get(name)
            if drops is not None and (amount <= 0 or not drops.entity.alive):
                self._drops.pop(name).end()
            elif amount > 0:
                if drops is None:
                    drops = self._drops[name] = Drops(self._table, self._resources, KINDS[name])
                drops.move(amount, air, dt_s)

    def close(self) -> None:
        """Ends all of it."""
        for drops in self._drops.values():
            drops.end()
        self._drops.clear()
