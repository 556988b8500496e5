"""lw.Scene: one part of a program at a time, and what it made ends with it."""

from __future__ import annotations

import gc
from collections.abc import Callable
from typing import Any

import pytest

import layerw as lw
from layerw.hosts.headless import HeadlessHost


def make() -> tuple[lw.App, Callable[[int], None]]:
    host = HeadlessHost()
    app = lw.App(host=host)
    return app, lambda frames: host.step(app, frames)


class Level(lw.Scene):
    """Makes one of everything."""

    def __init__(self, seed: int = 0) -> None:
        super().__init__(seed)
        self.calls: list[str] = []

    def enter(self) -> None:
        app = self.app
        self.box = app.spawn(lw.Mesh.box())
        self.crowd = app.spawn_many(lw.Mesh.box(), 10, static=True)
        self.child = app.spawn(lw.Mesh.box(), parent=self.box)
        self.lamp = app.light("point")
        self.points = app.points([(0, 0, 0)])
        self.view = app.add_view(lw.Camera(), viewport=(0, 0, 0.5, 0.5))
        self.tween = app.tween(self.box, 100.0, position=(1, 0, 0))
        self.timer = app.every(0.1, lambda: self.calls.append("timer"))
        app.frame(lambda dt: self.calls.append("callback"))
        app.on_added(lw.Position)(lambda entities: None)
        app.page.on("hit", lambda value: self.calls.append(f"page {value}"))

        async def story() -> None:
            try:
                await app.seconds(1000)
            finally:
                self.calls.append("story ends")

        app.start(story())

    def frame(self, dt: float) -> None:
        self.calls.append("frame")

    def fixed(self, dt: float) -> None:
        self.calls.append("fixed")

    def leave(self) -> None:
        self.calls.append(f"leave {self.box.alive}")


def test_everything_of_a_scene_ends_with_it() -> None:
    app, step = make()
    ground = app.spawn(lw.Mesh.plane(4, 4))
    step(3)
    before = app.report()
    level = Level()
    app.enter(level)
    assert app.scene is level
    step(10)
    assert {"frame", "fixed", "timer", "callback"} <= set(level.calls)
    app.enter(None)
    assert app.scene is None and level.calls[-1] in ("leave True", "story ends")
    step(3)
    count = len(level.calls)
    step(30)
    assert len(level.calls) == count, "nothing of it is called any more"
    assert "story ends" in level.calls and not level.tween.active and not level.timer.active and level.view.closed
    assert not any(thing.alive for thing in (level.box, level.crowd, level.child)) and ground.alive
    after = app.report()
    assert (after["entities"], after["errors"]) == (before["entities"], [])
    del level
    gc.collect()
    sizes = []
    for _ in range(4):
        app.enter(Level())
        step(5)
        app.enter(None)
        gc.collect()
        step(3)
        sizes.append(app.report()["gpu_bytes"])
    assert len(set(sizes)) == 1, "and its meshes are given back"


def test_scenes_follow_each_other_from_inside_of_a_frame() -> None:
    app, step = make()
    told: list[str] = []

    class Menu(lw.Scene):
        def enter(self) -> None:
            told.append("menu")

        def frame(self, dt: float) -> None:
            told.append("menu frame")
            self.app.enter(Play())
            self.app.spawn(lw.Mesh.box())  # the next scene's: that one is on

    class Play(lw.Scene):
        def enter(self) -> None:
            told.append(f"play {self.app.report()['entities']}")

        def frame(self, dt: float) -> None:
            told.append("play frame")

    app.enter(Menu())
    step(3)
    assert told[:3] == ["menu", "menu frame", "play 0"] and "play frame" in told
    assert told.count("menu frame") == 1 and app.report()["entities"] == 1
    app.enter(None)
    assert app.report()["entities"] == 0


