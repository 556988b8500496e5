"""Particles on the GPU: who has which texels of their state, how many are born in a frame, and what ends.

Owns: the rings of all emitters in PARTICLES_SIDE squared texels, their meshes and materials. The GPU moves and draws
(web/shaders/step.wgsl, particles.wgsl); the CPU only counts, so that what a particle does follows from the program's
time alone. Limits: 262,144 particles at once; a ring is at least PARTICLE_UNIT.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from layerw.base import checks
from layerw.base.errors import BudgetError, ConfigError, ShapeError
from layerw.base.lifetimes import Life
from layerw.base.log import Log
from layerw.base.ports import F64, MaterialDesc
from layerw.content.spawner import set_values
from layerw.effects.emitters import COUNT_MAX, RATE_MAX, SEED_MAX, SHAPES, Recipe, recipe
from layerw.frame.resources import Resources
from layerw.frame.views import View
from layerw.gpu import spec
from layerw.gpu.passes import flag
from layerw.scene.entity import Entity
from layerw.scene.environment import Wind
from layerw.scene.material_values import Values
from layerw.scene.shaders import Shader
from layerw.scene.table import FrameColumns, Table
from layerw.scene.textures import Texture
from layerw.visibility.cull import Visibility

UNIT = spec.PARTICLE_UNIT
STATE_BYTES = 4 * 16 * COUNT_MAX  # of four textures
EVERYWHERE_M = 1e30
WIND_MPS = 10.0  # of the air at app.wind.strength 1
TOPOLOGY = {name: spec.TOPOLOGIES.index(name) for name in ("particles", "step")}
FLAGS = spec.MATERIAL_NO_SHADOW | spec.MATERIAL_DOUBLE_SIDED
_put = object.__setattr__


class ParticleValues(Values):
    """What the GPU shows of an emitter's particles, as a material."""

    drawn_in = ("particles", 0)

    def __init__(self, chosen: Recipe, texture: Texture | None) -> None:
        self._recipe, self._texture = chosen, texture
        self._listeners: list[Callable[[], None]] = []

    @property
    def blend(self) -> bool:
        """They have a pass of their own."""
        return False

    @property
    def opaque(self) -> bool:
        """Alpha counts."""
        return False

    def desc(self, texture: Callable[[Texture], int] = lambda _: 0,
             shader: Callable[[Shader], int] = lambda _: 0) -> MaterialDesc:  # fmt: skip
        """See Values."""
        shown = 0 if self._texture is None else texture(self._texture)
        return MaterialDesc("particles", FLAGS, base_color_texture=shown, numbers=self._recipe.look_numbers())


class ParticleLook:
    """As resources want it."""

    def __init__(self, values: ParticleValues) -> None:
        self.life, self.values = Life(), values


class Ring:
    """The particles of one emitter, and what the next frame does to them."""

    def __init__(self, chosen: Recipe, rate: float, first_unit: int, units: int) -> None:
        self.recipe, self.rate, self.emitting = chosen, rate, True
        self.first_unit, self.units = first_unit, units
        self.meshes: tuple[int, ...] = ()
        self.material = self.row = 0
        self.look: ParticleLook | None = None
        self.entity: Entity | None = None
        self.bursts = 0
        self._head = self._born = 0
        self._left = 0.0  # of a particle
        self._place: F64 | None = None  # in the frame before
        self._is_new = True
        self._fastest = 0.0  # m/s of the emitter, lately

    def numbers(self, dt_s: float, place: F64, air: F64) -> tuple[float, ...]:
        """For the material kind "step", of the next frame. air: the wind's speed, m/s."""
        one, count = self.recipe, self.recipe.count_max
        shift = np.zeros(3) if self._place is None else self._place - place
        self._place = place
        burst = min(self.bursts, count)
        self.bursts = 0
        self._left += self.rate * dt_s if self.emitting else 0.0
        births = min(int(self._left), count - burst)
        self._left = min(self._left - births, 1.0) if births == count - burst else self._left - births
        births += burst
        speed = -shift / dt_s if dt_s > 0 else np.zeros(3)
        self._fastest = max(self._fastest * 0.98, float(np.linalg.norm(speed)))
        found = (
            self.first_unit * UNIT, count, self._head, births,
            self._born, dt_s, *one.lifetime,
            *shift, one.speed[0],
            0.0, -one.gravity, 0.0, one.drag,
            *(air * one.wind), one.speed[1],
            SHAPES.index(one.shape), *one.extent,
            *(speed * one.inherit), one.bounce,
            one.seed, math.cos(one.spread), one.turbulence, one.turbulence_m,
            burst, self._is_new, 0.0, 0.0,
        )  # fmt: skip
        self._head = (self._head + births) % count
        self._born = (self._born + births) % SEED_MAX
        self._is_new = False
        return tuple(float(number) for number in found)

    def reach_m(self) -> float:
        """See Recipe.reach_m; with what the emitter leaves behind."""
        return self.recipe.reach_m(WIND_MPS) + self._fastest * self.recipe.lifetime[1] * (1 + abs(self.recipe.inherit))


