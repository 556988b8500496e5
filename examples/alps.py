"""Fly over mountains, real or made: `layerw run examples/alps.py`.

The land is what was baked: `layerw bake --procedural alps examples/worlds/alps --dress`, or any elevation model,
`layerw bake ../shared/data/dem/jacksboro_fault_dem.npz examples/worlds/alps --dress`. The camera circles over it by
itself; WASD takes over, G gives it back, H changes the hour. `--query shot=0` to 3 stands still at a place.
"""

import math

import numpy as np

import layerw as lw

app = lw.App(title="Alps", screen_error_px=8, budgets=lw.Budgets(heap_mib=512, layer_mib=128, gpu_mib=384))
query = app.host.options().get("query") or {}
app.fog.density, app.fog.falloff = 0.00003, 0.0005

land = app.stream("worlds/alps")
fly = lw.FlyCamera(app, speed=120, floor=2.0)
HOURS = ((40, 235), (12, 262), (25, 110), (60, 180))  # the sun's height and direction, degrees


class State:
    guided = True
    hour = 0
    time_s = 0.0


def set_hour():
    height, direction = HOURS[State.hour % len(HOURS)]
    app.sun.elevation, app.sun.azimuth = math.radians(height), math.radians(direction)


def tour(time_s):
    """A place on an oval around the middle, above the ground there and ahead, and where it looks."""
    half_x, half_z = (0.5 * size for size in land.extras["size_m"])
    way = []
    for ahead in (0.0, 14.0):
        turn = 2 * math.pi * (time_s + ahead) / 240
        way.append((0.55 * half_x * math.cos(turn), 0.5 * half_z * math.sin(turn)))
    (x, z), (to_x, to_z) = way
    below = [land.height(x + t * (to_x - x), z + t * (to_z - z)) for t in (0.0, 0.3, 0.6, 1.0, 1.5)]
    return np.array((x, max(below) + 260.0, z)), np.array((0.8 * to_x, sum(below) / len(below) - 40.0, 0.8 * to_z))


@land.on_ready
def arrived():
    fly.ground = land.height
    sea = land.extras.get("sea_level_m")
    app.sea.level = sea if sea is None else float(sea)
    if "shot" in query:
        State.guided, State.time_s = False, 60.0 * int(query["shot"])
    app.camera.position, target = tour(State.time_s)
    app.camera.look_at(target)


@app.frame
def update(dt):
    if land.state != "ready":
        return
    if app.input.pressed("KeyG"):
        State.guided = True
    if app.input.pressed("KeyH"):
        State.hour += 1
        set_hour()
    if any(app.input.key(key) for key in ("KeyW", "KeyA", "KeyS", "KeyD")):
        State.guided = False
    if not State.guided:
        fly.update(dt)
        return
    State.time_s += dt
    place, target = tour(State.time_s)
    blend = 1.0 - math.exp(-0.8 * dt)
    app.camera.position = app.camera.position + blend * (place - app.camera.position)
    app.camera.look_at(target)


set_hour()
