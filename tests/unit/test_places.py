"""Longitude and latitude of places in a world."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import layerw as lw
from layerw.base.errors import KindError, LayerwError, ShapeError
from layerw.stream.places import EarthPlaces, GridPlaces, check_near, checked_degrees, places_of
from layerw.stream.projections import projection_of

NOWHERE = np.zeros(3)
ALPS = {"crs": "EPSG:4326", "west": 7.0, "south": 45.0, "east": 8.0, "north": 46.0}


def test_edges_and_middle_of_a_baked_world() -> None:
    places = places_of({"georeference": ALPS, "size_m": [78_000.0, 111_000.0]}, NOWHERE, "w/")
    assert isinstance(places, GridPlaces)
    assert places.at(7.5, 45.5, 12.0) == pytest.approx((0.0, 12.0, 0.0))
    assert places.at(7.0, 46.0, 0.0) == pytest.approx((-39_000.0, 0.0, -55_500.0)), "north is -z"
    assert places.lonlat(places.at(7.2, 45.9, 100.0)) == pytest.approx((7.2, 45.9, 100.0), abs=1e-9)


@pytest.mark.parametrize(("lon", "lat", "height"), [(0, 0, 0), (-84.3, 36.5, 300), (179.9, -89.9, -50), (12, 90, 9000)])
def test_worlds_on_the_globe(lon: float, lat: float, height: float) -> None:
    places = EarthPlaces()
    position = places.at(lon, lat, height)
    back = places.lonlat(position)
    assert back[1:] == (pytest.approx(lat, abs=1e-9), pytest.approx(height, abs=1e-4))
    assert places.at(*back) == pytest.approx(position, abs=1e-3)
    assert isinstance(places_of({}, position, "w/"), EarthPlaces)


def test_published_earth_centred_coordinates() -> None:
    """EPSG guidance note 7-2, section 4.1.1: 53 48 33.82 N, 2 7 46.38 E, 73 m."""
    x, y, z = EarthPlaces().at(2 + 7 / 60 + 46.38 / 3600, 53 + 48 / 60 + 33.82 / 3600, 73.0)
    assert (x, -z, y) == (pytest.approx(3_771_793.968, abs=0.01), pytest.approx(140_253.342, abs=0.01),
                          pytest.approx(5_124_304.349, abs=0.01))


@pytest.mark.parametrize(("extras", "message"), [
    ({}, "does not say where on Earth"),
    ({"georeference": {**ALPS, "crs": "EPSG:2056"}, "size_m": [1.0, 1.0]}, "lies in EPSG:2056 .* known for EPSG:4326"),
    ({"georeference": {"crs": "EPSG:4326", "west": "x"}, "size_m": [1.0, 1.0]}, "without four edges"),
    ({"georeference": {**ALPS, "east": 7.0}, "size_m": [1.0, 1.0]}, "without four edges"),
])
def test_worlds_that_lie_nowhere_say_so(extras: dict[str, Any], message: str) -> None:
    with pytest.raises(LayerwError, match=message):
        places_of(extras, NOWHERE, "w/")


@pytest.mark.parametrize(("lon", "lat"), [(0.0, 91.0), (float("nan"), 0.0), (400.0, 0.0), (0.0, float("inf"))])
def test_no_place_on_earth(lon: float, lat: float) -> None:
    with pytest.raises(ShapeError, match="degrees"):
        checked_degrees(lon, lat)


@pytest.mark.parametrize(("lon", "lat"), [("7,6", 46.0), (None, 0.0), ((1, 2), 0.0)])
def test_no_number_of_degrees(lon: Any, lat: float) -> None:
    with pytest.raises(KindError, match="lon is .*; it takes a number of degrees"):
        checked_degrees(lon, lat)


@pytest.mark.parametrize("at_globe", [False, True])
def test_swapped_and_far_places_are_told(at_globe: bool) -> None:
    places: Any = EarthPlaces() if at_globe else GridPlaces(ALPS, (78_000.0, 111_000.0))
    around = (places.at(7.5, 45.5, 0.0), 70_000.0, "w/")
    for lon, lat in ((7.5, 45.5), (7.0, 45.0), (9.0, 46.0)):  # inside, its corner, and beside it
        check_near(places, lon, lat, *around)
    with pytest.raises(ShapeError, match=r"longitude 7\.5000, latitude 45\.5000\), which ends after 70\.0 km; with the "
                                         r"numbers the other way around, at\(7\.5, 45\.5\), it would lie inside"):
        check_near(places, 45.5, 7.5, *around)
    with pytest.raises(ShapeError, match=r"lies 5,0\d\d\.\d km from the middle .* The order is at\(lon, lat\)"):
        check_near(places, -60.0, 46.0, *around)


def test_a_world_on_its_way_says_so() -> None:
    app = lw.App()
    world = app.stream("worlds/none")
    for ask in (lambda: world.at(7.6, 46.0), lambda: world.lonlat((0, 0, 0))):
        with pytest.raises(LayerwError, match=r"loading and has not said yet .* @world\.on_ready"):
            ask()
    with pytest.raises(ShapeError, match="3 finite numbers"):
        world.lonlat("here")


@pytest.mark.parametrize(("crs", "lon", "lat", "x", "y"), [
    ("EPSG:32617", -79.387139, 43.642566, 630_084.0, 4_833_438.0),  # the CN Tower, as maps print it
    ("EPSG:25833", 15.0, 0.0, 500_000.0, 0.0),  # the central meridian at the equator, by definition
    ("EPSG:32733", 15.0, 0.0, 500_000.0, 10_000_000.0),
    ("EPSG:3857", 180.0, 0.0, 20_037_508.342789, 0.0),
])
def test_projected_systems_against_published_values(crs: str, lon: float, lat: float, x: float, y: float) -> None:
    projection = projection_of(crs)
    assert projection is not None
    assert projection.xy(np.float64(lon), np.float64(lat)) == (pytest.approx(x, abs=1.0), pytest.approx(y, abs=1.0))


@pytest.mark.parametrize("crs", ["EPSG:32601", "EPSG:32760", "EPSG:25832", "EPSG:26910", "EPSG:2193", "EPSG:3857"])
def test_projections_there_and_back(crs: str) -> None:
    projection = projection_of(crs)
    assert projection is not None
    x = np.linspace(200_000.0, 800_000.0, 9) + (1_100_000.0 if crs == "EPSG:2193" else 0.0)
    y = np.linspace(5e5, 9e6, 9)
    back = projection.xy(*projection.lonlat(x, y))
    assert back[0] == pytest.approx(x, abs=1e-3) and back[1] == pytest.approx(y, abs=1e-3)


def test_a_baked_world_in_utm_knows_longitudes() -> None:
    reference = {"crs": "EPSG:32617", "west": 630_000.0, "east": 632_000.0, "south": 4_832_000.0, "north": 4_834_000.0}
    places = places_of({"georeference": reference, "size_m": [2000.0, 2000.0]}, NOWHERE, "w/")
    assert places.at(-79.387139, 43.642566, 5.0) == pytest.approx((-916.0, 5.0, -438.0), abs=1.0)
    assert places.lonlat(places.at(-79.38, 43.64, 7.0)) == pytest.approx((-79.38, 43.64, 7.0), abs=1e-9)
