"""Procedural worlds: each is what its name says, the same for a seed, and of the size that was asked for."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from layerw_server.bake import BakeError, bake
from layerw_server.bake.heightfield import HeightField
from layerw_server.bake.procedural import make_world

from .bake_worlds import image_of, tileset


def _slopes(field: HeightField) -> np.ndarray:
    south, east = np.gradient(field.heights, field.cell_y_m, field.cell_x_m)
    return np.hypot(south, east)


def test_alps_are_steep_and_have_no_sea() -> None:
    field = make_world("alps", 2, levels=3)
    assert field.sea_level_m is None and field.size_m[0] == pytest.approx(16_384)
    assert 1500 < np.ptp(field.heights) < 4000 and np.quantile(_slopes(field), 0.5) > 0.3
    assert field.biome["tree_line_m"] < field.biome["snow_line_m"] < field.heights.max()


def test_a_desert_is_of_sand_and_wider_than_tall(tmp_path: Path) -> None:
    field = make_world("desert", 2, levels=3)
    assert np.quantile(_slopes(field), 0.5) < 0.25 and np.ptp(field.heights) < 500
    bake(field, tmp_path / "w", jobs=1, texels=32)
    red, green, blue = image_of(tmp_path / "w", tileset(tmp_path / "w")["root"]).reshape(-1, 3).mean(axis=0)
    assert red > green > blue > 40, "sand, not meadows"


def test_an_archipelago_has_islands_and_an_edge_of_sea() -> None:
    field = make_world("archipelago", 2, levels=3, size_km=20)
    land = field.heights > 0
    assert 0.04 < land.mean() < 0.4 and not (land[0].any() or land[-1].any() or land[:, 0].any() or land[:, -1].any())
    # flood from each land corner: how many pieces are there
    left, pieces = land.copy(), 0
    while left.any():
        pieces += 1
        stack = [tuple(np.argwhere(left)[0])]
        while stack:
            r, c = stack.pop()
            if 0 <= r < left.shape[0] and 0 <= c < left.shape[1] and left[r, c]:
                left[r, c] = False
                stack += [(r + 1, c), (r - 1, c), (r, c + 1), (r, c - 1)]
    assert pieces >= 4
    assert field.size_m == (20_000, 20_000)


def test_a_seed_makes_one_world() -> None:
    a, b, c = (make_world("desert", seed, levels=2).heights for seed in (1, 1, 2))
    assert np.array_equal(a, b) and not np.array_equal(a, c)


@pytest.mark.parametrize(("name", "options", "says"), [
    ("moon", {}, "those there are, are island, archipelago, alps, desert"), ("alps", {"size_km": 0.5}, "between 1 and"),
    ("alps", {"size_km": float("nan")}, "between 1 and"), ("alps", {"levels": 99}, "levels is 99"),
])
def test_bad_options(name: str, options: dict[str, float], says: str) -> None:
    with pytest.raises(BakeError, match=says):
        make_world(name, 1, **options)  # type: ignore[arg-type]