@pytest.mark.parametrize("when", ["enter", "leave"])
def test_scenes_that_enter_each_other_for_ever_are_told(when: str) -> None:
    app, step = make()
    errors = app.host.errors

    class Ping(lw.Scene):
        def enter(self) -> None:
            if when == "enter":
                self.app.enter(Pong())

        def leave(self) -> None:
            if when == "leave":
                self.app.enter(Pong())

    class Pong(Ping):
        pass

    app.enter(Ping())
    app.enter(None)
    step(1)
    assert len(errors) == 1 and "16 scenes in a row" in errors[0] and "app.after(0.1" in errors[0]
    assert "RecursionError" not in errors[0]
    Ping.enter = Ping.leave = lambda self: None  # type: ignore[method-assign]
    app.enter(Ping())
    step(2)
    assert type(app.scene) is Ping, "the program goes on"
    app.enter(None)
    assert app.scene is None


def test_random_numbers_are_those_of_the_scene() -> None:
    app, _ = make()

    class Dice(lw.Scene):
        def enter(self) -> None:
            self.thrown = self.random.integers(0, 1000, 8).tolist()

    found = []
    for seed in (1, 1, 2):
        scene = Dice(seed)
        app.enter(scene)
        found.append(scene.thrown)
    again = Dice(1)
    for _ in range(2):
        app.enter(again)
        assert again.thrown == found[0], "each time it begins"
    assert found[0] == found[1] != found[2]


def test_a_mistake_in_one_leaves_the_program_whole() -> None:
    app, step = make()

    class Broken(lw.Scene):
        def enter(self) -> None:
            self.app.spawn(lw.Mesh.box())
            raise ValueError("enter fails")

        def leave(self) -> None:
            raise ValueError("leave fails")

    app.enter(Broken())
    step(2)
    assert app.report()["entities"] == 1, "what it made so far is there"
    app.enter(Level())
    step(2)
    errors = app.report()["errors"]
    assert sum("enter fails" in text for text in errors) == sum("leave fails" in text for text in errors) == 1
    assert isinstance(app.scene, Level)


@pytest.mark.parametrize("hook", ["frame", "fixed"])
def test_a_scene_whose_frame_takes_no_dt_is_refused_and_the_one_before_goes_on(hook: str) -> None:
    app = lw.App(host=HeadlessHost())
    before = lw.Scene()
    app.enter(before)
    wrong = type("Level", (lw.Scene,), {hook: lambda self: None})
    with pytest.raises(lw.KindError, match=rf"Level\.{hook} is .*\(self\), but it is called as .*\(self, dt\)"):
        app.enter(wrong())
    assert app.scene is before


def test_enter_and_frames_may_be_async() -> None:
    app, step = make()
    told: list[Any] = []

    class Story(lw.Scene):
        async def enter(self) -> None:
            told.append("begin")
            await self.app.seconds(0.1)
            told.append(self.app.spawn(lw.Mesh.box()))
            await self.app.seconds(100)
            told.append("never")

    app.enter(Story())
    step(20)
    assert len(told) == 2
    app.enter(None)
    step(5)
    assert not told[1].alive and len(told) == 2


def test_a_scene_that_lasts_keeps_no_list_of_what_is_over() -> None:
    app, step = make()

    class Long(lw.Scene):
        def frame(self, dt: float) -> None:
            for _ in range(10):
                self.app.after(0.02, lambda: None)

    app.enter(Long())
    step(200)
    assert len(app._engine.scenes._ends) < 400


@pytest.mark.parametrize("wrong", [Level, 3, "level"])
def test_only_scenes_can_be_entered(wrong: Any) -> None:
    app, step = make()
    level = Level()
    app.enter(level)
    step(1)
    with pytest.raises(lw.KindError, match=r"app\.enter scene is .* it takes a lw\.Scene or None"):
        app.enter(wrong)
    assert app.scene is level and level.box.alive, "the one that is on stays"
    with pytest.raises(lw.LayerwError, match="Scene seed"):
        lw.Scene(seed=-1)
    app.close()
