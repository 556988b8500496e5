"""Rays in the kernel benchmark: a bumpy ball of 100,000 triangles, as many boxes, ground of 2049 x 2049 samples."""

from __future__ import annotations

import numpy as np

AROUND, DOWN = 316, 159
INSTANCES, RAYS, SAMPLES = 100_000, 1000, 2049  # few rays: a run of some ms is rarely interrupted
BOX = [(k & 1, k >> 1 & 1, k >> 2) for k in range(8)]
SIDES = ((0, 2, 3, 1), (4, 5, 7, 6), (0, 1, 5, 4), (2, 6, 7, 3), (0, 4, 6, 2), (1, 3, 7, 5))


def arrays(rng: np.random.Generator) -> dict[str, np.ndarray]:
    """The inputs, by file name."""
    theta, phi = np.meshgrid(np.linspace(0, np.pi, DOWN + 1), 2 * np.pi * np.arange(AROUND) / AROUND, indexing="ij")
    bumps = 1 + 0.1 * np.sin(9 * theta) * np.sin(7 * phi) + rng.uniform(0, 0.01, theta.shape)
    ball = np.stack([np.sin(theta) * np.cos(phi), np.cos(theta), np.sin(theta) * np.sin(phi)], -1) * bumps[..., None]
    q = np.arange(theta.size).reshape(theta.shape)
    a, b = q[:-1], q[1:]
    c, d = np.roll(b, -1, axis=1), np.roll(a, -1, axis=1)
    faces = np.concatenate([np.stack([a, b, c], -1).reshape(-1, 3), np.stack([a, c, d], -1).reshape(-1, 3)])
    places = np.zeros((INSTANCES, 13))
    places[:, 0:3] = rng.uniform(-300, 300, (INSTANCES, 3))
    places[:, 3:7] = rng.uniform(-1, 1, (INSTANCES, 4))
    places[:, 3:7] /= np.sqrt((places[:, 3:7] ** 2).sum(axis=1))[:, None]
    places[:, 7:10] = rng.uniform(0.5, 3, (INSTANCES, 3))
    x, z = np.meshgrid(np.linspace(0, 40, SAMPLES), np.linspace(0, 40, SAMPLES))
    hills = 30000 + 12000 * np.sin(x) * np.cos(0.7 * z) + 6000 * np.sin(3.1 * x + z) + rng.uniform(0, 300, x.shape)
    cube = np.array([(p, q, r, p, r, s) for p, q, r, s in SIDES], np.uint32).reshape(-1)
    return {
        "ball_positions": ball.reshape(-1, 3).astype(np.float32), "ball_indices": faces.astype(np.uint32).reshape(-1),
        "ball_rays": _towards(rng, 4, 1).astype(np.float32), "places": places.astype(np.float32),
        "cube_positions": (np.array(BOX) - 0.5).astype(np.float32), "cube_indices": cube,
        "place_rays": _towards(rng, 500, 250).astype(np.float32), "codes": hills.astype(np.uint16).reshape(-1),
        "grid": np.array([-4096.0, -4096.0, 4.0, 4.0, -200.0, 0.02]),
        "ground_rays": _towards(rng, 5000, 3000) + np.array([0, 1000, 0, 0, 0, -300, 0, 0]),
    }  # fmt: skip


def _towards(rng: np.random.Generator, outside: float, inside: float) -> np.ndarray:
    """Rays from a sphere around to points in a ball, with directions of length 1."""
    start, target = rng.normal(size=(2, RAYS, 3))
    start *= outside / np.linalg.norm(start, axis=1)[:, None]
    target *= inside * rng.uniform(0, 1, (RAYS, 1)) / np.linalg.norm(target, axis=1)[:, None]
    found = np.zeros((RAYS, 8))
    found[:, 0:3], found[:, 7] = start, np.inf
    found[:, 4:7] = (target - start) / np.linalg.norm(target - start, axis=1)[:, None]
    return found


def counts(made: dict[str, np.ndarray]) -> dict[str, int]:
    """How many elements each case has."""
    triangles = len(made["ball_indices"]) // 3
    return {"bvh build": triangles, "bvh refit": triangles, "rays, triangles": RAYS, "rays, instances": RAYS,
            "rays, ground": RAYS}
