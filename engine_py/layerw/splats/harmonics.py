"""How the colour of splats changes with the direction: spherical harmonics of degrees 1 to 3, a byte a coefficient.

Owns: the harmonics, their turning with a node, and what is kept of them: bytes around 128, with one step for all of a
cloud. Source: Kerbl et al. 2023 and KHR_gaussian_splatting, whose constants have the Condon-Shortley phase; the
direction is from the eye to the splat.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from layerw.base.ports import F32, F64

U8 = npt.NDArray[np.uint8]
DEGREE_MAX = 3
COUNTS = (0, 3, 8, 15)  # coefficients of a colour, by degree; that of degree 0 is the colour itself
ZERO = 128  # the byte of a coefficient that is 0
LARGEST = 2.0  # what a coefficient is held to: trained ones are below 1
# What half a turn about X does to their signs.
HALF_TURN = np.array((-1, -1, 1, -1, 1, 1, -1, 1, -1, 1, -1, -1, 1, -1, 1), np.float32)
Band = Callable[[int], F32]  # the coefficients of a degree, (n, 2 * degree + 1, 3)


class Harmonics(NamedTuple):
    """Of n splats. A coefficient is (codes - ZERO) * step."""

    codes: U8  # (n, COUNTS[degree], 3): by degree and order, red, green, blue
    step: float

    @property
    def degree(self) -> int:
        """0 to 3; 0 is none."""
        return COUNTS.index(self.codes.shape[1])

    def values(self) -> F32:
        """The coefficients."""
        return (self.codes.astype(np.float32) - ZERO) * np.float32(self.step)


def none(count: int) -> Harmonics:
    """Of splats that look the same from all sides."""
    return Harmonics(np.zeros((count, 0, 3), np.uint8), 1 / 128)


def basis(degree: int, direction: F64) -> F64:
    """The harmonics of one degree, (n, 2 * degree + 1), in unit directions (n, 3)."""
    x, y, z = direction.T
    if degree == 1:
        return 0.4886025119029199 * np.stack((-y, z, -x), axis=1)
    if degree == 2:
        return np.stack((1.0925484305920792 * x * y, -1.0925484305920792 * y * z,
                         0.31539156525252005 * (2 * z * z - x * x - y * y), -1.0925484305920792 * x * z,
                         0.5462742152960396 * (x * x - y * y)), axis=1)  # fmt: skip
    ring = 4 * z * z - x * x - y * y
    return np.stack((-0.5900435899266435 * y * (3 * x * x - y * y), 2.890611442640554 * x * y * z,
                     -0.4570457994644658 * y * ring, 0.3731763325901154 * z * (2 * z * z - 3 * x * x - 3 * y * y),
                     -0.4570457994644658 * x * ring, 1.445305721320277 * z * (x * x - y * y),
                     -0.5900435899266435 * x * (x * x - 3 * y * y)), axis=1)  # fmt: skip


def turning(degree: int, rotation: F64) -> F32:
    """(2 * degree + 1) squared: what coefficients are multiplied by when they are turned.

    rotation: (3, 3), or a mirror image.
    """
    # Any directions do that tell the harmonics apart: those of a spiral over the sphere.
    number = np.arange(4 * DEGREE_MAX * DEGREE_MAX) + 0.5
    z = 1 - number / (2 * DEGREE_MAX * DEGREE_MAX)
    around, ring = 2.399963229728653 * number, np.sqrt(1 - z * z)
    directions = np.stack((ring * np.cos(around), ring * np.sin(around), z), axis=1)
    found: F64 = np.linalg.pinv(basis(degree, directions)) @ basis(degree, directions @ rotation)
    return found.astype(np.float32)


def quantized(band: Band, degree: int, count: int) -> Harmonics:
    """What is kept of coefficients: looked at twice, a degree at a time."""
    if degree == 0:
        return none(count)
    largest = max(float(np.abs(band(one)).max(initial=0)) for one in range(1, degree + 1))
    step = max(min(largest, LARGEST), 1e-6) / 127
    codes = np.empty((count, COUNTS[degree], 3), np.uint8)
    for one in range(1, degree + 1):
        values = band(one)
        np.clip(values, -LARGEST, LARGEST, out=values)
        values /= np.float32(step)
        np.clip(np.rint(values, out=values), -127, 127, out=values)
        values += ZERO
        codes[:, COUNTS[one - 1] : COUNTS[one]] = values
    return Harmonics(codes, step)


def joined(parts: Sequence[Harmonics]) -> Harmonics:
    """One after the other, in the largest step and degree of them."""
    if len(parts) == 1:
        return parts[0]
    step, degree = max(part.step for part in parts), max(part.degree for part in parts)
    codes = np.full((sum(len(part.codes) for part in parts), COUNTS[degree], 3), ZERO, np.uint8)
    at = 0
    for part in parts:
        into = codes[at : at + len(part.codes), : part.codes.shape[1]]
        into[:] = part.codes if part.step == step else np.rint(part.values() / np.float32(step)) + ZERO
        at += len(part.codes)
    return Harmonics(codes, step)
