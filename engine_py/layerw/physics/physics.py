"""app.physics: rigid bodies of entities.

Owns: the face that programs use, gravity, and what the last frame's steps began and ended. The world itself is
rigid_world.py, what a body is made of body.py. Imported and made when a program first asks for it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from layerw.base import checks
from layerw.base.errors import ConfigError
from layerw.base.names import named
from layerw.frame.subsystems import SubsystemPort
from layerw.physics.admission import Admission
from layerw.physics.blasts import explode
from layerw.physics.body import Body
from layerw.physics.character import Characters
from layerw.physics.entity_body import EntityBody
from layerw.physics.events import BEGAN, CONTACT, ENDED, ENTERED, LEFT, PAIR, Events
from layerw.physics.forms import Forms
from layerw.physics.joints import Joint, join
from layerw.physics.outlines import draw_bodies
from layerw.physics.queries import Queries, RigidHit
from layerw.physics.rigid_world import STEP_S, RigidWorld
from layerw.physics.shapes import Shapes
from layerw.physics.terrain import Terrain
from layerw.physics.vehicle import Vehicle, Wheels
from layerw.physics.water import Water
from layerw.scene.entity import Entities, Entity
from layerw.scene.environment import Sea
from layerw.scene.row_values import check_owner

if TYPE_CHECKING:
    from layerw.content.models import Model
    from layerw.content.worlds import World
    from layerw.physics.ragdoll import Ragdoll

GRAVITY = (0.0, -9.81, 0.0)
STEPS_MAX, THREADS_MAX = 36_000, 9
Pairs = npt.NDArray[np.void]
__all__ = ["CONTACT", "PAIR", "Physics", "RigidHit"]


@named
class Physics:
    """Rigid bodies: `app.physics`. It steps with `@app.fixed`, after the program's functions, 60 times a second.

    Poses land in the entities' own `position` and `rotation`; assigning those moves the body. What a program does on
    another machine or in another browser is the same to the bit: `state_hash()`.
    """

    __slots__ = ("_admission", "_characters", "_events", "_forms", "_gravity", "_port", "_queries", "_ragdolls",
                 "_shapes", "_terrain", "_vehicles", "_waters", "_world", "debug")
    SETTABLE = ("debug", "gravity", "threads")

    def __setattr__(self, name: str, value: object) -> None:
        if name not in self.SETTABLE and name not in Physics.__slots__:
            raise checks.unknown_attribute(self, name, self.SETTABLE)
        if name == "debug":
            value = checks.flag("app.physics.debug", value)
        object.__setattr__(self, name, value)

    def __init__(self, port: SubsystemPort) -> None:
        """Raises KernelsMissing where layerw was built without physics."""
        self._port = port
        self._gravity = GRAVITY
        self._world = RigidWorld(port.table, port.heap_ledger, port.log, GRAVITY)
        self._shapes = Shapes(self._world.kernels)
        self._world.removed = self._shapes.release
        self._events = Events(self._world)
        self._queries = Queries(self._world, self._shapes, port.table)
        self._characters = Characters()
        self._terrain = Terrain(self._world, port.log)
        self._forms = Forms()
        self._admission = Admission(port, self._world, self._shapes, self._forms, self._characters, self._terrain)
        self._waters, self._vehicles = list[Water](), list[Vehicle]()
        self._ragdolls: list[Ragdoll] = []
        self.debug = False
        port.table.bodies, port.table.restored = self._body_of, self._restored
        port.table.moves.append(self._moves)

    def hooks(self) -> Mapping[str, Callable[..., Any]]:
        """See frame/subsystems.py."""
        return {"before": self._events.clear, "fixed": self._step, "after": self._after, "report": self._report}

    def _step(self, dt: float) -> None:
        self._events.begin()
        self._world.forget_dead()  # who asks below asks about bodies that are there
        if self._terrain:
            if self._terrain.waits:
                return
            self._terrain.step(self._characters.places(), self._characters.lift)
        if self._world.bodies.count:
            for water in list(self._waters):
                with self._port.failures.alone("Water of app.physics.add_water"):
                    water._forces(self._world, self._forms, self._gravity[1], dt)
                if self._world.has_ended:  # a function of the program's closed the App
                    return
            for vehicle in list(self._vehicles):
                vehicle._forces(dt)
            self._world.step(dt)
            self._events.take()
        if self._characters:
            self._characters.step(self, dt)
            if self._world.bodies.sensor.any():
                self._events.add(self._characters.sensed(self))

    def _moves(self, rows: npt.NDArray[np.intp]) -> bool:
        return bool((self._world.bodies.slots(rows) >= 0).any() or np.isin(rows, self._characters.rows()).any())

    def _restored(self) -> None:
        """A save says where everything is; nothing moves there."""
        self._world.rest()
        self._characters.rest()

    # -- settings --------------------------------------------------------------------------------

    @property
    def gravity(self) -> tuple[float, float, float]:
        """(3,) m/s2; assigning it wakes all."""
        return self._gravity

    @gravity.setter
    def gravity(self, value: npt.ArrayLike) -> None:
        x, y, z = (float(one) for one in checks.vector("app.physics.gravity", value))
        self._gravity = x, y, z
        self._world.kernels.lw_rigid_gravity(self._world.number, x, y, z)
        self._world.wake_all()

    @property
    def threads(self) -> int:
        """On how many it steps, 1 to 9, the same to the bit: assign it before the first body. It stays 1 on CPython,
        in a page that is not isolated, and where Python runs on the page's own thread; it is 1 again after one of them
        was killed in the midst of a step."""
        return self._world.threads

    @threads.setter
    def threads(self, value: int) -> None:
        wanted = checks.whole("app.physics.threads", value, 1, THREADS_MAX)
        self._world.run_on(wanted, self._port.host, self._gravity)
        self._shapes.use(self._world.kernels)

    # -- bodies ----------------------------------------------------------------------------------

    def add(self, things: Entities | World | Model, body: Body | str | None = None, **settings: Any) -> None:
        """Gives entities bodies: `app.physics.add(crowd, "dynamic", shape="box")`; one call for any number.

        Args:
            things: entities without parents; or a world, whose ground is "static": physics waits until it is here; or a
                model, whose nodes have the bodies that its file says, once it is ready.
            body: a lw.Body, or its kind with lw.Body's settings: shape=, mass=, friction=, ...; None: "dynamic". A
                model takes none.

        Raises:
            KindError, ConfigError, HandleError: nothing has a body then.
            BudgetError: the heap budget has no room.
        """
        self._admission.take(things, body, settings)

    def remove(self, things: Entities) -> None:
        """Ends the bodies of entities; they stay where they are. Those without one are passed over."""
        entities = checks.instance("app.physics.remove things", things, Entities, "an Entity, or a group of them")
        check_owner("app.physics.remove things", entities, self._port.table)
        entities._check()
        slots = self._world.bodies.slots(entities._numbers())
        self._world.remove(np.unique(slots[slots >= 0]).astype(np.uint32))

    def join(self, kind: str, a: Entity, b: Entity, *, at: npt.ArrayLike | None = None,
             axis: npt.ArrayLike = (0.0, 1.0, 0.0), limits: npt.ArrayLike | None = None, spring: float = 0.0,
             damping: float = 0.7, motor: float = 0.0, strength: float = 0.0,
             collide: bool = False) -> Joint:  # fmt: skip
        """Holds two bodies together as they stand now: `app.physics.join("hinge", post, door, at=edge)`.

        Args:
            kind: "weld", "hinge" (turns about the axis), "slider" (goes along it), "ball" (turns any way about a point)
                or "spring" (keeps the distance of two points).
            a, b: entities with bodies, at least one of them dynamic.
            at: (3,) world metres, where; None: where b is; of a spring: from one's origin to the other's.
            axis: (3,) in the world.
            limits: (lower, upper): radians of a hinge, metres of a slider, shortest and longest of a spring; a ball's
                upper one is its cone. None: none.
            spring: hertz; 0: none, or of a spring 2. damping: of that, 1 does not swing.
            motor: speed, rad/s of a hinge, m/s of a slider. strength: of the motor at most, newton metres or newtons.
            collide: whether the two also collide with each other.

        Raises:
            ConfigError, KindError, HandleError, ShapeError: a value is outside of its limits.
        """
        return join(self._world, kind, a, b, at, axis, limits, spring, damping, motor, strength, collide)

    def _body_of(self, entities: Entities) -> EntityBody:
        return EntityBody(self._world, entities, isinstance(entities, Entity))

    def add_water(self, surface: Any, *, density: float = 1000.0, drag: float = 2.0,
                  flow: npt.ArrayLike = (0.0, 0.0, 0.0), at: npt.ArrayLike = (0.0, 0.0, 0.0)) -> Water:  # fmt: skip
        """Water that dynamic bodies float in, or sink: `app.physics.add_water(app.sea)`; `.remove()` ends it.

        Args:
            surface: a height in metres; app.sea (its level); a ShallowWater; or a function that gets arrays x and z and
                returns heights, NaN where there is no water.
            density: kg/m3; what is lighter floats.
            drag: the share of speed and spin that is lost a second, of what is as heavy as the water it displaces.
            flow: (3,) m/s that it moves with.
            at: (3,) metres, where a ShallowWater's first cell and height 0 are.

        Raises:
            ConfigError, KindError, ShapeError: a value is outside of its limits, or the sea is water already.
        """
        _ = self._world.number  # raises once the App is closed
        if isinstance(surface, Sea) and any(one._of is surface for one in self._waters):
            raise ConfigError("app.physics.add_water was given the sea twice, which would lift twice; assign to the "
                              "Water that it returned, or remove() that first.")
        self._waters.append(made := Water(surface, at, density, drag, flow, self._drain, self._world.wake_all))
        self._world.wake_all()
        return made

    def vehicle(self, chassis: Entity, wheels: npt.ArrayLike, *, radius: float = 0.35, travel: float = 0.3,
                spring: float = 1.6, damping: float = 0.5, grip: float = 1.0, engine: float = 6.0, brakes: float = 9.0,
                lock: float = 0.55, steered: Any = None, driven: Any = None) -> Vehicle:  # fmt: skip
        """Wheels for a dynamic body, whose -Z is ahead: `car = app.physics.vehicle(body, places)`; `car.throttle = 1`.

        Args:
            chassis: an entity with a dynamic body.
            wheels: (n, 3) metres in it, of the wheels' middles with the springs half pressed, 1 to 16.
            radius: metres of a wheel. travel: metres that its spring gives way.
            spring: hertz. damping: of that, 1 does not swing.
            grip: of the tyres: 1 holds as much as what weighs on them.
            engine, brakes: m/s2 that all driven wheels, or all, give at most.
            lock: radians that steered wheels turn at most, up to 1.2.
            steered, driven: numbers of wheels; None: those ahead of the middle are steered, all are driven.

        Raises:
            ConfigError, KindError, HandleError, ShapeError: a value is outside of its limits.
        """
        given = Wheels.of(wheels, radius, travel, spring, damping, grip, engine, brakes, lock, steered, driven)
        self._vehicles.append(made := Vehicle(self._world, chassis, given, self._park))
        return made

    def ragdoll(self, model: Model, *, mass: float = 20.0, thickness: float = 0.2,
                radius: Mapping[str, float] | None = None, limits: float | Mapping[str, float] = 0.7,
                spring: float = 0.5, friction: float = 0.8, layer: int = 31) -> Ragdoll:  # fmt: skip
        """Lets a model with a skin go limp: `doll = app.physics.ragdoll(fox)`, `doll.start()`, `doll.stop(fade=0.5)`.

        Args:
            model: is ready. Its joints become capsules, but for short ones, which follow the one above.
            mass: kilograms, of all. thickness: radius of a capsule by its length, 0 to 1.
            radius: metres in the model, by joint, instead; a joint named here becomes a capsule, however short.
            limits: radians that a joint bends from the file's pose, 0 to 3.1; or by joint, and "" for the others.
            spring: hertz of what draws joints back there; 0: nothing.
            friction: of the capsules. layer: of lw.Body, of all of them; those of one layer do not collide.

        Raises:
            ConfigError, KindError: it is not ready or has no skin, or a value is outside of its limits.
        """
        from layerw.content.models import Model as Loaded
        from layerw.physics.ragdoll import Ragdoll, Settings

        checks.instance("app.physics.ragdoll model", model, Loaded, "a Model")
        check_owner("app.physics.ragdoll model", model.root, self._port.table)
        made = Ragdoll(self._world, self._port.table, self._admission.add, model,
                       Settings(mass, thickness, radius, limits, spring, friction, layer))
        self._ragdolls.append(made)
        return made

    def _park(self, vehicle: Vehicle) -> None:
        self._vehicles[:] = [one for one in self._vehicles if one is not vehicle]

    def _drain(self, water: Water) -> None:
        self._waters[:] = [one for one in self._waters if one is not water]

    def explode(self, position: npt.ArrayLike, impulse: float, *, radius: float = 5.0, layers: Any = None) -> None:
        """Pushes dynamic bodies and characters away from a point: `app.physics.explode(bomb.position, 200)`.

        Args:
            position: (3,) metres; below their middles it throws them up.
            impulse: newton seconds that what is at the point gets; less with the distance of its middle.
            radius: metres, where nothing is left of it. Walls hold nothing back.
            layers: of bodies that it pushes; None: all. Characters are always pushed.
        """
        explode(self._world, self._queries, self._characters, position, impulse, radius, layers)

    def advance(self, steps: int) -> None:
        """Runs so many steps of 1/60 s at once, without the program's: to let a pile settle before it is seen.

        steps: 0 to 36,000.
        """
        for _ in range(checks.whole("app.physics.advance steps", steps, 0, STEPS_MAX)):
            self._step(STEP_S)

    @property
    def count(self) -> int:
        """Of bodies."""
        self._world.forget_dead()
        return self._world.bodies.count

    # -- what happens ----------------------------------------------------------------------------

    @property
    def contacts(self) -> Pairs:
        """What touches since the last step, of bodies that are awake: a structured array, made when it is asked for.
        Characters are not in it.

        a, b: rows of the entities (`entity.first_row`), -1 for ground of a world. point: (3,) metres. normal: (3,) from
        a to b. impulse: of the last step, newton seconds. depth: metres.
        """
        return self._events.contacts()

    @property
    def began(self) -> Pairs:
        """Pairs (a, b: rows) that began to touch in this frame's steps; in @app.fixed: in the last step."""
        return self._events.of(BEGAN, in_step=self._port.user.in_step)

    @property
    def ended(self) -> Pairs:
        """Pairs (a, b: rows) that touch no more since this frame's steps; in @app.fixed: since the last step."""
        return self._events.of(ENDED, in_step=self._port.user.in_step)

    @property
    def entered(self) -> Pairs:
        """Pairs (a: the sensor's row, b) where b, a body or a character, came into a sensor; times as of `began`."""
        return self._events.of(ENTERED, in_step=self._port.user.in_step)

    @property
    def left(self) -> Pairs:
        """Pairs (a: the sensor's row, b) where b left a sensor; times as of `began`."""
        return self._events.of(LEFT, in_step=self._port.user.in_step)

    def entity(self, row: int) -> Entity | None:
        """Whose row that is in `contacts`, `entered` and the others; None: ground of a world, or it is gone.

        row: a whole number, -1 for what has no entity.
        """
        table = self._port.table
        row = checks.whole("app.physics.entity row", row, -1, table.capacity - 1)
        return Entity(table, row) if row >= 0 and table.birth[row] else None

    # -- queries ---------------------------------------------------------------------------------

    def raycast(self, origin: npt.ArrayLike, direction: npt.ArrayLike, *, max_distance: float = 1000.0,
                layers: Any = None) -> RigidHit | None:  # fmt: skip
        """The body that a ray meets first: hit.entity, .point, .normal, .distance; or None. Sensors are not met.

        Args:
            origin: (3,) metres. direction: (3,), any length but 0.
            max_distance: metres.
            layers: of bodies that count; None: all.
        """
        return self._queries.ray(origin, direction, max_distance, layers)

    def raycasts(self, origins: npt.ArrayLike, directions: npt.ArrayLike, *, max_distance: float = 1000.0,
                 layers: Any = None) -> Pairs:  # fmt: skip
        """As `raycast`, of many at once: a structured array with row (-1: nothing), distance, point and normal.

        origins, directions: (n, 3), or one of them (3,) for all. max_distance, layers: as for `raycast`.
        """
        return self._queries.rays(origins, directions, max_distance, layers)

    def sweep(self, shape: str, size: npt.ArrayLike, origin: npt.ArrayLike, way: npt.ArrayLike, *,
              rotation: npt.ArrayLike = (0.0, 0.0, 0.0, 1.0), layers: Any = None) -> RigidHit | None:  # fmt: skip
        """The body that a shape meets first on its way; hit.distance is how far it came.

        Args:
            shape, size: "box", "sphere" or "capsule", as of lw.Body.
            origin: (3,) metres, of its middle. way: (3,) metres.
            rotation: quaternion xyzw.
            layers: of bodies that count; None: all.
        """
        return self._queries.sweep(shape, size, origin, way, rotation, layers)

    def overlap(self, shape: str, size: npt.ArrayLike, position: npt.ArrayLike, *,
                rotation: npt.ArrayLike = (0.0, 0.0, 0.0, 1.0), layers: Any = None) -> Entities:  # fmt: skip
        """Entities whose bodies a shape overlaps: `app.physics.overlap("sphere", 3.0, bomb.position)`.

        position: (3,) of its middle. shape, size, rotation, layers: as for `sweep`.
        """
        return self._queries.overlap(shape, size, position, rotation, layers)

    def _after(self, dt: float) -> None:
        self._ragdolls[:] = [doll for doll in self._ragdolls if doll._write(dt)]
        if self.debug and self._world.bodies.count:
            draw_bodies(self._world, self._forms, self._port)

    def state_hash(self) -> str:
        """16 hexadecimal digits over poses and velocities of all bodies, to the bit."""
        self._world.forget_dead()
        return f"{self._world.kernels.lw_rigid_hash(self._world.number):016x}"

    def _report(self) -> dict[str, Any]:
        return self._world.figures() | {"patches": self._terrain.patches}

    def close(self) -> None:
        """The program ended."""
        self._port.table.bodies = self._port.table.restored = None
        self._port.table.moves.remove(self._moves)
        self._terrain.close()
        self._world.close(self._shapes.close)
