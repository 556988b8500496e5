"""A camp in a wood at nightfall: bark, leaves, ferns and soil made from numbers, a fire, lanterns, fireflies.

    layerw run examples/camp

W A S D and the pointer move the camera. The fire, the tent and six lanterns have shadows; the wood sways.
"""

import math

import hearth
import numpy as np
from patterns import bark, frond, leaves, soil
from woods import fern, tree, tuft

import layerw as lw

app = lw.App("Camp")
rng = np.random.default_rng(11)
WIDE_M, CELLS = 110.0, 200
share = 0.3 if app.quality == "low" else 1.0  # of the undergrowth

app.sun.at(latitude=0.84, day=150, hour=20.45)
app.view.exposure, app.view.bloom, app.view.tone_map = 3.6, 0.06, "agx"
app.fog.density = 0.006
app.clouds.cover = 0.25


def height(x, z):
    """Metres of the ground; the camp's clearing is level."""
    hills = 1.6 * np.sin(0.09 * x + 1.0) * np.cos(0.075 * z)
    hummocks = 0.35 * np.sin(0.31 * x + 0.4 * z) + 0.12 * np.sin(0.9 * z - 0.7 * x)
    return (hills + hummocks) * np.clip((np.hypot(x, z) - 3.0) / 9.0, 0, 1)


def path(z):
    """x of its middle, metres."""
    return 1.3 * np.sin(0.3 * z)


def scattered(count, least, most, apart=0.0):
    """(n, 3) places on the ground, between two distances of the fire, none on the path."""
    turn, far = rng.uniform((0, least**2), (math.tau, most**2), (count, 2)).T
    x, z = np.sqrt(far) * np.cos(turn), np.sqrt(far) * np.sin(turn)
    free = (z < 0) | (np.abs(x - path(z)) > 1.2 + apart * 0.25)
    x, z = x[free], z[free]
    if apart:
        kept = []
        for row in range(len(x)):
            if (np.hypot(x[kept] - x[row], z[kept] - z[row]) > apart).all():
                kept.append(row)
        x, z = x[kept], z[kept]
    return np.stack((x, height(x, z), z), axis=1)


def plant(mesh, look, places, low, high, tilt=0.06):
    """One of a kind at each place, turned and scaled by chance."""
    n = len(places)
    half = rng.uniform(0, math.pi, n)
    turn = np.stack((rng.normal(0, tilt, n), np.sin(half), rng.normal(0, tilt, n), np.cos(half)), axis=1)
    return app.spawn_many(mesh, n, look, position=places, rotation=turn / np.linalg.norm(turn, axis=1, keepdims=True),
                          scale=rng.uniform(low, high, n)[:, None].repeat(3, axis=1), static=True)  # fmt: skip


def ground(look):
    """One mesh, its path and its clearing trodden."""
    line = np.linspace(-WIDE_M / 2, WIDE_M / 2, CELLS + 1)
    x, z = (one.ravel() for one in np.meshgrid(line, line))
    corner = (np.arange(CELLS)[:, None] * (CELLS + 1) + np.arange(CELLS)).ravel()
    right, below = corner + 1, corner + CELLS + 1
    trodden = np.clip(1.25 - np.abs(x - path(z)) / 1.1, 0, 1) * (z > 0)
    trodden = np.maximum(trodden, np.clip(1.6 - np.hypot(x, z) / 2.6, 0, 1))
    app.spawn(lw.Mesh(np.stack((x, height(x, z), z), axis=1),
                      np.stack((corner, below, right, right, below, below + 1)).T.ravel(),
                      uvs=np.stack((x, z), axis=1) / 2.4,
                      colors=1 - trodden[:, None] * (0.05, 0.28, 0.45)), look, static=True)  # fmt: skip


color, normal = soil(rng)
ground(lw.Material(base_color_texture=color, normal_texture=normal, roughness=0.95))

color, normal = bark(rng)
timber = lw.Material(base_color_texture=color, normal_texture=normal, roughness=0.93)
wood = lw.Material(base_color_texture=color, normal_texture=normal, roughness=0.93, wind=0.12)
leaf = {"masked": True, "alpha_cutoff": 0.35, "double_sided": True}
foliage = lw.Material(base_color_texture=leaves(rng), roughness=0.75, wind=0.35, **leaf)
green = lw.Material(base_color_texture=frond(), roughness=0.7, wind=0.5, **leaf)
blades = lw.Material(roughness=0.8, double_sided=True, wind=0.6)
stone = lw.Material(color="#8d877c", roughness=0.95)

places = scattered(700, 6.5, 52, apart=3.4)
for kind in range(4):
    trunk, crown, afar = tree(rng, height=rng.uniform(11, 16), radius=rng.uniform(0.22, 0.4))
    stems = plant(trunk, wood, places[kind::4], 0.75, 1.25, tilt=0.015)
    app.spawn_many(lw.Lods([(crown, 24.0), (afar, 500.0)]), len(stems), foliage, position=stems.position,
                   rotation=stems.rotation, scale=stems.scale, static=True)  # fmt: skip
for seed in range(3):
    plant(fern(rng), green, scattered(int(420 * share), 3.6, 34), 0.6, 1.25)
    plant(tuft(rng), blades, scattered(int(2600 * share), 2.6, 30), 0.7, 1.5)
    plant(lw.flora.rock(seed=seed), stone, scattered(26, 4, 40), 0.15, 0.6, tilt=0.3)

fire = hearth.build(app, stone, timber)
hearth.tent(app, position=(3.4, 0, -2.6), turn=-0.9)
for number, far in enumerate((4.5, 8.5, 13.0, 18.0, 24.0, 31.0)):
    x = path(far) + (1.35 if number % 2 else -1.35)
    hearth.lantern(app, timber, position=(x, height(x, far), far))

app.camera.position = (1.9, 1.35, 7.6)
app.camera.look_at((-0.1, 0.95, 0))
fly = lw.FlyCamera(app, speed=3.0)


@app.frame
def update(dt):
    t = app.time_s
    fly.update(dt)
    fire.intensity = 17.0 + 2.5 * math.sin(11 * t) + 2.0 * math.sin(17.3 * t + 1) + 1.2 * math.sin(29.1 * t)
