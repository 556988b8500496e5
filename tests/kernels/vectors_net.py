"""Calls of the kernels of net/ with random inputs, as vectors.py has them for the others."""

from __future__ import annotations

from typing import Any

import numpy as np

from .vectors import GUARD, Call, Out, empty, floats

SIZES = (0, 1, 2, 5, 64, 700)


def words(rng: np.random.Generator, count: int) -> np.ndarray:
    """Words of all sizes, with runs of zeros."""
    found = (rng.integers(0, 2**32, count) >> rng.integers(0, 32, count)).astype(np.uint32)
    found[rng.uniform(0, 1, count) < rng.uniform(0, 1)] = 0
    return found


def quantise(rng: np.random.Generator, n: int, poison: float) -> list[Any]:
    """The arguments of lw_net_quantise."""
    return [floats(rng, n, 90, poison), n, np.array([2.0 ** rng.integers(-3, 12)]), empty(n, np.int32)]


def restore(rng: np.random.Generator, n: int, poison: float) -> list[Any]:
    """The arguments of lw_net_restore."""
    return [words(rng, n).view(np.int32), n, np.array([rng.uniform(0.1, 2000)]), empty(n, np.float32)]


def delta(rng: np.random.Generator, n: int, poison: float) -> list[Any]:
    """The arguments of lw_net_delta, and of the other way round."""
    return [words(rng, n), words(rng, n), n, empty(n, np.uint32)]


def pack(rng: np.random.Generator, n: int, poison: float) -> list[Any]:
    """The arguments of lw_net_pack: some blocks, some of them empty."""
    blocks = int(rng.integers(1, 9))
    ends = np.sort(np.append(rng.integers(0, n + 1, blocks - 1), n)).astype(np.uint32)
    return [words(rng, n), ends, blocks, empty(6 * n, np.uint8), empty(blocks, np.uint32)]


def unpack(rng: np.random.Generator, n: int, poison: float) -> list[Any]:
    """The arguments of lw_net_unpack: any bytes."""
    data = rng.integers(0, 256, n).astype(np.uint8)
    data[rng.uniform(0, 1, n) < 0.7] &= 127
    if poison:
        data[rng.uniform(0, 1, n) < 0.3] = 0
    return [data, n, Out(np.full(n + 1, GUARD, np.uint32)), n + 1]


MAKERS = {"lw_net_quantise": quantise, "lw_net_restore": restore, "lw_net_delta": delta, "lw_net_undelta": delta,
          "lw_net_pack": pack}  # fmt: skip


def make(name: str, seed: int, n: int, poison: float, skew: int) -> Call:
    """One call."""
    with np.errstate(all="ignore"):
        return Call(name, MAKERS[name](np.random.default_rng([seed, n]), n, poison), skew)


def standard(seed: int = 12, sizes: tuple[int, ...] = SIZES) -> list[Call]:
    """Every kernel with every size, with and without poison."""
    return [make(name, seed + k, n, poison, 8 * (k % 2))
            for name in MAKERS for k, n in enumerate(sizes) for poison in (0.0, 0.05)]
