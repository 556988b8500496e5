"""Decals on the headless host: draws, order, what ends, what is refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import layerw as lw
from layerw.hosts.headless import HeadlessHost

PICTURE = np.full((4, 4, 4), 255, np.uint8)


def make(**settings: Any) -> tuple[lw.App, HeadlessHost]:
    host = HeadlessHost()
    app = lw.App(host=host, **settings)
    app.camera.position = np.array((0.0, 1.0, 20.0))
    app.camera.look_at((0, 0, 0))
    return app, host


def draws(app: lw.App, host: HeadlessHost) -> int:
    host.step(app, 1)
    assert app.report()["errors"] == []
    return host.sink.draws


def test_a_thousand_decals_of_one_texture_are_one_draw() -> None:
    app, host = make()
    empty = draws(app, host)
    texture = lw.Texture(PICTURE)
    rng = np.random.default_rng(1)
    decals = [app.decal(texture, position=rng.uniform(-3, 3, 3)) for _ in range(1000)]
    assert draws(app, host) == empty + 1
    app.decal(lw.Material(color="red"))
    assert draws(app, host) == empty + 2
    for decal in decals:
        decal.despawn()
    draws(app, host)
    assert draws(app, host) == empty + 1, "those of the other material stay"


def test_decals_of_higher_order_are_drawn_later() -> None:
    app, host = make()
    texture = lw.Texture(PICTURE)
    top, low, middle = (app.decal(texture, order=order) for order in (5, -3, 0))
    host.step(app, 1)
    records = app._engine.shown.drawn.decal
    rows = app._engine.shown.drawn.rows[records[:, 2]]
    assert rows.tolist() == [one.first_row for one in (low, middle, top)]


def test_a_decal_is_an_entity_that_fades() -> None:
    app, host = make()
    parent = app.spawn(lw.Mesh.box(), position=(2, 0, 0))
    decal = app.decal(lw.Texture(PICTURE), size=(2, 1, 0.5), opacity=0.5, color="red", parent=parent)
    assert isinstance(decal, lw.Decal) and decal.parent is not None
    assert decal.opacity == pytest.approx(0.5, abs=1 / 255) and decal.color[0].tolist()[:3] == [255, 0, 0]
    assert np.allclose(decal.direction, (0, -1, 0), atol=1e-6) and decal.size.tolist() == [2, 1, 0.5]
    decal.direction = (0, 0, -3)
    assert np.allclose(decal.direction, (0, 0, -1), atol=1e-6) and np.allclose(decal.rotation, (0, 0, 0, 1), atol=1e-6)
    decal.opacity, decal.size = 1.0, (3, 3, 3)
    assert decal.color[0, 3] == 255 and decal.scale.tolist() == [3, 3, 3]
    assert app.raycast((2, 0, 5), (0, 0, -1)) is not None and app.raycast((3.2, 1.2, 5), (0, 0, -1)) is None
    parent.despawn()
    assert not decal.alive


def test_nothing_is_left_of_decals() -> None:
    app, host = make()
    draws(app, host)
    before = app.report()["gpu_bytes"], len(app._engine.store.materials), len(app._engine.store.textures)
    decal = app.decal(lw.Texture(PICTURE))
    draws(app, host)
    assert len(app._engine.store.materials) == before[1] + 1 and len(app._engine.store.textures) == before[2] + 1
    decal.despawn()
    for _ in range(3):
        draws(app, host)
    assert (len(app._engine.store.materials), len(app._engine.store.textures)) == before[1:]
    app.decal(lw.Texture(PICTURE))
    app.close()
    assert not app._engine.store.materials and not app._engine.store.meshes


def test_a_decal_comes_back_with_the_device() -> None:
    app, host = make()
    texture = lw.Texture(PICTURE)
    app.decal(texture)
    count = draws(app, host)
    host.lose_device()
    host.step(app, 2)
    assert draws(app, host) == count


def test_a_written_material_shows_in_its_decals() -> None:
    app, host = make()
    paint = lw.Material(color="red", unlit=True)
    app.decal(paint)
    draws(app, host)
    materials = app._engine.store.materials
    paint.color = "blue"
    draws(app, host)
    (desc,) = (one.desc for one in materials.values() if one.desc.kind == "decal")
    assert desc.base_color[2] == 1 and desc.lit == 0


def test_what_decals_refuse() -> None:
    app, _ = make()
    texture = lw.Texture(PICTURE)
    gone, shader = lw.Material(), lw.Shader("fn surface(in: SurfaceIn) -> Surface { return default_surface(in); }")
    gone.destroy()
    bad: list[tuple[dict[str, Any], str]] = [
        ({"size": (1, 0, 1)}, "above 0"), ({"size": 1}, "Decal size"), ({"opacity": 2}, "opacity"),
        ({"order": 0.5}, "order"), ({"order": 101}, "order"), ({"direction": (0, 0, 0)}, "no direction"),
        ({"direction": (0, 1, 0), "rotation": (0, 0, 0, 1)}, "one of them"), ({"position": (1, 2)}, "position"),
        ({"look": "rust.png"}, "lw.Texture or a lw.Material"), ({"look": gone}, "destroyed"),
        ({"look": lw.Material(shader=shader)}, "shader")]  # fmt: skip
    for values, words in bad:
        with pytest.raises(lw.LayerwError, match=words):
            app.decal(**{"look": texture, **values})
    assert app.report()["entities"] == 0
