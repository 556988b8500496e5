"""Subsystems: domains that a program may do without (physics, sound, words on the screen …).

Owns: which ones run, and when in the frame. One is imported and made where a program first asks for it, hears its half
of the page (web/page/subsystems/NAME.js, imported there with the first message), and fails alone. Does not: know any.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from layerw.base.config import Config
from layerw.base.failures import Failures
from layerw.base.host_port import MemoryHost
from layerw.base.log import Log
from layerw.base.ports import F32, TileDraw
from layerw.base.rays import CheckedRay
from layerw.base.user_code import UserCode
from layerw.frame.overlay import Overlay
from layerw.frame.resources import Resources
from layerw.input.state import Input
from layerw.memory.app_memory import AppMemory
from layerw.memory.ledger import HardLedger
from layerw.messages.codec import OWN_PREFIX, encode_own
from layerw.scene.camera import CameraFrame
from layerw.scene.entity import Entity
from layerw.scene.environment import Environment
from layerw.scene.table import FrameColumns, Table
from layerw.transfer.transfers import FrameTransfers
from layerw.visibility.cull import Visibility

HOOKS = ("events", "before", "fixed", "stepped", "after", "placed", "received", "report")


class Subsystem(Protocol):
    """What a domain's face offers to the frame."""

    def hooks(self) -> Mapping[str, Callable[..., Any]]:
        """Of HOOKS, those that it wants.

        events(events): what happened since the last frame, in order; returns those that app.input shall hear of.
        before(): after the events, before the program runs. fixed(dt): after the program's fixed callbacks of each
        step, seconds. stepped(dt): after the `fixed` of everyone. after(dt): when the program has run; dt: seconds of
        its time that passed, 0 while it is paused. placed(): when everything has its place in the world, before the
        picture. received(value): a message of the page's half. report(): what `app.report()` says under its name, JSON.
        """
        ...

    def close(self) -> None:
        """The program ended: gives everything back."""
        ...


class Met(Protocol):
    """What a ray meets."""

    @property
    def entity(self) -> Entity: ...
    @property
    def distance(self) -> float: ...


@dataclass(frozen=True, slots=True)
class SubsystemPort:
    """What a subsystem may use of the engine."""

    host: MemoryHost
    config: Config
    table: Table
    resources: Resources
    visibility: Visibility
    environment: Environment
    input: Input
    user: UserCode  # calls into the program
    log: Log
    failures: Failures
    heap_ledger: HardLedger
    layer_ledger: HardLedger
    layer: AppMemory
    transfers: FrameTransfers
    camera: Callable[[], CameraFrame]  # the main view's, of this frame
    program_s: Callable[[], float]  # the program's time, seconds
    now_s: Callable[[], float]  # since the start, at this frame, whether the program's time stands or not
    dt_s: Callable[[], float]  # of this frame, seconds, also while the program is paused
    placed: Callable[[], FrameColumns]  # where everything is in the world, as of the hook `placed`
    tiles: Callable[[], TileDraw]  # of worlds, that are drawn in this frame
    nearest: Callable[[CheckedRay], Met | None]  # what a ray meets first
    own: Callable[..., None]  # own(end, has_ended): the current scene ends it
    draw: Callable[[F32, str], None]  # draw(segments (n, 2, 3), color): debug lines of the next picture
    overlay: Overlay  # what lies over the picture
    send: Callable[[object], None] = lambda value: None  # to the page's half, with this frame


S = TypeVar("S", bound=Subsystem)


class Subsystems:
    """Those that run."""

    def __init__(self, port: Callable[[Callable[[object], None]], SubsystemPort], failures: Failures) -> None:
        """port: gives what a subsystem may use, with its way to the page."""
        self._port, self._failures = port, failures
        self._running: dict[str, Subsystem] = {}
        self._hooks: dict[str, list[tuple[str, Callable[..., Any]]]] = {hook: [] for hook in HOOKS}
        self._messages: list[bytes] = []

    def get(self, name: str, make: Callable[[SubsystemPort], S]) -> S:
        """The one of that name, made where there is none yet.

        make: its class, from a module that is imported only there; may raise.
        """
        if name not in self._running:
            made = make(self._port(lambda value: self._messages.append(encode_own(name, value))))
            for hook, call in made.hooks().items():
                self._hooks[hook].append((name, call))
            self._running[name] = made
        return self._running[name]  # type: ignore[return-value]

    def find(self, name: str) -> Subsystem | None:
        """The one of that name if it runs."""
        return self._running.get(name)

    def run(self, hook: str, *values: object) -> bool:
        """Calls all that want to hear it; whether there are any."""
        for name, call in self._hooks[hook]:
            with self._failures.alone(f"The subsystem {name} ({hook})"):
                call(*values)
        return bool(self._hooks[hook])

    def left(self, events: list[Any]) -> list[Any]:
        """Those that no subsystem keeps to itself."""
        for name, call in self._hooks["events"]:
            with self._failures.alone(f"The subsystem {name} (events)"):
                events = call(events)
        return events

    def receive(self, name: str, value: object) -> bool:
        """A message of the page, if it is one of a subsystem's half."""
        if not name.startswith(OWN_PREFIX):
            return False
        for wanted, call in self._hooks["received"]:
            if OWN_PREFIX + wanted == name:
                with self._failures.alone(f"The subsystem {wanted} (received)"):
                    call(value)
        return True

    def report(self) -> dict[str, Any]:
        """What each says of itself."""
        found = {}
        for name, call in self._hooks["report"]:
            with self._failures.alone(f"The subsystem {name} (report)"):
                found[name] = call()
        return found

    def take_messages(self) -> list[bytes]:
        """Those for the page since the last call."""
        messages, self._messages = self._messages, []
        return messages

    def close(self) -> None:
        """Ends all; a program that is closed may begin again."""
        running, self._running = self._running, {}
        for calls in self._hooks.values():
            calls.clear()
        for name, one in running.items():
            with self._failures.alone(f"The subsystem {name} (close)"):
                one.close()
