"""A ball on a plate that tilts: keys or a small controller hold it in the middle, and a program can learn to.

    layerw run examples/balance.py

`Balance` is the world, `Training` the same as an environment in gymnasium's manner (`reset`, `step`, spaces of plain
numbers), without a page: thousands of steps a second, many worlds in one process.
"""

import math

import numpy as np

import layerw as lw

SIDE = 6.0  # metres of the plate
TILT_MAX, TURN_MAX = 0.25, 0.012  # radians, and radians a frame: the plate's motor is no hammer
FRAMES_MAX = 600  # of an episode: 10 s


class Balance:
    """The plate, the ball, and how they are seen."""

    def __init__(self, app):
        self.app = app
        self.plate = app.spawn(lw.Mesh.box(SIDE, 0.2, SIDE), lw.Material(color="#37474f", roughness=0.6),
                               body=lw.Body("kinematic", shape="box", friction=0.9))
        self.ball = app.spawn(lw.Mesh.sphere(0.3), lw.Material(color="tomato", roughness=0.3), position=(0, 0.5, 0),
                              body=lw.Body("dynamic", shape="sphere", mass=1.0, friction=0.9))
        self.before, self.tilts = np.zeros(2), np.zeros(2)

    def begin(self, rng):
        """Lays the ball somewhere."""
        self.plate.rotation, self.tilts = (0, 0, 0, 1), np.zeros(2)
        x, z = rng.uniform(-1.5, 1.5, 2)
        self.ball.position = (x, 0.4, z)
        self.ball.body.velocity = self.ball.body.spin = (0, 0, 0)
        self.before = np.array((x, z))

    def tilt(self, action):
        """action: (2,) -1 to 1, about x and z: where the plate turns to."""
        self.tilts += np.clip(np.clip(action, -1, 1) * TILT_MAX - self.tilts, -TURN_MAX, TURN_MAX)
        x, z = np.sin(self.tilts / 2)
        self.plate.rotation = (x, 0, z, math.sqrt(1 - x * x - z * z))

    def look(self):
        """(6,) float32: where the ball is, how far it went since the last look (metres), the plate's tilt (radians)."""
        here = self.ball.position[[0, 2]].astype(np.float64)
        seen = np.concatenate([here, here - self.before, self.tilts]).astype(np.float32)
        self.before = here
        return seen

    @property
    def has_fallen(self):
        return bool(self.ball.position[1] < -1)


class Training:
    """`observation, info = reset(seed)`; `observation, reward, terminated, truncated, info = step(action)`."""

    observation_shape, action_shape, action_limits = (6,), (2,), (-1.0, 1.0)

    def __init__(self):
        from layerw.hosts.headless import HeadlessHost  # a world of its own

        self.app = lw.App(host=HeadlessHost())
        self.world = Balance(self.app)
        self.frames = 0
        self.rng = np.random.default_rng()

    def reset(self, seed=None):
        if seed is not None:
            self.rng = np.random.default_rng(seed)
        self.world.begin(self.rng)
        self.frames = 0
        return self.world.look(), {}

    def step(self, action):
        self.world.tilt(action)
        self.app.step()
        self.frames += 1
        seen = self.world.look()
        fallen = self.world.has_fallen
        reward = 0.0 if fallen else 1.0 - float(np.hypot(*seen[:2])) / SIDE
        return seen, reward, fallen, self.frames >= FRAMES_MAX, {}

    def close(self):
        self.app.close()


def controller(seen, gain=0.55, damping=22.0):
    """Against where the ball is and where it goes."""
    x, z, dx, dz = (float(value) for value in seen[:4])
    return np.clip((-(gain * z + damping * dz), gain * x + damping * dx), -1, 1)


if __name__ == "__main__":
    app = lw.App(title="Balance")
    app.camera.position = (0, 6, 8)
    app.camera.look_at((0, 0, 0))
    world = Balance(app)
    rng = np.random.default_rng(3)
    world.begin(rng)
    tilt = app.actions.axis("tilt", "Arrows", "Gamepad.LeftStick", "Touch.LeftStick")
    app.ui.text("Arrow keys tilt the plate; without them it balances by itself", anchor="top")

    @app.fixed
    def step(dt):
        seen = world.look()
        x, y = tilt.value
        world.tilt((-y, -x) if abs(x) + abs(y) > 0.1 else controller(seen))
        if world.has_fallen:
            world.begin(rng)
