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


# -- particles ---------------------------------------------------------------------------------------------------------


def step_numbers(app: lw.App) -> np.ndarray:
    """The numbers of the only emitter's last frame, four a row."""
    (desc,) = (one.desc for one in app._engine.store.materials.values() if one.desc.kind == "step")
    return np.array(desc.numbers).reshape(-1, 4)


def born_in(app: lw.App, host: HeadlessHost, frames: int) -> list[int]:
    found = []
    for _ in range(frames):
        host.step(app, 1)
        found.append(int(step_numbers(app)[0, 3]))
    assert app.report()["errors"] == []
    return found


def test_an_emitter_lets_out_what_its_rate_says() -> None:
    app, host = make()
    host.step(app, 2)
    emitter = app.emitter(rate=90.0, lifetime=2.0)
    assert emitter.count == 200 and isinstance(emitter, lw.Emitter)
    host.step(app, 1)
    born = born_in(app, host, 60)
    assert 89 <= sum(born) <= 91 and max(born) == 2
    emitter.emitting = False
    assert sum(born_in(app, host, 5)) == 0
    emitter.burst(50)
    assert born_in(app, host, 3) == [50, 0, 0]
    emitter.emitting, emitter.rate = True, 600.0
    assert born_in(app, host, 3) == [10, 10, 10]
    app.paused = True
    assert sum(born_in(app, host, 3)) == 0 and step_numbers(app)[1, 1] == 0


def test_passes_are_asked_for_while_there_is_something_to_draw() -> None:
    from layerw.gpu.passes import flag

    app, host = make()

    def asked() -> tuple[bool, bool]:
        host.step(app, 3)
        flags = app._engine._flags(app.view) & app._engine.targets.paid_flags(0)
        return bool(flags & flag("particles")), bool(flags & flag("sprites"))

    assert asked() == (False, False)
    app.weather.rain = 1.0
    assert asked() == (False, True)
    emitter = app.emitter()
    assert asked() == (True, True)
    app.weather.rain = 0.0
    assert asked() == (True, True)
    emitter.despawn()
    assert asked() == (False, False)


def test_births_follow_the_ring_round() -> None:
    app, host = make()
    emitter = app.emitter(rate=0.0, count=100)
    host.step(app, 3)
    heads = []
    for _ in range(4):
        emitter.burst(40)
        host.step(app, 1)
        heads.append(int(step_numbers(app)[0, 2]))
    assert heads == [0, 40, 80, 20]
    emitter.burst(1000)
    host.step(app, 1)
    assert step_numbers(app)[0, 3] == 100, "no more than there are"


def test_particles_stay_in_the_world_when_their_emitter_moves() -> None:
    app, host = make()
    emitter = app.emitter(position=(10_000, 5, 0))
    host.step(app, 3)
    emitter.position = (10_003, 5, 0)
    host.step(app, 1)
    assert np.allclose(step_numbers(app)[2, :3], (-3, 0, 0)), "what is counted from it moves the other way"
    host.step(app, 1)
    assert np.allclose(step_numbers(app)[2, :3], 0)


