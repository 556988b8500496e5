"""Gaussian splats: a tree in blossom of 40,000 soft ellipsoids, which the program makes itself, beside solid things."""

import math

import numpy as np

import layerw as lw

app = lw.App(title="Gaussian splats")
app.camera.position = np.array((0.0, 2.4, 9.0))
app.camera.look_at((0.0, 2.2, 0.0))
app.spawn(lw.Mesh.plane(60, 60), lw.Material(color="#5d6b4a", roughness=1.0))
app.spawn(lw.Mesh.sphere(0.5), lw.Material(color="steelblue", roughness=0.3), position=(1.6, 0.5, 1.6))

rng = np.random.default_rng(11)


def along(start: np.ndarray, end: np.ndarray, count: int, width: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Splats of a branch: places, scales and rotations, each as long as the branch's bark runs."""
    share = rng.uniform(0, 1, (count, 1))
    places = start + share * (end - start) + rng.normal(0, width * 0.4, (count, 3))
    way = (end - start) / np.linalg.norm(end - start)
    turn = np.array((way[2], 0.0, -way[0], 1 + way[1]))  # from +Y to the way
    return places, np.tile((width * 0.3, width, width * 0.3), (count, 1)), np.tile(turn, (count, 1))


top = np.array((0.0, 2.2, 0.0))
parts = [along(np.zeros(3), top, 3000, 0.16)]
ends = [top + 1.7 * np.array((math.cos(a) * 0.9, 0.55 + 0.4 * (n % 3), math.sin(a) * 0.9))
        for n, a in enumerate(np.linspace(0, 2 * math.pi, 10)[:-1])]  # fmt: skip
parts += [along(top - (0, 0.3, 0), end, 700, 0.07) for end in ends]
bark = sum(len(part[0]) for part in parts)
blossoms = 40_000 - bark
middle = np.array(ends)[rng.integers(0, len(ends), blossoms)]
parts.append((middle + rng.normal(0, 0.48, (blossoms, 3)), rng.uniform(0.008, 0.05, (blossoms, 3)),
              rng.normal(size=(blossoms, 4))))  # fmt: skip
places, scales, turns = (np.concatenate(each) for each in zip(*parts, strict=True))
colors = np.empty((len(places), 4))
colors[:bark] = np.hstack([np.array((0.30, 0.21, 0.15)) * rng.uniform(0.6, 1.2, (bark, 1)), np.full((bark, 1), 0.9)])
light = rng.uniform(0.75, 1.0, (blossoms, 1)) * (0.75 + 0.1 * (places[bark:, 1:2] - 2.0).clip(0, 2.5))
colors[bark:] = np.hstack([light * (1.0, 0.78, 0.86), rng.uniform(0.25, 0.9, (blossoms, 1))]).clip(0, 1)
tree = app.splats(places, scale=scales, rotation=turns, color=colors)


@app.frame
def update(dt: float) -> None:
    tree.entity.rotate(y=0.15 * dt)
