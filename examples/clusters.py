"""A scatter plot that works: k-means finds five clusters among 20,000 points, a step a second, with numpy alone.

Space draws other starting points.
"""

import math

import numpy as np

import layerw as lw

app = lw.App(title="Clusters")
app.sky.zenith = app.sky.horizon = app.sky.ground = (0.006, 0.007, 0.012)
app.fog.density = app.clouds.cover = 0.0
app.grid(20.0, 2.0, color="#2a3242")
rng = np.random.default_rng(5)
centres = rng.uniform((-7, 1, -7), (7, 9, 7), (5, 3))
places = (centres[rng.integers(0, 5, 20_000)] + rng.normal(0, 1.1, (20_000, 3))).astype(np.float32)
colors = np.array([(1.0, 0.42, 0.3), (0.3, 0.75, 1.0), (0.55, 0.95, 0.4), (1.0, 0.85, 0.3), (0.8, 0.5, 1.0)])
cloud = app.points(places, size=0.05, unit="m")
means = app.spawn_many(lw.Mesh.sphere(0.35), 5, lw.Material(unlit=True), position=places[:5], color=colors)
labels = [lw.Label("0", at=mean, position=(0, 3, 0), size=15, unit="px") for mean in means]  # above: points hide it


@app.every(1.0)
def step():
    distance = np.linalg.norm(places[:, None] - means.position[None], axis=2)
    nearest = distance.argmin(axis=1)
    cloud.color = colors[nearest]
    for k in range(5):
        mine = places[nearest == k]
        labels[k].text = f"{len(mine):,}"
        if len(mine):
            app.tween(means[k], 0.6, position=mine.mean(axis=0), ease="out")


@app.frame
def orbit(dt):
    if app.input.pressed("Space"):
        means.position = rng.uniform((-7, 1, -7), (7, 9, 7), (5, 3))
    app.camera.position = (20 * math.sin(0.15 * app.time_s), 9, 20 * math.cos(0.15 * app.time_s))
    app.camera.look_at((0, 5, 0))


step()
