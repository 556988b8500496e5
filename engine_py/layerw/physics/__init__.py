"""Water that moves: particles in a basin, and shallow water on a grid, as kernels in Layer memory.

    from layerw.physics import Particles, ShallowWater

    water = Particles(app.memory, 8_000, spacing=0.05, low=(0, 0, 0), high=(3, 2, 1))

Owns: the Python face of engine_py/kernels/simulation. Does not draw and does not collide with entities.
"""

from layerw.physics.particles import Particles
from layerw.physics.shallow import ShallowWater

__all__ = ["Particles", "ShallowWater"]
