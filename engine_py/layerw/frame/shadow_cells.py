"""Which lamps have shadows, and which cells of the atlas each has: large ones for what is large on the screen.

Owns: cells by lamp, from frame to frame. A lamp has the size on the screen that its range has, and as many texels as
that; where not all find room, the smallest ones have coarser cells. A lamp keeps its place and its cells until another
is clearly larger, so that nothing flickers. Does not: draw (frame/lamp_shadows.py). Limits: LAMPS_MAX.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from layerw.base.ports import F64
from layerw.frame.shadow_atlas import BLOCK_TEXELS, CELL_LEVELS

LAMPS_MAX = 32
KEEPS = 1.3  # times its size, for a lamp that has shadows
UNSEEN = 0.25  # times its size, for one that shines nowhere in view
LEVEL_SLACK = 0.75  # levels that a lamp's size may be away from its cells'
FINEST, COARSEST = 0, CELL_LEVELS - 1


class Wish(NamedTuple):
    """A lamp that casts: its entity's row, how large its light is on the screen, pixels, how many tiles it takes, and
    the tangent of half the angle of one."""

    lamp: int
    size_px: float
    faces: int
    slope: float

    @property
    def level(self) -> float:
        """Of cells with as many texels as its light has pixels."""
        texels = self.size_px * min(max(self.slope, 0.5), 2.0)
        return min(max(math.log2(BLOCK_TEXELS / max(texels, 1e-3)), FINEST), COARSEST)


class Cells(NamedTuple):
    """The tiles of a lamp: the first one's number, of a level."""

    level: int
    first: int
    faces: int

    @property
    def units(self) -> slice:
        """The smallest cells that they cover."""
        each = 1 << 2 * (COARSEST - self.level)
        return slice(self.first * each, (self.first + self.faces) * each)


def units_of(level: int, faces: int) -> int:
    """Smallest cells that some tiles take."""
    return faces << 2 * (COARSEST - level)


class ShadowCells:
    """`choose` says which lamps have which cells."""

    def __init__(self) -> None:
        self.of: dict[int, Cells] = {}  # by lamp

    def clear(self) -> None:
        """None has any."""
        self.of.clear()

    def choose(self, wishes: list[Wish], room: int) -> int:
        """Gives cells to the largest; room: in smallest cells. Returns how many of the first LAMPS_MAX found none."""
        self.of = {lamp: cells for lamp, cells in self.of.items() if cells.units.stop <= room}
        ranked = sorted(wishes, key=lambda one: -one.size_px * (KEEPS if one.lamp in self.of else 1.0))[:LAMPS_MAX]
        levels = self._levels(ranked, room)
        ranked = ranked[: len(levels)]
        old, self.of = self.of, {}
        for one, level in zip(ranked, levels, strict=True):
            has = old.get(one.lamp)
            if has is not None and has.level == level and has.faces == one.faces:
                self.of[one.lamp] = has
        self._place(ranked, levels, room, [old[one.lamp] for one in ranked if one.lamp in old])
        return min(len(wishes), LAMPS_MAX) - len(ranked)

    def _levels(self, ranked: list[Wish], room: int) -> list[int]:
        """What each may have, the largest first; fewer than there are where even the coarsest find no room."""
        levels = [self._wanted(one) for one in ranked]
        need = sum(units_of(level, one.faces) for level, one in zip(levels, ranked, strict=True))
        while need > room:
            # Coarser is who has the finest cells; of those who is the smallest, or had none as fine.
            finest = min(levels, default=COARSEST)
            if finest == COARSEST:
                need -= units_of(levels.pop(), ranked[len(levels)].faces)
                continue
            _, last = min((ranked[n].size_px * (KEEPS if self._had(ranked[n]) <= finest else 1.0), -n)
                          for n, level in enumerate(levels) if level == finest)  # fmt: skip
            last = -last
            need -= units_of(finest, ranked[last].faces) - units_of(finest + 1, ranked[last].faces)
            levels[last] += 1
        return levels

    def _had(self, one: Wish) -> float:
        """The level of its cells so far."""
        has = self.of.get(one.lamp)
        return math.inf if has is None else has.level

    def _wanted(self, one: Wish) -> int:
        has = self.of.get(one.lamp)
        if has is not None and abs(has.level - one.level) < LEVEL_SLACK:
            return has.level
        return round(one.level)

    def _place(self, ranked: list[Wish], levels: list[int], room: int, old: list[Cells]) -> None:
        """Cells for those that have none yet, if may be not where they had theirs so far, which are looked at until
        the new ones are drawn. Where what is left is in pieces, all are placed anew."""
        order = sorted(zip(levels, ranked, strict=True), key=lambda pair: pair[0])
        taken, looked_at = np.zeros(room, np.bool_), np.zeros(room, np.bool_)
        for cells in self.of.values():
            taken[cells.units] = True
        for cells in old:
            looked_at[cells.units] = True
        for level, one in order:
            if one.lamp in self.of:
                continue
            first = _gap(taken | looked_at, level, one.faces)
            if first < 0:
                first = _gap(taken, level, one.faces)
            if first < 0:
                break
            self.of[one.lamp] = cells = Cells(level, first, one.faces)
            taken[cells.units] = True
        else:
            return
        at, self.of = 0, {}
        for level, one in order:  # the largest first: each begins where one of its size can
            self.of[one.lamp] = cells = Cells(level, at >> 2 * (COARSEST - level), one.faces)
            at = cells.units.stop


def _gap(taken: npt.NDArray[np.bool_], level: int, faces: int) -> int:
    """The first of so many free cells of a level that follow each other; -1: there are none."""
    each = 1 << 2 * (COARSEST - level)
    whole = len(taken) // each
    used = np.concatenate([[0], np.cumsum(taken[: whole * each].reshape(-1, each).any(axis=1))])
    free = np.flatnonzero(used[faces:] == used[:-faces])
    return int(free[0]) if len(free) else -1


def sizes_px(spheres: F64, planes: F64, focal_px: float, *, is_parallel: bool) -> F64:
    """(n,) the radii of lights on the screen, pixels, of what is in view; spheres and planes are relative to the
    camera."""
    distance = np.linalg.norm(spheres[:, :3], axis=1) if not is_parallel else np.ones(len(spheres))
    size = focal_px * spheres[:, 3] / np.maximum(distance, 1e-6)
    inside = (spheres[:, :3] @ planes[:, :3].T + planes[:, 3] > -spheres[:, 3, None]).all(axis=1)
    found: F64 = np.where(inside, size, UNSEEN * size)
    return found
