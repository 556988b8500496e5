"""Input state from events, and the cameras that are steered."""

from __future__ import annotations

import math
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import layerw as lw
from layerw.gpu.gen import events as ev
from layerw.gpu.spec import KEYS
from layerw.hosts.headless import HeadlessHost
from layerw.input.fly import FlyCamera
from layerw.input.state import Input
from layerw.scene.camera import Camera

W = KEYS.index("KeyW")


def test_keys_are_held_pressed_once_and_released_when_focus_is_lost() -> None:
    state = Input()
    state._apply([ev.Key(W, 1), ev.Key(W, 1)])
    assert state.key("KeyW") and state.pressed("KeyW")
    state._end_frame()
    assert state.key("KeyW") and not state.pressed("KeyW")
    state._apply([ev.Focus(0, 0)])
    assert not state.key("KeyW")
    with pytest.raises(KeyError, match=r"KeyboardEvent\.code"):
        state.key("w")


def test_pointer_wheel_touch_and_pads() -> None:
    state = Input()
    state._apply([
        ev.PointerMove(5, 6, 1, 2), ev.PointerMove(7, 9, 2, 3), ev.Wheel(0, 4), ev.PointerButton(0, 1, 7, 9),
        ev.Touch(1, 0, 10, 20), ev.Touch(1, 1, 15, 25), ev.GamepadAxis(0, 1, -0.5), ev.GamepadAxis(0, 0, 0.05),
    ])  # fmt: skip
    assert (state.pointer, state.pointer_dx, state.pointer_dy, state.wheel_dy) == ((7, 9), 3, 5, 4)
    assert state.button(0) and state.clicked(0) and state.touches == {1: (15, 25)} and state.touch_starts[1] == (10, 20)
    assert state.pad_axis(1) == -0.5 and state.pad_axis(0) == 0
    state._end_frame()
    state._apply([ev.Touch(1, 2, 0, 0), ev.PointerButton(0, 0, 7, 9)])
    assert not state.touches and not state.button(0) and state.pointer_dx == 0


def test_the_camera_flies_looks_and_stays_above_the_ground() -> None:
    app = SimpleNamespace(camera=Camera(), input=Input())
    app.camera.yaw = app.camera.pitch = 0.0
    fly = FlyCamera(app, ground=lambda x, z: 4.0)
    app.input._apply([ev.Key(W, 1)])
    start = np.array(app.camera.position)
    for _ in range(60):
        fly.update(1 / 60)
    assert app.camera.position[2] < start[2] - 8 and app.camera.position[1] == pytest.approx(5)
    app.input._apply([ev.Focus(1, 1), ev.PointerMove(0, 0, 100, -5000)])
    fly.update(1 / 60)
    assert app.camera.yaw < 0 and app.camera.pitch == pytest.approx(math.radians(89))


def test_walking_stands_at_eye_height() -> None:
    app = SimpleNamespace(camera=Camera(), input=Input())
    fly = FlyCamera(app, ground=lambda x, z: 10.0, walk=True, eye_m=1.7)
    for _ in range(120):
        fly.update(1 / 60)
    assert app.camera.position[1] == pytest.approx(11.7, abs=0.01)


def test_a_tap_between_two_frames_is_there_for_one_frame() -> None:
    state = Input()
    state._apply([ev.Touch(0, 0, 1, 2), ev.Touch(0, 2, 1, 2)])
    assert state.touches == {0: (1, 2)} and state.touch_starts == {0: (1, 2)}
    state._end_frame()
    assert state.touches == {} and state.touch_starts == {}
    state._apply([ev.Touch(0, 0, 1, 2), ev.Touch(0, 2, 1, 2), ev.Touch(0, 0, 5, 6)])  # a second finger, still down
    state._end_frame()
    assert state.touches == {0: (5, 6)}
    state._apply([ev.Touch(0, 2, 5, 6)])
    assert state.touches == {}


def test_gamepads_stay_when_the_focus_goes() -> None:
    state = Input()
    state._apply([ev.GamepadAxis(0, 1, -0.5), ev.GamepadButton(0, 2, 1.0), ev.Key(W, 1), ev.Focus(0, 0)])
    assert state.pad_axis(1) == -0.5 and state.pad_buttons[0, 2] == 1.0 and not state.key("KeyW")


def test_a_program_is_given_keys_without_a_page() -> None:
    host = HeadlessHost()
    app = lw.App(host=host)
    jump, seen = app.actions.bind("jump", "Space"), []
    host.step(app)
    app.frame(lambda dt: seen.append((jump.pressed, app.input.key("Space"))))
    host.key("Space")
    host.step(app, 2)
    host.key("Space", False)
    host.step(app)
    assert seen == [(True, True), (False, True), (False, False)]
    with pytest.raises(lw.ConfigError, match="Did you mean 'Space'"):
        host.key("space")


def test_what_has_numbers_but_is_none_is_told_where_they_are() -> None:
    app = lw.App(host=HeadlessHost())
    cube, move = app.spawn(lw.Mesh.box()), app.actions.axis("move", "WASD")
    with pytest.raises(lw.ShapeError, match=r"Give its `\.position`"):
        app.camera.look_at(cube)
    with pytest.raises(lw.ShapeError, match=r"Give its `\.root\.position`"):
        app.camera.look_at(app.load("models/box.glb"))
    with pytest.raises(lw.ShapeError, match=r"Give its `\.value`"):
        lw.ChaseCamera(app, cube).ahead(move)
    with pytest.raises(lw.KindError, match=r"Its entity is one: give `\.entity`"):
        lw.ChaseCamera(app, SimpleNamespace(entity=cube))
    with pytest.raises(lw.ShapeError, match="it takes 3 finite numbers.$"):
        app.camera.look_at(app)
    with pytest.raises(lw.ShapeError, match="it takes radians"):
        lw.turned(y="a")


