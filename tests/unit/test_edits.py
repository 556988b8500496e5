"""world.dig, raise_ and paint: one ground for tiles of every level, heights, rays, bodies, plants and saves."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

import layerw as lw
from layerw.content.edited_mesh import TileGrid, skirt_m
from layerw.gpu.packing import VERTEX_DTYPE
from layerw.hosts.headless import HeadlessHost
from layerw.kernels import rigid
from layerw_server.bake import bake
from layerw_server.bake.sources import load_dem
from tests.unit.world_files import app_over, write_world

LOW_M = 9.0  # of the hills


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`hills`: 256 x 256 m, a height each metre, 21 tiles of three levels."""
    made = tmp_path_factory.mktemp("edits")
    z, x = np.mgrid[0:257, 0:257].astype(np.float32)
    np.savez(made / "hills.npz", elevation=20 + 8 * np.sin(x / 11) * np.cos(z / 13) + 2 * np.sin(x / 3.1 + z / 4.7))
    bake(load_dem(made / "hills.npz", cell_m=1.0, levels=3), made / "hills", jobs=1, texels=32)
    return made


def settled(app: lw.App, host: HeadlessHost, world: Any, *, frames: int = 300) -> None:
    for _ in range(frames):
        host.step(app, 1)
        if world.state == "ready" and world.settled:
            return
    raise AssertionError(f"the world is {world.state}: {world.error}")


@pytest.fixture
def place(folder: Path) -> Iterator[tuple[lw.App, HeadlessHost, Any]]:
    app, host = app_over(folder)
    world = app.stream("hills")
    settled(app, host, world)
    yield app, host, world
    app.close()


def drawn(app: lw.App, world: Any) -> list[npt.NDArray[Any]]:
    """World positions (n, n, 3) of the grids that are drawn with meshes of ours."""
    store, found = app._engine.store, []
    for mesh, origin in zip(world._drawn.mesh.tolist(), world._drawn.origin, strict=True):
        record = store.meshes[mesh]
        if record.kept is not None:
            vertices = record.kept[0].view(VERTEX_DTYPE)["position"] + origin
            side = next(n for n in range(2, 200) if n * n + 4 * (n - 1) == len(vertices))
            found.append(vertices[: side * side].reshape(side, side, 3))
    return found


def test_tiles_of_every_level_lie_on_the_heights_that_the_world_says(place: Any) -> None:
    app, host, world = place
    before = world.heights([0.0, 40.0], [0.0, 40.0])
    world.dig((0, 0, 0), 20, 6)
    world.raise_((30, 0, 5), 12, 9)
    host.step(app, 1)
    changed = world.heights([0.0, 40.0], [0.0, 40.0]) - before
    assert changed == pytest.approx([-6, 0], abs=0.01) and world.edits.heights(0, 0) == pytest.approx(-6, abs=0.01)
    levels = set()
    for away in (120.0, 900.0, 6000.0):  # leaves, what is above them, the root
        app.camera.position = (0.0, away, away)
        app.camera.look_at((0.0, 0.0, 0.0))
        settled(app, host, world)
        tiles = drawn(app, world)
        assert tiles, f"edited tiles are drawn as such from {away} m"
        for tile in tiles:
            levels.add(float(tile[0, 1, 0] - tile[0, 0, 0]))
            expected = world.heights(tile[..., 0], tile[..., 2])
            assert np.abs(tile[..., 1] - expected).max() < 1e-3, "each vertex lies on the ground"
    assert len(levels) >= 2, "several levels were looked at"


def test_neighbours_share_their_borders_and_skirts_reach_below_them(place: Any) -> None:
    app, host, world = place
    world.dig((0, 0, 3), 30, 25)  # where four leaves meet
    host.step(app, 1)
    edges: dict[tuple[float, float], dict[int, float]] = {}
    for number, tile in enumerate(drawn(app, world)):
        for line in (tile[0], tile[-1], tile[:, 0], tile[:, -1]):
            for x, y, z in line.round(6).tolist():
                edges.setdefault((x, z), {})[number] = round(y, 4)
    shared = [list(heights.values()) for heights in edges.values() if len(heights) > 1]
    assert len(shared) > 200, "four tiles meet along two lines"
    assert all(len(set(heights)) == 1 for heights in shared), "one height at each place of a border"
    ground = world._streamer.ground
    column = ground.codes[:, 128].astype(float) * ground.scale_m  # the border between west and east
    at = np.arange(257)
    coarse = np.interp(at, at[::4], column[::4])
    gap = np.abs(column - coarse)[64:129].max()
    assert gap > 0.2 and skirt_m(ground, TileGrid(64, 64, 1, 64)) > gap


