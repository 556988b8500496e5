"""500,000 round points that stand still, each with its colour and size in pixels; the camera flies around them."""

import math

import numpy as np

import layerw as lw

COUNT = 500_000
app = lw.App()
rng = np.random.default_rng(1)
ways = rng.normal(size=(COUNT, 3)).astype(np.float32)
ways *= (30 * rng.uniform(0, 1, COUNT) ** (1 / 3) / np.linalg.norm(ways, axis=1)).astype(np.float32)[:, None]
cloud = app.points(ways, color=rng.uniform(0.2, 1.0, (COUNT, 3)), size=rng.uniform(1, 4, COUNT))
app.shadows.enabled = False
time = 0.0


@app.frame
def fly(dt):
    global time
    time += dt
    app.camera.position = (60 * math.sin(time), 15.0, 60 * math.cos(time))
    app.camera.look_at((0.0, 0.0, 0.0))
