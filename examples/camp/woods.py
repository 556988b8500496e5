"""What grows in the wood, as meshes: trunks with branches, sprays of leaves, ferns, grass."""

from __future__ import annotations

import math

import numpy as np

import layerw as lw


class Parts:
    """Collects vertices of many small pieces into one mesh."""

    def __init__(self):
        self.rows = []
        self.faces = []
        self.count = 0

    def add(self, position, normal, uv, faces, color=None):
        """(n, 3), (n, 3), (n, 2), (k, 3); color: (n, 3) sRGB, 0 to 1."""
        color = np.ones_like(position) if color is None else color
        self.rows.append(np.concatenate((position, normal, uv, color), axis=1))
        self.faces.append(np.asarray(faces) + self.count)
        self.count += len(position)

    def mesh(self):
        rows = np.concatenate(self.rows)
        position, normal, uv, color = np.split(rows, (3, 6, 8), axis=1)
        return lw.Mesh(position, np.concatenate(self.faces), normals=normal, uvs=uv, colors=color)


def tube(parts, path, radius, sides=10, turns=2.0, metres=1.2):
    """A limb along path (n, 3) with radius (n,); its texture goes round `turns` times and repeats every `metres`."""
    ahead = np.gradient(path, axis=0)
    ahead /= np.linalg.norm(ahead, axis=1, keepdims=True)
    side = np.cross(ahead, (0.31, 0.1, 0.95))
    side /= np.linalg.norm(side, axis=1, keepdims=True)
    other = np.cross(ahead, side)
    angle = np.linspace(0, math.tau, sides + 1)
    normal = side[:, None] * np.cos(angle)[None, :, None] + other[:, None] * np.sin(angle)[None, :, None]
    position = path[:, None] + normal * radius[:, None, None]
    far = np.concatenate(([0], np.cumsum(np.linalg.norm(np.diff(path, axis=0), axis=1)))) / metres
    uv = np.stack(np.broadcast_arrays(np.linspace(0, turns, sides + 1)[None], far[:, None]), axis=-1)
    ring = sides + 1
    a = (np.arange(len(path) - 1)[:, None] * ring + np.arange(sides)).ravel()
    faces = np.concatenate((np.stack((a, a + 1, a + ring), 1), np.stack((a + 1, a + ring + 1, a + ring), 1)))
    parts.add(position.reshape(-1, 3), normal.reshape(-1, 3), uv.reshape(-1, 2), faces)


def cards(parts, center, ahead, up, size, normal, color):
    """Square cards: all (n, 3), size (n,); they are lit as if they faced `normal`."""
    corners = np.array(((-1, -1), (1, -1), (1, 1), (-1, 1)))
    flat = ahead[:, None] * corners[None, :, :1] + up[:, None] * corners[None, :, 1:]
    position = center[:, None] + flat * size[:, None, None] / 2
    uv = np.broadcast_to((corners * (1, -1) + 1) / 2, (len(center), 4, 2))
    first = np.arange(len(center))[:, None, None] * 4
    faces = (first + np.array(((0, 1, 2), (0, 2, 3)))).reshape(-1, 3)
    spread = np.repeat(normal[:, None], 4, axis=1) + flat * 0.25
    parts.add(position.reshape(-1, 3), spread.reshape(-1, 3), uv.reshape(-1, 2), faces, np.repeat(color, 4, axis=0))


def unit(rows):
    return rows / np.linalg.norm(rows, axis=-1, keepdims=True)


