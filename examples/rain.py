"""Rain comes and goes: drops, wind, fog, puddles that mirror the street lamps, and a ground that dries again."""

import math

import numpy as np

import layerw as lw

app = lw.App(title="Rain")
app.sun.elevation, app.sun.azimuth = math.radians(4), math.radians(160)
app.clouds.cover, app.fog.density, app.wind.strength = 0.9, 0.012, 0.6
app.view.exposure, app.view.bloom = "auto", 0.08
app.weather.wetness = 0.7
app.camera.position = (0, 1.9, 11)
app.camera.look_at((0, 2.2, -10))
rng = np.random.default_rng(9)

app.spawn(lw.Mesh.plane(8, 120), lw.Material(color="#3a3c40", roughness=0.7), static=True)
app.spawn(lw.Mesh.plane(120, 120), lw.Material(color="#55524c", roughness=0.9), position=(0, -0.05, 0), static=True)
wall = lw.Material(color="#77685a", roughness=0.9)
window = lw.Material(color="black", emissive="#ffb868", emissive_strength=1.5)
glow = lw.Material(unlit=True, emissive="#ffc070")
for side in (-1, 1):
    for number in range(9):
        high = rng.uniform(4, 9)
        place = np.array((side * 8.0, high / 2, 4.0 - 7 * number))
        app.spawn(lw.Mesh.box(5, high, 5.5), wall, position=place, static=True)
        for _ in range(4):
            spot = np.add(place, (-2.52 * side, rng.uniform(-0.3, 0.35) * high, rng.uniform(-2, 2)))
            app.spawn(lw.Mesh.box(0.06, 0.9, 0.6), window, position=spot, static=True)
    for z in range(4, -50, -9):
        app.spawn(lw.Mesh.cylinder(0.06, 3.6), lw.Material(color="#222222"), position=(4.3 * side, 1.8, z), static=True)
        app.spawn(lw.Mesh.sphere(0.16), glow, position=(4.3 * side, 3.6, z), static=True)
        app.light("point", position=(4.2 * side, 3.5, z), color="#ffb060", intensity=22.0, range=11.0)


@app.frame
def weather(dt):
    wet = 0.5 + 0.5 * math.cos(0.25 * app.time_s)  # pours at first, stops after twelve seconds, comes again
    app.weather.rain = max(wet - 0.2, 0.0)
    app.weather.wetness += (wet - app.weather.wetness) * min(0.3 * dt, 1.0)
