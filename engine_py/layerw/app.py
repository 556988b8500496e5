"""App: the face of the engine that a program sees. It holds the engine (engine.py) and hands on what it is asked."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Callable, Mapping, Sequence
from os import PathLike
from types import NoneType
from typing import TYPE_CHECKING, Any, TypeVar, overload

import numpy as np
import numpy.typing as npt

from layerw.base import checks
from layerw.base.colors import Color
from layerw.base.config import Budgets, Config, Network
from layerw.base.distinct import distinct
from layerw.base.errors import ConfigError, KindError, LayerwError
from layerw.base.host_port import MemoryHost, Running, SteppedHost
from layerw.base.names import named
from layerw.base.ports import F64
from layerw.base.program_clock import Timer
from layerw.base.rays import checked_ray
from layerw.content.models import Model
from layerw.engine import Engine
from layerw.frame.report import HasStateHash
from layerw.frame.views import View
from layerw.hosts import default_host
from layerw.input.state import Input
from layerw.messages.page import Page
from layerw.scene.camera import Camera
from layerw.scene.component_view import Query, select
from layerw.scene.components import Declaration, declaration
from layerw.scene.entity import Entities, Entity
from layerw.scene.environment import Ambient, Clouds, Fog, Moon, Sea, Shadows, Sky, Sun, Weather, Wind
from layerw.scene.material import Material
from layerw.scene.row_values import check_owner
from layerw.scene.shapes import Lods, Mesh

if TYPE_CHECKING:  # imported where they are first used: a program that does without them starts without them
    from layerw.actions.actions import Actions
    from layerw.animation.graph import AnimationGraph
    from layerw.audio.audio import Audio
    from layerw.audio.buses import Buses
    from layerw.audio.music import Track
    from layerw.audio.sound import Sound
    from layerw.base.tweens import Tween
    from layerw.content.scenes import Scene
    from layerw.content.worlds import World
    from layerw.drawing.debug import Debug
    from layerw.drawing.labelling import Labelling
    from layerw.drawing.lines import Lines
    from layerw.drawing.points import Points
    from layerw.effects.decals import Decal
    from layerw.effects.mesh_particles import MeshParticles
    from layerw.effects.particles import Emitter
    from layerw.memory import LayerMemory
    from layerw.navigation.navigation import Navigation
    from layerw.net.net import Net
    from layerw.net.player import Player
    from layerw.net.prediction import Prediction
    from layerw.physics.body import Body
    from layerw.physics.physics import Physics
    from layerw.pointing.drawn import Drawn
    from layerw.pointing.picker import Hit
    from layerw.saves.desk import Clipboard, Files
    from layerw.saves.saves import Saves
    from layerw.saves.store import Store
    from layerw.scene.lights import Lamp
    from layerw.scene.probes import LightProbes, ReflectionProbe
    from layerw.scene.surroundings import Environment
    from layerw.scene.table import Table
    from layerw.scene.textures import Texture
    from layerw.splats.splats import Splats
    from layerw.surface.panels import Panel
    from layerw.surface.screenshots import Screenshot
    from layerw.ui.ui import Ui

ENTITIES_MAX = 1 << 24  # rows that the table can hold
STEPS_MAX = 100_000_000  # of one call of App.step
FrameCallback = TypeVar("FrameCallback", bound=Callable[[float], Any])
Learn = Callable[[Declaration, Callable[[Any], Any]], Callable[[], None]]
AnyCallback = TypeVar("AnyCallback", bound=Callable[[Any], Any])
Call = TypeVar("Call", bound=Callable[[], Any])
Value = TypeVar("Value")
Rpc = TypeVar("Rpc", bound=Callable[..., Any])
Spawned = TypeVar("Spawned", bound=Entities)


@named
class App:
    """A program's window into the engine: spawn things, load and stream content, steer light and camera.

    Args:
        title: of the page.
        budgets: hard limits, see lw.Budgets.
        lanes: fetches at a time.
        overlay: show the stats overlay.
        screen_error_px: largest error of streamed tiles on screen, pixels.
        entities_max: rows of the entity table.
        pointer_lock: a click on the canvas locks the pointer.
        network: how long files are waited for, see lw.Network.
        host: what the engine runs on; None = the browser, or headless on CPython.
    """

    __slots__ = ("__weakref__", "_engine")

    def __setattr__(self, name: str, value: object) -> None:
        if name != "_engine" and name not in SETTABLE:
            raise checks.unknown_attribute(self, name, SETTABLE)
        object.__setattr__(self, name, value)

    def __init__(self, title: str = "", *, budgets: Budgets | None = None, lanes: int = 6, overlay: bool = False,
                 screen_error_px: float = 16.0, entities_max: int = 262_144, pointer_lock: bool = False,
                 network: Network | None = None, host: MemoryHost | None = None) -> None:  # fmt: skip
        checks.instance("App title", title, str, "a text (str)")
        checks.instance("App budgets", budgets, (Budgets, NoneType), "lw.Budgets(...) or None")
        checks.whole("App entities_max", entities_max, 1, ENTITIES_MAX)
        checks.instance("App network", network, (Network, NoneType), "lw.Network(...) or None")
        host = host or default_host()
        Running.check_free(host)
        chosen = (budgets or Budgets()).replaced(host.options().get("budgets") or {})
        config = Config(title, chosen, lanes, overlay, screen_error_px, pointer_lock, network or Network())
        self._engine = Engine(host, config, entities_max)
        Running.take(host, self)

    # -- the scene -----------------------------------------------------------------------------

    def frame(self, callback: FrameCallback) -> FrameCallback:
        """Decorator: calls the function each frame with the seconds of the program's time since the last one."""
        checks.callback("app.frame's callback", callback, "dt")
        self._engine.scenes.own(self._engine.user.add_frame(callback))
        return callback

    def fixed(self, callback: FrameCallback) -> FrameCallback:
        """Decorator: calls the function in steps of 1/60 s, with that as `dt`, before the frame's own callbacks. A
        frame has 4 steps at most; what it took longer is dropped and told."""
        checks.callback("app.fixed's callback", callback, "dt")
        self._engine.scenes.own(self._engine.user.add_fixed(callback))
        return callback

    @overload
    def after(self, seconds: float) -> Callable[[Call], Call]: ...
    @overload
    def after(self, seconds: float, callback: Callable[[], Any]) -> Timer: ...
    def after(self, seconds: float, callback: Any = None) -> Any:
        """Calls a function once, after so many seconds of the program's time: `app.after(2.0, boom)` gives a Timer,
        `@app.after(2.0)` decorates. The function may be `async def`."""
        return self._timed("app.after", checks.number("app.after seconds", seconds, 0), 0.0, callback)

    @overload
    def every(self, seconds: float) -> Callable[[Call], Call]: ...
    @overload
    def every(self, seconds: float, callback: Callable[[], Any]) -> Timer: ...
    def every(self, seconds: float, callback: Any = None) -> Any:
        """As `after`, again and again, once a frame at most; the Timer's `cancel()` ends it. seconds: above 0."""
        checks.number("app.every seconds", seconds, 0, above=True)
        return self._timed("app.every", seconds, seconds, callback)

    def _timed(self, call: str, after_s: float, every_s: float, callback: Any) -> Any:
        def add(callback: Call) -> Timer:
            checks.callback(f"{call}'s callback", callback)
            timer = self._engine.user.clock.add(callback, after_s, every_s=every_s)
            self._engine.scenes.own(timer.cancel, lambda: not timer.active)
            return timer

        def decorate(callback: Call) -> Call:
            add(callback)
            return callback

        return decorate if callback is None else add(callback)

    def seconds(self, seconds: float) -> asyncio.Future[None]:
        """`await app.seconds(1.0)` in an `async def` goes on after so many seconds of the program's time."""
        return self._engine.user.wait(checks.number("app.seconds seconds", seconds, 0))

    def tween(self, thing: Any, seconds: float, *, ease: str = "in out", delay: float = 0.0, repeat: float = 0,
              back: bool = False, **to: Any) -> Tween:  # fmt: skip
        """Moves attributes of a thing to new values: `app.tween(door, 0.8, position=(0, 2, 0), ease="bounce")`.

        Args:
            thing: an entity, a group, a light, a material, a camera, app.sun: whatever has attributes of numbers.
            seconds: of the program's time. delay: before it begins; values are taken as they are then.
            ease: "linear", "in", "out", "in out", "back", "bounce" or "elastic".
            repeat: how many times more; math.inf = for ever. back: each time there and back.
            to: attributes and what they shall be; colours by name, too.

        Returns a Tween: `await` it, `cancel()` it where it is, `finish()` it; it ends with its thing.
        """
        user = self._engine.user
        tween = user.tweens.add(thing, seconds, ease, delay, repeat, back, to, user.future())
        self._engine.scenes.own(tween.cancel, lambda: not tween.active)
        return tween

    def start(self, story: Awaitable[Any]) -> asyncio.Future[Any]:
        """Runs a coroutine, `app.start(story())`, beside the frames; the result can be awaited and cancelled."""
        if not isinstance(story, Awaitable):
            raise KindError(f"app.start story is {checks.shown(story)}; it takes a coroutine: call the async function.")
        task = self._engine.user.start(story)
        self._engine.scenes.own(task.cancel, task.done)
        return task

    def enter(self, scene: Scene | None) -> None:
        """Ends the scene that is on with all that it made, then begins another; None: there is none then.

        scene: a lw.Scene: a menu, a level. What is made from its `enter()` on is its own. What is made before the first
        scene stays for all of them; settings of light, air, camera and view stay as they are.
        """
        self._engine.scenes.enter(self, scene)

    @property
    def scene(self) -> Scene | None:
        """The scene that is on."""
        return self._engine.scenes.current

    @property
    def paused(self) -> bool:
        """Whether the program's time stands: frame callbacks get dt = 0, and steps, timers, wind and water wait."""
        return self._engine.user.clock.paused

    @paused.setter
    def paused(self, paused: bool) -> None:
        self._engine.user.clock.paused = checks.flag("app.paused", paused)

    @property
    def time_scale(self) -> float:
        """How fast the program's time runs: 1.0, 0.2 for slow motion; 0 to 100."""
        return self._engine.user.clock.scale

    @time_scale.setter
    def time_scale(self, scale: float) -> None:
        self._engine.user.clock.scale = checks.number("app.time_scale", scale, 0, 100)

    def spawn(self, mesh: Mesh | Lods, material: Material | None = None, *, position: npt.ArrayLike | None = None,
              rotation: npt.ArrayLike | None = None, scale: npt.ArrayLike | None = None, color: Any = None,
              parent: Entity | None = None, static: bool = False, body: Body | None = None,
              owner: Player | None = None) -> Entity:  # fmt: skip
        """One entity.

        Args:
            mesh: what it looks like, or Lods: one mesh for each distance.
            material: None: white, roughness 0.7.
            position: (3,) metres, from the parent where there is one.
            rotation: quaternion xyzw.
            scale: (3,) or one number.
            color: sRGB, multiplies the material's.
            parent: the entity that it moves with.
            static: it hardly ever moves, which makes it cheaper to draw. Its views are read-only; assigning, `move`,
                `rotate` and `look_at` work, and the static ones are sorted anew then.
            body: a lw.Body: it is moved by physics, or in its way; see app.physics.
            owner: a lw.Player whose it is: on the server; it goes when the player leaves.

        Raises:
            ShapeError, KindError, HandleError, BudgetError: nothing is left behind then.
        """
        if owner is not None:
            self.net._check_owner(owner)
        entity = self._engine.spawner.one(mesh, material, static, position=position, rotation=rotation, scale=scale,
                                          color=color, parent=parent)  # fmt: skip
        if owner is not None:
            self.net._own(entity, owner)
        return entity if body is None else self._embody(entity, body)

    def spawn_many(self, mesh: Mesh | Lods, count: int, material: Material | None = None, *,
                   position: npt.ArrayLike | None = None, rotation: npt.ArrayLike | None = None,
                   scale: npt.ArrayLike | None = None, color: Any = None,
                   static: bool = False, body: Body | None = None) -> Entities:  # fmt: skip
        """`count` entities in one call; write to their array views to move them.

        Args:
            mesh, material, static, body: as for `spawn`.
            count: how many, 0 or more.
            position, scale: (3,) for all, or (count, 3), metres; rotation: (4,) or (count, 4) quaternions xyzw.
            color: one colour, or (count, 3 or 4), sRGB.
        """
        entities = self._engine.spawner.many(mesh, count, material, static, position=position, rotation=rotation,
                                             scale=scale, color=color)  # fmt: skip
        return entities if body is None else self._embody(entities, body)

    def _embody(self, entities: Spawned, body: Body) -> Spawned:
        try:
            self.physics.add(entities, body)
        except Exception:
            entities.despawn()
            raise
        return entities

    def light_probes(self, center: npt.ArrayLike, size: npt.ArrayLike, spacing: float = 2.0, *,
                     file: str | PathLike[str] | None = None) -> LightProbes:  # fmt: skip
        """Light that bounces: a grid of places that look around, and light what is near in place of the sky.

        They look over the next frames, a few sides of a cube each, and again when the sun or the sky changed; with
        `capture()` whenever you like.

        Args:
            center: (3,) metres, the middle of the box.
            size: (3,) metres; of a room: up to the middle of its walls.
            spacing: metres between probes, 0.05 or more; wider where 4,096 or the GPU budget say so, which is told.
            file: their light as `layerw bake --probes PROGRAM FILE` wrote it: it is there at once, and stays when the
                sun moves. Where there is no such file, or it is of another grid, they look around; that is told.

        Raises:
            ShapeError, ConfigError, KindError: an argument is not what it should be, or there are 4 grids.
            BudgetError: the GPU budget has no room for a single one.
        """
        from layerw.scene.probes import LightProbes

        probes = LightProbes(center, size, spacing)
        if file is not None:
            from layerw.frame.probe_light import take_file

            take_file(probes, file, self._engine.log)
        self._engine.probes.add(probes)
        self._engine.scenes.own(probes.close, lambda: probes.closed)
        return probes

    def reflection_probe(self, position: npt.ArrayLike, size: npt.ArrayLike) -> ReflectionProbe:
        """What smooth things mirror in a room, in place of the sky: what is seen from its middle.

        Args:
            position: (3,) metres: where it looks around from, the middle of a box.
            size: (3,) metres, of the box: the room's. What is mirrored is taken to lie on its walls.

        Raises:
            ShapeError, ConfigError: an argument is not what it should be, or there are 4 of them.
            BudgetError: the GPU budget has no room for it.
        """
        from layerw.scene.probes import ReflectionProbe

        probe = ReflectionProbe(position, size)
        self._engine.probes.add(probe)
        self._engine.scenes.own(probe.close, lambda: probe.closed)
        return probe

    def decal(self, look: Texture | Material, *, position: npt.ArrayLike | None = None,
              size: npt.ArrayLike = (1.0, 1.0, 1.0), rotation: npt.ArrayLike | None = None,
              direction: npt.ArrayLike | None = None, opacity: float = 1.0, color: Any = None, order: int = 0,
              parent: Entity | None = None) -> Decal:  # fmt: skip
        """A picture on what lies inside of a box, whatever it is made of, but not on what one sees through.

        Args:
            look: a texture, whose alpha cuts it out, or a material without a shader; all with one look are one draw.
            position: (3,) metres, of the box's middle.
            size: (3,) width and height of the picture, and how deep it reaches.
            rotation: quaternion xyzw; or direction: (3,) the way it is thrown. Neither: straight down.
            opacity: 0 to 1.
            color: sRGB, multiplies the picture's.
            order: of two that overlap the higher one is on top, -100 to 100.
            parent: the entity that it moves with.

        Raises:
            ShapeError, KindError, ConfigError, HandleError, BudgetError: nothing is left behind then.
        """
        return self._engine.effects.decals.make(look, size=size, opacity=opacity, order=order, position=position,
                                                rotation=rotation, direction=direction, color=color,
                                                parent=parent)  # fmt: skip

    def emitter(self, texture: Texture | None = None, *, rate: float = 20.0, burst: int = 0, count: int | None = None,
                lifetime: npt.ArrayLike = (1.0, 2.0), speed: npt.ArrayLike = (1.0, 2.0), spread: float = 0.4,
                shape: str = "point", radius: float = 0.5, box: npt.ArrayLike | None = None,
                size: npt.ArrayLike = 0.1, size_variation: float = 0.2, color: Any = "white", brightness: float = 1.0,
                additive: float = 0.0, lit: bool = False, gravity: float = 0.0, drag: float = 0.0, wind: float = 0.0,
                turbulence: float = 0.0, turbulence_m: float = 1.0, inherit: float = 0.0, spin: npt.ArrayLike = 0.0,
                stretch: float = 0.0, frames: tuple[int, int] = (1, 1), film: bool = False, fade: float = 0.1,
                bounce: float | None = None, seed: int = 0, position: npt.ArrayLike | None = None,
                rotation: npt.ArrayLike | None = None, direction: npt.ArrayLike | None = None,
                parent: Entity | None = None) -> Emitter:  # fmt: skip
        """Particles on the GPU: fire, smoke, sparks, dust. Two numbers are the least and the most, at random.

        Args:
            texture: of each, in `frames` columns and rows; None: a soft spot. film: over a life, else one at random.
            rate, burst: particles a second, and at once. count: at most at once; None: enough for rate and lifetime.
            lifetime, speed: seconds, metres a second. spread: radians about +Y, pi is all around.
            shape: where they begin: "point", "sphere" or "disc" (radius), "box" (box: three sides), metres.
            size, color: one, or several over a life: metres across, sRGB with alpha. size_variation: 0 to 1.
            brightness: multiplies colours. additive: 0 covers, 1 adds light. lit: whether light falls on them.
            gravity: m/s^2 down, below 0 up. drag: 1/s. wind: the share of app.wind that drag takes up.
            turbulence: m/s^2, in swirls of turbulence_m. inherit: the share of the emitter's own speed.
            spin: radians a second. stretch: seconds of way that they are long. fade: metres before what they touch.
            bounce: what one sees stops them, 0 to 1 of their speed stays; None: nothing does. seed: of all chance.
            position, rotation, parent: as for `spawn`; direction: (3,) instead of a rotation.

        Raises:
            ShapeError, KindError, ConfigError, HandleError: an argument is not what it should be.
            BudgetError: there are 262,144 particles, or the GPU or heap budget has no room.
        """
        given = {"burst": burst, "count": count, "lifetime": lifetime, "speed": speed, "spread": spread, "shape": shape,
                 "radius": radius, "box": box, "size": size, "size_variation": size_variation, "color": color,
                 "brightness": brightness, "additive": additive, "lit": lit, "gravity": gravity, "drag": drag,
                 "wind": wind, "turbulence": turbulence, "turbulence_m": turbulence_m, "inherit": inherit, "spin": spin,
                 "stretch": stretch, "frames": frames, "film": film, "fade": fade, "bounce": bounce, "seed": seed}
        return self._engine.effects.particles.make(texture, rate, given, position=position, rotation=rotation,
                                                   direction=direction, parent=parent)  # fmt: skip

    def mesh_particles(self, mesh: Mesh | Lods, material: Material | None = None, *, count: int = 256,
                       lifetime: npt.ArrayLike = (2.0, 4.0), gravity: float = 9.81, drag: float = 0.0,
                       spin: npt.ArrayLike = (-6.0, 6.0), size: npt.ArrayLike = (1.0, 1.0, 0.0),
                       size_variation: float = 0.3, seed: int = 0) -> MeshParticles:  # fmt: skip
        """Meshes that fly: chips, leaves, shells. numpy moves them, in columns that a program may write as well.

        Args:
            mesh, material: as for `spawn`.
            count: of all of them, 1 to 16,384; new ones take the place of the oldest.
            lifetime: seconds, one number, or the least and the most. gravity: m/s^2 down. drag: 1/s.
            spin: radians a second, each about a way of its own. seed: of all chance.
            size: one, or several over a life: multiplies the mesh; size_variation: 0 to 1.

        Raises:
            ShapeError, KindError, ConfigError: an argument is not what it should be.
            BudgetError: the GPU or heap budget has no room, or the entity table.
        """
        from layerw.effects.mesh_particles import COUNT_MAX, SEED_MAX, MeshParticles, flight

        chosen = flight({"lifetime": lifetime, "gravity": gravity, "drag": drag, "spin": spin, "size": size,
                         "size_variation": size_variation})  # fmt: skip
        count = checks.whole("mesh_particles count", count, 1, COUNT_MAX)
        seed = checks.whole("mesh_particles seed", seed, 0, SEED_MAX)
        made = MeshParticles(self._engine.spawner.many(mesh, count, material, static=False), chosen, seed)
        self._engine.effects.flying.append(made)
        return made

    # -- points and lines ----------------------------------------------------------------------

    def points(self, position: npt.ArrayLike, *, color: Any = "white", size: npt.ArrayLike = 3.0, unit: str = "px",
               fog: bool = True) -> Points:  # fmt: skip
        """Round points, hundreds of thousands in one call; writing to `.position`, `.color`, `.size` changes them.

        Args:
            position: (n, 3) metres.
            color: one colour, or (n, 3 or 4), sRGB; shown as given, whatever the light and the view's exposure are.
            size: diameters, one number or (n,), at least 0.
            unit: of sizes, "px" (pixels of the page) or "m" (metres: farther points are smaller).
            fog: whether distance hides them.

        Raises:
            ShapeError, KindError, ConfigError: an argument is not what it should be.
            BudgetError: the GPU or heap budget has no room, or the entity table.
        """
        return self._engine.drawings.points(position, color=color, size=size, unit=unit, fog=fog)

    def splats(self, source: npt.ArrayLike | str | PathLike[str], *, scale: npt.ArrayLike = 0.05,
               rotation: npt.ArrayLike | None = None, color: Any = "white", harmonics: npt.ArrayLike | None = None,
               degree: int = 3) -> Splats:  # fmt: skip
        """Gaussian splats, of a file or of arrays: soft ellipsoids that are drawn from the farthest to the nearest.

        Args:
            source: the URL of a .ply, .spz or .glb (KHR_gaussian_splatting), at most 256 MiB; or (n, 3) metres, n up to
                4,194,304. The other arguments belong to arrays.
            scale: standard deviations along each one's own axes, metres: one number, (3,) or (n, 3).
            rotation: of those axes, xyzw, (4,) or (n, 4).
            color: one colour, or (n, 3 or 4), sRGB; alpha is how much the middle covers. Shown as given, without light.
            harmonics: how their colours change with the direction: (n, 3, 3), (n, 8, 3) or (n, 15, 3) coefficients of
                spherical harmonics of degrees 1, 2 and 3, for red, green and blue, as training has them.
            degree: of the harmonics that are kept, also of a file: 0 to 3 take 32, 48, 64 and 80 bytes a splat.

        Raises:
            ShapeError, KindError, ConfigError: an argument is not what it should be.
            BudgetError: the GPU or heap budget has no room for the arrays, or the entity table. A file that can't be
                shown is its own: `state` and `error`.
        """
        from layerw.splats.clouds import Clouds

        return self._engine.subsystems.get("splats", Clouds).make(source, scale, rotation, color, harmonics, degree)

    def lines(self, position: Any, *, color: Any = "white", width: float = 1.0, unit: str = "px",
              closed: bool = False, dash: tuple[float, float] | None = None, fog: bool = True) -> Lines:  # fmt: skip
        """One polyline or several, with round ends and joins; writing to `.position` and `.color` changes them.

        Args:
            position: (n, 3) metres, or a list of such arrays: a polyline each.
            color: one colour, or one a point: (n, 3 or 4) of all points in order, sRGB; shown as given.
            width: at least 0.
            unit: of the width, "px" (pixels of the page) or "m" (metres).
            closed: whether each polyline returns to its first point.
            dash: metres along the line that are drawn, and that are left out.
            fog: whether distance hides them.

        Raises:
            ShapeError, KindError, ConfigError: an argument is not what it should be.
            BudgetError: the GPU or heap budget has no room, or the entity table.
        """
        return self._engine.drawings.lines(position, color=color, width=width, unit=unit, closed=closed, dash=dash,
                                           fog=fog)  # fmt: skip

    def grid(self, size: float = 20.0, step: float = 1.0, *, color: Color = "gray", width: float = 1.0) -> Lines:
        """Level lines `step` metres apart on a square of side `size` around the origin; `.entity` moves it.

        color: sRGB; width: pixels.
        """
        return self._engine.drawings.grid(size, step, color=color, width=width)

    def axes(self, length: float = 1.0, *, width: float = 2.0) -> Lines:
        """Red along x, green along y, blue along z, `length` metres; `.entity.parent` shows an entity's own."""
        return self._engine.drawings.axes(length, width=width)

    @property
    def debug(self) -> Debug:
        """Lines, boxes, spheres for one picture or some seconds: `app.debug.box(center)`."""
        return self._engine.drawings.debug

    def each(self, *components: type, changed: bool = False) -> Query:
        """The entities that have all of these components: `rows.entities`, and `rows[Health].hp` as arrays over them.

        Args:
            components: classes with @lw.component, and the engine's own: lw.Position, Rotation, Scale, Color.
            changed: only those where something may have been written since the frame before (by blocks of 1,024 rows).
        """
        if not components:
            raise ConfigError("app.each takes at least one component.")
        declared = [declaration(kind) for kind in components]
        table = self._engine.table
        return Query(Entities.of_rows(table, select(table, declared, checks.flag("app.each changed", changed))))

    def on_added(self, component: type) -> Callable[[AnyCallback], AnyCallback]:
        """Decorator: calls the function, before the frame's own, with the group that got a component since."""
        return self._component_event(component, self._engine.component_events.on_added)

    def on_removed(self, component: type) -> Callable[[AnyCallback], AnyCallback]:
        """Decorator: calls the function with the row numbers that lost a component since, by despawning too."""
        return self._component_event(component, self._engine.component_events.on_removed)

    def _component_event(self, component: type, learn: Learn) -> Callable[[AnyCallback], AnyCallback]:
        declared = declaration(component)

        def keep(callback: AnyCallback) -> AnyCallback:
            checks.callback("The component's callback", callback, "entities")
            self._engine.scenes.own(learn(declared, callback))
            return callback

        return keep

    def despawn(self, entity: Entities) -> None:
        """Ends an entity (or many) and its children; using it later is an error."""
        self._own("app.despawn entity", entity).despawn()

    def _own(self, name: str, entities: Entities) -> Entities:
        found = checks.instance(name, entities, Entities, "an Entity or Entities")
        check_owner(name, found, self._engine.table)
        return found

    def load(self, url: str | PathLike[str], *, position: npt.ArrayLike | None = None,
             rotation: npt.ArrayLike | None = None, scale: npt.ArrayLike | None = None, parent: Entity | None = None,
             max_texture_side: int | str = 1024, scene: str | int | None = None,
             placeholder: Mesh | Lods | None = None) -> Model:  # fmt: skip
        """A glTF or glb model, on its way from now on. `model.root` is there at once; see `model.on_ready`.

        Args:
            url: relative to the program, absolute, a data URI, or a pathlib.Path. What goes wrong later is the
                model's own: `model.state`, `model.error`, `model.warnings`.
            position, rotation, scale, parent: of its root, as for `spawn`.
            max_texture_side: pixels; larger images are scaled down. "auto": to what the picture has, 512 to 4096.
            scene: of a file with several, by name or number; None = the file's own.
            placeholder: a mesh that stands at its root until it is here, and where it fails.
        """
        checks.instance("app.load placeholder", placeholder, (Mesh, Lods, NoneType), "a lw.Mesh, a lw.Lods or None")
        model = self._engine.opening.model(url, position=position, rotation=rotation, scale=scale, parent=parent,
                                           max_texture_side=max_texture_side, scene=scene)  # fmt: skip
        if placeholder is not None:
            model._stand_in = self._engine.spawner.one(placeholder, None, False, parent=model.root)
        self._engine.contents.add(model)
        self._engine.scenes.own(model.close, lambda: model._over)
        return model

    def stream(self, url: str | PathLike[str], *, place: str = "as_is",
               transform: npt.NDArray[np.float64] | None = None, max_texture_side: int | str = 1024,
               fade: float | None = None) -> World:  # fmt: skip
        """An open world (3D Tiles): tiles come and go with the camera, under the budgets.

        Args:
            url: the folder with its tileset.json, or that file.
            place: "as_is", or "local": a geocentric world's middle comes to the origin, its up becomes +Y.
            transform: 4x4, applied to the tileset (in its Z-up axes) first.
            max_texture_side: as for `load`.
            fade: seconds in which a level takes the place of another, each in its own pixels; None is 0.25 s, and 0 on
                a virtual clock, where pictures of a frame must be equal.
        """
        world = self._engine.opening.world(url, place=place, transform=transform, max_texture_side=max_texture_side,
                                           fade=fade)  # fmt: skip
        self._engine.contents.worlds.append(world)
        self._engine.scenes.own(world.close)
        return world

    # -- the view and the light ----------------------------------------------------------------

    @property
    def camera(self) -> Camera:
        """Where the picture is taken from; another camera may be set."""
        return self._engine.view.camera

    @camera.setter
    def camera(self, camera: Camera) -> None:
        self._engine.view.camera = checks.instance("app.camera", camera, Camera, "a Camera")

    @property
    def view(self) -> View:
        """The main view, on the whole canvas: exposure, bloom, tone map, colour grade."""
        return self._engine.view

    @property
    def quality(self) -> str:
        """How much of light and air is drawn: "low", "medium", "high", or "auto", which begins at medium and follows
        what the GPU takes. "low" also draws fewer pixels than it shows, where nobody set the view's `scale` or
        `antialias`. `app.report()["quality"]` says which it is now."""
        return self._engine.quality.wanted

    @quality.setter
    def quality(self, value: str) -> None:
        self._engine.quality.choose(value)

    @property
    def views(self) -> list[View]:
        """All views that are drawn; the first is the main one."""
        return [self._engine.view, *(one.view for one in self._engine.more_views)]

    def add_view(self, camera: Camera, viewport: npt.ArrayLike | None = None,
                 target: Texture | None = None) -> View:  # fmt: skip
        """One more view of the scene, drawn each frame until its `close()`.

        Args:
            camera: where it is taken from.
            viewport: the part of the picture that it fills: x, y, width, height, 0 to 1 from the upper left.
            target: a lw.Texture.target(width, height) that it draws into instead, for a material to show.

        Raises:
            KindError, ConfigError, ShapeError: an argument is not what it should be, or there are 16 views.
            BudgetError: the GPU budget has no room for what it is drawn with.
        """
        view = self._engine.more_views.open(View(camera, viewport, target), self._engine.targets.refit)
        self._engine.scenes.own(view.close, lambda: view.closed)
        return view

    @property
    def sun(self) -> Sun:
        """The first directional light: it casts shadows, and colours the sky."""
        return self._engine.environment.sun

    def light(self, kind: str, *, position: npt.ArrayLike | None = None, rotation: npt.ArrayLike | None = None,
              direction: npt.ArrayLike | None = None, color: Any = None, intensity: float | None = None,
              range: float | None = None, inner_angle: float | None = None, outer_angle: float | None = None,
              parent: Entity | None = None) -> Lamp:  # fmt: skip
        """A light beside the sun; see lw.Lamp for what of it can be written later. `lamp.shadows = True`: things
        stop its light.

        Args:
            kind: "point", "spot" or "directional".
            position, rotation, parent: as for `spawn`. It shines along its -Z, or `direction`: (3,), of any length.
            color: sRGB.
            intensity: candela (directional: lux), 0 or more; None: 100 candela, 3 lux.
            range: metres where its light ends; None: where it gives 0.01 lux.
            inner_angle, outer_angle: of a spot, radians from its middle: where it begins to fade, and ends.
        """
        given = {"intensity": intensity, "range": range, "inner_angle": inner_angle, "outer_angle": outer_angle}
        placed = {"position": position, "rotation": rotation, "direction": direction, "color": color, "parent": parent}
        return self._engine.spawner.lamp(kind, given, **placed)

    @property
    def moon(self) -> Moon:
        """Light of the night."""
        return self._engine.environment.moon

    @property
    def sky(self) -> Sky:
        """The colours of the sky."""
        return self._engine.environment.sky

    @property
    def environment(self) -> Environment | None:
        """A picture that lights the scene in place of the sky: `app.environment = lw.Environment("studio.hdr")`."""
        around = self._engine.contents.around
        return around.wanted if around is not None else None

    @environment.setter
    def environment(self, environment: Environment | None) -> None:
        from layerw.scene.surroundings import Environment

        says = 'a lw.Environment("studio.hdr") or None'
        self._engine.show_environment(checks.instance("app.environment", environment, (Environment, NoneType), says))

    @property
    def clouds(self) -> Clouds:
        """The layer of clouds."""
        return self._engine.environment.clouds

    @property
    def fog(self) -> Fog:
        """Distance fog."""
        return self._engine.environment.fog

    @property
    def sea(self) -> Sea:
        """The sea; `app.sea.level = 0.0` shows it."""
        return self._engine.environment.sea

    @property
    def wind(self) -> Wind:
        """What sways trees and drives waves."""
        return self._engine.environment.wind

    @property
    def weather(self) -> Weather:
        """Rain, snow, and how wet things are."""
        return self._engine.environment.weather

    @property
    def shadows(self) -> Shadows:
        """The sun's shadows."""
        return self._engine.environment.shadows

    @property
    def ambient(self) -> Ambient:
        """What hides the sky's light: occlusion in corners and under things."""
        return self._engine.environment.ambient

    @property
    def size(self) -> tuple[int, int]:
        """Of the picture in pixels: the canvas's device pixels, or less where the GPU budget has no room for them."""
        return self._engine.targets.size

    # -- input and pointing --------------------------------------------------------------------

    @property
    def input(self) -> Input:
        """Keys, pointer, touches, gamepads."""
        return self._engine.input

    @property
    def pointer_lock(self) -> bool:
        """Whether a click on the canvas locks the pointer."""
        return self._engine.pointer_lock

    @pointer_lock.setter
    def pointer_lock(self, lock: bool) -> None:
        self._engine.pointer_lock = checks.flag("app.pointer_lock", lock)

    @property
    def page(self) -> Page:
        """The page around the element: `page.on(name, function)` hears it, `page.send(name, value)` tells it."""
        return self._engine.page

    def raycast(self, origin: npt.ArrayLike, direction: npt.ArrayLike, *,
                max_distance: float = math.inf) -> Hit | None:  # fmt: skip
        """The entity that a ray meets first, as things stand now: hit.entity, .distance, .point, .normal; or None.

        Args:
            origin: (3,) world metres.
            direction: (3,), any length but 0.
            max_distance: metres.

        Raises:
            ShapeError: an argument is not what it should be.
            BudgetError: the heap budget has no room for the trees that this needs.

        Hidden entities are not met; both sides of a surface are. A loaded model is met by the boxes around its parts
        (hit.exact is False). The ground of a streamed world has its own `World.raycast`.
        """
        return self._engine.pointer.picker.nearest(checked_ray(origin, direction, max_distance))

    def ray_at(self, x: float | None = None, y: float | None = None) -> tuple[F64, F64]:
        """The main view's ray through a point of the picture: where it begins (the near plane), and its direction.

        x, y: CSS pixels from the canvas's upper left, as app.input.pointer, which they are unless given (the middle of
        the main view while the pointer is locked). The direction's length is 1.
        """
        return self._engine.pointer.ray_at(x, y)

    def pick(self, x: float | None = None, y: float | None = None) -> Hit | None:
        """The entity that is seen at a point of the picture, by default at the pointer; see `ray_at`, `raycast`."""
        return self.raycast(*self.ray_at(x, y))

    def pick_drawn(self, x: float | None = None, y: float | None = None) -> asyncio.Future[Drawn | None]:
        """What the next picture shows at a point, to the pixel: `hit = await app.pick_drawn()`, some frames later.

        The GPU answers with what it drew there: models' own triangles, skinned and displaced ones, what is behind the
        holes of cut-outs, points, lines, ground. hit.entity (None: a world's ground, or the sea), .distance and .point;
        None where only the sky is, and where it has been despawned meanwhile. What is drawn fainter than 1/510 is not
        there. Of several views the one on top at that point. Headless, where nothing is drawn, `pick` answers.

        Args:
            x, y: as for `ray_at`; beside the picture the answer is None.

        Raises:
            ShapeError: no finite numbers. LayerwError: 256 are on their way; awaiting: the GPU was lost meanwhile.
        """
        return self._engine.pointer.ask_drawn(x, y)

    def seen(self, entities: Entities) -> npt.NDArray[np.intp]:
        """Which of the entities the last frame drew in view: ascending indices into them, a copy.

        Static ones are drawn by the cells that they lie in, so some beside the view are among them.
        """
        rows, first = self._engine.shown.seen_rows, self._own("app.seen entities", entities).first_row
        return distinct(rows[(rows >= first) & (rows < first + len(entities))]).astype(np.intp) - first

    # -- pictures and memory -------------------------------------------------------------------

    def screenshot(self, to: str | PathLike[str] | Callable[[Screenshot], Any] | None = None) -> Screenshot:
        """The next picture that is drawn, some frames later: nothing waits for it. The first one opens `memory`.

        Args:
            to: a path that ends with .png: the page offers the file as a download, `layerw shot` writes it. Or a
                function, called with the Screenshot once its `pixels` are there. Or nothing: look at its `ready`.
        """
        return self._engine.surface.screenshots.take(to)

    def panel(self, width: int, height: int, *, left: float = 0.0, top: float = 0.0, scale: float = 1.0,
              smooth: bool = False) -> Panel:  # fmt: skip
        """Pixels in Layer memory, for kernels to draw, which `show()` shows above the canvas.

        Args:
            width, height: pixels, 1 to 4096.
            left, top: CSS pixels from the canvas's upper left; below 0: from its right and lower edge.
            scale: CSS pixels a pixel.
            smooth: blend them when scaled.

        Raises:
            BudgetError, OutOfBudget: the layer budget or Layer memory has no room.
        """
        panel = self._engine.surface.panels.create(width, height, left=left, top=top, scale=scale, smooth=smooth)
        self._engine.scenes.own(panel.close)
        return panel

    def show_image(self, pixels: npt.ArrayLike, *, left: float = 0.0, top: float = 0.0, scale: float = 1.0,
                   smooth: bool = False) -> Panel:  # fmt: skip
        """Shows (height, width, 4 or 3) uint8 sRGB pixels above the canvas; the Panel takes new ones: `write`.

        left, top, scale, smooth: as for `panel`.
        """
        panel = self._engine.surface.panels.show(pixels, left=left, top=top, scale=scale, smooth=smooth)
        self._engine.scenes.own(panel.close)
        return panel

    @property
    def memory(self) -> LayerMemory:
        """Memory outside of Python's heap (layerw.memory); opened and charged to the layer budget when first used.

        Raises:
            BudgetError: the layer budget has no room for lw.Budgets(memory_mib=...).
        """
        return self._engine.layer.for_program()

    # -- how it runs ---------------------------------------------------------------------------

    @property
    def host(self) -> MemoryHost:
        """What the engine runs on: `name`, and `options()`, which the page or the command line gave."""
        return self._engine.host

    @property
    def table(self) -> Table:
        """The rows of all entities as the engine keeps them, for tools and tests: `table.update()` places them in the
        world. Programs have entities."""
        return self._engine.table

    @property
    def frame_number(self) -> int:
        """Frames since the start."""
        return self._engine.frame_number

    @property
    def time_s(self) -> float:
        """Seconds of the program's time since the start, at this frame."""
        return self._engine.program_s

    @property
    def settled(self) -> bool:
        """True when nothing is on its way: no model loads and no tile is wanted."""
        return self._engine.contents.settled

    def watch(self, name: str, thing: HasStateHash) -> None:
        """Names something with a `state_hash()`, say a simulation, whose hash the reports shall carry."""
        checks.text("app.watch name", name)
        if not callable(getattr(thing, "state_hash", None)):
            raise KindError(f"app.watch thing is {checks.shown(thing)}; it takes something with a state_hash().")
        self._engine.states[name] = thing

    def report(self, *, state_hash: bool = False) -> dict[str, Any]:
        """What the engine holds right now, and against which budgets; state_hash: also a sum over all entities."""
        checks.flag("app.report state_hash", state_hash)
        return self._engine.report(state_hash=state_hash)

    def close(self) -> None:
        """Frees everything that the program made, and its host for another App; the next frames draw only the sky."""
        self._engine.close()
        Running.leave(self._engine.host)

    def step(self, count: int = 1) -> None:
        """Moves everything on by frames of 1/60 s from outside, without pictures: for training, servers and tests.

        The program's functions, physics, animation and what loads go on as in any frame, and the state is the same to
        the bit. Nothing is drawn, so a step costs a fraction of one; screenshots and `pick_drawn` wait for a frame that
        is (`app.host.step(app)`).

        Args:
            count: frames, 1 to 100,000,000.

        Raises:
            LayerwError: the program runs in a page, which moves it; or one of its own functions called this.
        """
        count = checks.whole("app.step count", count, 1, STEPS_MAX)
        host = self._engine.host
        if not isinstance(host, SteppedHost):
            raise LayerwError("app.step() was called in a page, which moves the program itself; put what shall happen "
                              "each frame into a function with @app.frame.")
        host.step(self, count, seen=False)

    def frame_step(self, time_s: float, dt_s: float, inbox_bytes: int, inbox_needed_bytes: int, *,
                   seen: bool = True) -> None:  # fmt: skip
        """One frame, as a host drives it (a program has `frame` for its own).

        Args:
            time_s, dt_s: since the start, since the last frame, seconds; dt_s < 0: between frames, for transfers alone.
            inbox_bytes, inbox_needed_bytes: events in the inbox, and the room that the next one needs.
            seen: whether a picture is made.
        """
        self._engine.frame_step(time_s, dt_s, inbox_bytes, inbox_needed_bytes, seen=seen)

    # -- the kit -------------------------------------------------------------------------------

    @property
    def audio(self) -> Audio:
        """What is heard, from where the main view's camera is: see lw.Sound."""
        from layerw.audio.audio import Audio

        return self._engine.subsystems.get("audio", Audio)

    @property
    def buses(self) -> Buses:
        """Groups of sounds with a gain: `app.buses["music"].gain = 0.5`; also "main", "sfx", "voice", "ui"."""
        return self.audio.buses

    def music(self, url: str | PathLike[str] | Sound | None, *, fade: float = 1.0, gain: float = 1.0,
              loop: bool = True) -> Track | None:  # fmt: skip
        """Plays a piece of music on the bus "music"; what played before fades out meanwhile.

        Args:
            url: a file, which the browser streams, however long it is; or a lw.Sound. None: only ends what plays.
            fade: seconds, 0 to 600.
            gain: 0 to 16.
            loop: again and again.

        Returns a Track (`gain`, `fade(gain, seconds)`, `stop(fade)`, `playing`, `time`), or None.
        """
        return self.audio._music.change(url, fade, gain, loop)

    @property
    def actions(self) -> Actions:
        """Input by what it is for: `app.actions.bind("jump", "Space", "Gamepad.South")`; see Actions."""
        from layerw.actions.actions import Actions

        return self._engine.subsystems.get("actions", Actions)

    @property
    def ui(self) -> Ui:
        """Words and controls above the picture: `app.ui.text("Score 0")`; see layerw.ui."""
        from layerw.ui.ui import Ui

        return self._engine.subsystems.get("ui", Ui)

    def _labels(self) -> Labelling:
        """For lw.Label."""
        return self._engine.drawings.labels

    @property
    def store(self) -> Store:
        """What is kept between visits: `app.store["best"] = 12`, `app.store.get("best", 0)`; see Store."""
        from layerw.saves.store import Shelf, Store

        return Store(self._engine.subsystems.get("store", Shelf))

    @property
    def saves(self) -> Saves:
        """What `save` and `restore` know: versions, migrations, the slots that there are; see Saves."""
        from layerw.saves.saves import Saves

        return self._engine.subsystems.get("saves", lambda port: Saves(port, self.store._shelf))

    @property
    def files(self) -> Files:
        """Files of the user's machine: `await app.files.open(".json")`, `app.files.save("level.json", text)`."""
        from layerw.saves.desk import Desk, Files

        return Files(self._engine.subsystems.get("desk", Desk))

    @property
    def clipboard(self) -> Clipboard:
        """Text of the clipboard: `app.clipboard.write("Hello")`, `await app.clipboard.read()`."""
        from layerw.saves.desk import Clipboard, Desk

        return Clipboard(self._engine.subsystems.get("desk", Desk))

    @property
    def locale(self) -> str:
        """The user's language: "de-CH"; lw.Table has a program's words in several."""
        from layerw.saves.words import language

        return language(self._engine.host.options())

    def save(self, name: str, data: Any = None) -> None:
        """Keeps the scene as it is now: the entities that the program spawned, with their transforms, looks, parents
        and components. data: what else belongs to it, as for app.store; `restore` gives it back.

        Raises:
            SaveError, BudgetError: it can't be kept; what was kept under that name stays.
        """
        self.saves.save(name, data)

    def restore(self, name: str) -> Any:
        """Makes the scene as it was saved, and gives back the save's `data`. Handles of entities that are still there
        stay good; what was spawned since goes.

        Raises:
            KeyMissing: there is no such save. SaveError: it is cut, damaged, newer or of another program; the scene
            stays as it is.
        """
        return self.saves.restore(name)

    def keep(self, name: str, default: Value) -> Value:
        """A value that survives when a development server's page starts the program again (a saved file that can't be
        taken in place): the one from before, else the default. `counter = app.keep("counter", 0)` keeps the global.

        Args:
            name: of the value; default: what JSON can hold, or a numpy array.
        """
        checks.instance("app.keep name", name, str, "a text (str)")
        if self._engine.kept is None:
            from layerw.saves.kept import Kept

            self._engine.kept = Kept((self._engine.host.options().get("kept") or {}).get("values") or {})
        return self._engine.kept.take(name, default)

    def animator(self, models: Model | Sequence[Model], /, **parameters: float | bool) -> AnimationGraph:
        """States and transitions that play a model's clips: `app.animator(fox, speed=0.0)`; see AnimationGraph.

        Args:
            models: one that is ready, or some of one file, which all are moved in one go.
            parameters: what mixtures and transitions ask for, with their first values.
        """
        from layerw.animation.graph import AnimationGraph

        given = [models] if isinstance(models, (Model, str)) else models
        found = [checks.instance("app.animator models", model, Model, "a lw.Model or some")
                 for model in checks.instance("app.animator models", given, Sequence, "a lw.Model or some")]
        graph = AnimationGraph(self._engine._animations(), self._engine.failures, found, parameters)
        self._engine.scenes.own(graph.close)
        return graph

    @property
    def physics(self) -> Physics:
        """Rigid bodies: gravity, contacts, rays; `app.physics.add(crowd, "dynamic", shape="box")`; see Physics."""
        from layerw.physics.physics import Physics

        return self._engine.subsystems.get("physics", Physics)

    @property
    def navigation(self) -> Navigation:
        """Where one can walk, ways there and crowds: `app.navigation.bake(ground)`, `.path(a, b)`; see Navigation."""
        from layerw.navigation.navigation import Navigation

        return self._engine.subsystems.get("navigation", Navigation)

    # -- together --------------------------------------------------------------------------------

    @property
    def is_server(self) -> bool:
        """Whether this is the side that decides: `layerw serve` runs it; in a page False."""
        return bool(self._engine.host.options().get("server"))

    @property
    def net(self) -> Net:
        """Who plays, and how the connection is: `app.net.player`, `.players`, `.state`; see Net."""
        from layerw.net.net import Net

        return self._engine.subsystems.get("net", Net)

    def connect(self, url: str | None = None, *, room: str | None = None) -> None:
        """Joins a room; what is shared there is shown here from then on. Nothing on the server. See app.net.state.

        url: of another server, "wss://…/room"; None: the room of the server that the program came from. room: its name,
        of small letters, digits, - and _, where the server has several (`layerw serve --rooms`).
        """
        self.net._connect(url, room)

    def disconnect(self) -> None:
        """Leaves the room: what was told of it goes here, and the player's things there. `app.connect()` joins anew."""
        self.net._disconnect()

    def on_join(self, callback: AnyCallback) -> AnyCallback:
        """Decorator: calls the function on the server with the lw.Player who joined, once for each."""
        return self.net._on_join(callback)

    def on_leave(self, callback: AnyCallback) -> AnyCallback:
        """As `on_join`, with who left, 30 s after the connection was lost; then the player's entities are despawned."""
        return self.net._on_leave(callback)

    def rpc(self, to: str = "server", *, rate: float = 10.0) -> Callable[[Rpc], Rpc]:
        """Decorator: a function that runs on another side when it is called.

            @app.rpc(to="server", rate=5.0)
            def shoot(player, direction: lw.f32x3): ...

            shoot((0, 0, -1))      # on a client: the server runs it

        Args:
            to: "server"; "all": every client, also where a client calls it; "owner": the client of the lw.Player that
                is given first, called by the server.
            rate: calls a second that one player may make, above 0; more are dropped.

        `player` is who called it, None where the server did; with "owner" the player on whose side it runs. All other
        arguments have an annotation (float, int, bool, str, lw.f32x3 …), which is checked on both sides. The call gives
        False where nobody got it.
        """
        return self.net._rpc(to, rate)

    def predict(self, component: type, *,
                bounds: Mapping[str, Any] | None = None) -> Callable[[Callable[..., Any]], Prediction]:  # fmt: skip
        """Decorator: a function that moves what a player owns, at once where he plays and with the same inputs on the
        server, in steps of 1/60 s.

            @app.predict(Hero, bounds={"move": (-1, 1)})
            def walk(hero, dt, move: lw.f32x2, jump: bool):
                hero.move((4 * move[0], 0, -4 * move[1]), jump=jump)

            @walk.begin            # on both sides: what `hero` is
            def begin(entity): return lw.Character(app, entity)

            @walk.input            # where somebody plays
            def wish(): return stick.value, space.pressed

        Args:
            component: a shared one with a field `owner: lw.Player`; whoever has it and is a player's is moved by that
                player's inputs alone. All its fields are predicted, and a Character that `begin` gives.
            bounds: (lowest, highest) of inputs by name; what is beyond is brought within, on both sides.

        Inputs have annotations as arguments of `app.rpc`, but no texts. Where the server comes to something else, its
        state counts: the player's side goes on from there, and shows it going over in 0.1 s. See Prediction.
        """
        return self.net._predict(component, bounds)


SETTABLE = frozenset(checks.settable(App))
