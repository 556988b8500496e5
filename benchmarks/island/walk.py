"""Ten places of examples/island.py at eye height, found by what the ground is like: another bake has them too."""

import math

import numpy as np
from flight import app, world

EYE_M = 1.7
SAMPLES = 400  # along a side
TURNS = np.linspace(0.0, 2 * math.pi, 24, endpoint=False)
SUNSET, MORNING, NOON, EVENING = 19.15, 7.5, 13.0, 17.3  # hours of a June day at 40 degrees north


def ground():
    """Places (n, 2), their heights, slopes and how far they stand above what is around within 200 m."""
    west, north, east, south = world.area
    x, z = np.meshgrid(np.linspace(west, east, SAMPLES)[12:-12], np.linspace(north, south, SAMPLES)[12:-12])
    h = world.heights(x, z)
    along_z, along_x = np.gradient(h, (south - north) / (SAMPLES - 1), (east - west) / (SAMPLES - 1))
    far = 10
    around = np.stack([np.roll(h, shift, axis) for shift in (far, -far) for axis in (0, 1)]).mean(axis=0)
    return np.stack([x, z], axis=-1), h, np.hypot(along_x, along_z), h - around


# name: (score of a place from its height, slope and rise; hour; metres to look along; metres up or down there)
PLACES = {
    "beach": (lambda h, s, r: -np.abs(h - 1.4) - 12 * np.abs(s - 0.05), NOON, 60, "along"),
    "waterline": (lambda h, s, r: -3 * np.abs(h - 0.35) - 12 * np.abs(s - 0.06), EVENING, 120, "sea"),
    "sunset": (lambda h, s, r: -np.abs(h - 2.2) - 10 * np.abs(s - 0.08), SUNSET, 200, "sun"),
    "meadow": (lambda h, s, r: -np.abs(h - 70) / 20 - 20 * np.abs(s - 0.06), MORNING, 80, "up"),
    "wood": (lambda h, s, r: -np.abs(h - 150) / 30 - 12 * np.abs(s - 0.2), NOON, 60, "along"),
    "slope": (lambda h, s, r: -np.abs(h - 330) / 40 - 8 * np.abs(s - 0.5), EVENING, 150, "down"),
    "cliff": (lambda h, s, r: s - 9.0 * (h < 20), NOON, 40, "up"),
    "ridge": (lambda h, s, r: r / 20 - np.abs(h - 620) / 120, EVENING, 300, "down"),
    "peak": (lambda h, s, r: h, MORNING, 500, "down"),
    "valley": (lambda h, s, r: -r / 20 - np.abs(h - 60) / 20 - 10 * s, NOON, 150, "up"),
}


def stand(name):
    """Stand there and look where there is something to see."""
    score, hour, reach, way = PLACES[name]
    app.sun.at(latitude=0.7, day=172, hour=hour)
    places, h, slope, rise = ground()
    best = score(h, slope, rise)
    x, z = places[np.unravel_index(np.argmax(best), best.shape)]
    ring = np.stack([x + reach * np.sin(TURNS), z - reach * np.cos(TURNS)], axis=-1)
    heights = world.heights(ring[:, 0], ring[:, 1])
    here = world.height(float(x), float(z))
    wanted = {"up": -heights, "down": heights, "sea": heights, "along": np.abs(heights - here),
              "sun": np.abs(np.angle(np.exp(1j * (TURNS - app.sun.azimuth))))}[way]  # fmt: skip
    turn = float(TURNS[np.argmin(wanted)])
    app.camera.position = (x, max(here, 0.0) + EYE_M, z)
    app.camera.yaw = -turn
    ahead = world.height(x + reach * math.sin(turn), z - reach * math.cos(turn))
    app.camera.pitch = float(np.clip(math.atan2(max(ahead, 0.0) + EYE_M - app.camera.position[1], reach), -0.25, 0.35))


asked = app.host.options().get("query", {}).get("place")
if asked:
    world.on_ready(lambda: stand(asked))
