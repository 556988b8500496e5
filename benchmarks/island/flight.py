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


def look(name, hour=None):
    """Stand at a named view; "start" is the demo's own. hour: of a June day at 40 degrees north."""
    if hour is not None:
        app.sun.at(latitude=0.7, day=172, hour=hour)
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


PARTS = {  # what "table" leaves out, one at a time: the thing, its attribute, the value without it
    "shadows": (app.shadows, "enabled", False),
    "ambient": (app.ambient, "occlusion", 0.0),
    "contact shadows": (app.ambient, "contact", False),
    "reflections": (app.ambient, "reflections", False),
    "clouds": (app.clouds, "cover", 0.0),
    "bloom": (app.view, "bloom", 0.0),
    "sea": (app.sea, "level", None),
}
whole = {part: getattr(thing, name) for part, (thing, name, _) in PARTS.items()}


def leave_out(part):
    """Draws everything but one part; "" = everything."""
    for each, (thing, name, without) in PARTS.items():
        setattr(thing, name, without if each == part else whole[each])
