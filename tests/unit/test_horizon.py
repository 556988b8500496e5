"""Tiles behind hills are left out of the picture, and nobody sees it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import layerw as lw
from layerw.hosts.headless import HeadlessHost
from layerw_server.bake import bake
from layerw_server.bake.sources import load_dem

SIDE_M = 512.0
AROUND = np.tile((0.0, 0.0, 0.0, 1.0), (5, 1))  # planes of a view that sees in all directions


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`ridges`: 512 x 512 m with ridges of 25 m, a height each 2 m, 21 tiles of three levels."""
    made = tmp_path_factory.mktemp("horizon")
    z, x = np.mgrid[0:257, 0:257].astype(np.float32)
    heights = 25 * np.sin(x / 9 + np.sin(z / 31)) + 9 * np.cos(z / 17) + 2 * np.sin(x / 2.9 + z / 3.7)
    np.savez(made / "ridges.npz", elevation=heights)
    bake(load_dem(made / "ridges.npz", cell_m=2.0, levels=3), made / "ridges", jobs=1, texels=32)
    return made


@pytest.fixture
def place(folder: Path) -> Iterator[tuple[lw.App, HeadlessHost, Any]]:
    host = HeadlessHost(folder)
    app = lw.App(host=host, screen_error_px=1.0)
    app.camera.position = (0.0, 150.0, 250.0)
    app.camera.look_at((0.0, 0.0, 0.0))
    world = app.stream("ridges")
    for _ in range(300):
        host.step(app, 1)
        if world.state == "ready" and world.settled:
            break
    yield app, host, world
    app.close()


def stand(app: lw.App, host: HeadlessHost, world: Any, rng: np.random.Generator) -> Any:
    """At eye height in a valley, once what it wants is here."""
    xs, zs = rng.uniform(-0.45 * SIDE_M, 0.45 * SIDE_M, (2, 30))
    lowest = int(world.heights(xs, zs).argmin())
    x, z = float(xs[lowest]), float(zs[lowest])
    turn = rng.uniform(0, 2 * np.pi)
    app.camera.position = (x, world.height(x, z) + 1.7, z)
    app.camera.look_at((x + 50 * np.cos(turn), world.height(x, z) + 2, z + 50 * np.sin(turn)))
    for _ in range(60):
        host.step(app, 1)
        if world.settled:
            break
    return app._engine.shown.camera


def hidden_from(world: Any, camera: Any) -> Any:
    """Rows that hills hide, also beside the view; None: it was not looked."""
    return world._horizon.hidden(AROUND) if world._looks(camera) else None


def lists(app: lw.App) -> tuple[Any, list[list[list[int]]]]:
    """Rows that the last frame drew, and of each box of casters its records' counts."""
    visibility = app._engine.visibility
    found = visibility._spare.finish(visibility._cells.rows)
    return found.seen_rows().copy(), [[record[[0, 3]].tolist() for record in records] for records in found.casters]


def test_no_ground_of_a_hidden_tile_can_be_seen(place: Any) -> None:
    app, host, world = place
    rng, hidden_tiles, met = np.random.default_rng(4), 0, 0
    tree = world._streamer.tree
    for number in range(40):
        if number == 20:  # and on edited ground
            world.dig((20, 0, 0), 60, 20)
            world.raise_((-60, 0, 40), 50, 30)
        camera = stand(app, host, world, rng)
        hidden = hidden_from(world, camera)
        if hidden is None:
            continue
        assert (world._hidden(camera) >= hidden).all(), "what is hidden need not be drawn"
        rows = world._streamer.residency.rows.tiles
        for row in np.unique(rows[hidden]):
            hidden_tiles += 1
            middle, half = tree.geo[row, :3], np.abs(tree.geo[row, 3:12].reshape(3, 3)).T @ tree.geo[row, 12:15]
            x, z = (rng.uniform(middle[axis] - half[axis], middle[axis] + half[axis], 12) for axis in (0, 2))
            for point in np.stack([x, world.heights(x, z) + 0.05, z], axis=1):
                way = point - camera.position
                length = float(np.sqrt(way @ way))
                found = world.raycast(camera.position, way, max_distance=length - 1e-3)
                met += 1
                assert found is not None, f"{point} is seen from {camera.position}, but its tile is left out"
    assert hidden_tiles > 40 and met > 450, f"many are hidden: {hidden_tiles}, {met}"


