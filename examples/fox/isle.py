"""The isle: its ground, woods and rocks, all made from numbers, with bodies and the ways that animals take."""

from __future__ import annotations

import math

import numpy as np

import layerw as lw

SIDE_M, CELLS = 220.0, 150
SHORE_M = 0.6  # the sea is at 0
GROUND, WALLS, TRUNKS, SEABED = 0, 1, 2, 3  # layers of bodies
SWIM_M = -0.45  # where the fox's feet are then
CLEARINGS = ((0.0, 4.0, 12.0, 6.0), (38.0, 26.0, 22.0, 5.0))  # x, z, metres around, metres high: flat, without trees
WAVES = ((0.021, 0.6, 5.0), (0.047, 2.1, 2.2), (0.083, 4.4, 1.0), (0.17, 1.3, 0.35))  # turns a metre, phase, metres


def height(x, z):
    """Metres above the sea, to the millimetre: sines differ by a last bit from machine to machine, the game must not.

    x, z: numbers or arrays, metres."""
    x, z = np.asarray(x, np.float64), np.asarray(z, np.float64)
    hills = sum(high * np.sin(often * math.tau * (x * math.cos(turn) + z * math.sin(turn)) + turn)
                for often, turn, high in WAVES)  # fmt: skip
    out = np.hypot(x, z) / (SIDE_M / 2) + 0.06 * np.sin(5 * np.arctan2(z, x))
    inland = np.clip((0.86 - out) / 0.5, 0.0, 1.0)
    inland = inland * inland * (3 - 2 * inland)
    high = inland * (9.0 + hills) - 4.5 * (1 - inland)
    for there_x, there_z, around, level in CLEARINGS:
        share = np.clip(2.0 - 1.6 * np.hypot(x - there_x, z - there_z) / around, 0.0, 1.0)
        high = high + (level - high) * share * share * (3 - 2 * share)
    return np.round(high, 3)


def normal(x, z):
    """(..., 3) of the ground."""
    rise = height(x - 0.5, z) - height(x + 0.5, z), height(x, z - 0.5) - height(x, z + 0.5)
    up = np.stack((rise[0], np.ones_like(rise[0]), rise[1]), axis=-1)
    return up / np.linalg.norm(up, axis=-1, keepdims=True)


def heading(rotation) -> float:
    """The radians about +Y of what stands."""
    return 2 * math.atan2(rotation[1], rotation[3])


def surface(cells):
    """(n, 3) points of the ground and (m, 3) triangles of a square grid."""
    line = np.linspace(-SIDE_M / 2, SIDE_M / 2, cells + 1)
    x, z = (one.ravel() for one in np.meshgrid(line, line))
    corner = (np.arange(cells)[:, None] * (cells + 1) + np.arange(cells)).ravel()
    faces = np.stack((corner, corner + cells + 1, corner + 1, corner + 1, corner + cells + 1, corner + cells + 2))
    return np.stack((x, height(x, z), z), axis=1), faces.T.reshape(-1, 3)


def ground() -> lw.Mesh:
    """The isle as one mesh, coloured by height and slope."""
    points, faces = surface(CELLS)
    x, y, z = points.T
    up = normal(x, z)
    sand, grass, moss, stone = (np.array(color) for color in
                                ((0.84, 0.76, 0.56), (0.36, 0.47, 0.18), (0.22, 0.34, 0.13), (0.46, 0.43, 0.39)))
    patches = 0.5 + 0.5 * np.sin(0.21 * x + 1.7 * np.sin(0.13 * z))
    color = grass + (moss - grass) * patches[:, None]
    color = sand + (color - sand) * np.clip((y - SHORE_M) / 1.2, 0, 1)[:, None]
    color = stone + (color - stone) * np.clip((up[:, 1] - 0.72) / 0.14, 0, 1)[:, None]
    return lw.Mesh(points, faces.ravel(), normals=up, colors=color, uvs=points[:, [0, 2]] / 3.0)


