"""Trees as they are from near: fronds of needles, sprays of leaves, all of triangles without textures.

Owns: those shapes, as parts of flora's meshes. Every face is there twice, for materials that draw one side; normals
point away from the crown's middle on both, so that it shades as one soft volume.
"""

from __future__ import annotations

import math

import numpy as np

from layerw.base.ports import F64

Shape = tuple[F64, F64, F64, F64]  # positions, normals, (n,) shade, triangles

TEETH = 7  # of a frond, on each side
WHORLS, IN_A_WHORL = 19, 6
GOLDEN = math.pi * (3 - math.sqrt(5))


def fronds(height: float, rng: np.random.Generator) -> Shape:
    """Branches of a spruce, in whorls that shorten upwards; each is two combs of needles that cross."""
    t = np.repeat((np.arange(WHORLS) + 0.5) / WHORLS, IN_A_WHORL) + rng.uniform(-0.025, 0.025, WHORLS * IN_A_WHORL)
    count = len(t)
    phi = np.arange(count) * (math.tau / IN_A_WHORL + 0.21) + rng.uniform(-0.25, 0.25, count)
    long = height * (0.225 * np.clip(1 - t, 0, 1) ** 0.85 + 0.016) * rng.uniform(0.8, 1.15, count)
    out = np.stack([np.cos(phi), np.zeros(count), -np.sin(phi)], axis=1)
    foot = np.stack([np.zeros(count), height * (0.09 + 0.9 * t), np.zeros(count)], axis=1)
    along = np.linspace(0, 1, TEETH + 1)
    rise = (0.25 + 0.5 * t)[:, None] * along - 0.62 * along**2  # up at first, then it hangs
    way = out[:, None] * along[:, None] + rise[..., None] * np.array((0, 1, 0))
    spine = foot[:, None] + long[:, None, None] * way
    side = np.stack([out[:, 2], np.zeros(count), -out[:, 0]], axis=1)
    width = 0.3 * long[:, None] * np.sin(math.pi * (0.16 + 0.84 * (along[:-1] + 0.5 / TEETH)) ** 0.8)
    parts = []
    for roll in (0.5, -0.5):
        lean = side * math.cos(roll) + np.array((0, 1, 0)) * math.sin(roll)
        for sign in (1, -1):
            ahead = spine[:, 1:] + (spine[:, 1:] - spine[:, :-1]) * 0.55
            tips = ahead + sign * width[..., None] * lean[:, None] * rng.uniform(0.75, 1.2, (count, TEETH, 1))
            parts.append(np.stack([spine[:, :-1], spine[:, 1:], tips], axis=2))
    corners = np.concatenate(parts, axis=1).reshape(-1, 3)  # of triangles, one after another
    away = np.hypot(corners[:, 0], corners[:, 2]) / (0.25 * height)
    shade = 0.42 + 0.75 * np.clip(away, 0, 1) + 0.22 * corners[:, 1] / height
    shade *= np.tile((0.9, 0.9, 1.14), len(corners) // 3)  # tips are lighter
    normals = corners - (0, 0.35 * height, 0)
    normals[:, 1] = 0.45 * normals[:, 1] + 0.06 * height
    return corners, normals, shade, _both_sides(len(corners))


def sprays(middle: F64, centers: F64, radii: F64, size: float, each: int, rng: np.random.Generator) -> Shape:
    """Leaves on the outside of round clumps: `each` of a clump, each bent along its middle, `size` metres."""
    number = np.arange(each)
    up = 1 - 2 * (number + 0.5) / each
    ring, turn = np.sqrt(1 - up * up), number * GOLDEN
    directions = np.stack([ring * np.cos(turn), up, ring * np.sin(turn)], axis=1)
    count = each * len(centers)
    outward = np.tile(directions, (len(centers), 1)) + rng.normal(0, 0.12, (count, 3))
    reach = np.repeat(radii, each)[:, None] * rng.uniform(0.78, 1.08, (count, 1))
    place = np.repeat(centers, each, axis=0) + outward * reach * (1, 0.88, 1)
    lean = outward + rng.normal(0, 0.55, (count, 3))
    across = np.cross(lean, rng.normal(0, 1, (count, 3)))
    across /= np.linalg.norm(across, axis=1, keepdims=True)
    along = np.cross(across, lean)
    along /= np.linalg.norm(along, axis=1, keepdims=True)
    scale = size * rng.uniform(0.7, 1.25, (count, 1))
    tilt = along * 0.85 + outward * 0.45
    base, tip = place - tilt * scale * 0.5, place + tilt * scale
    left, right = (place + (sign * across * 0.62 - outward * 0.12) * scale for sign in (-1, 1))
    corners = np.stack([base, left, tip, base, tip, right], axis=1).reshape(-1, 3)
    from_middle = corners - middle
    deep = np.linalg.norm(from_middle, axis=1) / np.linalg.norm(from_middle, axis=1).max()
    shade = 0.35 + 0.6 * deep**1.5 + 0.3 * np.clip(from_middle[:, 1] / np.abs(from_middle[:, 1]).max(), -0.6, 1)
    shade *= np.repeat(rng.uniform(0.82, 1.18, count), 6)
    return corners, from_middle + np.repeat(outward * radii.mean() * 0.6, 6, axis=0), shade, _both_sides(len(corners))


def _both_sides(corners: int) -> F64:
    front = np.arange(corners).reshape(-1, 3)
    return np.concatenate([front, front[:, ::-1]])
