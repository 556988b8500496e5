"""What CPython runs: wasmtime with one and two threads, and the numpy twins of the tests."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, cast

import numpy as np

from benchmarks.simulation.scenes import DT_S, SCENES, VISCOSITY, checksum, hills, rows_of
from layerw.kernels.gen.api import LayerKernels
from layerw.kernels.wasmtime_threads import ThreadedModule
from layerw.memory import LayerMemory, open_native
from layerw.memory.ports import ViewPort
from layerw.physics import Particles, ShallowWater
from tests.kernels.shallow_twin import ShallowTwin
from tests.kernels.sph_twin import SphTwin

BUDGET_BYTES = 192 * 2**20
Result = tuple[list[float], int]


def timed(steps: int, step: Callable[[], Any]) -> list[float]:
    """Milliseconds of every step."""
    times = []
    for _ in range(steps):
        start = time.perf_counter()
        step()
        times.append((time.perf_counter() - start) * 1e3)
    return times


def particles(memory: LayerMemory, scene: dict[str, Any]) -> tuple[Result, dict[str, float]]:
    """A scene of particles, and how its water fared."""
    rows = rows_of(scene)
    water = Particles(memory, len(rows), spacing=scene["spacing"], low=(0, 0, 0), high=scene["high"],
                      viscosity=VISCOSITY)  # fmt: skip
    water.spawn(rows[:, :3])
    turns: list[int] = []

    def step() -> None:
        water.step(DT_S)
        turns.append(water.iterations)

    times = timed(scene["steps"], step)
    at = water.position
    found = {"density max": float(water.density.max()), "turns": float(np.mean(turns)), "sub-steps": water.substeps}
    total = checksum(at[:, 0], at[:, 1], at[:, 2])
    water.close()
    return (times, total), found


def flood(memory: LayerMemory) -> Result:
    """The flood."""
    scene, (ground, depth) = SCENES["flood"], hills()
    water = ShallowWater(memory, scene["columns"], scene["rows"], cell_m=scene["cell_m"])
    water.ground, water.depth = ground, depth
    times = timed(scene["steps"], lambda: water.step(DT_S))
    total = checksum(water.depth)
    water.close()
    return times, total


def all_scenes(memory: LayerMemory) -> tuple[dict[str, Result], dict[str, dict[str, float]]]:
    """Every scene, and how the water fared."""
    done = {name: particles(memory, scene) for name, scene in SCENES.items() if "sides" in scene}
    return {**{name: result for name, (result, _) in done.items()}, "flood": flood(memory)}, {
        name: state for name, (_, state) in done.items()}


def with_threads(count: int) -> dict[str, Result]:
    """Every scene on `count` threads: this one and workers."""
    module = ThreadedModule(budget_bytes=BUDGET_BYTES)
    module.start(count - 1)
    try:
        return all_scenes(LayerMemory(cast("LayerKernels", module), ViewPort(cast("Any", module))))[0]
    finally:
        module.stop()


def twins() -> dict[str, Result]:
    """What the numpy twins can: the small dam and the flood."""
    scene, (ground, depth) = SCENES["small dam"], hills()
    rows = rows_of(scene)
    dam = SphTwin(scene["spacing"], (0, 0, 0), scene["high"], viscosity=VISCOSITY)
    dam.spawn(rows[:, :3], np.arange(len(rows)))
    times = timed(scene["steps"], lambda: dam.step(DT_S))
    at = dam.position + np.float32(0)
    found = {"small dam": (times, checksum(at[:, 0], at[:, 1], at[:, 2]))}
    water = ShallowTwin(ground, depth, cell_m=SCENES["flood"]["cell_m"])
    times = timed(SCENES["flood"]["steps"], lambda: water.step(DT_S))
    return {**found, "flood": (times, checksum(water.depth))}


def measure(round_number: int) -> tuple[dict[str, dict[str, Result]], dict[str, dict[str, float]]]:
    """{contender: {scene: result}} of this round, and the water's state; the twins are slow and take part once."""
    one, state = all_scenes(open_native(BUDGET_BYTES))
    found = {"wasmtime": one, "wasmtime worker.wasm": with_threads(1), "wasmtime, 2 threads": with_threads(2)}
    return (found | {"numpy": twins()} if round_number == 0 else found), state
