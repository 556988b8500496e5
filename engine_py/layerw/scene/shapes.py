"""Mesh and Lods: the shapes that a user spawns, made with numpy.

Owns: CPU data only; the engine turns each Mesh into GPU resources once, when it is first used, and frees
them when the program and the entities let go of it (base/lifetimes.py tells).
Triangles are counter-clockwise seen from outside.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from layerw.base import checks
from layerw.base.colors import Color, byte_colors, linear_byte_colors, linear_rgba
from layerw.base.errors import ConfigError, KindError, ShapeError
from layerw.base.lifetimes import Life
from layerw.base.names import named
from layerw.base.ports import MeshData
from layerw.base.settings import fixed_attributes

SEGMENTS_MAX = 1024
CELLS_MAX = 2048
LODS_MAX = 4


@named
class Mesh:
    """A mesh from arrays, or from one of the shape functions. See `MeshData` for shapes and types."""

    __slots__ = ("data", "life")

    def __setattr__(self, name: str, value: object) -> None:
        if name not in Mesh.__slots__:
            raise checks.unknown_attribute(self, name, ["data"])
        object.__setattr__(self, name, value)

    def __init__(
        self,
        positions: npt.ArrayLike,
        indices: npt.ArrayLike,
        *,
        normals: npt.ArrayLike | None = None,
        uvs: npt.ArrayLike | None = None,
        uvs1: npt.ArrayLike | None = None,
        colors: npt.ArrayLike | None = None,
    ) -> None:
        """Take (n, 3) positions and (m,) or (k, 3) triangle indices; missing normals are smooth.

        Args:
            positions: (n, 3) metres, n > 0.
            indices: whole numbers below n, three a triangle, counter-clockwise from outside.
            normals: (n, 3), not all 0 in a row; they need not have length 1.
            uvs: (n, 2), from the upper left.
            uvs1: a second set for programs' shaders, (n, 2); without it, it is the first.
            colors: (n, 3) or (n, 4) sRGB, 0 to 1 or uint8, as every colour here; they multiply the material's.

        Raises:
            ShapeError: a shape is wrong, an index is outside of the positions, or a number is not finite.
        """
        p = checks.array("Mesh positions", positions, np.float32, (3,))
        if len(p) == 0:
            raise ShapeError("Mesh positions has no row; it takes shape (n, 3) with n > 0.")
        i = _triangles(indices, len(p))
        n = _smooth_normals(p, i) if normals is None else _directions(normals, len(p))
        t, second = (None if given is None else checks.array(f"Mesh {name}", given, np.float32, (2,), rows=len(p))
                     for name, given in (("uvs", uvs), ("uvs1", uvs1)))  # fmt: skip
        c = None if colors is None else linear_byte_colors(colors, len(p), "Mesh colors")
        self.life = Life()
        self.data = MeshData(p, n, i, t, c, float(np.sqrt((p.astype(np.float64) ** 2).sum(axis=1).max())), second)

    def destroy(self) -> None:
        """Free what it takes on the GPU now; entities that still have it are drawn no more, spawning it is an error.

        Nobody needs to: it is freed when neither the program nor an entity has it any more.
        """
        self.life.destroy()

    @classmethod
    def box(cls, width: float = 1.0, height: float = 1.0, depth: float = 1.0) -> Mesh:
        """A box around the origin; width (x), height (y) and depth (z) in metres, above 0."""
        size = [checks.number(f"Mesh.box {name}", value, 0, above=True)
                for name, value in (("width", width), ("height", height), ("depth", depth))]  # fmt: skip
        positions, normals, uvs, indices = [], [], [], []
        for axis in range(3):
            for sign in (1.0, -1.0):
                n = np.zeros(3)
                n[axis] = sign
                u, v = np.roll(n, 1), np.roll(n, 2)
                u = np.abs(u) * sign
                v = np.abs(v)
                for a, b in ((-1, -1), (1, -1), (1, 1), (-1, 1)):
                    positions.append((n + a * u + b * v) / 2)
                    normals.append(n)
                    uvs.append(((a + 1) / 2, (1 - b) / 2))
                k = len(positions) - 4
                indices += [k, k + 1, k + 2, k, k + 2, k + 3]
        return cls(np.array(positions) * size, indices, normals=normals, uvs=uvs)

    @classmethod
    def plane(cls, width: float = 1.0, depth: float = 1.0, cells: int = 1) -> Mesh:
        """A level plane that faces +Y, width (x) by depth (z) metres; `cells` squares along each side, 1 to 2048."""
        width = checks.number("Mesh.plane width", width, 0, above=True)
        depth = checks.number("Mesh.plane depth", depth, 0, above=True)
        cells = checks.whole("Mesh.plane cells", cells, 1, CELLS_MAX)
        s = np.linspace(0, 1, cells + 1)
        u, v = np.meshgrid(s, s)
        p = np.stack([(u - 0.5) * width, np.zeros_like(u), (v - 0.5) * depth], axis=-1).reshape(-1, 3)
        q = np.arange((cells + 1) ** 2).reshape(cells + 1, cells + 1)
        a, b, c, d = (x.ravel() for x in (q[:-1, :-1], q[:-1, 1:], q[1:, 1:], q[1:, :-1]))
        indices = np.stack([a, d, c, a, c, b], axis=1).reshape(-1, 3)
        return cls(p, indices, normals=np.tile((0.0, 1.0, 0.0), (len(p), 1)), uvs=np.stack([u, v], -1).reshape(-1, 2))

    @classmethod
    def sphere(cls, radius: float = 0.5, segments: int = 32) -> Mesh:
        """A sphere of latitude and longitude rings: radius in metres, 3 to 1024 segments around."""
        radius = checks.number("Mesh.sphere radius", radius, 0, above=True)
        segments = checks.whole("Mesh.sphere segments", segments, 3, SEGMENTS_MAX)
        rings = max(segments // 2, 2)
        theta, phi = np.meshgrid(np.linspace(0, math.pi, rings + 1), np.linspace(0, 2 * math.pi, segments + 1))
        n = np.stack([np.sin(theta) * np.cos(phi), np.cos(theta), -np.sin(theta) * np.sin(phi)], -1).reshape(-1, 3)
        uv = np.stack([phi / (2 * math.pi), theta / math.pi], -1).reshape(-1, 2)
        return cls(n * radius, _grid_indices(segments, rings), normals=n, uvs=uv)

    @classmethod
    def cylinder(cls, radius: float = 0.5, height: float = 1.0, segments: int = 24, *,
                 top_radius: float | None = None) -> Mesh:  # fmt: skip
        """A closed cylinder around +Y, centred on the origin: radius and height in metres, 3 to 1024 segments around.

        top_radius: of the upper end, at least 0; None: as the lower one.
        """
        radius = checks.number("Mesh.cylinder radius", radius, 0, above=True)
        height = checks.number("Mesh.cylinder height", height, 0, above=True)
        segments = checks.whole("Mesh.cylinder segments", segments, 3, SEGMENTS_MAX)
        top = radius if top_radius is None else checks.number("Mesh.cylinder top_radius", top_radius, 0)
        slope, half = (radius - top) / height, height / 2
        profile = [(0.0, half, 0, 1), (top, half, 0, 1), (top, half, 1, slope), (radius, -half, 1, slope),
                   (radius, -half, 0, -1), (0.0, -half, 0, -1)]  # fmt: skip
        return cls._turned(np.array(profile), segments)

    @classmethod
    def capsule(cls, radius: float = 0.5, height: float = 2.0, segments: int = 24) -> Mesh:
        """A cylinder with round ends around +Y, centred on the origin: metres, with its caps, 3 to 1024 segments."""
        radius = checks.number("Mesh.capsule radius", radius, 0, above=True)
        height = checks.number("Mesh.capsule height", height, 2 * radius)
        segments = checks.whole("Mesh.capsule segments", segments, 3, SEGMENTS_MAX)
        rise = np.linspace(math.pi / 2, 0, max(segments // 4, 2) + 1)
        across, up = np.cos(rise), np.sin(rise)
        upper = np.stack([radius * across, radius * up + (height / 2 - radius), across, up], axis=1)
        return cls._turned(np.concatenate([upper, upper[::-1] * (1, -1, 1, -1)]), segments)

    @classmethod
    def cone(cls, radius: float = 0.5, height: float = 1.0, segments: int = 24) -> Mesh:
        """A closed cone that points to +Y, centred on the origin: metres, 3 to 1024 segments around."""
        radius = checks.number("Mesh.cone radius", radius, 0, above=True)
        height = checks.number("Mesh.cone height", height, 0, above=True)
        segments = checks.whole("Mesh.cone segments", segments, 3, SEGMENTS_MAX)
        return cls.cylinder(radius, height, segments, top_radius=0.0)

    @classmethod
    def _turned(cls, profile: npt.NDArray[np.float64], segments: int) -> Mesh:
        """Around +Y, from the top down; profile: (n, 4) radius, y, and the normal outwards and up, of any length."""
        phi = np.linspace(0, 2 * math.pi, segments + 1)
        c, s = np.cos(phi)[:, None], np.sin(phi)[:, None]
        r, y, nr, ny = profile.T
        p = np.stack([c * r, np.broadcast_to(y, (segments + 1, len(y))), -s * r], -1).reshape(-1, 3)
        n = np.stack([c * nr, np.broadcast_to(ny, (segments + 1, len(y))), -s * nr], -1).reshape(-1, 3)
        n /= np.linalg.norm(n, axis=1, keepdims=True)
        return cls(p, _grid_indices(segments, len(y) - 1), normals=n)

    @classmethod
    def merge(cls, parts: Sequence[tuple[Mesh, Color, npt.ArrayLike]]) -> Mesh:
        """One mesh of several: (mesh, colour, (x, y, z) offset) each; colours become vertex colours."""
        positions, normals, colors, indices, base = [], [], [], [], 0
        if not isinstance(parts, Sequence) or not parts or not all(_is_part(part) for part in parts):
            raise ShapeError(f"Mesh.merge parts is {checks.shown(parts)}; it takes a list of (mesh, color, offset).")
        for mesh, color, offset in parts:
            data = mesh.data
            positions.append(data.positions + checks.vector("Mesh.merge offset", offset).astype(np.float32))
            normals.append(data.normals)
            rgba = (*linear_rgba(color, "Mesh.merge color")[:3], 1.0)
            own = data.colors if data.colors is not None else np.full((len(data.positions), 4), 255, np.uint8)
            colors.append((own * np.array(rgba)).astype(np.uint8))
            indices.append(data.indices + base)
            base += len(data.positions)
        merged = cls(np.concatenate(positions), np.concatenate(indices), normals=np.concatenate(normals))
        return with_linear_colors(merged, np.concatenate(colors))


def with_linear_colors(mesh: Mesh, colors: npt.ArrayLike) -> Mesh:
    """The mesh with (n, 3) or (n, 4) vertex colours that are linear already: 0 to 1, or uint8."""
    mesh.data.colors = byte_colors(colors, len(mesh.data.positions), "Mesh colors")
    return mesh


@fixed_attributes
class Lods:
    """Levels of detail: (mesh, until_m) from the finest (LOD 0) on; beyond the last distance nothing is drawn."""

    def __init__(self, levels: Sequence[tuple[Mesh, float]]) -> None:
        if not isinstance(levels, Sequence) or not 1 <= len(levels) <= LODS_MAX or not all(map(_is_level, levels)):
            raise KindError(f"Lods levels is {checks.shown(levels)}; it takes 1 to {LODS_MAX} (mesh, until_m).")
        distances = [checks.number("Lods until_m", until, 0, above=True) for _, until in levels]
        if distances != sorted(distances):
            raise ConfigError(f"Lods until_m is {distances}; it takes rising distances.")
        self.life = Life()
        self.meshes = [mesh for mesh, _ in levels]
        self.until_m = distances
        self.radius = max(mesh.data.radius for mesh in self.meshes)


def _is_part(part: object) -> bool:
    return isinstance(part, Sequence) and len(part) == 3 and isinstance(part[0], Mesh)


def _is_level(level: object) -> bool:
    return isinstance(level, Sequence) and len(level) == 2 and isinstance(level[0], Mesh)


def _triangles(indices: npt.ArrayLike, points: int) -> npt.NDArray[np.uint32]:
    """(m,) uint32 of (m,) or (k, 3) whole numbers below `points`."""
    try:
        given = np.asarray(indices)
    except ValueError:
        given = np.zeros(0)
    if given.dtype.kind not in "iu" or given.size == 0:
        raise ShapeError(f"Mesh indices is {checks.shown(indices)}; it takes whole numbers, three a triangle.")
    if given.ndim > 2 or (given.ndim == 2 and given.shape[1] != 3) or given.size % 3:
        quads = " Cut each quad a, b, c, d into the triangles a, b, c and a, c, d." if given.shape[-1:] == (4,) else ""
        raise ShapeError(f"Mesh indices has shape {given.shape}; it takes triangles: (k, 3), or (m,) with m a multiple "
                         f"of 3.{quads}")  # fmt: skip
    low, high = int(given.min()), int(given.max())
    if low < 0 or high >= points:
        raise ShapeError(f"Mesh indices: index {low if low < 0 else high} is outside of the {points} positions.")
    return np.ascontiguousarray(given.reshape(-1), np.uint32)


def _directions(normals: npt.ArrayLike, rows: int) -> npt.NDArray[np.float32]:
    """(rows, 3) float32 of length 1."""
    given = checks.array("Mesh normals", normals, np.float64, (3,), rows=rows)
    length = np.linalg.norm(given, axis=1, keepdims=True)
    if not (length > 0).all():
        raise ShapeError(f"Mesh normals row {int(np.argmin(length))} is (0, 0, 0), which is no direction.")
    found: npt.NDArray[np.float32] = (given / length).astype(np.float32)
    return found


def _smooth_normals(p: npt.NDArray[np.float32], i: npt.NDArray[np.uint32]) -> npt.NDArray[np.float32]:
    a, b, c = (p[i[k::3]] for k in range(3))
    face = np.cross(b - a, c - a)
    n = np.zeros_like(p)
    for k in range(3):
        np.add.at(n, i[k::3], face)
    length = np.linalg.norm(n, axis=1, keepdims=True)
    return np.where(length > 0, n / np.maximum(length, 1e-20), (0, 1, 0)).astype(np.float32)


def _grid_indices(columns: int, rows: int) -> npt.NDArray[np.int64]:
    q = np.arange((columns + 1) * (rows + 1)).reshape(columns + 1, rows + 1)
    a, b, c, d = (x.ravel() for x in (q[:-1, :-1], q[1:, :-1], q[1:, 1:], q[:-1, 1:]))
    return np.stack([a, d, c, a, c, b], axis=1).reshape(-1)
