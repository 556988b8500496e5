"""A program for several players, in one process: the server, clients, and the lines between them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

import layerw as lw
from layerw.hosts.headless import HeadlessHost
from layerw.net.transport import Shaper, Transport, pair


@lw.component(shared=True)
class Craft:
    """What all sides know of a thing."""

    position: lw.f32x3 = lw.field(precision=1 / 128, interpolate=True)
    rotation: lw.f32x4 = lw.field((0, 0, 0, 1), precision=1 / 4096, interpolate=True)
    owner: lw.Player = None  # type: ignore[assignment]
    hp: lw.u8 = 100
    far: lw.f64 = 0.0
    fuel: lw.f32 = 0.0


Program = Callable[[lw.App], None]


@lw.component(shared=True)
class Slider:
    """Moves by arithmetic, with a speed that others see as well."""

    position: lw.f32x3 = lw.field(precision=1 / 256, interpolate=True)
    speed: lw.f32x2 = lw.field(precision=1 / 256)
    owner: lw.Player = None  # type: ignore[assignment]


def sliders(app: lw.App, count: int = 1) -> None:
    """As many of each player's as asked for, pushed about at random."""
    rng = np.random.default_rng(1)

    @app.predict(Slider)
    def slide(thing: Any, dt: float, push: lw.f32x2) -> None:
        state = thing[Slider]
        state.speed = state.speed * 0.98 + push * dt
        thing.move(state.speed[0] * dt, 0, state.speed[1] * dt)

    @slide.input
    def wish() -> Any:
        return rng.uniform(-5, 5, 2).astype(np.float32)

    if app.is_server:

        @app.on_join
        def join(player: lw.Player) -> None:
            for number in range(count):
                app.spawn(lw.Mesh.box(), owner=player, position=(number, 0, 0)).add(Slider)


class Side:
    """An App with its host."""

    def __init__(self, program: Program, **options: Any) -> None:
        self.host = HeadlessHost(options=options)
        self.app = lw.App(host=self.host, entities_max=8192)
        self.heard: list[Any] = []
        self.app.net  # noqa: B018
        program(self.app)

    @property
    def room(self) -> Any:
        return self.app.net._room()

    @property
    def client(self) -> Any:
        return self.app.net._client


class Together:
    """A server and clients, frame by frame. `lines`: both ends of every connection that was made."""

    def __init__(self, program: Program, clients: int = 1, shaper: Shaper | None = None) -> None:
        self.program, self.shaper = program, shaper
        self.server = Side(program, server=True)
        self.lines: list[tuple[Transport, Transport]] = []
        self.clients: list[Side] = []
        for _ in range(clients):
            self.add()

    def line(self, url: str | None = None) -> Transport:
        ends = pair(lambda: self.server.host.frame / 60, self.shaper)
        self.lines.append(ends)
        self.server.app.net._accept(ends[1])
        return ends[0]

    def add(self) -> Side:
        """Another client."""
        side = Side(self.program)
        side.host.connector = self.line
        side.app.connect()
        self.clients.append(side)
        return side

    def step(self, frames: int) -> None:
        for _ in range(frames):
            self.server.host.step(self.server.app)
            for side in self.clients:
                side.host.step(side.app)

    def errors(self) -> list[str]:
        return [text for side in (self.server, *self.clients) for text in side.host.errors]
