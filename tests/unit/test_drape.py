"""Maps on worlds: addresses, which images lie where, what fails, and what it takes."""

from __future__ import annotations

import json
import math
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import layerw as lw
from layerw.base.errors import ConfigError, KindError, LayerwError, ShapeError
from layerw.content import drapes
from layerw.content.map_images import MapImages
from layerw.stream import geo
from layerw.stream.maps import Area, Template, checked_area, checked_levels, fit, unit_square, window
from layerw.stream.places import EarthPlaces, GridPlaces
from layerw.stream.projections import WebMercator
from layerw.stream.retry import Messages
from tests.unit.test_transfers import png
from tests.unit.world_files import app_over, write_world

EQUATOR_M = 2 * math.pi * 6_378_137.0
WEST_M, NORTH_M = 1000.0, -2000.0  # of the world of world_files, 256 m a side: crosses no image's edge at level 12


def georeferenced(folder: Path, levels: int = 3) -> None:
    write_world(folder, levels)
    document = json.loads((folder / "tileset.json").read_text())
    document["extras"]["layerw"] |= {"size_m": [256.0, 256.0], "georeference": {
        "crs": "EPSG:3857", "west": WEST_M, "east": WEST_M + 256.0, "south": NORTH_M - 256.0, "north": NORTH_M}}
    (folder / "tileset.json").write_text(json.dumps(document))


