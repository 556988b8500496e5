"""What the game kit costs a frame: runs on CPython and, as the same text, in Pyodide in a page.

`main()` returns one line of JSON: {case: milliseconds}. Nothing is drawn, so times are of Python and of the kernels; a
case's are those of its subsystem's hooks, the mean of the frames of the quickest turn of TURNS. On CPython they are the
thread's own time, as others share the machine; a page has a clock on the wall alone.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np

import layerw as lw
from layerw.hosts.headless import HeadlessHost
from layerw.saves.records import PAGE_FOLDER, PROGRAM

FRAMES, TURNS, WARM_UP = 120, 5, 20
now_s = time.perf_counter if sys.platform == "emscripten" else time.thread_time
Step = Callable[[], Any]


class Timed:
    """An app whose subsystems' hooks are timed, and the kernels that they call by themselves."""

    def __init__(self, **settings: Any) -> None:
        self.host = HeadlessHost()
        self.app = lw.App(host=self.host, **settings)
        self.spent_s = self.kernel_s = 0.0

    def clock(self, name: str, kernels: object = None) -> None:
        """From now on counts what the hooks of a subsystem take, and its kernels apart."""
        hooks = self.app._engine.subsystems._hooks
        for hook, calls in hooks.items():
            hooks[hook] = [(one, self._timed(call, "spent_s") if one == name else call) for one, call in calls]
        for function in dir(kernels):
            if function.startswith("lw_"):
                setattr(kernels, function, self._timed(getattr(kernels, function), "kernel_s"))

    def _timed(self, call: Callable[..., Any], where: str) -> Callable[..., Any]:
        def timed(*values: Any) -> Any:
            start = now_s()
            try:
                return call(*values)
            finally:
                setattr(self, where, getattr(self, where) + now_s() - start)

        return timed

    def run(self, each: Step = lambda: None, frames: int = FRAMES, turns: int = TURNS) -> tuple[float, float]:
        """Milliseconds a frame of the quickest turn: all of it with what `each` takes, and the kernel's part."""
        self._turn(lambda: None, WARM_UP)
        return min(self._turn(each, frames) for _ in range(turns))

    def _turn(self, each: Step, frames: int) -> tuple[float, float]:
        self.spent_s = self.kernel_s = 0.0
        own = self._timed(each, "spent_s")
        for _ in range(frames):
            own()
            self.host.step(self.app, 1)
        return self.spent_s / frames * 1e3, self.kernel_s / frames * 1e3


def emitters() -> dict[str, float]:
    """100 loops on things that move."""
    timed = Timed()
    places = np.random.default_rng(1).uniform(-30, 30, (100, 3))
    things = timed.app.spawn_many(lw.Mesh.box(), 100, position=places)
    hum = lw.Sound.from_array(np.zeros(48_000, np.float32), 48_000)
    for one in things:
        hum.play(at=one, loop=True)
    timed.clock("audio")

    @timed.app.frame
    def move(dt: float) -> None:
        things.position += 0.01

    return {"100 moving emitters": timed.run(frames=300)[0]}


def widgets() -> dict[str, float]:
    """100 texts that say something else each frame."""
    timed = Timed()
    texts = [timed.app.ui.text("") for _ in range(100)]
    timed.clock("ui")
    count = 0

    def write() -> None:
        nonlocal count
        count += 1
        for text in texts:
            text.text = f"{count}"

    return {"100 widgets updated": timed.run(write)[0]}


def agents() -> dict[str, float]:
    """500 that walk to and fro on a plane."""
    timed = Timed()
    ground = timed.app.spawn(lw.Mesh.plane(120, 120), static=True)
    timed.app.navigation.bake(ground, cell=0.4)
    crowd = timed.app.spawn_many(lw.Mesh.box(), 500, position=timed.app.navigation.random(500, seed=1))
    walkers = timed.app.navigation.add(crowd, speed=2.0)
    walkers.target = timed.app.navigation.random(500, seed=2)
    timed.clock("navigation")
    return {"500 agents": timed.run()[0]}


def bodies() -> dict[str, float]:
    """1,000 boxes in a pit that stay awake, and 10,000 that sleep."""
    timed = Timed(entities_max=12_000)
    app = timed.app
    for x, z, wide, deep in ((0, 0, 30, 30), (-8, 0, 1, 17), (8, 0, 1, 17), (0, -8, 17, 1), (0, 8, 17, 1)):
        tall = 1 if x == z == 0 else 40
        app.spawn(lw.Mesh.box(wide, tall, deep), position=(x, tall / 2 - 1, z), body=lw.Body("static"))
    rows = np.stack(np.meshgrid(*[np.arange(10)] * 3), axis=-1).reshape(-1, 3)
    boxes = app.spawn_many(lw.Mesh.box(), 1000, position=(rows - (4.5, 0, 4.5)) * 1.1 + (0, 2, 0))
    app.physics.add(boxes, "dynamic", shape="box", sleeps=False)
    timed.clock("physics", app.physics._world.kernels)

    app.physics.advance(120)
    total, kernel = timed.run(frames=60)
    boxes.despawn()
    spread = np.stack(np.meshgrid(np.arange(100), np.arange(100)), axis=-1).reshape(-1, 2) * 2.0 + 20
    app.spawn(lw.Mesh.box(400, 1, 400), position=(120, -0.5, 120), body=lw.Body("static"))
    still = app.spawn_many(lw.Mesh.box(), 10_000, position=np.insert(spread, 1, 0.5, axis=1))
    app.physics.add(still, "dynamic", shape="box")
    app.physics.advance(90)
    assert not still.body.awake.any()
    return {"1,000 active boxes, kernels and Python": total, "1,000 active boxes, Python": total - kernel,
            "10,000 sleeping boxes": timed.run()[0]}


@lw.component
class Health:
    """What is saved."""

    hp: lw.f32 = 100.0


def saves() -> dict[str, float]:
    """10,000 entities at random places with a component."""
    if sys.platform == "emscripten":  # as the page does before it starts a program that saves
        PAGE_FOLDER.mkdir(exist_ok=True)
        (PAGE_FOLDER / PROGRAM).write_text("kit")
    timed = Timed(entities_max=12_000)
    places = np.random.default_rng(1).uniform(-500, 500, (10_000, 3))
    timed.app.spawn_many(lw.Mesh.box(), 10_000, position=places).add(Health)
    data, packing, unpacking = b"", [], []
    for _ in range(TURNS):
        start = now_s()
        data = timed.app.saves.pack()
        middle = now_s()
        timed.app.saves.unpack(data)
        packing.append(middle - start)
        unpacking.append(now_s() - middle)
    return {"saving 10,000 entities": min(packing) * 1e3, "restoring them": min(unpacking) * 1e3,
            "their kilobytes": len(data) / 1e3}


def main() -> str:
    """All cases."""
    found: dict[str, float] = {}
    for case in (emitters, widgets, agents, bodies, saves):
        found |= case()
        print(case.__name__, found, file=sys.stderr, flush=True)
    return json.dumps(found)


if __name__ == "__main__":
    print(main())
