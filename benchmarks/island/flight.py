"""examples/island.py on rails: once round the island along the coast, at a speed that keeps tiles streaming."""

import math

import island
import numpy as np

SPEED_M_S = 120.0
RADIUS_M = 2600.0
VIEWS = {  # name: eye, target; metres
    "air": ((2600, 620, 4200), (0, 250, 0)),
    "ridge": ((-900, 760, 900), (1300, 500, -900)),
    "coast": ((-2600, 60, 2300), (0, 330, 0)),
}
app, world = island.app, island.island
steer = island.fly.update
island.fly.update = lambda dt: None
mode = "stand"  # the page changes it: "stand", "fly", or a view's name
angle = 0.0


def look(name):
    """Stand at a named view; "start" is the demo's own."""
    eye, target = (world.view_from, world.view_to) if name == "start" else VIEWS[name]
    x, y, z = eye
    app.camera.position = np.array((x, max(y, world.height(x, z) + 2), z))
    app.camera.look_at(target)


@app.frame
def fly(dt):
    global angle
    if mode != "fly" or world.state != "ready":
        return
    angle += dt * SPEED_M_S / RADIUS_M
    x, z = math.cos(angle) * RADIUS_M, math.sin(angle) * RADIUS_M
    y = max(world.height(x, z), 0.0) + 90
    app.camera.position = np.array((x, y * 0.02 + app.camera.position[1] * 0.98, z))
    app.camera.yaw, app.camera.pitch = -angle + math.radians(150), math.radians(-6)
