"""lw.Character: an upright capsule that walks, climbs steps, rides what moves, pushes what is light, and is pushed.

Owns: the settings and the state of one, as a row of floats for the kernel (engine_py/kernels/rigid/character.c). It
steps after the bodies, with them, and sensors notice it. Limits: up is +Y; characters meet bodies, not each other.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from layerw.base import checks
from layerw.base.errors import ConfigError, HandleError, KindError
from layerw.base.names import named
from layerw.base.ports import F32, F64
from layerw.physics.body import Body, mask_of
from layerw.physics.events import ENTERED, LEFT
from layerw.physics.rigid_world import DYNAMIC, FORCE_AT
from layerw.physics.shapes import CAPSULE, record
from layerw.scene.entity import Entity
from layerw.scene.row_values import check_owner

if TYPE_CHECKING:
    from layerw.app import App
    from layerw.physics.physics import Physics
    from layerw.physics.rigid_world import RigidWorld

MOVER_FLOATS = 33  # rigid.h; the places of character.c's fields:
POSITION, VELOCITY, WISH, NORMAL, GROUND_VELOCITY = slice(0, 3), slice(3, 6), slice(6, 9), slice(17, 20), slice(23, 26)
JUMP, RADIUS, HEIGHT, STEP, SLOPE, GRAVITY, STRENGTH, ON_GROUND, CEILING, OWN = 9, 10, 11, 12, 13, 14, 15, 16, 26, 27
MASS, BLOW, SQUEEZED = 28, slice(29, 32), 32
KEPT = np.r_[0:9, 11, 16:27, 29:33]  # what changes from step to step
MASS_MIN, MASS_MAX = 0.01, 1e6
NOBODY = 0xFFFFFFFF
SPEED_MAX, PUSH_MAX = 200.0, 1e12
FALL = 4  # of VELOCITY
SETTABLE = ("fall_speed", "gravity", "height", "jump_speed", "strength")


@named
class Character:
    """Moves an entity as a person walks: `hero.move((1, 0, 0))`.

    Args:
        app: the App.
        entity: what is moved; without a parent and without a body. Its rotation stays the program's.
        height, radius: metres of the capsule, at least two radii high.
        feet: metres from the entity's origin down to its feet: 0 for models, half of the height for shapes of Mesh.
        step: metres of the highest stair that it climbs and walks down without falling; None: 0.4, or less of a small
            one.
        slope: radians, the steepest ground that it walks on.
        jump_speed: m/s upwards; 5.0 is 1.3 m high.
        strength: newtons that it pushes bodies with; 0 pushes none.
        mass: kilograms: what a dynamic body that comes, or a push, moves it by; its weight presses on the one that it
            stands on.
        fall_speed: m/s downwards at most; 55 is what air lets a person fall with.
        hits: layers of bodies that it meets; None: all.

    Raises:
        ConfigError, KindError, HandleError: a value is outside of its limits, or the entity moves with something.
    """

    __slots__ = ("__weakref__", "_driven", "_entity", "_feet", "_ground", "_ground_birth", "_inside", "_last", "_mask",
                 "_physics", "_state", "_wanted")  # fmt: skip

    def __setattr__(self, name: str, value: object) -> None:
        if name not in SETTABLE and name not in Character.__slots__:
            raise checks.unknown_attribute(self, name, SETTABLE)
        object.__setattr__(self, name, value)

    def __init__(self, app: App, entity: Entity, *, height: float = 1.8, radius: float = 0.4, feet: float = 0.0,
                 step: float | None = None, slope: float = math.radians(46), jump_speed: float = 5.0,
                 strength: float = 300.0, mass: float = 70.0, fall_speed: float = 55.0,
                 hits: Any = None) -> None:  # fmt: skip
        physics: Physics | None = getattr(app, "physics", None)
        if physics is None:
            raise KindError(f"Character app is {checks.shown(app)}; it takes the App.")
        self._physics = physics
        self._entity = checks.instance("Character entity", entity, Entity, "an Entity")
        check_owner("Character entity", entity, physics._port.table)
        if entity.parent is not None:
            raise ConfigError("Character entity has a parent; a character moves by itself: set its parent to None.")
        radius = checks.number("Character radius", radius, 0, 100, above=True)
        height = checks.number("Character height", height, 2 * radius, 1000)
        self._feet = checks.number("Character feet", feet, -1000, 1000)
        state = np.zeros(MOVER_FLOATS, np.float32)
        state[RADIUS], state[HEIGHT] = radius, height
        state[STEP] = min(0.4, height / 3) if step is None else checks.number("Character step", step, 0, height / 2)
        state[SLOPE] = math.cos(checks.number("Character slope", slope, 0, math.pi / 2))
        state[STRENGTH] = checks.number("Character strength", strength, 0, 1e7)
        state[MASS] = checks.number("Character mass", mass, MASS_MIN, MASS_MAX)
        state[OWN] = -1
        state[GRAVITY] = math.nan  # the world's
        self._state, self._wanted = state, [height, 0.0, 1.0, 55.0]
        self._driven = False  # by inputs of a player: it steps with those (net/subjects.py), not with physics
        self.fall_speed = fall_speed
        self.jump_speed = jump_speed
        self._mask = mask_of(Body("static", hits=hits).hits)
        self._ground, self._ground_birth = NOBODY, 0
        self._inside: dict[int, int] = {}  # slots of the sensors that it is in, and their rows' births
        self._last = np.full(3, np.nan, np.float32)
        physics._characters.join(self, physics._world)

    # -- what it shall do ------------------------------------------------------------------------

    def move(self, velocity: npt.ArrayLike, *, jump: bool = False) -> None:
        """Walks with this velocity until the next call.

        velocity: (3,) m/s; what of it is upwards counts nothing.
        jump: with the next step, if it stands on something.
        """
        wish = checks.vector("Character.move velocity", velocity)
        if np.abs(wish).max() > SPEED_MAX:
            raise ConfigError(f"Character.move velocity is {checks.shown(velocity)}; it takes up to {SPEED_MAX:g} m/s.")
        self._state[WISH] = wish
        if checks.flag("Character.move jump", jump):
            self.jump()

    def jump(self) -> None:
        """Jumps with the next step, if it stands on something then."""
        self._state[JUMP] = self._wanted[1]

    def push(self, impulse: npt.ArrayLike) -> None:
        """A push in newton seconds, as `body.push`: it changes the speed by impulse / mass with the next step.

        impulse: (3,). Feet on the ground soon hold against what goes along it, and at once against up to 1.5 m/s
            upwards; more takes them off. 200 m/s is what it gets at most.
        """
        given = checks.vector("Character.push impulse", impulse)
        if np.abs(given).max() > PUSH_MAX:
            raise ConfigError(f"Character.push impulse is {checks.shown(impulse)}; it takes up to {PUSH_MAX:g} Ns.")
        speed = given / float(self._state[MASS])
        pushed = self._state[BLOW] + speed * (1, 0, 1)
        self._state[BLOW] = pushed * min(1.0, SPEED_MAX / max(float(np.sqrt((pushed * pushed).sum())), 1e-9))
        self._state[FALL] = np.clip(self._state[FALL] + speed[1], -SPEED_MAX, SPEED_MAX)

    def teleport(self, position: npt.ArrayLike) -> None:
        """Stands there from now on, at rest; as assigning the entity's position, which keeps its speed."""
        self._living.position = checks.vector("Character.teleport position", position)
        self._state[VELOCITY] = self._state[BLOW] = 0

    @property
    def height(self) -> float:
        """Metres; assign less to crouch. Assigning more takes effect once there is room above."""
        return float(self._state[HEIGHT])

    @height.setter
    def height(self, value: float) -> None:
        self._wanted[0] = checks.number("Character.height", value, 2 * float(self._state[RADIUS]), 1000)

    @property
    def jump_speed(self) -> float:
        """m/s upwards, 0 to 100."""
        return self._wanted[1]

    @jump_speed.setter
    def jump_speed(self, value: float) -> None:
        self._wanted[1] = checks.number("Character jump_speed", value, 0, 100)

    @property
    def strength(self) -> float:
        """Newtons that it pushes with."""
        return float(self._state[STRENGTH])

    @strength.setter
    def strength(self, value: float) -> None:
        self._state[STRENGTH] = checks.number("Character.strength", value, 0, 1e7)

    @property
    def fall_speed(self) -> float:
        """m/s downwards at most, 0 to 200."""
        return self._wanted[3]

    @fall_speed.setter
    def fall_speed(self, value: float) -> None:
        self._wanted[3] = checks.number("Character.fall_speed", value, 0, SPEED_MAX)

    @property
    def gravity(self) -> float:
        """Times the world's; 0 floats."""
        return self._wanted[2]

    @gravity.setter
    def gravity(self, value: float) -> None:
        self._wanted[2] = checks.number("Character.gravity", value, -100, 100)

    # -- what it does ----------------------------------------------------------------------------

    @property
    def entity(self) -> Entity:
        """What it moves."""
        return self._entity

    @property
    def velocity(self) -> F64:
        """(3,) m/s that it came forward with in the last step; a copy. On the ground its y is 0."""
        return self._state[VELOCITY].astype(np.float64)

    @property
    def on_ground(self) -> bool:
        """Whether it stands on something that it can walk on."""
        return bool(self._state[ON_GROUND])

    @property
    def ground(self) -> Entity | None:
        """The entity that it stands on; None in the air, and on ground of a world."""
        if not self.on_ground or self._ground == NOBODY or not self._has_ground():
            return None
        row = int(self._physics._world.bodies.row[self._ground])
        return Entity(self._physics._port.table, row) if row >= 0 else None

    @property
    def ground_normal(self) -> F64:
        """(3,) of what it stands on."""
        return self._state[NORMAL].astype(np.float64)

    @property
    def hit_ceiling(self) -> bool:
        """Whether the last step bumped its head."""
        return bool(self._state[CEILING])

    @property
    def squeezed(self) -> bool:
        """Whether what moves and what stands leave it too little room: it stays where it is then, inside of them."""
        return bool(self._state[SQUEEZED])

    def remove(self) -> None:
        """Ends it; the entity stays."""
        self._physics._characters.discard(self)

    @property
    def _middle(self) -> F64:
        """(3,) between its feet and its head."""
        found: F64 = self._entity.position.astype(np.float64)
        found[1] += self.height / 2 - self._feet
        return found

    @property
    def _living(self) -> Entity:
        if not self._entity.alive:
            raise HandleError("The character's entity was despawned; make another.")
        return self._entity

    def _has_ground(self) -> bool:
        """Whether what it stood on after the last step is there: a slot may be another body's by now."""
        bodies = self._physics._world.bodies
        row, birth = int(bodies.row[self._ground]), int(bodies.birth[self._ground])
        return birth == self._ground_birth and (row < 0 or int(self._physics._port.table.birth[row]) == birth)

    def _begin(self, gravity: float) -> F32:
        """Its row for the kernel, with what the program wrote since."""
        if self._ground != NOBODY and not self._has_ground():
            self._ground, self._state[ON_GROUND] = NOBODY, 0
        self._stand()
        self._state[GRAVITY] = gravity * self._wanted[2]
        self._state[FALL] = max(self._state[FALL], -self._wanted[3])
        return self._state

    @property
    def _waits(self) -> bool:
        """Whether ground is on its way, and nothing steps until it is here."""
        terrain = self._physics._terrain
        return bool(terrain) and terrain.waits

    def _kept(self) -> bytes:
        """What it needs to go on from here."""
        self._stand()
        return self._state[KEPT].tobytes()

    def _put_back(self, kept: bytes) -> None:
        """Goes on from there; the entity's position is that of then."""
        self._state[KEPT] = np.frombuffer(kept, np.float32)
        self._ground = NOBODY  # whose slot it was is another side's
        self._last = self._physics._port.table.position[self._entity._first].copy()

    def _stand(self) -> None:
        """Where the program has put it."""
        here = self._physics._port.table.position[self._entity._first]
        if (here != self._last).any() and np.isfinite(here).all():
            self._state[POSITION] = here - np.array((0, self._feet, 0), np.float32)
            self._ground, self._state[ON_GROUND] = NOBODY, 0
            self._last = here.copy()

    def _grow(self) -> None:
        world, wanted = self._physics._world, self._wanted[0]
        if wanted != self._state[HEIGHT] and (wanted < self._state[HEIGHT] or world.kernels.lw_rigid_fits(
                world.number, self._state, self._mask, wanted)):  # fmt: skip
            self._state[HEIGHT] = wanted

    def _sensed(self) -> list[tuple[int, int, int]]:
        """What it entered and left since the last step, as kind, the sensor's row, and its own."""
        world, bodies = self._physics._world, self._physics._world.bodies
        height, radius = float(self._state[HEIGHT]), float(self._state[RADIUS])
        pose = np.array([[*self._state[POSITION], 0, 0, 0, 1]], np.float32)
        pose[0, 1] += height / 2
        found = np.zeros(max(bodies.high, 1), np.uint32)
        count = world.kernels.lw_rigid_overlap(world.number, record(CAPSULE, radius, height / 2 - radius)[None], pose,
                                               self._mask, len(found), found)  # fmt: skip
        slots = np.sort(found[:count])
        now = {slot: int(bodies.birth[slot]) for slot in slots[bodies.sensor[slots]].tolist()}
        before, self._inside = self._inside, now
        left = [slot for slot, birth in before.items() if slot not in now and bodies.birth[slot] == birth]
        entered = [slot for slot, birth in now.items() if before.get(slot) != birth]
        own = self._entity._first
        return [(kind, int(bodies.row[slot]), own)
                for kind, some in ((LEFT, left), (ENTERED, entered)) for slot in some]  # fmt: skip

    def _press(self, world: RigidWorld) -> None:
        """Its weight, with the next step, on the dynamic body that it stands on."""
        ground, weight = self._ground, float(self._state[MASS] * self._state[GRAVITY])
        if not self.on_ground or ground == NOBODY or weight >= 0 or not self._has_ground():
            return
        if world.bodies.kind[ground] == DYNAMIC:
            world.command(np.array([ground]), FORCE_AT, (0.0, weight, 0.0, *self._state[POSITION].tolist()))

    def _end(self) -> None:
        """The kernel's row goes to the entity."""
        row, column = self._entity._first, self._physics._port.table.columns["position"]
        there = self._state[POSITION] + np.array((0, self._feet, 0), np.float32)
        if (there != column.array[row]).any():
            column.array[row] = there
            column.touch(row, 1)
        self._last = column.array[row].copy()


