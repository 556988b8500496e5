"""In Pyodide: whole frames of the engine without what they submit; CASE stands before. Prints milliseconds."""

import json

import numpy as np
from js import process

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


def cpu_ms():
    used = process.cpuUsage()  # of this process alone: other ones may have the cores meanwhile
    return (used.user + used.system) / 1000


def timed(stage, *, before):
    def run(one):
        if before:
            marks.append(cpu_ms())
        stage(one)
        if not before:
            marks.append(cpu_ms())

    return run


marks = []
(first, begins), *between, (last, ends) = engine.STAGES
engine.STAGES = ((first, timed(begins, before=True)), *between, (last, timed(ends, before=False)))
host.step(app, FRAMES + 20)
times = [end - begin for begin, end in zip(marks[40::2], marks[41::2], strict=True)]
assert app.report()["errors"] == [], app.report()["errors"]
print(json.dumps(times))
