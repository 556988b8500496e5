"""The sun by place, day and hour: against what an almanac says of it."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest

import layerw as lw
from layerw.hosts.headless import HeadlessHost
from layerw.scene.daytime import solar_angles

JUNE, MARCH, DECEMBER = 172, 80, 355


def degrees(latitude: float, day: float, hour: float) -> tuple[float, float]:
    elevation, azimuth = solar_angles(math.radians(latitude), day, hour)
    return math.degrees(elevation), math.degrees(azimuth)


@pytest.mark.parametrize(("latitude", "day", "elevation"), [
    (0, MARCH, 90), (23.44, JUNE, 90), (47, JUNE, 66.4), (47, DECEMBER, 19.6), (47, MARCH, 43), (90, JUNE, 23.4),
    (-34, DECEMBER, 79.4),
])  # fmt: skip
def test_noon(latitude: float, day: float, elevation: float) -> None:
    assert degrees(latitude, day, 12)[0] == pytest.approx(elevation, abs=0.7)


def test_it_rises_in_the_east_and_sets_in_the_west() -> None:
    rise, set_ = degrees(47, MARCH, 6), degrees(47, MARCH, 18)
    assert rise == pytest.approx((0, 90), abs=0.7)
    assert set_ == pytest.approx((0, 270), abs=0.7)
    assert degrees(47, JUNE, 12)[1] == pytest.approx(180)  # south, from the north
    assert degrees(-34, JUNE, 12)[1] % 360 == pytest.approx(0, abs=1e-9)  # north, from the south


def test_days_have_their_length() -> None:
    """Hours of daylight: 15.9 at 47 degrees in June, none within the polar circle in December."""
    up = sum(degrees(47, JUNE, hour / 60)[0] > 0 for hour in range(24 * 60)) / 60
    assert up == pytest.approx(15.7, abs=0.2)
    assert all(degrees(70, DECEMBER, hour)[0] < 0 for hour in range(25))
    assert all(degrees(70, JUNE, hour)[0] > 0 for hour in range(25))


def test_a_day_has_no_step() -> None:
    heights = [degrees(47, JUNE, minute / 60)[0] for minute in range(24 * 60 + 1)]
    assert max(abs(after - before) for before, after in pairwise(heights)) < 0.26  # degrees a minute
    assert heights[0] == pytest.approx(heights[-1], abs=0.2)


def test_the_app_s_sun_goes_there() -> None:
    app = lw.App(host=HeadlessHost())
    app.sun.at(latitude=0.7, day=172, hour=19.2)
    assert (app.sun.elevation, app.sun.azimuth) == solar_angles(0.7, 172, 19.2)
    before = app.sun.elevation
    for bad in ({"latitude": 47}, {"day": 0}, {"day": 367}, {"hour": 25}, {"hour": math.nan}, {"hour": "noon"}):
        with pytest.raises(lw.LayerwError, match=f"Sun.at {next(iter(bad))}"):
            app.sun.at(**{"latitude": 0.7, "day": 172, "hour": 12.0, **bad})  # type: ignore[arg-type]
        assert app.sun.elevation == before
