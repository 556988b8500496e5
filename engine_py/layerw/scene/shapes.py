"""Mesh, Material and Lods: what a user spawns. Shapes are made with numpy.

Owns: CPU data only; the engine turns each Mesh and Material into GPU resources once, when it is first used.
Triangles are counter-clockwise seen from outside.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from layerw.base.errors import ShapeError
from layerw.base.mathx import linear_from_srgb, parse_color
from layerw.base.ports import MaterialDesc, MeshData


class Mesh:
    """A mesh from arrays, or from one of the shape functions. See `MeshData` for shapes and types."""

    def __init__(
        self,
        positions: npt.ArrayLike,
        indices: npt.ArrayLike,
        *,
        normals: npt.ArrayLike | None = None,
        uvs: npt.ArrayLike | None = None,
        colors: npt.ArrayLike | None = None,
    ) -> None:
        """Take (n, 3) positions and (m,) or (k, 3) triangle indices; missing normals are smooth.

        Raises:
            ShapeError: a shape is wrong, an index is outside of the positions, or a number is not finite.
        """
        p = np.ascontiguousarray(positions, np.float32)
        i = np.ascontiguousarray(indices).reshape(-1).astype(np.uint32)
        _check(p, i)
        n = _smooth_normals(p, i) if normals is None else np.ascontiguousarray(normals, np.float32)
        t = None if uvs is None else np.ascontiguousarray(uvs, np.float32)
        c = None if colors is None else _colors(np.asarray(colors))
        for name, array, width in (("normals", n, 3), ("uvs", t, 2), ("colors", c, 4)):
            if array is not None and array.shape != (len(p), width):
                raise ShapeError(f"Mesh {name} take shape ({len(p)}, {width}); the given array has {array.shape}.")
        self.data = MeshData(p, n, i, t, c, float(np.sqrt((p.astype(np.float64) ** 2).sum(axis=1).max())))

    @classmethod
    def box(cls, width: float = 1.0, height: float = 1.0, depth: float = 1.0) -> Mesh:
        """A box around the origin, metres."""
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
        return cls(np.array(positions) * (width, height, depth), indices, normals=normals, uvs=uvs)

    @classmethod
    def plane(cls, width: float = 1.0, depth: float = 1.0, cells: int = 1) -> Mesh:
        """A level plane that faces +Y, `cells` squares along each side."""
        s = np.linspace(0, 1, cells + 1)
        u, v = np.meshgrid(s, s)
        p = np.stack([(u - 0.5) * width, np.zeros_like(u), (v - 0.5) * depth], axis=-1).reshape(-1, 3)
        q = np.arange((cells + 1) ** 2).reshape(cells + 1, cells + 1)
        a, b, c, d = (x.ravel() for x in (q[:-1, :-1], q[:-1, 1:], q[1:, 1:], q[1:, :-1]))
        indices = np.stack([a, d, c, a, c, b], axis=1)
        return cls(p, indices, normals=np.tile((0.0, 1.0, 0.0), (len(p), 1)), uvs=np.stack([u, v], -1).reshape(-1, 2))

    @classmethod
    def sphere(cls, radius: float = 0.5, segments: int = 32) -> Mesh:
        """A sphere of latitude and longitude rings; segments >= 3 around."""
        rings = max(segments // 2, 2)
        theta, phi = np.meshgrid(np.linspace(0, math.pi, rings + 1), np.linspace(0, 2 * math.pi, segments + 1))
        n = np.stack([np.sin(theta) * np.cos(phi), np.cos(theta), -np.sin(theta) * np.sin(phi)], -1).reshape(-1, 3)
        uv = np.stack([phi / (2 * math.pi), theta / math.pi], -1).reshape(-1, 2)
        return cls(n * radius, _grid_indices(segments, rings), normals=n, uvs=uv)

    @classmethod
    def cylinder(cls, radius: float = 0.5, height: float = 1.0, segments: int = 24, *, top_radius: float = -1) -> Mesh:
        """A closed cylinder around +Y (a cone frustum with top_radius >= 0), centred on the origin."""
        top = radius if top_radius < 0 else top_radius
        phi = np.linspace(0, 2 * math.pi, segments + 1)
        slope = (radius - top) / height
        profile = [(0.0, -0.5, 0, -1), (radius, -0.5, 0, -1), (radius, -0.5, 1, slope), (top, 0.5, 1, slope)]
        profile += [(top, 0.5, 0, 1), (0.0, 0.5, 0, 1)]
        rows = np.array(profile[::-1])
        c, s = np.cos(phi)[:, None], np.sin(phi)[:, None]
        r, y, nr, ny = rows.T
        p = np.stack([c * r, np.broadcast_to(y * height, (segments + 1, 6)), -s * r], -1).reshape(-1, 3)
        n = np.stack([c * nr, np.broadcast_to(ny, (segments + 1, 6)), -s * nr], -1).reshape(-1, 3)
        n /= np.linalg.norm(n, axis=1, keepdims=True)
        return cls(p, _grid_indices(segments, 5), normals=n)

    @classmethod
    def cone(cls, radius: float = 0.5, height: float = 1.0, segments: int = 24) -> Mesh:
        """A closed cone that points to +Y, centred on the origin."""
        return cls.cylinder(radius, height, segments, top_radius=0.0)

    @classmethod
    def merge(cls, parts: Sequence[tuple[Mesh, str | tuple[float, ...], npt.ArrayLike]]) -> Mesh:
        """One mesh of several: (mesh, colour, (x, y, z) offset) each; colours become vertex colours."""
        positions, normals, colors, indices, base = [], [], [], [], 0
        for mesh, color, offset in parts:
            data = mesh.data
            positions.append(data.positions + np.asarray(offset, np.float32))
            normals.append(data.normals)
            rgba = (*(float(v) for v in linear_from_srgb(parse_color(color)[:3])), 1.0)
            own = data.colors if data.colors is not None else np.full((len(data.positions), 4), 255, np.uint8)
            colors.append((own * np.array(rgba)).astype(np.uint8))
            indices.append(data.indices + base)
            base += len(data.positions)
        return cls(
            np.concatenate(positions), np.concatenate(indices), normals=np.concatenate(normals),
            colors=np.concatenate(colors),
        )  # fmt: skip


class Material:
    """How a surface looks: glTF's metallic-roughness values. `color` is sRGB: a name, "#rrggbb" or numbers."""

    def __init__(
        self,
        *,
        color: str | tuple[float, ...] = "white",
        metallic: float = 0.0,
        roughness: float = 0.7,
        emissive: str | tuple[float, ...] = "black",
        unlit: bool = False,
        double_sided: bool = False,
        wind: float = 0.0,
        kind: str = "pbr",
    ) -> None:
        r, g, b, a = parse_color(color)
        lr, lg, lb = (float(v) for v in linear_from_srgb((r, g, b)))
        er, eg, eb = (float(v) for v in linear_from_srgb(parse_color(emissive)[:3]))
        flags = (1 if double_sided else 0) | (2 if a < 1 else 0) | (8 if wind > 0 else 0)
        self.blend = a < 1
        self._desc = MaterialDesc(
            kind="unlit" if unlit else kind, base_color=(lr, lg, lb, a), emissive=(er, eg, eb),
            metallic=float(metallic), roughness=float(roughness), flags=flags, wind=float(wind),
        )  # fmt: skip

    def desc(self) -> MaterialDesc:
        """The values for the GPU."""
        return self._desc


