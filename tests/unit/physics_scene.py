"""One scene of physics, for every host: 600 steps of boxes, balls, capsules, hulls and cylinders."""

PROGRAM = '''
import numpy as np
import layerw as lw
app = lw.App()
STEPS = 600

def fill():
    """Pushes and teleports as well: what a program does to bodies is in the hash."""
    app.spawn(lw.Mesh.box(60, 1, 60), position=(0, -0.5, 0), body=lw.Body("static"))
    ramp = app.spawn(lw.Mesh.plane(12, 12, 4), position=(0, 2, -4), rotation=(0.25881905, 0, 0, 0.9659258))
    app.physics.add(ramp, "static", shape="mesh", friction=0.3)
    n = np.arange(48)
    tall, flat = lw.Mesh.cylinder(0.4, 1.4), lw.Mesh.cylinder(0.5, 1.0)
    for k, (mesh, shape) in enumerate(((lw.Mesh.box(), "box"), (lw.Mesh.sphere(0.5), "sphere"),
                                       (tall, "capsule"), (flat, "cylinder"))):
        some = app.spawn_many(mesh, len(n))
        some.position = np.stack([n % 4 * 1.3 - 2, n // 16 * 1.6 + 6 + 5 * k, n // 4 % 4 * 1.3 - 6], axis=1)
        app.physics.add(some, "dynamic", shape=shape, bounce=0.1 * k, rolling=0.05)
        some.body.spin = (0.5, k, 0.25)
    rock = app.spawn(lw.Mesh.box(), position=(0, 30, -5), body=lw.Body(shape="hull", mass=400.0, points=[
        (-1, -1, -1), (1, -1, -0.5), (0, 1.2, 0), (0.2, -1, 1), (0.9, 0.3, 0.7)]))
    app.physics.advance(STEPS // 2)
    rock.position = (1, 12, -3)
    some.body.push((0, 900, 0))
    app.physics.advance(STEPS - STEPS // 2)

fill()
app.paused = True
app.watch("physics", app.physics)
'''
HASH = "cd8c66074ea579d1"  # of PROGRAM after its steps, on every host
