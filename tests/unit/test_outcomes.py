"""on_ready and on_failed of models, worlds and textures from files: once, at once for those who come late."""

from __future__ import annotations

import gc
import weakref
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

import layerw as lw
from layerw.hosts.headless import HeadlessHost
from tests.unit.test_app_contents import glb


def opened(kind: str, folder: Path, good: bool) -> tuple[lw.App, HeadlessHost, Any]:
    """What begins to load, with a file that can be used or can't."""
    (folder / "good.glb").write_bytes(glb())
    Image.new("RGB", (4, 4), "red").save(folder / "good.png")
    for name in ("bad.glb", "bad.png"):
        (folder / name).write_bytes(b"nothing of that kind")
    host = HeadlessHost(folder)
    app = lw.App(host=host)
    which = "good" if good else "bad"
    if kind == "model":
        return app, host, app.load(f"{which}.glb")
    if kind == "world":
        (folder / "tileset.json").write_text(
            '{"asset": {"version": "1.1"}, "geometricError": 1, "root": %s}'
            % ('{"boundingVolume": {"sphere": [0, 0, 0, 1]}, "geometricError": 0}' if good else "3"))
        return app, host, app.stream("tileset.json")
    texture = lw.Texture.load(f"{which}.png")
    app.spawn(lw.Mesh.box(), lw.Material(base_color_texture=texture))
    return app, host, texture


@pytest.mark.parametrize("kind", ["model", "world", "texture"])
@pytest.mark.parametrize("good", [True, False], ids=["good", "bad"])
def test_each_is_told_once_and_late_ones_at_once(kind: str, good: bool, tmp_path: Path) -> None:
    app, host, thing = opened(kind, tmp_path, good)
    told: list[str] = []

    @thing.on_ready
    def ready() -> None:
        told.append(f"ready, {thing.state}")

    @thing.on_failed
    def failed() -> None:
        told.append(f"failed, {thing.state}, {bool(thing.error)}")

    assert told == [] and callable(ready) and callable(failed)
    host.step(app, 60)
    expected = ["ready, ready"] if good else ["failed, failed, True"]
    assert told == expected
    thing.on_ready(ready)
    thing.on_failed(failed)
    assert told == expected * 2
    host.step(app, 5)
    assert told == expected * 2


@pytest.mark.parametrize("kind", ["model", "world", "texture"])
def test_a_mistake_in_on_failed_is_shown_and_the_next_one_is_called(kind: str, tmp_path: Path) -> None:
    app, host, thing = opened(kind, tmp_path, good=False)
    told: list[int] = []
    thing.on_failed(lambda: 1 / 0)
    thing.on_failed(lambda: told.append(1))
    host.step(app, 60)
    assert told == [1] and sum("ZeroDivisionError" in text for text in host.errors) == 1
    assert host.submits == 60


def closed_model(folder: Path) -> tuple[weakref.ref[Any], list[str]]:
    """One that was closed while functions that refer to it waited, and what they said."""
    app, host, model = opened("model", folder, good=True)
    told: list[str] = []
    model.on_ready(lambda: told.append(model.state))
    model.on_failed(lambda: told.append(model.state))
    host.step(app, 1)
    model.close()
    host.step(app, 20)
    return weakref.ref(model), told


def test_a_closed_model_tells_nobody_and_holds_nothing(tmp_path: Path) -> None:
    gc.collect()
    gc.disable()
    try:
        gone, told = closed_model(tmp_path)
        assert told == [] and gone() is None, "freed without the collector"
    finally:
        gc.enable()


def test_a_texture_of_pixels_is_ready(tmp_path: Path) -> None:
    told: list[int] = []
    texture = lw.Texture([[0.0]])
    texture.on_ready(lambda: told.append(1))
    texture.on_failed(lambda: told.append(2))
    assert told == [1]


@pytest.mark.parametrize("wait", ["on_ready", "on_failed"])
def test_what_they_refuse(wait: str) -> None:
    app = lw.App(host=HeadlessHost())
    for thing in (app.load("x.glb"), app.stream("w"), lw.Texture.load("x.png")):
        for bad in (3, None, "f", lambda value: value):
            with pytest.raises(lw.KindError, match=rf"{type(thing).__name__}\.{wait} callback"):
                getattr(thing, wait)(bad)