def test_a_camera_chases_what_runs_and_stays_before_walls() -> None:
    hits: list[Any] = []
    physics = SimpleNamespace(sweep=lambda *given, layers: hits[-1] if hits else None)
    app = SimpleNamespace(camera=Camera(), input=Input(), physics=physics)
    fox = SimpleNamespace(position=np.zeros(3, np.float32))
    chase = lw.ChaseCamera(app, fox, pitch=0.0, layers=[0], floor=-5)
    chase.update(1 / 60)
    assert np.allclose(app.camera.position, (0, 1, -6.5)) and np.allclose(app.camera.forward, (0, 0, 1))
    assert np.allclose(chase.ahead((0, 1)), (0, 1)) and np.allclose(chase.ahead((1, 0)), (-1, 0))
    chase.update(1 / 60, (-math.pi / 2, 0))  # to the left
    assert np.allclose(app.camera.forward, (1, 0, 0), atol=1e-6) and np.allclose(chase.ahead((0, 1)), (1, 0))
    fox.position[:] = (10, 0, 0)
    chase.update(1 / 60)
    assert 0 < app.camera.position[0] + 6.5 < 4, "it follows, not at once"
    for _ in range(120):
        chase.update(1 / 60)
    assert np.allclose(app.camera.position, (3.5, 1, 0), atol=1e-3)
    hits.append(SimpleNamespace(distance=2.0))
    chase.update(1 / 60)
    assert app.camera.position[0] == pytest.approx(8, abs=1e-3)
    hits[:] = [None]
    chase.update(1 / 60)
    assert 7 < app.camera.position[0] < 8, "out slowly"
    chase.update(1 / 60, (0, 9))
    assert chase.pitch == -0.15
    chase.floor = 3.0
    chase.update(1 / 60)
    assert app.camera.position[1] == 3.0
    other = SimpleNamespace(position=np.full(3, 50, np.float32))
    chase.target = other
    chase.update(10.0)
    assert app.camera.position[0] > 40


@pytest.mark.parametrize(("name", "wrong", "words"), [
    ("pitch", 9, "ChaseCamera.pitch is 9; it takes a number from -0.15 to 1.1"), ("yaw", "left", "yaw is 'left'"),
    ("away_m", -5, "away_m is -5; it takes a number above 0"), ("eye_m", None, "eye_m is None"),
    ("target", SimpleNamespace(root=Camera()), "give `.root`"), ("layers", "walls", "takes a list"),
    ("floor", math.nan, "floor is nan"), ("app", None, "takes an lw.App")])  # fmt: skip
def test_what_is_set_on_a_chasing_camera_is_checked_there(name: str, wrong: Any, words: str) -> None:
    app = SimpleNamespace(camera=Camera(), input=Input())
    chase = lw.ChaseCamera(app, SimpleNamespace(position=np.zeros(3)))
    before = getattr(chase, name)
    with pytest.raises((lw.KindError, lw.ConfigError), match=words):
        setattr(chase, name, wrong)
    assert getattr(chase, name) == before


def test_a_look_beyond_all_numbers_is_told_and_changes_nothing() -> None:
    app = SimpleNamespace(camera=Camera(), input=Input())
    chase = lw.ChaseCamera(app, SimpleNamespace(position=np.zeros(3)))
    with pytest.warns(UserWarning, match="takes radians"):
        chase.update(0.1, (1e308, 0))
    there = app.camera.position.copy()
    with pytest.raises(lw.ConfigError, match="ChaseCamera.yaw is -inf"):
        chase.update(0.1, (1e308, 0))
    chase.update(0.1)
    assert np.allclose(app.camera.position, there)


def test_what_is_set_on_a_flying_camera_is_checked_there() -> None:
    fly = lw.FlyCamera(SimpleNamespace(camera=Camera(), input=Input()))
    for name, wrong in (("speed", "fast"), ("eye_m", -1), ("ground", 3), ("walking", 1), ("floor", math.inf)):
        with pytest.raises((lw.KindError, lw.ConfigError), match=f"FlyCamera.{name}"):
            setattr(fly, name, wrong)


def test_turned_is_what_rotate_does() -> None:
    app = lw.App(host=HeadlessHost())
    one, many = app.spawn(lw.Mesh.box()), app.spawn_many(lw.Mesh.box(), 3)
    one.rotate(x=0.3, y=1.2, z=-0.4)
    assert np.allclose(lw.turned(0.3, 1.2, -0.4), one.rotation, atol=1e-6)
    many.rotation = lw.turned(y=[0, 1, 2])
    assert np.allclose(many.rotation[:, 1], np.sin([0, 0.5, 1])) and lw.turned(y=np.zeros((2, 3))).shape == (2, 3, 4)
    with pytest.raises(lw.ShapeError, match="one shape"):
        lw.turned(x=[1, 2], y=[1, 2, 3])
    with pytest.raises(lw.ShapeError, match="lw.turned y is nan"):
        lw.turned(y=math.nan)
