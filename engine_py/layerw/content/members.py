"""The members of a crowd: their rows of the table, their columns, and what of the file each row shows.

Owns: both, and the rows of the file's further parts, which are children of the members' own. Does not: load the file
(models.py) or choose poses (animation/crowds.py).
Limits: morphs, and what no joint moves, stay as the file has them.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from layerw.animation.animator import Animator
from layerw.animation.bake import RATES, BakedClip, BakedSkin, bake, baked_bytes, planned
from layerw.animation.crowds import Herd, listed, members_of
from layerw.animation.poses import POSES_BYTES_MAX
from layerw.animation.rig import RigColumns
from layerw.base import checks
from layerw.base.addresses import shown
from layerw.base.errors import BudgetError
from layerw.base.mathx import decompose, matrix_from_quat
from layerw.base.ports import F32, F64, NodeDesc, Primitive
from layerw.content.models import Model, OpenFile, radius_of
from layerw.content.staged import is_hidden
from layerw.scene.entity import Entities
from layerw.scene.uses import dress

Rows = npt.NDArray[np.intp]
BAKED_BYTES_MAX = POSES_BYTES_MAX // 2


class Members:
    """`columns`: one of each kind a member, see animation/crowds.py. `named`: the clip that all shall show once the
    file is here."""

    def __init__(self, model: Model, entities: Entities, animator: Animator) -> None:
        self.entities = entities
        self.columns = members_of(len(entities))
        self.named: str | None = None
        self.notes: list[str] = []
        self._coarser = ""  # told where poses are fewer than they would be
        self._model, self._animator = model, animator
        self._herd: Herd | None = None
        self._further: list[Entities] = []
        model._crowd = self

    def close(self) -> None:
        """They end, and the file with them."""
        self._model.close()
        left = self.entities[self.entities.alive_mask]
        if len(left):
            left.despawn()

    # -- for the model -----------------------------------------------------------------------------

    def _wear(self, content: OpenFile) -> None:
        """The file is here. Raises BudgetError where its poses are too many."""
        owners = content.rig.owners if content.rig is not None else {}
        hidden = {number for number, node in enumerate(content.nodes) if not node.visible}
        shown_parts = [part for part in content.primitives
                       if not hidden or not is_hidden(content.nodes, hidden, owners.get(part.node, part.node))]
        parts = sorted(shown_parts, key=lambda part: part.skin < 0)  # the first one is on the members' own rows
        self._coarser = ""
        clips, skins = self._baked(content, parts)
        drawn = []
        for number, part in enumerate(parts):
            own = self._rows(number, part, content.nodes)
            radius = radius_of(part)
            if part.skin in skins:
                radius = skins[part.skin].radius_of(radius)
            dress(self.entities._table, own, mesh=part.mesh, material=part.material, radius=radius)
            if part.skin in skins:
                drawn.append((self._further[-1]._first if number else self.entities._first, part.skin))
        self.notes = [self._coarser] if self._coarser else []
        self._choose_named([clip.name for clip in clips])
        if clips:
            self._tell_left_out(parts, skins)
        if drawn:
            self._herd = Herd(f"The crowd of {shown(self._model.url)}", self.columns, clips, skins, drawn, self.close)
            self._animator.add_herd(self._herd)

    def _take_off(self) -> None:
        """The file is gone; the members stay, with nothing to show."""
        if self._herd is not None:
            self._animator.remove_herd(self._herd)
            self._herd = None
        for group in self._further:
            left = group[group.alive_mask]
            if len(left):
                left.despawn()
        self._further.clear()
        dress(self.entities._table, self._alive(), mesh=0, material=0, radius=0.0)

    def _baked(self, content: OpenFile, parts: list[Primitive]) -> tuple[list[BakedClip], dict[int, BakedSkin]]:
        if content.rig is None:
            return [], {}
        columns, reaches = RigColumns(content.rig, content.nodes), _reaches(parts)
        left = self._model._store.left_bytes
        for rate in RATES:
            clips = planned(columns, rate)
            needed = baked_bytes(columns, clips, list(reaches))
            if rate == RATES[0]:
                whole = needed
            if needed <= min(left, BAKED_BYTES_MAX):
                if rate != RATES[0]:
                    self._coarser = (f"Its poses are made {rate:g} times a second instead of {RATES[0]:g}, which would "
                                     f"take {whole} bytes; a crowd has at most {BAKED_BYTES_MAX}, and the GPU had "
                                     f"{left} left.")  # fmt: skip
                break
        else:
            seconds = sum(clip.duration_s for clip in clips)
            raise BudgetError(f"as poses of a crowd its {len(clips)} clips of {seconds:.0f} s take {needed} bytes; a "
                              f"crowd has at most {BAKED_BYTES_MAX}, and the GPU has {left} left, for {RATES[-1]:g} "
                              f"poses a second. Use shorter clips or fewer joints, or raise "
                              f"lw.App(budgets=lw.Budgets(gpu_mib=...)).")  # fmt: skip
        return clips, bake(columns, clips, reaches)

    def _alive(self) -> Rows:
        found: Rows = self.entities._numbers()[self.entities.alive_mask]
        return found

    def _rows(self, number: int, part: Primitive, nodes: list[NodeDesc]) -> Rows:
        """The rows that show a part: the members' own for the first one, if joints move it; else children of them."""
        if number == 0 and part.skin >= 0:
            return self._alive()
        table, count = self.entities._table, len(self.entities)
        first, alive = table.spawn(count, mesh=0, material=0, radius=0.0), self.entities.alive_mask
        own = np.arange(first, first + count)
        self._further.append(Entities(table, first, count))
        table.set_parents(own[alive], self.entities._numbers()[alive])
        if part.skin < 0:
            at = slice(first, first + count)
            table.position[at], table.rotation[at], table.scale[at] = decompose(_world(nodes, part.node))
        if not alive.all():
            table.despawn_rows(own[~alive])
        return own[alive]

    def _choose_named(self, known: list[str]) -> None:
        name, self.named = self.named, None
        if name in known:
            self.columns["clip"] = known.index(name)
        elif name is not None:
            self.notes.append(f"crowd.clip = {name!r}: there is no such clip; the clips are {listed(known)}."
                              f"{checks.did_you_mean(name, known)}")  # fmt: skip

    def _tell_left_out(self, parts: list[Primitive], skins: dict[int, BakedSkin]) -> None:
        still = sum(part.skin not in skins for part in parts)
        if still:
            self.notes.append(f"{still} of its {len(parts)} parts follow no joint; a crowd shows them as they stand in "
                              f"the file, whatever the clip.")  # fmt: skip
        if any(part.morph >= 0 for part in parts):
            self.notes.append("A crowd does not show its morph targets.")


def _reaches(parts: list[Primitive]) -> dict[int, F32 | None]:
    """Of each skin, how far from its joints lies what follows them, in any part."""
    found: dict[int, F32 | None] = {}
    for part in parts:
        if part.skin < 0:
            continue
        before = found.get(part.skin)
        if before is None or part.reach is None:
            found[part.skin] = part.reach if part.skin not in found else before
        else:
            found[part.skin] = np.maximum(before, part.reach)
    return found


def _world(nodes: list[NodeDesc], node: int) -> F64:
    """(4, 4): where a node stands in the file; -1: at the origin."""
    found = np.eye(4)
    while node >= 0:
        own, at = np.eye(4), nodes[node]
        own[:3, :3] = matrix_from_quat(np.array(at.rotation)) * np.array(at.scale)
        own[:3, 3] = at.translation
        found, node = own @ found, at.parent
    return found
