"""Decals: balls of paint burst where they hit, and their splashes lie on whatever is there.

A click throws one where the pointer is.
"""

import math

import numpy as np

import layerw as lw

SPLASHES_MAX = 150
app = lw.App(title="Paint")
app.sun.elevation, app.sun.azimuth = math.radians(40), math.radians(140)
app.camera.position = (0, 3.4, 9)
app.camera.look_at((0, 1.6, 0))
rng = np.random.default_rng(8)
white = lw.Material(color="#c8c4bc", roughness=0.8)
app.spawn(lw.Mesh.plane(30, 30), white, static=True)
app.spawn(lw.Mesh.box(14, 6, 0.5), white, position=(0, 3, -4), static=True)
for mesh, place in [(lw.Mesh.sphere(1.4, 32), (-3, 1.4, 0)), (lw.Mesh.box(2.2, 2.2, 2.2), (0.4, 1.1, -1)),
                    (lw.Mesh.cylinder(1.0, 3.4), (3.6, 1.7, 0.4))]:
    app.spawn(mesh, white, position=place, static=True)

y, x = np.mgrid[-1:1:96j, -1:1:96j]
edge = 0.6 + sum(0.22 / k * np.sin(k * np.arctan2(y, x) + rng.uniform(0, 6)) for k in (3, 5, 7, 11))
shape = np.clip(12 * (edge - np.hypot(x, y)), 0, 1)
colors = np.array([(0.95, 0.2, 0.25), (0.1, 0.55, 0.95), (1.0, 0.78, 0.1), (0.2, 0.75, 0.4), (0.6, 0.25, 0.85)])
blots = [lw.Texture(np.dstack([np.broadcast_to(color, (96, 96, 3)), shape])) for color in colors]
drops = [app.emitter(rate=0, count=200, lifetime=(0.3, 0.7), speed=(1, 4), spread=1.5, gravity=9.8, size=0.05, lit=True,
                     color=[(*color, 1.0), (*color, 0.0)]) for color in colors]
splashes = []


def throw(origin, direction):
    hit = app.raycast(origin, direction)
    if hit is None:
        return
    kind, size = int(rng.integers(len(blots))), rng.uniform(1.4, 3.2)
    splashes.append(app.decal(blots[kind], position=hit.point, direction=-hit.normal, size=(size, size, 0.8)))
    drops[kind].position = hit.point + 0.1 * hit.normal
    drops[kind].burst(40)
    if len(splashes) > SPLASHES_MAX:
        splashes.pop(0).despawn()


@app.every(0.15)
def at_random():
    throw(app.camera.position, rng.uniform((-0.55, -0.55, -1), (0.55, 0.15, -1)))


@app.frame
def click(dt):
    if app.input.clicked():
        throw(*app.ray_at(app.input.pointer))
