"""Noise: gradient noise on any coordinates, its fractal sums, and small tileable sheets for textures.

Owns: `Noise` (one seeded family). Deterministic: the same seed gives the same bits for any process count.
Limits: the lattice repeats after 256 cells.
Source: Perlin 2002 (the quintic fade); Musgrave 1994 (ridged multifractal).
"""

from __future__ import annotations

import functools

import numpy as np
import numpy.typing as npt

from layerw_server.bake.heightfield import F32

LATTICE = 256


class Noise:
    """Gradient noise of one seed; `octave` picks an independent lattice."""

    def __init__(self, seed: int) -> None:
        self.seed = seed

    def sample(self, x: F32, y: F32, octave: int) -> F32:
        """Noise in about -1..1 at coordinates in lattice cells."""
        gx, gy = _gradients(self.seed, octave)
        x0, y0 = np.floor(x), np.floor(y)
        fx, fy = x - x0, y - y0
        ix, iy = x0.astype(np.int32) & (LATTICE - 1), y0.astype(np.int32) & (LATTICE - 1)
        jx, jy = (ix + 1) & (LATTICE - 1), (iy + 1) & (LATTICE - 1)
        u, v = _fade(fx), _fade(fy)
        rows = (iy * LATTICE, jy * LATTICE)

        def dot(row: int, column: npt.NDArray[np.int32], dx: F32, dy: F32) -> F32:
            at = rows[row] + column
            corner: F32 = gx[at] * dx + gy[at] * dy
            return corner

        top = dot(0, ix, fx, fy)
        top += u * (dot(0, jx, fx - 1, fy) - top)
        low = dot(1, ix, fx, fy - 1)
        low += u * (dot(1, jx, fx - 1, fy - 1) - low)
        out: F32 = (top + v * (low - top)) * np.float32(1.5)
        return out

    def fractal(self, x: F32, y: F32, octaves: int, *, first: int = 0, gain: float = 0.5) -> F32:
        """A sum of octaves, each twice as fine, about -1..1."""
        total = np.zeros_like(x)
        weight, norm = 1.0, 0.0
        for k in range(octaves):
            total += np.float32(weight) * self.sample(*_turned(x, y, k), first + k)
            norm += weight
            weight *= gain
        total /= np.float32(norm)
        return total

    def ridged(self, x: F32, y: F32, octaves: int, *, first: int = 0) -> F32:
        """Ridged multifractal, 0..1: sharp crests, detail gathers on them."""
        total, weight, norm = np.zeros_like(x), np.ones_like(x), 0.0
        for k in range(octaves):
            ridge = 1.0 - np.abs(self.sample(*_turned(x, y, k), first + k))
            ridge *= ridge * weight
            weight = np.clip(1.6 * ridge, 0.0, 1.0)
            total += np.float32(0.55**k) * ridge
            norm += 0.55**k
        total /= np.float32(norm)
        return total


def _turned(x: F32, y: F32, octave: int) -> tuple[F32, F32]:
    """Coordinates of an octave: twice as fine each, turned so that the lattices' axes never line up."""
    c, s = np.float32(np.cos(0.6 + 1.1 * octave) * 2**octave), np.float32(np.sin(0.6 + 1.1 * octave) * 2**octave)
    return c * x - s * y + np.float32(17 * octave), s * x + c * y + np.float32(31 * octave)


@functools.lru_cache(maxsize=64)
def _gradients(seed: int, octave: int) -> tuple[F32, F32]:
    angle = np.random.default_rng([seed, octave]).random(LATTICE * LATTICE) * (2 * np.pi)
    return np.cos(angle).astype(np.float32), np.sin(angle).astype(np.float32)


def _fade(t: F32) -> F32:
    out: F32 = t * t * t * (t * (t * 6 - 15) + 10)
    return out


@functools.lru_cache(maxsize=16)
def sheet(seed: int, number: int, size: int, cells: int, octaves: int) -> F32:
    """A tileable (size, size) sheet of fractal noise with `cells` lattice cells a side; mean 0, deviation 1.

    `cells` is a power of two, so that the lattice (256 cells) closes on itself: cells * 2**octaves <= 256 * 2.
    """
    at = np.arange(size, dtype=np.float32) / size
    total = np.zeros((size, size), np.float32)
    for k in range(octaves):
        count = cells << k
        fine = at * count
        x, y = np.meshgrid(fine, fine)
        total += np.float32(0.6**k) * _periodic(x, y, count, seed, 1000 + 16 * number + k)
    total -= np.float32(total.mean(dtype=np.float64))
    total /= np.float32(total.std(dtype=np.float64))
    return total


def _periodic(x: F32, y: F32, period: int, seed: int, octave: int) -> F32:
    angle = np.random.default_rng([seed, octave]).random((period, period)) * (2 * np.pi)
    gx, gy = np.cos(angle).astype(np.float32), np.sin(angle).astype(np.float32)
    x0, y0 = np.floor(x), np.floor(y)
    fx, fy = x - x0, y - y0
    ix, iy = x0.astype(np.int32) % period, y0.astype(np.int32) % period
    jx, jy = (ix + 1) % period, (iy + 1) % period
    u, v = _fade(fx), _fade(fy)
    a = gx[iy, ix] * fx + gy[iy, ix] * fy
    b = gx[iy, jx] * (fx - 1) + gy[iy, jx] * fy
    c = gx[jy, ix] * fx + gy[jy, ix] * (fy - 1)
    d = gx[jy, jx] * (fx - 1) + gy[jy, jx] * (fy - 1)
    top, low = a + u * (b - a), c + u * (d - c)
    out: F32 = top + v * (low - top)
    return out
