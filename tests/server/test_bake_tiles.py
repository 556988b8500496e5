"""Baked tiles: valid glTF, no cracks, errors that are true, textures without seams."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from layerw_server.bake import bake
from layerw_server.bake.fields import snapped
from layerw_server.bake.quadtree import quantisation_steps

from .bake_worlds import F64, ReadTile, files, image_of, read_world, small_field

ROOT = Path(__file__).resolve().parents[2]
VALIDATE = """
const validator = require('gltf-validator'), fs = require('fs');
(async () => {
  const out = [];
  for (const file of process.argv.slice(1)) {
    const report = await validator.validateBytes(new Uint8Array(fs.readFileSync(file)), {uri: file});
    out.push([report.issues.numErrors, report.issues.numWarnings, report.issues.messages.slice(0, 3)]);
  }
  console.log(JSON.stringify(out));
})();
"""


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("bake") / "world"
    bake(small_field(), out, jobs=1, texels=48)
    return out


@pytest.fixture(scope="module")
def read(world: Path) -> list[ReadTile]:
    return read_world(world)


def _edges(tile: ReadTile) -> dict[str, F64]:
    g = tile.ground
    return {"north": g[0], "south": g[-1], "west": g[:, 0], "east": g[:, -1]}


def _height_on(line: F64, axis: int, at: F64) -> F64:
    return np.interp(at, line[:, axis], line[:, 1])


def _validator_errors(paths: list[Path]) -> list[tuple[int, int, object]]:
    node = shutil.which("node")
    if node is None or not (ROOT / "node_modules/gltf-validator").is_dir():
        pytest.skip("needs node and npm's gltf-validator in node_modules (npm ci)")
    command = [node, "-e", VALIDATE, *map(str, paths)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, check=True, timeout=120)
    reports: list[tuple[int, int, object]] = json.loads(done.stdout)
    return reports


def test_khronos_validator_finds_no_errors_and_no_warnings(world: Path) -> None:
    paths = sorted((world / "tiles").glob("*.glb"))
    for path, (errors, warnings, messages) in zip(paths, _validator_errors(paths), strict=True):
        assert (errors, warnings) == (0, 0), f"{path.name}: {messages}"


def test_the_validator_check_can_fail(world: Path, tmp_path: Path) -> None:
    data = next((world / "tiles").glob("0-*.glb")).read_bytes()
    broken = tmp_path / "broken.glb"
    broken.write_bytes(data.replace(b'"componentType":5123', b'"componentType":5125', 1))
    assert _validator_errors([broken])[0][0] > 0


def test_names_carry_the_hash_of_the_content(world: Path) -> None:
    for name, data in files(world).items():
        if name != "tileset.json":
            assert name.split(".")[-2] == hashlib.sha256(data).hexdigest()[:16], name


def test_neighbours_of_one_level_share_their_edges_exactly(read: list[ReadTile]) -> None:
    at = {(t.level, t.x, t.y): t for t in read}
    pairs = 0
    for (level, x, y), tile in at.items():
        for other, own_side, other_side in (((level, x + 1, y), "east", "west"), ((level, x, y + 1), "south", "north")):
            neighbour = at.get(other)
            if neighbour is not None and neighbour.grid == tile.grid:
                pairs += 1
                assert np.array_equal(_edges(tile)[own_side], _edges(neighbour)[other_side])
    assert pairs > 20


def test_skirts_cover_the_gap_to_every_possible_neighbour(read: list[ReadTile]) -> None:
    """Any two tiles that may be drawn side by side, whatever their levels."""
    gaps = 0
    for a in read:
        for b in read:
            for side_a, side_b, axis in (("east", "west", 2), ("south", "north", 0)):
                line_a, line_b = _edges(a)[side_a], _edges(b)[side_b]
                across = 2 - axis
                if abs(line_a[0, across] - line_b[0, across]) > 0.6:
                    continue
                low = max(line_a[0, axis], line_b[0, axis])
                high = min(line_a[-1, axis], line_b[-1, axis])
                if high - low < 1.0:
                    continue
                probe = np.linspace(low + 0.5, high - 0.5, 400)
                gap = _height_on(line_a, axis, probe) - _height_on(line_b, axis, probe)
                gaps += 1
                assert gap.max() <= a.skirt_drop_m(), f"{a.level}-{a.x}-{a.y} over {b.level}-{b.x}-{b.y}"
                assert -gap.min() <= b.skirt_drop_m(), f"{b.level}-{b.x}-{b.y} over {a.level}-{a.x}-{a.y}"
    assert gaps > 40


def _triangle_heights(tile: ReadTile, x: F64, z: F64) -> F64:
    """Heights of the tile's own triangles under points, found from its index list (not from the bake's formulas)."""
    n = tile.grid
    ground = tile.indices.reshape(-1, 3)[: 2 * (n - 1) ** 2].astype(int)
    p = tile.positions[ground]
    out = np.full(len(x), np.nan)
    for i in range(len(x)):
        a, b, c = p[:, 0], p[:, 1], p[:, 2]
        d = (b[:, 2] - c[:, 2]) * (a[:, 0] - c[:, 0]) + (c[:, 0] - b[:, 0]) * (a[:, 2] - c[:, 2])
        u = ((b[:, 2] - c[:, 2]) * (x[i] - c[:, 0]) + (c[:, 0] - b[:, 0]) * (z[i] - c[:, 2])) / d
        v = ((c[:, 2] - a[:, 2]) * (x[i] - c[:, 0]) + (a[:, 0] - c[:, 0]) * (z[i] - c[:, 2])) / d
        inside = np.flatnonzero((u >= -1e-9) & (v >= -1e-9) & (u + v <= 1 + 1e-9))
        if inside.size:
            k = inside[0]
            out[i] = u[k] * a[k, 1] + v[k] * b[k, 1] + (1 - u[k] - v[k]) * c[k, 1]
    return out


def test_geometric_error_bounds_the_true_error_and_is_reached(read: list[ReadTile]) -> None:
    field = small_field()
    heights = snapped(field.heights, quantisation_steps(field)[-1])
    half_x, half_z = field.size_m[0] / 2, field.size_m[1] / 2
    rng = np.random.default_rng(3)
    for tile in [t for t in read if t.level < 2 and t.tile["geometricError"] > 0]:
        size = field.cells >> tile.level
        rows = rng.integers(1, size, 400) + tile.y * size
        columns = rng.integers(1, size, 400) + tile.x * size
        x, z = columns * field.cell_x_m - half_x, rows * field.cell_y_m - half_z
        error = np.abs(_triangle_heights(tile, x, z) - heights[rows, columns])
        worst = float(np.nanmax(error))
        assert worst <= tile.tile["geometricError"] + 0.2, f"{tile.level}-{tile.x}-{tile.y}"  # 0.2: rounded x and z
        assert worst > 0.25 * tile.tile["geometricError"], f"{tile.level}-{tile.x}-{tile.y} states far too much"


def test_the_finest_tiles_hold_the_full_grid(read: list[ReadTile]) -> None:
    field = small_field()
    heights = snapped(field.heights, quantisation_steps(field)[-1])
    finest = [t for t in read if t.level == 2 and t.grid == 65]
    assert finest
    for tile in finest:
        window = heights[tile.y * 64 : tile.y * 64 + 65, tile.x * 64 : tile.x * 64 + 65]
        assert np.array_equal(tile.ground[..., 1], window.astype(np.float64))


def test_the_floor_has_no_holes(read: list[ReadTile]) -> None:
    leaves = [t for t in read if not t.tile.get("children")]
    field = small_field()
    area = sum(float(np.ptp(t.ground[..., 0]) * np.ptp(t.ground[..., 2])) for t in leaves)
    assert area == pytest.approx(field.size_m[0] * field.size_m[1], rel=1e-3)
    assert any(t.level < 2 or t.grid < 65 for t in leaves), "the deep sea should be coarser"


def test_triangles_face_up_and_normals_point_out(read: list[ReadTile]) -> None:
    for tile in read[:6]:
        n = tile.grid
        p = tile.positions[tile.indices.reshape(-1, 3)[: 2 * (n - 1) ** 2].astype(int)]
        face = np.cross(p[:, 1] - p[:, 0], p[:, 2] - p[:, 0])
        assert (face[:, 1] > 0).all()
        assert np.linalg.norm(tile.normals, axis=1) == pytest.approx(1.0, abs=0.02)
        assert (tile.normals[:, 1] > 0).all()


def test_texture_borders_of_neighbours_agree(world: Path, read: list[ReadTile]) -> None:
    at = {(t.level, t.x, t.y): t for t in read}
    checked = 0
    for (level, x, y), tile in at.items():
        neighbour = at.get((level, x + 1, y))
        if neighbour is None:
            continue
        a, b = image_of(world, tile.tile), image_of(world, neighbour.tile)
        if a.shape == b.shape:
            checked += 1
            difference = np.abs(a[:, -1].astype(int) - b[:, 0].astype(int))
            assert difference.mean() < 8.0, f"{level}-{x}-{y}"  # JPEG noise only
    assert checked > 8


def test_uv_reaches_half_a_texel_from_the_edge(world: Path, read: list[ReadTile]) -> None:
    for tile in read[:8]:
        texels = image_of(world, tile.tile).shape[0]
        assert tile.uvs.min() == pytest.approx(0.5 / texels, abs=2e-5)
        assert tile.uvs.max() == pytest.approx(1 - 0.5 / texels, abs=2e-5)
