"""Joints: a rope bridge of hinges takes falling crates, a motor turns a mill, and a weight swings on a spring.

A click drops one more crate.
"""

import math

import numpy as np

import layerw as lw

app = lw.App(title="Joints")
app.sun.elevation = math.radians(35)
app.camera.position = (2, 5.6, 11)
app.camera.look_at((0, 3.2, 0))
rng = np.random.default_rng(2)
app.spawn(lw.Mesh.box(60, 1, 60), lw.Material(color="#6f7f57", roughness=1.0), position=(0, -0.5, 0),
          body=lw.Body("static"))
stone, wood = lw.Material(color="#a39a8c", roughness=0.9), lw.Material(color="#9a6b3f", roughness=0.8)
low, high = (app.spawn(lw.Mesh.box(1, 4, 3), stone, position=(x, 2, 0), body=lw.Body("static")) for x in (-6.5, 6.5))
planks = [app.spawn(lw.Mesh.box(0.9, 0.16, 2.4), wood, position=(k - 5.5, 3.9, 0), body=lw.Body(density=500.0))
          for k in range(12)]
row = [low, *planks, high]
for k in range(13):
    app.physics.join("hinge", row[k], row[k + 1], at=(k - 6.0, 3.9, 0), axis=(0, 0, 1))

mill = app.spawn(lw.Mesh.box(0.4, 3.6, 0.25), wood, position=(0, 6.4, -3), body=lw.Body(density=300.0))
axle = app.spawn(lw.Mesh.box(0.5, 6.4, 0.5), stone, position=(0, 3.2, -3.6), body=lw.Body("static"))
app.physics.join("hinge", axle, mill, at=(0, 6.2, -3.3), axis=(0, 0, 1), motor=2.0, strength=4000.0)
hook = app.spawn(lw.Mesh.box(0.4, 0.4, 0.4), stone, position=(-3.5, 8, -2), body=lw.Body("static"))
bob = app.spawn(lw.Mesh.sphere(0.45), lw.Material(color="tomato", roughness=0.4), position=(-4.2, 5.2, -2),
                body=lw.Body(shape="sphere", mass=20.0))
app.physics.join("spring", hook, bob, spring=0.8, damping=0.05)


def drop():
    place = (rng.uniform(-4, 4), 8.0, rng.uniform(-0.8, 0.8))
    crate = app.spawn(lw.Mesh.box(0.7, 0.7, 0.7), lw.Material(color=rng.uniform(0.3, 0.9, 3)), position=place,
                      body=lw.Body(density=250.0))
    app.after(12.0, crate.despawn)


app.every(1.2, drop)
for _ in range(4):
    drop()


@app.frame
def update(dt):
    if app.input.clicked():
        drop()
    app.debug.line(hook.position, bob.position, "white", width=2.0)
