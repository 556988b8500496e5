"""A recipe in, a height field out; and the values that a recipe of a kind begins with."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from layerw_server.bake import climate, procedural
from layerw_server.bake.heightfield import HeightField, Shaping
from layerw_server.bake.procedural import Nature, Progress
from layerw_server.bake.recipe import Recipe

BEACH_M = 4.0


def defaults(kind: str) -> dict[str, float]:
    """By key; what is not here the kind decides from its size and seed."""
    found = {"seed": 1.0, "size_km": procedural.DEFAULT_KM.get(kind, 8.192), "land.erosion": 1.0, "land.roughness": 1.0,
             "plants.trees": 1.0, "plants.rocks": 1.0}
    if kind in procedural.WATERED:
        found |= {"water.lakes": procedural.LAKES, "water.lake_depth_m": procedural.LAKE_DEPTH_M}
    if kind == "desert":
        found |= {"climate.arid": 1.0, "plants.trees": 0.0}
    return found


def make(
    recipe: Recipe, *, seed: int | None = None, size_km: float | None = None, levels: int | None = None,
    progress: Progress = lambda step, done, total: None,
) -> HeightField:
    """The world of a recipe; what is given here comes before what the recipe says.

    Raises:
        BakeError: the land can't be as the recipe wants it.
    """
    number = next(v for v in (seed, recipe.whole("seed"), 1) if v is not None)
    km = next((v for v in (size_km, recipe.get("size_km")) if v is not None), None)
    count = levels if levels is not None else recipe.whole("levels")
    nature = Nature(recipe.numbers.get("land.erosion", 1.0), recipe.numbers.get("land.roughness", 1.0))
    field = procedural.make_world(recipe.kind, number, size_km=km, levels=count, progress=progress, nature=nature)
    field = _raised(field, recipe)
    field = _flooded(field, recipe)
    said = sorted(recipe.numbers.items())
    return replace(field, biome=_biome(field, recipe), shaping=_shaping(field, recipe),
                   source={**field.source, "recipe": dict(said)})


def _raised(field: HeightField, recipe: Recipe) -> HeightField:
    """Stretched to the height that is asked for; lines of the climate that follow the land move along."""
    height = recipe.get("land.height_m")
    if height is None:
        return field
    base = float(field.heights.min()) if field.sea_level_m is None else field.sea_level_m
    factor = height / max(float(field.heights.max()) - base, 1.0)
    heights = np.float32(base) + (field.heights - np.float32(base)) * np.float32(factor)
    lines = {key: base + (field.biome[key] - base) * factor for key in ("tree_line_m", "snow_line_m")}
    return replace(field, heights=heights.astype(np.float32), biome={**field.biome, **lines})


def _flooded(field: HeightField, recipe: Recipe) -> HeightField:
    sea = recipe.get("land.sea_level_m")
    if sea is None:
        return field
    low, high = float(field.heights.min()), float(field.heights.max())
    if sea >= high:
        raise recipe.wrong("land.sea_level_m", f"is {sea:g}, but the highest top has {high:.0f} m: nothing is dry.")
    if sea < low:
        raise recipe.wrong("land.sea_level_m", f"is {sea:g}, but the lowest valley has {low:.0f} m: all is dry.")
    return replace(field, sea_level_m=sea, biome={**field.biome, "beach_top_m": sea + BEACH_M})


def _biome(field: HeightField, recipe: Recipe) -> dict[str, float]:
    biome = dict(field.biome)
    latitude = recipe.get("climate.latitude")
    if latitude is not None:
        biome |= climate.lines(latitude)
    for key in ("climate.tree_line_m", "climate.snow_line_m", "climate.arid", "plants.trees", "plants.rocks"):
        given = recipe.get(key)
        if given is not None:
            biome[key.partition(".")[2]] = given
    if biome["snow_line_m"] < biome["tree_line_m"]:
        key = next(k for k in ("climate.snow_line_m", "climate.tree_line_m") if k in recipe.numbers)
        raise recipe.wrong(key, f"is {recipe.numbers[key]:g}, but trees end at {biome['tree_line_m']:.0f} m "
                                f"and snow begins at {biome['snow_line_m']:.0f} m, below them.")
    return biome


def _shaping(field: HeightField, recipe: Recipe) -> Shaping:
    shaping = field.shaping
    river, lakes, depth = (recipe.get(f"water.{name}") for name in ("river_km2", "lakes", "lake_depth_m"))
    return replace(shaping, river_km2=shaping.river_km2 if river is None else river,
                   lakes=shaping.lakes if lakes is None else int(lakes),
                   lake_depth_m=shaping.lake_depth_m if depth is None else depth, roads=recipe.roads)
