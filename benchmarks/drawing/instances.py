"""100,000 boxes, each with its own transform and colour, all moved each frame. `?count=` is set by the harness."""

import math

import numpy as np

import layerw as lw

COUNT = 100_000

app = lw.App(entities_max=COUNT + 2048)
rng = np.random.default_rng(1)
boxes = app.spawn_many(lw.Mesh.box(), COUNT, lw.Material(roughness=0.6))
side = math.ceil(COUNT ** (1 / 3))
cell = np.stack(np.unravel_index(np.arange(COUNT), (side, side, side)), axis=1)
home = ((cell - (side - 1) / 2) * 2.2).astype(np.float32)
boxes.position = home
boxes.scale = rng.uniform(0.4, 1.0, (COUNT, 3))
boxes.color = rng.uniform(0.2, 1.0, (COUNT, 3))
phase = rng.uniform(0, math.tau, COUNT).astype(np.float32)
app.shadows.enabled = False
app.camera.position = np.array((0.0, 40.0, 130.0))
app.camera.look_at((0.0, 0.0, 0.0))
time = 0.0


@app.frame
def update(dt):
    global time
    time += dt
    angle = phase + np.float32(time)
    np.sin(angle * np.float32(0.5), out=boxes.rotation[:, 1])
    np.cos(angle * np.float32(0.5), out=boxes.rotation[:, 3])
    np.add(home[:, 1], np.sin(angle), out=boxes.position[:, 1])
