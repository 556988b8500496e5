"""A yard full of people who walk about: `layerw run examples/navigation.py`.

A click sends all of them where the pointer is; dragging looks around. B moves the walls: the mesh under them is baked
again in slices, and everybody finds another way. M shows the mesh.
"""

import math

import numpy as np

import layerw as lw

PEOPLE, SIDE = 300, 48.0

app = lw.App(title="Navigation")
app.sun.elevation = math.radians(48)
app.watch("navigation", app.navigation)
rng = np.random.default_rng(4)

floor = app.spawn(lw.Mesh.box(SIDE, 1, SIDE), lw.Material(color="#74806a", roughness=1.0), position=(0, -0.5, 0))
walls = app.spawn_many(lw.Mesh.box(7, 1.6, 0.8), 22, lw.Material(color="#b9a58a", roughness=0.9))
stairs = app.spawn_many(lw.Mesh.box(6, 0.3, 1), 8, lw.Material(color="#9a9da3"))
stairs.position = [(15, 0.3 * k - 0.15 + 0.3, -16 + k) for k in range(8)]
deck = app.spawn(lw.Mesh.box(6, 0.3, 8), lw.Material(color="#9a9da3"), position=(15, 2.25, -4.5))


def place_walls():
    """Anywhere but on the stairs, along x or z."""
    places = rng.uniform(-20, 20, (len(walls), 2))
    places[:, 0] = np.where((places[:, 0] > 8) & (places[:, 1] < 3), -places[:, 0], places[:, 0])
    walls.position = np.stack([places[:, 0], np.full(len(walls), 0.8), places[:, 1]], axis=1)
    across = rng.random(len(walls)) < 0.5
    walls.rotation = np.where(across[:, None], (0, math.sqrt(0.5), 0, math.sqrt(0.5)), (0, 0, 0, 1))


place_walls()
app.navigation.bake([floor, walls, stairs, deck], radius=0.35, height=1.7)

body = lw.Mesh.merge([(lw.Mesh.capsule(0.3, 1.7, 10), "white", (0, 0, 0)),
                      (lw.Mesh.box(0.34, 0.16, 0.12), "#22262c", (0, 0.55, -0.25))])  # fmt: skip
people = app.spawn_many(body, PEOPLE, position=app.navigation.random(PEOPLE, seed=1) + np.float32((0, 0.85, 0)))
people.color = rng.integers(70, 230, (PEOPLE, 3)).astype(np.uint8)
people.interpolated = True
agents = app.navigation.add(people, feet=0.85, radius=0.3)
agents.speed = rng.uniform(1.2, 3.0, PEOPLE).astype(np.float32)
agents.target = app.navigation.random(PEOPLE, seed=2)


class View:
    yaw, height, seed = 0.7, 26.0, 2


@app.frame
def update(dt):
    idle = np.flatnonzero(~agents.going)
    if len(idle) and app.navigation.ready:  # who has arrived goes somewhere else
        View.seed += 1
        app.navigation.agents(people[idle]).target = app.navigation.random(PEOPLE, seed=View.seed)[: len(idle)]
    if app.input.clicked(0):
        origin, direction = app.ray_at()
        if direction[1] < 0:
            agents.target = np.asarray(origin) - np.asarray(direction) * (origin[1] / direction[1])
    if app.input.button(0):
        View.yaw -= app.input.pointer_dx * 0.005
        View.height = min(max(View.height + app.input.pointer_dy * 0.05, 6.0), 45.0)
    if app.input.pressed("KeyM"):
        app.navigation.debug = not app.navigation.debug
    if app.input.pressed("KeyB"):
        place_walls()
        app.navigation.rebake((-SIDE / 2, -SIDE / 2, SIDE / 2, SIDE / 2), slices=True)
    app.camera.position = (math.sin(View.yaw) * 34, View.height, math.cos(View.yaw) * 34)
    app.camera.look_at((0, 0, 0))