def test_262_144_particles_are_all_there_is() -> None:
    app, host = make()
    all_of_them = app.emitter(rate=1e5, count=262_144)
    assert all_of_them.count == 262_144
    with pytest.raises(lw.BudgetError, match="262144 particles already"):
        app.emitter()
    host.step(app, 2)
    assert app.report()["errors"] == []
    all_of_them.despawn()
    host.step(app, 1)
    first = app.emitter(count=200_000)
    second = app.emitter(count=100_000)
    assert (first.count, second.count) == (200_000, 62_144 // 64 * 64)
    host.step(app, 1)
    assert any("has room for" in text for _, text in host.logs)


def test_nothing_is_left_of_emitters() -> None:
    app, host = make()
    host.step(app, 2)
    engine = app._engine
    before = app.report()["gpu_bytes"], engine.targets.paid_flags(0), len(engine.store.meshes)
    parent = app.spawn(lw.Mesh.box())
    emitter = app.emitter(lw.Texture(PICTURE), parent=parent)
    host.step(app, 3)
    assert app.report()["gpu_bytes"] >= before[0] + 16 * 2**20, "state is paid for while there are emitters"
    parent.despawn()
    assert not emitter.alive
    host.step(app, 4)
    assert (engine.targets.paid_flags(0), len(engine.store.meshes)) == before[1:]
    assert [one.desc.kind for one in engine.store.materials.values()] == ["pbr"], "spawn's own"
    with pytest.raises(lw.HandleError):
        emitter.burst(3)
    app.emitter()
    app.close()
    assert not engine.store.materials and not engine.store.meshes


def test_emitters_come_back_with_the_device() -> None:
    app, host = make()
    app.emitter(rate=60.0)
    count = draws(app, host)
    host.step(app, 2)
    count = draws(app, host)
    host.lose_device()
    host.step(app, 3)
    assert draws(app, host) == count and 5 <= sum(born_in(app, host, 6)) <= 7


def test_without_an_emitter_no_particle_pass_runs() -> None:
    from layerw.gpu.passes import PASSES, TARGETS, flag
    from layerw.gpu.target_bytes import live_passes

    assert not {"step", "settle", "particles"} & {row.name for row in live_passes(flag("shadows"), PASSES, TARGETS)}


def test_curves_come_to_the_gpu_as_they_were_given() -> None:
    from layerw.effects.emitters import KEYS

    app, host = make()
    app.emitter(size=(1.0, 2.0), color=["#000000", "#ffffff00"], lifetime=(1, 3), spin=(-2, 2))
    host.step(app, 1)
    (desc,) = (one.desc for one in app._engine.store.materials.values() if one.desc.kind == "particles")
    rows = np.array(desc.numbers).reshape(-1, 4)
    assert rows[0].tolist() == [1, 3, -2, 2]
    assert np.allclose(rows[1:3].ravel(), np.linspace(1, 2, KEYS))
    assert np.allclose(rows[3 : 3 + KEYS, 0], np.linspace(0, 1, KEYS)) and np.allclose(rows[10], (1, 1, 1, 0))


def test_an_emitter_points_where_it_is_told() -> None:
    from layerw.base.mathx import quat_rotate

    app, _ = make()
    for direction in ((0, 1, 0), (0, -1, 0), (1, 2, -3), (1, 0, 0)):
        emitter = app.emitter(direction=direction)
        up = quat_rotate(emitter.rotation.astype(np.float64), np.array((0.0, 1.0, 0.0)))
        assert np.allclose(up, np.array(direction) / np.linalg.norm(direction), atol=1e-6)


# -- weather -----------------------------------------------------------------------------------------------------------


def test_what_falls_is_one_draw_and_leaves_nothing() -> None:
    app, host = make()
    dry = draws(app, host)
    rows = app.report()["entities"]
    app.weather.rain, app.weather.wetness = 0.5, 0.8
    assert draws(app, host) == dry + 1
    assert np.allclose(app._engine._view.block.read("weather")[:3], (0.8, 0.5, 0))
    app.weather.snow = 1.0
    assert draws(app, host) == dry + 2
    host.lose_device()
    host.step(app, 3)
    assert draws(app, host) == dry + 2
    app.weather.rain = app.weather.snow = 0.0
    draws(app, host)
    assert draws(app, host) == dry and app.report()["entities"] == rows
    assert not app._engine.store.materials and not app._engine.store.meshes
    app.weather.snow = 0.3
    host.step(app, 2)
    app.close()
    assert not app._engine.store.meshes


def test_rain_falls_by_the_programs_time_and_the_wind() -> None:
    app, host = make()
    app.weather.rain, app.wind.strength = 1.0, 0.0
    host.step(app, 3)

    def offset() -> np.ndarray:
        (desc,) = (one.desc for one in app._engine.store.materials.values())
        return np.array(desc.numbers[:3])

    first = offset()
    host.step(app, 1)
    passed = (offset() - first + 0.5) % 1.0 - 0.5
    assert passed[1] < 0 and np.allclose(passed[[0, 2]], 0, atol=1e-9)
    app.paused = True
    host.step(app, 2)
    still = offset()
    host.step(app, 3)
    assert (offset() == still).all()
    app.paused, app.wind.strength, app.wind.direction = False, 1.0, 1.5707963
    host.step(app, 3)
    assert offset()[0] != still[0]


@pytest.mark.parametrize("name", ["rain", "snow", "wetness"])
@pytest.mark.parametrize("value", [-0.1, 1.1, None, "a", float("nan")])
def test_weather_takes_shares(name: str, value: Any) -> None:
    app, _ = make()
    with pytest.raises(lw.LayerwError, match=name):
        setattr(app.weather, name, value)


def test_places_that_are_no_numbers_stop_an_emitter_until_they_are() -> None:
    app, host = make()
    emitter = app.emitter(rate=600.0)
    host.step(app, 3)
    with np.errstate(invalid="ignore"):
        emitter.position[:] = np.nan
    host.step(app, 3)
    assert np.isfinite(step_numbers(app)).all()
    emitter.position = (0, 1, 0)
    host.step(app, 2)
    assert np.isfinite(step_numbers(app)).all() and step_numbers(app)[0, 3] == 10
