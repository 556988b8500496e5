"""Particles that are meshes, moved by numpy: chips, leaves, coins, shells; and columns for programs that move them.

Owns: their rows of the table, and a column of each number. They are lit, cast shadows and hide each other as every
entity does; all with one mesh and material are one draw. Those on the GPU (effects/particles.py) are sprites, and cost
Python nothing. Limits: COUNT_MAX a group; nothing stops them; a program's own columns may.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from layerw.base import checks
from layerw.base.errors import ConfigError, ShapeError
from layerw.base.names import named
from layerw.base.ports import F32
from layerw.effects.emitters import Span, span
from layerw.scene.entity import Entities

COUNT_MAX = 16_384
SEED_MAX = 2**22
NUMBER_MAX = 1e6
GRAVITY_MPS2 = 9.81
SIZES_MAX = 64


class Flight(NamedTuple):
    """What stays as it is."""

    lifetime: Span
    gravity: float
    drag: float
    spin: Span
    size: tuple[float, ...]  # over a life
    size_variation: float


def flight(given: dict[str, Any]) -> Flight:
    """Checks everything; raises KindError, ConfigError, ShapeError."""
    sizes = np.atleast_1d(checks.as_array(given["size"]))
    if sizes.ndim != 1 or not 1 <= len(sizes) <= SIZES_MAX:
        raise ShapeError(f"mesh_particles size has shape {sizes.shape}; it takes one number, or 1 to {SIZES_MAX} over "
                         f"a life.")  # fmt: skip
    return Flight(
        span("mesh_particles lifetime", given["lifetime"], above=True),
        checks.number("mesh_particles gravity", given["gravity"], -1e4, 1e4),
        checks.number("mesh_particles drag", given["drag"], 0, 1e3), span("mesh_particles spin", given["spin"], -1e3),
        tuple(checks.number("mesh_particles size", one, 0, NUMBER_MAX) for one in sizes.tolist()),
        checks.number("mesh_particles size_variation", given["size_variation"], 0, 1))  # fmt: skip


@named
class MeshParticles:
    """Meshes that fly, as `app.mesh_particles` gives them. Columns have a row each; write to them whenever you like.

    `entities` are what is drawn: `entities.layer`, `.visible` and `.color` are those of every group.
    """

    __slots__ = ("_age", "_axis", "_flight", "_group", "_next", "_position", "_random", "_shown", "_size", "_spin",
                 "_until", "_velocity")  # fmt: skip

    def __init__(self, group: Entities, chosen: Flight, seed: int) -> None:
        count = len(group)
        self._group, self._flight = group, chosen
        self._random = np.random.default_rng(seed)
        self._position, self._velocity, self._axis = (np.zeros((count, 3), np.float32) for _ in range(3))
        self._age, self._until, self._spin = (np.zeros(count, np.float32) for _ in range(3))
        self._size = np.ones(count, np.float32)
        self._next = 0
        self._shown = np.zeros(count, np.bool_)  # in the last frame
        group.scale = 0.0

    def __setattr__(self, name: str, value: object) -> None:
        try:
            object.__setattr__(self, name, value)
        except AttributeError:
            raise checks.unknown_attribute(self, name, checks.settable(type(self))) from None

    def __len__(self) -> int:
        return len(self._age)

    @property
    def entities(self) -> Entities:
        """The rows of all of them; those that do not fly have no size."""
        return self._group

    @property
    def position(self) -> F32:
        """(n, 3) float32, metres; a view."""
        return self._position

    @position.setter
    def position(self, value: npt.ArrayLike) -> None:
        self._position[:] = _column("MeshParticles position", value, len(self), 3, None)

    @property
    def velocity(self) -> F32:
        """(n, 3) float32, metres a second; a view."""
        return self._velocity

    @velocity.setter
    def velocity(self, value: npt.ArrayLike) -> None:
        self._velocity[:] = _column("MeshParticles velocity", value, len(self), 3, None)

    @property
    def age(self) -> F32:
        """(n,) float32, seconds; a view."""
        return self._age

    @age.setter
    def age(self, value: npt.ArrayLike) -> None:
        self._age[:] = _column("MeshParticles age", value, len(self), 1, 0.0)

    @property
    def lifetime(self) -> F32:
        """(n,) float32, seconds, a view; 0: it does not fly. One that is infinite flies until you write another."""
        return self._until

    @lifetime.setter
    def lifetime(self, value: npt.ArrayLike) -> None:
        self._until[:] = _column("MeshParticles lifetime", value, len(self), 1, 0.0)

    @property
    def size(self) -> F32:
        """(n,) float32, a view: what the sizes of a life are multiplied by."""
        return self._size

    @size.setter
    def size(self, value: npt.ArrayLike) -> None:
        self._size[:] = _column("MeshParticles size", value, len(self), 1, 0.0)

    @property
    def flying(self) -> npt.NDArray[np.bool_]:
        """(n,) which of them fly; a copy."""
        return self._age < self._until

    def burst(self, count: int, *, position: npt.ArrayLike = (0.0, 0.0, 0.0), velocity: npt.ArrayLike = (0.0, 4.0, 0.0),
              scatter: float = 1.0) -> npt.NDArray[np.intp]:  # fmt: skip
        """Lets some out at once, in place of the oldest where all of them fly; returns their rows in the columns.

        Args:
            count: 0 to as many as there are.
            position, velocity: (3,) for all, or (count, 3), metres and metres a second.
            scatter: m/s that each goes another way, at most.

        Raises:
            KindError, ConfigError, ShapeError: an argument is not what it should be; none is let out then.
        """
        count = checks.whole("MeshParticles burst", count, 0, len(self))
        start = _rows("MeshParticles burst position", position, count)
        speed = _rows("MeshParticles burst velocity", velocity, count)
        scatter = checks.number("MeshParticles burst scatter", scatter, 0, NUMBER_MAX)
        rows = (self._next + np.arange(count)) % len(self)
        self._next = (self._next + count) % len(self)
        chance, one = self._random, self._flight
        ways = chance.normal(size=(count, 3))
        ways /= np.maximum(np.linalg.norm(ways, axis=1, keepdims=True), 1e-9)
        self._axis[rows] = ways
        self._position[rows] = start
        self._velocity[rows] = speed + ways[:, ::-1] * scatter * chance.uniform(0, 1, (count, 1))
        self._age[rows], self._until[rows] = 0, chance.uniform(*one.lifetime, count)
        self._spin[rows] = chance.uniform(*one.spin, count)
        self._size[rows] = 1 + one.size_variation * chance.uniform(-1, 1, count)
        return rows

    @property
    def alive(self) -> bool:
        """False once it was despawned."""
        return self._group.alive

    def despawn(self) -> None:
        """Ends all of them, for good."""
        self._group.despawn()

    def _step(self, dt_s: float) -> None:
        """One frame; exact for gravity and drag, so that the rate of frames changes nothing."""
        flying = self._age < self._until
        if not (flying.any() or self._shown.any()):
            return
        one, v = self._flight, self._velocity[flying]
        pull = np.array((0.0, -one.gravity, 0.0), np.float32)
        if one.drag < 1e-3:
            moved, v = v * dt_s + pull * (0.5 * dt_s * dt_s), v + pull * dt_s
        else:
            end, left = (pull / one.drag).astype(np.float32), math.exp(-one.drag * dt_s)
            moved, v = end * dt_s + (v - end) * ((1 - left) / one.drag), end + (v - end) * left
        self._position[flying] += moved
        self._velocity[flying] = v
        self._age[flying] += dt_s
        flying = self._age < self._until
        self._show(flying)

    def _show(self, flying: npt.NDArray[np.bool_]) -> None:
        share = np.where(np.isfinite(self._until) & flying, self._age / np.maximum(self._until, 1e-6), 0)
        sizes = self._flight.size
        curve = np.interp(share, np.linspace(0, 1, len(sizes)), sizes) if len(sizes) > 1 else sizes[0]
        angle = 0.5 * self._spin * self._age
        self._group.rotation = np.column_stack([self._axis * np.sin(angle)[:, None], np.cos(angle)])
        self._group.scale = np.repeat((curve * self._size * flying)[:, None], 3, axis=1)
        self._group.position = self._position
        self._shown = flying


def _column(name: str, value: npt.ArrayLike, count: int, width: int, low: float | None) -> F32:
    """One value for all rows, or one each; infinite ones are a lifetime's."""
    found = np.asarray(checks.as_array(value))
    shapes = ((3,), (count, 3)) if width == 3 else ((), (count,))
    if found.dtype.kind not in "fiu" or found.shape not in shapes:
        raise ShapeError(f"{name} is {checks.shown(value)}; it takes {' or '.join(map(str, shapes))} numbers.")
    if np.isnan(found).any() or (low is not None and (found < low).any()):
        raise ConfigError(f"{name} has a number below 0, or one that is none (NaN).")
    array: F32 = found.astype(np.float32)
    return array


def _rows(name: str, value: npt.ArrayLike, count: int) -> F32:
    """(3,) or (count, 3) float32."""
    if checks.as_array(value).ndim == 1:
        return checks.vector(name, value).astype(np.float32)
    found: F32 = checks.array(name, value, np.float32, (3,), rows=count)
    return found

