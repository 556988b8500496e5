"""Recipes: what they say is what is made, equal ones make equal worlds, and a mistake is one sentence with its line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from layerw_server.bake import BakeError, climate, procedural, recipe, recipe_world
from layerw_server.bake.command import cli_bake, cli_recipe
from layerw_server.bake.heightfield import HeightField

from .bake_worlds import files, small_field, tileset


def _read(folder: Path, text: str) -> recipe.Recipe:
    (folder / "r.toml").write_text(text)
    return recipe.read(folder / "r.toml")


def _made(folder: Path, text: str, **more: Any) -> HeightField:
    return recipe_world.make(_read(folder, text), levels=2, **more)


@pytest.mark.parametrize("kind", recipe.KINDS)
def test_a_recipe_to_begin_from_is_a_recipe(kind: str, tmp_path: Path) -> None:
    cli_recipe(kind, tmp_path / "r.toml")
    read = recipe.read(tmp_path / "r.toml")
    assert read.kind == kind and set(read.numbers) <= set(recipe_world.defaults(kind))
    for value in recipe.VALUES:
        assert (value.name in (tmp_path / "r.toml").read_text()) or kind not in value.kinds
    with pytest.raises(SystemExit, match="exists; give a new file's name"):
        cli_recipe(kind, tmp_path / "r.toml")


def test_values_shape_the_world(tmp_path: Path) -> None:
    field = _made(tmp_path, """kind = "desert"
seed = 3
size_km = 5
[land]
height_m = 700
sea_level_m = 450
[climate]
latitude = 46
snow_line_m = 2222
[plants]
trees = 0.5
[water]
river_km2 = 2
lakes = 3
""")
    assert field.size_m == (5000, 5000) and np.ptp(field.heights) == pytest.approx(700, abs=1)
    assert field.sea_level_m == 450 and field.biome["beach_top_m"] == 454
    assert field.biome["tree_line_m"] == 2150 and field.biome["snow_line_m"] == 2222 and field.biome["trees"] == 0.5
    assert field.shaping.river_km2 == 2 and field.shaping.lakes == 3 and field.source["seed"] == 3


def test_erosion_and_roughness_are_heard(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    strengths: list[float] = []

    def erode(heights: Any, *_: Any, strength: Any, **__: Any) -> Any:  # the real one takes seconds
        strengths.append(float(strength.mean()))
        return heights

    monkeypatch.setattr(procedural, "erode", erode)
    monkeypatch.setattr(procedural, "slide", lambda heights, **_: heights)
    monkeypatch.setattr(procedural, "EROSION_SAMPLES", 385)
    plain, rough, _ = (_made(tmp_path, f'kind = "alps"\n[land]\n{line}').heights for line in (
        "", "roughness = 3", "erosion = 3"))
    bumps = [float(np.abs(np.diff(h, 2)).mean()) for h in (plain, rough)]
    assert bumps[1] > bumps[0] and strengths[-1] == pytest.approx(3 * strengths[2], rel=1e-3)


def test_the_command_line_comes_before_the_recipe(tmp_path: Path) -> None:
    text = 'kind = "desert"\nseed = 3\nsize_km = 5\n'
    assert np.array_equal(_made(tmp_path, text).heights, _made(tmp_path, text).heights)
    other = _made(tmp_path, text, seed=4, size_km=6.0)
    assert other.source["seed"] == 4 and other.size_m == (6000, 6000)


def test_equal_recipes_bake_equal_bytes_with_roads_and_plants(tmp_path: Path) -> None:
    (tmp_path / "r.toml").write_text("""kind = "city"