class Emitter(Entity):
    """Where particles come from, as `app.emitter` gives it: an entity. They stay in the world when it moves.

    `position`, `rotation` (they leave along +Y), `parent`, `visible`, `layer`, `despawn` are those of every entity;
    `color` multiplies theirs. Hiding or despawning it ends its particles.
    """

    __slots__ = ("_ring",)
    _ring: Ring

    @property
    def rate(self) -> float:
        """Particles a second, 0 to 1,000,000."""
        return self._ring.rate

    @rate.setter
    def rate(self, value: float) -> None:
        self._ring.rate = checks.number("Emitter rate", value, 0, RATE_MAX)

    @property
    def emitting(self) -> bool:
        """Assign False to let no more of them out; those that there are live on."""
        return self._ring.emitting

    @emitting.setter
    def emitting(self, value: bool) -> None:
        self._ring.emitting = checks.flag("Emitter emitting", value)

    @property
    def count(self) -> int:
        """At most so many at once; new ones take the place of the oldest."""
        return self._ring.recipe.count_max

    def burst(self, count: int) -> None:
        """Lets so many out at once with the next frame, beside `rate`."""
        self._check()
        self._ring.bursts += checks.whole("Emitter burst", count, 0, COUNT_MAX)


class Particles:
    """All emitters; `step` once a frame."""

    def __init__(self, table: Table, resources: Resources, visibility: Visibility, view: View, wind: Wind,
                 log: Log) -> None:  # fmt: skip
        self._table, self._resources, self._visibility, self._view = table, resources, visibility, view
        self._wind, self._log = wind, log
        self._taken = np.zeros(COUNT_MAX // UNIT, np.bool_)
        self._rings: list[Ring] = []
        self._told = False

    def make(self, texture: Texture | None, rate: float, given: dict[str, Any], **values: Any) -> Emitter:
        """See App.emitter."""
        if texture is not None:
            checks.instance("emitter texture", texture, Texture, "a lw.Texture or None").check_live()
        rate = checks.number("emitter rate", rate, 0, RATE_MAX)
        burst = checks.whole("emitter burst", given.pop("burst"), 0, COUNT_MAX)
        direction = values.pop("direction")
        if direction is not None:
            if values["rotation"] is not None:
                raise ConfigError("emitter was given a direction and a rotation; it takes one of them.")
            values["rotation"] = upward(direction)
        ring = self._ring(recipe(rate, given), rate)
        try:
            emitter = self._entity(ring, texture)
        except Exception:
            self._free(ring)
            raise
        _put(emitter, "_ring", ring)
        self._rings.append(ring)
        set_values(emitter, **values)
        ring.bursts = burst
        self._view._move_particles(True)
        return emitter

    def _ring(self, chosen: Recipe, rate: float) -> Ring:
        """Texels for it: of the first gap that is large enough, or else of the largest."""
        self._sweep()
        wanted = -(-chosen.count_max // UNIT)
        edges = np.flatnonzero(np.diff(np.concatenate([[1], self._taken, [1]]).astype(np.int8)))
        starts, sizes = edges[::2], edges[1::2] - edges[::2]
        if not len(sizes):
            raise BudgetError(f"There are {COUNT_MAX} particles already, and there is no room for another emitter; "
                              f"despawn one, or give them a lower count.")
        large = np.flatnonzero(sizes >= wanted)
        at = int(large[0] if len(large) else np.argmax(sizes))
        units = min(wanted, int(sizes[at]))
        if units < wanted:
            self._log.warning(f"An emitter of {chosen.count_max} particles has room for {units * UNIT}: all emitters "
                              f"together have {COUNT_MAX}, in one piece each.")  # fmt: skip
            chosen = chosen._replace(count_max=units * UNIT)
        self._taken[starts[at] : starts[at] + units] = True
        return Ring(chosen, rate, int(starts[at]), units)

    def _entity(self, ring: Ring, texture: Texture | None) -> Emitter:
        store = self._resources.store
        first = ring.first_unit * UNIT
        ring.look = ParticleLook(ParticleValues(ring.recipe, texture))
        shown = self._resources.made_material(ring.look)
        ring.material = store.create_material(MaterialDesc("step", FLAGS))
        self._visibility.set_list(ring.material, ("step", 0))
        for name, start, count in (("particles", first, ring.recipe.count_max), ("step", ring.first_unit, ring.units)):
            data = np.arange(start, start + count, dtype=np.float32)
            ring.meshes += (store.create_packed((data.view(np.uint8), np.zeros(0, np.uint8)), count, 0,
                                                TOPOLOGY[name]),)  # fmt: skip
        row = self._table.spawn(1, mesh=ring.meshes[0], material=shown, radius=ring.reach_m())
        ring.entity, ring.row = Emitter(self._table, row), row
        mover = Entity(self._table, self._table.spawn(1, mesh=ring.meshes[1], material=ring.material,
                                                      radius=EVERYWHERE_M))  # fmt: skip
        mover.parent = ring.entity
        assert isinstance(ring.entity, Emitter)
        return ring.entity

    def _free(self, ring: Ring) -> None:
        store = self._resources.store
        if ring.entity is not None and ring.entity.alive:
            ring.entity.despawn()
        if ring.material:
            self._visibility.set_list(ring.material, None)
            store.destroy_material(ring.material)
        for mesh in ring.meshes:
            store.destroy_mesh(mesh)
        ring.look, ring.meshes, ring.material = None, (), 0
        self._taken[ring.first_unit : ring.first_unit + ring.units] = False

    def _sweep(self) -> None:
        gone = [ring for ring in self._rings if ring.entity is None or not ring.entity.alive]
        if gone:
            self._rings = [ring for ring in self._rings if ring not in gone]
            for ring in gone:
                self._free(ring)
            self._view._move_particles(bool(self._rings))

    def step(self) -> None:
        """Frees what is gone; before the frame's targets are chosen for the next one."""
        self._sweep()

    def move(self, columns: FrameColumns, dt_s: float, paid: int) -> None:
        """Tells the GPU what this frame does, once things are placed. paid: flags whose targets there are."""
        if not self._rings:
            return
        if not paid & flag("particles"):
            self._tell_room()
            return
        angle, speed = self._wind.direction, WIND_MPS * self._wind.strength
        air = np.array((math.sin(angle), 0.0, -math.cos(angle))) * speed
        for ring in self._rings:
            place = columns.position[ring.row].astype(np.float64)
            if not np.isfinite(place).all():
                continue
            numbers = ring.numbers(dt_s, place, air)
            self._resources.store.write_material(ring.material, MaterialDesc("step", FLAGS, numbers=numbers))
            reach = ring.reach_m()
            if abs(reach - self._table.radius[ring.row]) > 0.1 * reach:
                self._table.radius[ring.row] = 1.1 * reach
                self._table.columns["scale"].touch(ring.row, 1)

    def _tell_room(self) -> None:
        left = self._resources.store.ledger.left_bytes
        if not self._told and left < STATE_BYTES:
            self._told = True
            self._log.warning(f"Particles take {STATE_BYTES} bytes, but the GPU budget has {left} left; none are drawn "
                              f"until it has; raise it with lw.App(budgets=lw.Budgets(gpu_mib=...)).")  # fmt: skip

    @property
    def count(self) -> int:
        """Room that emitters have taken, in particles."""
        return sum(ring.recipe.count_max for ring in self._rings)

    def close(self) -> None:
        """Ends all of them."""
        for ring in self._rings:
            self._free(ring)
        self._rings.clear()
        self._view._move_particles(False)


def upward(direction: npt.ArrayLike) -> F64:
    """The shortest turn that brings +Y to a direction, as a quaternion. Raises ShapeError."""
    to = checks.vector("emitter direction", direction)
    length = float(np.linalg.norm(to))
    if length == 0:
        raise ShapeError("emitter direction is (0, 0, 0), which is no direction.")
    x, y, z = to / length
    if y < -1 + 1e-9:
        return np.array((1.0, 0.0, 0.0, 0.0))
    found = np.array((z, 0.0, -x, 1 + y))
    result: F64 = found / np.linalg.norm(found)
    return result
