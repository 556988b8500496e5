"""A day in forty seconds: the sun where it stands in Zürich at midsummer, clouds, dusk, the moon and the stars.

Everything is lit by it: shadows turn, the ground reddens, and lamps come on by themselves when it is dark.
"""

import math

import numpy as np

import layerw as lw

app = lw.App(title="A day")
rng = np.random.default_rng(3)
app.clouds.cover, app.fog.density, app.view.exposure = 0.35, 0.0006, "auto"
app.camera.position = (0, 2.4, 19)
app.camera.look_at((-4, 5, 0))

app.spawn(lw.Mesh.plane(900, 900), lw.Material(color="#5d6b45", roughness=1.0), static=True)
stone = lw.Material(color="#a8a095", roughness=0.9)
for turn in np.arange(0, math.tau, math.tau / 14):  # a ring of stones throws the shadows of a sundial
    place = np.array((11 * math.sin(turn), 2.0, 11 * math.cos(turn)))
    app.spawn(lw.Mesh.box(1.4, 4, 0.8), stone, position=place).rotate(y=turn)
lamps = [app.light("point", position=(x, 1.5, 4), color="#ffb066", intensity=0.0, range=14.0) for x in (-6, 6)]
hour = 19.0


@app.frame
def update(dt):
    global hour
    hour = (hour + 0.6 * dt) % 24
    app.sun.at(latitude=math.radians(47.4), day=172, hour=hour)
    for lamp in lamps:
        lamp.intensity = 40.0 if app.sun.elevation < 0 else 0.0
