"""Dig holes, raise hills and paint the ground of a streamed island: `layerw run examples/dig.py`.

WASD or arrows fly, dragging looks. Hold Q to dig where the pointer is, R to raise, T to paint; 1 to 4 choose the paint,
E drops a crate, Backspace gives the ground back, K keeps it and L brings that back. The world is that of island.py.
"""

import math

import numpy as np

import layerw as lw

PAINTS = ("sand", "grass", "soil", "snow")
CRATE, WOOD = lw.Mesh.box(2, 2, 2), lw.Material(color="#b0793f")
RADIUS_M, SPEED_M = 24.0, 12.0  # of the brush; metres a second

app = lw.App(title="Dig", screen_error_px=4, budgets=lw.Budgets(heap_mib=512, layer_mib=128, gpu_mib=384))
app.sun.elevation, app.sun.azimuth = math.radians(28), math.radians(238)
app.fog.density, app.fog.falloff = 0.00016, 0.0014
app.sea.level = 0.0

island = app.stream("worlds/island")
fly = lw.FlyCamera(app, speed=40, floor=1.5)
brush = app.spawn(lw.Mesh.sphere(1.0), lw.Material(color="orange", unlit=True))
words = app.ui.text("", anchor="top left")


class State:
    paint = PAINTS[0]


@island.on_ready
def arrived():
    app.physics.add(island, "static")
    fly.ground = island.height
    x, y, z = island.view_from
    app.camera.position = np.array((x, y + 12, z))
    app.camera.look_at(island.view_to)


def work(at, dt):
    """What the keys that are held do in this frame."""
    keys = app.input
    try:
        if keys.key("KeyQ"):
            island.dig(at, RADIUS_M, SPEED_M * dt)
        if keys.key("KeyR"):
            island.raise_(at, RADIUS_M, SPEED_M * dt)
        if keys.key("KeyT"):
            island.paint(at, RADIUS_M, State.paint, strength=min(4 * dt, 1.0))
    except lw.LayerwError as error:  # as deep as it goes, or as much as there is room for
        words.text = str(error)


@app.frame
def update(dt):
    fly.update(dt)
    if island.state != "ready":
        return
    hit = island.raycast(*app.ray_at())
    brush.visible = hit is not None
    if hit is not None:
        brush.position = hit.point
        if app.input.pressed("KeyE"):
            app.spawn(CRATE, WOOD, position=hit.point + np.array((0, 12, 0)), body=lw.Body())
    for number, paint in enumerate(PAINTS, 1):
        if app.input.pressed(f"Digit{number}"):
            State.paint = paint
    if app.input.pressed("Backspace"):
        island.edits.clear()
    if app.input.pressed("KeyK"):
        app.save("dug")
    if app.input.pressed("KeyL") and "dug" in app.saves:
        app.restore("dug")
    words.text = f"{island.edits.count} edits, {island.edits.size_bytes / 1048576:.1f} MiB; paint: {State.paint}"
    if hit is not None and dt > 0:
        work(hit.point, dt)
