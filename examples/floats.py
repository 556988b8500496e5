"""Buoyancy: a thing floats as deep as its density says, what is heavier than water sinks, and a current carries all."""

import math

import numpy as np

import layerw as lw

app = lw.App(title="Floats")
app.sun.elevation, app.sun.azimuth = math.radians(30), math.radians(60)
app.sea.level = 0.0
app.camera.position = (0, 3.4, 10)
app.camera.look_at((0, 0.3, 0))
app.physics.add_water(app.sea, flow=(0.25, 0, 0))
app.spawn(lw.Mesh.box(600, 1, 600), lw.Material(color="#4a4a3c"), position=(0, -14, 0), body=lw.Body("static"))

rng = np.random.default_rng(6)
tags = []
kinds = [("cork", 200, "#c89a66"), ("pine", 500, "#b8814a"), ("ice", 915, "#cfe8f2"), ("brick", 1900, "#a8452f")]
for number, (word, density, color) in enumerate(kinds):
    block = app.spawn(lw.Mesh.box(1.3, 1.3, 1.3), lw.Material(color=color, roughness=0.6),
                      position=(2.6 * number - 5, 1, 0), body=lw.Body(density=density))
    block.rotate(x=0.5, z=0.3 * number)
    tags.append((lw.Label(f"{word}\n{density} kg/m³", size=0.4), block))
balls = app.spawn_many(lw.Mesh.sphere(0.3), 60, lw.Material(roughness=0.35), color=rng.uniform(0.2, 1.0, (60, 3)),
                       position=rng.uniform((-8, 1, -12), (6, 6, -2), (60, 3)))
app.physics.add(balls, "dynamic", shape="sphere", mass=20.0)


@app.frame
def update(dt):
    for label, block in tags:  # no `at=block`: a block tumbles, its words stand
        label.entity.position = np.add(block.position, (0, 1.6, 0))
    gone = balls.position[:, 0] > 12  # the current's end: back to where it begins
    if gone.any():
        balls.position[gone] -= (22, -1.0, 0)
