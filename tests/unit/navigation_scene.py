"""One yard for navigation, for every host: a bake of boxes, stairs and a ramp, ways, and 300 steps of 60 agents."""

PROGRAM = '''
import numpy as np
import layerw as lw
app = lw.App()

def fill():
    """A floor of 24 m, six boxes, a platform that stairs lead up to, and a hole in nothing."""
    ground = app.spawn(lw.Mesh.box(24, 1, 24), position=(0, -0.5, 0))
    n = np.arange(6)
    boxes = app.spawn_many(lw.Mesh.box(2, 2, 2), 6)
    boxes.position = np.stack([n % 3 * 6 - 6, 1 + 0 * n, n // 3 * 7 - 4], axis=1)
    stairs = app.spawn_many(lw.Mesh.box(3, 0.3, 1), 5)
    stairs.position = np.stack([9 + 0 * n[:5], 0.15 + 0.3 * n[:5], 3 + n[:5]], axis=1)
    top = app.spawn(lw.Mesh.box(3, 0.3, 4), position=(9, 1.35, 9.5))
    app.navigation.bake([ground, boxes, stairs, top])
    people = app.spawn_many(lw.Mesh.capsule(0.4, 1.8), 60)
    people.position = app.navigation.random(60, seed=1) + np.float32((0, 0.9, 0))
    agents = app.navigation.add(people, feet=0.9)
    agents.target = app.navigation.random(60, seed=2)
    return agents

agents = fill()
app.navigation.advance(300)
corners, ways = app.navigation.paths(app.navigation.random(40, seed=3), app.navigation.random(40, seed=4))
app.paused = True
app.watch("navigation", app.navigation)
'''
HASH = "f0e8992fc07dbb76"  # of PROGRAM after its steps, on every host