class Lods:
    """Levels of detail: (mesh, until_m) from the finest (LOD 0) on; beyond the last distance nothing is drawn."""

    def __init__(self, levels: Sequence[tuple[Mesh, float]]) -> None:
        distances = [float(until) for _, until in levels]
        if not levels or len(levels) > 4 or distances != sorted(distances) or distances[0] <= 0:
            raise ValueError(f"Lods takes 1 to 4 (mesh, until_m) with rising distances > 0, not {distances}.")
        self.meshes = [mesh for mesh, _ in levels]
        self.until_m = distances
        self.radius = max(mesh.data.radius for mesh in self.meshes)


def _check(p: npt.NDArray[np.float32], i: npt.NDArray[np.uint32]) -> None:
    if p.ndim != 2 or p.shape[1] != 3 or len(p) == 0:
        raise ShapeError(f"Mesh positions take shape (n, 3) with n > 0; the given array has {p.shape}.")
    if not np.isfinite(p).all():
        raise ShapeError("Mesh positions take finite numbers; the given array has NaN or infinity.")
    if i.size % 3 or i.size == 0:
        raise ShapeError(f"Mesh indices are triangles, a multiple of 3; the given array has {i.size}.")
    if int(i.max()) >= len(p):
        raise ShapeError(f"Mesh index {int(i.max())} is outside of the {len(p)} positions.")


def _colors(colors: npt.NDArray[np.generic]) -> npt.NDArray[np.uint8]:
    if colors.dtype != np.uint8:
        colors = np.clip(colors.astype(np.float64) * 255 + 0.5, 0, 255).astype(np.uint8)
    if colors.ndim == 2 and colors.shape[1] == 3:
        colors = np.concatenate([colors, np.full((len(colors), 1), 255, np.uint8)], axis=1)
    return np.ascontiguousarray(colors, np.uint8)


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
