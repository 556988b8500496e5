"""The simulations compiled by gcc with sanitizers give the bits of the wasm module; planted faults do not."""

from __future__ import annotations

import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from layerw.memory import open_native
from layerw.physics import Particles, ShallowWater

HERE = Path(__file__).parent
KERNELS = HERE.parents[1] / "engine_py" / "kernels"
FLAGS = ("-O1", "-g", "-std=gnu11", "-Wall", "-Wextra", "-ffp-contract=off", "-fno-math-errno", "-msse4.2",
         "-DLW_DEBUG", "-fsanitize=address,undefined", "-fno-sanitize-recover=all")
PLANTS = {  # file, what is there, what is planted
    "left-over lanes weigh": ("sph_near.c", "if (count - k < 4) {", "if (count - k > 4) {"),
    "lanes behind the last candidate count": ("sph_near.c",
                                              "__builtin_memcpy(g->x + g->candidates, &far, sizeof far);", ""),
    "a group goes on into the next row": ("sph_near.c", "LW_MIN(cell + GROUP_CELLS, row_end)", "cell + GROUP_CELLS"),
    "a slab keeps the ends of its cells": ("sph_grid.c", "starts[first] = from;", ""),
    "depth asks for no sub-steps": ("sph_step.c", "+ 2.0f * sph->now.pressure[i]", ""),
    "work on errors does not matter": ("sph_pressure.c", "#define WORK 0.15f", "#define WORK 1e9f"),
    "no room behind the last particle": ("sph.c", "padded = 4 * (n + 4)", "padded = 4 * n - 400"),
    "a row of cells is passed over": ("sph_near.c",
                                      "gap + gaps[k - y0] < limit", "gap + gaps[k - y0] < 0.5f * limit"),
    "pressure pulls": ("sph_pressure.c", "p = p > 0.0f ? p : 0.0f;", ""),
    "momentum is never stopped": ("sph_pressure.c", "chunks) < 0.0f ? 0.0f : speed", "chunks) < -1e30f ? 0.0f : speed"),
    "walls push the wrong way": ("sph_walls.c", "- (*left * slope)", "+ (*left * slope)"),
    "an id stays with its slot": ("sph_spawn.c",
                                  "return ++sph->slot_generation[slot]",
                                  "return sph->slot_generation[slot]"),
    "removed particles leak their ids": ("sph_spawn.c", "if (kept != i) move_down(sph, kept, i);", ""),
    "a cell gives more than it has": ("shallow_step.c",
                                     "choose(wanted > there, there / wanted, one)", "one"),
    "a flow that is not fed from upstream": ("shallow_step.c", "value > (lw_f4){0}, lw_load_f4(keep), lw",
                                               "value < (lw_f4){0}, lw_load_f4(keep), lw"),
    "the rim is lit by the wall": ("shallow_paint.c", "row + 1 < water->rows ? water->stride : 0", "water->stride"),
    "the last column is lit by the wall": ("shallow_paint.c", "water->columns - column <= 4", "water->columns < 4"),
    "pixels beyond the row": ("shallow_paint.c", "if (count == 4)", "if (count > 0)"),
    "a block is kept": ("shallow.c", "k < LW_SHALLOW_BLOCKS; k++) lw_block_free", "k < 5; k++) lw_block_free"),
}  # fmt: skip
FNV_START, FNV_PRIME = 0xCBF29CE484222325, 0x100000001B3


