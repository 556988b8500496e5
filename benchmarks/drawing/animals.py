"""`count` animals of one file, each at its own clip and time: a crowd, or with `graphs` models with a graph each."""

import numpy as np

import layerw as lw
from layerw.hosts import default_host

host = default_host()
query = host.options().get("query") or {}
COUNT = int(query.get("count", 1000))
app = lw.App(entities_max=32 * COUNT + 2048, host=host)
rng = np.random.default_rng(1)
number = np.arange(COUNT)
places = np.stack([2.0 * (number % 40) - 39.0, np.zeros(COUNT), -2.0 * (number // 40)], axis=1)
app.shadows.enabled = False
app.camera.position = (0.0, 14.0, 22.0)  # as in animals.js
app.camera.look_at((0.0, 0.0, -20.0))
if "graphs" not in query:
    herd = lw.crowd(app, "animal.glb", COUNT, position=places)

    @herd.on_ready
    def scatter():
        herd.clip = number % 3
        herd.time = 0.37 * number
else:
    for place in places:
        animal = app.load("animal.glb", position=place)
        speed = float(rng.uniform(0, 4))

        @animal.on_ready
        def moves(animal=animal, speed=speed):
            graph = app.animator(animal, speed=0.0)
            graph.state("stand", "Idle")
            graph.state("go", {1.0: "Walk", 3.0: "Run"}, by="speed")
            graph.transition("stand", "go", when=lambda now: now.speed > 0.2)
            graph.transition("go", "stand", when=lambda now: now.speed < 0.1)
            graph["speed"] = speed
