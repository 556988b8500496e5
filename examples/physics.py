"""A wall of crates to shoot at: `layerw run examples/physics.py`.

A click throws a ball where the pointer is; dragging looks around, R builds the wall anew. What hits hard glows. The
same shots at the same steps give the same pile on every machine, to the bit: `app.physics.state_hash()`.
"""

import math

import numpy as np

import layerw as lw

WIDE, HIGH, DEEP = 10, 8, 2
BALL_M_S, BALLS = 28.0, 30

app = lw.App(title="Physics")
app.sun.elevation = math.radians(42)
app.camera.position = (9.0, 6.0, 14.0)
app.camera.look_at((0, 3, 0))
app.watch("physics", app.physics)

app.spawn(lw.Mesh.box(80, 1, 80), lw.Material(color="#5d6b58", roughness=1.0), position=(0, -0.5, 0),
          body=lw.Body("static", friction=0.8))  # fmt: skip
n = np.arange(WIDE * HIGH * DEEP)
layer, place, row = n // (WIDE * DEEP), n % WIDE, n // WIDE % DEEP
wall = np.stack([(place - WIDE / 2 + 0.5 * (layer % 2)) * 1.02, layer + 0.5, row * 1.02], axis=1)
tints = np.array([(196, 152, 98), (181, 134, 79), (207, 170, 122)], np.uint8)[n % 3]
crates = app.spawn_many(lw.Mesh.box(), len(n), lw.Material(roughness=0.8), position=wall, color=tints,
                        body=lw.Body("dynamic", density=300.0))  # fmt: skip
crates.interpolated = True
ball = lw.Mesh.sphere(0.35, 24)
steel = lw.Material(color="#8d99a6", metallic=1.0, roughness=0.25)
balls = []


def throw(origin, direction):
    """A steel ball; the oldest one goes when there are too many."""
    balls.append(app.spawn(ball, steel, position=origin, body=lw.Body(shape="sphere", density=4000.0, bullet=True)))
    balls[-1].interpolated = True
    balls[-1].body.velocity = np.asarray(direction) * BALL_M_S
    if len(balls) > BALLS:
        balls.pop(0).despawn()


class View:
    yaw, height = math.atan2(9, 14), 6.0


@app.frame
def update(dt):
    if app.input.clicked(0):
        throw(*app.ray_at())
    if app.input.button(0):
        View.yaw -= app.input.pointer_dx * 0.005
        View.height = min(max(View.height + app.input.pointer_dy * 0.03, 1.0), 14.0)
    if app.input.pressed("KeyR"):
        crates.position, crates.rotation = wall, (0, 0, 0, 1)
        crates.body.velocity = crates.body.spin = (0, 0, 0)
    app.camera.position = (math.sin(View.yaw) * 16.6, View.height, math.cos(View.yaw) * 16.6)
    app.camera.look_at((0, 3, 0))
    crates.color = tints
    hits = app.physics.contacts
    hits = hits[hits["impulse"] > 800.0]
    rows = np.unique(np.concatenate([hits["a"], hits["b"]])) - crates.first_row
    crates.color[rows[(rows >= 0) & (rows < len(crates))]] = (255, 235, 190, 255)


@app.after(1.0)
def first():
    throw((4.0, 3.0, 13.0), (-0.3, 0.05, -0.95))
