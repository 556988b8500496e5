"""A meadow for several players: walk with WASD or the arrows, jump with Space, shove with E, write in the chat.

    layerw serve examples/together.py      # and open it twice

One's own figure moves at once (`app.predict`); a shove hits whom one sees in front of oneself (`app.net.rewind`).
"""

import math

import numpy as np

import layerw as lw

SPEED, REACH_M, SHOVE = 4.0, 1.6, 250.0  # m/s; newton seconds
COLORS = "tomato", "gold", "skyblue", "palegreen", "orchid", "white"

app = lw.App("Together")


@lw.component(shared=True)
class Hero:
    """A player's figure: all of it is predicted where he plays."""

    position: lw.f32x3 = lw.field(precision=1 / 128, interpolate=True)  # the entity's own
    rotation: lw.f32x4 = lw.field((0, 0, 0, 1), precision=1 / 1024, interpolate=True)  # the same
    owner: lw.Player = None


@lw.component(shared=True)
class Score:
    """What the server alone counts; the color is the entity's own."""

    shoved: lw.u16 = 0
    color: lw.u32 = 0xFFFFFFFF


# -- the meadow, on both sides -------------------------------------------------------------------

ground = app.spawn(lw.Mesh.box(60, 1, 60), lw.Material(color="darkseagreen"), position=(0, -0.502, 0))
app.physics.add(ground, "static", shape="box")
for k in range(24):
    turn, away, height = 2.4 * k, 4 + 0.8 * k, (0.3, 0.6, 1.8)[k % 3]
    block = app.spawn(lw.Mesh.box(1.6, height, 1.6), lw.Material(color="peru"),
                      position=(away * math.sin(turn), height / 2, away * math.cos(turn)))  # fmt: skip
    app.physics.add(block, "static", shape="box")

# -- how figures move, on both sides -------------------------------------------------------------

figures = {}  # lw.Character by the row of its entity
move = app.actions.axis("move", "WASD", "Arrows", "Gamepad.LeftStick", "Touch.LeftStick")
jump = app.actions.bind("jump", "Space", "Gamepad.South", "Touch.A")
act = app.actions.bind("shove", "KeyE", "Gamepad.West", "Touch.B")


@app.predict(Hero, bounds={"wish": (-1, 1)})
def walk(hero, dt, wish: lw.f32x2, leaps: bool):
    x, y = wish
    hero.move((SPEED * x, 0, -SPEED * y), jump=leaps)
    if x or y:
        hero.entity.rotation = np.round(lw.turned(y=math.atan2(x, -y)), 3)


@walk.begin
def begin(entity):
    figures[entity.first_row] = found = lw.Character(app, entity, height=1.7, radius=0.4, feet=0.85)
    return found


@walk.input
def wish():
    return move.value, jump.pressed


# -- what the server decides ---------------------------------------------------------------------

if app.is_server:

    @app.on_join
    def join(player):
        n = player.number
        app.spawn(lw.Mesh.capsule(0.4, 0.9), color=COLORS[n % len(COLORS)], owner=player,
                  position=(2.0 * (n % 5) - 4, 0.85, 0)).add(Hero).add(Score)  # fmt: skip
        app.net.chat.say(f"{player.name} is here.")


@app.rpc(to="server", rate=2.0)
def shove(player):
    for hero in app.each(Hero).entities:
        if hero[Hero].owner == player:
            _, y, _, w = hero.rotation
            ahead = (2 * w * y, 0, 1 - 2 * y * y)
            hit = app.net.rewind(player).ray(hero.position, ahead, radius=0.5, max_distance=REACH_M)
            if hit and hit.entity.first_row in figures:
                figures[hit.entity.first_row].push(np.add(ahead, (0, 0.4, 0)) * SHOVE)
                hero[Score].shoved += 1


# -- what one sees -------------------------------------------------------------------------------

app.connect()
app.sun.elevation = 0.9
app.camera.position = (0, 9, 14)
app.camera.look_at((0, 0, 0))
if not app.is_server:
    app.net.chat.show(app.ui, anchor="bottom left")
    board = app.ui.text("", anchor="top left")


@app.frame
def show(dt):
    if app.is_server:
        return
    if act.pressed:
        shove()
    told = []
    for hero in app.each(Hero, Score).entities:
        name = next((one.name for one in app.net.players if one == hero[Hero].owner), "somebody")
        told.append(f"{name}: {hero[Score].shoved}")
        if hero[Hero].owner == app.net.player:
            app.camera.position = hero.position + np.float32((0, 8, 12))
            app.camera.look_at(hero.position)
    board.text = "\n".join([f"{app.net.state}, {1000 * app.net.ping_s:.0f} ms", *told])
