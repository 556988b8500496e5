"""Precision and placing: a baked-like world under an Earth-centred transform does not jitter, and ground lookups."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from layerw.stream import geo
from layerw.stream.config import StreamConfig
from layerw.stream.errors import TilesetError
from layerw.stream.ground import Ground
from layerw.stream.loads import PREFETCH, VISIBLE
from tests.unit.stream_fakes import Rig, encoded, look, quadtree

LON, LAT = math.radians(-98.16), math.radians(33.22)


def column_major(matrix: Any) -> list[float]:
    return [float(v) for v in np.asarray(matrix).T.ravel()]


def earth_world(levels: int = 5) -> tuple[dict[str, Any], Any]:
    """Every tile has its own transform from its parent, as `layerw bake` writes; the root's goes to the Earth."""
    frame = geo.east_north_up(geo.earth_point(np.array(LON), np.array(LAT), np.array(300.0)))
    document = quadtree(levels)

    def relative(tile: dict[str, Any], x: float, y: float) -> None:
        box = tile["boundingVolume"]["box"]
        cx, cy = box[0], box[1]
        box[0] = box[1] = 0.0
        move = np.eye(4)
        move[:2, 3] = cx - x, cy - y
        tile["transform"] = column_major(move)
        for child in tile.get("children", []):
            relative(child, cx, cy)

    relative(document["root"], 0.0, 0.0)
    document["root"]["transform"] = column_major(frame)
    return document, frame


def exact(matrix: Any, point: Any) -> list[Fraction]:
    return [sum((Fraction(float(matrix[i][k])) * Fraction(float(point[k])) for k in range(3)),
                Fraction(float(matrix[i][3]))) for i in range(3)]


def test_nothing_jitters_on_the_earth() -> None:
    """Exact rational arithmetic against what the GPU gets: float32 vertices, float32 camera-relative rows."""
    document, frame = earth_world()
    rig = Rig({"w/tileset.json": document})
    for _ in range(3):
        rig.step(look((0, 0, 0), (1, 0, 0)))
    local = rig.streamer.local_frame()
    assert 6.3e6 < float(np.linalg.norm(local[:3, 3])) < 6.4e6
    start = local[:3, 3] + local[:3, 1] * 60
    camera = look(start, start + local[:3, 0] * 50 - local[:3, 1] * 30, up=local[:3, 1])
    rig.settle(camera)
    tree, draw = rig.streamer.tree, rig.streamer.draw()
    assert len(draw.mesh) > 10
    rows = rig.drawn()
    nearest = int(np.argmin(np.linalg.norm(draw.center - start, axis=1)))
    row = rows[nearest]
    flatten = tree.flatten_of(row)
    center = np.array([tree.address[row][0], 0, 0])  # keep the name short: vertices around the tile's own origin
    vertices = np.array([[0, 0, 0], [17.25, 3.5, -40.125], [-100.0, 80.0, 90.0]]) + center
    world = np.asarray(tree.matrices[tree.matrix[row]]) @ geo.Z_UP_FROM_Y_UP
    on_gpu = (vertices @ flatten[:3, :3].T + flatten[:3, 3]).astype(np.float32)
    truth = [exact(world, vertex) for vertex in vertices]
    before = None
    for step in range(200):
        position = start + local[:3, 0] * 0.001 * step
        relative = (draw.origin[nearest] - position).astype(np.float32) + on_gpu
        error = [[abs(float(Fraction(float(relative[i][k])) - (truth[i][k] - Fraction(float(position[k])))))
                  for k in range(3)] for i in range(3)]
        assert np.max(error) < 1e-3 / 4, f"{np.max(error) * 1000:.4f} mm at step {step}"
        if before is not None:
            moved = np.linalg.norm(relative.astype(np.float64) - before, axis=1)
            assert (np.abs(moved - 0.001) < 0.0003).all(), "1 mm steps come out as 1 mm steps"
        before = relative.astype(np.float64)
    naive = (np.array(position, np.float32) + np.float32(0.001)) - np.array(position, np.float32)
    assert np.abs(naive - 0.001).max() > 1e-4, "the plain float32 way would jitter"


