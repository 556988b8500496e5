"""A painted sky follows the sun below the horizon: by day nothing changes, dusk is red, night is dark."""

from __future__ import annotations

import math

import numpy as np
import pytest

from layerw.frame.view import ViewWriter
from layerw.gpu.frame_block import FrameBlock
from layerw.scene.camera import Camera
from layerw.scene.environment import NOON, Environment, sky_irradiance
from layerw.scene.twilight import daylight


def sky_at(degrees: float, *, twilight: bool = True) -> dict[str, np.ndarray]:
    """What the frame block says of a sky whose sun stands so high."""
    environment = Environment()
    environment.sun.elevation, environment.sky.twilight = math.radians(degrees), twilight
    environment.sky.zenith, environment.sky.horizon, environment.sky.ground = NOON
    block = FrameBlock()
    ViewWriter(block).write(Camera().frame(64, 64), environment, 0.0)
    return {name: block.read(name).copy() for name in ("sky_zenith", "sky_horizon", "fog_color", "irradiance")}


@pytest.mark.parametrize("degrees", [6.5, 38, 90, 120])
def test_by_day_the_colours_are_the_programs(degrees: float) -> None:
    sky = sky_at(degrees)
    assert sky["sky_zenith"][:3] == pytest.approx(NOON[0])
    assert sky["irradiance"].reshape(9, 4)[:, :3] == pytest.approx(sky_irradiance(*NOON), abs=1e-6)


def test_night_is_dark_and_dusk_is_red() -> None:
    dusk, night = sky_at(-4), sky_at(-20)
    red, _, blue, _ = dusk["sky_horizon"]
    assert red > blue
    for name in ("sky_zenith", "sky_horizon", "fog_color"):
        assert 0 < night[name][:3].max() < 0.01
    assert np.abs(night["irradiance"]).max() < 0.02, "what is lit by the sky gets dark with it"


def test_twilight_falls_without_a_step_and_can_be_turned_off() -> None:
    heights = np.linspace(0.2, -0.5, 200)
    brightness = np.array([np.stack(daylight(y)) for y in heights])
    assert (np.diff(brightness, axis=0) <= 1e-12).all() and np.abs(np.diff(brightness, axis=0)).max() < 0.06
    assert sky_at(-20, twilight=False)["sky_zenith"][:3] == pytest.approx(NOON[0])
