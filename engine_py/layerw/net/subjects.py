"""Subjects: the entities that players move, and what of them is predicted: every field of one component but whose it
is, and all of a lw.Character.

Owns: their state as bytes, exact, and as a check of what counts: the values in steps of their precision. Both sides run
the same `advance`. Does not know who is told what.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from zlib import crc32

import numpy as np
import numpy.typing as npt

from layerw.base.errors import ConfigError
from layerw.net.prediction import Prediction
from layerw.net.schema import Part, Rows, Schema
from layerw.scene.columns import Column
from layerw.scene.components import PLAYER
from layerw.scene.entity import Entity
from layerw.scene.table import Table

if TYPE_CHECKING:
    from layerw.physics.character import Character

Numbers = npt.NDArray[np.uint16]


@dataclass(eq=False, slots=True)
class Subject:
    """One entity. serial: the same on all sides. what: the function is given."""

    serial: int
    row: int
    birth: int
    what: Any
    character: Character | None


class Subjects:
    """Those of a program, on one side."""

    def __init__(self, table: Table, prediction: Prediction, schema: Schema) -> None:
        found = [one for one in schema.components if one.declared is prediction._declared]
        if not found:
            raise ConfigError(f"{prediction._declared.name} is predicted and was declared after app.connect(), or "
                              "anew; declare it before.")  # fmt: skip
        self.declared = prediction._declared
        self._table, self._prediction = table, prediction
        self._parts = [part for part in found[0].parts if part.field.type is not PLAYER]
        self._owner = next(part.field.name for part in found[0].parts if part.field.type is PLAYER)
        self.by_owner: dict[int, list[Subject]] = {}
        self._known: tuple[int, ...] = ()

    # -- who they are ----------------------------------------------------------------------------

    def rows(self) -> tuple[Rows, Numbers]:
        """Of everyone who has the component, and whose they are; 0: nobody's."""
        attached = self._table.components.find(self.declared)
        rows = np.zeros(0, np.intp) if attached is None else attached.rows()
        return rows, np.zeros(0, np.uint16) if attached is None else attached.columns[self._owner].array[rows]

    def match(self, rows: Rows, owners: Numbers, serials: npt.NDArray[Any]) -> None:
        """They are these now: begins who is new, forgets who is gone."""
        births = self._table.birth[rows]
        known = (*rows.tolist(), -1, *owners.tolist(), -1, *births.tolist())
        if known == self._known:
            return
        self._known = known
        before = {(one.row, one.birth): one for some in self.by_owner.values() for one in some}
        self.by_owner = {}
        for row, owner, birth, serial in zip(rows.tolist(), owners.tolist(), births.tolist(), serials.tolist(),
                                             strict=True):  # fmt: skip
            one = before.pop((row, birth), None) or self._begin(row, birth, serial)
            self.by_owner.setdefault(owner, []).append(one)
        for some in self.by_owner.values():
            some.sort(key=lambda one: one.serial)
        for gone in before.values():
            if gone.character is not None:
                gone.character.remove()

    def forget(self) -> None:
        """All of them: nobody is moved any more."""
        self.match(np.zeros(0, np.intp), np.zeros(0, np.uint16), np.zeros(0, np.uint32))

    def _begin(self, row: int, birth: int, serial: int) -> Subject:
        entity = Entity(self._table, row)
        begin, what = self._prediction._begin, entity
        if begin is not None:
            came, made = self._prediction._user.ask(begin, entity)
            what = made if came and made is not None else entity
        character = _character(what)
        if character is not None:
            character._driven = True
        return Subject(serial, row, birth, what, character)

    # -- what they do ----------------------------------------------------------------------------

    @property
    def waits(self) -> bool:
        """Whether ground that they stand on is on its way."""
        return any(one.character is not None and one.character._waits
                   for some in self.by_owner.values() for one in some)  # fmt: skip

    def advance(self, some: Iterable[tuple[Subject, list[Any]]], dt: float) -> None:
        """One step of these, with their inputs."""
        prediction, characters = self._prediction, []
        for one, values in some:
            prediction._user.call(prediction._function, one.what, dt, *values)
            if one.character is not None and one.character.entity.alive:
                characters.append(one.character)
        if characters:
            physics = characters[0]._physics
            physics._characters.move(characters, physics, dt)

    # -- what they are ---------------------------------------------------------------------------

    def read(self, one: Subject) -> bytes:
        """All that the next steps depend on."""
        columns = [self._columns(part)[0].array[one.row].tobytes() for part in self._parts]
        return b"".join(columns) + (b"" if one.character is None else one.character._kept())

    def write(self, one: Subject, state: bytes) -> None:
        """The same, back. Raises ValueError where it has another length."""
        at = 0
        for part in self._parts:
            kind, width = np.dtype(part.field.type.dtype), part.field.type.width
            size = kind.itemsize * width
            values = np.frombuffer(state[at : at + size], kind)
            self._put(part, one.row, values if width > 1 else values[0])
            at += size
        if one.character is not None:
            one.character._put_back(state[at:])
        elif at != len(state):
            raise ValueError("a state has another length")

    def put(self, one: Subject, name: str, values: Any) -> None:
        """Shows a field otherwise than it is."""
        for part in self._parts:
            if part.field.name == name:
                self._put(part, one.row, values)

    def has(self, name: str) -> bool:
        """Whether that field of entities, position or rotation, is predicted."""
        return any(part.own and part.field.name == name for part in self._parts)

    def checks(self, some: list[Subject]) -> list[int]:
        """Of each, 32 bits of what counts; `check_of` makes one of several."""
        if not some:
            return []
        rows = np.array([one.row for one in some], np.intp)
        words = np.concatenate([part.words_of(self._columns(part)[0].array[rows]) for part in self._parts], axis=1)
        return [crc32(one.tobytes()) for one in words]

    def _columns(self, part: Part) -> list[Column]:
        """The entity's own one first, where it is that."""
        attached = self._table.components.find(self.declared)
        assert attached is not None  # there are rows that have it
        own = [self._table.columns[part.field.name]] if part.own else []
        return [*own, attached.columns[part.field.name]]

    def _put(self, part: Part, row: int, values: Any) -> None:
        for column in self._columns(part):
            column.array[row] = values
            column.touch(row, 1)


def check_of(checks: list[int]) -> int:
    """32 bits of all of one player's."""
    return checks[0] if len(checks) == 1 else crc32(np.array(checks, np.uint32).tobytes())


def _character(what: Any) -> Character | None:
    """What begins may be one; a program without any imports nothing of it."""
    if isinstance(what, Entity):
        return None
    from layerw.physics.character import Character

    return what if isinstance(what, Character) else None
