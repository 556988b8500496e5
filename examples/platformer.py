"""Jump from stone to stone up a tower: lifts, a wheel that turns, crates to push; `layerw run examples/platformer.py`.

WASD or a stick runs, Space, the lower button of a pad or the button on a touch screen jumps. Who falls is set back to
the last flag.
"""

import math

import numpy as np

import layerw as lw

RUN_M_S, FALLEN_M = 4.5, -6.0

app = lw.App(title="Tower")
app.sun.elevation, app.sun.azimuth = math.radians(35), math.radians(140)
app.clouds.cover = 0.4
app.physics.gravity = (0, -14, 0)
stone, moss = lw.Material(color="#a39a8b", roughness=0.9), lw.Material(color="#6f8f55", roughness=1.0)
wood, brass = lw.Material(color="#9a6b3f", roughness=0.7), lw.Material(color="#e0b050", roughness=0.3, metallic=0.8)


def block(x, y, z, width, depth, material=stone, kind="static"):
    """A step whose upper side is at y."""
    return app.spawn(lw.Mesh.box(width, 0.4, depth), material, position=(x, y - 0.2, z),
                     body=lw.Body(kind, shape="box", mass=1.0))  # fmt: skip


# The way: around a tower, ever higher; every third stone carries a flag.
app.spawn(lw.Mesh.cylinder(2.6, 60), stone, position=(0, 6, 0), static=True)
flags = [(0.0, 0.0, 7.0)]
block(0, 0, 7, 8, 6, moss)
for number in range(1, 16):
    turn = math.pi / 2 - number * 0.42
    place = (6.2 * math.cos(turn), number * 0.62, 6.2 * math.sin(turn))
    block(*place, 2.1, 2.1, moss if number % 3 == 0 else stone)
    if number % 3 == 0:
        flags.append(place)
        app.spawn(lw.Mesh.cylinder(0.04, 1.6), brass, position=np.add(place, (0.8, 0.8, 0.8)), static=True)
top = np.array(flags[-1])
lift = block(*(top * (1, 1, 1) + np.array((0.0, 0.0, -3.2))), 2.4, 2.4, wood, kind="kinematic")
roof = top + np.array((0.0, 5.0, -6.6))
block(*roof, 6, 4.4, moss)
bell = app.spawn(lw.Mesh.cone(0.5, 0.9), brass, position=roof + np.array((0, 0.6, -1.0)))
for side in (-0.8, 0.8):
    app.spawn(lw.Mesh.box(0.7), wood, position=roof + np.array((side, 0.5, 0.9)), body=lw.Body(shape="box", mass=15.0))

hero_shape = app.spawn(lw.Mesh.capsule(0.35, 1.5), lw.Material(color="tomato", roughness=0.5), position=(0, 0.75, 8))
hero_shape.interpolated = True
hero = lw.Character(app, hero_shape, height=1.5, radius=0.35, feet=0.75, jump_speed=6.2)
move = app.actions.axis("move", "WASD", "Arrows", "Gamepad.LeftStick", "Touch.LeftStick")
jump = app.actions.bind("jump", "Space", "Gamepad.South", "Touch.A")
words = app.ui.text("Up to the bell", look="title", anchor="top")


class State:
    flag, won, time_s = 0, False, 0.0
    look = math.pi / 2  # from the tower's middle to the camera, radians


@app.fixed
def step(dt):
    State.time_s += dt
    high = top[1] + 2.6 - 2.6 * math.cos(State.time_s * 0.9)
    lift.body.velocity = (0, (high - 0.2 - lift.position[1]) / dt, 0)
    x, y = move.value
    c, s = math.cos(State.look), math.sin(State.look)
    hero.move((RUN_M_S * (s * x - c * y), 0, RUN_M_S * (-c * x - s * y)), jump=jump.pressed)
    here = hero_shape.position
    for number, flag in enumerate(flags):
        if number > State.flag and np.linalg.norm(here - np.array(flag)) < 1.6:
            State.flag = number
            words.text = f"Flag {number} of {len(flags) - 1}"
    if here[1] < flags[State.flag][1] + FALLEN_M:
        hero.teleport(np.array(flags[State.flag]) + np.array((0, 0.8, 0)))
    if not State.won and np.linalg.norm(here - bell.position) < 1.8:
        State.won = True
        words.text = f"The bell rings after {State.time_s:.0f} s"
        app.tween(bell, 0.5, scale=(1.5, 1.5, 1.5), ease="elastic", back=True, repeat=2)


@app.frame
def follow(dt):
    here = hero_shape.position
    State.look = math.atan2(here[2], here[0]) if here[1] < top[1] + 1 else State.look
    out = np.array((math.cos(State.look), 0.0, math.sin(State.look)))
    wanted = here + out * 7.5 + np.array((0, 3.2, 0))
    app.camera.position += (wanted - app.camera.position) * min(5 * dt, 1.0)
    app.camera.look_at(here + np.array((0, 0.8, 0)))
