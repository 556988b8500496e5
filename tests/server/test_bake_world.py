"""Whole worlds: tileset rules, determinism, bad input, interruption, the ground grid, the island."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from layerw.stream.ground import Ground
from layerw_server.bake import BakeError, bake, cli_bake, pipeline
from layerw_server.bake import tileset as tileset_module
from layerw_server.bake.fields import derive, snap
from layerw_server.bake.heightfield import HeightField
from layerw_server.bake.island import make_island
from layerw_server.bake.spawn import spawn_point

from .bake_worlds import files, read_world, small_field, tileset, walk


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("bake") / "world"
    bake(small_field(), out, jobs=1, texels=32)
    return out


# -- the tileset ---------------------------------------------------------------------------------------------


def test_tileset_follows_the_rules_of_3d_tiles(world: Path) -> None:
    document = tileset(world)
    assert document["asset"]["version"] == "1.1"
    assert document["root"]["refine"] == "REPLACE"
    assert document["geometricError"] > document["root"]["geometricError"]
    for tile, _, parent in walk(document["root"]):
        assert len(tile["boundingVolume"]["box"]) == 12
        assert set(tile) <= {"boundingVolume", "geometricError", "transform", "refine", "content", "children"}
        content = world / tile["content"]["uri"]
        assert content.stat().st_size == tile["content"]["extras"]["byteLength"]
        if parent is not None:
            assert tile["geometricError"] < parent["geometricError"]
        if not tile.get("children"):
            assert tile["geometricError"] == 0
        else:
            assert len(tile["children"]) == 4


def test_boxes_hold_their_content_and_their_children_tightly(world: Path) -> None:
    document = tileset(world)
    origins = {t["content"]["uri"]: o for t, o, _ in walk(document["root"])}
    vertices = {t.tile["content"]["uri"]: t.positions for t in read_world(world)}

    def extent(tile: dict[str, Any]) -> tuple[np.ndarray, np.ndarray]:
        box = np.array(tile["boundingVolume"]["box"])
        half = np.abs(box[3:].reshape(3, 3)).sum(axis=0)
        middle = box[:3] + origins[tile["content"]["uri"]]
        return middle - half, middle + half

    for tile, _, parent in walk(document["root"]):
        low, high = extent(tile)
        points = vertices[tile["content"]["uri"]][:, [0, 2, 1]] * [1, -1, 1]
        assert (points.min(axis=0) >= low - 1e-6).all() and (points.max(axis=0) <= high + 1e-6).all()
        if not tile.get("children"):
            assert np.allclose(points.min(axis=0), low) and np.allclose(points.max(axis=0), high)
        if parent is not None:
            parent_low, parent_high = extent(parent)
            assert (low >= parent_low - 1e-6).all() and (high <= parent_high + 1e-6).all()


def test_large_tilesets_split_into_external_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tileset_module, "SPLIT_TILES", 4)
    monkeypatch.setattr(tileset_module, "SPLIT_LEVEL", 1)
    bake(small_field(), tmp_path / "w", jobs=1, texels=16)
    outer = tileset(tmp_path / "w")["root"]["children"]
    external = [c for c in outer if c["content"]["uri"].endswith(".json")]
    assert external
    for tile in external:
        path = tmp_path / "w" / tile["content"]["uri"]
        inner = __import__("json").loads(path.read_bytes())
        assert inner["asset"]["version"] == "1.1"
        assert "children" not in tile
        for below, _, _ in walk(inner["root"]):
            assert (path.parent / below["content"]["uri"]).is_file()


def test_ground_grid_matches_the_heights(world: Path) -> None:
    field = small_field()
    extras = tileset(world)["extras"]["layerw"]
    ground = extras["ground"]
    data = (world / ground["uri"]).read_bytes()
    assert len(data) == ground["byteLength"]
    side = ground["samples"]
    assert len(data) < 2 * side * side
    grid = Ground(ground, gzip.decompress(data))
    x, z = (ground[f"{way}_m"] + ground[f"spacing_{axis}_m"] * np.arange(side)
            for way, axis in (("west", "x"), ("north", "z")))  # fmt: skip
    heights = grid.heights(x[None, :], z[:, None])
    assert np.abs(heights - field.heights).max() < 0.05
    assert ground["west_m"] + ground["spacing_x_m"] * (ground["samples"] - 1) == pytest.approx(field.size_m[0] / 2)
    x, y, z = extras["spawn"]["position"]
    row, column = (z - ground["north_m"]) / ground["spacing_z_m"], (x - ground["west_m"]) / ground["spacing_x_m"]
    assert y == pytest.approx(heights[round(row), round(column)] + 1.8, abs=0.1)
    assert y > extras["sea_level_m"]


def test_a_world_without_a_sea_is_seen_from_well_inside_along_its_length(tmp_path: Path) -> None:
    """The end of the world must be far from the start, and far behind what it looks at."""
    y, x = np.mgrid[0:257, 0:257].astype(np.float32)
    heights = 40 * np.sin(x / 17) * np.cos(y / 23) + 0.3 * x
    field = HeightField(heights.astype(np.float32), 3, 30.0, 30.0, "hills")
    spawn = spawn_point(field, derive(snap(field, 0.25, tmp_path), tmp_path))
    eye, target = np.array(spawn["position"]), np.array(spawn["look_at"])
    half = field.size_m[0] / 2
    assert np.abs(eye[[0, 2]]).max() < 0.7 * half
    ahead = (target - eye)[[0, 2]]
    ahead /= np.linalg.norm(ahead)
    to_rim = min((half * np.sign(a) - e) / a for a, e in zip(ahead, eye[[0, 2]], strict=True) if abs(a) > 1e-6)
    assert to_rim > half, "more than half a world lies ahead"


# -- the same bytes every time --------------------------------------------------------------------------------


def test_one_and_two_processes_write_the_same_bytes(tmp_path: Path) -> None:
    field = make_island(7, levels=4)
    bake(field, tmp_path / "a", jobs=1, texels=24, seed=7)
    bake(make_island(7, levels=4), tmp_path / "b", jobs=2, texels=24, seed=7)
    first, second = files(tmp_path / "a"), files(tmp_path / "b")
    assert list(first) == list(second)
    assert first == second


def test_another_seed_is_another_island() -> None:
    assert not np.array_equal(make_island(1, levels=1).heights, make_island(2, levels=1).heights)


def test_the_island_is_an_island() -> None:
    for seed in (1, 2, 3):
        field = make_island(seed, levels=4)
        heights = field.heights
        border = np.concatenate([heights[0], heights[-1], heights[:, 0], heights[:, -1]])
        assert border.max() < -8.0, "land touches the world's border"
        assert 0.2 < float((heights > 0).mean()) < 0.6
        assert 850.0 < float(heights.max()) < 1250.0
        assert field.size_m == (8192.0, 8192.0)


@pytest.mark.parametrize(("options", "message"), [
    ({"jobs": 0}, "jobs is 0"), ({"texels": 4096}, "4096 texels"), ({"quality": 5}, "quality is 5"),
])
def test_bad_bake_options(tmp_path: Path, options: dict[str, Any], message: str) -> None:
    with pytest.raises(BakeError, match=message):
        bake(small_field(1), tmp_path / "w", **options)


# -- the output folder -----------------------------------------------------------------------------------------


def test_a_folder_that_is_no_world_is_left_alone(tmp_path: Path) -> None:
    out = tmp_path / "photos"
    out.mkdir()
    (out / "cat.jpg").write_bytes(b"cat")
    with pytest.raises(BakeError, match="no world made by layerw bake"):
        bake(small_field(1), out)
    assert files(out) == {"cat.jpg": b"cat"}
    with pytest.raises(BakeError, match="is not a folder"):
        bake(small_field(1), out / "cat.jpg")
    with pytest.raises(BakeError, match="does not exist"):
        bake(small_field(1), tmp_path / "a" / "b")


def test_a_world_is_replaced_whole(tmp_path: Path) -> None:
    out = tmp_path / "w"
    bake(small_field(2), out, jobs=1, texels=16)
    bake(small_field(1), out, jobs=1, texels=16)
    named = {"tileset.json", *(t["content"]["uri"] for t, _, _ in walk(tileset(out)["root"]))}
    named.add(tileset(out)["extras"]["layerw"]["ground"]["uri"])
    assert set(files(out)) == named
    assert [p.name for p in tmp_path.iterdir()] == ["w"]


@pytest.mark.parametrize("existing", [False, True])
def test_a_failed_bake_leaves_the_old_world_or_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, existing: bool,
) -> None:
    out = tmp_path / "w"
    if existing:
        bake(small_field(1), out, jobs=1, texels=16)
    before = files(out)

    def stop(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(pipeline.ground, "world_extras", stop)
    with pytest.raises(OSError, match="No space"):
        bake(small_field(2), out, jobs=1, texels=16)
    assert files(out) == before
    assert [p.name for p in tmp_path.iterdir()] == (["w"] if existing else [])


# -- the command ------------------------------------------------------------------------------------------------


def test_the_command_bakes_and_says_what(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    cli_bake([], tmp_path / "w", procedural="island", seed=3, levels=2, jobs=1, texels=16)
    assert "5 tiles" in " ".join(capsys.readouterr().err.split())  # lines end by the terminal's width
    assert tileset(tmp_path / "w")["extras"]["layerw"]["source"] == {"kind": "island", "seed": 3}


@pytest.mark.parametrize(("source", "procedural", "message"), [
    (None, None, "not both and not neither"), (Path("a.npz"), "island", "not both"),
    (None, "moon", "no procedural world"),
    (Path("absent.npz"), None, "There is no file absent.npz"),
])
def test_the_command_ends_with_one_sentence(
    tmp_path: Path, source: Path | None, procedural: str | None, message: str,
) -> None:
    with pytest.raises(SystemExit, match=message):
        cli_bake([source] if source else [], tmp_path / "w", procedural=procedural)
    assert not (tmp_path / "w").exists()