def draped(folder: Path, *, without: str = "$^", side: int = 8, settings: dict[str, Any] | None = None,
           **how: Any) -> tuple[lw.App, Any, Any, Any]:  # fmt: skip
    """An app, its host, the world and the drape; every image exists that the program could ask for but `without`."""
    georeferenced(folder)
    names = {}
    for level in range(10, 20):
        size = EQUATOR_M / 2**level
        columns = range(int((EQUATOR_M / 2 + WEST_M) // size), int((EQUATOR_M / 2 + WEST_M + 256) // size) + 1)
        rows = range(int((EQUATOR_M / 2 - NORTH_M) // size), int((EQUATOR_M / 2 - NORTH_M + 256) // size) + 1)
        names |= {f"{level}/{x}/{y}.png": None for x in columns for y in rows}
    for name in names:
        if not re.search(without, name):
            (folder / "map" / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / "map" / name).write_bytes(png(side, side))
    app, host = app_over(folder, settings)
    world = app.stream("tileset.json")
    drape = world.drape("map/{z}/{x}/{y}.png", **how)
    for _ in range(40):
        host.step(app, 5)
        if world.state == "ready" and world.settled:
            break
    return app, host, world, drape


def test_addresses() -> None:
    assert Template("https://a.org/{z}/{x}/{y}.png?key=1", "xyz").address((3, 1, 2)) == "https://a.org/3/1/2.png?key=1"
    assert Template("m/{z}/{x}/{y}.png", "tms").address((3, 1, 2)) == "m/3/1/5.png"
    wmts = Template("w/{TileMatrix}/{TileRow}/{TileCol}", "wmts")
    assert wmts.address((3, 1, 2)) == "w/3/2/1"


@pytest.mark.parametrize(("url", "scheme", "error", "message"), [
    ("m/{z}/{x}.png", "xyz", ConfigError, r"without \{y\}"), ("m/{z}/{x}/{yy}", "xyz", ConfigError, "has {yy}"),
    ("m/{z}/{x}/{y}", "xyzw", ConfigError, "xyz"), (5, "xyz", KindError, "url is 5"),
    ("w/{Style}/{TileMatrix}/{TileRow}/{TileCol}", "wmts", ConfigError, "has {style}"),
    ("m/{z}/{x}/{y}", None, KindError, "scheme"), ("", "xyz", ConfigError, "0 bytes"),
])  # fmt: skip
def test_odd_addresses(url: Any, scheme: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        Template(url, scheme)


@pytest.mark.parametrize(("call", "error"), [
    (lambda: checked_levels((3, 2)), ConfigError), (lambda: checked_levels(5), ConfigError),
    (lambda: checked_levels((0, 99)), ConfigError), (lambda: checked_levels(("a", 2)), KindError),
    (lambda: checked_area((10, 0, 5, 1)), ConfigError), (lambda: checked_area((0, 0)), ShapeError),
    (lambda: checked_area((0, 0, math.nan, 1)), ShapeError),
])  # fmt: skip
def test_odd_levels_and_areas(call: Any, error: type[Exception]) -> None:
    with pytest.raises(error):
        call()


def test_where_images_are() -> None:
    assert unit_square(0.0, 0.0) == pytest.approx((0.5, 0.5))
    assert unit_square(-180.0, 85.0511287798066) == pytest.approx((0.0, 0.0), abs=1e-9)
    assert unit_square(0.0, 90.0)[1] == pytest.approx(0.0, abs=1e-9), "the pole is the map's edge, not infinity"
    alps = Area(7.0, 45.0, 8.0, 46.0)
    assert alps.holds((0, 0, 0)) and alps.holds((10, 533, 365)) and not alps.holds((10, 0, 0))


@pytest.mark.parametrize(("lon", "lat", "wide_m"), [(7.6, 45.9, 3000.0), (-179.999, 10.0, 800.0), (20.0, -70.0, 50.0)])
def test_a_place_of_a_tile_is_found_in_its_window(lon: float, lat: float, wide_m: float) -> None:
    """On the globe, with known places."""
    places = EarthPlaces()
    middle = places.at(lon, lat, 100.0)
    geometry = np.concatenate([middle, np.eye(3).ravel(), np.full(3, wide_m / 2), [0.0, 1.0]])
    found = fit(places, geometry)
    assert found is not None
    laid = window(found, (0, 24), 0)
    level = next(key[0] for key in laid.keys if key is not None)
    side = 1 << level
    wide = (found.high - found.low) * side
    assert 0.5 < float(wide.max()) <= 2.0 and (np.floor(found.high * side) - np.floor(found.low * side)).max() <= 1.0
    at_once = np.floor(found.high * 2 * side) - np.floor(found.low * 2 * side)
    assert at_once.max() > 1.0, "no finer level's 2 x 2 images cover it"
    position = np.append(middle, 1.0)
    across, down = float(laid.across @ position), float(laid.down @ position)
    number = int(down) * 2 + int(across)
    u, v = unit_square(lon, lat)
    assert laid.keys[number] == (level, int(u * side) % side, int(v * side))
    assert (across % 1, down % 1) == (pytest.approx(u * side % 1, abs=2e-3), pytest.approx(v * side % 1, abs=2e-3))
    coarser = window(found, (0, 24), 2)
    assert all(key is None or key[0] == level - 2 for key in coarser.keys)


def test_what_is_too_bent_takes_no_map() -> None:
    half = np.full(3, 7e6)
    assert fit(EarthPlaces(), np.concatenate([np.zeros(3), np.eye(3).ravel(), half, [0.0, 1.0]])) is None


def test_grids_in_mercator_are_exact() -> None:
    edges = {"west": WEST_M, "east": WEST_M + 256.0, "south": NORTH_M - 256.0, "north": NORTH_M}
    places = GridPlaces(edges, (256.0, 256.0), WebMercator())
    found = fit(places, np.concatenate([(0, 50, 0), np.eye(3).ravel(), (128.0, 50.0, 128.0), [0.0, 1.0]]))
    assert found is not None
    assert found.low * EQUATOR_M - EQUATOR_M / 2 == pytest.approx((WEST_M, -NORTH_M), abs=1e-3)
    assert found.matrix[:, 1] == pytest.approx((0, 0), abs=1e-15), "height does not move a map"


def test_tiles_show_a_map_and_give_it_back(tmp_path: Path) -> None:
    app, host, world, drape = draped(tmp_path)
    store, rows = world._store, world._streamer.residency.rows
    assert drape.counts["pending"] == 0 and drape.counts["shown"] > 4 and drape.counts["missing"] == 0
    assert drape.gpu_bytes == drape.counts["shown"] * store.texture_bytes(8, 8)
    own = {item.material for row in rows.drawn.tolist()
           for item in world._streamer.residency.contents_of(row)[0].primitives}  # fmt: skip
    ours = set(rows.draw.material.tolist())
    assert not own & ours
    for desc in (store.materials[handle].desc for handle in ours):
        assert desc.shader and any(desc.shader_textures)
    drape.opacity = 0.25
    host.step(app, 2)
    assert {round(store.materials[m].desc.params[-4], 3) for m in ours} == {0.25}
    drape.close()
    host.step(app, 2)
    assert set(rows.draw.material.tolist()) == own and not ours & set(store.materials) and drape.gpu_bytes == 0
    assert not store.shaders.sources and not host.errors
    app.close()


def test_images_that_are_missing_are_told_once_and_coarser_ones_shown(tmp_path: Path) -> None:
    app, host, world, drape = draped(tmp_path, without=r"^1[89]/")
    told = [line for _, line in host.logs if "map/" in line or "missing" in line]
    assert drape.counts["missing"] > 4 and world.settled
    assert 1 <= len(told) <= 3, told
    texts = [world._store.materials[handle].desc for handle in world._streamer.draw().material.tolist()]
    assert texts and all(desc.shader and any(desc.shader_textures) for desc in texts)
    sizes = {desc.params[8 + 4 * n] for desc in texts for n in range(4) if desc.params[11 + 4 * n]}
    assert sizes <= {1.0, 0.5, 0.25, 0.125} and min(sizes) < 1.0
    app.close()


def test_hostile_images_and_worlds_that_lie_nowhere(tmp_path: Path) -> None:
    georeferenced(tmp_path)
    (tmp_path / "big.png").write_bytes(png(1, 1)[:16] + (60_000).to_bytes(4, "big") * 2 + png(1, 1)[24:])
    app, host = app_over(tmp_path)
    world = app.stream("tileset.json")
    drape = world.drape("big.png?{z}{x}{y}")
    host.step(app, 120)
    assert drape.counts["shown"] == 0 and drape.gpu_bytes == 0
    assert len(world._streamer.draw().mesh) > 0, "the tiles go on without"
    app.close()
    write_world(tmp_path / "nowhere")
    app, host = app_over(tmp_path / "nowhere")
    drape = app.stream("tileset.json").drape("m/{z}/{x}/{y}.png")
    host.step(app, 60)
    assert "does not say where on Earth" in drape.error and drape.settled
    assert sum("No map can be draped" in line for _, line in host.logs) == 1
    app.close()


def test_a_budget_takes_coarser_images(tmp_path: Path) -> None:
    app, _, world, drape = draped(tmp_path, side=256, budget_mib=2.0)
    assert drape.counts["coarser"] >= 1 and 0 < drape.gpu_bytes <= 2 * 1024 * 1024, drape.counts
    app.close()


def test_a_budget_is_kept_where_no_coarser_images_are(tmp_path: Path) -> None:
    app, host, world, drape = draped(tmp_path, side=256, budget_mib=1.0, levels=(18, 18))
    assert 0 < drape.gpu_bytes <= 1024 * 1024 and drape.counts["shown"] == 2 and drape.settled, drape.counts
    assert drape.counts["coarser"] <= 1, "there is none coarser"
    far, near = (sorted(float(np.linalg.norm(laid.fit.middle - app.camera.position)) for laid in drape._laid.values()
                        if bool(laid.materials) == has) for has in (False, True))  # fmt: skip
    assert near[0] < far[0]
    host.step(app, 60)
    assert sum("its coarsest, take more than the 1 MiB" in line for _, line in host.logs) == 1
    app.close()


def test_outside_of_its_area_a_map_is_neither_asked_for_nor_shown(tmp_path: Path) -> None:
    (tmp_path / "map" / "0" / "0").mkdir(parents=True)
    (tmp_path / "map" / "0" / "0" / "0.png").write_bytes(png(8, 8))
    app, host, world, drape = draped(tmp_path, area=(-90.0, 10.0, -20.0, 80.0))
    host.step(app, 60)
    assert drape.counts == {"shown": 0, "pending": 0, "missing": 0, "coarser": 0} and drape.settled
    assert not any(laid.materials for laid in drape._laid.values()) and world.settled
    app.close()


def test_few_new_tiles_are_laid_a_frame(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drapes, "LAID_MAX", 2)
    app, host, world, drape = draped(tmp_path)
    count = len(drape._laid)
    drape.close()
    other = world.drape("map/{z}/{x}/{y}.png")
    laid = []
    for _ in range(count):
        host.step(app)
        laid.append(len(other._laid))
        assert other.settled is False or len(other._laid) >= len(world._streamer.residency.rows.drawn)
    assert laid[:2] == [2, 4] and max(np.diff(laid)) <= 2
    app.close()


def test_what_is_missing_is_forgotten_where_nothing_wants_it() -> None:
    images = MapImages(Template("m/{z}/{x}/{y}.png", "xyz"), 0, lambda: None, Messages())  # type: ignore[arg-type,return-value]
    images._missing = {(3, 4, 4), (2, 2, 2), (3, 0, 0)}
    images.want([(4, 8, 8)])
    assert images._missing == {(3, 4, 4), (2, 2, 2)}
    images.want([(2, 2, 3)])
    assert not images._missing


def test_without_opacity_tiles_keep_their_own_materials(tmp_path: Path) -> None:
    app, host, world, drape = draped(tmp_path)
    store, rows = world._store, world._streamer.residency.rows
    ours = set(rows.draw.material.tolist())
    assert any(store.materials[handle].desc.shader for handle in ours)
    drape.opacity = 0.0
    host.step(app, 2)
    assert not ours & set(rows.draw.material.tolist()) and not ours & set(store.materials)
    assert not any(store.materials[handle].desc.shader for handle in rows.draw.material.tolist())
    drape.opacity = 0.5
    host.step(app, 2)
    assert {store.materials[m].desc.params[-4] for m in rows.draw.material.tolist()} == {0.5}
    assert not host.errors
    app.close()


def test_a_closed_world_takes_none_and_a_lost_device_takes_it_again(tmp_path: Path) -> None:
    app, host, world, drape = draped(tmp_path)
    host.step(app, 160)  # what was drawn on the way is let go of
    first = drape.counts["shown"]
    host.lose_device()
    for _ in range(30):
        host.step(app, 5)
    assert drape.counts["shown"] == first and not host.errors
    world.close()
    assert drape.gpu_bytes == 0
    with pytest.raises(LayerwError, match="closed"):
        world.drape("m/{z}/{x}/{y}.png")
    app.close()


@pytest.mark.parametrize(("place", "scheme"), [("local", "xyz"), ("as_is", "tms")])
def test_a_world_on_the_globe(tmp_path: Path, place: str, scheme: str) -> None:
    lon, lat, level = -98.16, 33.22, 16
    frame = geo.east_north_up(geo.earth_point(np.radians(lon), np.radians(lat), np.array(300.0)))
    write_world(tmp_path, 1)
    document = json.loads((tmp_path / "tileset.json").read_text())
    del document["extras"]
    document["root"]["transform"] = frame.T.ravel().tolist()
    (tmp_path / "tileset.json").write_text(json.dumps(document))
    u, v = unit_square(lon, lat)
    column, row = int(u * 2**level), int(v * 2**level)
    name = f"{level}/{column}/{row if scheme == 'xyz' else 2**level - 1 - row}.png"
    (tmp_path / "map" / name).parent.mkdir(parents=True)
    (tmp_path / "map" / name).write_bytes(png(8, 8))
    app, host = app_over(tmp_path)
    world = app.stream("tileset.json", place=place)
    drape = world.drape("map/{z}/{x}/{y}.png", scheme=scheme, levels=(level, level))
    host.step(app, 3)
    eye = world.local_frame()
    app.camera.position = (eye @ (0.0, 200.0, 200.0, 1.0))[:3]
    app.camera.look_at(eye[:3, 3])
    host.step(app, 90)
    assert not drape.error and drape.counts["shown"] == 1, drape.counts
    (shown,) = (world._store.materials[handle].desc for handle in world._streamer.draw().material.tolist())
    assert sum(map(bool, shown.shader_textures)) == 1
    position = np.append(eye[:3, 3], 1.0)
    at = np.array((shown.params[:4], shown.params[4:8])) @ position
    assert at % 1 == pytest.approx((u * 2**level % 1, v * 2**level % 1), abs=0.05 if place == "as_is" else 1e-3)
    app.close()


def test_one_map_replaces_another_and_odd_settings_are_refused(tmp_path: Path) -> None:
    app, host, world, drape = draped(tmp_path)
    other = world.drape("map/{z}/{x}/{y}.png", levels=(10, 12), area=(-90.0, 0.0, 0.0, 80.0))
    host.step(app, 60)
    assert drape.gpu_bytes == 0 and other.counts == {"shown": 0, "pending": 0, "missing": 0, "coarser": 0}
    for bad in ({"opacity": 2}, {"budget_mib": 0}, {"levels": (5,)}, {"area": "Alps"}, {"scheme": "wms"}):
        with pytest.raises(LayerwError):
            world.drape("m/{z}/{x}/{y}", **bad)
    with pytest.raises(lw.AttributeMissing, match="opacity"):
        other.opacty = 0.5
    with pytest.raises(ConfigError):
        other.opacity = math.nan
    app.close()


def test_a_still_view_costs_next_to_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    app, host, _, drape = draped(tmp_path)
    host.step(app, 160)
    laid: list[int] = []
    monkeypatch.setattr(drape._images, "want", lambda keys: laid.append(len(keys)))
    host.step(app, 60)
    assert len(laid) <= 2, "tiles that are not drawn are looked for now and then, and nothing else"
    app.close()
