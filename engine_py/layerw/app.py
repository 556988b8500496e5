"""App: the face of the engine that a program sees. It holds the engine (engine.py) and hands on what it is asked."""

from __future__ import annotations

from types import NoneType
from typing import TYPE_CHECKING, Any, cast

from layerw.base import checks
from layerw.base.config import Budgets, Config, Network
from layerw.base.errors import KindError, LayerwError
from layerw.base.host_port import MemoryHost, Running, SteppedHost
from layerw.base.names import named
from layerw.engine import Engine
from layerw.face.effects import Effects
from layerw.face.kit import Kit
from layerw.face.pointing import Pointing
from layerw.face.spawning import Spawning
from layerw.face.timing import Timing
from layerw.face.together import Together
from layerw.face.viewing import Viewing
from layerw.frame.report import HasStateHash
from layerw.hosts import default_host

if TYPE_CHECKING:  # imported where they are first used: a program that does without them starts without them
    from layerw.content.scenes import Scene
    from layerw.memory import LayerMemory
    from layerw.scene.table import Table

ENTITIES_MAX = 1 << 24  # rows that the table can hold
STEPS_MAX = 100_000_000  # of one call of App.step


@named
class App(Together, Kit, Pointing, Viewing, Effects, Timing, Spawning):
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
    def memory(self) -> LayerMemory:
        """Memory outside of Python's heap (layerw.memory); opened and charged to the layer budget when first used.

        Raises:
            BudgetError: the layer budget has no room for lw.Budgets(memory_mib=...).
        """
        return self._engine.layer.for_program()

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
        if not hasattr(host, "step"):  # isinstance of a Protocol looks at all of it, for a twentieth of a step
            raise LayerwError("app.step() was called in a page, which moves the program itself; put what shall happen "
                              "each frame into a function with @app.frame.")
        cast(SteppedHost, host).step(self, count, seen=False)

    def frame_step(self, time_s: float, dt_s: float, inbox_bytes: int, inbox_needed_bytes: int, *,
                   seen: bool = True) -> None:  # fmt: skip
        """One frame, as a host drives it (a program has `frame` for its own).

        Args:
            time_s, dt_s: since the start, since the last frame, seconds; dt_s < 0: between frames, for transfers alone.
            inbox_bytes, inbox_needed_bytes: events in the inbox, and the room that the next one needs.
            seen: whether a picture is made.
        """
        self._engine.frame_step(time_s, dt_s, inbox_bytes, inbox_needed_bytes, seen=seen)


SETTABLE = frozenset(checks.settable(App))
