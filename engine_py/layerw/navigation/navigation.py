"""app.navigation: meshes to walk on, ways, and agents.

Owns: the face that programs use, and when tiles are baked. The mesh is mesh.py, what it is baked from sources.py,
agents are crowd.py. Imported and made when a program first asks for it.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Mapping
from time import perf_counter
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from layerw.base import checks
from layerw.base.errors import ConfigError, HandleError, ShapeError
from layerw.base.names import named
from layerw.base.ports import F32, F64
from layerw.frame.subsystems import SubsystemPort
from layerw.kernels import navigation
from layerw.navigation.agents import Agents
from layerw.navigation.crowd import Crowd, agent_record
from layerw.navigation.mesh import NavMesh, Walker
from layerw.navigation.queries import CORNERS, Path, Queries, Walk, pairs, places, reach_of
from layerw.navigation.sources import Box, Sources
from layerw.scene.entity import Entities
from layerw.scene.motion import FRONTS

if TYPE_CHECKING:
    from layerw.content.worlds import World

SLICE_S = 0.004  # of a frame, for tiles
COUNT_MAX = 1_000_000
STEPS_MAX, STEP_S = 36_000, 1 / 60
__all__ = ["Navigation", "Path", "Walk"]


@named
class Navigation:
    """Where one can walk, and how to get there: `app.navigation`.

    `bake` looks for ground once; then `path`, `nearest` and `raycast` ask about it, and `add` lets entities walk on it.
    The same calls give the same ways on every machine, to the bit.
    """

    __slots__ = ("_crowd", "_has_ended", "_kernels", "_mesh", "_pending", "_port", "_queries", "debug")
    SETTABLE = ("debug",)

    def __setattr__(self, name: str, value: object) -> None:
        if name not in Navigation.__slots__:
            raise checks.unknown_attribute(self, name, self.SETTABLE)
        if name == "debug":
            value = checks.flag("app.navigation.debug", value)
        object.__setattr__(self, name, value)

    def __init__(self, port: SubsystemPort) -> None:
        """Raises KernelsMissing where layerw was built without navigation."""
        self._port, self._kernels = port, navigation.load()
        self._mesh: NavMesh | None = None
        self._queries: Queries | None = None
        self._pending: tuple[Sources, Walker, Box | None] | None = None
        self._crowd = Crowd(port.table, port.log, self._kernels)
        self.debug = self._has_ended = False
        port.table.moves.append(self._crowd.moves)

    def hooks(self) -> Mapping[str, Callable[..., Any]]:
        """See frame/subsystems.py."""
        return {"before": self._bake_slice, "fixed": self._crowd.step, "after": self._draw, "report": self._report}

    # -- the mesh --------------------------------------------------------------------------------

    def bake(self, things: Entities | World | tuple[npt.ArrayLike, npt.ArrayLike] | list[Any], *, radius: float = 0.4,
             height: float = 1.8, climb: float = 0.4, slope: float = math.pi / 4, cell: float | None = None,
             area: npt.ArrayLike | None = None, obstacles: Any = None, least: float = 1.0,
             slices: bool = False) -> None:  # fmt: skip
        """Looks where someone of this size can walk, and keeps that until the next `bake`.

        Args:
            things: what to walk on and between: entities with meshes of Python's, a World (its ground), (positions,
                indices) of triangles, counter-clockwise seen from above, or a list of such.
            radius, height: metres, of who walks.
            climb: metres, the highest stair. slope: radians, the steepest ground.
            cell: metres, how finely it looks, 0.02 to 10; None: half of the radius. Half as much takes four times as
                long.
            area: (west, north, east, south): least x and z, greatest x and z, metres; None: all of it.
            obstacles: as things, but nobody stands on them.
            least: square metres of ground that is cut off from the rest and kept all the same.
            slices: whether tiles are baked in the frames that follow, some milliseconds in each; `ready` says when all
                are. A world whose ground is on its way is waited for, and baked so.

        Raises:
            ConfigError, KindError, ShapeError: a value is outside of its limits, or there is nothing to walk on.
            BudgetError: too many triangles or tiles, or the heap budget has no room. What was baked before stays then.
        """
        self._check_open()
        walker = _walker(radius, height, climb, slope, cell, least)
        box = None if area is None else _box(area)
        slices = checks.flag("app.navigation.bake slices", slices)
        sources = Sources("app.navigation.bake things", things, obstacles, self._port.table)
        if sources.waits:
            self._pending = (sources, walker, box)
            return
        self._pending = None
        made = self._open(sources, walker, box)
        try:
            while made.waiting and not slices:
                made.bake_next()
        except BaseException:
            made.close()
            raise
        self._take(made)
        if not slices:
            self._baked()

    def _open(self, sources: Sources, walker: Walker, box: Box | None) -> NavMesh:
        return NavMesh(self._kernels, self._port.heap_ledger, self._port.log, sources, walker, box,
                       self._port.resources.mesh_data())  # fmt: skip

    def _take(self, made: NavMesh) -> None:
        if self._mesh is not None:
            self._crowd.leave()
            self._mesh.close()
        self._mesh, self._queries = made, Queries(self._kernels, made)
        self._crowd.enter(made)

    def _bake_all(self) -> None:
        mesh = self._mesh
        assert mesh is not None
        while mesh.waiting:
            mesh.bake_next()
        self._baked()

    def _baked(self) -> None:
        mesh = self._mesh
        assert mesh is not None
        self._crowd.ground_changed()
        if not mesh.waiting and not mesh.polygons:
            w = mesh.walker
            self._port.log.warning(
                f"app.navigation.bake found no ground for someone {w.height:g} m high, {w.radius:g} m in radius, who "
                f"climbs {w.climb:g} m and slopes of {math.degrees(w.slope):.0f} degrees, in {mesh.tiles} tiles: is "
                "the ground smaller than that, steeper, or its triangles seen from below?")

    def _bake_slice(self) -> None:
        if self._pending is not None and not self._pending[0].waits:
            pending, self._pending = self._pending, None
            self._take(self._open(*pending))
        mesh = self._mesh
        if mesh is None or not mesh.waiting:
            return
        end_s = perf_counter() + SLICE_S
        try:
            while mesh.waiting and perf_counter() < end_s:
                mesh.bake_next()
        finally:
            self._baked()

    def rebake(self, area: npt.ArrayLike, *, slices: bool = False) -> int:
        """Looks again where something moved, came or went: at the tiles that `area` reaches into; says how many.

        area, slices: as of `bake`. Entities of that bake are looked at where they are now; despawned ones are gone.
        """
        box, slices = _box(area), checks.flag("app.navigation.rebake slices", slices)
        count = self._ready._mesh.again(box, self._port.resources.mesh_data())
        if not slices:
            self._bake_all()
        return count

    def finish(self) -> None:
        """Bakes at once what slices have left, say before a level begins. Raises ConfigError where nothing is baked."""
        if self._ready._mesh.waiting:
            self._bake_all()

    @property
    def ready(self) -> bool:
        """Whether all tiles are baked."""
        return self._mesh is not None and not self._mesh.waiting and self._pending is None

    @property
    def progress(self) -> float:
        """0 to 1: how many of the tiles are baked."""
        if self._mesh is None or self._pending is not None:
            return 0.0
        return 1 - self._mesh.waiting / self._mesh.tiles if self._mesh.waiting < self._mesh.tiles else 0.0

    @property
    def triangles(self) -> F32:
        """(n, 3, 3) the mesh, to look at; a copy. `app.navigation.debug = True` draws it."""
        return self._ready.triangles()

    def _check_open(self) -> None:
        if self._has_ended:
            raise HandleError("app.navigation ended with its App, which was closed.")

    @property
    def _ready(self) -> Queries:
        self._check_open()
        if self._queries is None:
            waits = "its world is on its way" if self._pending else "call app.navigation.bake(ground) before"
            raise ConfigError(f"app.navigation has no mesh yet: {waits}. `app.navigation.ready` tells.")
        return self._queries

    # -- questions -------------------------------------------------------------------------------

    def path(self, start: npt.ArrayLike, end: npt.ArrayLike, *, reach: npt.ArrayLike = 2.0) -> Path:
        """The shortest way: path.points (k, 3), path.complete, path.length.

        Args:
            start, end: (3,) metres; the nearest places of the mesh count.
            reach: metres around them in which ground is looked for; (3,): along x, y and z. Without any there is no
                way.
        """
        a, b = _place("app.navigation.path start", start), _place("app.navigation.path end", end)
        near = reach_of("app.navigation.path", reach)
        corners, ways = self._ready.paths(a, b, near, CORNERS)
        return Path(corners[0, : ways[0]["count"]].astype(np.float64), bool(ways[0]["complete"]))

    def paths(self, starts: npt.ArrayLike, ends: npt.ArrayLike, *, reach: npt.ArrayLike = 2.0,
              room: int = 32) -> tuple[F32, npt.NDArray[np.void]]:  # fmt: skip
        """As `path`, of many at once: corners (n, room, 3), NaN after the last; and a structured array: found,
        complete, count.

        Args:
            starts, ends: (n, 3), or one of them (3,) for all.
            reach: as of `path`.
            room: corners of each at most, 2 to 2,048; a way with more is cut there and not complete.
        """
        a, b = pairs("app.navigation.paths", starts, ends)
        near, room = reach_of("app.navigation.paths", reach), checks.whole("app.navigation.paths room", room, 2, 2048)
        return self._ready.paths(a, b, near, room)

    def nearest(self, point: npt.ArrayLike, *, reach: npt.ArrayLike = 2.0) -> F64 | None:
        """(3,) the nearest place of the mesh; None: there is none within reach (as of `path`)."""
        at = _place("app.navigation.nearest point", point)
        near, found = self._ready.nearest(at, reach_of("app.navigation.nearest", reach))
        return near[0].astype(np.float64) if found[0] else None

    def nearests(self, points: npt.ArrayLike, *, reach: npt.ArrayLike = 2.0) -> F32:
        """As `nearest`, of (n, 3) points: (n, 3) places, NaN where there is none."""
        at = places("app.navigation.nearests points", points)
        return self._ready.nearest(at, reach_of("app.navigation.nearests", reach))[0]

    def raycast(self, start: npt.ArrayLike, end: npt.ArrayLike, *, reach: npt.ArrayLike = 2.0) -> Walk | None:
        """How far one can walk straight on: walk.point, walk.share of the way (1: all of it), walk.normal of the edge.

        start, end, reach: as of `path`. None: no ground is near the start.
        """
        a, b = _place("app.navigation.raycast start", start), _place("app.navigation.raycast end", end)
        near = reach_of("app.navigation.raycast", reach)
        (hit,) = self._ready.walks(a, b, near)
        if not hit["found"]:
            return None
        return Walk(hit["point"].astype(np.float64), float(hit["share"]), hit["normal"].astype(np.float64))

    def raycasts(self, starts: npt.ArrayLike, ends: npt.ArrayLike, *,
                 reach: npt.ArrayLike = 2.0) -> npt.NDArray[np.void]:  # fmt: skip
        """As `raycast`, of many at once: a structured array with found, share, point and normal."""
        a, b = pairs("app.navigation.raycasts", starts, ends)
        return self._ready.walks(a, b, reach_of("app.navigation.raycasts", reach))

    def random(self, count: int, *, seed: int = 0) -> F32:
        """(count, 3) places all over the mesh, the same ones for a seed; none where there is no ground.

        count: 0 to 1,000,000. seed: 0 to 2**32 - 1.
        """
        count = checks.whole("app.navigation.random count", count, 0, COUNT_MAX)
        seed = checks.whole("app.navigation.random seed", seed, 0, 2**32 - 1)
        return self._ready.random(count, seed)

    # -- agents ----------------------------------------------------------------------------------

    def add(self, entities: Entities, *, speed: float = 3.5, acceleration: float = 8.0, radius: float | None = None,
            height: float | None = None, apart: float = 1.0, avoids: bool = True, turns: bool = True,
            front: str = "-Z", feet: float = 0.0) -> Agents:  # fmt: skip
        """Lets entities walk: `agents = app.navigation.add(crowd)`, then `agents.target = places`.

        Args:
            entities: without parents. They are put on the nearest ground; where there is none yet they wait for it.
            speed: m/s. acceleration: m/s2.
            radius, height: metres; None: those of the bake. Ways are those of the bake: a larger one rubs along
                walls.
            apart: how much they keep their distance, 0 to 100.
            avoids: whether they give way to each other.
            turns: whether their front turns to where they go.
            front: "-Z", where cameras and `look_at` look, or "+Z", where models of glTF files do.
            feet: metres from an entity's origin down to its feet: half of the height for shapes of Mesh.

        Raises:
            ConfigError, KindError, HandleError: nothing walks then.
        """
        self._check_open()
        entities = checks.instance("app.navigation.add entities", entities, Entities, "an Entity, or a group of them")
        record = agent_record(speed, acceleration, radius, height, apart, avoids)
        sign = 1 if checks.one_of("app.navigation.add front", front, FRONTS) == "-Z" else -1
        sign *= checks.flag("app.navigation.add turns", turns)
        feet = checks.number("app.navigation.add feet", feet, -1000, 1000)
        self._crowd.add(entities, record, sign, feet)
        return Agents(self._crowd, entities)

    def agents(self, entities: Entities) -> Agents:
        """The agents that entities are. Raises HandleError where one is none."""
        return Agents(self._crowd, checks.instance("app.navigation.agents entities", entities, Entities,
                                                   "an Entity, or a group of them"))  # fmt: skip

    def avoid(self, entities: Entities, *, radius: float | None = None) -> None:
        """Agents walk around these from now on, as around each other: `app.navigation.avoid(crates)`.

        For what moves: bodies, characters, doors. They are circles where the entities are, and give way to nobody; ways
        are planned as if they were not there, so what closes a gap for good belongs into `rebake`.

        Args:
            entities: without parents; at most 1,024 of an App. Agents among them don't count.
            radius: metres, up to 20; None: of the ball around its mesh; 0: they are no obstacles any more.

        Raises:
            ConfigError, BudgetError, HandleError: nothing changes then.
        """
        self._check_open()
        self._crowd.avoid(checks.instance("app.navigation.avoid entities", entities, Entities,
                                          "an Entity, or a group of them"), radius)  # fmt: skip

    def advance(self, steps: int) -> None:
        """Runs so many steps of 1/60 s of the agents at once, without the program's. steps: 0 to 36,000."""
        self._check_open()
        for _ in range(checks.whole("app.navigation.advance steps", steps, 0, STEPS_MAX)):
            self._crowd.step(STEP_S)

    # -- the rest --------------------------------------------------------------------------------

    def state_hash(self) -> str:
        """16 hexadecimal digits over the mesh, where all agents are and how they move, to the bit."""
        mesh = b"" if self._queries is None else self._queries.triangles().tobytes()
        return hashlib.sha256(mesh + self._crowd.state_bytes()).hexdigest()[:16]

    def _draw(self, dt: float) -> None:
        if self.debug and self._queries is not None:
            corners = self._queries.triangles() + np.array((0, 0.05, 0), np.float32)
            edges = np.stack([corners, np.roll(corners, -1, axis=1)], axis=2).reshape(-1, 2, 3)
            self._port.draw(edges, "#39c6ff")

    def _report(self) -> dict[str, Any]:
        mesh = self._mesh
        return {"ready": self.ready, "tiles": mesh.tiles if mesh else 0, "waiting": mesh.waiting if mesh else 0,
                "polygons": mesh.polygons if mesh else 0, "agents": self._crowd.count,
                "obstacles": len(self._crowd.obstacles.rows),
                "size_bytes": self._kernels.lw_nav_bytes()}  # fmt: skip

    def close(self) -> None:
        """The program ended."""
        self._has_ended = True
        self._port.table.moves.remove(self._crowd.moves)
        self._crowd.leave()
        if self._mesh is not None:
            self._mesh.close()
        self._mesh = self._queries = self._pending = None


def _walker(radius: float, height: float, climb: float, slope: float, cell: float | None, least: float) -> Walker:
    name = "app.navigation.bake"
    radius = checks.number(f"{name} radius", radius, 0.01, 100)
    height = checks.number(f"{name} height", height, 0.01, 100)
    climb = checks.number(f"{name} climb", climb, 0, 100)
    slope = checks.number(f"{name} slope", slope, 0, math.pi / 2)
    cell = radius / 2 if cell is None else checks.number(f"{name} cell", cell, 0.02, 10)
    if climb >= height:
        raise ConfigError(f"{name} climb is {climb:g} and height {height:g}; a stair is lower than who climbs it.")
    return Walker(radius, height, climb, slope, max(cell, 0.02), checks.number(f"{name} least", least, 0, 1e6))


def _place(name: str, point: npt.ArrayLike) -> F32:
    return places(name, checks.vector(name, point)[None])


def _box(area: npt.ArrayLike) -> Box:
    west, north, east, south = (float(one) for one in checks.vector("app.navigation area", area, 4))
    if east <= west or south <= north:
        raise ShapeError(f"app.navigation area is {checks.shown(area)}; it takes (west, north, east, south), the "
                         "least x and z before the greatest.")
    return west, north, east, south
