"""The tileset seen from one place, in layerw."""

import math

import layerw as lw

app = lw.App(title="Streaming", screen_error_px=6)
app.camera.fov_y = math.radians(60)
app.camera.near = 1.0
app.camera.position = (2600, 620, 4200)
app.camera.look_at((0, 250, 0))
world = app.stream("/world/", fade=0)
