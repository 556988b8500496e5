"""Particles: equal to their numpy twin bit for bit, physically sane, and clear when they refuse."""

from __future__ import annotations

from typing import Any, cast

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from layerw.base.errors import HandleError, ShapeError
from layerw.kernels.gen.api import LayerKernels
from layerw.kernels.wasmtime_threads import ThreadedModule
from layerw.memory import LayerMemory, open_native
from layerw.memory.errors import BadArgument, DoubleFree, Full, OutOfBudget, StaleHandle, TooLarge
from layerw.memory.ports import ViewPort
from layerw.physics import Particles, ShallowWater

from .sph_twin import Obstacle, SphTwin

pytestmark = pytest.mark.usefixtures("nothing_leaks")
MIB = 2**20
SPACING = 0.1


def block(*sides: int, spacing: float = SPACING) -> npt.NDArray[np.float32]:
    """A block of particles at rest in the corner of the basin."""
    grid = np.stack(np.meshgrid(*map(np.arange, sides), indexing="ij"), -1).reshape(-1, 3)
    return (grid + 0.5).astype(np.float32) * np.float32(spacing)


@pytest.mark.parametrize("extra", ["basin", "sphere", "box", "ground", "all"])
def test_particles_equal_the_twin_bit_for_bit(memory: LayerMemory, extra: str) -> None:
    low, high = (0.0, -0.1, 0.0), (1.6, 1.2, 0.8)
    water = Particles(memory, 400, spacing=SPACING, low=low, high=high)
    twin = SphTwin(SPACING, low, high)
    if extra in ("sphere", "all"):
        water.add_sphere((1.0, 0.2, 0.4), 0.25)
        twin.obstacles.append(Obstacle(0, np.float32([1.0, 0.2, 0.4]), np.float32([0.25, 0, 0])))
    if extra in ("box", "all"):
        water.add_box((1.3, 0.0, 0.2), (0.1, 0.3, 0.2))
        twin.obstacles.append(Obstacle(1, np.float32([1.3, 0.0, 0.2]), np.float32([0.1, 0.3, 0.2])))
    if extra in ("ground", "all"):
        twin.ground = np.float32(np.random.default_rng(3).uniform(-0.1, 0.15, (4, 6)))
        water.set_ground(twin.ground)
    places = block(6, 8, 6) + np.random.default_rng(1).uniform(-0.02, 0.02, (288, 3)).astype(np.float32)
    speed = np.random.default_rng(2).normal(0, 1, places.shape).astype(np.float32)
    twin.spawn(places, water.spawn(places, speed), speed)
    for number in range(25):
        water.step(1 / 120)
        twin.step(1 / 120)
        assert water.dropped == 0
        assert (water.substeps, water.iterations) == (twin.substeps, twin.iterations), number
        assert np.array_equal(water.ids, twin.ids), number
        for name in ("position", "velocity", "density"):
            assert getattr(water, name).tobytes() == (getattr(twin, name) + np.float32(0)).tobytes() or np.array_equal(
                getattr(water, name), getattr(twin, name)), (name, number)
    water.close()


def test_a_dam_break_stays_sane_for_thousands_of_steps(memory: LayerMemory) -> None:
    water = Particles(memory, 1000, spacing=SPACING, low=(0, 0, 0), high=(2.5, 2, 1))
    water.add_sphere((1.6, 0.2, 0.5), 0.3)
    places = block(10, 10, 10)
    water.spawn(places)
    start = 9.81 * places[:, 1].mean()
    for number in range(2500):
        water.step(1 / 240)
        if number % 50 == 49:
            at, speed, density = water.position, water.velocity, water.density
            assert np.isfinite(at).all() and np.isfinite(speed).all()
            assert (at >= 0).all() and (at <= (2.5, 2, 1)).all()
            energy = 9.81 * at[:, 1].mean() + 0.5 * (speed.astype(np.float64) ** 2).sum(1).mean()
            assert energy < start * 1.05, (number, energy, start)
            assert density.max() < 1.2 and water.dropped == 0 and water.count == 1000
            assert (np.linalg.norm(at - (1.6, 0.2, 0.5), axis=1) > 0.29).all(), "inside the obstacle"
    assert np.percentile(density, 99) < 1.03, "compressed"
    assert 0.5 * (speed**2).sum(1).mean() < 0.05, "it comes to rest"
    assert np.median(density) > 0.93, "it fills the basin's floor"
    water.close()


