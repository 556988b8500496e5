"""Click to select, drag to turn, W A S D moves what is selected: `layerw run examples/picking.py`.

300 shapes turn on a plane, and what the pointer is over lights up. A pick asks where they all stand at that moment.
"""

import math

import numpy as np

import layerw as lw

SHAPES = (lw.Mesh.box(), lw.Mesh.sphere(0.6), lw.Mesh.cone(0.6, 1.4), lw.Mesh.cylinder(0.5, 1.2))
PLAIN, OVER, SELECTED = "steelblue", "skyblue", "gold"

app = lw.App(title="Picking")
app.sun.elevation = math.radians(50)
ground = app.spawn(lw.Mesh.plane(80, 80), lw.Material(color="#55604a", roughness=1.0), static=True)
rng = np.random.default_rng(4)
things = [app.spawn(SHAPES[k % 4], position=(*rng.uniform(-18, 18, 2), 0), scale=rng.uniform(0.6, 1.6), color=PLAIN)
          for k in range(300)]
for thing in things:
    x, z, _ = thing.position
    thing.position = (x, 1.0, z)
by_row = {thing.first_row: thing for thing in things}


class State:
    yaw, over, selected = 0.6, None, None


def paint(thing, color):
    """A selected thing stays gold, whatever the pointer does."""
    if thing is not None:
        thing.color = SELECTED if thing is State.selected else color


@app.frame
def update(dt):
    things[0].move(x=math.sin(app.time_s) * dt)  # some move by themselves
    for thing in things[::3]:
        thing.rotate(y=dt)
    if app.input.button(0):
        State.yaw -= app.input.pointer_dx * 0.005
    app.camera.position = np.array((math.sin(State.yaw) * 26, 14.0, math.cos(State.yaw) * 26))
    app.camera.look_at((0, 0, 0))

    hit = app.pick()
    over = by_row.get(hit.entity.first_row) if hit else None
    if over is not State.over:
        paint(State.over, PLAIN)
        paint(over, OVER)
        State.over = over
    if app.input.clicked(0) and over is not State.selected:
        before, State.selected = State.selected, over
        paint(before, PLAIN)
        paint(over, SELECTED)
    if State.selected is not None:
        State.selected.move(x=app.input.axis("KeyA", "KeyD") * dt * 5, z=app.input.axis("KeyW", "KeyS") * dt * 5)
