"""Points, lines and debug drawing: the Lorenz attractor as 60,000 points that flow, and a probe that is followed."""

import numpy as np

import layerw as lw

app = lw.App(title="Points and lines")
app.sky.zenith = app.sky.horizon = app.sky.ground = (0.004, 0.005, 0.01)
app.clouds.cover = 0.0
app.fog.density = 0.0
app.camera.position = np.array((0.0, 26.0, 62.0))
app.camera.look_at((0.0, 24.0, 0.0))
app.grid(60.0, 5.0, color="#243044")
app.axes(10.0, width=3.0)


def flow(p: np.ndarray) -> np.ndarray:
    """Lorenz' equations, y upwards."""
    x, z, y = p.T
    return np.stack([10.0 * (y - x), x * y - 8.0 / 3.0 * z, x * (28.0 - z) - y], axis=1)


def step(p: np.ndarray, dt: float) -> np.ndarray:
    return p + dt * flow(p + 0.5 * dt * flow(p))


rng = np.random.default_rng(7)
places = rng.normal((0.0, 25.0, 0.0), (8.0, 8.0, 8.0), (60_000, 3)).astype(np.float32)
for _ in range(150):
    places = step(places, 0.01)
speed = np.linalg.norm(flow(places), axis=1, keepdims=True) / 260.0
cloud = app.points(places, color=np.clip(np.hstack([0.25 + speed, 0.35 + 0.5 * speed**2, 0.9 - 0.5 * speed]), 0, 1),
                   size=0.11, unit="m")  # fmt: skip
trail = app.lines(np.repeat(places[:1], 240, axis=0), width=3.0, color=np.linspace((0.1, 0.3, 0.3), (1, 1, 0.6), 240))


@app.frame
def update(dt: float) -> None:
    now = step(cloud.position, min(dt, 1 / 30) * 0.25)
    cloud.position = now
    trail.position = np.vstack([trail.position[1:], now[:1]])
    app.debug.box(now[0], 2.0, "white", width=1.5)
    app.debug.arrow(now[0], now[0] + 0.05 * flow(now[:1])[0], "orange", width=3.0)
    app.debug.sphere((0.0, 25.0, 0.0), 30.0, "#2a3a55", width=1.0)
