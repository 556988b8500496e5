"""Run and jump with keys, a pad or fingers: `layerw run examples/actions.py`.

WASD or a stick runs, Space, the lower button of a pad or the button on a touch screen jumps; Tab, then any key or
button, is what jumps from now on. Gold coins count; the record and the choice are there at the next visit.
"""

import math

import numpy as np

import layerw as lw

GRAVITY, JUMP_M_S, RUN_M_S, HALF_M = -22.0, 9.0, 7.0, 0.4

app = lw.App(title="Actions")
app.sun.elevation = math.radians(40)
app.spawn(lw.Mesh.plane(40, 40), lw.Material(color="#4c6a4f", roughness=1.0), static=True)
hero = app.spawn(lw.Mesh.box(2 * HALF_M, 2 * HALF_M, 2 * HALF_M), lw.Material(color="tomato"), position=(0, HALF_M, 0))
hero.interpolated = True
rng = np.random.default_rng(7)
coins = app.spawn_many(lw.Mesh.cylinder(0.35, 0.08), 24, lw.Material(color="gold", metallic=0.4, roughness=0.3),
                       position=rng.uniform((-15, 1.0, -15), (15, 2.6, 15), (24, 3)))  # fmt: skip

move = app.actions.axis("move", "WASD", "Arrows", "Gamepad.LeftStick", "Gamepad.DPad", "Touch.LeftStick")
jump = app.actions.bind("jump", "Space", "Gamepad.South", "Touch.A")
app.actions.keep(app.store)
choose = app.actions.bind("choose", "Tab", "Gamepad.Select")


class State:
    up_m_s, found = 0.0, 0


@app.fixed
def step(dt):
    on_ground = hero.position[1] <= HALF_M
    if jump.pressed and on_ground:
        State.up_m_s = JUMP_M_S
    if jump.released and State.up_m_s > 0:
        State.up_m_s *= 0.5  # a short press is a low jump
    State.up_m_s += GRAVITY * dt
    hero.move(x=move.x * RUN_M_S * dt, y=State.up_m_s * dt, z=-move.y * RUN_M_S * dt)
    if hero.position[1] <= HALF_M:
        hero.position[1], State.up_m_s = HALF_M, 0.0


@app.frame
def update(dt):
    if choose.pressed:
        app.start(choosing())
    near = np.linalg.norm(coins.position - hero.position, axis=1) < 0.9
    if near.any():
        State.found += int(near.sum())
        coins.position[near] = rng.uniform((-15, 1.0, -15), (15, 2.6, 15), (int(near.sum()), 3))
        app.actions.rumble(0.2, 0.6, 0.12)
        app.store["best"] = max(app.store.get("best", 0), State.found)
        print(f"{State.found} coins, at best {app.store['best']}")
    app.camera.position = hero.position * (1, 0.3, 1) + (0, 5, 9)
    app.camera.look_at(hero.position)


async def choosing():
    print("Press what shall jump.")
    jump.sources = (await app.actions.listen(), "Touch.A")
    print(f"{jump.sources[0]} jumps now.")
