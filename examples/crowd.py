"""A thousand animals of our own on a meadow, each at its own clip and time, moved by numpy.

`layerw run examples/crowd.py --query n=10000` shows more.
"""

import base64
import math

import numpy as np
from fox.animal import animal_glb  # of the game beside this file

import layerw as lw

app = lw.App(title="Crowd")
COUNT = int(app.host.options().get("query", {}).get("n", 1000))
SIDE = 2.4 * math.sqrt(COUNT)  # metres
PACES = {"Idle": 0.0, "Walk": 1.1, "Run": 3.4}  # metres a second
random = np.random.default_rng(7)

app.spawn(lw.Mesh.plane(3 * SIDE, 3 * SIDE), lw.Material(color="#66763f", roughness=1.0))
file = "data:model/gltf-binary;base64," + base64.b64encode(animal_glb()).decode()
animals = lw.crowd(app, file, COUNT)
animals.position[:, [0, 2]] = random.uniform(-SIDE / 2, SIDE / 2, (COUNT, 2))
animals.scale = random.uniform(0.8, 1.15, (COUNT, 1)).repeat(3, axis=1)
animals.color = random.integers(190, 256, (COUNT, 3)).astype(np.uint8)
heading = random.uniform(-math.pi, math.pi, COUNT).astype(np.float32)
pace = np.zeros(COUNT, np.float32)
whim = random.uniform(-0.4, 0.4, COUNT)
app.camera.position = (0.28 * SIDE, 0.13 * SIDE, 0.42 * SIDE)
app.camera.look_at((0, 0, 0))


@animals.on_ready
def ready():
    animals.time = random.uniform(0, 2, COUNT)
    for name, share in (("Idle", 0.3), ("Walk", 0.5), ("Run", 0.2)):
        begin(name, random.uniform(size=COUNT) < share)


def begin(name, who):
    animals.play(name, fade=0.4, which=who)
    pace[who] = PACES[name]
    animals.time[who] = random.uniform(0, 1, np.count_nonzero(who))


@app.every(1.5)
def change():
    if animals.state == "ready":
        for name in PACES:
            begin(name, random.uniform(size=COUNT) < 0.05)


@app.frame
def roam(dt):
    global heading
    place = animals.position
    away = np.abs(place[:, [0, 2]]).max(axis=1) > SIDE / 2
    home = np.arctan2(-place[:, 0], -place[:, 2])
    turn = np.where(away, np.angle(np.exp(1j * (home - heading))), whim)
    heading = heading + (turn * min(dt, 0.1) * np.where(pace > 0, 1.5, 0)).astype(np.float32)
    place[:, 0] += np.sin(heading) * pace * dt
    place[:, 2] += np.cos(heading) * pace * dt
    animals.rotation = lw.turned(y=heading)
