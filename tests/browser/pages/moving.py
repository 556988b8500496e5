"""Thin things and a camera that trembles, things that move, plants that sway; test_moving.py asks for each."""

import base64

import numpy as np

import layerw as lw

WIDTH, HEIGHT = 160, 120
app = lw.App(overlay=False)
app.quality = "low"
app.view.antialias, app.view.scale, app.view.dither = "none", 1.0, 0.0
app.camera.projection = lw.Orthographic(height=6.0)
app.clouds.cover, app.wind.strength, app.shadows.enabled = 0.0, 0.0, False
PIXEL_M = 6.0 / HEIGHT
memory = app.memory  # opening it keeps a proxy for good: before the leak check counts
found = {}
running = iter(())
ground = app.spawn(lw.Mesh.plane(60, 60), lw.Material(color="#807860", roughness=1.0), position=(0, -1.6, 0))
rng = np.random.default_rng(3)
cards = app.spawn_many(lw.Mesh.plane(0.3, 0.06), 160, lw.Material(color="#3c7030", double_sided=True, roughness=0.9))
cards.position = rng.uniform((-3.5, -1.4, -1), (3.5, 0.4, 1), (160, 3))
turned = rng.normal(size=(160, 4))
cards.rotation = turned / np.linalg.norm(turned, axis=1, keepdims=True)
wires = [app.spawn(lw.Mesh.box(9, 0.02, 0.02), lw.Material(color=("black", "white")[n % 2], unlit=True),
                   position=(0, 0.7 + 0.2 * n, 0)) for n in range(6)]  # fmt: skip
for number, wire in enumerate(wires):
    wire.rotate(z=0.03 * number - 0.05)
boxes = app.spawn_many(lw.Mesh.box(0.8, 0.8, 0.02), 2, lw.Material(color="tomato", unlit=True))
trees = app.spawn_many(lw.flora.broadleaf(seed=2, height_m=3), 5, lw.Material(roughness=0.9, wind=1.0),
                       position=np.array([(1.4 * n - 2.8, -1.6, -2.0) for n in range(5)]))  # fmt: skip
PARTS = {"thin": (cards, *wires), "boxes": (boxes,), "trees": (trees,)}


def show(name):
    for thing in (cards, boxes, trees, *wires):
        thing.visible = thing in PARTS[name]


def look(x=0.0, y=0.0):
    app.camera.position = np.array((x, 1.2 + y, 6.0))
    app.camera.look_at((x, 0.4 + y, 0.0))


def shot():
    taken = app.screenshot()
    while not taken.ready:
        yield
    return taken.pixels[..., :3].copy()


def trembling(antialias, count=8, before=12):
    """The camera moves about by less than a pixel, as if held by hand."""
    show("thin")
    app.view.antialias = antialias
    pictures = []
    for number in range(before + count):
        x, y = np.random.default_rng(number).uniform(-0.5, 0.5, 2) * PIXEL_M
        look(x, y)
        if number >= before:
            pictures.append((yield from shot()))
        yield
    return np.stack(pictures)


def sliding(steps=9, metres=0.4):
    """Two boxes cross the picture by numpy, eight pixels a frame; the picture of the last step, and of none at all."""
    show("boxes")
    look()
    app.view.antialias = "temporal"
    places = np.array(((0.0, -0.6, 0.0), (0.0, 1.2, 0.0)))
    boxes.position = places - (50, 0, 0)
    for _ in range(24):
        yield
    empty = yield from shot()
    for number in range(steps):
        boxes.position = places + np.array((metres * (number - steps) + 2.0, 0, 0))
        if number < steps - 1:
            yield
    return np.stack([(yield from shot()), empty])


def swaying(strength):
    """The same trees at the same moment: with a past on the left, without one on the right."""
    show("trees")
    look()
    app.wind.strength = strength
    views = [app.add_view(app.camera, viewport=(0.5 * right, 0, 0.5, 1)) for right in (0, 1)]
    for view, antialias in zip(views, ("temporal", "msaa"), strict=True):
        view.antialias, view.dither = antialias, 0.0
    for _ in range(16):
        yield
    taken = yield from shot()
    for view in views:
        view.close()
    app.wind.strength = 0.0
    return np.stack([taken[:, : WIDTH // 2], taken[:, WIDTH // 2 :]])


def begin(steps):
    global running
    found.clear()
    running = keep(steps)


def keep(steps):
    pictures = yield from steps
    found["shape"], found["bytes"] = pictures.shape, base64.b64encode(pictures.tobytes()).decode()


@app.frame
def step(dt):
    next(running, None)


look()
