"""What textures of ground are made of: tileable noise, cells, and small things that lie on top of one another.

Owns: the tools, on sheets of `side` x `side` texels that repeat. Deterministic by the generator that is handed in.
Does not: know kinds of ground (ground_textures.py).
Source: Worley, "A cellular texture basis function" (1996); noise by its spectrum: Voss 1985.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from layerw_server.bake.heightfield import F32

Rng = np.random.Generator
I64 = npt.NDArray[np.int64]
_HEIGHT_CODES = 1 << 20


def clouds(rng: Rng, side: int, coarse: float, fine: float, slope: float = 1.0) -> F32:
    """Noise of mean 0 and deviation 1 with waves of `coarse` to `fine` texels, weaker by 1 / f**slope."""
    along = np.fft.fftfreq(side)[:, None], np.fft.rfftfreq(side)[None, :]
    f = np.sqrt(along[0] ** 2 + along[1] ** 2)
    f[0, 0] = 1.0
    band = np.exp(-((1.0 / (coarse * f)) ** 4)) * np.exp(-((fine * f) ** 4)) / f**slope
    band[0, 0] = 0.0
    found = np.fft.irfft2(np.fft.rfft2(rng.standard_normal((side, side))) * band, s=(side, side))
    out: F32 = (found / found.std()).astype(np.float32)
    return out


def blurred(sheet: F32, texels: float) -> F32:
    """A Gaussian of that deviation over a sheet that repeats."""
    side = sheet.shape[0]
    falls = [np.exp(-2.0 * (np.pi * texels * f) ** 2) for f in (np.fft.fftfreq(side), np.fft.rfftfreq(side))]
    out: F32 = np.fft.irfft2(np.fft.rfft2(sheet) * falls[0][:, None] * falls[1], s=sheet.shape).astype(np.float32)
    return out


def warped(sheet: F32, dx: F32, dy: F32) -> F32:
    """Looked up beside where it is, bilinearly; dx, dy: texels."""
    side = sheet.shape[0]
    y, x = np.mgrid[0:side, 0:side].astype(np.float32)
    x, y = x + dx, y + dy
    x0, y0 = np.floor(x), np.floor(y)
    fx, fy = x - x0, y - y0
    ix, iy = x0.astype(np.int64) % side, y0.astype(np.int64) % side
    jx, jy = (ix + 1) % side, (iy + 1) % side
    top = sheet[iy, ix] * (1 - fx) + sheet[iy, jx] * fx
    out: F32 = top * (1 - fy) + (sheet[jy, ix] * (1 - fx) + sheet[jy, jx] * fx) * fy
    return out


@dataclass(frozen=True)
class Cells:
    """Of each texel: distances (in cells) to the nearest and the second nearest of jittered points, and which it is."""

    nearest: F32
    second: F32
    owner: I64
    count: int

    @property
    def edge(self) -> F32:
        """0 between two cells, growing inwards."""
        return self.second - self.nearest


def cells(rng: Rng, side: int, across: int, dx: F32 | float = 0.0, dy: F32 | float = 0.0, squash: float = 1.0) -> Cells:
    """Cells of a grid of `across` x `across` jittered points; dx, dy: the warp, in texels; squash > 1: lying flat."""
    points = rng.random((across, across, 2)).astype(np.float32)
    y, x = np.mgrid[0:side, 0:side].astype(np.float32)
    x, y = (x + dx) * (across / side), (y + dy) * (across / side)
    column, row = np.floor(x), np.floor(y)
    first = np.full((side, side), 9.0, np.float32)
    second, owner = first.copy(), np.zeros((side, side), np.int64)
    for down in (-1, 0, 1):
        for right in (-1, 0, 1):
            i, j = (row + down).astype(np.int64) % across, (column + right).astype(np.int64) % across
            at = points[i, j]
            away = np.sqrt((column + right + at[..., 0] - x) ** 2 + (squash * (row + down + at[..., 1] - y)) ** 2)
            second = np.minimum(second, np.maximum(first, away))
            closer = away < first
            owner[closer] = (i * across + j)[closer]
            first = np.minimum(first, away)
    return Cells(first, second, owner, across * across)


class Pile:
    """Small things on a sheet; where they overlap the highest is seen."""

    def __init__(self, side: int) -> None:
        self.side = side
        self._keys = np.zeros(side * side, np.int64)
        self._count = 1  # 0: nothing lies there

    def lay(self, x: F32, y: F32, height: F32, alike: int = 1) -> slice:
        """Points (things, points each) in texels, their heights 0 to 1; returns the numbers of the things."""
        first = self._count
        owner = first + np.arange(len(x))[:, None]
        at = (np.rint(y).astype(np.int64) % self.side) * self.side + np.rint(x).astype(np.int64) % self.side
        code = (np.clip(height, 0.0, 1.0) * (_HEIGHT_CODES - 1)).astype(np.int64)
        seen = height >= 0.0
        np.maximum.at(self._keys, at[seen], ((code << 24) | np.broadcast_to(owner, x.shape))[seen])
        self._count += len(x)
        return slice(first, self._count)

    @property
    def height(self) -> F32:
        """0 where nothing lies."""
        out: F32 = ((self._keys >> 24) / (_HEIGHT_CODES - 1)).astype(np.float32).reshape(self.side, self.side)
        return out

    @property
    def owner(self) -> I64:
        """Numbers of things, 0 = none."""
        return (self._keys & ((1 << 24) - 1)).reshape(self.side, self.side)

    @property
    def count(self) -> int:
        """Of numbers, with that of nothing."""
        return self._count


def blades(rng: Rng, pile: Pile, count: int, length: tuple[float, float], width: float, *, low: float = 0.1,
           high: float = 0.9, bend: float = 0.8, lean: float | None = None) -> slice:  # fmt: skip
    """Curved blades from their roots to their tips; lengths and width in texels, lean: the angle that most have."""
    steps = np.linspace(0.0, 1.0, int(length[1] * 1.3))[None, :]
    long = rng.uniform(*length, (count, 1))
    angle = rng.uniform(-np.pi, np.pi, (count, 1)) if lean is None else rng.normal(lean, 0.7, (count, 1))
    curve = rng.normal(0.0, bend, (count, 1))
    heading = angle + curve * steps
    dx, dy = np.cos(heading) * long / steps.size, np.sin(heading) * long / steps.size
    x = rng.uniform(0, pile.side, (count, 1)) + np.cumsum(dx, axis=1)
    y = rng.uniform(0, pile.side, (count, 1)) + np.cumsum(dy, axis=1)
    root, top = rng.uniform(low, (low + high) / 2, (count, 1)), rng.uniform((low + high) / 2, high, (count, 1))
    rise = root + (top - root) * np.sin(0.5 * np.pi * np.minimum(steps * 1.5, 1.0)) - 0.25 * np.maximum(steps - 0.6, 0)
    wide = width * (1.0 - steps**2) + 0.4
    parts = []
    for side in np.arange(-width, width + 0.1, 0.7):
        inside = np.abs(side) <= wide
        parts.append((x - np.sin(heading) * side, y + np.cos(heading) * side,
                      np.where(inside, rise - 0.03 * (side / width) ** 2 + 0.01 * side / width, -1.0)))
    along, down, height = (np.concatenate([part[k] for part in parts], axis=1) for k in range(3))
    return pile.lay(along, down, height)


def stones(rng: Rng, pile: Pile, radii: F32, *, low: float = 0.0, high: float = 0.9, flat: float = 0.6,
           round_: float = 2.6, tall: float = 1.0, largest: float = 0.0) -> slice:  # fmt: skip
    """Rounded stones (or leaves) of these radii in texels; flat: the least ratio of their axes; round_: 2 = ellipses,
    more = boxes."""
    count, reach = len(radii), int(np.ceil(radii.max()))
    grid = np.arange(-reach, reach + 1, dtype=np.float32)
    gx, gy = (g.reshape(1, -1) for g in np.meshgrid(grid, grid))
    x, y = rng.uniform(0, pile.side, (count, 1)), rng.uniform(0, pile.side, (count, 1))
    turn = rng.uniform(0, 7, (count, 1))
    long, short = radii[:, None], radii[:, None] * rng.uniform(flat, 1.0, (count, 1))
    u, v = (gx * np.cos(turn) + gy * np.sin(turn)) / long, (gy * np.cos(turn) - gx * np.sin(turn)) / short
    angle = np.arctan2(v, u)
    bumps = 1 + sum(rng.normal(0, 0.06, (count, 1)) * np.cos(k * angle + rng.uniform(0, 7, (count, 1)))
                    for k in (2, 3, 5))
    away = (np.abs(u) ** round_ + np.abs(v) ** round_) ** (1 / round_) / bumps
    tilt = rng.normal(0, 0.12, (count, 1)) * u + rng.normal(0, 0.12, (count, 1)) * v
    base = rng.uniform(low, 0.5 * (low + high), (count, 1))
    rise = np.sqrt(np.maximum(1 - away**2, 0.0)) * (0.35 + 0.65 * long / max(largest, float(radii.max())))
    dome = base + (high - base) * (tall * rise + 0.3 * tilt)
    keep = away < 1.0
    return pile.lay(x + gx, y + gy, np.where(keep, np.maximum(dome, 0.0), -1.0))
