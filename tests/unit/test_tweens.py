"""app.tween: numbers on their way, by the program's time."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import layerw as lw
from layerw.base.tweens import EASES
from layerw.hosts.headless import HeadlessHost


def make() -> tuple[lw.App, Callable[[int], None]]:
    host = HeadlessHost()
    app = lw.App(host=host)
    return app, lambda frames: host.step(app, frames)


def test_every_curve_begins_and_ends_where_it_says() -> None:
    for name, ease in EASES.items():
        assert (ease(0.0), ease(1.0)) == (pytest.approx(0, abs=1e-3), pytest.approx(1, abs=1e-9)), name
        assert all(-0.6 < ease(t) < 1.6 for t in np.linspace(0, 1, 101)), name
        steps = np.diff([ease(t) for t in np.linspace(0, 1, 2001)])
        assert np.abs(steps).max() < 0.01, f"{name} jumps"


def test_it_goes_from_here_to_there_in_time() -> None:
    app, step = make()
    box = app.spawn(lw.Mesh.box(), position=(1, 0, 0))
    tween = app.tween(box, 1.0, position=(3, 0, 8), ease="linear")
    step(30)
    assert box.position.tolist() == pytest.approx([2, 0, 4], abs=1e-5) and tween.active
    step(30)
    assert box.position.tolist() == [3, 0, 8] and not tween.active
    box.position = (0, 0, 0)
    step(5)
    assert box.position.tolist() == [0, 0, 0], "one that is over leaves it alone"


def test_rotations_turn_the_short_way_and_stay_unit() -> None:
    app, step = make()
    box = app.spawn(lw.Mesh.box())
    half = math.radians(340) / 2
    app.tween(box, 1.0, rotation=(0, math.sin(half), 0, math.cos(half)), ease="linear")
    step(30)
    angle = 2 * math.atan2(box.rotation[1], box.rotation[3])
    assert angle == pytest.approx(math.radians(-10), abs=1e-3), "20 degrees back, not 340 on"
    assert float(np.linalg.norm(box.rotation)) == pytest.approx(1, abs=1e-6)


def test_groups_lights_materials_and_settings_are_things() -> None:
    app, step = make()
    crowd = app.spawn_many(lw.Mesh.box(), 3)
    look, lamp = lw.Material(color="black"), app.light("point", intensity=0.0)
    app.tween(crowd, 0.5, position=np.full((3, 3), 2.0), ease="out")
    app.tween(crowd, 0.5, color="red")
    app.tween(look, 0.5, color="white", roughness=0.1)
    app.tween(lamp, 0.5, intensity=100.0)
    app.tween(app.sun, 0.5, elevation=1.0, color="orange")
    orange = lw.App(host=HeadlessHost()).sun
    orange.color = "orange"
    step(31)
    assert (crowd.position == 2).all() and crowd.color[1].tolist() == [255, 0, 0, 255]
    assert look.roughness == pytest.approx(0.1) and np.allclose(look.color, (1, 1, 1, 1))
    assert lamp.intensity == 100 and app.sun.elevation == 1.0
    assert np.allclose(app.sun.color, orange.color), "a colour means what it means when it is assigned"


def test_delay_repeat_and_back() -> None:
    app, step = make()
    box = app.spawn(lw.Mesh.box())
    tween = app.tween(box, 0.5, position=(0, 1, 0), ease="linear", delay=0.5, repeat=1, back=True)
    heights = []
    for _ in range(160):
        step(1)
        heights.append(float(box.position[1]))
    assert heights[28] == 0 and heights[59] == pytest.approx(1, abs=0.04)
    assert heights[89] == pytest.approx(0, abs=0.04) and heights[119] == pytest.approx(1, abs=0.04)
    assert heights[-1] == 0 and not tween.active, "there and back ends where it began"
    endless = app.tween(box, 0.1, position=(1, 0, 0), repeat=math.inf)
    step(600)
    assert endless.active
    endless.finish()
    assert box.position.tolist() == [1, 0, 0]


def test_it_can_be_awaited_cancelled_and_finished() -> None:
    app, step = make()
    box, told = app.spawn(lw.Mesh.box()), []

    async def story() -> None:
        await app.tween(box, 0.25, position=(1, 0, 0))
        told.append(app.frame_number)
        try:
            await second
        except asyncio.CancelledError:
            told.append("cancelled")

    second = app.tween(box, 9.0, scale=(2, 2, 2))
    app.start(story())
    step(20)
    assert told and isinstance(told[0], int)
    second.cancel()
    step(2)
    assert told[1:] == ["cancelled"] and 1 <= box.scale[0] < 2


def test_pause_and_scale_hold_for_it() -> None:
    app, step = make()
    box = app.spawn(lw.Mesh.box())
    app.tween(box, 1.0, position=(1, 0, 0), ease="linear")
    app.paused = True
    step(60)
    assert box.position[0] == 0
    app.paused, app.time_scale = False, 0.5
    step(60)
    assert box.position[0] == pytest.approx(0.5, abs=1e-5)


def test_it_ends_with_its_thing_and_a_failing_one_is_told_alone() -> None:
    app, step = make()

    class Odd:
        level = 0.0

        @property
        def height(self) -> float:
            return self.level

        @height.setter
        def height(self, value: float) -> None:
            if value > 0.5:
                raise ValueError("too high")
            self.level = value

    box, other, odd = app.spawn(lw.Mesh.box()), app.spawn(lw.Mesh.box()), Odd()
    gone = app.tween(box, 1.0, position=(1, 0, 0))
    app.tween(other, 0.5, position=(1, 0, 0))
    app.tween(odd, 0.1, height=0.5, ease="elastic")
    step(2)
    box.despawn()
    step(30)
    assert not gone.active and other.position[0] == 1
    texts = app.report()["errors"]
    assert sum("too high" in text for text in texts) == 1 and not any("despawned" in text for text in texts)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (lambda app, box: app.tween(box, -1, position=(0, 0, 0)), "app.tween seconds is -1"),
        (lambda app, box: app.tween(box, 1), "moves nothing"),
        (lambda app, box: app.tween(box, 1, position=(0, 0, 0), ease="bouncy"), "did you mean .?bounce|bouncy"),
        (lambda app, box: app.tween(box, 1, positon=(0, 0, 0)), "positon"),
        (lambda app, box: app.tween(box, 1, position=(0, 0)), "position"),
        (lambda app, box: app.tween(box, 1, position=(0, math.nan, 0)), "position"),
        (lambda app, box: app.tween(box, 1, position=(0, 0, 0), repeat=-1), "repeat"),
        (lambda app, box: app.tween(box, 0, position=(0, 0, 0), repeat=3), "repeat needs seconds"),
        (lambda app, box: app.tween(box, 1, mesh=3), "mesh"),
        (lambda app, box: app.tween(app, 1, title=3), "title"),
    ],
)
def test_what_can_not_move_is_said(wrong: Callable[[lw.App, Any], Any], message: str) -> None:
    app, step = make()
    box = app.spawn(lw.Mesh.box(), position=(5, 5, 5))
    with pytest.raises((lw.LayerwError, AttributeError), match=message):
        wrong(app, box)
    step(3)
    assert box.position.tolist() == [5, 5, 5]
