"""Kinds of ground: what bake says of them, their textures, and how a world's come to the GPU."""

from __future__ import annotations

import io
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from layerw.base.ground_kinds import CONTROL_CELLS, CONTROL_TEXELS, GRID, KINDS, LAYERS_MAX, NAMES, SIDE, number
from layerw.content.kind_textures import checked
from layerw.stream.errors import TilesetError
from layerw_server.bake import bake
from layerw_server.bake import ground_textures as textures
from layerw_server.bake.fields import derive, snap
from layerw_server.bake.island import make_island
from layerw_server.bake.paint import Look, control
from layerw_server.bake.quadtree import make_plan, quantisation_steps
from layerw_server.bake.textures import encode_png

from .bake_worlds import small_field, tileset

GOOD = {"names": list(NAMES), "side": SIDE, "grid": GRID, "color": {"uri": "a.jpg"}, "relief": {"uri": "b.jpg"}}


def test_a_shader_can_tell_all_kinds_apart() -> None:
    assert len(KINDS) <= LAYERS_MAX <= GRID * GRID
    assert len(set(NAMES)) == len(NAMES) and set(NAMES) == set(textures.MEANS)
    assert all(kind.metres in (2, 4) and 0 < kind.roughness < 16 for kind in KINDS)


@pytest.mark.parametrize("name", ["sand", "snow", "mud"])  # the quick ones
def test_a_layer_repeats_without_a_seam_and_keeps_its_mean(name: str) -> None:
    color, relief = textures.layer(number(name))
    again, _ = textures.layer(number(name))
    assert color.shape == relief.shape == (SIDE, SIDE, 3) and (color == again).all()
    mean = textures.linear(color / np.float32(255)).mean(axis=(0, 1))
    wanted = textures.linear(np.array(textures.MEANS[name], np.float32) / 255)
    assert np.abs(mean / wanted - 1).max() < 0.06
    height = relief[..., 2].astype(float)
    inside = np.abs(np.diff(height, axis=1)).mean()
    assert np.abs(height[:, 0] - height[:, -1]).mean() < 2 * inside + 1
    assert np.abs(height[0] - height[-1]).mean() < 2 * np.abs(np.diff(height, axis=0)).mean() + 1
    assert abs(float(relief[..., :2].mean()) - 127.5) < 2  # upright on the whole


@pytest.mark.parametrize(("change", "said"), [
    ({"names": []}, "names is no list of 1 to 16"), ({"side": 100}, "side is 100; 512 is expected"),
    ({"grid": 2}, "grid is 2; 1 to 8 is expected, with room for 16 kinds"), ({"relief": 7}, "relief.uri is None"),
])  # fmt: skip
def test_what_a_world_says_of_its_kinds_is_checked(change: dict[str, object], said: str) -> None:
    assert checked(GOOD, "http://x/tileset.json")[1:] == (len(NAMES), GRID)
    with pytest.raises(TilesetError, match=said):
        checked({**GOOD, **change}, "http://x/tileset.json")


def test_control_textures_of_neighbours_agree_and_know_beach_and_meadow(tmp_path: Path) -> None:
    field = make_island(3)
    steps = quantisation_steps(field)
    field = snap(field, steps[-1], tmp_path)
    fields, nodes = derive(field, tmp_path), make_plan(field, steps).root.walk()
    look = Look(field.sea_level_m, field.biome, 6.0, 0, (field.cell_x_m, field.cell_y_m))
    leaves = {(node.x, node.y): control(fields, node, look=look)
              for node in nodes if node.level == 2 and node.y in (1, 2)}
    pairs = [(leaves[x, y], leaves[x + 1, y]) for x, y in leaves if (x + 1, y) in leaves]
    assert pairs
    for west, east in pairs:
        assert west.shape == (CONTROL_TEXELS, CONTROL_TEXELS, 3)
        # What lies beyond a tile's edge is the neighbour's, so that a place beside one is the same from both.
        assert (west[:, CONTROL_CELLS : CONTROL_CELLS + 3] == east[:, :3]).all()
    found = {NAMES[k] for tile in leaves.values() for k in np.unique(tile[..., 0])}
    assert "sand" in found and found & {"grass", "dry_grass", "moss"}
    west = pairs[0][0]
    assert (np.array(Image.open(io.BytesIO(encode_png(west)))) == west).all()


def test_fine_tiles_name_their_control_texture_and_the_world_its_pictures(tmp_path: Path) -> None:
    bake(small_field(), tmp_path / "world", jobs=1, texels=32)
    kinds = tileset(tmp_path / "world")["extras"]["layerw"]["kinds"]
    assert checked(kinds, "http://x/tileset.json")[1] == len(NAMES)
    for part in ("color", "relief"):
        data = (tmp_path / "world" / kinds[part]["uri"]).read_bytes()
        assert len(data) == kinds[part]["byteLength"]
        assert Image.open(io.BytesIO(data)).size == (GRID * SIDE, GRID * SIDE)
    tile = next((tmp_path / "world" / "tiles").glob("*.glb")).read_bytes()
    material = json.loads(tile[20 : 20 + int.from_bytes(tile[12:16], "little")])["materials"][0]
    told = material["extras"]["layerw"]["terrain"]["kinds"]
    # The tile's first corner is the middle of the texel after the first, its last corner that many cells on.
    first, last = (0.5 / 32 * told["scale"] + told["shift"], 31.5 / 32 * told["scale"] + told["shift"])
    assert first == pytest.approx(1.5) and last == pytest.approx(1.5 + CONTROL_CELLS)
