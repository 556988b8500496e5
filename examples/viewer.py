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


def apron(world):
    """Land around the world that falls from its rim to a plain: nobody sees that it ends."""
    west, north, east, south = world.area
    sides = np.linspace(0.0, 1.0, 256, endpoint=False)
    x = np.concatenate([west + (east - west) * s for s in (sides, 1 + 0 * sides, 1 - sides, 0 * sides)])
    z = np.concatenate([north + (south - north) * s for s in (0 * sides, sides, 1 + 0 * sides, 1 - sides)])
    rim = world.heights(x, z)
    low = float(np.quantile(rim, 0.1))
    mean = np.convolve(np.tile(rim, 3), np.ones(165) / 165, "same")[len(rim) : 2 * len(rim)]
    rings = []
    for out in (0.0, 0.02, 0.06, 0.12, 0.25, 0.6, 2.0, 8.0):
        near = max(1 - out * 12, 0.0)  # ridges end where the rim is left behind
        y = low + ((rim - low) * near + (mean - low) * (1 - near)) * math.exp(-4 * out)
        dx, dz = x - (west + east) / 2, z - (north + south) / 2
        rings.append(np.stack([x + dx * out, y - 2.0, z + dz * out], axis=1))
    count, rows = len(x), len(rings) - 1
    a = (np.arange(rows)[:, None] * count + np.arange(count)).ravel()
    b = (np.arange(rows)[:, None] * count + (np.arange(count) + 1) % count).ravel()
    faces = np.stack([a, b, a + count, b, b + count, a + count], axis=1)
    material = lw.Material(color="#4a5a36", roughness=1.0, kind="terrain")
    app.spawn(lw.Mesh(np.concatenate(rings), faces.ravel()), material, static=True)


if url.endswith(("tileset.json", "/")) or "." not in url.rsplit("/", 1)[-1]:
    world = app.stream(url, place="local")
    view = lw.FlyCamera(app, speed=80)

    @world.on_ready
    def stand_above():
        """Start at the world's own viewpoint (or above its middle), in air that hides where the world ends."""
        start, target = np.array(world.view_from), np.array(world.view_to)
        try:
            start[1] += 16 * world.extras["ground"]["spacing_x_m"]  # nearer, the ground's own grid would show
            view.ground = world.height
            apron(world)
        except (KeyError, lw.LayerwError):
            pass  # not one of layerw's own worlds: no ground grid
        app.camera.position = start
        app.camera.look_at(target)
        app.sun.azimuth = math.pi - app.camera.yaw + math.radians(250)
        app.sun.elevation = math.radians(28)  # from the side and low: hills have a lit and a shaded side
        app.fog.density, app.fog.falloff = 1.2 / world.radius, 1.0 / max(start[1], 300.0)
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
