"""1,000,000 boxes that stand still on a plane, all in range; the camera flies over them."""

import math

import numpy as np

import layerw as lw

SIDE = 1000
STEP_M = 2.0
app = lw.App(entities_max=SIDE * SIDE + 2048)
across, along = np.divmod(np.arange(SIDE * SIDE), SIDE)
places = np.zeros((SIDE * SIDE, 3), np.float32)
places[:, 0], places[:, 2] = (across - SIDE / 2) * STEP_M, (along - SIDE / 2) * STEP_M
app.spawn_many(lw.Mesh.box(), SIDE * SIDE, lw.Material(roughness=0.6), static=True, position=places)
app.shadows.enabled = False
app.camera.look_at((0.0, 0.0, -10.0))
time = 0.0


@app.frame
def fly(dt):
    global time
    time += dt
    app.camera.position = (5.0 * math.sin(time), 12.0, 20.0 * time)
