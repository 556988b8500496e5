"""Pool: drag back from the white ball and let go; `layerw run examples/pool.py`.

Balls roll, collide at any speed without passing through each other (`bullet`), and each hit sounds as hard as it is.
Keys turn the cue, too: left and right, hold Space for strength. What falls into a pocket is counted.
"""

import math

import numpy as np

import layerw as lw

LONG, WIDE, RADIUS = 2.54, 1.27, 0.05715 / 2
SPEED_MAX, GONE_M = 7.0, -0.05
COLORS = ("#e8c020", "#2040b0", "#c02020", "#602090", "#e07020", "#107040", "#701818", "#181818")

app = lw.App(title="Pool")
app.sun.elevation = math.radians(60)
app.camera.position = (0, 1.9, 1.75)
app.camera.look_at((0, 0, 0.05))
cloth, wood = lw.Material(color="#1d6b4a", roughness=1.0), lw.Material(color="#5b3a22", roughness=0.5)
HOLE = 0.065  # half of a pocket


def slab(x, y, z, width, height, depth, material, **body):
    """A static box; x, y, z are its middle."""
    return app.spawn(lw.Mesh.box(width, height, depth), material, position=(x, y, z),
                     body=lw.Body("static", **body))  # fmt: skip


felt = {"friction": 0.25, "bounce": 0.0}
slab(0, -0.05, 0, LONG, 0.1, WIDE - 4 * HOLE, cloth, **felt)  # what is left out of the cloth are the pockets
for side in (-1, 1):
    for half in (-1, 1):
        slab(half * LONG / 4, -0.05, side * (WIDE / 2 - HOLE), LONG / 2 - 3 * HOLE, 0.1, 2 * HOLE, cloth, **felt)
        slab(half * LONG / 4, 0.012, side * (WIDE / 2 + 0.03), LONG / 2 - 2.6 * HOLE, 0.06, 0.06, wood, bounce=0.75)
    slab(side * (LONG / 2 + 0.03), 0.012, 0, 0.06, 0.06, WIDE - 3 * HOLE, wood, bounce=0.75)
app.spawn(lw.Mesh.box(LONG + 0.3, 0.1, WIDE + 0.3), wood, position=(0, -0.2, 0), body=lw.Body("static"))
app.spawn(lw.Mesh.plane(20, 20), lw.Material(color="#39424e", roughness=0.9), position=(0, -0.8, 0))

rack = [(0.6 + row * RADIUS * math.sqrt(3) * 1.01, (2 * k - row) * RADIUS * 1.01)
        for row in range(5) for k in range(row + 1)]  # fmt: skip
places = np.array([(-0.7, RADIUS, 0.0), *((x, RADIUS, z) for x, z in rack)])
colors = ["white", *(COLORS[k % 8] for k in range(15))]
balls = app.spawn_many(lw.Mesh.sphere(RADIUS, 24), 16, lw.Material(roughness=0.15), position=places)
for ball, color in zip(balls, colors, strict=True):
    ball.color = color
app.physics.add(balls, "dynamic", shape="sphere", mass=0.17, friction=0.15, bounce=0.94, rolling=0.006, damping=0.1,
                turn_damping=0.3, bullet=True)  # fmt: skip
balls.interpolated = True
white = balls[0]
cue = app.lines([(0, 0, 0), (0, 0, 0)], color="#f0e0b0", width=3.0, unit="px")
t = np.arange(3600) / 48_000
click = lw.Sound.from_array(0.5 * np.exp(-t * 220) * np.sin(2 * np.pi * 2400 * t), rate=48_000, range=20.0)
thud = lw.Sound.from_array(0.5 * np.exp(-t * 90) * np.sin(2 * np.pi * 180 * t), rate=48_000, range=20.0)
words = app.ui.text("Drag back from the white ball", look="heading", anchor="top")
turn = app.actions.axis("turn", "Arrows", "Gamepad.LeftStick")
shot = app.actions.bind("shot", "Space", "Gamepad.South")


class State:
    angle, strength = 0.0, 0.0  # radians, 0 to 1
    potted = np.zeros(16, bool)


def hit():
    """The cue meets the white ball."""
    way = np.array((math.cos(State.angle), 0.0, math.sin(State.angle)))
    white.body.push(way * (0.17 * SPEED_MAX * State.strength))
    State.strength = 0.0


@app.fixed
def step(dt):
    for number in np.flatnonzero((balls.position[:, 1] < GONE_M) & ~State.potted):
        ball = balls[int(number)]
        ball.body.velocity = ball.body.spin = (0, 0, 0)
        if number == 0:
            ball.position = places[0]
            continue
        State.potted[number] = True
        count = State.potted.sum()
        ball.position = (0.08 * count - 0.6, RADIUS - 0.15, WIDE / 2 + 0.11)
        words.text = f"{count} of 15" if count < 15 else "All of them!"


@app.frame
def play(dt):
    for a, b in app.physics.began:
        one, other = app.physics.entity(a), app.physics.entity(b)
        moving = [ball for ball in (one, other) if ball in balls]
        speed = max((float(np.linalg.norm(ball.body.velocity)) for ball in moving), default=0.0)
        if speed > 0.05 and moving:
            sound = click if len(moving) == 2 else thud
            sound.play(at=moving[0], gain=min(speed / 3, 1.0))
    if not (np.abs(balls.body.velocity) < 0.03).all():
        cue.visible = False
        return
    State.angle += turn.value[0] * dt
    if app.input.button(0):
        origin, way = app.ray_at()
        there = origin - way * (origin[1] / way[1])
        back = white.position - there
        State.angle = math.atan2(back[2], back[0])
        State.strength = min(float(np.hypot(back[0], back[2])) / 0.6, 1.0)
    elif shot.held:
        State.strength = min(State.strength + 0.7 * dt, 1.0)
    elif State.strength > 0.05:
        return hit()
    way = np.array((math.cos(State.angle), 0.0, math.sin(State.angle)))
    cue.visible = True
    here = np.add(white.position, (0, 0.01, 0))
    cue.position[:] = [here - way * (0.1 + 0.3 * State.strength), here + way * (0.25 + State.strength)]
