"""Values of every wrong kind, given to every public attribute and call: an error of ours, or none."""

from __future__ import annotations

import inspect
import math
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

import layerw as lw

ODD: list[Any] = [
    None, "x", "", b"ab", -1, 0, 2.5, True, math.nan, -math.inf, 10**400, 2**63, [], {}, object(), (1, 2), (1, 2, 3),
    ["a", "b", "c"],
    [[1, 2], [3]], "\ud800", "a\0b", 1j, (1j, 0, 0), np.array([]), np.array(3.0), np.array(["a"]), np.array([None] * 3),
    np.full(3, 1e39), np.zeros((2, 2)), np.datetime64("2020"), np.timedelta64(5, "s"), (10**400,) * 3, slice(None),
    frozenset([1]), type, iter([1, 2, 3]),
]  # fmt: skip
ENGINES_OWN = {"of_rows", "apply", "receive", "look", "drawn", "area", "inside", "without_other_layers",
               "frame_step"}
ENDING = {"close", "despawn", "destroy", "popitem"}


@pytest.fixture
def app() -> Iterator[lw.App]:
    made = lw.App()
    yield made
    made.close()


def objects(app: lw.App) -> list[Any]:
    scene = [app.spawn(lw.Mesh.box()), app.spawn_many(lw.Mesh.box(), 3), lw.Material()]
    return [app, *scene, app.camera, app.input, app.sun, app.sky, app.fog, app.shadows, app.view, app.page]


def moving(app: lw.App) -> list[Any]:
    """Physics, what plays, what is pressed and shown, and what is kept."""
    box, other = (app.spawn(lw.Mesh.box(), body=lw.Body()) for _ in range(2))
    crowd = app.spawn_many(lw.Mesh.box(), 3)
    app.physics.add(crowd)
    hero = lw.Character(app, app.spawn(lw.Mesh.box()))
    hum = lw.Sound.from_array(np.zeros(480))
    joined = app.physics.join("hinge", box, other)
    ui = app.ui
    widgets = [ui.text("a"), ui.button("b"), ui.slider("c", 0, 1), ui.select("d", ["x", "y"]), ui.list("e", ["x"]),
               ui.input("f"), ui.bar("g"), ui.markdown("h"), ui.dialog("i", visible=False), ui.at(hero.entity)]
    pressed = app.actions.bind("jump", "Space"), app.actions.axis("move", "WASD")
    return [app.physics, box.body, crowd.body, hero, joined, hum, hum.play(loop=True), app.actions, *pressed,
            ui, *widgets, lw.Label("tag"), app.store, app.saves, app.files, app.clipboard, app.audio,
            app.buses]  # fmt: skip


def attempts(thing: Any) -> Iterator[tuple[str, Callable[[Any], object]]]:
    """What can be given a value: by name, and a function that gives it."""
    for name in dir(type(thing)):
        if name.startswith("_") or name in ENGINES_OWN | ENDING or (name == "frame" and not isinstance(thing, lw.App)):
            continue
        member = inspect.getattr_static(type(thing), name)
        if isinstance(member, property) or not callable(getattr(thing, name, None)):
            yield name, lambda value, name=name: setattr(thing, name, value)
            continue
        call = getattr(thing, name)
        parameters = inspect.signature(call).parameters.values()
        plain = [p for p in parameters if p.default is p.empty and p.kind in (0, 1)]
        yield name, lambda value, call=call, plain=plain: call(*(value for _ in plain))


def callables() -> Iterator[tuple[str, Callable[[Any], object]]]:
    """Classes and functions by their first values."""
    kinds: list[Any] = [lw.Mesh.box, lw.Mesh.sphere, lw.Mesh.plane, lw.Material, lw.Perspective, lw.Orthographic,
                        lw.Texture, lw.Texture.load, lw.Budgets, lw.Body, lw.Sound.from_array]  # fmt: skip
    for kind in kinds:
        for parameter in inspect.signature(kind).parameters.values():
            if parameter.kind in (1, 3):
                needed = {"height": 1.0} if kind is lw.Orthographic else {}
                needed |= {"url": "a.png"} if kind == lw.Texture.load else {}
                needed |= {"array": np.zeros(9)} if kind == lw.Sound.from_array else {}
                needed |= {"pixels": np.zeros((1, 1, 4), np.uint8)} if kind is lw.Texture else {}
                name = parameter.name
                yield f"{kind.__qualname__} {name}", (
                    lambda value, kind=kind, name=name, needed=needed: kind(**needed | {name: value}))


def test_no_other_error_than_ours(app: lw.App) -> None:
    tried, wrong = 0, []
    things = [*objects(app), *moving(app)]
    given = [(f"{type(thing).__name__}.{name}", give) for thing in things for name, give in attempts(thing)]
    for name, give in [*given, *callables()]:
        for value in ODD:
            tried += 1
            try:
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")  # numpy on complex numbers
                    give(value)
            except lw.LayerwError as error:
                assert len(str(error)) < 500, str(error)
            except Exception as error:
                wrong.append(f"{name} <- {value!r:.40}: {type(error).__name__}: {error}")
    assert wrong == []
    assert tried > 3000
