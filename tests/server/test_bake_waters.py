"""Rivers, lakes and roads: water runs downhill to where it leaves, lies in its bed, and tiles show it."""

from __future__ import annotations

import dataclasses
import heapq
import json
import math
from pathlib import Path

import numpy as np
import pytest

from layerw_server.bake import BakeError, bake, waters
from layerw_server.bake.carve import Shaper
from layerw_server.bake.drainage import route
from layerw_server.bake.heightfield import HeightField, Road, Shaping

from .bake_worlds import BIOME, files, read_glb, tileset, walk

ALL = Shaping(0.05, 8, 1.0)


def _valley(sea_m: float | None = None, shaping: Shaping = ALL) -> HeightField:
    """A valley that falls southwards, with a hollow across it and hills that drain into it; 2 levels of 10 m cells."""
    n = 129
    at = np.linspace(-1.0, 1.0, n, dtype=np.float32)
    x, z = np.meshgrid(at, at)
    rng = np.random.default_rng(3)
    heights = 200 - 60 * z + 160 * np.abs(x) ** 1.5 + 12 * np.sin(9 * z) * np.abs(x) + rng.random((n, n))
    heights -= 40 * np.exp(-((x / 0.16) ** 2) - ((z + 0.2) / 0.2) ** 2)
    return HeightField(heights.astype(np.float32), 2, 10.0, 10.0, "valley", sea_m, {}, dict(BIOME), {"kind": "test"},
                       shaping=shaping)


def _flooded(heights: np.ndarray) -> np.ndarray:
    """Corner by corner, from the border in."""
    n = heights.shape[0]
    out, queue = np.full_like(heights, np.inf), []
    for r in range(n):
        for c in range(n):
            if r in (0, n - 1) or c in (0, n - 1):
                out[r, c] = heights[r, c]
                heapq.heappush(queue, (heights[r, c], r, c))
    while queue:
        level, r, c = heapq.heappop(queue)
        for a in range(max(r - 1, 0), min(r + 2, n)):
            for b in range(max(c - 1, 0), min(c + 2, n)):
                if np.isinf(out[a, b]):
                    out[a, b] = max(heights[a, b], level)
                    heapq.heappush(queue, (out[a, b], a, b))
    return out


def test_hollows_fill_to_where_they_spill_and_all_water_leaves() -> None:
    heights = np.random.default_rng(1).random((60, 60)).astype(np.float32)
    flow = route(heights, None)
    assert np.array_equal(flow.filled.reshape(60, 60), _flooded(heights))
    end = flow.receiver.copy()
    for _ in range(12):
        end = end[end]
    rows, columns = end // 60, end % 60
    assert np.all((rows == 0) | (rows == 59) | (columns == 0) | (columns == 59))
    inner = 58 * 58
    leaves = [k for k in range(3600) if flow.cells[k] and flow.cells[flow.receiver[k]] == 0]
    assert flow.cells[leaves].sum() == inner, "each inner corner's water leaves once"


def test_rivers_fall_join_and_run_through_lakes() -> None:
    found = waters.find(_valley(), ALL)
    assert found.rivers and len(found.lakes) == 1
    for river in found.rivers:
        assert np.all(np.diff(river.line[:, waters.Y]) <= 1e-9) and len(river.line) > 2
        if river.to is not None:
            other = found.rivers[river.to].line
            assert np.abs(other[:, :3] - river.line[-1, :3]).sum(axis=1).min() < 1e-6, "it ends on the one it joins"
    lake = found.lakes[0]
    ends = np.array([river.line[-1, waters.Y] for river in found.rivers])
    assert np.isclose(ends, lake.level_m, atol=1e-3).any(), "one runs into the lake"
    starts = np.array([river.line[0, waters.Y] for river in found.rivers])
    assert np.isclose(starts, lake.level_m, atol=0.05).any(), "and one out of it"


def test_beds_lie_under_their_surface_and_far_ground_stays(tmp_path: Path) -> None:
    field = _valley()
    found = waters.find(field, ALL)
    shaped = Shaper(field, found).write(tmp_path).heights
    fresh = np.load(tmp_path / "fresh.npy")
    for river in found.rivers:
        column, row = (np.rint(river.line[1:-1, k] / 10.0 + 64).astype(int) for k in (waters.X, waters.Z))
        assert np.all(shaped[row, column] < river.line[1:-1, waters.Y] + 0.3)
    assert (shaped == field.heights)[fresh == 8.0].mean() > 0.85 and (shaped == field.heights).mean() > 0.5
    assert 0.01 < (fresh < 0).mean() < 0.2


def test_tiles_show_water_and_the_data_says_where(tmp_path: Path) -> None:
    bake(_valley(), tmp_path / "w", jobs=1, texels=16)
    bake(_valley(), tmp_path / "again", jobs=2, texels=16)
    assert files(tmp_path / "w") == files(tmp_path / "again")
    document = tileset(tmp_path / "w")
    said = document["extras"]["layerw"]["water"]
    data = json.loads((tmp_path / "w" / said["uri"]).read_bytes())
    assert (tmp_path / "w" / said["uri"]).stat().st_size == said["byteLength"]
    lake = data["lakes"][0]
    x, z = np.array(lake["outline"]).T
    area = 0.5 * abs(float(np.sum(x * np.roll(z, -1) - z * np.roll(x, -1))))
    assert area == pytest.approx(lake["area_m2"], rel=0.05) and data["rivers"][0]["points"]
    shown = 0
    for tile, _, _ in walk(document["root"]):
        for content in tile.get("contents", [])[1:]:
            gltf, blob = read_glb(tmp_path / "w" / content["uri"])
            assert gltf["materials"][0]["extras"]["layerw"]["water"] and blob
            box = gltf["accessors"][0]
            y = [gltf["nodes"][0]["translation"][1] + gltf["nodes"][0]["scale"][1] * box[end][1]
                 for end in ("min", "max")]
            middle, half = tile["boundingVolume"]["box"][2], tile["boundingVolume"]["box"][11]
            assert middle - half - 0.01 <= y[0] and y[1] <= middle + half + 0.01
            shown += 1
    assert shown >= 3


def test_a_road_is_level_across_and_never_too_steep(tmp_path: Path) -> None:
    road = Road(((-500.0, 500.0), (0.0, 0.0), (300.0, -550.0)), 30.0)
    field = dataclasses.replace(_valley(), shaping=Shaping(roads=(road,)))
    shaped = Shaper(field, None).write(tmp_path).heights
    paved = np.load(tmp_path / "road.npy")
    assert shaped[64, 64] == pytest.approx(shaped[63, 65], abs=1.5) and paved[64, 64] == 1.0
    south, east = np.gradient(shaped, 10.0)
    assert np.hypot(south, east)[paved == 1.0].mean() < 0.2
    assert 0.005 < (paved > 0).mean() < 0.1


def test_a_road_over_a_wall_is_refused() -> None:
    field = _valley(shaping=Shaping(roads=(Road(((-600.0, 0.0), (600.0, 0.0)), 6.0),)))
    field.heights[:, 40:60] += 400
    with pytest.raises(BakeError, match=r"Road 1 would have to lie \d+ m (above|below) the ground .* at most 60 m"):
        Shaper(field, None)


def test_a_world_without_water_has_none(tmp_path: Path) -> None:
    bake(_valley(shaping=Shaping()), tmp_path / "w", jobs=1, texels=16)
    assert "water" not in tileset(tmp_path / "w")["extras"]["layerw"] and math.isinf(Shaping().river_km2)
    assert not list((tmp_path / "w").rglob("*water*"))
