"""app.debug.ui without a page: what is called for is there, what is not is gone, who has the last word on a value."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

import layerw as lw
from layerw.hosts.headless import HeadlessHost


@pytest.fixture
def app() -> Iterator[lw.App]:
    made = lw.App(host=HeadlessHost())
    yield made
    made.close()


def widgets(app: lw.App) -> dict[str, Any]:
    """Those that are there, by their words."""
    tree = app.ui._tree
    return {getattr(one, "text", None) or getattr(one, "title", ""): one for one in tree.nodes.values()}


class Program:
    """One frame function whose body changes."""

    def __init__(self, app: lw.App) -> None:
        self.app, self.body, self.got = app, (lambda: None), None
        app.frame(self._frame)

    def _frame(self, dt: float) -> None:
        self.got = self.body()

    def run(self, body: Callable[[], Any], count: int = 1) -> Any:
        self.body = body
        self.app.host.step(self.app, count)
        assert self.app.report()["errors"] == []
        return self.got


@pytest.fixture
def program(app: lw.App) -> Program:
    return Program(app)


def test_what_is_not_called_for_is_gone_with_its_panel(app: lw.App, program: Program) -> None:
    ui = app.debug.ui
    program.run(lambda: (ui.text("one"), ui.text("two"), ui.button("go")), 3)
    assert {"Debug", "one", "two", "go"} == set(widgets(app))
    program.run(lambda: ui.text("one"))
    assert {"Debug", "one"} == set(widgets(app))
    program.run(lambda: None)
    assert widgets(app) == {}
    program.run(lambda: ui.text("again"))
    assert {"Debug", "again"} == set(widgets(app))


def test_a_person_and_the_program_change_a_value(app: lw.App, program: Program) -> None:
    ui, speed = app.debug.ui, 2.0

    def body() -> float:
        nonlocal speed
        speed = ui.slider("speed", speed, 0.0, 10.0)
        return speed

    assert program.run(body) == 2.0
    widgets(app)["speed"].change(5.0)
    assert program.run(body, 3) == 5.0
    widgets(app)["speed"].change(6.0)
    assert program.run(body) == 6.0
    speed = 1.5
    assert program.run(body, 2) == 1.5
    assert widgets(app)["speed"].value == 1.5


def test_a_constant_is_where_it_begins(app: lw.App, program: Program) -> None:
    body = lambda: app.debug.ui.checkbox("fog", True)  # noqa: E731
    assert program.run(body, 2) is True
    widgets(app)["fog"].change(False)
    assert program.run(body, 3) is False


def test_buttons_are_pressed_for_one_frame(app: lw.App, program: Program) -> None:
    body = lambda: app.debug.ui.button("jump")  # noqa: E731
    assert program.run(body) is False
    widgets(app)["jump"].click()
    assert program.run(body) is True
    assert program.run(body) is False


def test_sections_hold_their_own_names(app: lw.App, program: Program) -> None:
    ui = app.debug.ui

    def body() -> tuple[float, float, str]:
        with ui.section("left"):
            a = ui.slider("x", 1.0, 0, 5)
        with ui.section("right"):
            b = ui.slider("x", 2.0, 0, 5)
        return a, b, ui.select("level", "easy", ["easy", "hard"])

    assert program.run(body, 2) == (1.0, 2.0, "easy")
    assert len(app.ui._tree.nodes) == 8
    program.run(lambda: None)
    assert not app.ui._tree.nodes


def test_values_bars_and_plots_say_what_is_passed(app: lw.App, program: Program) -> None:
    ui = app.debug.ui
    values = iter((1.0, 3.0, 2.0))

    def body() -> None:
        ui.value("at", app.camera.position)
        ui.bar("health", 7.0, 5.0)
        ui.plot("ms", next(values))

    program.run(body, 3)
    texts = list(widgets(app))
    assert any(text.startswith("at: (") for text in texts)
    assert "▁█▅\nms: 2 (1 to 3)" in texts
    assert widgets(app)["health"].value == 5.0


def test_knobs_set_what_an_object_has(app: lw.App, program: Program) -> None:
    body = lambda: app.debug.ui.knobs("clouds", app.clouds)  # noqa: E731
    program.run(body, 2)
    cover = widgets(app)["cover"]
    assert (cover.low, cover.high) == (0.0, pytest.approx(0.64))
    cover.change(0.5)
    program.run(body)
    assert app.clouds.cover == 0.5
    app.clouds.height_m = 900.0
    program.run(body, 2)
    assert widgets(app)["height_m"].value == 900.0


def test_knobs_of_an_object_of_properties(app: lw.App, program: Program) -> None:
    light = app.light_probes(center=(0, 2, 0), size=(4, 4, 4))
    body = lambda: app.debug.ui.knobs("probes", light)  # noqa: E731
    program.run(body, 2)
    widgets(app)["strength"].change(0.5)
    program.run(body)
    assert light.strength == 0.5


def test_pause_keeps_what_is_there_and_a_scene_that_ends_does_not(app: lw.App, program: Program) -> None:
    program.run(lambda: app.debug.ui.text("here"))
    app.paused = True
    app.host.step(app, 3)
    assert "here" in widgets(app)


def test_what_is_wrong_is_told(app: lw.App) -> None:
    ui = app.debug.ui
    ui.button("a")
    with pytest.raises(lw.LayerwError, match="'a' twice in this frame"):
        ui.button("a")
    with pytest.raises(lw.ConfigError, match=r"debug\.ui\.slider\('s'\) value is 11"):
        ui.slider("s", 11.0, 0.0, 10.0)
    with pytest.raises(lw.ConfigError, match="from 5 to 0; low has to be below high"):
        ui.slider("s", 1.0, 5.0, 0.0)
    with pytest.raises(lw.KindError, match="settings is 3; it takes an object"):
        ui.knobs("k", 3)
    with pytest.raises(lw.KindError, match="text"):
        ui.text(3)  # type: ignore[arg-type]
    with pytest.raises(AttributeError, match="slider"):
        ui.slidr("s")  # type: ignore[attr-defined]


def test_a_program_without_it_imports_nothing_of_it(app: lw.App) -> None:
    app.debug.line((0, 0, 0), (1, 0, 0))
    app.host.step(app)
    assert app._engine.subsystems.find("debug_ui") is None


def test_ends_and_options_are_those_of_this_frame(app: lw.App, program: Program) -> None:
    ui = app.debug.ui
    for number in (1, 2, 3):
        assert program.run(lambda n=number: ui.slider("far", 9.0 * n, 8.0 * n, 10.0 * n)) == 9 * number
    widgets(app)["far"].change(30.0)
    assert program.run(lambda: ui.slider("far", 27.0, 0.0, 29.0)) == 27.0, "what a person left is beyond the new end"
    for word in ("one", "two"):
        assert program.run(lambda w=word: ui.select("level", w, [w, "none"])) == word
    program.run(lambda: ui.bar("full", 9.0, 10.0))
    program.run(lambda: ui.bar("full", 19.0, 20.0))
    assert widgets(app)["full"].value == 19.0


def test_empty_words_and_far_numbers_are_shown(app: lw.App, program: Program) -> None:
    ui = app.debug.ui
    assert program.run(lambda: ui.input("name")) == "" and program.run(lambda: ui.text("")) is None
    for values in [(-1e308, 1e308), (0.0, 5e-324)]:
        program.run(lambda v=values: [ui.plot(f"line {one}", one) for one in v])
        for one in values:
            program.run(lambda v=one: ui.plot("line", v))
        program.run(lambda: None)


@pytest.mark.parametrize("call", [
    lambda ui: ui.slider("a", 1.0, "x", 2.0), lambda ui: ui.slider("a", 1.0, 0.0, 10**400),
    lambda ui: ui.select("a", "b", 5), lambda ui: ui.select("a", "b", [1, 2]),
    lambda ui: ui.knobs("a", 5), lambda ui: ui.knobs("a", None), lambda ui: ui.checkbox("a" * 9999, 3)])  # fmt: skip
def test_values_that_are_none_are_told_in_short(app: lw.App, call: Callable[[Any], object]) -> None:
    with pytest.raises(lw.LayerwError) as told:
        call(app.debug.ui)
    assert len(str(told.value)) < 300


def test_knobs_of_what_has_slots_and_odd_values(app: lw.App, program: Program) -> None:
    class Odd:
        __slots__ = ("far", "none", "size", "word")

        def __init__(self) -> None:
            self.far, self.none, self.size, self.word = 10**400, float("nan"), 2.0, ""

    odd = Odd()
    program.run(lambda: app.debug.ui.knobs("odd", odd), 2)
    widgets(app)["size"].change(3.0)
    program.run(lambda: app.debug.ui.knobs("odd", odd))
    assert odd.size == 3.0
    for thing in (app.camera, app.view, app.spawn(lw.Mesh.box()), app.light_probes((0, 0, 0), (1, 1, 1))):
        program.run(lambda t=thing: app.debug.ui.knobs("of it", t), 2)


def test_calls_after_the_end_are_told() -> None:
    app = lw.App(host=HeadlessHost())
    ui, debug = app.ui, app.debug.ui
    app.close()
    for late in (lambda: debug.text("one"), lambda: debug.slider("speed", 1.0, 0.0, 2.0), lambda: ui.text("one")):
        with pytest.raises(lw.HandleError, match="ended with its App"):
            late()
