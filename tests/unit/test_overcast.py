"""Clouds that close the sky: from which cover on, how much light they let through, and that it is grey."""

from __future__ import annotations

import math

import numpy as np
import pytest

import layerw as lw
from layerw.gpu.air import CLOUD_PERIOD_M
from layerw.hosts.headless import HeadlessHost
from layerw.scene import overcast
from layerw.scene.environment import Environment, sh_basis


def sky(cover: float, degrees: float) -> Environment:
    made = Environment()
    made.sun.elevation = math.radians(degrees)
    made.clouds.cover = cover
    return made


def upwards(environment: Environment) -> np.ndarray:
    """(3,) irradiance of level ground by the sky alone, over pi."""
    found: np.ndarray = sh_basis(np.array([(0.0, 1.0, 0.0)]))[0] @ environment.heaven().irradiance
    return found


def test_below_its_least_cover_nothing_changes() -> None:
    clear, broken = sky(0.0, 40), sky(overcast.FROM, 40)
    np.testing.assert_array_equal(clear.heaven().irradiance, broken.heaven().irradiance)
    assert broken.heaven().overcast == (0.0, 0.0, 0.0, 0.0)


@pytest.mark.parametrize("degrees", [4, 20, 60, 89])
def test_closed_clouds_let_their_share_through(degrees: float) -> None:
    clear, closed = sky(0.0, degrees), sky(1.0, degrees)
    heaven = clear.heaven()
    total = upwards(clear) + heaven.light * heaven.direction[1] / math.pi
    wanted = overcast.THROUGH * total @ overcast.LUMINANCE
    assert upwards(closed) @ overcast.LUMINANCE == pytest.approx(wanted, rel=0.03)
    saturation = [np.ptp(upwards(one)) / upwards(one).mean() for one in (clear, closed)]
    assert saturation[1] < 0.45 * saturation[0] or saturation[1] < 0.1


def test_it_closes_without_a_jump() -> None:
    covers = np.linspace(0.5, 1.0, 101)
    light = np.array([upwards(sky(cover, 40)) @ overcast.LUMINANCE for cover in covers])
    assert np.abs(np.diff(light)).max() < 0.04 * light.mean()
    assert overcast.share(1.0) == 1.0


def test_a_painted_sky_and_the_night_stay_whole() -> None:
    painted = sky(1.0, 40)
    painted.sky.zenith = (0.1, 0.2, 0.5)
    assert painted.heaven().overcast[3] == 0.0
    night = sky(1.0, -30).heaven()
    assert np.isfinite(night.irradiance).all()
    assert np.isfinite(night.overcast).all()


def test_clouds_drift_by_the_programs_time_and_shade_the_land() -> None:
    host = HeadlessHost()
    app = lw.App(host=host)

    def drift() -> np.ndarray:
        return app._engine._view.block.read("cloud_drift").astype(float)

    app.clouds.speed, app.clouds.shadows, app.wind.direction = 30.0, 0.4, math.radians(90)
    host.step(app, 1)

    def gone(frames: int) -> np.ndarray:
        before = drift()
        host.step(app, frames)
        way: np.ndarray = (drift() - before)[:2]
        return (way + CLOUD_PERIOD_M / 2) % CLOUD_PERIOD_M - CLOUD_PERIOD_M / 2  # the pattern begins again

    assert gone(60) == pytest.approx((30.0, 0.0), abs=0.02), "a second of it, to the east"
    app.wind.direction, app.clouds.speed = 0.0, 6.0
    assert gone(60) == pytest.approx((0.0, -6.0), abs=0.02), "on from where they are, to the north"
    app.paused = True
    host.step(app, 1)
    stood = drift()
    host.step(app, 10)
    assert np.array_equal(drift(), stood) and stood[2] == pytest.approx(0.4)
    app.clouds.cover = 1.0
    host.step(app, 1)
    assert drift()[2] == 1.0, "no sun comes through"
    app.sky.zenith = "blue"
    host.step(app, 1)
    assert drift()[2] == 0.0, "a painted sky has no clouds"
    assert app.report()["errors"] == []
