"""What stands on baked ground: houses and trees in tiles' second contents, thinned towards the root."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import layerw as lw
from layerw_server.bake import bake, pipeline
from layerw_server.bake.models.gltf import read
from layerw_server.bake.models.pack import bounds_of
from layerw_server.bake.procedural import make_world
from layerw_server.bake.props import BLOCK, KIND, TILE_PROPS_MAX, X, Y, Z, make_props, shapes
from layerw_server.bake.streets import ground_kind, houses

from .bake_worlds import files, small_field, tileset, walk
from .test_bake_tiles import _validator_errors


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("city") / "w"
    bake(make_world("city", 1, levels=3, size_km=2), out, jobs=1, texels=32, dress=True)
    return out


def test_shapes_are_closed_to_the_eye_and_face_outwards() -> None:
    for shape in shapes():
        corners = shape.positions[shape.indices.reshape(-1, 3)].astype(np.float64)
        faces = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
        normals = shape.normals[shape.indices.reshape(-1, 3)].mean(axis=1)
        assert ((faces * normals).sum(axis=1) > 0).all(), "a triangle's order agrees with its normals"
        assert shape.positions.min() >= -0.6 and shape.positions[:, 1].min() >= 0 and shape.positions.max() <= 1.01


def test_houses_leave_the_streets_free() -> None:
    size = (4096.0, 4096.0)
    made = houses(size, 1)
    assert made.shape[1] > 3000
    street, _ = ground_kind(made[X].astype(np.float64), made[Z].astype(np.float64), size)
    assert street.max() == 0, "no house stands on a street"
    assert np.array_equal(made, houses(size, 1)) and not np.array_equal(made, houses(size, 2))


def test_a_city_has_props_at_every_level_on_its_ground(city: Path) -> None:
    document = tileset(city)
    held: dict[int, int] = {}
    heights = document["extras"]["layerw"]["height_range_m"]
    for tile, _, _ in walk(document["root"]):
        contents: list[dict[str, Any]] = tile.get("contents", [tile.get("content")])
        box = tile["boundingVolume"]["box"]
        for content in contents:
            path = city / content["uri"]
            assert path.stat().st_size == content["extras"]["byteLength"]
            if ".props." not in content["uri"]:
                continue
            level = int(path.name.split("-")[0])
            held[level] = held.get(level, 0) + 1
            low, high = bounds_of(read(path))
            assert box[2] - box[11] <= low[1] + 0.01 and high[1] <= box[2] + box[11] + 0.01, "the box holds them"
            assert heights[0] - 5 < low[1] and high[1] < heights[1] + 200
    assert held[0] == 1 and held[1] == 4 and held[2] == 16
    assert document["root"]["geometricError"] > 2.0, "what a coarse tile leaves out counts as error"
    tiles = sorted((city / "tiles").glob("*.props.*"))[:6]
    assert all((errors, warnings) == (0, 0) for errors, warnings, _ in _validator_errors(tiles))


def test_the_engine_shows_both_contents(city: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(city.parent)
    app = lw.App()
    world = app.stream("w")
    app.camera.position = (0.0, 3000.0, 1.0)
    app.camera.look_at((0.0, 0.0, 0.0))
    for _ in range(120):
        app.host.step(app)
    assert world.settled and app.report()["errors"] == [] and len(world._drawn.mesh) >= 2
    app.close()


def test_trees_stand_on_dry_gentle_ground(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    field = small_field(2)
    kept: list[np.ndarray] = []

    def remembered(*args: Any, **more: Any) -> np.ndarray:
        kept.append(make_props(*args, **more))
        return kept[-1]

    monkeypatch.setattr(pipeline, "make_props", remembered)
    bake(field, tmp_path / "w", jobs=1, texels=16, dress=True)
    props = kept[0]
    assert props.shape[1] > 100 and props[KIND].max() < BLOCK
    assert (props[Y] > 0).all(), "none in the sea"
    row = props[Z] / field.cell_y_m + field.cells / 2
    column = props[X] / field.cell_x_m + field.cells / 2
    ground = field.heights[np.rint(row).astype(int), np.rint(column).astype(int)]
    assert np.abs(props[Y] - ground).max() < 25 and np.median(np.abs(props[Y] - ground)) < 3
    monkeypatch.undo()
    bake(field, tmp_path / "again", jobs=1, texels=16, dress=True)
    assert files(tmp_path / "w") == files(tmp_path / "again")
    assert TILE_PROPS_MAX >= 100
