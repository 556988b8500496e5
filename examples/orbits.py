"""A sun, six planets and their moons: who has a parent goes round with it, and lines show the ways."""

import math

import numpy as np

import layerw as lw

app = lw.App(title="Orbits")
app.sky.zenith = app.sky.horizon = app.sky.ground = (0.001, 0.001, 0.003)
app.sun.intensity, app.fog.density, app.clouds.cover, app.view.bloom = 0.0, 0.0, 0.0, 0.08
app.camera.position = (0, 17, 30)
app.camera.look_at((0, 0, 2))
rng = np.random.default_rng(4)
stars = rng.normal(size=(3000, 3))
app.points(300 * stars / np.linalg.norm(stars, axis=1, keepdims=True), size=1.5, color="#8890a0")

ball = lw.Mesh.sphere(1.0, 32)
app.spawn(ball, lw.Material(unlit=True, color="#ffdf9a", emissive="#ffb040"), scale=2.0)
app.light("point", intensity=900.0, range=80.0, color="#fff0d8")
ring = np.linspace(0, math.tau, 97)[:-1]
orbits = []
planets = [("Ash", 0.4, "#9a8878"), ("Vera", 0.7, "#e8c48a"), ("Tern", 0.75, "#4f8fd8"),
           ("Rust", 0.55, "#c8583a"), ("Jolly", 1.5, "#d8a878"), ("Ice", 1.0, "#8fd0d8")]
for number, (name, radius, color) in enumerate(planets):
    away = 4.2 + 2.7 * number
    app.lines(away * np.stack([np.cos(ring), 0 * ring, np.sin(ring)], axis=1), color="#39435a", closed=True)
    hub = app.spawn(lw.Mesh.box(0.01))  # turns about the sun, and carries the planet
    planet = app.spawn(ball, lw.Material(color=color, roughness=0.8), position=(away, 0, 0), scale=radius, parent=hub)
    lw.Label(name, at=planet, position=(0, 1.8, 0), size=13, unit="px", color="#c8d0e0")
    orbits.append((hub, 1.6 * away**-0.75))
    for moon in range(number // 2):
        carrier = app.spawn(lw.Mesh.box(0.01), parent=planet)
        app.spawn(ball, lw.Material(color="#b8b8b8"), position=(1.7 + 0.6 * moon, 0, 0), scale=0.22, parent=carrier)
        orbits.append((carrier, 2.2 - 0.7 * moon))
    hub.rotate(y=2.4 * number % math.tau)


@app.frame
def update(dt):
    for entity, speed in orbits:
        entity.rotate(y=speed * dt)