def compiled(source: Path, to: Path) -> Path:
    """One object file."""
    compiler = shutil.which("gcc")
    if compiler is None:
        pytest.skip("gcc is not installed: no sanitizers for the native build")
    folders = ("", "include", "memory", "layer", "threads", "simulation", "geometry")
    include = [f"-I{KERNELS / name}" for name in folders]
    done = subprocess.run([compiler, *FLAGS, *include, "-c", source, "-o", to], capture_output=True, text=True,
                          timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return to


def run(objects: list[Path], program: Path) -> subprocess.CompletedProcess[str]:
    """Link and run; what it prints are three hashes."""
    linked = subprocess.run(["gcc", *FLAGS, *objects, "-lm", "-o", program], capture_output=True, text=True,
                            timeout=120, check=False)
    assert linked.returncode == 0, linked.stderr
    return subprocess.run([program], capture_output=True, text=True, timeout=120, check=False)


@pytest.fixture(scope="module")
def objects(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """By the name of the C file; a planted fault is compiled again on its own."""
    folder = tmp_path_factory.mktemp("objects")
    files = [*sorted((KERNELS / "simulation").glob("*.c")), KERNELS / "layer" / "error.c",
             KERNELS / "threads" / "serial.c", HERE / "run_simulation.c"]
    with ThreadPoolExecutor(2) as pool:
        return dict(pool.map(lambda path: (path.name, compiled(path, folder / f"{path.name}.o")), files))


class Random:
    """The generator of run_simulation.c."""

    def __init__(self, seed: int) -> None:
        self.state = seed

    def __call__(self) -> np.float32:
        self.state = (self.state * 1664525 + 1013904223) % 2**32
        return np.float32(self.state >> 8) / np.float32(16777216)


def fnv(state: int, data: bytes) -> int:
    for byte in data:
        state = (state ^ byte) * FNV_PRIME % 2**64
    return state


def particles_in_wasm() -> str:
    """The scenario of run_simulation.c."""
    memory, draw, f = open_native(32 * 2**20), Random(7), np.float32
    water = Particles(memory, 700, spacing=0.1, low=(0, -0.1, 0), high=(1.6, 1.2, 0.8), viscosity=0.02)
    water.add_sphere((1.0, 0.2, 0.4), 0.25)
    water.add_box((1.3, 0.0, 0.2), (0.1, 0.3, 0.2))
    water.set_ground(np.array([f(0.2) * draw() - f(0.1) for _ in range(20)], f).reshape(4, 5))
    rows = np.array([[(f(0.2) if k == 1 else f(0)) + f(0.75) * draw() if k < 3 else draw() - f(0.5) for k in range(6)]
                     for _ in range(600)], f)
    water.spawn(rows[:, :3], rows[:, 3:])
    for step in range(60):
        water.step(1 / 128)
        if step == 30:
            water.despawn(water.ids[: 150 : 3])
            water.drain((0, 0, 0), (0.1, 0.4, 0.8))
    at, speed = water.position, np.pad(water.velocity, ((0, 0), (0, 1)))
    state = FNV_START
    for data in (at[:, 0], at[:, 1], at[:, 2], speed, water.ids):
        state = fnv(state, data.tobytes())
    return f"{state:016x}"


def column_in_wasm() -> str:
    """The scenario of run_simulation.c."""
    water, f = Particles(open_native(32 * 2**20), 720, spacing=0.05, low=(0, 0, 0), high=(0.2, 4, 0.15),
                         viscosity=0.02), np.float32  # fmt: skip
    places = np.array([((k % 4 + f(0.5)) * f(0.05), (k // 12 + f(0.5)) * f(0.05), (k // 4 % 3 + f(0.5)) * f(0.05))
                       for k in range(720)], f)
    water.spawn(places)
    for _ in range(12):
        water.step(1 / 100)
    assert water.substeps > 1, "the test is about sub-steps"
    state = FNV_START
    for data in (water.position[:, 1], np.pad(water.velocity, ((0, 0), (0, 1))), water.ids):
        state = fnv(state, data.tobytes())
    return f"{state:016x}"


def shallow_in_wasm() -> str:
    """The scenario of run_simulation.c."""
    memory, draw, f = open_native(32 * 2**20), Random(9), np.float32
    water = ShallowWater(memory, 37, 29, cell_m=0.7)
    cells = np.array([(f(2) * draw(), f(3) * draw() - f(1.5)) for _ in range(29 * 37)], f).reshape(29, 37, 2)
    water.ground, water.depth = cells[..., 0], np.maximum(cells[..., 1], 0)
    water.add_source(10, 12, radius=4, rate=0.5)
    water.add_source(30, 2, radius=3, rate=-0.5)
    for _ in range(50):
        water.step(1 / 32)
    state, fields = FNV_START, [water.depth, water._field(2), water._field(3)]
    for row in range(29):
        for field in fields:
            state = fnv(state, field[row].tobytes())
    block = memory.alloc(37 * 29 * 4)
    colors = (0x362A1B, 0x8FC4B9, 0x8F5F1B)
    assert memory.kernels.lw_shallow_paint(water._living, block.address, 0.25, 1.75, 1.5, *colors)
    return f"{fnv(state, block.read().tobytes()):016x}"


@pytest.fixture(scope="module")
def expected() -> list[str]:
    return [particles_in_wasm(), column_in_wasm(), shallow_in_wasm()]


def test_native_under_sanitizers_has_the_bits_of_wasm(
        tmp_path: Path, expected: list[str], objects: dict[str, Path]) -> None:
    done = run(list(objects.values()), tmp_path / "native")
    assert done.returncode == 0, done.stderr[-3000:]
    assert done.stdout.split() == expected


@pytest.mark.parametrize("plant", PLANTS)
def test_a_planted_fault_is_found(
        tmp_path: Path, plant: str, expected: list[str], objects: dict[str, Path]) -> None:
    name, good, bad = PLANTS[plant]
    text = (KERNELS / "simulation" / name).read_text("utf-8")
    assert text.count(good) == 1, "the planted line moved"
    (tmp_path / name).write_text(text.replace(good, bad), "utf-8")
    changed = {**objects, name: compiled(tmp_path / name, tmp_path / "changed.o")}
    done = run(list(changed.values()), tmp_path / "native")
    assert done.returncode != 0 or done.stdout.split() != expected
