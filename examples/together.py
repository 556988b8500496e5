"""Boxes of several players: arrow keys or WASD, from every page that opens it.

    layerw serve examples/together.py
"""

import layerw as lw

SPEED = 4.0

app = lw.App("Together")


@lw.component(shared=True)
class Ship:
    """A player's box: what the network tells of it."""

    position: lw.f32x3 = lw.field(precision=1 / 128, interpolate=True)  # the entity's own
    color: lw.u32 = 0xFFFFFFFF  # the same
    owner: lw.Player = None


wishes = {}  # by player's number, on the server

if app.is_server:
    COLORS = "tomato", "gold", "skyblue", "palegreen", "orchid", "white"

    @app.on_join
    def join(player):
        n = player.number
        app.spawn(lw.Mesh.box(), position=(2.0 * (n % 5) - 4, 0.5, 0), color=COLORS[n % len(COLORS)],
                  owner=player).add(Ship)  # fmt: skip

    @app.on_leave
    def leave(player):
        wishes.pop(player.number, None)

    @app.fixed
    def move(dt):
        for ship in app.each(Ship).entities:
            x, z = wishes.get(ship[Ship].owner, (0.0, 0.0))
            ship.move(x * SPEED * dt, 0, z * SPEED * dt)


@app.rpc(to="server", rate=30.0)
def steer(player, x: lw.f32, z: lw.f32):
    wishes[player.number] = min(max(x, -1.0), 1.0), min(max(z, -1.0), 1.0)


app.connect()
app.spawn(lw.Mesh.plane(40, 40), lw.Material(color="darkseagreen"))
app.camera.position = (0, 9, 14)
app.camera.look_at((0, 0, 0))
move_axis = app.actions.axis("move", "WASD", "Arrows")
last = (0.0, 0.0)


@app.frame
def send(dt):
    global last
    if app.is_server:
        return
    x, y = (float(one) for one in move_axis.value)
    if (x, -y) != last and steer(x, -y):
        last = x, -y
