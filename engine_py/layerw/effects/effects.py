"""What a program sees that has no mesh: decals, particles and weather. Made when the first one is asked for.

Owns: the parts, their order in a frame, and their end.
"""

from __future__ import annotations

from layerw.base.log import Log
from layerw.effects.decals import Decals
from layerw.effects.mesh_particles import MeshParticles
from layerw.effects.particles import Particles
from layerw.effects.weather import Falling
from layerw.frame.resources import Resources
from layerw.frame.views import View
from layerw.scene.environment import Environment
from layerw.scene.table import FrameColumns, Table
from layerw.visibility.cull import Visibility


class Effects:
    """`step` once a frame, `move` once things are placed."""

    def __init__(self, table: Table, resources: Resources, visibility: Visibility, view: View,
                 environment: Environment, log: Log, program_s: float) -> None:  # fmt: skip
        self._environment = environment
        self.flying: list[MeshParticles] = []
        self._moved_s = program_s
        self.decals = Decals(table, resources)
        self.weather = Falling(table, resources, environment)
        self.particles = Particles(table, resources, visibility, view, environment.wind, log)

    def step(self, program_s: float) -> None:
        """Moves meshes that fly to the program's time, and lets go of what nobody has any more."""
        self.decals.step()
        self.particles.step()
        passed, self._moved_s = program_s - self._moved_s, program_s
        self.flying = [one for one in self.flying if one.alive]
        for one in self.flying:
            one._step(passed)

    def move(self, columns: FrameColumns, dt_s: float, paid: int) -> None:
        """Before visibility; paid: flags of the main view whose targets there are."""
        self.particles.move(columns, dt_s, paid)
        self.weather.move(dt_s)
        self._environment._has_sprites = bool(self.particles.count or self.weather.falls)

    def close(self) -> None:
        """Ends everything; no entity may be left."""
        self.flying.clear()
        self.decals.close()
        self.particles.close()
        self.weather.close()
        self._environment._has_sprites = False
