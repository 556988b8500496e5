"""Shallow water: equal to its numpy twin bit for bit, physically sane, and clear when it refuses."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from layerw.base.errors import ConfigError, HandleError, ShapeError
from layerw.memory import Block, LayerMemory
from layerw.memory.errors import BadArgument, OutOfBudget, TooLarge
from layerw.physics import ShallowWater

from .shallow_twin import ShallowTwin, paint

pytestmark = pytest.mark.usefixtures("nothing_leaks")
FEW = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@FEW
@given(columns=st.integers(4, 23), rows=st.integers(4, 23), seed=st.integers(0, 10_000), steep=st.floats(0, 8))
def test_shallow_water_equals_the_twin_keeps_its_volume_and_is_never_negative(
        memory: LayerMemory, columns: int, rows: int, seed: int, steep: float) -> None:
    rng = np.random.default_rng(seed)
    ground = rng.uniform(0, steep, (rows, columns)).astype(np.float32)
    depth = (rng.uniform(0, 3, (rows, columns)) * (rng.random((rows, columns)) < 0.5)).astype(np.float32)
    water, twin = ShallowWater(memory, columns, rows, cell_m=0.7), ShallowTwin(ground, depth, cell_m=0.7)
    water.ground, water.depth = ground, depth
    before = water.volume
    for number in range(20):
        assert water.step(1 / 30) == twin.step(1 / 30)
        assert np.array_equal(water.depth, twin.depth), number
        assert water.depth.min() >= 0
    assert water.volume == pytest.approx(before, rel=2e-5, abs=1e-6)
    water.close()


def test_sources_and_drains_equal_the_twin_and_add_what_they_say(memory: LayerMemory) -> None:
    water, twin = ShallowWater(memory, 30, 20, cell_m=1), ShallowTwin(np.zeros((20, 30)), np.ones((20, 30)))
    water.depth = 1
    before = water.volume
    for source in ((10.0, 10.0, 3.0, 2.0), (25.0, 4.0, 2.0, -0.5)):
        water.add_source(source[0], source[1], radius=source[2], rate=source[3])
        twin.sources.append(source)
    for _ in range(30):
        water.step(1 / 60)
        twin.step(1 / 60)
        assert np.array_equal(water.depth, twin.depth)
    assert water.volume == pytest.approx(before + 0.5 * (29 * 2.0 - 13 * 0.5), rel=1e-4)
    water.close()


def test_a_mirrored_or_turned_flood_is_the_same_flood_to_the_bit(memory: LayerMemory) -> None:
    rng = np.random.default_rng(5)
    ground, depth = rng.uniform(0, 2, (24, 24)), rng.uniform(0, 2, (24, 24))
    found = []
    turns = (lambda a: a, np.fliplr, np.flipud, np.transpose)
    for turn in turns:
        water = ShallowWater(memory, 24, 24, cell_m=1)
        water.ground, water.depth = turn(ground), turn(depth)
        for _ in range(50):
            water.step(1 / 60)
        found.append(turn(water.depth))
        water.close()
    assert all(np.array_equal(found[0], other) for other in found[1:])


def test_still_water_stays_still_over_any_ground(memory: LayerMemory) -> None:
    water = ShallowWater(memory, 40, 30, cell_m=1)
    ground = np.random.default_rng(2).integers(-8, 4, (30, 40)) / 4  # exact in float32
    water.ground, water.depth = ground, np.maximum(0.5 - ground, 0)
    depth = water.depth
    for _ in range(200):
        water.step(1 / 30)
    assert np.array_equal(water.depth, depth)
    water.close()


def test_shallow_water_refuses_with_value_and_limit(memory: LayerMemory) -> None:
    with pytest.raises(TooLarge, match="9000, the limit is 8192"):
        ShallowWater(memory, 9000, 10, cell_m=1)
    with pytest.raises(BadArgument, match="at least 3, the limit is 4"):
        ShallowWater(memory, 3, 10, cell_m=1)
    with pytest.raises(OutOfBudget):
        ShallowWater(memory, 8192, 8192, cell_m=1)
    water = ShallowWater(memory, 8, 6, cell_m=0.01)
    with pytest.raises(ShapeError, match=r"the grid is \(6, 8\)"):
        water.depth = np.zeros((8, 6))
    wrong = np.zeros((6, 8))
    wrong[2, 3] = -1
    with pytest.raises(BadArgument, match="in cell 19, the limit is 48"):
        water.depth = wrong
    wrong[2, 3] = np.nan
    with pytest.raises(BadArgument, match="ground outside"):
        water.ground = wrong
    assert water.depth.max() == 0 and water.ground.max() == 0, "a refused array leaves the old one"
    water.depth = 100
    with pytest.raises(BadArgument, match="inner steps for this dt_s and depth"):
        water.step(1)
    water.close()
    with pytest.raises(HandleError, match="closed"):
        water.step(0.01)


COLORS = ((91, 74, 54), (255, 244, 143), (0, 95, 255))


@dataclass
class Canvas:
    """What a lw.Picture is to a kernel."""

    block: Block
    width: int
    height: int

    @property
    def address(self) -> int:
        return self.block.address


@FEW
@given(columns=st.integers(4, 23), rows=st.integers(4, 37), seed=st.integers(0, 10_000), steep=st.floats(0, 40))
def test_painted_water_equals_the_twin_and_stays_in_its_picture(
        memory: LayerMemory, columns: int, rows: int, seed: int, steep: float) -> None:
    rng = np.random.default_rng(seed)
    ground = rng.uniform(-steep, steep, (rows, columns)).astype(np.float32)
    depth = (rng.uniform(0, 3, (rows, columns)) * (rng.random((rows, columns)) < 0.5)).astype(np.float32)
    water, size_bytes = ShallowWater(memory, columns, rows, cell_m=0.7), columns * rows * 4
    water.ground, water.depth = ground, depth
    block = memory.alloc(size_bytes + 64, region="texture")
    block.write(np.full(size_bytes + 64, 0xA5, np.uint8))
    water.paint(Canvas(block, columns, rows), low=-5.0, high=20.25, deep=1.3, low_color=_css(COLORS[0]),
                high_color=_css(COLORS[1]), water_color=_css(COLORS[2]))  # fmt: skip
    found = block.read()
    assert np.array_equal(found[:size_bytes].reshape(rows, columns, 4),
                          paint(ground, depth, 0.7, -5.0, 20.25, 1.3, COLORS))  # fmt: skip
    assert (found[size_bytes:] == 0xA5).all()
    block.free()
    water.close()


def test_painting_refuses_other_sizes_and_empty_ranges(memory: LayerMemory) -> None:
    water, block = ShallowWater(memory, 8, 6, cell_m=1), memory.alloc(8 * 6 * 4)
    with pytest.raises(ShapeError, match="6 x 8 pixels was given; this water has 8 x 6"):
        water.paint(Canvas(block, 6, 8), low=0, high=1, deep=1)
    for low, high, deep in ((1, 1, 1), (0, np.nan, 1), (-1e30, 1e30, 1), (0, 1, 0), (0, 1, np.nan)):
        with pytest.raises((BadArgument, ConfigError), match="lw_shallow_paint|finite"):
            water.paint(Canvas(block, 8, 6), low=low, high=high, deep=deep)
    water.close()
    with pytest.raises(HandleError, match="closed"):
        water.paint(Canvas(block, 8, 6), low=0, high=1, deep=1)
    block.free()


def _css(color: tuple[int, int, int]) -> str:
    return "#{:02x}{:02x}{:02x}".format(*color)