def test_ground_that_became_steep_is_drawn_as_finely_as_it_needs(place: Any) -> None:
    app, host, world = place
    app.camera.position = (0.0, 4000.0, 4000.0)
    app.camera.look_at((0.0, 0.0, 0.0))
    settled(app, host, world)
    before = len(world._drawn.mesh)
    world.dig((-90, 0, -90), 20, 0.01)  # elsewhere: tiles are known from the first edit on
    world.raise_((60, 0, 60), 6, 400)  # a needle between the samples of coarse tiles
    host.step(app, 1)
    settled(app, host, world)
    finest = min(float(tile[0, 1, 0] - tile[0, 0, 0]) for tile in drawn(app, world))
    assert len(world._drawn.mesh) > before and finest == 1.0
    world.edits.clear()
    settled(app, host, world)
    assert len(world._drawn.mesh) == before, "as coarse as it was baked"


def test_a_tile_that_comes_again_comes_edited_in_its_first_frame(place: Any) -> None:
    app, host, world = place
    world.dig((10, 0, 10), 15, 8)
    host.step(app, 1)
    tiles = len(drawn(app, world))
    world._streamer.device_lost()  # every tile goes, and is loaded again
    host.step(app, 1)
    assert not len(world._drawn.mesh)
    for _ in range(300):
        host.step(app, 1)
        for tile in drawn(app, world):
            assert np.abs(tile[..., 1] - world.heights(tile[..., 0], tile[..., 2])).max() < 1e-3
        own = app._engine.store.meshes
        rows = world._streamer.residency.rows.drawn.tolist()
        reached = sum(world.edits._tiles._keys.key_of.get(row) in world.edits._tiles._reached for row in rows)
        assert reached == sum(own[mesh].kept is not None for mesh in world._drawn.mesh.tolist()), "no frame without it"
        if world.settled:
            break
    assert len(drawn(app, world)) == tiles
    world.edits.clear()
    host.step(app, 1)
    assert not drawn(app, world) and world.edits.size_bytes == 0
    app._engine.store.check_invariants()


def test_rays_meet_the_edited_ground_also_beyond_the_codes_it_was_baked_with(place: Any) -> None:
    _, _, world = place
    far = world.heights(-100.0, 90.0)
    for number in range(3):  # 60 m below the lowest that the bake could say, then 120 m above the highest
        world.dig((5, 0, 5), 40, 20)
        assert world.raycast((5, 500, 5), (0, -1, 0)).point[1] == pytest.approx(world.height(5, 5)), number
    assert world.height(5, 5) < LOW_M - 40
    world.raise_((60, 0, 60), 30, 150)
    assert world.raycast((60, 500, 60), (0, -1, 0)).point[1] > 150
    assert world.heights(-100.0, 90.0) == pytest.approx(far, abs=0.01), "what is far from it stays, to the centimetre"


def test_the_same_edits_in_another_order_give_the_same_ground(place: Any, folder: Path) -> None:
    _, _, world = place
    one = [(world.dig, (0, 0, 0), 20, 70), (world.raise_, (8, 0, 4), 25, 90), (world.dig, (-50, 0, 20), 9, 3)]
    for call, *arguments in one:
        call(*arguments)
    first, packed = world._streamer.ground.codes.copy(), world.edits._pack()
    scale = world._streamer.ground.scale_m
    world.edits.clear()
    for call, *arguments in reversed(one):
        call(*arguments)
    assert np.array_equal(world._streamer.ground.codes, first) and world._streamer.ground.scale_m == scale
    world.edits.clear()
    world.edits._unpack(packed)
    assert np.array_equal(world._streamer.ground.codes, first) and world._streamer.ground.scale_m == scale


def test_what_is_painted_lies_on_the_tiles_and_mixes(place: Any) -> None:
    app, host, world = place
    world.paint((0, 0, 0), 12, "#ff0000")
    world.paint((4, 0, 0), 6, (0.0, 0.0, 1.0), strength=0.5)
    host.step(app, 1)
    store = app._engine.store
    painted = [store.materials[m].desc for m in world._drawn.material.tolist()
               if store.materials[m].desc.kind == "terrain" and store.materials[m].desc.emissive_texture]
    assert len(painted) == 4, "the four leaves that meet in the middle"
    fine = world.edits._made.paint
    from layerw.stream.ground_edits import PAINT_FINER, Window

    def at(x: int, z: int) -> list[int]:
        column, row = (128 + x) * PAINT_FINER, (128 + z) * PAINT_FINER
        return fine.read(Window(column, row, column, row))[0, 0].tolist()

    assert at(-6, 0) == [255, 0, 0, 255] and at(4, 0) == [128, 0, 128, 255] and at(40, 0) == [0, 0, 0, 0]
    world.edits.clear()
    host.step(app, 1)
    assert not any(store.materials[m].desc.emissive_texture for m in world._drawn.material.tolist())


@pytest.mark.skipif(not rigid.is_built(), reason="layerw was built without physics: `make physics`")
def test_bodies_fall_into_what_is_dug_and_rise_with_what_is_raised(place: Any) -> None:
    app, host, world = place
    app.physics.add(world, "static")
    crate = app.spawn(lw.Mesh.box(), position=(0, world.height(0, 0) + 0.6, 0), body=lw.Body())
    hero = lw.Character(app, app.spawn(lw.Mesh.box(), position=(40, world.height(40, 0), 0)), height=1.8, radius=0.4)
    host.step(app, 200)
    before = world.height(0, 0)
    world.dig((0, 0, 0), 25, 10)
    host.step(app, 240)
    x, y, z = crate.position
    assert y < before - 5 and y > world.height(x, z) - 0.2, "it lies in the hole"
    stood = float(hero.entity.position[1])
    world.raise_((40, 0, 0), 15, 4)
    host.step(app, 60)
    x, y, z = hero.entity.position
    assert y > stood + 2 and y == pytest.approx(world.height(x, z), abs=0.4), "it stands on the hill"


