"""In Pyodide: whole frames of the engine without what they submit; CASE stands before. Prints milliseconds."""

import json
import time

import numpy as np

import layerw as lw
from layerw import engine
from layerw.hosts.headless import HeadlessHost

KIND, COUNT, FRAMES, FILE = CASE  # noqa: F821
host = HeadlessHost()
app = lw.App(host=host, entities_max=131_072)
rng = np.random.default_rng(1)
side = 2 * COUNT**0.5
app.camera.position = (0, 0.6 * side, side)
app.camera.look_at((0, 0, 0))
places = np.zeros((COUNT, 3))
places[:, [0, 2]] = rng.uniform(-side / 2, side / 2, (COUNT, 2))
if KIND == "crowd":
    herd = lw.crowd(app, FILE, COUNT, position=places)
    host.step(app, 8)
    assert herd.state == "ready"
    herd.clip[:], herd.time[:] = rng.integers(0, 3, COUNT), rng.uniform(0, 0.4, COUNT)
else:
    models = [app.load(FILE, position=place) for place in places]
    host.step(app, 8)
    for some in [models] if KIND == "graph" else [[model] for model in models]:
        graph = app.animator(some, speed=0.0)
        graph.state("stand", "Idle")
        graph.state("go", {1.0: "Walk", 3.0: "Run"}, by="speed")
        graph.transition("stand", "go", when=lambda now: now.speed > 0.2)
        graph.transition("go", "stand", when=lambda now: now.speed < 0.1)
        graph.layer("head", mask=["neck"], additive=True)
        graph.state("nod", "Idle", layer="head")
        graph["speed"] = rng.uniform(0, 4, len(some))
spent = [0.0]


def timed(stage):
    def run(one):
        start = time.perf_counter()
        try:
            return stage(one)
        finally:
            spent[0] += time.perf_counter() - start

    return run


engine.STAGES = tuple((what, timed(stage)) for what, stage in engine.STAGES)
times = []
for number in range(FRAMES + 20):
    spent[0] = 0.0
    host.step(app)
    if number >= 20:
        times.append(1000 * spent[0])
assert app.report()["errors"] == [], app.report()["errors"]
print(json.dumps(times))