class Characters:
    """Those of one App, in the order in which they were made."""

    def __init__(self) -> None:
        self._all: list[Character] = []

    def __bool__(self) -> bool:
        return bool(self._all)

    def living(self) -> list[Character]:
        """Those whose entity is there."""
        return [one for one in self._all if one._entity.alive]

    def join(self, character: Character, world: RigidWorld) -> None:
        """From now on it steps."""
        if (world.bodies.slots(character.entity._numbers()) >= 0).any():
            raise ConfigError("Character entity has a body; a character has none: `entity.body.remove()` ends it.")
        if character.entity.first_row in self.rows():
            raise ConfigError("Character entity has a Character already; `character.remove()` ends that.")
        self._all.append(character)

    def discard(self, character: Character) -> None:
        """It steps no more."""
        self._all = [one for one in self._all if one is not character]

    def rows(self) -> list[int]:
        """Of their entities, those that live."""
        return [one._entity.first_row for one in self.living()]

    def places(self) -> F32:
        """(n, 3) of their feet."""
        return np.array([one._state[POSITION] for one in self._all], np.float32).reshape(-1, 3)

    def lift(self, metres: F64) -> None:
        """Raises each by so much, as `places` lists them."""
        for one, more in zip(self._all, metres.tolist(), strict=True):
            one._state[POSITION] += (0, more, 0)

    def rest(self) -> None:
        """None moves."""
        for one in self._all:
            one._state[VELOCITY] = one._state[BLOW] = 0

    def sensed(self, physics: Physics) -> npt.NDArray[np.int32]:
        """(n, 3) what all of them entered and left with this step, see events.py."""
        physics._world.forget_dead()
        triples = [triple for one in self._all for triple in one._sensed()]
        return np.array(triples, np.int32).reshape(-1, 3)

    def step(self, physics: Physics, dt: float) -> None:
        """One step of all whose entity lives, but for those that are driven."""
        self._all = self.living()
        self.move([one for one in self._all if not one._driven], physics, dt)
        for one in self._all:  # once a step, also of those that are driven, which may move several times
            one._press(physics._world)

    @staticmethod
    def move(some: list[Character], physics: Physics, dt: float) -> None:
        """One step of these, whose entities live."""
        if not some:
            return
        world = physics._world
        for one in some:
            one._begin(physics.gravity[1])
            one._grow()
        rows = np.stack([one._state for one in some])
        masks = np.array([one._mask for one in some], np.uint32)
        grounds = np.array([one._ground for one in some], np.uint32)
        world.kernels.lw_rigid_movers(world.number, len(rows), rows, masks, grounds, dt)
        for one, row, ground in zip(some, rows, grounds, strict=True):
            one._state[:], one._ground = row, int(ground)
            one._ground_birth = 0 if ground == NOBODY else int(world.bodies.birth[ground])
            one._end()