def test_transforms_compose_exactly_down_the_tree() -> None:
    document, frame = earth_world(4)
    rig = Rig({"w/tileset.json": document})
    for _ in range(4):
        rig.step(look((0, 0, 0), (1, 0, 0)))
    tree, plain = rig.streamer.tree, Rig({"w/tileset.json": quadtree(4)})
    for _ in range(4):
        plain.step(look((0, 0, 0), (1, 0, 0)))
    flat = plain.streamer.tree
    place = geo.WORLD_FROM_TILESET @ frame @ geo.TILESET_FROM_WORLD
    for row in range(tree.count):
        expected = place[:3, :3] @ flat.geo[row, :3] + place[:3, 3]
        assert np.abs(tree.geo[row, :3] - expected).max() < 1e-8 * 10


def test_the_same_view_chooses_the_same_tiles_on_the_earth_and_locally() -> None:
    document, _ = earth_world()
    earth, local = Rig({"w/tileset.json": document}), Rig({"w/tileset.json": document},
                                                          config=StreamConfig(place="local"))
    for rig in (earth, local):
        for _ in range(3):
            rig.step(look((0, 0, 0), (1, 0, 0)))
        frame = rig.streamer.local_frame()
        at = frame @ (30.0, 200.0, -10.0, 1.0)
        to = frame @ (400.0, 0.0, -300.0, 1.0)
        rig.settle(look(at[:3], to[:3], up=frame[:3, 1]))
    assert np.linalg.norm(local.streamer.origin) < 1e-6, "place=\"local\" brings the middle to the origin"
    assert np.linalg.norm(earth.streamer.origin) > 6e6
    assert sorted(earth.drawn_urls()) == sorted(local.drawn_urls()) and len(local.drawn()) > 8


def test_a_local_world_with_heights_stays_where_they_are() -> None:
    document = quadtree(2)
    for ground, moves in ((None, True), ({"uri": "g.bin"}, False)):
        document["extras"] = {"layerw": {"ground": ground}} if ground else {}
        transform = np.eye(4)
        transform[:3, 3] = (100, 200, 300)
        rig = Rig({"w/tileset.json": document}, config=StreamConfig(place="local", transform=transform))
        for _ in range(4):
            rig.step(look((0, 0, 0), (1, 0, 0)))
        assert bool(np.linalg.norm(rig.streamer.origin) < 1e-6) is moves


def test_a_transform_of_the_user_moves_and_scales_the_world() -> None:
    transform = np.diag([2.0, 2.0, 2.0, 1.0])
    transform[:3, 3] = (100, 200, 300)
    rig = Rig({"w/tileset.json": quadtree(2)}, config=StreamConfig(transform=transform))
    for _ in range(4):
        rig.step(look((0, 0, 0), (1, 0, 0)))
    assert rig.streamer.origin.tolist() == [100, 400, -200] and rig.streamer.tree.geo[0, 16] == 128


# -- ground ------------------------------------------------------------------------------------------
def ground_spec(samples: int) -> dict[str, Any]:
    return {"uri": "ground.bin", "samples": samples, "scale_m": 0.5, "offset_m": -10.0, "spacing_x_m": 2.0,
            "spacing_z_m": 4.0, "west_m": -4.0, "north_m": -8.0, "diagonal": "north-west to south-east"}


