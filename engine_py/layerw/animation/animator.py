"""Characters: models that clips, skins and morphs move, all of them at once.

Owns: which characters there are, their plays, and the two steps of a frame: `step` samples and blends the clips into
the nodes' local transforms before the program runs (which may move nodes on), `place` turns what the nodes are then
into joint matrices and morphs for the GPU, and measures how far they reach.
Limits: a character whose node was despawned stays as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from layerw.animation.blending import Blending
from layerw.animation.character import Character, Rows
from layerw.animation.crowds import Crowds, Herd
from layerw.animation.morphs import Morphs
from layerw.animation.painting import paint
from layerw.animation.plays import Plays
from layerw.animation.poses import PoseTexels
from layerw.animation.rates import Eyes
from layerw.animation.rig import RigColumns
from layerw.animation.weights import WeightPool
from layerw.base.failures import Failures
from layerw.base.log import Log
from layerw.base.ports import F32, U32, NodeDesc, Primitive, Rig
from layerw.frame.resources import Resources
from layerw.gpu.submission import Submission
from layerw.kernels.animation import ANIMATION
from layerw.scene.table import Table

if TYPE_CHECKING:  # most models play clips without one
    from layerw.animation.graph import AnimationGraph

_Joints = tuple[U32, F32, F32, tuple[int, int]]  # nodes, inverse bind matrices, reach; whose they are
MARGIN = 1.25  # of a sphere that is measured anew: what moves a little more is not measured again


class Animator:
    """`add` and `remove` characters; `step`, `place` and `upload` once a frame, in this order."""

    def __init__(self, table: Table, resources: Resources, log: Log, failures: Failures,
                 eyes: Callable[[], Eyes]) -> None:  # fmt: skip
        self.plays = Plays()
        self.blending = Blending(table, self.plays, eyes)
        self.characters: list[Character] = []
        self._table = table
        self._resources = resources
        self._texels, self._weights = PoseTexels(resources, log), WeightPool()
        self._morphs = Morphs(table, self._texels)
        self._crowds, self.failures = Crowds(log), failures
        self._rigs: dict[int, tuple[Rig, RigColumns]] = {}
        self._stale = True  # characters came or went
        self._seen: tuple[int, ...] = ()  # revisions of the columns when matrices were made
        self._deaths = table.deaths
        self.time_s = 0.0  # of the program, since there are characters

    # -- characters --------------------------------------------------------------------------------

    def add(self, rig: Rig, nodes: Sequence[NodeDesc], rows: Sequence[int],
            parts: list[tuple[int, Primitive]]) -> Character:  # fmt: skip
        """A model's nodes, by row of the table, and the rows of what it draws that joints or morphs move."""
        found = self._rigs.get(id(rig))
        if found is None:
            found = self._rigs[id(rig)] = (rig, RigColumns(rig, nodes))
        at = np.array(rows, np.intp)
        columns, weights = found[1], {}
        run = self._weights.take(len(columns.rest) - columns.morphs_begin)
        for node, values in rig.weights.items():
            first = run.first + columns.morph_first[node] - columns.morphs_begin
            weights[node] = run.block[first : first + len(values)]
            weights[node][:] = values
        character = Character(columns, at, self._table.birth[at].copy(), parts, weights, run)
        self.characters.append(character)
        self._stale = True
        return character

    def remove(self, character: Character) -> None:
        """It is not moved any more; does nothing where it is gone."""
        if character not in self.characters:
            return
        self.characters.remove(character)
        for row in self.plays.of(character):
            self.plays.forget(row)
        used = {id(other.rig.rig) for other in self.characters}
        self._rigs = {key: value for key, value in self._rigs.items() if key in used}
        self._stale = True

    def add_herd(self, herd: Herd) -> None:
        """A crowd, drawn from now on."""
        self._crowds.herds.append(herd)
        self._stale = True

    def remove_herd(self, herd: Herd) -> None:
        """It is not drawn any more; does nothing where it is gone."""
        if herd in self._crowds.herds:
            self._crowds.herds.remove(herd)
            self._stale = True

    def add_graph(self, graph: AnimationGraph) -> None:
        """It moves its models from now on."""
        self.blending.graphs.append(graph)
        self.blending.moved.update(map(id, graph._models))
        self._stale = True

    def remove_graph(self, graph: AnimationGraph) -> None:
        """It moves nothing any more; does nothing where it is gone."""
        if graph in self.blending.graphs:
            self.blending.graphs.remove(graph)
            self.blending.moved.difference_update(map(id, graph._models))
            self.blending.reaching = [one for one in self.blending.reaching if one is not graph]
            self.blending.rest(graph)
            self._stale = True

    def _drop_dead(self) -> None:
        """Those whose nodes went with somebody else."""
        if self._deaths == self._table.deaths:
            return
        self._deaths = self._table.deaths
        self._crowds.drop_dead(self._table.birth)
        for character in list(self.characters):
            if (self._table.birth[character.rows] != character.births).any():
                self.remove(character)

    # -- clips -------------------------------------------------------------------------------------

    def step(self, dt_s: float) -> None:
        """Some seconds of the program pass."""
        self.time_s += dt_s
        self._drop_dead()
        if self._stale:
            self._lay_out()
        self._crowds.step(dt_s)
        if self.blending.step(dt_s):
            if self.blending.paints:
                paint(self.plays, self._resources.store)
            self.plays.sweep()

    # -- layout ------------------------------------------------------------------------------------

    def _lay_out(self) -> None:
        """Everything that is as long as the characters are many."""
        self._stale, self._seen = False, ()
        pose = node = 0
        for character in self.characters:
            character.pose_first, character.node_first = pose, node
            pose, node = pose + len(character.rig.rest), node + character.rig.count
        self.blending.lay_out(self.characters, [columns for _, columns in self._rigs.values()])
        rows = np.concatenate([np.zeros(0, np.intp), *(one.rows for one in self.characters)])
        self._node_rows: U32 = rows.astype(np.uint32)
        above = [np.where(one.rig.parents < 0, -1, one.rig.parents + one.node_first) for one in self.characters]
        self._parents = np.concatenate([np.zeros(0, np.int32), *above]).astype(np.int32)
        self._models = np.zeros((node + 1, 12), np.float32)
        self._models[node] = np.eye(4)[:3].ravel()  # of joints outside of the scene
        self._lay_out_texels(node)

    def _lay_out_texels(self, outside: int) -> None:
        """See shaders/posed.wgsl."""
        skins = self._skins(outside)
        joints = sum(len(part[0]) for part in skins)
        parts = [(row, part, one) for one in self.characters for row, part in one.parts]
        herds = self._crowds.herds
        table_rows = max((*(row + 1 for row, _, _ in parts), *(herd.rows_end for herd in herds)), default=0)
        vertices = sum(one.rig.rig.morphs[part.morph].shape[1] for _, part, one in parts if part.morph >= 0)
        texels = self._texels
        needed = 1 + -(-table_rows // 4) + len(parts) + 3 * (joints + vertices) + sum(herd.texels for herd in herds)
        self._morphs.begin()
        spheres: list[tuple[int, int]] = []  # row, number of its sphere
        self._sphere_rows: Rows = np.zeros(0, np.intp)
        self._sphere_of_row = self._sphere_rows
        self._joint_count = 0
        if not texels.begin(needed if parts or herds else 0):
            for herd in herds:
                herd.layouts = []
            return
        texels.take(1)
        table = texels.take(-(-table_rows // 4))
        texels.texels[0, :2] = table, table_rows
        numbers = texels.texels[table:].reshape(-1)
        self._crowds.fill(texels, numbers)
        head = texels.take(len(parts))
        self._joint_first, self._joint_count = texels.take(3 * joints), joints
        first_of = self._fill_joints(skins)
        for number, (row, part, one) in enumerate(parts):
            numbers[row] = head + number
            first = 0
            if part.skin >= 0:
                joint, sphere = first_of[id(one), part.skin]
                first = self._joint_first + 3 * joint
                if part.reach is not None:
                    spheres.append((row, sphere))
            morph = self._morphs.add(row, part, one) if part.morph >= 0 else 0
            texels.texels[head + number] = first, 0, 0, morph
        self._morphs.end()
        self._sphere_rows, self._sphere_of_row = np.array(spheres, np.intp).reshape(-1, 2).T

    def _skins(self, outside: int) -> list[_Joints]:
        """Of each skin of each character: its joints among all nodes, inverse bind matrices, reach, and whose it is."""
        found = []
        for one in self.characters:
            for number, skin in one.rig.rig.skins.items():
                parts = [part for _, part in one.parts if part.skin == number]
                if not parts:
                    continue
                nodes = np.array([one.node_first + joint if joint >= 0 else outside for joint in skin.joints],
                                 np.uint32)
                reach = np.full(len(nodes), -1, np.float32)
                for part in parts:
                    if part.reach is not None:
                        np.maximum(reach, part.reach, out=reach)
                found.append((nodes, skin.inverse, reach, (id(one), number)))
        return found

    def _fill_joints(self, skins: list[_Joints]) -> dict[tuple[int, int], tuple[int, int]]:
        """Arrays for the kernel; the first joint and the number of the sphere of each skin."""
        none = np.zeros(0, np.uint32)
        nodes = np.concatenate([none, *(skin[0] for skin in skins)])
        self._joints = np.ascontiguousarray(np.stack([nodes, np.arange(len(nodes), dtype=np.uint32)], axis=1))
        self._inverse = np.concatenate([np.zeros((0, 12), np.float32), *(skin[1] for skin in skins)])
        self._reach = np.concatenate([np.zeros(0, np.float32), *(skin[2] for skin in skins)])
        self._sphere_of = np.repeat(np.arange(len(skins)), [len(skin[0]) for skin in skins]).astype(np.uint32)
        self._spheres = np.zeros(len(skins), np.float32)
        first, found = 0, {}
        for number, (joints, _, _, whose) in enumerate(skins):
            found[whose] = first, number
            first += len(joints)
        return found

    # -- places ------------------------------------------------------------------------------------

    def place(self) -> None:
        """What the nodes are now, as texels."""
        self._drop_dead()
        if self._stale:
            self._lay_out()
        for graph in self.blending.reaching:
            graph._solve(self._table)
        if self._joint_count and self._nodes_moved():
            self._place_joints()
        self._crowds.place(self._texels)
        if self._morphs:
            for row, radius in self._morphs.place():
                self._resize(row, radius)

    def _nodes_moved(self) -> bool:
        columns = [self._table.columns[name] for name in ("position", "rotation", "scale")]
        seen = tuple(column.revision for column in columns)
        if seen == self._seen and not any(column.views_alive() for column in columns):
            return False
        self._seen = seen
        return True

    def _place_joints(self) -> None:
        table, texels = self._table, self._texels
        ANIMATION.lw_pose_models(self._node_rows, self._parents, len(self._node_rows), table.position, table.rotation,
                                 table.scale, self._models)  # fmt: skip
        self._spheres[:] = 0
        ANIMATION.lw_pose_joints(self._joints, self._reach, self._sphere_of, self._joint_count, self._models,
                                 self._inverse, texels.texels[self._joint_first :], self._spheres)  # fmt: skip
        texels.touch(self._joint_first, 3 * self._joint_count)
        far, rows = self._spheres[self._sphere_of_row], self._sphere_rows
        radius = table.radius[rows]
        for number in np.flatnonzero(~((far <= radius) & (radius <= 2 * MARGIN * far))).tolist():
            self._resize(int(rows[number]), MARGIN * float(far[number]))

    def _resize(self, row: int, radius: float) -> None:
        self._table.radius[row] = radius
        self._table.columns["scale"].touch(row, 1)  # visibility measures what may have another size

    def upload(self, submission: Submission) -> None:
        """Sends what changed."""
        self._texels.upload(submission)

    def device_lost(self) -> None:
        """Everything is to be sent again."""
        self._texels.device_lost()
