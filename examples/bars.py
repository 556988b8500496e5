"""A table of numbers as 2,500 bars: one call spawns them, one numpy line a frame moves and colours them all."""

import math

import numpy as np

import layerw as lw

COUNT = 50
app = lw.App(title="Bars")
app.sun.elevation, app.sun.azimuth = math.radians(40), math.radians(-50)
x, z = (axis.ravel() for axis in np.meshgrid(np.arange(COUNT) - COUNT / 2, np.arange(COUNT) - COUNT / 2))
app.spawn(lw.Mesh.plane(140, 140), lw.Material(color="#20242c", roughness=0.8), static=True)
bars = app.spawn_many(lw.Mesh.box(0.86, 1.0, 0.86), COUNT * COUNT, lw.Material(roughness=0.45))
low, high = np.array((0.05, 0.2, 0.5)), np.array((1.0, 0.45, 0.15))


def table(t):
    """What is shown: waves from two places that meet. Any (2500,) array will do."""
    first, second = np.hypot(x + 12, z), np.hypot(x - 14, z + 6)
    return 4.2 + 2.0 * np.sin(0.55 * first - 2.2 * t) + 2.0 * np.sin(0.7 * second - 2.6 * t)


@app.frame
def update(dt):
    heights = table(app.time_s)
    bars.position = np.stack([x, heights / 2, z], axis=1)
    bars.scale = np.stack([np.ones_like(x), heights, np.ones_like(x)], axis=1)
    bars.color = low + (high - low) * (heights[:, None] / 8.4)
    turn = 0.6 + 0.1 * app.time_s
    app.camera.position = (44 * math.sin(turn), 30, 44 * math.cos(turn))
    app.camera.look_at((0, 2, 0))