def test_shadows_and_what_streams_stay_and_an_eye_in_the_ground_hides_nothing(place: Any) -> None:
    app, host, world = place
    rng = np.random.default_rng(9)
    counts = []
    for _ in range(30):
        camera = stand(app, host, world, rng)
        hidden = hidden_from(world, camera)
        assert len(world._drawn.mesh) == len(world._streamer.residency.rows.tiles)
        counts.append(0 if hidden is None else int(hidden.sum()))
        x, _, z = camera.position
        deep = np.array((x, world.height(x, z) - 5, z))
        assert not world._horizon.look(deep, 0.1)
        assert not world._horizon.look(np.array((9 * SIDE_M, 50.0, 0.0)), 0.1), "nor one outside of the world"
    assert max(counts) >= 4
    assert not world._horizon.look(np.array((0.0, 900.0, 0.0)), 0.1), "from above all is seen"


def test_rows_that_stand_behind_hills_are_not_drawn_but_cast_and_none_that_is_seen_is_missing(place: Any) -> None:
    app, host, world = place
    rng = np.random.default_rng(12)
    x, z = rng.uniform(-0.48 * SIDE_M, 0.48 * SIDE_M, (2, 3000))
    x, z = np.random.default_rng(5).uniform(-240, 240, (2, 400))
    at = np.stack([x, world.heights(x, z) + 0.5, z], axis=1)
    group = app.spawn_many(lw.Mesh.box(1, 1, 1), len(at), position=at, static=True)
    rows, left_out, contents = np.arange(group._first, group._first + len(at)), 0, app._engine.contents
    for _ in range(6):
        camera = stand(app, host, world, rng)
        assert world._behind(camera) is not None
        found, casters = lists(app)
        drawn = np.isin(rows, found)
        way = np.add(at, (0, 0.5, 0)) - camera.position
        in_view = (way @ camera.planes[:, :3].T + camera.planes[:, 3] > 0).all(axis=1)
        for number in np.flatnonzero(in_view & ~drawn):
            left_out += 1
            length = float(np.sqrt(way[number] @ way[number]))
            assert world.raycast(camera.position, way[number], max_distance=length - 1e-3) is not None, at[number]
        contents.behind = lambda camera: None
        host.step(app, 1)
        del contents.behind
        all_found, all_casters = lists(app)
        assert casters[:3] == all_casters[:3] and any(casters[:3]), "the sun's shadows keep theirs"
        assert set(found) < set(all_found)
    assert left_out > 150, left_out


def test_pictures_are_the_same_with_and_without_over_jumps(adapter: None, folder: Path) -> None:
    done = subprocess.run([sys.executable, "-c", PICTURES, str(folder)], capture_output=True, text=True, timeout=240,
                          check=False)  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]


PICTURES = """
import sys
import numpy as np
import layerw as lw
from layerw.hosts.native.host import native_host

def pictures(is_used):
    host = native_host(sys.argv[1], (160, 100))
    app = lw.App(host=host, screen_error_px=1.0)
    app.sun.elevation = 0.2
    world = app.stream("ridges")
    contents, left_out = app._engine.contents, 0
    find = contents.hidden
    if not is_used:
        contents.hidden = contents.behind = lambda camera: None
    rng = np.random.default_rng(4)
    spots = rng.uniform(-230, 230, (5, 30, 2))

    def stand(x, z, turn):
        y = world.height(x, z)
        app.camera.position = (x, y + 1.7, z)
        app.camera.look_at((x + 50 * np.cos(turn), y + 2, z + 50 * np.sin(turn)))

    app.camera.position = (0, 150, 250)
    app.camera.look_at((0, 0, 0))
    host.sink.is_watched = False
    places = []
    for number in range(6):  # so that all is there
        if number:
            spot = spots[number - 1]
            lowest = int(world.heights(*spot.T).argmin())
            x, z = spot[lowest]
            places.append((x, z, np.arctan2(-z, -x)))
            stand(*places[-1])
        for _ in range(300):
            host.step(app, 1)
            if world.state == "ready" and world.settled:
                break
    host.sink.is_watched = True
    x, z = np.random.default_rng(5).uniform(-240, 240, (2, 400))
    at = np.stack([x, world.heights(x, z) + 1, z], axis=1)
    app.spawn_many(lw.Mesh.box(1, 3, 1), len(x), position=at, static=True)
    found = []
    for place in places:  # a jump each frame
        stand(*place)
        host.step(app, 1)
        world._looks(app._engine.shown.camera)
        left_out += int(world._horizon.hidden(np.tile((0.0, 0.0, 0.0, 1.0), (5, 1))).sum())
        found.append(host.sink.picture())
    return found, left_out

(with_it, left_out), (without, _) = pictures(True), pictures(False)
assert left_out >= 4, left_out
for number, (seen, whole) in enumerate(zip(with_it, without, strict=True)):
    assert seen.std() > 5 and np.array_equal(seen, whole), (number, np.abs(seen.astype(int) - whole).max())
"""
