"""Particle hydrodynamics: an incompressible fluid in a closed basin, with obstacles, spawn and despawn.

Owns: one simulation of engine_py/kernels/simulation/sph.h, which has method and sources. Everything that is returned
is a copy; rows come in the order of the simulation's memory, which changes with each step, and `ids` names them.
Limits: 262,144 particles, 32 obstacles, 16 simulations. Results are the same to the bit on every host, for any number
of threads.
"""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
import numpy.typing as npt

from layerw.base.checks import number, shown, vector, whole
from layerw.base.errors import HandleError, ShapeError
from layerw.base.settings import fixed_attributes
from layerw.memory.layer import LayerMemory

Floats = npt.NDArray[np.float32]
Ids = npt.NDArray[np.uint32]
_X, _Y, _Z, _VELOCITY, _ID, _DENSITY, _PRESSURE = range(7)
_COUNT, _CAPACITY, _DROPPED, _BYTES, _SUBSTEPS, _TURNS = range(6)
_SPHERE, _BOX = range(2)


@fixed_attributes
class Particles:
    """A fluid of particles.

    Args:
        memory: where it lives, `app.memory` or `layerw.memory.open_native(...)`.
        capacity: most particles at a time, 1 to 262,144; about 1.1 KiB each.
        spacing: metres between particles at rest; the kernel reaches twice as far.
        low, high: corners of the basin, metres; particles never leave it.
        gravity: m/s2.
        viscosity: 0 (thin) to 0.5 (syrup).
        iterations_max: of the pressure solver in a sub-step, 2 to 256; it ends where the density is right.

    Raises:
        OutOfBudget: the memory has no room for the capacity.
        TooLarge, BadArgument: a value outside of these limits.
    """

    def __init__(self, memory: LayerMemory, capacity: int, *, spacing: float, low: npt.ArrayLike, high: npt.ArrayLike,
                 gravity: npt.ArrayLike = (0.0, -9.81, 0.0), viscosity: float = 0.05,
                 iterations_max: int = 60) -> None:  # fmt: skip
        self._memory, self._kernels = memory, memory.kernels
        self._handle = 0
        capacity = whole("Particles capacity", capacity)
        if not 0 < capacity < 2**32:
            raise ShapeError(f"A capacity of {capacity} particles was asked for; it is 1 to 262144.")
        spacing = number("Particles spacing", spacing)
        handle = self._check(self._kernels.lw_sph_create(capacity, spacing, *_three(low, "low"), *_three(high, "high")))
        self._handle = handle
        try:
            self.configure(gravity=gravity, viscosity=viscosity, iterations_max=iterations_max)
        except Exception:
            self.close()
            raise

    def configure(self, *, gravity: npt.ArrayLike, viscosity: float, iterations_max: int) -> None:
        """Sets them anew, see the class."""
        viscosity = number("Particles viscosity", viscosity)
        turns = max(whole("Particles iterations_max", iterations_max), 0)
        self._check(self._kernels.lw_sph_configure(self._living, *_three(gravity, "gravity"), viscosity, turns))

    def add_sphere(self, center: npt.ArrayLike, radius: float) -> None:
        """A ball in the basin that never moves."""
        radius = number("Particles.add_sphere radius", radius)
        self._check(self._kernels.lw_sph_obstacle(self._living, _SPHERE, *_three(center, "center"), radius,
                                                  0.0, 0.0))  # fmt: skip

    def add_box(self, center: npt.ArrayLike, half_sides: npt.ArrayLike) -> None:
        """An axis-aligned box in the basin that never moves."""
        self._check(self._kernels.lw_sph_obstacle(self._living, _BOX, *_three(center, "center"),
                                                  *_three(half_sides, "half_sides")))  # fmt: skip

    def set_ground(self, heights: npt.ArrayLike) -> None:
        """Ground below the fluid: (rows, columns) heights in metres, spread over the basin (columns along x)."""
        data = np.ascontiguousarray(heights, np.float32)
        if data.ndim != 2 or not np.isfinite(data).all():
            raise ShapeError(f"Ground heights have the shape {data.shape}; pass finite numbers in (rows, columns).")
        self._stage(data)
        self._check(self._kernels.lw_sph_ground(self._living, data.shape[1], data.shape[0]))

    def spawn(self, position: npt.ArrayLike, velocity: npt.ArrayLike | None = None) -> Ids:
        """Adds particles, all or none; returns their ids, which no other particle ever has.

        Args:
            position: (n, 3) metres, inside the basin.
            velocity: (n, 3) or (3,) m/s; at rest by default.

        Raises:
            Full: the capacity has no room for all of them.
            BadArgument: one is outside of the basin or no number.
        """
        try:
            places = np.asarray(position, np.float32)
        except (TypeError, ValueError):
            raise ShapeError(f"Particles.spawn position is {shown(position)}; it takes (n, 3) metres.") from None
        if places.ndim != 2 or places.shape[1] != 3:
            raise ShapeError(f"Positions have the shape {places.shape}; spawn takes (n, 3).")
        count = len(places)
        if count == 0:
            return np.empty(0, np.uint32)
        rows = np.zeros((count, 6), np.float32)
        rows[:, :3] = places
        if velocity is not None:
            rows[:, 3:] = velocity
        stage = self._stage(rows)
        self._check(self._kernels.lw_sph_spawn(self._living, count))
        ids = np.empty(count, np.uint32)
        self._memory.read(stage, ids)
        return ids

    def despawn(self, ids: npt.ArrayLike) -> None:
        """Removes particles by id, all or none.

        Raises:
            StaleHandle: an id names no particle (any more).
            DoubleFree: an id is named twice.
        """
        given = np.ascontiguousarray(ids, np.uint32).reshape(-1)
        if given.size:
            self._stage(given)
            self._check(self._kernels.lw_sph_despawn(self._living, given.size))

    def drain(self, low: npt.ArrayLike, high: npt.ArrayLike) -> int:
        """Removes all particles in a box; returns how many."""
        before = self.count
        self._check(self._kernels.lw_sph_drain(self._living, *_three(low, "low"), *_three(high, "high")))
        return before - self.count

    def step(self, dt_s: float) -> None:
        """Moves on by 0 < dt_s <= 0.1 seconds, in as many sub-steps (to 16) as speed and depth ask for."""
        self._check(self._kernels.lw_sph_step(self._living, number("Particles.step dt_s", dt_s)))

    @property
    def count(self) -> int:
        """Particles alive."""
        return self._kernels.lw_sph_statistic(self._living, _COUNT)

    @property
    def dropped(self) -> int:
        """Neighbours that the last step had no room for; 0 unless the fluid is crushed."""
        return self._kernels.lw_sph_statistic(self._living, _DROPPED)

    @property
    def substeps(self) -> int:
        """Of the last step, 1 to 16."""
        return self._kernels.lw_sph_statistic(self._living, _SUBSTEPS)

    @property
    def iterations(self) -> int:
        """Of the pressure solver in all sub-steps of the last step."""
        return self._kernels.lw_sph_statistic(self._living, _TURNS)

    @property
    def size_bytes(self) -> int:
        """What it takes of Layer memory."""
        return self._kernels.lw_sph_statistic(self._living, _BYTES)

    @property
    def position(self) -> Floats:
        """(n, 3) metres."""
        out = np.empty((self.count, 3), np.float32)
        for axis in (_X, _Y, _Z):
            out[:, axis] = self._field(axis, np.float32)
        return out

    @property
    def velocity(self) -> Floats:
        """(n, 3) m/s."""
        return np.ascontiguousarray(self._field(_VELOCITY, np.float32, 4).reshape(-1, 4)[:, :3])

    @property
    def ids(self) -> Ids:
        """(n,) in the order of the other columns."""
        found: Ids = self._field(_ID, np.uint32)
        return found

    @property
    def density(self) -> Floats:
        """(n,) of the last step; 1 at rest."""
        found: Floats = self._field(_DENSITY, np.float32)
        return found

    def state_hash(self) -> str:
        """sha256 over everything that the next step depends on."""
        digest = hashlib.sha256()
        for field, kind, width in ((_X, np.float32, 1), (_Y, np.float32, 1), (_Z, np.float32, 1),
                                   (_VELOCITY, np.float32, 4), (_PRESSURE, np.float32, 1), (_ID, np.uint32, 1)):
            digest.update(self._field(field, kind, width).tobytes())
        return digest.hexdigest()

    def close(self) -> None:
        """Frees it; a second call does nothing."""
        if self._handle:
            self._check(self._kernels.lw_sph_destroy(self._handle))
            self._handle = 0

    @property
    def _living(self) -> int:
        if not self._handle:
            raise HandleError("The particles are closed; make new ones.")
        return self._handle

    def _field(self, field: int, kind: npt.DTypeLike, width: int = 1) -> Any:
        out = np.empty(self.count * width, kind)
        if out.size:
            self._memory.read(self._check(self._kernels.lw_sph_field(self._living, field)), out)
        return out

    def _stage(self, data: npt.NDArray[Any]) -> int:
        address = self._check(self._kernels.lw_sph_stage(self._living, data.nbytes))
        self._memory.write(address, data)
        return address

    def _check(self, result: int) -> int:
        if result == 0:
            raise self._memory.error()
        return result


def _three(values: npt.ArrayLike, name: str) -> tuple[float, float, float]:
    x, y, z = vector(f"Particles {name}", values)
    return float(x), float(y), float(z)