def test_a_column_80_particles_deep_stands(memory: LayerMemory) -> None:
    """4 m of water at 1/120 s: within 25 % of its density while it finds its pressure, then within 3 %, and calm."""
    water = Particles(memory, 2880, spacing=0.05, low=(0, 0, 0), high=(0.3, 5, 0.3))
    places = block(6, 80, 6, spacing=0.05)
    water.spawn(places)
    start, energies = 9.81 * places[:, 1].mean(), []
    for number in range(360):
        water.step(1 / 120)
        if number % 10 == 9:
            at, speed, density = water.position, water.velocity.astype(np.float64), water.density
            energies.append(9.81 * at[:, 1].mean() + 0.5 * (speed**2).sum(1).mean())
            assert density.max() < (1.03 if number > 150 else 1.25) and water.dropped == 0, (number, density.max())
            assert abs(density.mean() - 1) < 0.05 and water.substeps <= 4, number
    assert max(energies) < 1.05 * start, "at first it rises from the lattice, which the walls press together by 3 %"
    assert energies[-1] <= energies[9], "and from there on it only loses energy"
    assert 3.9 < at[:, 1].max() < 4.1 and 0.5 * (speed**2).sum(1).mean() < 0.05
    water.close()


def test_a_deep_column_equals_the_twin_bit_for_bit_over_its_sub_steps(memory: LayerMemory) -> None:
    box: dict[str, Any] = {"low": (0, 0, 0), "high": (0.2, 4, 0.15)}
    water, twin = Particles(memory, 720, spacing=0.05, **box), SphTwin(0.05, **box)
    places = block(4, 60, 3, spacing=0.05)
    twin.spawn(places, water.spawn(places))
    seen = set()
    for number in range(12):
        water.step(1 / 100)
        twin.step(1 / 100)
        seen.add(water.substeps)
        assert (water.substeps, water.iterations) == (twin.substeps, twin.iterations), number
        for name in ("ids", "position", "velocity", "density"):
            assert np.array_equal(getattr(water, name), getattr(twin, name)), (name, number)
    assert len(seen) > 1, "it has to need more than one"
    water.close()


def test_water_lies_on_boxes_and_ground_and_never_in_them(memory: LayerMemory) -> None:
    water = Particles(memory, 900, spacing=SPACING, low=(0, 0, 0), high=(2, 2, 1))
    slope = np.linspace(0.6, 0.0, 9, dtype=np.float32)[None].repeat(5, 0)
    water.set_ground(slope)
    water.add_box((1.5, 0.2, 0.5), (0.2, 0.25, 0.2))
    inside = water.spawn([(1.5, 0.2, 0.5)])  # what starts in an obstacle is moved to its surface
    assert (np.abs(water.position[0] - (1.5, 0.2, 0.5)) >= np.float32((0.2, 0.25, 0.2)) - 1e-6).any()
    water.despawn(inside)
    water.spawn(block(8, 8, 8) + np.float32((0.1, 0.7, 0.1)), (1.0, 0.0, 0.0))
    for number in range(300):
        if number % 60 == 30:
            water.spawn(block(2, 2, 4) + np.float32((0.1, 1.4, 0.3)))
        water.step(1 / 120)
        at = water.position
        away = np.abs(at - np.float32((1.5, 0.2, 0.5))) - np.float32((0.2, 0.25, 0.2))
        assert (away > -1e-4).any(1).all(), (number, "in the box")
        assert (at[:, 1] - np.interp(at[:, 0], np.linspace(0, 2, 9), slope[0]) > -1e-4).all(), (number, "under ground")
        assert (at >= 0).all() and (at <= (2, 2, 1)).all() and water.density.max() < 1.4
    assert water.count == 512 + 5 * 16
    assert (at[:, 0] > 1.0).mean() > 0.6, "it ran down the slope"
    gone = water.ids[::2]
    water.despawn(gone)
    water.step(1 / 120)
    assert water.count == (512 + 5 * 16) // 2 and not set(gone.tolist()) & set(water.ids.tolist())
    water.close()