size_km = 2
levels = 2
[plants]
trees = 1
[[road]]
width_m = 20
points = [[-900, 100], [0, 0], [900, -200]]
""")
    for name in ("a", "b"):
        cli_bake([], tmp_path / name, procedural=str(tmp_path / "r.toml"), texels=16, jobs=1)
    assert files(tmp_path / "a") == files(tmp_path / "b")
    assert tileset(tmp_path / "a")["extras"]["layerw"]["source"]["recipe"]["plants.trees"] == 1


BAD = [
    ("kind = 'moon'", r"r\.toml, line 1: kind is 'moon', but must be one of island, archipelago"),
    ("", r"r\.toml: a recipe says kind = one of island"),
    ("kind = 'alps'\nsize = 3", r"line 2: size is not known; size_km is"),
    ("kind = 'alps'\n[land]\n\nhight_m = 3", r"line 4: land.hight_m is not known; land.height_m is"),
    ("kind = 'alps'\n[land]\nheight_m = 0", r"line 3: land.height_m is 0, but must be a number from 10 to 9000"),
    ("kind = 'alps'\nlevels = 2.5", r"line 2: levels is 2.5, but must be a whole number from 1 to 8"),
    ("kind = 'alps'\nseed = true", r"line 2: seed is True"),
    ("kind = 'alps'\nsize_km = nan", r"line 2: size_km is nan"),
    ("kind = 'city'\n[land]\nerosion = 1", r"line 3: land.erosion is for island, archipelago, alps, but kind is city"),
    ("kind = 'alps'\n[climate]\ntree_line_m = 900\nsnow_line_m = 800", r"line 4: climate.snow_line_m is 800, below"),
    ("kind = 'alps'\n[climate]\narid = 1\n[plants]\ntrees = 1", r"line 5: plants.trees is 1, but climate.arid"),
    ("kind = 'alps'\n[water]\nlakes = 0\nlake_depth_m = 2", r"line 4: water.lake_depth_m is given, but"),
    ("kind = 'alps'\nland = 3", r"line 2: land is not known"),
    ("kind = 'alps'\nsize_km = 2\n[[road]]\npoints = [[0, 0], [5, 5]]\n[[road]]\npoints = [[0, 0], [5000, 5]]",
     r"line 6: road 2 has the point \[5000, 5\], outside of the world, which ends 1000 m"),
    ("kind = 'alps'\n[[road]]\npoints = [[0, 0]]", r"line 3: road 1 needs points"),
    ("kind = 'alps'\n[[road]]\nwide = 3\npoints = [[0, 0], [1, 1]]", r"line 3: road 1 has 'wide', but"),
    ("kind = 'alps'\n[[road]]\nwidth_m = 99\npoints = [[0, 0], [1, 1]]", r"line 3: road 1 is 99 m wide"),
    ("kind = 'alps'\n[[road]]\npoints = [[0, 0], [0, 0]]", r"line 3: road 1 has the point \[0, 0\] twice"),
    ("kind = 'alps'\n[road]\nwidth_m = 3", r"line 2: roads are written as \[\[road\]\]"),
    ("kind = ", r"is no TOML: Invalid value"),
]


@pytest.mark.parametrize(("text", "says"), BAD)
def test_a_mistake_is_one_sentence_with_its_line(text: str, says: str, tmp_path: Path) -> None:
    with pytest.raises(BakeError, match=says) as caught:
        _read(tmp_path, text)
    assert "\n" not in str(caught.value) and str(caught.value).endswith((".", ")"))


def test_what_only_the_land_shows_is_told_too(tmp_path: Path) -> None:
    with pytest.raises(BakeError, match=r"line 3: land.sea_level_m is 5000, but the highest top has \d+ m"):
        _made(tmp_path, "kind = 'city'\n[land]\nsea_level_m = 5000")
    with pytest.raises(BakeError, match=r"line 3: land.sea_level_m is -9, but the lowest valley has"):
        _made(tmp_path, "kind = 'city'\n[land]\nsea_level_m = -9")
    with pytest.raises(BakeError, match=r"line 4: climate.tree_line_m is 4000, but trees end at 4000 m and snow"):
        _made(tmp_path, "kind = 'city'\n[climate]\nlatitude = 60\ntree_line_m = 4000")


@pytest.mark.parametrize("path", ["gone.toml", "folder.toml", "odd.toml"])
def test_files_that_are_no_recipes(path: str, tmp_path: Path) -> None:
    (tmp_path / "folder.toml").mkdir()
    (tmp_path / "odd.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(SystemExit, match=r"layerw bake: .*can't be read"):
        cli_bake([], tmp_path / "w", procedural=str(tmp_path / path))
    assert not (tmp_path / "w").exists()


def test_a_dressed_dem_has_the_climate_of_its_latitude() -> None:
    field = small_field()
    field.source["latitude"] = -46.0
    made = climate.dressed(field)
    assert made.biome["tree_line_m"] == 2150 and made.shaping.has_water and made.biome["latitude"] == -46
    assert climate.lines(70)["tree_line_m"] < climate.lines(60)["tree_line_m"] < climate.lines(30)["tree_line_m"]
    assert all(climate.lines(at)["tree_line_m"] < climate.lines(at)["snow_line_m"] for at in range(-90, 91, 3))
