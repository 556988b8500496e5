"""Parts whose vertices are morphed: their texels are made anew where weights are not what they were, all in one go.

Owns: where those texels are, and the reach of what is morphed. Does not: know clips (blending.py writes weights).
"""

from __future__ import annotations

import numpy as np

from layerw.animation.character import Character, Rows
from layerw.animation.poses import PoseTexels
from layerw.animation.weights import PickedWeights
from layerw.base.ports import F32, U32, Primitive
from layerw.gpu.spec import POSE_LINE
from layerw.kernels.animation import ANIMATION
from layerw.scene.table import Table

_LINE = np.array([POSE_LINE], np.uint32)


class _Group:
    """Parts that have one mesh's targets; table: see kernels/animation/graph.h."""

    def __init__(self, deltas: F32) -> None:
        self.deltas = np.ascontiguousarray(deltas, np.float32)
        self.far: F32 = np.sqrt((deltas[:, :, :3] ** 2).sum(axis=2)).max(axis=1, initial=0).astype(np.float32)
        self.rows: list[tuple[int, Character, int, int]] = []  # of the table, whose, of which node, first texel
        self.table: U32 = np.zeros((0, 8), np.uint32)
        self.drawn: Rows = np.zeros(0, np.intp)
        self.unmorphed: F32 = np.zeros(0, np.float32)
        self.reach = self.unmorphed


class Morphs:
    """`begin` a layout, `add` parts, `end` it; `place` once a frame gives the rows that may reach farther."""

    def __init__(self, table: Table, texels: PoseTexels) -> None:
        self._table, self._texels = table, texels
        self.begin()

    def __len__(self) -> int:
        return self._picked.count

    def begin(self) -> None:
        """A layout without any."""
        self._groups: dict[int, _Group] = {}
        self.end()

    def add(self, row: int, part: Primitive, one: Character) -> int:
        """A part; the first of its texels."""
        deltas = one.rig.rig.morphs[part.morph]
        group = self._groups.get(id(deltas))
        if group is None:
            group = self._groups[id(deltas)] = _Group(deltas)
        first = self._texels.take(3 * deltas.shape[1])
        one.radii.setdefault(row, float(self._table.radius[row]))
        group.rows.append((row, one, one.rig.rig.owners.get(part.node, part.node), first))
        return first

    def end(self) -> None:
        """All have been added; nothing is morphed yet."""
        wanted, weight = [], 0
        for group in self._groups.values():
            vertices, rows = group.deltas.shape[1], []
            for _, one, node, first in group.rows:
                count = min(len(group.deltas), len(one.weights[node]))
                wanted.append((one, node, count))
                rows.append((weight, count, 0, 3 * vertices, first, 0, 0, 0))
                weight += count
            group.table = np.array(rows, np.uint32).reshape(-1, 8)
            group.drawn = np.array([row for row, *_ in group.rows], np.intp)
            group.unmorphed = np.array([one.radii[row] for row, one, *_ in group.rows], np.float32)
            group.reach = np.zeros(len(rows), np.float32)
        self._picked = PickedWeights(wanted)
        self._shown = np.zeros(self._picked.count, np.float32)

    def place(self) -> list[tuple[int, float]]:
        """Texels of what changed; rows of the table that reach farther than they did, and how far."""
        now, texels = self._picked.read(), self._texels
        grown: list[tuple[int, float]] = []
        for group in self._groups.values():
            if not ANIMATION.lw_pose_morphs(group.table, len(group.table), now, self._shown, group.deltas, group.far,
                                            texels.texels, _LINE, texels.changed, group.reach):  # fmt: skip
                continue
            far = group.unmorphed + group.reach
            more = np.flatnonzero((group.reach >= 0) & (far > self._table.radius[group.drawn]))
            grown += zip(group.drawn[more].tolist(), far[more].tolist(), strict=True)
        return grown