def test_what_is_too_dense_spreads_and_does_not_burst(memory: LayerMemory) -> None:
    water = Particles(memory, 600, spacing=0.1, low=(0, 0, 0), high=(4, 4, 4), gravity=(0, 0, 0))
    water.spawn(block(8, 8, 8, spacing=0.09) + np.float32(1.6))
    for _ in range(120):
        water.step(1 / 60)
    assert water.density.max() < 1.02
    assert np.abs(water.velocity).max() < 1.5, "all at once it would fly apart with 3 m/s"
    water.close()


def test_what_is_symmetric_stays_symmetric(memory: LayerMemory) -> None:
    water = Particles(memory, 1000, spacing=SPACING, low=(-1, 0, -0.5), high=(1, 1.5, 0.5))
    places = block(8, 8, 8)
    water.spawn(places - np.float32([0.4, 0, 0.4]))
    for _ in range(60):
        water.step(1 / 240)
    assert np.abs(water.position[:, (0, 2)].mean(0)).max() < 1e-4
    assert np.abs(water.velocity[:, (0, 2)].mean(0)).max() < 1e-3
    water.close()


def test_one_two_and_four_threads_give_the_same_bits(memory: LayerMemory) -> None:
    module = ThreadedModule(budget_bytes=64 * MIB)
    found = [_both_hashes(memory)]
    try:
        for _ in range(3):
            found.append(_both_hashes(LayerMemory(cast("LayerKernels", module), ViewPort(cast("Any", module)))))
            module.start(2)
    finally:
        module.stop()
    assert len(set(found)) == 1


def _both_hashes(memory: LayerMemory) -> tuple[str, str]:
    water = Particles(memory, 2000, spacing=SPACING, low=(0, 0, 0), high=(2, 2, 1))
    water.add_sphere((1.5, 0.2, 0.5), 0.2)
    water.spawn(block(10, 20, 10))
    grid = ShallowWater(memory, 150, 130, cell_m=0.5)
    grid.depth = np.random.default_rng(1).uniform(0, 2, (130, 150))
    grid.add_source(20, 20, radius=5, rate=0.5)
    for _ in range(40):
        water.step(1 / 200)
        grid.step(1 / 60)
    found = water.state_hash(), grid.state_hash()
    water.close()
    grid.close()
    return found


class SpawnModel(RuleBasedStateMachine):
    """Random spawns, despawns, drains and steps against a dictionary."""

    def __init__(self) -> None:
        super().__init__()
        self.memory = open_native(16 * MIB)
        self.water = Particles(self.memory, 60, spacing=SPACING, low=(0, 0, 0), high=(2, 2, 2))
        self.alive: dict[int, npt.NDArray[np.float32]] = {}
        self.ended: list[int] = []

    @rule(count=st.integers(1, 40), seed=st.integers(0, 1000))
    def spawn(self, count: int, seed: int) -> None:
        places = np.random.default_rng(seed).uniform(0.1, 1.9, (count, 3)).astype(np.float32)
        if len(self.alive) + count > 60:
            with pytest.raises(Full):
                self.water.spawn(places)
            return
        ids = self.water.spawn(places)
        assert not set(ids.tolist()) & (set(self.alive) | set(self.ended)), "an id came twice"
        self.alive.update(zip(ids.tolist(), places, strict=True))

    @precondition(lambda self: self.alive)
    @rule(data=st.data())
    def despawn(self, data: st.DataObject) -> None:
        ids = data.draw(st.lists(st.sampled_from(sorted(self.alive)), min_size=1, unique=True))
        self.water.despawn(ids)
        for key in ids:
            del self.alive[key]
        self.ended += ids

    @precondition(lambda self: self.ended and self.alive)
    @rule(data=st.data())
    def despawn_what_has_ended(self, data: st.DataObject) -> None:
        with pytest.raises(StaleHandle):
            self.water.despawn([min(self.alive), data.draw(st.sampled_from(self.ended))])
        with pytest.raises(DoubleFree):
            self.water.despawn([min(self.alive)] * 2)

    @rule(wall=st.floats(0, 2, width=32))
    def drain(self, wall: float) -> None:
        gone = [key for key, at in self.alive.items() if at[0] <= wall]
        assert self.water.drain((0, 0, 0), (wall, 2, 2)) == len(gone)
        for key in gone:
            del self.alive[key]
        self.ended += gone

    @rule()
    def step(self) -> None:
        self.water.step(1 / 240)
        self.alive = dict(zip(self.water.ids.tolist(), self.water.position, strict=True)) | {
            key: at for key, at in self.alive.items() if key not in set(self.water.ids.tolist())}

    @invariant()
    def agrees(self) -> None:
        places = dict(zip(self.water.ids.tolist(), self.water.position, strict=True))
        assert places.keys() == self.alive.keys()
        assert all(np.array_equal(places[key], self.alive[key]) for key in places)

    def teardown(self) -> None:
        self.water.close()
        assert sum(self.memory.statistics().regions["logic"].live_bytes.values()) == 0


