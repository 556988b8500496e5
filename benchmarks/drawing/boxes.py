"""Boxes, each with its own transform and colour, all moved each frame: 10,000, or `count` of the query.

`antialias` of the query is the view's; with `picks` a pixel is always being asked what is drawn there.
"""

import math

import numpy as np

import layerw as lw
from layerw.hosts import default_host

host = default_host()  # asked before the App is made: its tables are as large as the count wants
query = host.options().get("query") or {}
COUNT = int(query.get("count", 10_000))
app = lw.App(entities_max=COUNT + 2048, host=host)
rng = np.random.default_rng(1)
boxes = app.spawn_many(lw.Mesh.box(), COUNT, lw.Material(roughness=0.6))
side = math.ceil(COUNT ** (1 / 3))
cell = np.stack(np.unravel_index(np.arange(COUNT), (side, side, side)), axis=1)
home = ((cell - (side - 1) / 2) * 2.2).astype(np.float32)
home_y = home[:, 1].copy()
boxes.position = home
boxes.scale = rng.uniform(0.4, 1.0, (COUNT, 3))
boxes.color = rng.uniform(0.2, 1.0, (COUNT, 3))
half_phase = rng.uniform(0, math.pi, COUNT).astype(np.float32)
app.shadows.enabled = False
app.view.antialias = query.get("antialias", "msaa")
app.camera.position = np.array((0.0, 40.0, 130.0) if COUNT > 20_000 else (0.0, 18.0, 62.0))  # as in scene.js
app.camera.look_at((0.0, 0.0, 0.0))
time = 0.0
asked, answers = None, 0


@app.frame
def update(dt):
    global time, asked, answers
    time += dt
    if "picks" in query and (asked is None or asked.done()):
        answers += asked is not None
        asked = app.pick_drawn(50.0, 50.0)
    half = half_phase + np.float32(time / 2)
    s, c = np.sin(half), np.cos(half)
    boxes.rotation[:, 1] = s
    boxes.rotation[:, 3] = c
    s *= c
    s *= np.float32(2)  # the sine of the whole angle
    np.add(home_y, s, out=boxes.position[:, 1])
