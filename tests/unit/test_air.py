"""The air: the sky of few steps against an integral of many, what shines at any hour, when its tables are filled."""

from __future__ import annotations

import math

import numpy as np
import pytest

from layerw.frame.air import Air
from layerw.frame.view import ViewWriter
from layerw.gpu.frame_block import FrameBlock
from layerw.gpu.passes import flag
from layerw.scene import air
from layerw.scene.camera import Camera
from layerw.scene.environment import Environment, sh_basis

LUMA = np.array((0.2126, 0.7152, 0.0722))
DIRECTIONS = np.array([(x, y, math.sqrt(max(1 - x * x - y * y, 0)))
                       for x in (-0.7, 0.0, 0.5) for y in (0.05, 0.3, 0.7)])  # fmt: skip
HEIGHTS = (89.0, 75.0, 60.0, 45.0, 38.0, 30.0, 20.0, 12.0, 8.0, 4.0, 2.0, 1.0)  # of the sun, degrees


def exact_sunlight(height: float, cosine: float, steps: int = 4000) -> np.ndarray:
    """By even steps through a round Earth, with none of the module's own geometry."""
    r = 6360.0 + height
    place = np.array((0.0, r))
    toward = np.array((math.sqrt(1 - cosine * cosine), cosine))
    way = -r * cosine + math.sqrt((r * cosine) ** 2 + 6460.0**2 - r * r)
    t = (np.arange(steps) + 0.5) / steps * way
    h = np.hypot(*(place[:, None] + toward[:, None] * t)) - 6360.0
    lost = (np.array((5.802e-3, 13.558e-3, 33.1e-3)) * np.exp(-h / 8)[:, None] + 4.44e-3 * np.exp(-h / 1.2)[:, None]
            + np.array((0.650e-3, 1.881e-3, 0.085e-3)) * np.maximum(1 - np.abs(h - 25) / 15, 0)[:, None])  # fmt: skip
    result: np.ndarray = np.exp(-lost.sum(axis=0) * way / steps)
    return result


@pytest.mark.parametrize(("height", "degrees"), [(0.0, 90), (0.0, 38), (0.0, 10), (0.0, 3), (5.0, 2), (40.0, 0)])
def test_sunlight_is_what_the_way_through_the_air_leaves(height: float, degrees: float) -> None:
    cosine = math.sin(math.radians(degrees))
    assert air.sunlight(height, cosine, steps=16) == pytest.approx(exact_sunlight(height, cosine), rel=0.03)


@pytest.mark.parametrize("degrees", HEIGHTS)
def test_a_sky_of_few_steps_is_that_of_many(degrees: float) -> None:
    sun_y = math.sin(math.radians(degrees))
    few, many = (air.radiance(DIRECTIONS, sun_y, steps=steps) @ LUMA for steps in (24, 400))
    assert few == pytest.approx(many, rel=0.03)


def test_irradiance_is_the_skys() -> None:
    toward = np.array((math.cos(0.6), math.sin(0.6), 0.0))
    d = air._sphere(4000)
    sky = air.radiance(d, toward[1], steps=12)
    up = d[:, 1] > 0
    exact = (sky[up] * d[up, 1:2]).mean(axis=0) * 2 * up.mean() * 2
    found = sh_basis(np.array([(0.0, 1.0, 0.0)]))[0] @ air.irradiance(toward, np.ones(3)).astype(float)
    assert found == pytest.approx(exact, rel=0.12), "SH of two bands ring a little"


def heaven_at(degrees: float) -> Environment:
    environment = Environment()
    environment.sun.elevation = math.radians(degrees)
    return environment


def test_noon_is_white_dusk_is_red_and_night_is_the_moons() -> None:
    noon, evening, night = (heaven_at(degrees).heaven() for degrees in (38, 4, -20))
    assert noon.light == pytest.approx(np.array((10, 9.3, 8.2)), rel=1e-3), "as the sun's colour says"
    assert evening.light[0] > 4 * evening.light[2] and noon.light @ LUMA > 1.5 * evening.light @ LUMA
    assert night.direction[1] > 0 and 0 < night.light @ LUMA < 0.1 * noon.light @ LUMA
    assert night.light[2] > night.light[0] and night.night == 1.0 and noon.night == 0.0
    skies = [heaven_at(degrees).heaven().irradiance[0] @ LUMA for degrees in (60, 30, 10, 0, -6, -12)]
    assert (np.diff(skies) < 0).all() and skies[-1] > 0


@pytest.mark.parametrize("degrees", [-90, -30, -1, -0.01, 0, 0.01, 89.99, 90, 135])
@pytest.mark.parametrize("height_m", [-1e3, 0.0, 3e4, 1e5, 1e7])
def test_no_number_is_lost(degrees: float, height_m: float) -> None:
    environment, camera, block = heaven_at(degrees), Camera(), FrameBlock()
    camera.position = (0, height_m, 0)
    environment.sun.intensity, environment.sky.turbidity = 1e9, 100.0
    ViewWriter(block).write(camera.frame(64, 64), environment, 0.0)
    assert np.isfinite(block.array).all() and (block.read("sun_color")[:3] >= 0).all()
    environment.sun.intensity = environment.moon.intensity = environment.sky.turbidity = environment.sky.rayleigh = 0
    ViewWriter(block).write(camera.frame(64, 64), environment, 0.0)
    assert np.isfinite(block.array).all()


def test_tables_are_filled_when_something_changed() -> None:
    environment, camera, block, tables = heaven_at(30), Camera(), FrameBlock(), Air()
    writer = ViewWriter(block)

    def wanted() -> int:
        writer.write(camera.frame(64, 64), environment, 0.0)
        tables.see(block)
        return tables.flags()

    both, view = flag("air_tables") | flag("air_view"), flag("air_view")
    assert wanted() == both and wanted() == 0
    camera.position = (50, 3, 8)
    assert wanted() == 0, "the air is the same from there"
    environment.sun.elevation += math.radians(0.5)
    assert wanted() == view and wanted() == 0
    camera.position = (0, 3000, 0)
    assert wanted() == view
    environment.sky.turbidity = 3.0
    assert wanted() == both
    tables.device_lost()
    assert wanted() == both
    environment.sky.zenith = "blue"
    assert wanted() == 0, "a painted sky needs none"


def test_ambient_light_moves_evenly_with_the_sun() -> None:
    heights = np.radians(np.linspace(-5, 20, 101))
    found = []
    for height in heights:
        toward = np.array((math.cos(height), math.sin(height), 0))
        found.append(air.irradiance(toward, np.ones(3))[0] @ LUMA)
    steps = np.diff(found)
    assert np.abs(np.diff(steps)).max() < 0.3 * np.abs(steps).max()
