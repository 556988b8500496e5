"""A meadow at four hours of a day; test_golden_hours.py takes its pictures. Nothing moves by itself."""

import math

import numpy as np

import layerw as lw

LATITUDE, DAY = math.radians(47), 200  # in July, with a moon
HOURS = {"dawn": (4.6, 25), "noon": (12.0, 150), "dusk": (19.6, -25), "night": (0.2, 40)}  # and to the right of the sun
app = lw.App(overlay=False)
app.camera.fov_y = math.radians(60)
app.clouds.speed, app.wind.strength, app.view.dither = 0.0, 0.0, 0.0
app.fog.density = 0.002
rng = np.random.default_rng(5)
app.spawn(lw.Mesh.plane(400, 400), lw.Material(color="#5d6b45", roughness=1.0))
app.spawn(lw.Mesh.box(1.6, 1.6, 1.6), lw.Material(color="white", roughness=0.9), position=(-1.6, 0.8, 0))
app.spawn(lw.Mesh.sphere(0.8), lw.Material(color="white", metallic=1.0, roughness=0.2), position=(1.4, 0.8, 0))
lamp = app.spawn(lw.Mesh.sphere(0.25), lw.Material(color="orange", unlit=True), position=(0, 0.25, 1.5))
app.light("point", position=(0, 0.8, 1.5), color="orange", intensity=2.0, range=5.0)
turned = np.zeros((40, 4), np.float32)
turned[:, 1], turned[:, 3] = np.sin(rng.uniform(0, 3, 40)), np.cos(rng.uniform(0, 3, 40))
around, away = rng.uniform(0, 2 * math.pi, 40), rng.uniform(14, 60, 40)
places = np.stack([np.sin(around) * away, 0 * away, np.cos(around) * away], axis=1)
app.spawn_many(lw.flora.conifer(seed=1, height_m=6), 40, lw.Material(roughness=0.9), position=places, static=True)


def show(name):
    hour, right = HOURS[name]
    app.sun.at(latitude=LATITUDE, day=DAY, hour=hour)
    azimuth = app.sun.azimuth + math.radians(right) if name != "night" else 2.4
    ahead = np.array((math.sin(azimuth), 0.0, -math.cos(azimuth)))
    app.camera.position = np.array((0.0, 1.7, 0.0)) - 6 * ahead
    app.camera.look_at((0.0, 2.6, 0.0))


show("noon")
