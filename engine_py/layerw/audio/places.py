"""Where voices are, and how loud that makes them on each side.

Owns: the columns of places. Does not: know what plays. A frame costs some 25 numpy calls, whatever the count.
Source: the distance models are Web Audio's, https://www.w3.org/TR/webaudio/#enumdef-distancemodeltype; "inverse" and
"exponential" end at `range`, as light does.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from layerw.audio.sound import MODELS, Sound
from layerw.base.ports import F64
from layerw.scene.table import FrameColumns, Table

LEFT_RIGHT, ONES = np.array([[-1.0], [1.0]]), np.ones(3)


class _Used(NamedTuple):
    """The rows in use of each column."""

    xyz: F64
    near: F64
    slow: F64
    loud: F64
    flat: F64
    fade: F64
    spatial: F64
    pan: F64
    level: F64
    sides: F64
    model: npt.NDArray[np.int64]


class Places:
    """Columns of `capacity` rows, and `levels` of those below `count`."""

    def __init__(self, table: Table, capacity: int) -> None:
        self._table, n = table, capacity
        self.row, self._birth = np.full(n, -1, np.int64), np.zeros(n, np.int64)
        self.xyz, self.pan = np.zeros((n, 3)), np.zeros(n)
        self._spatial, self._fade = np.zeros(n), np.zeros(n)  # fade: 1 / range^2; 0: everywhere alike
        self._near, self._slow = np.ones(n), np.zeros(n)  # reference, rolloff
        self._loud, self._flat = np.ones(n), np.ones(n)  # reference * gain, reference * (1 - rolloff)
        self._model, self._has_models = np.zeros(n, np.int64), False  # other than "inverse"
        self.level = np.zeros((2, n))  # left and right; what is new counts as near
        self._sides = np.zeros((2, n))
        self._used: _Used | None = None
        self._attached: npt.NDArray[np.intp] | None = None  # slots that go along with an entity,
        self._rows = np.zeros(0, np.int64)  # whose rows these are
        self._deaths = -1

    def put(self, slot: int, row: int, place: F64 | None, pan: float, sound: Sound) -> None:
        """An entity's row, a place, or neither."""
        self.row[slot], self._attached = row, None
        self._birth[slot] = self._table.birth[row] if row >= 0 else 0
        spatial = row >= 0 or place is not None
        self._spatial[slot], self.pan[slot] = spatial, pan
        self.xyz[slot] = place if place is not None else 0
        self._near[slot], self._slow[slot] = sound.reference, sound.rolloff if spatial else 0.0
        self._fade[slot] = sound.range**-2 if spatial else 0.0
        self._model[slot] = MODELS.index(sound.distance_model) if spatial else 0
        self._has_models = bool(self._model.any())
        self._flat[slot] = self._near[slot] * (1 - self._slow[slot])
        self._loud[slot] = self._near[slot] * sound.gain
        self.level[:, slot] = sound.gain

    def is_spatial(self, slot: int) -> bool:
        """Whether it is heard from a place."""
        return bool(self._spatial[slot])

    @property
    def spatial(self) -> F64:
        """1 for each that is heard from a place, else 0."""
        assert self._used is not None
        return self._used.spatial

    def leave(self, slot: int) -> None:
        """Nobody is there any more."""
        self.row[slot], self._attached = -1, None
        self.level[:, slot] = 0

    def fit(self, count: int) -> None:
        """Rows below this number are in use."""
        self._used = _Used(
            self.xyz[:count], self._near[:count], self._slow[:count], self._loud[:count], self._flat[:count],
            self._fade[:count], self._spatial[:count], self.pan[:count], self.level[:, :count],
            self._sides[:, :count], self._model[:count])  # fmt: skip

    def follow(self, placed: FrameColumns) -> list[int]:
        """To where the entities are; the slots of those that are gone, which stay where they were."""
        gone: list[int] = []
        if self._attached is None or self._deaths != self._table.deaths:
            at, self._deaths = np.flatnonzero(self.row >= 0), self._table.deaths
            lives = self._table.birth[self.row[at]] == self._birth[at]
            gone = at[~lives].tolist()
            self.row[gone], self._attached = -1, at[lives]
            self._rows = self.row[self._attached]
        if len(self._rows):
            self.xyz[self._attached] = placed.position.take(self._rows, 0)
        return gone

    def around(self, slots: npt.NDArray[np.intp], ear: F64, head: F64) -> npt.NDArray[np.float32]:
        """(n, 4) slot, and which way of the head those are that have a place; what comes near goes to the front."""
        slots = slots[self._spatial[slots] > 0]
        away = self.xyz[slots] - ear
        far = np.sqrt(np.einsum("ij,ij->i", away, away))
        found = np.empty((len(slots), 4), np.float32)
        found[:, 0] = slots
        found[:, 1:] = (away / np.maximum(far, self._near[slots])[:, None]) @ head.T
        found[:, 3] -= np.maximum(1 - far / self._near[slots], 0)
        return found

    def levels(self, ear: F64, right: F64) -> F64:
        """(2, n) how loud each is on the left and on the right, before its own gain."""
        used = self._used
        assert used is not None
        away = used.xyz - ear
        square = (away * away) @ ONES
        beyond = np.sqrt(square)
        np.maximum(beyond, used.near, out=beyond)
        gain = used.slow * beyond
        gain += used.flat
        np.divide(used.loud, gain, out=gain)  # r / (r + rolloff (distance - r))
        square *= used.fade
        square *= square
        edge = 1 - square
        np.maximum(edge, 0, out=edge)  # nothing is left at the range
        gain *= edge
        if self._has_models:
            _other_models(used, beyond, gain, edge)
        pan = away @ right
        pan *= used.spatial
        pan /= beyond
        pan += used.pan
        sides = np.multiply(LEFT_RIGHT, pan, out=used.sides)
        sides += 1
        np.minimum(sides, 1, out=sides)
        np.maximum(sides, 0, out=sides)
        np.sqrt(sides, out=sides)
        np.multiply(sides, gain, out=used.level)
        return used.level


def _other_models(used: _Used, beyond: F64, gain: F64, edge: F64) -> None:
    near, slow, base = used.near, used.slow, used.loud / used.near
    linear, exponential = used.model == 1, used.model == 2
    if linear.any():
        spans = np.maximum(np.sqrt(1 / np.maximum(used.fade, 1e-24)) - near, 1e-9)
        gain[linear] = (base * np.clip(1 - slow * (beyond - near) / spans, 0, 1))[linear]
    if exponential.any():
        gain[exponential] = (base * (beyond / near) ** -slow * edge)[exponential]
