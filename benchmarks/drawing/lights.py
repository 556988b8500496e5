"""1,024 lights in view over a hall of 400 boxes: half of them spots; all move each frame, and the camera too."""

import math

import numpy as np

import layerw as lw

LIGHTS = 1024
app = lw.App()
rng = np.random.default_rng(1)
app.sun.intensity = 0.2
app.shadows.enabled = False
app.spawn(lw.Mesh.plane(200, 200), lw.Material(color="gray", roughness=0.5), static=True)
app.spawn_many(lw.Mesh.box(), 400, lw.Material(roughness=0.6), static=True,
               position=rng.uniform((-50, 0.5, -100), (50, 2.5, -4), (400, 3)))  # fmt: skip
lamps = app.spawn_many(lw.Mesh.sphere(0.1, 8), LIGHTS, lw.Material(unlit=True))
home = rng.uniform((-0.55, 0.5, -100), (0.55, 4, -8), (LIGHTS, 3)).astype(np.float32)
home[:, 0] *= -home[:, 2]  # inside of the view, whatever its distance
lamps.position = home
lamps.color = rng.uniform(0.2, 1.0, (LIGHTS, 3))
lamps.rotation = (-(0.5**0.5), 0, 0, 0.5**0.5)  # spots shine down
lamps.add(lw.Light, intensity=6.0, range=6.0)
lamps[::2][lw.Light].kind = 1
app.camera = lw.Camera((0.0, 3.0, 6.0))
app.camera.look_at((0.0, 2.0, -40.0))
time = 0.0


@app.frame
def update(dt):
    global time
    time += dt
    lamps.position[:, 1] = home[:, 1] + 0.2 * math.sin(time)
    app.camera.position[0] = 0.5 * math.sin(0.7 * time)
