"""Look at a model or a world: `layerw run examples/viewer.py`, then `?model=models/Fox.glb` in the address, or type it.

The address is relative to this file's folder. A folder, or a path that ends with tileset.json, is a world to fly
over (WASD and mouse); everything else is a glTF model: drag to turn, the wheel comes closer. Beside it stand the
file's clips and variants, what is not shown of it and why, and what it costs.
"""

import math

import numpy as np

import layerw as lw

REST = "as it stands"  # among the clips
AS_MADE = "as made"  # among the variants
WARNINGS_SHOWN = 6
MIB = 1024 * 1024

app = lw.App(title="Viewer", screen_error_px=8)
app.sun.azimuth = math.radians(30)
app.view.bloom = 0.02
query = app.host.options().get("query") or {}


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
        if turning.value and not app.input.button(0):
            self.yaw += 0.3 * dt
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
    return app.spawn(lw.Mesh(np.concatenate(rings), faces.ravel()), material, static=True)


# -- the page ---------------------------------------------------------------------------------------------------

with app.ui.panel("Open", anchor="top left"):
    address = app.ui.input("model or world", placeholder="models/Fox.glb")
    said = app.ui.text("", live=True)
clips = app.ui.list("clip", [REST], value=0, anchor="top left", style={"max_height": 240})
with app.ui.panel("Look", anchor="top right"):
    variant = app.ui.select("variant", [AS_MADE])
    height = app.ui.slider("sun", 2.0, 90.0, value=42.0)
    exposure = app.ui.slider("exposure", 0.1, 4.0, value=1.0)
    tone = app.ui.select("tone map", ["filmic", "agx", "neutral"])
    turning = app.ui.checkbox("turn", value=False)
with app.ui.panel("Not shown", anchor="top right") as left_out:
    warnings = [app.ui.text("", style={"max_width": 320, "white_space": "normal"}) for _ in range(WARNINGS_SHOWN)]
costs = app.ui.text("", anchor="bottom left")


@height.on_change
def lift_sun(degrees):
    app.sun.elevation = math.radians(degrees)


@exposure.on_change
def expose(value):
    app.view.exposure = value


@tone.on_change
def map_tones(name):
    app.view.tone_map = name


@clips.on_change
def play(row):
    if shown.model is None:
        return
    shown.model.stop()
    if row:
        shown.model.play(clips.items[row])


@variant.on_change
def dress(name):
    if shown.model is not None:
        shown.model.variant = None if name == AS_MADE else name


@address.on_enter
def go(url):
    shown.open(url.strip())


# -- what is shown ------------------------------------------------------------------------------------------------


class Shown:
    """One model or one world at a time."""

    def __init__(self):
        self.model = self.world = None
        self.files = lw.assets.group(app)  # what the model is made of
        self.apron = []
        self.view = Orbit()

    def open(self, url):
        self.close()
        if not url:
            return
        said.text = f"Loading {url}"
        self.list([], [], [])
        try:
            if url.endswith(("tileset.json", "/")) or "." not in url.rsplit("/", 1)[-1]:
                self.fly(url)
            else:
                self.stand(url)
        except lw.LayerwError as error:
            said.text = str(error)

    def close(self):
        self.files.unload()
        if self.world is not None:
            self.world.close()
            app.fog.density = 0.0
        for land in self.apron:
            land.despawn()
        self.model, self.world, self.apron = None, None, []

    def list(self, animations, variants, notes):
        """The widgets for what a file has; those for what it has not are hidden."""
        clips.items, clips.value, clips.visible = [REST, *animations], 0, bool(animations)
        variant.options = [AS_MADE, *variants]
        variant.value, variant.visible = AS_MADE, bool(variants)
        more = len(notes) - WARNINGS_SHOWN
        rows = [*notes[: WARNINGS_SHOWN - 1], f"and {more + 1} more"] if more > 0 else notes
        for text, row in zip(warnings, [*rows, *[""] * WARNINGS_SHOWN], strict=False):
            text.text, text.visible = row, bool(row)
        left_out.visible = bool(notes)

    def stand(self, url):
        self.files = lw.assets.group(app, max_texture_side=2048, placeholder=lw.Mesh.box())
        model = self.model = self.files.model(url)
        self.view = Orbit()

        @model.on_ready
        def fit():
            if model is not self.model:
                return
            self.view.fit(model.radius or 1.0)
            self.list(model.animations, model.variants, model.warnings)
            said.text = f"Nodes: {len(model.nodes)}, materials: {len(model.materials)}"
            if model.animations:
                clips.value = 1
                model.play(model.animations[0])

        @model.on_failed
        def tell():
            if model is self.model:
                said.text = model.error

    def fly(self, url):
        world = self.world = app.stream(url, place="local")
        self.view = lw.FlyCamera(app, speed=80)

        @world.on_ready
        def stand_above():
            """Start at the world's own viewpoint (or above its middle), in air that hides where the world ends."""
            if world is not self.world:
                return
            start, target = np.array(world.view_from), np.array(world.view_to)
            try:
                start[1] += 16 * world.extras["ground"]["spacing_x_m"]  # nearer, the ground's own grid would show
                self.view.ground = world.height
                self.apron.append(apron(world))
            except (KeyError, lw.LayerwError):
                pass  # not one of layerw's own worlds: no ground grid
            app.camera.position = start
            app.camera.look_at(target)
            app.sun.azimuth = math.pi - app.camera.yaw + math.radians(250)
            height.value = 28.0  # from the side and low: hills have a lit and a shaded side
            lift_sun(28.0)
            app.fog.density, app.fog.falloff = 1.2 / world.radius, 1.0 / max(start[1], 300.0)
            self.view.speed = max(world.radius / 20, 5.0)
            said.text = f"{2 * world.radius / 1000:.1f} km across"

        @world.on_failed
        def tell():
            if world is self.world:
                said.text = world.error


shown = Shown()
lift_sun(height.value)
shown.open(query.get("model", "models/FlightHelmet/FlightHelmet.gltf"))
address.value = query.get("model", "")
frame_s = 1 / 60


@app.every(0.5)
def count():
    """What it costs."""
    report = app.report()
    parts = [f"{1 / frame_s:.0f} frames a second", f"{report['seen']} of {report['entities']} things in view",
             f"{report['gpu_bytes'] / MIB:.0f} MiB on the GPU"]  # fmt: skip
    gpu_ms = [one["gpu_ms"] for one in report["passes"] or () if one["gpu_ms"] is not None]
    if gpu_ms:
        parts.append(f"{sum(gpu_ms):.1f} ms of GPU time")
    if shown.world is not None:
        tiles = report["tiles"]
        parts.append(f"{tiles['resident']} tiles here, {tiles['pending']} on their way, {tiles['failed']} failed")
    costs.text = ", ".join(parts)


@app.frame
def update(dt):
    global frame_s
    frame_s += (max(dt, 1e-4) - frame_s) * 0.05
    if shown.files.state == "loading":
        said.text = f"{shown.files.progress:.0%} of it is here"
    shown.view.update(dt)
