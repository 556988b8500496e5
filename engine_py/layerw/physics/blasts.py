"""app.physics.explode: a push away from a point, of bodies and characters.

Owns: who gets how much. Does not: move anybody; rigid_world.py and the kernel of characters do, with the next step.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from layerw.base import checks
from layerw.base.ports import F64
from layerw.physics import rigid_world as rw
from layerw.physics.character import Characters
from layerw.physics.queries import Queries

IMPULSE_MAX, RADIUS_MAX = 1e9, 10_000.0
MASS = 13  # of RigidWorld.state
MIDDLE = slice(15, 18)


def explode(world: rw.RigidWorld, queries: Queries, characters: Characters, position: npt.ArrayLike, impulse: float,
            radius: float, layers: Any) -> None:  # fmt: skip
    """See Physics.explode."""
    middle = checks.vector("app.physics.explode position", position)
    impulse = checks.number("app.physics.explode impulse", impulse, 0, IMPULSE_MAX)
    radius = checks.number("app.physics.explode radius", radius, 0, RADIUS_MAX, above=True)
    slots = queries.ball(middle, radius, layers)
    states = world.state(slots)
    dynamic = states[:, MASS] > 0
    if dynamic.any():
        world.command(slots[dynamic], rw.IMPULSE, _pushes(states[dynamic, MIDDLE], middle, impulse, radius))
    for one in characters.living():
        one.push(_pushes(one._middle[None], middle, impulse, radius)[0])


def _pushes(places: npt.NDArray[Any], middle: F64, impulse: float, radius: float) -> F64:
    """(n, 3) newton seconds away from the middle: all of it there, none at the radius."""
    away = places - middle
    far = np.sqrt((away * away).sum(axis=1))[:, None]
    way = np.where(far > 1e-6, away / np.maximum(far, 1e-6), (0.0, 1.0, 0.0))
    pushes: F64 = way * (impulse * np.maximum(1 - far / radius, 0))
    return pushes
