"""The numpy twin of the particle kernels: the same arithmetic in the same order, neighbours by comparing all pairs.

For small counts. It has no pool of neighbours: compare only where the kernel dropped none.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

F = np.float32
Floats = npt.NDArray[np.float32]
SIGMA = F(3.3422538049298023)
CHUNK = 128  # LW_SPH_GRAIN
Surface = tuple[Floats, Floats]


@dataclass
class Obstacle:
    kind: int
    center: Floats
    half: Floats


def lattice_mass(spacing: np.float32, reach: np.float32) -> np.float32:
    """The mass at which a cubic lattice has density 1."""
    total = F(0)
    side = range(-3, 4)
    for square in (x * x + y * y + z * z for x in side for y in side for z in side):
        q = (spacing * np.sqrt(F(square))) / reach
        t = F(1) - q
        if q < 1:
            total += ((t * t) * (t * t)) * (F(4) * q + F(1))
    return F(((reach * reach) * reach) / (SIGMA * total))


def four(lanes: Floats) -> Floats:
    """(n, 4) lanes added up as the kernel does."""
    return (lanes[:, 0] + lanes[:, 1]) + (lanes[:, 2] + lanes[:, 3])


def lanes_sum(terms: Floats) -> Floats:
    """(n, blocks, 4): blocks one after the other, then the lanes."""
    lanes = np.zeros((len(terms), 4), np.float32)
    for block in range(terms.shape[1]):
        lanes = lanes + terms[:, block]
    return four(lanes)


def in_order(values: Floats) -> Any:
    """Their sum, one after the other."""
    return values.cumsum(dtype=np.float32)[-1] if len(values) else F(0)


def chunk_sums(values: Floats) -> Floats:
    """The sum of each chunk of particles."""
    starts = range(0, len(values), CHUNK)
    return np.array([in_order(values[first : first + CHUNK]) for first in starts], np.float32)


def dot(a: Floats, b: Floats) -> Floats:
    return (a[..., 0] * b[..., 0] + a[..., 1] * b[..., 1]) + a[..., 2] * b[..., 2]


@dataclass
class SphTwin:
    spacing: float
    low: tuple[float, float, float]
    high: tuple[float, float, float]
    gravity: tuple[float, float, float] = (0.0, -9.81, 0.0)
    viscosity: float = 0.05
    iterations_max: int = 60
    substeps: int = 0
    iterations: int = 0
    obstacles: list[Obstacle] = field(default_factory=list)
    ground: Floats | None = None
    position: Floats = field(default_factory=lambda: np.zeros((0, 3), np.float32))
    velocity: Floats = field(default_factory=lambda: np.zeros((0, 3), np.float32))
    pressure: Floats = field(default_factory=lambda: np.zeros(0, np.float32))
    ids: npt.NDArray[np.uint32] = field(default_factory=lambda: np.zeros(0, np.uint32))
    density: Floats = field(default_factory=lambda: np.zeros(0, np.float32))

    def __post_init__(self) -> None:
        self.reach = F(2) * F(self.spacing)
        self.mass = lattice_mass(F(self.spacing), self.reach)
        self.lo, self.hi = np.array(self.low, np.float32), np.array(self.high, np.float32)

    def spawn(self, position: Any, ids: Any, velocity: Any = None) -> None:
        at = np.array(position, np.float32)
        moved, _ = self._push_out(at, np.zeros_like(at))
        self.position = np.concatenate([self.position, moved])
        speed = np.zeros_like(at) if velocity is None else np.array(velocity, np.float32)
        self.velocity = np.concatenate([self.velocity, speed])
        self.pressure = np.concatenate([self.pressure, np.zeros(len(at), np.float32)])
        self.ids = np.concatenate([self.ids, np.asarray(ids, np.uint32)])

    def step(self, dt_s: float) -> None:
        self._sort()
        self.substeps, self.iterations = self._count_substeps(F(dt_s)), 0
        self.dt, self.drag = F(dt_s) / F(self.substeps), F(self.viscosity) / F(self.substeps)
        for k in range(self.substeps):
            if k > 0:
                self._sort()
            self._neighbours()
            self._advance(self._solve())

    def _count_substeps(self, dt_s: np.float32) -> int:
        sums = chunk_sums(dot(self.velocity, self.velocity) + F(2) * self.pressure)
        sizes = np.minimum(CHUNK, len(self.pressure) - CHUNK * np.arange(len(sums))).astype(np.float32)
        steps = (dt_s * np.sqrt(max((sums / sizes).max(initial=F(0)), F(0)))) / (F(1.0) * F(self.spacing))
        return int(steps) + 1 if steps < 15 else 16

    def _solve(self) -> Floats:
        g, speed, ahead = np.array(self.gravity, np.float32), F(0), self.pressure
        pull = np.sqrt(dot(g, g))
        each = self.dt * F(len(ahead))
        most_work = (F(0.15) * (pull * np.sqrt(pull * F(self.spacing)))) * each
        for turn in range(1, self.iterations_max + 1):
            predicted = self._predict(ahead)
            error, work, uphill, ahead = self._correct(predicted, ahead, (speed + F(1)) / (speed + F(3)))
            self.iterations += 1
            if turn >= 2 and error <= F(0.24) * each and (pull == 0 or work <= most_work):
                break
            speed = F(0) if uphill < 0 else speed + F(1)
        return predicted

    def _sort(self) -> None:
        cells = ((self.hi - self.lo) / F(self.spacing)).astype(np.uint32) + 1
        at = ((self.position - self.lo) / (F(0.5) * self.reach)).astype(np.uint32)
        at = np.minimum(at, cells - 1).astype(np.int64)
        cell = (at[:, 2] * int(cells[1]) + at[:, 1]) * int(cells[0]) + at[:, 0]
        order = np.argsort(cell, kind="stable")
        for name in ("position", "velocity", "pressure", "ids"):
            setattr(self, name, getattr(self, name)[order])

    def _neighbours(self) -> None:
        x, n = self.position, len(self.position)
        delta = x[:, None, :] - x[None, :, :]
        near = dot(delta, delta) < self.reach * self.reach
        counts = near.sum(1)
        blocks = max(-(-int(counts.max(initial=1)) // 4), 1)
        self.index = np.repeat(np.arange(n)[:, None], blocks * 4, 1)
        real = np.arange(blocks * 4)[None] < counts[:, None]
        self.index[real] = np.nonzero(near)[1]
        shape = (n, blocks, 4)
        d = x[:, None, :] - x[self.index]
        inverse = F(1) / self.reach
        scale = (self.mass * SIGMA) * ((inverse * inverse) * inverse)
        slope = (F(-20) * scale) * (inverse * inverse)
        q = np.sqrt(dot(d, d)) * inverse
        t = F(1) - q
        t3 = (t * t) * t
        weight = np.where(real, (scale * (t3 * t)) * (F(4) * q + F(1)), F(0))
        self.gradient = (slope * t3)[..., None] * d
        self.gradient[~real] = 0
        walls, wall = self._wall_density(x)
        fluid = lanes_sum(weight.reshape(shape))
        self.density = fluid + walls
        g = self.gradient
        self.whole = np.stack([lanes_sum(g[..., k].reshape(shape)) for k in range(3)], 1) + wall
        self.diagonal = dot(self.whole, self.whole) + lanes_sum(dot(g, g).reshape(shape))
        flow = np.stack([lanes_sum((weight * self.velocity[self.index][..., k]).reshape(shape)) for k in range(3)], 1)
        drag = flow - self.velocity * fluid[:, None]
        self.wanted = (self.velocity + self.dt * np.array(self.gravity, np.float32)) + self.drag * drag

    def _predict(self, p: Floats) -> Floats:
        shape = (len(self.position), -1, 4)
        force = np.stack([lanes_sum((p[self.index] * self.gradient[..., k]).reshape(shape)) for k in range(3)], 1)
        return self.wanted - self.dt * (force + p[:, None] * self.whole)

    def _correct(self, predicted: Floats, ahead: Floats, onward: np.float32) -> tuple[Any, Any, Any, Floats]:
        """The sums of error, work and uphill, and the pressures to look at next."""
        terms = dot(self.gradient, predicted[self.index])
        change = dot(predicted, self.whole) - lanes_sum(terms.reshape(len(predicted), -1, 4))
        over, soft = self.density - F(1), min(self.dt / F(0.03), F(0.5))
        excess = np.where(over > 0, soft * over, over) + self.dt * change
        diagonal = np.maximum(self.diagonal, F(0.05) / (self.reach * self.reach))
        old = self.pressure
        p = ahead + (F(0.4) * excess) / ((self.dt * self.dt) * diagonal)
        self.pressure = p = np.where(p > 0, p, F(0))
        off = np.where(excess > 0, excess, np.where(p > 0, -excess, F(0)))
        sums = (chunk_sums(off), chunk_sums(off * p), chunk_sums(excess * (p - old)))
        ahead = p + onward * (p - old)
        error, work, uphill = (in_order(each) for each in sums)
        return error, work, uphill, np.where(ahead > 0, ahead, F(0))

    def _advance(self, v: Floats) -> None:
        most = (F(0.4) * self.reach) / self.dt
        square = dot(v, v)
        fast = square > most * most
        keep = np.where(fast, most / np.sqrt(np.where(fast, square, F(1))), F(1))
        velocity = v * keep[:, None]
        self.position, self.velocity = self._push_out(self.position + self.dt * velocity, velocity)

    # -- walls ----------------------------------------------------------------------------------------------

    def _solids(self, at: Floats) -> list[Surface]:
        return [_sphere(o, at) if o.kind == 0 else _box(o, at) for o in self.obstacles]

    def _wall_density(self, at: Floats) -> tuple[Floats, Floats]:
        walls: list[Surface] = []
        for k in range(3):
            for sign, distance in ((1, at[:, k] - self.lo[k]), (-1, self.hi[k] - at[:, k])):
                normal = np.zeros_like(at)
                normal[:, k] = sign
                walls.append((distance, normal))
        walls += self._solids(at) + ([self._ground(at)] if self.ground is not None else [])
        left, gradient = np.ones(len(at), np.float32), np.zeros_like(at)
        for distance, normal in walls:
            t = F(1) - np.where(distance > 0, distance, F(0)) / self.reach
            t2 = t * t
            t5 = (t2 * t2) * t
            part = (t5 * t) * ((F(3.5) - F(4.5) * t) + F(1.5) * t2)
            slope = (t5 * ((F(21) - F(31.5) * t) + F(12) * t2)) / self.reach
            near = distance < self.reach
            steeper = gradient * (F(1) - part)[:, None] - (left * slope)[:, None] * normal
            gradient = np.where(near[:, None], steeper, gradient)
            left = np.where(near, left * (F(1) - part), left)
        return F(1) - left, gradient

    def _push_out(self, at: Floats, velocity: Floats) -> tuple[Floats, Floats]:
        margin = F(0.1) * F(self.spacing)
        if self.ground is not None:
            at, velocity = _push(self._ground(at), margin, at, velocity)
        for o in self.obstacles:
            at, velocity = _push(_sphere(o, at) if o.kind == 0 else _box(o, at), margin, at, velocity)
        low, high = self.lo + margin, self.hi - margin
        under, over = ~(at >= low), at > high
        velocity = np.where(under & ~(velocity > 0), F(0), velocity)
        velocity = np.where(over & (velocity > 0), F(0), velocity)
        return np.where(under, low, np.where(over, high, at)), velocity

    def _ground(self, at: Floats) -> Surface:
        assert self.ground is not None
        rows, columns = self.ground.shape
        step_x, step_z = (self.hi[0] - self.lo[0]) / F(columns - 1), (self.hi[2] - self.lo[2]) / F(rows - 1)
        u = np.maximum((at[:, 0] - self.lo[0]) / step_x, F(0))
        w = np.maximum((at[:, 2] - self.lo[2]) / step_z, F(0))
        column, row = np.minimum(u.astype(np.int64), columns - 2), np.minimum(w.astype(np.int64), rows - 2)
        u, w = u - column.astype(np.float32), w - row.astype(np.float32)
        h0, h1 = self.ground[row, column], self.ground[row, column + 1]
        g0, g1 = self.ground[row + 1, column], self.ground[row + 1, column + 1]
        near, far = h0 + u * (h1 - h0), g0 + u * (g1 - g0)
        slope_x, slope_z = ((h1 - h0) + w * ((g1 - g0) - (h1 - h0))) / step_x, (far - near) / step_z
        length = np.sqrt((slope_x * slope_x + F(1)) + slope_z * slope_z)
        normal = np.stack([-slope_x / length, F(1) / length, -slope_z / length], 1)
        return (at[:, 1] - (near + w * (far - near))) / length, normal


def _push(wall: Surface, margin: np.float32, at: Floats, velocity: Floats) -> tuple[Floats, Floats]:
    distance, normal = wall
    inside = (distance < margin)[:, None]
    inward = dot(velocity, normal)[:, None]
    moved = np.where(inside, at + (margin - distance)[:, None] * normal, at)
    return moved, np.where(inside & (inward < 0), velocity - inward * normal, velocity)


def _sphere(row: Obstacle, at: Floats) -> Surface:
    away = at - row.center
    length = np.sqrt(dot(away, away))
    tiny = length < F(1e-6)
    normal = np.where(tiny[:, None], np.array((0, 1, 0), np.float32), away / np.where(tiny, F(1), length)[:, None])
    return np.where(tiny, -row.half[0], length - row.half[0]), normal


def _box(row: Obstacle, at: Floats) -> Surface:
    away = at - row.center
    sign = np.where(away < 0, F(-1), F(1))
    over = away * sign - row.half
    out = np.where(over > 0, over, F(0))
    length = np.sqrt(dot(out, out))
    outside = length > F(1e-6)
    best = np.where(over[:, 1] > over[:, 0], 1, 0)
    rows = np.arange(len(at))
    best = np.where(over[:, 2] > over[rows, best], 2, best)
    flat = np.zeros_like(at)
    flat[rows, best] = sign[rows, best]
    normal = np.where(outside[:, None], sign * (out / np.where(outside, length, F(1))[:, None]), flat)
    return np.where(outside, length, over[rows, best]), normal
