"""A room for a swarm: 2,000 things that all move, of which a player is told about 64.

    layerw serve benchmarks/rooms/walkers.py --rooms 2
    layerw swarm benchmarks/rooms/walkers.py --clients 500 --call steer
"""

import os

import numpy as np

import layerw as lw

ENTITIES, TICKS = int(os.environ.get("WALKERS", "2000")), int(os.environ.get("TICKS", "20"))
CELL_M, IN_INTEREST = 16.0, 64
SIDE_M = CELL_M * 3 * (ENTITIES / IN_INTEREST) ** 0.5  # nine cells have IN_INTEREST

app = lw.App("Walkers", entities_max=8192)


@lw.component(shared=True)
class Walker:
    """What the others see of one."""

    position: lw.f32x3 = lw.field(precision=1 / 128, interpolate=True)
    owner: lw.Player = None
    hp: lw.u8 = 100


@app.rpc(to="server", rate=10.0)
def steer(player, x: float, z: float):
    """Where the player's walker goes."""
    courses[player.number] = (x, z)


courses = {}
if app.is_server:
    app.net.cell_m, app.net.radius, app.net.players_max = CELL_M, 1, 1000
    app.net.tick_rate = TICKS
    rng = np.random.default_rng(1)
    walkers = app.spawn_many(lw.Mesh.box(), ENTITIES, position=rng.uniform(0, SIDE_M, (ENTITIES, 3)) * (1, 0, 1))
    walkers.add(Walker)
    velocity = rng.uniform(-3, 3, (ENTITIES, 3)).astype(np.float32) * np.array([1, 0, 1], np.float32)

    @app.on_join
    def join(player):
        """A place to look from, which moves as one of the walkers."""
        player.position = rng.uniform(0, SIDE_M, 3) * (1, 0, 1)

    @app.frame
    def walk(dt):
        """Everyone walks, and turns at the walls; players steer theirs."""
        for number, (x, z) in courses.items():
            velocity[number % ENTITIES] = (3 * x, 0, 3 * z)
        courses.clear()
        rows = app.each(Walker)
        place = rows[lw.Position] + velocity * np.float32(dt)
        velocity[(place < 0) | (place > SIDE_M)] *= -1
        rows[lw.Position] = place


app.connect()
