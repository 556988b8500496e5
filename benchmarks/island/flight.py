"""examples/island.py on rails: once round the island along the coast, at a speed that keeps tiles streaming."""

import math

import island
import numpy as np

import layerw as lw

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


class Bounces:
    """Light probes around the camera, while there are any."""

    def __init__(self):
        self._probes = None

    @property
    def are_on(self):
        return self._probes is not None

    @are_on.setter
    def are_on(self, wanted):
        if self.are_on and not wanted:
            self._probes.close()
            self._probes = None
        elif wanted and not self.are_on:
            self._probes = app.light_probes(app.camera.position, (48, 12, 48), 4.0)


bounces = Bounces()
PARTS = {  # what "table" leaves out, one at a time: the thing, its attribute, the value without it
    "shadows": (app.shadows, "enabled", False),
    "occlusion": (app.ambient, "occlusion", 0.0),
    "contact shadows": (app.ambient, "contact", False),
    "reflections": (app.ambient, "reflections", False),
    "clouds": (app.clouds, "cover", 0.0),
    "fog": (app.fog, "density", 0.0),
    "bloom": (app.view, "bloom", 0.0),
    "depth of field": (app.view, "depth_of_field", None),
    "probes": (bounces, "are_on", False),
    "sea": (app.sea, "level", None),
}
whole = {}  # by part: its attribute's value in what is "everything"


def put_on(values):
    for part, value in values.items():
        thing, name, _ = PARTS[part]
        setattr(thing, name, value)


def values():
    return {part: getattr(thing, name) for part, (thing, name, _) in PARTS.items()}


demo = values()


def dress():
    """Turns on what the demo does without; that is everything. Stand where the table is to be measured."""
    put_on({"bloom": 0.04, "depth of field": lw.DepthOfField(60.0), "probes": True, "reflections": True})
    whole.update(values())


def leave_out(part):
    """Draws everything but one part; "" = everything."""
    put_on(whole | ({part: PARTS[part][2]} if part else {}))


def undress():
    """As the demo is."""
    put_on(demo)


def turn_sun(degrees):
    """Far shadows are renewed from a quarter of a degree on."""
    app.sun.azimuth += math.radians(degrees)
