"""What clips say of all characters, in the nodes' local transforms: the plays of `model.play`, then those of graphs.

Owns: the poses, the keys of all clips in use, masks, and which rows of the table take what. Does not: place joints
(animator.py).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from layerw.animation.character import Character
from layerw.animation.plays import Plays
from layerw.animation.rates import Eyes, Rates
from layerw.animation.rig import NODE_FLOATS, Bank, RigColumns
from layerw.animation.weights import PickedWeights
from layerw.base.distinct import distinct
from layerw.base.ports import F32, U32
from layerw.kernels.animation import ANIMATION
from layerw.scene.rows import blocks_of
from layerw.scene.table import Table

if TYPE_CHECKING:  # most models play clips without one
    from layerw.animation.graph import AnimationGraph
    from layerw.animation.graph_groups import GraphGroup
    from layerw.animation.graph_parameters import ParameterPool


@dataclass(slots=True)
class _Driven:
    """What the clips that play now write to: floats of poses, and the rows that take them."""

    floats: U32
    rows: U32
    blocks: int
    morphs: PickedWeights
    morph_floats: npt.NDArray[np.intp]  # where in the pose those come from


class Blending:
    """`lay_out` after characters or graphs came or went; `step` once a frame."""

    def __init__(self, table: Table, plays: Plays, eyes: Callable[[], Eyes]) -> None:
        self.graphs: list[AnimationGraph] = []
        self.revision = 0  # of what graphs are set up with
        self.reaching: list[AnimationGraph] = []  # those that have limbs
        self.moved: set[int] = set()  # `id` of their models
        self._groups: list[GraphGroup] = []
        self._parameters: ParameterPool | None = None
        self.plays = plays
        self._table = table
        self._bank, self._rates = Bank(), Rates(eyes)
        self._characters: list[Character] = []
        self.paints = False  # whether what plays changes materials
        self._played: tuple[int, ...] = ()  # revisions of plays and graphs when they were listed
        self._masks: F32 = np.zeros(0, np.float32)
        self._rest: F32 = np.zeros(0, np.float32)
        self._pose = self._start = self._goal = self._rest

    @property
    def parameters(self) -> ParameterPool:
        """Of graphs."""
        if self._parameters is None:
            from layerw.animation.graph_parameters import ParameterPool

            self._parameters = ParameterPool()
        return self._parameters

    def lay_out(self, characters: list[Character], rigs: Sequence[RigColumns]) -> None:
        """Poses as long as the characters are many; each has its `pose_first`."""
        self._bank.fill(rigs)
        self._characters, self._played = characters, ()
        self._rest = np.concatenate([np.zeros(0, np.float32), *(one.rig.rest for one in characters)])
        self._pose = self._rest.copy()
        alive = set(map(id, characters))
        for graph in self.graphs:
            graph._find_characters(alive)

    def rest(self, graph: AnimationGraph) -> None:
        """What a graph has moved goes back to where the file has it."""
        nodes, table = sorted(graph._nodes), self._table
        for one in graph._used:
            rows, own = one.rows[nodes], one.rig.rest[: NODE_FLOATS * one.rig.count].reshape(-1, NODE_FLOATS)[nodes]
            table.position[rows], table.rotation[rows], table.scale[rows] = own[:, :3], own[:, 3:7], own[:, 7:]
            for name in ("position", "rotation", "scale"):
                table.columns[name].touch_rows(rows)
            for node, weights in one.weights.items():
                first = one.rig.morph_first[node]
                weights[:] = one.rig.rest[first : first + len(weights)]

    def step(self, dt_s: float) -> bool:
        """Some seconds of the program pass; whether anything is moved."""
        if not self.graphs and not any(owner is not None for owner in self.plays.owner):
            return False
        self.plays.advance(dt_s)
        played, before = (self.plays.revision, self.revision), self._played
        if played[1:] != before[1:]:
            self._group()
        self._played = played
        for group in self._groups:
            group.step(dt_s)
        if played != before:
            self._list_plays()
        self._rates.step(dt_s)
        self._blend()
        return True

    def _group(self) -> None:
        """After graphs came, went or were set up otherwise, or models came or went."""
        self._groups = []
        if self.graphs:
            from layerw.animation.graph_groups import groups_of  # most programs have no graph

            self._groups = groups_of(self.graphs)

    def mask(self, character: Character, shares: F32) -> int:
        """Where a mask of one number a node is kept."""
        key = tuple(shares.tolist())
        first = character.mask_first.get(key)
        if first is None:
            first = character.mask_first[key] = len(self._masks)
            self._masks = np.concatenate([self._masks, shares])
        return first

    def _list_plays(self) -> None:
        """The plays in the kernel's order, and what they write to."""
        rows = self.plays.rows
        alive = [row for row, owner in enumerate(self.plays.owner) if owner is not None]
        found = []
        moved: dict[Character, set[int]] = {}
        morphed: set[tuple[Character, int]] = set()
        self.paints = False
        for row in alive:
            owner, clip = self.plays.owner[row], self.plays.clip[row]
            assert owner is not None and clip is not None
            rig, at = owner.rig, rows[row]
            found.append((owner.pose_first, rig.count, len(rig.rest), self._bank.first[rig] + clip.first, clip.tracks,
                          int(at["layer"]), int(at["additive"]), int(at["mask"]), int(at["ticket"]), row))
            moved.setdefault(owner, set()).update(clip.nodes.tolist())
            morphed.update((owner, node) for node in clip.morphs)
            self.paints = self.paints or bool(rig.painted.get(clip.name))
        found.sort(key=lambda play: (play[0], play[5], play[6], play[8]))
        table = np.array(found, np.int64).reshape(-1, 10)
        layers = table[:, 5] - table[:, 5].min(initial=0)  # the kernel only asks whether they differ
        self._order = table[:, 9].astype(np.intp)
        self._table_of_plays: U32 = np.ascontiguousarray(table[:, :8].astype(np.uint32))
        self._table_of_plays[:, 5] = layers.astype(np.uint32)
        self._scratch = np.zeros(2 * max((len(one.rig.rest) for one in self._characters), default=1), np.float32)
        self._graphed: list[U32] = []
        for group in self._groups:
            first = self._bank.first.get(group.rig, 0)  # of none where nobody is left
            self._graphed.append(group.plays(first, self.mask))
            morphs = group.nodes(lambda one, nodes: moved.setdefault(one, set()).update(nodes))
            morphed.update((one, node) for one in group.used for node in morphs)
        self._driven = self._find_driven(moved, morphed)
        played = {self.plays.owner[row] for row in alive}
        rated = {one for group in self._groups if group.by_distance for one in group.used if one not in played}
        self._rates.lay_out(self._characters, rated | {one for one in played if one is not None and one.by_distance})
        number = {one: place for place, one in enumerate(self._characters)}
        owners = (self.plays.owner[row] for row in self._order.tolist())
        self._players = np.array([number[one] for one in owners if one is not None], np.intp)
        if self._rates.used:
            self._start, self._goal = self._pose.copy(), self._pose.copy()
            self._of_group = [np.array([number[one] for one in group.used], np.intp) for group in self._groups]

    def _find_driven(self, moved: dict[Character, set[int]], morphed: set[tuple[Character, int]]) -> _Driven:
        floats, rows = [], []
        for character, nodes in moved.items():
            at = np.array(sorted(nodes), np.intp)
            floats.append(character.pose_first + NODE_FLOATS * at)
            rows.append(character.rows[at])
        none = np.zeros(0, np.intp)
        at = np.concatenate([none, *rows])
        blocks = 0
        for row in distinct(at // 1024).tolist():
            blocks |= blocks_of(row * 1024, 1)
        own = [none]
        wanted = [(one, node, len(one.weights[node])) for one, node in morphed]
        for one, node, count in wanted:
            first = one.pose_first + one.rig.morph_first[node]
            own.append(np.arange(first, first + count))
        return _Driven(np.concatenate([none, *floats]).astype(np.uint32), at.astype(np.uint32), blocks,
                       PickedWeights(wanted), np.concatenate(own))

    def _blend(self) -> None:
        rows, table, driven, rates = self.plays.rows[self._order], self._table, self._driven, self._rates
        pose, count = self._goal if rates.used else self._pose, len(rates.wholes)
        if rates.used:
            ANIMATION.lw_pose_begin(rates.wholes, count, self._rest, self._start, pose)
        else:
            pose[:] = self._rest
        amounts = np.stack([rows["time"], rows["weight"] * rows["share"]], axis=1).astype(np.float32)
        played = self._table_of_plays
        if rates.used:
            now = rates.due[self._players]
            played, amounts = played[now], amounts[now]
        self._blend_plays(played, amounts, pose)
        for number, (plays, group) in enumerate(zip(self._graphed, self._groups, strict=True)):
            amounts = group.amounts()
            due = rates.due[self._of_group[number]] if rates.used else None
            if due is not None and len(due):
                plays, amounts = plays.reshape(len(due), -1, 8)[due].reshape(-1, 8), amounts[due]
            self._blend_plays(plays, amounts.reshape(-1, 2), pose)
            group.move_roots(table, pose, due)
        if rates.used:
            ANIMATION.lw_pose_between(rates.wholes, rates.shares, count, self._start, pose, self._pose)
        ANIMATION.lw_pose_rows(self._pose, driven.floats, driven.rows, len(driven.rows), table.position, table.rotation,
                               table.scale)  # fmt: skip
        for name in ("position", "rotation", "scale") if driven.blocks else ():
            table.columns[name].dirty |= driven.blocks
            table.columns[name].revision += 1
        if driven.morphs.count:
            driven.morphs.write(self._pose[driven.morph_floats])

    def _blend_plays(self, plays: U32, amounts: F32, pose: F32) -> None:
        if len(plays):
            ANIMATION.lw_pose_blend(plays, amounts, len(plays), self._bank.tracks, self._bank.times, self._bank.values,
                                    self._masks, pose, self._scratch)  # fmt: skip
