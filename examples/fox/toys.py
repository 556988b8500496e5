"""What the fox finds: a pen whose gate a crate opens, and a boat."""

from __future__ import annotations

import math

import numpy as np
from isle import CLEARINGS, SEABED, WALLS, height

import layerw as lw

BOAT, BOAT_SPEED = 4, 7.0  # layer; metres a second
PEN = np.array((CLEARINGS[1][0], CLEARINGS[1][3], CLEARINGS[1][1]))
PLATE, CRATE = np.add(PEN, (1.5, 0.0, -9.0)), np.add(PEN, (-4.5, 0.6, -9.0))
PANELS, AROUND, HIGH = 12, 5.0, 2.6
TURN = math.pi + math.tau * np.arange(PANELS) / PANELS  # of its panels; the first one, the gate, looks at the plate
RING = np.add(PEN, (0, HIGH / 2 - 0.2, 0)) + AROUND * np.stack((np.sin(TURN), 0 * TURN, np.cos(TURN)), axis=1)
PANEL = lw.Mesh.box(math.tau * AROUND / PANELS + 0.15, HIGH, 0.25)


def fence(app: lw.App) -> lw.Entities:
    """The pen's panels but for its gate."""
    wood = lw.Material(color="#7d5a3a", roughness=0.9)
    panels = app.spawn_many(PANEL, PANELS - 1, wood, position=np.round(RING[1:], 3), rotation=lw.turned(y=TURN[1:]))
    app.physics.add(panels, "static", layer=WALLS)
    return panels


class Pen:
    """Its gate sinks while the crate lies on the plate."""

    def __init__(self, app: lw.App) -> None:
        brass = lw.Material(color="#d8a640", roughness=0.35, metallic=0.8)
        self.home = np.round(RING[0], 3)
        self.gate = app.spawn(PANEL, brass, position=self.home, body=lw.Body("kinematic", layer=WALLS))
        self.plate = app.spawn(lw.Mesh.box(2.4, 0.12, 2.4), lw.Material(color="#d8a640", roughness=0.5),
                               position=PLATE, static=True)  # fmt: skip
        self.crate = app.spawn(lw.Mesh.box(1.2), lw.Material(color="#b98b57", roughness=0.8), position=CRATE,
                               body=lw.Body(mass=30.0, friction=0.35, layer=WALLS))  # fmt: skip
        self.crate.interpolated = self.gate.interpolated = True

    @property
    def pressed(self) -> bool:
        """Whether the crate lies on the plate."""
        off = np.abs(self.crate.position - PLATE)
        return bool(off[0] < 1.5 and off[2] < 1.5)

    @property
    def open(self) -> bool:
        """Whether one gets in."""
        return bool(self.gate.position[1] < self.home[1] - 1.5)

    def step(self) -> None:
        """The gate follows the plate, with its own weight; a crate that is lost comes back."""
        aim = self.home[1] - (HIGH if self.pressed else 0.0)
        self.gate.body.velocity = (0, np.clip((aim - self.gate.position[1]) * 4, -2, 2), 0)
        if np.linalg.norm(self.crate.position - PLATE) > 16:
            self.crate.position = CRATE


class Boat:
    """Floats at the shore; whoever is aboard steers it by where it shall go."""

    def __init__(self, app: lw.App) -> None:
        out = np.arange(40.0, 110.0, 0.5)
        deep = out[np.argmax(height(0.6 * out, -0.8 * out) < -1.2)]
        self.home = np.array((0.6 * deep, 0.1, -0.8 * deep))
        hull = lw.Mesh.merge([(lw.Mesh.box(1.6, 0.3, 3.4), "#8a5a34", (0, -0.2, 0)),
                              *((lw.Mesh.box(0.16, 0.5, 3.4), "#c9462c", (x, 0.1, 0)) for x in (-0.8, 0.8)),
                              *((lw.Mesh.box(1.7, 0.5, 0.16), "#e8e0d0", (0, 0.1, z)) for z in (-1.7, 1.7)),
                              (lw.Mesh.cylinder(0.06, 2.2), "#8a5a34", (0, 1.0, -1.2)),
                              (lw.Mesh.box(0.9, 0.6, 0.04), "#f0c040", (0.5, 1.75, -1.2))])
        self.hull = app.spawn(hull, lw.Material(roughness=0.7), position=self.home, body=lw.Body(
            size=(1.6, 0.7, 3.4), density=400.0, damping=0.8, turn_damping=2.0, locked=("turn x", "turn z"),
            layer=BOAT, hits=[n for n in range(32) if n != SEABED]))  # fmt: skip
        self.hull.interpolated = True
        self.turn = 0.0

    @property
    def seat(self) -> np.ndarray:
        """(3,) where a fox sits."""
        return np.add(self.hull.position, (0, 0.05, 0), dtype=np.float64)

    def steer(self, wish, dt) -> None:
        """wish: (2,) where to, x and z, at most 1 long."""
        speed = self.hull.body.velocity.astype(np.float64)
        speed[[0, 2]] += (BOAT_SPEED * np.asarray(wish) - speed[[0, 2]]) * 1.6 * dt
        self.hull.body.velocity = np.round(speed, 4)
        if np.hypot(*wish) > 0.1:
            off = (math.atan2(wish[0], wish[1]) - self.turn + math.pi) % math.tau - math.pi
            self.turn = round(self.turn + off * 2.0 * dt, 4)
            self.hull.rotation = np.round(lw.turned(y=self.turn), 4)
