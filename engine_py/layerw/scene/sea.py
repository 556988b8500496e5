"""The sea's mesh: rings around the camera out to the horizon, moved with it in whole steps.

Owns: the shape. Waves are the water material's.
"""

from __future__ import annotations

import math

import numpy as np

from layerw.scene.shapes import Mesh

SNAP_M = 64.0  # the mesh moves in these steps, so that its vertices never swim


def sea_mesh(radius_m: float = 60_000.0, rings: int = 40, segments: int = 64) -> Mesh:
    """A level disc at y = 0 whose rings widen outwards: 2 * rings * segments triangles."""
    r = np.concatenate([[0.0], np.geomspace(SNAP_M, radius_m, rings)])
    phi = np.arange(segments) * math.tau / segments
    p = np.stack([np.outer(r, np.cos(phi)), np.zeros((rings + 1, segments)), -np.outer(r, np.sin(phi))], axis=-1)
    k = np.arange((rings + 1) * segments).reshape(rings + 1, segments)
    a, b = k[:-1].ravel(), np.roll(k[:-1], -1, axis=1).ravel()
    c, d = np.roll(k[1:], -1, axis=1).ravel(), k[1:].ravel()
    indices = np.concatenate([np.stack([a, d, c], 1), np.stack([a, c, b], 1)[segments:]])
    points = p.reshape(-1, 3)
    return Mesh(points, indices, normals=np.tile((0.0, 1.0, 0.0), (len(points), 1)))
