"""2,000 meshes, ten of each, with 200 materials, all moved by one numpy write each group; tells its own loop's time."""

import time

import numpy as np

import layerw as lw

MESHES, EACH, MATERIALS = 2000, 10, 200
app = lw.App(entities_max=MESHES * EACH + 2048)
rng = np.random.default_rng(1)
looks = [lw.Material(color=tuple(rng.uniform(0.2, 1.0, 3))) for _ in range(MATERIALS)]
groups = [app.spawn_many(lw.Mesh.box(1 + number / MESHES, 1, 1), EACH, looks[number % MATERIALS],
                         position=rng.uniform(-30, 30, (EACH, 3))) for number in range(MESHES)]  # fmt: skip
app.shadows.enabled = False
app.camera.position = (0.0, 18.0, 62.0)
app.camera.look_at((0.0, 0.0, 0.0))


@app.frame
def move(dt):
    begun = time.perf_counter()
    step = np.float32(dt)
    for group in groups:
        group.position[:, 1] += step
    app.page.send("program", 1000 * (time.perf_counter() - begun))
