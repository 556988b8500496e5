"""Water breaks over a pillar: `layerw run examples/water.py` draws it, and without a browser it is the same program.

    python examples/water.py --headless --steps 1000     runs it under wasmtime and prints the hash of its state
    layerw run examples/water.py --native                draws it in a window, without a browser
    layerw shot examples/water.py --query steps=1000 --frames 1000 --json      reports the same hash, under "states"

Drag turns the view, the wheel comes closer. `?steps=N` in the address stops the water after N steps, `?threads=N` (and
`--threads N`) sets how many threads move it: the state is the same.
"""

import argparse
import math
import sys
from pathlib import Path

import numpy as np

import layerw as lw
from layerw.physics import Particles

SPACING = 0.07
BASIN = np.array((3.6, 2.4, 1.5))
CAPACITY, DAM, JET_EVERY = 5_000, (18, 12, 20), 6
STEP_S = 1 / 120
DEEP, LIGHT, FOAM = np.float32([0.02, 0.20, 0.42]), np.float32([0.10, 0.62, 0.78]), np.float32([0.93, 0.98, 1.0])


class Water:
    """The simulation: a dam that breaks, a jet that pours, a drain that makes room."""

    def __init__(self, memory):
        self.steps = 0
        self.fluid = Particles(memory, CAPACITY, spacing=SPACING, low=(0, 0, 0), high=BASIN, viscosity=0.04)
        self.fluid.add_box((2.3, 0.3, 0.75), (0.16, 0.3, 0.16))
        self.fluid.add_sphere((3.0, 0.1, 0.35), 0.3)
        self.fluid.spawn((np.argwhere(np.ones(DAM)) + 0.6) * SPACING)
        self.nozzle = np.argwhere(np.ones((1, 3, 3))) * SPACING + (0.1, 1.7, 0.7)

    def step(self):
        if self.steps % JET_EVERY == 0 and self.fluid.count + 9 <= CAPACITY:
            self.fluid.spawn(self.nozzle, (1.6, 0.3, 0.0))
        if self.steps % 60 == 0:
            self.fluid.drain((3.4, 0.0, 1.2), (3.6, 0.1, 1.5))
        self.fluid.step(STEP_S)
        self.steps += 1

    def colors(self):
        """Deep blue at rest, light where it runs, white where it is fast or thin."""
        speed = np.sqrt((self.fluid.velocity**2).sum(1))
        run = np.clip(speed / 1.6, 0, 1)[:, None]
        white = np.clip(np.maximum(speed / 3.2 - 0.45, 0.75 - self.fluid.density), 0, 1)[:, None]
        return 255 * ((DEEP + (LIGHT - DEEP) * run) * (1 - white) + FOAM * white)


def arguments():
    parser = argparse.ArgumentParser(description="Water breaks over a pillar.")
    parser.add_argument("--headless", action="store_true", help="run it under wasmtime and print the state's hash")
    parser.add_argument("--steps", type=int, default=1000)
    parser.add_argument("--threads", type=int, default=1)
    return parser.parse_args()


def run_alone():
    """No picture: the same kernels under wasmtime."""
    from layerw.memory import open_native

    chosen = arguments()
    water = Water(open_native(64 * 2**20, threads=chosen.threads))
    for _ in range(chosen.steps):
        water.step()
    print(water.steps, "steps,", water.fluid.count, "particles, state", water.fluid.state_hash())


def run_app():
    """On any host: every particle is an instance of a small sphere."""
    app = lw.App(title="Water", budgets=lw.Budgets(memory_mib=64))
    app.sun.elevation, app.sun.azimuth = math.radians(48), math.radians(70)
    query = app.host.options().get("query") or {}
    limit = int(query.get("steps", 0)) or sys.maxsize
    app.memory.threads = int(query.get("threads", app.memory.threads_max))
    water = Water(app.memory)
    app.watch("water", water.fluid)
    drops = app.spawn_many(lw.Mesh.sphere(0.5, 7), CAPACITY, lw.Material(roughness=0.25))
    x, _, z = BASIN
    stone, tile = lw.Material(color="#8d8478", roughness=0.8), lw.Material(color="#d9d2c4", roughness=0.6)
    app.spawn(lw.Mesh.box(x + 0.3, 0.12, z + 0.3), tile, position=(x / 2, -0.06, z / 2))
    app.spawn(lw.Mesh.box(x + 0.3, 1.0, 0.12), tile, position=(x / 2, 0.38, -0.06))
    app.spawn(lw.Mesh.box(0.12, 1.0, z), tile, position=(-0.06, 0.38, z / 2))
    app.spawn(lw.Mesh.box(0.32, 0.6, 0.32), stone, position=(2.3, 0.3, 0.75))
    app.spawn(lw.Mesh.sphere(0.3), stone, position=(3.0, 0.1, 0.35))
    app.spawn(lw.Mesh.plane(60, 60), lw.Material(color="#6d7f63", roughness=1.0), position=(0, -0.13, 0))
    view = {"yaw": 0.62, "pitch": 0.42, "distance": 4.6}

    @app.frame
    def update(dt):
        for _ in range(2):
            if water.steps < limit:
                water.step()
        count = water.fluid.count
        drops.position[:count] = water.fluid.position
        drops.color[:count, :3] = water.colors()
        drops.scale[:] = (np.arange(CAPACITY) < count)[:, None] * np.float32(SPACING * 1.15)
        if app.input.button(0):
            view["yaw"] -= app.input.pointer_dx * 0.008
            view["pitch"] = min(max(view["pitch"] + app.input.pointer_dy * 0.008, 0.05), 1.5)
        view["distance"] *= math.exp(app.input.wheel_dy * 0.001)
        level = math.cos(view["pitch"]) * view["distance"]
        target = np.array((x / 2, 0.35, z / 2))
        offset = (math.sin(view["yaw"]) * level, math.sin(view["pitch"]) * view["distance"],
                  math.cos(view["yaw"]) * level)  # fmt: skip
        app.camera.position = target + offset
        app.camera.look_at(target)


if __name__ == "__main__" and Path(sys.argv[0]).name == "water.py":  # python examples/water.py
    try:
        run_alone()
    except lw.LayerwError as error:
        sys.exit(f"water.py: {error}")
elif __name__ == "__main__":
    run_app()