def tree(rng, height=13.0, radius=0.3, limbs=17, leaves=7):
    """(wood, leaves, leaves from afar): a trunk that leans, with boughs from a third of its height on, and sprays at
    their ends; from afar they are fewer and larger."""
    wood = Parts()
    t = np.linspace(0, 1, 16)
    lean = rng.normal(0, 0.05, 2)
    trunk = np.stack((lean[0] * height * t**2 + 0.12 * np.sin(4 * t + lean[1] * 40), height * t - 0.2,
                      lean[1] * height * t**2 + 0.12 * np.cos(5 * t)), axis=1)  # fmt: skip
    tube(wood, trunk, radius * ((1 - t) ** 0.8 + 0.75 * np.exp(-t * height / 0.55) + 0.02), sides=14)
    tips = [trunk[-1:]]
    for at, turn in zip(np.sort(rng.uniform(0.3, 0.97, limbs)), rng.uniform(0, math.tau, limbs), strict=True):
        foot = np.array([np.interp(at, t, trunk[:, k]) for k in range(3)])
        long = height * 0.34 * (1.08 - at) ** 0.7 * rng.uniform(0.7, 1.2)
        s = np.linspace(0, 1, 7)[:, None]
        out = np.array((math.cos(turn), 0, math.sin(turn)))
        rise = np.array((0, 1, 0)) * rng.uniform(0.2, 0.6)
        bough = foot + long * (s * out + s**1.7 * rise) + rng.normal(0, 0.06, (7, 3)) * s
        thick = radius * 0.5 * (1.05 - at)
        tube(wood, bough, thick * (1 - s[:, 0]) + 0.012, sides=6, turns=1.0)
        tips.append(bough[3:])
    tips = np.concatenate(tips)
    middle = np.array((trunk[-1, 0], height * 0.66, trunk[-1, 2]))
    half = height * np.array((0.34, 0.4, 0.34))
    return wood.mesh(), crown(rng, tips, leaves, 1.0, middle, half), crown(rng, tips, leaves // 3, 1.7, middle, half)


def crown(rng, tips, leaves, large, middle, half):
    """Sprays of leaves about the tips (n, 3), lit as a ball about `middle`, darker inside; half: its half size."""
    parts = Parts()
    count = len(tips) * leaves
    center = np.repeat(tips, leaves, axis=0) + rng.normal(0, 0.42, (count, 3))
    normal = unit(unit(center - middle) + np.array((0, 0.5, 0)) + rng.normal(0, 0.2, (count, 3)))
    ahead = unit(rng.normal(size=(count, 3)))
    up = unit(np.cross(ahead, unit(rng.normal(size=(count, 3)))))
    inner = np.linalg.norm((center - middle) / half, axis=1)
    shade = (0.45 + 0.55 * np.clip(inner, 0, 1))[:, None] * rng.uniform(0.85, 1.1, (count, 1))
    cards(parts, center, ahead, up, large * rng.uniform(0.8, 1.35, count), normal, np.clip(shade * np.ones(3), 0, 1))
    return parts.mesh()


def log(length=1.7, radius=0.2):
    """A felled stem along x, its ends closed."""
    parts = Parts()
    t = np.linspace(-0.5, 0.5, 6)
    stem = np.stack((t * length, 0.03 * np.sin(9 * t), 0.02 * np.cos(7 * t)), axis=1)
    tube(parts, stem, np.full(6, radius), sides=14)
    angle = np.linspace(0, math.tau, 15)[:-1]
    for side in (-1.0, 1.0):
        rim = np.stack((np.full(14, side * length / 2), radius * np.cos(angle), radius * np.sin(angle)), axis=1)
        position = np.concatenate((rim, [[side * length / 2, 0, 0]]))
        k = np.arange(14)
        faces = np.stack((k, (k + 1) % 14, np.full(14, 14))[:: int(side)], axis=1)
        pale = np.tile((1.0, 0.85, 0.6), (15, 1))
        parts.add(position, np.tile((side, 0, 0), (15, 1)), position[:, 1:] * 0.3 + 0.5, faces, pale)
    return parts.mesh()


def fern(rng, fronds=9):
    """Fronds that arch out of one foot; the texture of a frond lies along each."""
    parts = Parts()
    for turn in np.linspace(0, math.tau, fronds, endpoint=False) + rng.normal(0, 0.25, fronds):
        s = np.linspace(0, 1, 8)
        long, rise = rng.uniform(0.55, 0.95), rng.uniform(0.5, 0.95)
        arch = rise * (1.5 * s - 1.35 * s**2.2)
        path = np.stack((long * s * math.cos(turn), arch, long * s * math.sin(turn)), axis=1)
        side = np.array((-math.sin(turn), 0.12, math.cos(turn))) * 0.3 * long
        position = np.concatenate((path - side / 2, path + side / 2))
        normal = unit(np.cross(side, np.gradient(path, axis=0)) * -1 + (0, 0.05, 0))
        normal *= np.sign(normal[:, 1:2] + 1e-6)
        uv = np.stack((np.tile(s, 2), np.repeat((0.0, 1.0), 8)), axis=1)
        a = np.arange(7)
        faces = np.concatenate((np.stack((a, a + 8, a + 1), 1), np.stack((a + 1, a + 8, a + 9), 1)))
        shade = np.tile(0.45 + 0.55 * s, 2)[:, None] * np.ones(3)
        parts.add(position, np.tile(normal, (2, 1)), uv, faces, shade)
    return parts.mesh()


def tuft(rng, blades=26):
    """Grass: blades of three triangles that bend out of one foot, dark at the foot."""
    turn = rng.uniform(0, math.tau, blades)
    foot = rng.normal(0, 0.09, (blades, 3)) * (1, 0, 1)
    long = rng.uniform(0.12, 0.34, blades)
    out = np.stack((np.cos(turn), np.zeros(blades), np.sin(turn)), axis=1)
    side = np.stack((-np.sin(turn), np.zeros(blades), np.cos(turn)), axis=1) * 0.006
    bend = rng.uniform(0.1, 0.8, blades)[:, None]
    middle = foot + long[:, None] * (out * bend * 0.3 + (0, 0.6, 0))
    tip = foot + long[:, None] * (out * bend + np.array((0, 1, 0)) * (1.1 - 0.4 * bend))
    position = np.stack((foot - side, foot + side, middle - side * 0.7, middle + side * 0.7, tip), axis=1)
    position = position.reshape(-1, 3)
    faces = (np.arange(blades)[:, None, None] * 5 + np.array(((0, 1, 2), (1, 3, 2), (2, 3, 4)))).reshape(-1, 3)
    normal = np.repeat(unit(out * 0.4 + (0, 1, 0)), 5, axis=0)
    shade = np.tile((0.35, 0.35, 0.8, 0.8, 1.1), blades) * rng.uniform(0.8, 1.2, blades).repeat(5)
    parts = Parts()
    parts.add(position, normal, np.zeros((len(position), 2)), faces, np.clip(shade[:, None] * (0.27, 0.36, 0.11), 0, 1))
    return parts.mesh()
