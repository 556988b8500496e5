"""The numpy twin of the shallow-water kernel: whole grids, the same arithmetic in the same order."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

F = np.float32
Floats = npt.NDArray[np.float32]


def positive(a: Floats) -> Floats:
    return np.where(a > 0, a, F(0))


@dataclass
class ShallowTwin:
    ground: Floats
    depth: Floats
    cell_m: float = 1.0
    gravity: float = 9.81
    friction: float = 0.05
    sources: list[tuple[float, float, float, float]] = field(default_factory=list)

    def __post_init__(self) -> None:
        rows, columns = self.depth.shape
        padded = np.full((rows + 2, columns + 2), F(1e9))
        padded[1:-1, 1:-1] = self.ground
        self.padded_ground = padded
        self.padded_depth = np.pad(np.asarray(self.depth, np.float32), 1)
        self.flow_x = np.zeros_like(padded)
        self.flow_z = np.zeros_like(padded)

    def step(self, dt_s: float) -> int:
        cells = (F(dt_s) * np.sqrt(F(self.gravity) * self.padded_depth.max())) / (F(0.5) * F(self.cell_m))
        steps = int(cells) + 1
        self.dt = F(dt_s) / F(steps)
        for _ in range(steps):
            self._inner()
        self.depth = self.padded_depth[1:-1, 1:-1]
        return steps

    def _inner(self) -> None:
        b, h, cell, dt = self.padded_ground, self.padded_depth, F(self.cell_m), self.dt
        damping = F(1) / (F(1) + F(self.friction) * dt)
        push, speed = (dt * F(self.gravity)) / cell, (F(0.5) * cell) / dt
        level = b + h
        for flow, axis in ((self.flow_x, 1), (self.flow_z, 0)):
            here = (slice(1, -1), slice(1, -1))
            next_level, next_ground = (np.roll(a, -1, axis)[here] for a in (level, b))
            height = positive(np.maximum(level[here], next_level) - np.maximum(b[here], next_ground))
            most = speed * height
            new = flow[here] * damping + (push * height) * (level[here] - next_level)
            flow[here] = np.maximum(np.minimum(new, most), -most)
        x, z = self.flow_x, self.flow_z
        left, above = np.roll(x, 1, 1), np.roll(z, 1, 0)
        wanted = dt * ((positive(x) + positive(-left)) + (positive(z) + positive(-above)))
        there = h * cell
        keep = np.where(wanted > there, there / np.where(wanted > 0, wanted, F(1)), F(1))
        fed_x = x * np.where(x > 0, keep, np.roll(keep, -1, 1))
        fed_z = z * np.where(z > 0, keep, np.roll(keep, -1, 0))
        gained = (np.roll(fed_x, 1, 1) - fed_x) + (np.roll(fed_z, 1, 0) - fed_z)
        self.padded_depth = positive(h + (dt / cell) * gained)
        self.flow_x, self.flow_z = fed_x, fed_z
        for source in self.sources:
            self._pour(*map(F, source))

    def _pour(self, column: np.float32, row: np.float32, radius: np.float32, rate: np.float32) -> None:
        inside = self.padded_depth[1:-1, 1:-1]
        dz = (np.arange(inside.shape[0], dtype=np.float32) - row)[:, None]
        dx = (np.arange(inside.shape[1], dtype=np.float32) - column)[None]
        inside[:] = np.where(dx * dx + dz * dz > radius * radius, inside, positive(inside + rate * self.dt))


def paint(ground: Floats, depth: Floats, cell_m: float, low: float, high: float, deep: float,
          colors: tuple[tuple[int, int, int], ...]) -> npt.NDArray[np.uint8]:  # fmt: skip
    """The twin of lw_shallow_paint; see shallow_paint.h. colors: of low ground, high ground, water."""
    level = np.pad(ground + depth, 1, mode="edge")
    slope = (level[1:-1, :-2] - level[1:-1, 2:]) + (level[:-2, 1:-1] - level[2:, 1:-1])
    relief = np.where(depth > 0, F(0.6) / F(cell_m), F(0.35) / F(cell_m))
    light = (F(256) * np.clip(F(0.82) + relief * slope, F(0.35), F(1.25))).astype(np.int64)
    height = (F(256) * np.clip((ground - F(low)) / (F(high) - F(low)), F(0), F(1))).astype(np.int64)
    wet = np.where(depth > 0, 64 + (F(176) * np.clip(depth / F(deep), F(0), F(1))).astype(np.int64), 0)
    out = np.full((*ground.shape, 4), 255, np.uint8)
    for channel in range(3):
        a, b, water = (color[channel] for color in colors)
        dry = (a * (256 - height) + b * height) >> 8
        out[..., channel] = np.minimum(((dry * (256 - wet) + water * wet) >> 8) * light >> 8, 255)
    return out
