"""Actions: keys, pads and touches by what they are for; edges, contexts, what a player chooses; headless."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import layerw as lw
from layerw.hosts.headless import HeadlessHost
from layerw.messages.codec import encode_own


class Pilot:
    """A program and a hand at its devices."""

    def __init__(self) -> None:
        self.host = HeadlessHost(size=(800, 600))
        self.app = lw.App(host=self.host)
        self.step()

    def step(self, frames: int = 1) -> None:
        self.host.step(self.app, frames)

    def key(self, name: str, down: bool) -> None:
        self.host.key(name, down)

    def touch(self, phase: int, x: float, y: float, number: int = 0) -> None:
        self.host.send("touch", number, phase, x, y)

    def pad(self, button: int, value: float, pad: int = 0) -> None:
        self.host.send("gamepad_button", pad, button, value)

    def stick(self, x: float, y: float, pad: int = 0, first: int = 0) -> None:
        self.host.send("gamepad_axis", pad, first, x)
        self.host.send("gamepad_axis", pad, first + 1, y)


@pytest.fixture
def p() -> Pilot:
    return Pilot()


def test_a_key_is_pressed_held_and_released(p: Pilot) -> None:
    jump = p.app.actions.bind("jump", "Space", "Gamepad.South", "Touch.Tap")
    seen = []
    p.app.frame(lambda dt: seen.append((jump.pressed, jump.held, jump.released, jump.value)))
    p.step()
    p.key("Space", True)
    p.step(2)
    p.key("Space", False)
    p.step(2)
    off = (False, False, False, 0.0)
    assert seen == [off, (True, True, False, 1.0), (False, True, False, 1.0), (False, False, True, 0.0), off]
    assert p.app.actions["jump"] is jump and list(p.app.actions) == ["jump"] and "jump" in p.app.actions


def test_a_key_down_and_up_within_a_frame_is_a_press_and_then_a_release(p: Pilot) -> None:
    jump = p.app.actions.bind("jump", "Space")
    p.key("Space", True)
    p.key("Space", False)
    p.step()
    assert (jump.pressed, jump.held, jump.released) == (True, True, False)
    p.step()
    assert (jump.pressed, jump.held, jump.released) == (False, False, True)


def test_a_second_source_does_not_press_what_is_held(p: Pilot) -> None:
    jump = p.app.actions.bind("jump", "Space", "KeyJ")
    p.key("Space", True)
    p.step()
    p.key("KeyJ", True)
    p.step()
    assert (jump.pressed, jump.held) == (False, True)
    p.key("Space", False)
    p.step()
    assert (jump.released, jump.held) == (False, True)
    p.step(5)
    assert jump.held_s == pytest.approx(7 / 60)


def test_a_fixed_step_sees_each_press_once_at_any_rate_of_frames() -> None:
    for scale, frames in ((0.25, 12), (1.0, 4), (3.0, 4)):  # steps in every fourth frame, in each, three in each
        p = Pilot()
        p.app.time_scale = scale
        jump = p.app.actions.bind("jump", "Space")
        steps, ups = [], []
        p.app.fixed(lambda dt, jump=jump, steps=steps, ups=ups: (steps.append(jump.pressed), ups.append(jump.released)))
        p.step(3)
        p.key("Space", True)
        p.step(1)
        p.key("Space", False)
        p.step(frames)
        assert steps.count(True) == 1 and ups.count(True) == 1, (scale, steps, ups)


def test_wasd_a_stick_and_a_pad_make_one_axis(p: Pilot) -> None:
    move = p.app.actions.axis("move", "WASD", "Gamepad.LeftStick", "Touch.LeftStick")
    assert move.value.shape == (2,) and move.value.dtype == np.float64
    p.key("KeyW", True)
    p.key("KeyD", True)
    p.step()
    assert np.allclose(move.value, np.array((1, 1)) / np.sqrt(2))
    p.key("KeyW", False)
    p.key("KeyD", False)
    p.stick(0.0, -1.0)  # pushed up
    p.step()
    assert np.allclose(move.value, (0, 1)) and (move.x, move.y) == (0.0, 1.0)
    p.stick(0.1, 0.05)
    p.step()
    assert (move.value == 0).all(), "inside the dead zone"
    p.stick(0.575, 0.0)
    p.step()
    assert np.allclose(move.value, (0.5, 0)), "it begins at the zone's edge"


def test_a_curve_is_finer_in_the_middle(p: Pilot) -> None:
    aim = p.app.actions.axis("aim", "Gamepad2.RightStick", dead_zone=0.0, curve=2.0)
    p.stick(1.0, 0.0, pad=0, first=2)
    p.step()
    assert (aim.value == 0).all(), "another pad's"
    p.stick(-0.5, 0.0, pad=1, first=2)
    p.step()
    assert np.allclose(aim.value, (-0.25, 0))


def test_triggers_have_degrees_and_do_not_chatter(p: Pilot) -> None:
    gas = p.app.actions.bind("gas", "Gamepad.RightTrigger")
    for value, down in ((0.3, False), (0.55, True), (0.45, True), (0.35, False), (0.45, False)):
        p.pad(7, value)
        p.step()
        assert gas.value == pytest.approx(value) and gas.held is down, value


def test_keys_together_and_buttons_as_axes(p: Pilot) -> None:
    save = p.app.actions.bind("save", "Control+KeyS")
    turn = p.app.actions.axis("turn", "KeyQ/KeyE")
    p.key("KeyS", True)
    p.key("KeyE", True)
    p.step()
    assert not save.held and np.allclose(turn.value, (1, 0))
    p.key("ControlRight", True)
    p.step()
    assert save.pressed


def test_touches_tap_swipe_steer_and_hold(p: Pilot) -> None:
    fire, up, hold = (p.app.actions.bind(name, source) for name, source in
                      (("fire", "Touch.Right.Tap"), ("up", "Touch.SwipeUp"), ("hold", "Touch.Hold")))
    move = p.app.actions.axis("move", "Touch.LeftStick")
    seen: list[str] = []
    p.app.frame(lambda dt: seen.extend(one.name for one in (fire, up, hold) if one.pressed))
    p.touch(0, 600, 300)
    p.touch(2, 600, 300)
    p.step(3)
    assert seen == ["fire"]
    p.touch(0, 100, 300)
    p.touch(2, 100, 300)
    p.step(3)
    assert seen == ["fire"], "the left half's tap is another"
    p.touch(0, 600, 300)
    p.step()
    p.touch(1, 610, 220)
    p.step()
    p.touch(2, 610, 220)
    p.step(3)
    assert seen == ["fire", "up"]
    p.touch(0, 100, 300)
    p.step()
    p.touch(1, 100, 270)
    p.step()
    assert np.allclose(move.value, (0, (0.5 - 0.15) / 0.85))
    p.touch(2, 100, 270)
    p.step()
    assert (move.value == 0).all()
    p.touch(0, 500, 300)
    p.step(40)
    assert seen == ["fire", "up", "hold"]


def test_a_drawn_button_is_no_tap_and_no_stick(p: Pilot) -> None:
    actions = p.app.actions
    jump, tap = actions.bind("jump", "Touch.A"), actions.bind("tap", "Touch.Tap")
    look = actions.axis("look", "Touch.RightStick")
    seen: list[str] = []
    p.app.frame(lambda dt: seen.extend(one.name for one in (jump, tap) if one.pressed))
    p.touch(0, 800 - 88, 600 - 88)
    p.step()
    p.touch(1, 800 - 60, 600 - 88)
    p.step()
    assert jump.held and (look.value == 0).all()
    p.touch(2, 800 - 60, 600 - 88)
    p.step(3)
    assert seen == ["jump"] and not jump.held


def test_sticks_and_buttons_are_shown_on_touch_devices_only(p: Pilot) -> None:
    sent: list[object] = []
    actions = p.app.actions
    actions._screen._send = sent.append
    actions.bind("jump", "Touch.A", "Space")
    actions.axis("move", "WASD", "Touch.LeftStick")
    p.step(2)
    assert sent == [{}] and not actions.touch
    p.app._engine.page._receive(encode_own("actions", {"touch": True}))
    p.step(2)
    assert actions.touch and sent[1:] == [{"show": [[712.0, 512.0, 44.0, "jump", False]]}]
    p.touch(0, 100, 300)
    p.step()
    p.touch(1, 160, 300)
    p.step()
    assert sent[-1] == {"show": [[712.0, 512.0, 44.0, "jump", False], [100.0, 300.0, 60.0, "", False],
                                 [160.0, 300.0, 26.0, "", True]]}
    p.touch(2, 160, 300)
    p.step(2)
    assert sent[-1] == sent[1]


def test_circles_are_those_of_the_context_and_none_before_a_dialog(p: Pilot) -> None:
    sent: list[Any] = []
    actions = p.app.actions
    actions._screen._send = sent.append
    actions.bind("jump", "Touch.A", context="play")
    actions.bind("pick", "Touch.A", context="build")
    actions.axis("move", "Touch.LeftStick", context="play")
    p.app._engine.page._receive(encode_own("actions", {"touch": True}))

    def shown() -> list[str]:
        p.step(2)
        return [label for *_, label, _ in sent[-1].get("show", [])]

    assert sent == [{}] and shown() == [], "the page's half begins, and no action counts yet"
    p.touch(0, 100, 300)
    assert shown() == [], "no stick in a menu"
    actions.context = "play"
    assert shown() == ["jump", "", ""]
    p.touch(2, 100, 300)
    actions.context = "build"
    assert shown() == ["pick"]
    actions.context = "play"
    assert shown() == ["jump"]
    actions.bind("stop", "Touch.Y")
    assert sorted(shown()) == ["jump", "stop"]
    actions.context = None
    assert shown() == ["stop"], "one without a context always counts"
    with p.app.ui.dialog("Paused", visible=False) as dialog:
        pass
    other = p.app.ui.dialog("Sure?", visible=False)
    assert shown() == ["stop"]
    dialog.visible = other.visible = True
    assert shown() == []
    dialog.visible = False
    assert shown() == [], "the other one is open"
    other.close()
    assert shown() == ["stop"]
    with p.app.ui.dialog("Gone with its scene"):
        pass
    assert shown() == []


def test_two_fingers_pinch(p: Pilot) -> None:
    zoom = p.app.actions.axis("zoom", "Touch.Pinch", "Mouse.Wheel")
    p.touch(0, 300, 300, 0)
    p.touch(0, 400, 300, 1)
    p.step()
    p.touch(1, 500, 300, 1)
    p.step()
    assert zoom.y == pytest.approx(np.log(2))
    p.step()
    assert zoom.y == 0


def test_contexts_let_go_and_wait_until_what_is_held_was_up(p: Pilot) -> None:
    actions = p.app.actions
    fire = actions.bind("fire", "Enter", context="play")
    choose = actions.bind("choose", "Enter", context="menu")
    any_ = actions.bind("pause", "Escape")
    actions.context = "menu"
    p.key("Enter", True)
    p.step()
    assert choose.pressed and not fire.held
    actions.context = "play"
    p.step()
    assert choose.released and not fire.held, "the Enter that chose does not fire"
    p.key("Enter", False)
    p.step()
    p.key("Enter", True)
    p.key("Escape", True)
    p.step()
    assert fire.pressed and not choose.held and any_.pressed


def test_what_is_held_as_it_is_bound_counts_once_it_was_up(p: Pilot) -> None:
    p.key("KeyJ", True)
    p.step()
    jump = p.app.actions.bind("jump", "Space", "KeyJ")
    p.step()
    assert not jump.pressed and not jump.held, "the press that chose it is no jump"
    p.key("KeyJ", False)
    p.step()
    p.key("KeyJ", True)
    p.step()
    assert jump.pressed


def test_what_a_player_chooses_is_kept(p: Pilot) -> None:
    store: dict[str, object] = {}
    jump = p.app.actions.bind("jump", "Space")
    p.app.actions.keep(store)
    jump.sources = ("KeyJ", "Gamepad.East")
    p.key("KeyJ", True)
    p.step()
    assert jump.pressed and jump.default == ("Space",)
    assert store == {"layerw.actions": {"jump": ["KeyJ", "Gamepad.East"]}}

    later = Pilot()
    later.app.actions.keep(store)
    jump = later.app.actions.bind("jump", "Space")
    assert jump.sources == ("KeyJ", "Gamepad.East")
    later.app.actions.reset()
    assert jump.sources == ("Space",) and store == {"layerw.actions": {}}


def test_what_was_kept_for_another_version_is_told_and_not_taken(p: Pilot) -> None:
    p.app.actions.keep({"layerw.actions": {"jump": ["Gamepad.Paddle9"]}})
    assert p.app.actions.bind("jump", "Space").sources == ("Space",)
    p.step()
    assert any("Gamepad.Paddle9" in text for _, text in p.host.logs)


def test_the_next_source_can_be_asked_for(p: Pilot) -> None:
    p.key("KeyA", True)
    p.step()
    found: list[str] = []

    async def ask() -> None:
        found.append(await p.app.actions.listen())

    p.app.start(ask())
    p.step(3)
    assert found == [], "what is held does not count"
    p.stick(0.0, -0.9)
    p.step(3)
    assert found == ["Gamepad.LeftStickUp"]


def test_rumble_goes_to_the_page(p: Pilot) -> None:
    sent: list[object] = []
    object.__setattr__(p.app.actions, "_port", __import__("dataclasses").replace(p.app.actions._port, send=sent.append))
    p.app.actions.rumble(1.0, 0.25, 0.5, pad=1)
    assert sent == [{"rumble": {"pad": 1, "strong": 1.0, "weak": 0.25, "ms": 500}}]


def run(app: lw.App, story: Any) -> Any:
    task = app.start(story)
    app.host.step(app, 3)  # type: ignore[attr-defined]
    return task.result()


def test_text_is_what_is_offered_without_a_page(p: Pilot) -> None:
    assert run(p.app, p.app.actions.enter_text("Your name", "Ada Lovelace", length=3)) == "Ada"


BAD: list[tuple[Callable[[lw.App], object], type[Exception], str]] = [
    (lambda app: app.actions.bind("jump"), lw.ConfigError, "bound to nothing"),
    (lambda app: app.actions.bind("jump", "KeyWW"), lw.ConfigError, "Did you mean 'KeyW'"),
    (lambda app: app.actions.bind("jump", "Gamepad.Sout"), lw.ConfigError, "Did you mean 'Gamepad.South'"),
    (lambda app: app.actions.bind("jump", "Gamepad.A"), lw.ConfigError, "by their place: Gamepad.South"),
    (lambda app: app.actions.bind("jump", "Gamepad9.South"), lw.ConfigError, "there are 4"),
    (lambda app: app.actions.bind("jump", "WASD"), lw.ConfigError, "is an axis"),
    (lambda app: app.actions.bind("jump", 3), lw.KindError, "it is a text"),
    (lambda app: app.actions.bind("", "Space"), lw.ConfigError, "empty"),
    (lambda app: app.actions.axis("move", "WASF"), lw.ConfigError, "Did you mean 'WASD'"),
    (lambda app: app.actions.axis("move", "KeyA/KeyB/KeyC"), lw.ConfigError, "has 3 parts"),
    (lambda app: app.actions.axis("move", "WASD", dead_zone=1.0), lw.ConfigError, "dead_zone"),
    (lambda app: app.actions.axis("move", "WASD", curve=0), lw.ConfigError, "curve"),
    (lambda app: app.actions["jmp"], lw.KeyMissing, "Did you mean 'jump'"),
    (lambda app: app.actions.axis("jump", "WASD"), lw.ConfigError, "one that is pressed already"),
    (lambda app: run(app, app.actions.enter_text("")), lw.ConfigError, "empty"),
    (lambda app: run(app, app.actions.enter_text("Name", length=0)), lw.ConfigError, "length"),
    (lambda app: app.actions.rumble(2.0), lw.ConfigError, "from 0 to 1"),
    (lambda app: app.actions.keep(3), lw.KindError, "app.store"),
    (lambda app: setattr(app.actions, "contxt", "menu"), lw.AttributeMissing, "context"),
    (lambda app: setattr(app.actions["jump"], "sources", ()), lw.ConfigError, "bound to nothing"),
    (lambda app: setattr(app.actions["jump"], "pressed", True), lw.AttributeMissing, "cannot be assigned"),
]


@pytest.mark.parametrize(("call", "kind", "words"), BAD, ids=range(len(BAD)))
def test_mistakes_say_what_is_meant(p: Pilot, call: Callable[[lw.App], object], kind: type[Exception],
                                    words: str) -> None:  # fmt: skip
    jump = p.app.actions.bind("jump", "Space")
    with pytest.raises(kind, match=words):
        call(p.app)
    assert jump.sources == ("Space",)


def test_focus_lost_releases(p: Pilot) -> None:
    jump = p.app.actions.bind("jump", "Space")
    p.key("Space", True)
    p.step()
    p.host.send("focus", 0, 0)
    p.step()
    assert jump.released


def test_a_program_without_actions_imports_none_of_it() -> None:
    code = ("import sys, layerw as lw; app = lw.App(); app.frame_step(0.0, 1 / 60, 0, 0); "
            "print([m for m in sys.modules if m.startswith(('layerw.actions', 'layerw.saves'))])")
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"


def test_a_player_binds_a_key_for_the_key_and_a_button_for_the_pads(p: Pilot) -> None:
    use = p.app.actions.bind("use", "KeyE", "Gamepad.West", "Touch.B")
    done: list[bool] = []

    async def choose() -> None:
        done.append(await use.rebind())

    def press(down: Callable[[], None], up: Callable[[], None]) -> tuple[str, ...]:
        p.app.start(choose())
        p.step(2)
        down()
        p.step(2)
        up()
        p.step(2)
        return use.sources

    assert press(lambda: p.key("KeyK", True), lambda: p.key("KeyK", False)) == ("KeyK", "Gamepad.West", "Touch.B")
    assert press(lambda: p.pad(3, 1.0), lambda: p.pad(3, 0.0)) == ("KeyK", "Gamepad.North", "Touch.B")
    assert press(lambda: p.key("Escape", True), lambda: p.key("Escape", False))[0] == "KeyK"
    assert done == [True, True, False] and use.key == "K"
    jump, begun = p.app.actions.bind("jump", "Space"), p.app.start(use.rebind())
    p.step(2)
    begun_then = p.app.start(jump.rebind())
    p.step(2)
    p.key("KeyL", True)
    p.step(2)
    p.key("KeyL", False)
    p.step(2)
    assert (begun.result(), use.key) == (False, "K") and (begun_then.result(), jump.key) == (True, "L"), "the newer one"
    task = p.app.start(choose())
    p.step(2)
    task.cancel()
    p.step(2)
    assert not p.app.actions._listening, "a cancelled one waits no more"
    use.sources = "Gamepad.South"
    assert press(lambda: p.key("ShiftLeft", True), lambda: p.key("ShiftLeft", False)) == ("ShiftLeft", "Gamepad.South")


@pytest.mark.parametrize(("source", "words"), [("KeyE", "E"), ("Digit1", "1"), ("ArrowUp", "Up"), ("Space", "Space"),
                                               ("ShiftLeft", "Left Shift"), ("Shift", "Shift"), ("Numpad4", "Numpad 4"),
                                               ("Gamepad2.LeftBumper", "Gamepad 2 Left Bumper"),
                                               ("Mouse.WheelUp", "Mouse Wheel Up"), ("Control+KeyS", "Control + S")])
def test_what_one_presses_in_words(p: Pilot, source: str, words: str) -> None:
    assert p.app.actions.bind("use", source).key == words