def test_the_ground_comes_behind_visible_tiles_and_goes_first_where_these_never_end() -> None:
    document = quadtree(3)
    document["extras"] = {"layerw": {"ground": ground_spec(5)}}
    rig = Rig({"w/tileset.json": document, "w/ground.bin": bytes(50)})
    rig.transfers.latency = 2000
    ranks: list[float] = []
    fetch = rig.transfers.fetch

    def ranked(url: str, kind: int, *, priority: float, **more: Any) -> int:
        ranks.append(priority)
        return fetch(url, kind, priority=priority, **more)

    rig.transfers.fetch = ranked  # type: ignore[method-assign]
    rig.transfers.set_priority = lambda transfer, priority: ranks.append(priority)  # type: ignore[method-assign]
    camera = look((0, 900, 1200), (0, 0, 0))
    for _ in range(8 * 60 + 4):
        rig.step(camera)
    assert rig.streamer.settled and rig.streamer.ground_pending, "what is seen does not wait for it"
    assert PREFETCH * 1e6 + 9e5 < ranks[0] < VISIBLE * 1e6 < ranks[1] and len(ranks) == 2


def test_ground_heights_follow_the_triangles_of_the_finest_tiles() -> None:
    codes = np.random.default_rng(3).integers(0, 1000, (5, 5)).astype("<u2")
    ground = Ground(ground_spec(5), codes.tobytes())
    grid = codes * 0.5 - 10.0
    x, z = np.meshgrid(np.arange(5) * 2.0 - 4, np.arange(5) * 4.0 - 8)
    assert np.array_equal(ground.heights(x, z), grid)
    assert ground.height(-100, -100) == grid[0, 0] and ground.height(100, 100) == grid[-1, -1]
    assert ground.height(-3, -6) == (grid[0, 0] + grid[1, 1]) / 2, "the diagonal runs north-west to south-east"
    assert ground.height(-3, -8) == (grid[0, 0] + grid[0, 1]) / 2
    assert math.isclose(ground.height(-2.5, -7), grid[0, 0] + 0.75 * (grid[0, 1] - grid[0, 0])
                        + 0.25 * (grid[1, 1] - grid[0, 1]))
    assert np.allclose(np.linalg.norm(ground.normals(x, z), axis=-1), 1.0)


@pytest.mark.parametrize(("change", "part"), [
    ({"samples": 1}, "samples is 1"), ({"samples": 10**9}, "samples is 1000000000"),
    ({"scale_m": None}, "scale_m is None"), ({"spacing_x_m": 0}, "spacing_x_m is 0"), ({"uri": 5}, "uri is 5"),
    ({"samples": 6}, "50 bytes; 6 x 6 samples take 72")])
def test_broken_grounds(change: dict[str, Any], part: str) -> None:
    with pytest.raises(TilesetError, match=part.replace("(", ".")):
        Ground({**ground_spec(5), **change}, bytes(50))


def test_a_world_brings_its_ground_or_says_why_not() -> None:
    document = quadtree(1)
    document["extras"] = {"layerw": {"version": 1, "sea_level_m": 0.0, "ground": ground_spec(5)}}
    rig = Rig({"w/tileset.json": document, "w/ground.bin": bytes(50)})
    assert rig.streamer.ground_pending
    rig.settle(look((0, 300, 0), (1, 0, 1)))
    for _ in range(4):
        rig.step(look((0, 300, 0), (1, 0, 1)))
    assert not rig.streamer.ground_pending
    assert rig.streamer.ground is not None and rig.streamer.ground.height(0, 0) == -10.0
    assert rig.streamer.extras["sea_level_m"] == 0.0
    for data in (b"short", None):
        files: dict[str, Any] = {"w/tileset.json": encoded(document)} | ({"w/ground.bin": data} if data else {})
        broken = Rig(files)
        for _ in range(60):
            broken.step(look((0, 300, 0), (1, 0, 1)))
        streamer = broken.streamer
        assert streamer.ground is None and streamer.ground_pending and "ground.bin" in streamer.take_errors()[0]
        assert broken.drawn() == [0], "tiles don't wait for it"
        assert streamer.settled and "The ground grid w/ground.bin" in streamer.error
        broken.transfers.files["w/ground.bin"] = bytes(50)
        for _ in range(400):
            broken.step(look((0, 300, 0), (1, 0, 1)))
        assert streamer.ground is not None and streamer.error == "" and streamer.retry_in_s == 0