def grain(rng, side=128):
    """Colour and bumps of soil, as textures that repeat: more of what is coarse, none of what is coarsest."""
    often = np.hypot(*np.meshgrid(*[np.fft.fftfreq(side) * side] * 2))
    field = np.fft.ifft2(np.fft.fft2(rng.normal(size=(side, side))) * (often > 1) / (often + 3) ** 1.3).real
    field = np.clip(field / field.std() / 5 + 0.5, 0, 1)
    right, up = ((np.roll(field, 1, axis) - np.roll(field, -1, axis)) * 0.8 for axis in (1, 0))
    bumps = np.stack((right, -up, np.ones_like(field)), axis=-1)
    bumps /= np.linalg.norm(bumps, axis=-1, keepdims=True)
    color = np.repeat(0.62 + 0.38 * field[..., None], 3, axis=-1)
    return lw.Texture(color, wrap="repeat"), lw.Texture(bumps / 2 + 0.5, srgb=False, wrap="repeat")


def places(count, rng, low=SHORE_M + 0.8, reach=0.8, slope=0.8, clear=0.7):
    """(count, 3) points on dry ground that is not steep."""
    found = np.zeros((0, 3))
    while len(found) < count:
        x, z = rng.uniform(-SIDE_M / 2 * reach, SIDE_M / 2 * reach, (2, 4 * count))
        y = height(x, z)
        good = (y > low) & (normal(x, z)[:, 1] > slope)
        for there_x, there_z, around, _ in CLEARINGS:
            good &= np.hypot(x - there_x, z - there_z) > clear * around
        found = np.concatenate((found, np.stack((x, y, z), axis=1)[good]))
    return found[:count]


def build(app: lw.App, seed: int, walls) -> None:
    """Spawns the isle with its bodies: ground, trees, and a floor in the sea that only the fox meets.

    walls: entities that animals walk around."""
    rng = np.random.default_rng(seed)
    app.sea.level = 0.0
    color, bumps = grain(np.random.default_rng(seed + 1))
    app.spawn(ground(), lw.Material(base_color_texture=color, normal_texture=bumps, roughness=0.95), static=True,
              body=lw.Body("static", shape="mesh", layer=GROUND))  # fmt: skip
    bed = app.spawn(lw.Mesh.box(600, 1, 600), position=(0, SWIM_M - 0.5, 0),
                    body=lw.Body("static", layer=SEABED, hits=[31]))  # fmt: skip
    bed.visible = False
    app.physics.gravity = (0, -16, 0)  # games fall faster than the world
    app.physics.add_water(app.sea)
    leaves, stone = lw.Material(roughness=0.9, wind=0.3), lw.Material(roughness=0.95)
    kinds = ((lw.flora.conifer(seed=1), 260, leaves, 0.5), (lw.flora.broadleaf(seed=2), 90, leaves, 0.5),
             (lw.flora.rock(seed=3), 60, stone, 0.9))  # fmt: skip
    trunks = []
    for shape, count, look, radius in kinds:
        place = places(count, rng, low=SHORE_M + 1.2, clear=1.3)  # none between the camera and the crate
        size = rng.uniform(0.5, 1.0, count)
        turn = rng.uniform(0, math.tau, count)
        group = app.spawn_many(shape, count, look, position=place, rotation=lw.turned(y=turn),
                               scale=np.repeat(size[:, None], 3, axis=1), static=True)  # fmt: skip
        app.physics.add(group, "static", shape="cylinder", size=(radius, 12.0), layer=TRUNKS)
        trunks.append(np.column_stack((place, radius * size, np.ones(count))))
    blades = lw.Material(roughness=0.9, wind=0.5, double_sided=True)
    lw.GroundCover(app, height, lw.flora.grass(height_m=0.5, color="#5d7a33"), blades, per_m2=2.5, reach_m=55,
                   height=(SHORE_M + 0.3, 100), slope_max=0.5, patches_m=6, size=(0.4, 1.1), seed=seed)
    points, faces = surface(CELLS // 2)
    dry = faces[(points[faces, 1] > SHORE_M).all(axis=1)]
    rows = np.concatenate(trunks)
    posts = app.spawn_many(lw.Mesh.box(2, 6, 2), len(rows), position=rows[:, :3], scale=rows[:, [3, 4, 3]])
    app.navigation.bake((points, dry), radius=0.5, height=1.2, cell=0.5, climb=0.8, slope=0.9, obstacles=[posts, walls],
                        slices=True)  # while one looks at the menu
    posts.despawn()