def test_plants_grow_on_the_edited_ground(place: Any) -> None:
    app, host, world = place
    app.camera.position = (0.0, 30.0, 0.0)
    cover = lw.GroundCover(app, world.heights, lw.Mesh.box(0.1), per_m2=0.5, reach_m=24, sink_m=0.0)
    host.step(app, 3)
    world.dig((0, 0, 0), 15, 5)
    host.step(app, 12)
    rows = cover._rings[0].rows
    places = rows.position[cover._rings[0]._grows]
    assert len(places) > 10
    assert np.abs(places[:, 1] - world.heights(places[:, 0], places[:, 2])).max() < 1e-3


def test_a_save_keeps_them_and_a_restore_waits_for_the_world(place: Any, folder: Path) -> None:
    app, host, world = place
    app.save("before")
    world.dig((0, 0, 0), 20, 6)
    world.paint((0, 0, 0), 10, "sand")
    dug, saved = world.height(0, 0), app.saves.pack()
    app.restore("before")
    assert world.height(0, 0) == pytest.approx(dug + 6, abs=0.01) and world.edits.size_bytes == 0
    other, other_host = app_over(folder, {"title": app._engine.config.title})
    late = other.stream("hills")
    other.saves.unpack(saved)
    settled(other, other_host, late)
    assert late.height(0, 0) == dug and late.edits._pack()["paint"]["values"].any()
    assert late.edits.count == 1, "all of a save are one change"
    other.close()


def test_what_cannot_be_edited_is_told(place: Any, tmp_path: Path) -> None:
    app, host, world = place
    nan = float("nan")
    for call, arguments, error, words in (
            (world.dig, ((0, 0, 0), 0.2, 1), lw.ConfigError, "a radius is 1 to 256 m"),
            (world.dig, ((0, 0, 0), 1e9, 1), lw.ConfigError, "a radius is 1 to 256 m"),
            (world.dig, ((0, nan, 0), 5, 1), lw.ShapeError, "3 finite numbers"),
            (world.dig, ((0, 0, 0), 5, nan), lw.ConfigError, "above 0, at most 1000"),
            (world.dig, ((0, 0, 0), 5, -1), lw.ConfigError, "above 0, at most 1000"),
            (world.raise_, ((0, 0, 0), 5, 0), lw.ConfigError, "above 0, at most 1000"),
            (world.dig, ((900, 0, 0), 5, 1), lw.ConfigError, "outside of the world"),
            (world.paint, ((0, 0, 0), 5, "gras"), lw.ShapeError, "no known name"),
            (world.paint, ((0, 0, 0), 5, "mud"), lw.ShapeError, "Kinds of ground are grass, soil, sand"),
            (world.paint, ((0, 0, 0), 5, "grass", ), None, "")):  # fmt: skip
        if error is None:
            call(*arguments)
            continue
        with pytest.raises(error, match=words):
            call(*arguments)
    assert not world.edits._made.shape.blocks, "nothing was changed"
    world.raise_((0, 0, 0), 5, 600)
    with pytest.raises(lw.ConfigError, match="1200 m from where it was baked"):
        world.raise_((0, 0, 0), 5, 600)
    with pytest.raises(lw.SaveError, match="another ground"):
        world.edits._unpack({"samples": 33})
    count, packed = world.edits.count, world.edits._pack()
    lowest = np.full(packed["shape"]["values"].size // 4, -(2**31), "<i4").view(np.uint8).reshape(-1, 4).T.reshape(-1)
    for damage, words in (({"scale_m": np.ones(3)}, "another ground"),
                          ({"shape": packed["shape"] | {"values": lowest}}, "beyond what can be edited")):
        with pytest.raises(lw.SaveError, match=words):
            world.edits._unpack(packed | damage)
    assert world.edits.count == count, "nothing was changed"
    assert np.allclose(world.edits.heights([nan, 0.0], [0.0, 0.0]), [nan, 600], atol=0.1, equal_nan=True)
    write_world(tmp_path / "w")
    other, other_host = app_over(tmp_path)
    bare = other.stream("w")
    with pytest.raises(lw.LayerwError, match="no ground grid yet"):
        bare.dig((0, 0, 0), 5, 1)
    settled(other, other_host, bare)
    with pytest.raises(lw.LayerwError, match="could not show an edit"):
        bare.dig((0, 0, 0), 200, 1)
    bare.close()
    for call in (lambda: bare.dig((0, 0, 0), 5, 1), lambda: bare.height(0, 0)):
        with pytest.raises(lw.LayerwError, match="is closed"):
            call()
    other.close()