TestSpawnModel = SpawnModel.TestCase
TestSpawnModel.settings = settings(max_examples=20, stateful_step_count=20, deadline=None)


def test_what_is_refused_says_value_and_limit(memory: LayerMemory) -> None:
    basin: dict[str, Any] = {"spacing": SPACING, "low": (0, 0, 0), "high": (1, 1, 1)}
    with pytest.raises(TooLarge, match=r"capacity 300000, the limit is 262144"):
        Particles(memory, 300_000, **basin)
    with pytest.raises(OutOfBudget, match="free something, or raise"):
        Particles(memory, 200_000, **basin)
    with pytest.raises(TooLarge, match="cells of the grid"):
        Particles(memory, 10, spacing=0.001, low=(0, 0, 0), high=(1, 1, 1))
    with pytest.raises(BadArgument, match="side of the basin"):
        Particles(memory, 10, spacing=SPACING, low=(0, 0, 0), high=(1, -1, 1))
    with pytest.raises(BadArgument, match="turns of the pressure solver, at least 2 300, the limit is 256"):
        Particles(memory, 10, **basin, iterations_max=300)
    with pytest.raises(ShapeError, match="Particles low is .* it takes 3 finite numbers"):
        Particles(memory, 10, spacing=SPACING, low=(0, 0), high=(1, 1, 1))
    water = Particles(memory, 10, **basin)
    for place in ((2, 0.5, 0.5), (np.nan, 0.5, 0.5)):
        with pytest.raises(BadArgument, match="outside of the basin, its row 1"):
            water.spawn([(0.5, 0.5, 0.5), place])
    with pytest.raises(BadArgument, match="a velocity that is no number"):
        water.spawn([(0.5, 0.5, 0.5)], (np.inf, 0, 0))
    with pytest.raises(Full, match=r"11, the limit is 10"):
        water.spawn(np.full((11, 3), 0.5))
    for dt in (0.0, 0.2):
        with pytest.raises(BadArgument, match="dt_s"):
            water.step(dt)
    for _ in range(32):
        water.add_sphere((0.5, 0.5, 0.5), 0.1)
    with pytest.raises(Full, match="obstacles 33, the limit is 32"):
        water.add_box((0.5, 0.5, 0.5), (0.1, 0.1, 0.1))
    assert water.count == 0 and len(water.spawn(np.empty((0, 3)))) == 0
    water.step(0.01)  # nothing there is nothing to do
    water.close()
    water.close()
    with pytest.raises(HandleError, match="closed"):
        water.step(0.01)


def test_sixteen_simulations_at_a_time(memory: LayerMemory) -> None:
    made = [Particles(memory, 4, spacing=SPACING, low=(0, 0, 0), high=(1, 1, 1)) for _ in range(16)]
    with pytest.raises(Full, match="simulations 17, the limit is 16"):
        Particles(memory, 4, spacing=SPACING, low=(0, 0, 0), high=(1, 1, 1))
    stale = made[3]._handle
    for water in made:
        water.close()
    assert memory.kernels.lw_sph_step(stale, 0.01) == 0
    assert isinstance(memory.error(), StaleHandle)
