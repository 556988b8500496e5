"""Trees, grass and rocks as meshes with levels of detail, made from a seed.

Owns: shapes only; where they stand is up to `scatter`. Leaves get normals that point away from the crown's
middle, so that a crown shades as one soft volume instead of as facets; colours darken towards the inside.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from layerw.base import checks
from layerw.base.colors import parse_color
from layerw.base.errors import ShapeError
from layerw.base.mathx import linear_from_srgb
from layerw.base.ports import F64
from layerw.scene.foliage import fronds, sprays
from layerw.scene.shapes import Lods, Mesh, with_linear_colors

SPRAYS = 250  # of leaves, in a clump
Part = tuple[F64, F64, F64, F64]  # positions, normals, linear colours, triangle indices


def conifer(*, height_m: float = 11.0, color: str = "#2f5a34", seed: int = 1, until_m: Sequence[float] = ()) -> Lods:
    """A spruce: a trunk with branches of needles, from farther away drooping skirts. 4 LODs; the last ends at
    until_m[3]."""
    distances = _checked("flora.conifer", height_m, seed, until_m, (40, 130, 420, 3200))
    levels = [(7, 9, 6), (4, 6, 3), (2, 3, 0)]  # skirts, segments, trunk sides
    meshes = [_conifer(height_m, color, np.random.default_rng(seed), *level) for level in levels]
    meshes.insert(0, _spruce(height_m, color, np.random.default_rng(seed)))
    return Lods(list(zip(meshes, distances, strict=True)))


def broadleaf(*, height_m: float = 8.0, color: str = "#4d6b34", seed: int = 2, until_m: Sequence[float] = ()) -> Lods:
    """A round tree: a trunk and leaves in a few clumps, which are smooth from farther away. 4 LODs."""
    distances = _checked("flora.broadleaf", height_m, seed, until_m, (30, 110, 380, 2600))
    levels = [(5, 1, 6), (5, 1, 4), (3, 0, 3), (1, 0, 0)]  # lumps, subdivisions, trunk sides
    meshes = [_broadleaf(height_m, color, np.random.default_rng(seed), *level, leaves=number == 0)
              for number, level in enumerate(levels)]  # fmt: skip
    return Lods(list(zip(meshes, distances, strict=True)))


def rock(*, size_m: float = 1.6, color: str = "#8b867c", seed: int = 3, until_m: Sequence[float] = ()) -> Lods:
    """A boulder with a flat underside. 3 LODs."""
    distances = _checked("flora.rock", size_m, seed, until_m, (50, 180, 900))
    return Lods([(_rock(size_m, color, seed, 2 - k), far) for k, far in enumerate(distances)])


def grass(*, height_m: float = 0.7, color: str = "#75803f", seed: int = 4, until_m: Sequence[float] = ()) -> Lods:
    """A tuft of grass, for a material that is double-sided. 3 LODs of ever fewer, wider blades."""
    distances = _checked("flora.grass", height_m, seed, until_m, (18, 50, 150))
    levels = [(34, 0.011, 2), (14, 0.024, 1), (6, 0.05, 0)]  # blades, half width as a share of the height, joints
    meshes = [_grass(height_m, color, np.random.default_rng(seed), *level) for level in levels]
    return Lods(list(zip(meshes, distances, strict=True)))


def _checked(name: str, size_m: float, seed: int, until_m: Sequence[float], usual: tuple[float, ...]) -> list[float]:
    """The distances, after everything was checked."""
    checks.number(f"{name} size", size_m, 0, above=True)
    checks.whole(f"{name} seed", seed, 0)
    if not isinstance(until_m, Sequence) or len(until_m) not in (0, len(usual)):
        raise ShapeError(f"{name} until_m is {checks.shown(until_m)}; it takes {len(usual)} distances in metres.")
    return [float(checks.number(f"{name} until_m", until, 0, above=True)) for until in until_m or usual]


def _conifer(height: float, color: str, rng: np.random.Generator, skirts: int, segments: int, sides: int) -> Mesh:
    parts = [_trunk(height * 0.9, height * 0.022, sides)] if sides else []
    base = height * 0.1
    for k in range(skirts):
        t = k / skirts
        low = base + (height - base) * t * 0.94
        top = min(low + (height - base) * (1.45 / skirts + 0.06), height)
        radius = height * 0.21 * (1 - t) ** 0.85 + height * 0.018
        parts.append(_skirt(low, top, radius, segments, rng, color, 0.62 + 0.55 * t))
    return _join(parts)


def _spruce(height: float, color: str, rng: np.random.Generator) -> Mesh:
    positions, normals, shade, triangles = fronds(height, rng)
    parts = [_trunk(height * 0.97, height * 0.02, 6), (positions, normals, _tint(color, shade), triangles)]
    for low in np.linspace(0.16, 0.8, 6) * height:  # the dark inside, so that one does not see through
        parts.append(_skirt(low, low + 0.2 * height, 0.13 * (1.04 * height - low), 7, rng, color, 0.34))
    return _join(parts)


def _skirt(
    low: float, top: float, radius: float, segments: int, rng: np.random.Generator, color: str, light: float
) -> Part:
    phi = np.arange(segments * 2) * math.pi / segments + rng.uniform(0, math.tau)
    ragged = np.where(np.arange(segments * 2) % 2, 0.66, 1.0) * rng.uniform(0.85, 1.12, segments * 2)
    droop = np.where(np.arange(segments * 2) % 2, 0.22, 0.0) * (top - low)
    rim = np.stack([np.cos(phi) * radius * ragged, low + droop, -np.sin(phi) * radius * ragged], axis=1)
    positions = np.concatenate([rim, [(0, top, 0)], [(0, low + (top - low) * 0.3, 0)]])
    n = segments * 2
    ring = np.arange(n)
    cone = np.stack([ring, np.roll(ring, -1), np.full(n, n)], axis=1)
    under = np.stack([np.roll(ring, -1), ring, np.full(n, n + 1)], axis=1)
    middle = np.array((0, low * 0.65 + top * 0.35, 0))
    normals = positions - middle
    normals[:, 1] += radius * 0.35
    shade = np.concatenate([np.where(ring % 2, 0.78, 1.12), [0.7], [0.3]]) * light
    return positions, normals, _tint(color, shade), np.concatenate([cone, under])


def _broadleaf(height: float, color: str, rng: np.random.Generator, lumps: int, level: int, sides: int, *,
               leaves: bool) -> Mesh:  # fmt: skip
    parts = [_trunk(height * 0.6, height * 0.035, sides)] if sides else []
    crown = np.array((0, height * 0.64, 0))
    clumps: list[tuple[F64, float]] = []
    for k in range(lumps):
        angle = k * 2.4 + rng.uniform(-0.3, 0.3)
        away = height * 0.17 if k else 0.0
        rise = height * (0.13 if k == 0 else rng.uniform(-0.1, 0.04))
        center = crown + np.array((math.cos(angle) * away, rise, math.sin(angle) * away))
        size = height * (0.34 if lumps == 1 else rng.uniform(0.23, 0.28))
        directions, triangles = _icosphere(level)
        bumps = 1 + 0.2 * _lumpiness(directions, rng.uniform(0, 9, 3))
        clumps.append((center, size))
        positions = center + directions * (size * bumps * (0.72 if leaves else 1))[:, None] * (1, 0.86, 1)
        shade = (0.22 if leaves else 0.62) + 0.55 * np.clip((positions[:, 1] - crown[1]) / (height * 0.5) + 0.45, 0, 1)
        normals = (positions - crown) * (1, 1.1, 1) + directions * size * 0.5
        parts.append((positions, normals, _tint(color, shade * bumps), triangles))
    if leaves:
        centers, sizes = (np.array(values) for values in zip(*clumps, strict=True))
        positions, normals, shade, triangles = sprays(crown, centers, sizes, height * 0.047, SPRAYS, rng)
        parts.append((positions, normals, _tint(color, shade), triangles))
    return _join(parts)


def _grass(height: float, color: str, rng: np.random.Generator, blades: int, half: float, joints: int) -> Mesh:
    turn = rng.uniform(0, math.tau, blades)
    out = np.stack([np.cos(turn), np.zeros(blades), np.sin(turn)], axis=1)
    side = np.stack([-out[:, 2], out[:, 1], out[:, 0]], axis=1) * half * height
    foot = rng.normal(0, 0.16 * height, (blades, 3)) * (1, 0, 1) - (0, 0.08 * height, 0)
    bend, long = rng.uniform(0.1, 0.75, (blades, 1)), height * rng.uniform(0.5, 1.1, (blades, 1))
    part = np.linspace(0, 1, joints + 2)[:, None, None]
    spine = foot + long * (out * bend * part**2 + np.array((0, 1, 0)) * (part - 0.35 * bend * part**2))
    left, right = (spine[:-1] + sign * side * (1 - 0.35 * part[:-1]) for sign in (-1, 1))
    positions = np.concatenate([np.stack([left, right], 1).reshape(-1, blades, 3), spine[-1:]]).transpose(1, 0, 2)
    low = 2 * np.arange(joints)[:, None]
    quads = [low + np.array(three) for three in ((0, 1, 2), (1, 3, 2))]
    strip = np.concatenate([*quads, [2 * joints + np.arange(3)]])
    rows = 2 * (joints + 1) + 1
    shade = np.append(np.repeat(0.45 + 0.65 * part[:-1, 0, 0], 2), 1.15) * rng.uniform(0.8, 1.2, (blades, 1))
    normals = np.repeat(out * 0.4 + (0, 1, 0), rows, axis=0)
    triangles = (np.arange(blades)[:, None, None] * rows + strip).reshape(-1, 3)
    return _join([(positions.reshape(-1, 3), normals, _tint(color, shade.reshape(-1)), triangles)])


def _rock(size: float, color: str, seed: int, level: int) -> Mesh:
    rng = np.random.default_rng(seed)
    directions, triangles = _icosphere(level)
    offset = rng.uniform(0, 9, 3)
    radius = 1 + 0.3 * _lumpiness(directions * 0.8, offset) + 0.1 * _lumpiness(directions * 2.3, offset + 4)
    positions = directions * radius[:, None] * (1.15, 0.8, 0.95) * size
    positions[:, 1] = np.maximum(positions[:, 1], -0.3 * size)
    mesh = Mesh(positions, triangles)
    normals = mesh.data.normals.astype(np.float64)
    mossy = np.clip(normals[:, 1] * 1.6 - 0.9, 0, 1)[:, None] * 0.55
    shade = 0.75 + 0.3 * normals[:, 1] * 0.5 + 0.18 * _lumpiness(directions * 3, offset)
    tint = _tint(color, shade) * (1 - mossy) + _tint("#5d6b3c", shade) * mossy
    return with_linear_colors(Mesh(positions, triangles, normals=normals), np.clip(tint, 0, 1))


def _trunk(height: float, radius: float, sides: int) -> Part:
    phi = np.arange(sides) * math.tau / sides
    ring = np.stack([np.cos(phi), np.zeros(sides), -np.sin(phi)], axis=1)
    positions = np.concatenate([ring * radius * 1.3 + (0, -0.6, 0), ring * radius * 0.45 + (0, height, 0)])
    k = np.arange(sides)
    after = np.roll(k, -1)
    triangles = np.concatenate([np.stack([k, after, after + sides], 1), np.stack([k, after + sides, k + sides], 1)])
    return positions, np.concatenate([ring, ring]), _tint("#5b4632", np.repeat((0.6, 0.9), sides)), triangles


def _tint(color: str, shade: F64) -> F64:
    return np.clip(np.asarray(linear_from_srgb(parse_color(color)[:3])) * np.asarray(shade)[:, None], 0, 1)


def _join(parts: list[Part]) -> Mesh:
    base, triangles = 0, []
    for positions, _, _, own in parts:
        triangles.append(own + base)
        base += len(positions)
    normals = np.concatenate([part[1] for part in parts])
    normals /= np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-9)
    positions = np.concatenate([part[0] for part in parts])
    mesh = Mesh(positions, np.concatenate(triangles), normals=normals)
    return with_linear_colors(mesh, np.concatenate([p[2] for p in parts]))


def _lumpiness(directions: F64, offset: F64) -> F64:
    """Smooth pseudo-noise in about [-1, 1]: a few sines, cheap and without tables."""
    p = directions * 2.1 + offset
    waves = (
        np.sin(p[:, 0] * 1.7 + p[:, 1]) + np.sin(p[:, 1] * 2.3 - p[:, 2] * 1.3) + np.sin(p[:, 2] * 1.9 + p[:, 0] * 1.1)
    )
    return waves / 3


def _icosphere(level: int) -> tuple[F64, F64]:
    """Unit directions and triangles of an icosahedron subdivided `level` times."""
    g = (1 + math.sqrt(5)) / 2
    corners: list[tuple[float, float, float]] = [(-1, g, 0), (1, g, 0), (-1, -g, 0), (1, -g, 0), (0, -1, g), (0, 1, g)]
    corners += [(0, -1, -g), (0, 1, -g), (g, 0, -1), (g, 0, 1), (-g, 0, -1), (-g, 0, 1)]
    points = np.array(corners) / math.sqrt(1 + g * g)
    faces = np.array(
        [
            (0, 11, 5), (0, 5, 1), (0, 1, 7), (0, 7, 10), (0, 10, 11), (1, 5, 9), (5, 11, 4), (11, 10, 2), (10, 7, 6),
            (7, 1, 8), (3, 9, 4), (3, 4, 2), (3, 2, 6), (3, 6, 8), (3, 8, 9), (4, 9, 5), (2, 4, 11), (6, 2, 10),
            (8, 6, 7), (9, 8, 1),
        ]
    )  # fmt: skip
    for _ in range(level):
        a, b, c = faces.T
        edges = np.sort(np.concatenate([np.stack(e, 1) for e in ((a, b), (b, c), (c, a))]), axis=1)
        unique, number = np.unique(edges, axis=0, return_inverse=True)
        ab, bc, ca = (number.reshape(3, -1) + len(points)).astype(faces.dtype)
        middle = points[unique].mean(axis=1)
        points = np.concatenate([points, middle / np.linalg.norm(middle, axis=1, keepdims=True)])
        faces = np.concatenate([np.stack(f, 1) for f in ((a, ab, ca), (ab, b, bc), (ca, bc, c), (ab, bc, ca))])
    return points, faces
