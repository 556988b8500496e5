"""Look at a model or a world: `layerw run examples/viewer.py`, then `?model=models/Fox.glb` in the address.

The address is relative to this file's folder. A folder, or a path that ends with tileset.json, is a world to fly
over (WASD and mouse); everything else is a glTF model: drag to turn, the wheel comes closer.
"""

import math

import numpy as np

import layerw as lw

app = lw.App(title="Viewer", screen_error_px=8)
app.sun.elevation = math.radians(42)
app.sun.azimuth = math.radians(30)

query = app.host.options().get("query") or {}
url = query.get("model", "models/FlightHelmet/FlightHelmet.gltf")


class Orbit:
    """A camera on a sphere around what is shown."""

    def __init__(self):
        self.yaw, self.pitch, self.distance = math.radians(25), math.radians(12), 3.0
        self.target = np.zeros(3)

    def fit(self, radius):
        self.target = np.array((0.0, radius * 0.45, 0.0))
        self.distance = radius * 1.9
        app.camera.near = max(radius * 0.01, 0.001)

    def update(self, dt):
        if app.input.button(0):
            self.yaw -= app.input.pointer_dx * 0.008
            self.pitch = min(max(self.pitch + app.input.pointer_dy * 0.008, -1.5), 1.5)
        self.distance *= math.exp(app.input.wheel_dy * 0.001)
        level = math.cos(self.pitch) * self.distance
        offset = (math.sin(self.yaw) * level, math.sin(self.pitch) * self.distance, math.cos(self.yaw) * level)
        app.camera.position = self.target + offset
        app.camera.look_at(self.target)


if url.endswith(("tileset.json", "/")) or "." not in url.rsplit("/", 1)[-1]:
    world = app.stream(url, place="local")
    view = lw.FlyCamera(app, speed=80)

    @world.on_ready
    def stand_above():
        """Start at the world's own viewpoint, or above its middle."""
        app.camera.position = np.array(world.view_from)
        app.camera.look_at(world.view_to)
        view.speed = max(world.radius / 20, 5.0)
else:
    model = app.load(url, max_texture_side=2048)
    view = Orbit()

    @model.on_ready
    def fit():
        """Stand where all of it is in view."""
        view.fit(model.radius or 1.0)


@app.frame
def update(dt):
    view.update(dt)
