"""Weights of morph targets of all characters, in blocks that many share, so that they are read and written in one go.

Owns: the blocks. Limits: a block lives as long as somebody holds a part of it; its parts are never given to others.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from layerw.animation.character import Character, Rows, Run
from layerw.base.ports import F32

BLOCK = 4096


class WeightPool:
    """`take` a run for each character."""

    def __init__(self) -> None:
        self._block: F32 = np.zeros(BLOCK, np.float32)
        self._used = 0

    def take(self, count: int) -> Run:
        """So many weights beside each other, all 0."""
        if self._used + count > len(self._block):
            self._block, self._used = np.zeros(max(BLOCK, count), np.float32), 0
        first, self._used = self._used, self._used + count
        return Run(self._block, first)


class _Part(NamedTuple):
    block: F32
    inside: Rows  # in the block
    at: Rows  # among all that are picked


class PickedWeights:
    """Some weights of some characters, in the order in which they are named: (character, node, how many)."""

    def __init__(self, wanted: Sequence[tuple[Character, int, int]]) -> None:
        blocks: dict[int, tuple[F32, list[Rows], list[Rows]]] = {}
        self.count = 0
        for one, node, count in wanted:
            found = blocks.setdefault(id(one.run.block), (one.run.block, [], []))
            first = one.run.first + one.rig.morph_first[node] - one.rig.morphs_begin
            found[1].append(np.arange(first, first + count))
            found[2].append(np.arange(self.count, self.count + count))
            self.count += count
        self._parts = [_Part(block, np.concatenate(index), np.concatenate(at)) for block, index, at in blocks.values()]

    def read(self) -> F32:
        """(count,) what they are now."""
        if len(self._parts) == 1:
            return self._parts[0].block[self._parts[0].inside]
        found = np.zeros(self.count, np.float32)
        for part in self._parts:
            found[part.at] = part.block[part.inside]
        return found

    def write(self, values: F32) -> None:
        """values: (count,)."""
        for part in self._parts:
            part.block[part.inside] = values[part.at]
