"""Which words an entity has on the wire: all shared components side by side, 32 bits a word.

    look | mask of its components | words of the first component | of the second ...

Owns: the order, the words of each field, and the hash that both sides must agree on. A field called position, rotation,
scale or color of the entity's own type is the entity's own. Limits: COMPONENTS_MAX shared components.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import numpy as np
import numpy.typing as npt

from layerw.base.errors import ConfigError
from layerw.kernels.net import NET
from layerw.scene.components import BY_NAME, Declaration, Field
from layerw.scene.table import Table

PROTOCOL = 2
COMPONENTS_MAX = 32
LOOK, MASK, FIRST = 0, 1, 2
OWN = {"position": "f32x3", "rotation": "f32x4", "scale": "f32x3", "color": "u32"}  # columns that every entity has
Rows = npt.NDArray[np.intp]
Words = npt.NDArray[np.uint32]


@dataclass(frozen=True, slots=True)
class Part:
    """One field on the wire: words `first` to `last - 1` of a row."""

    field: Field
    first: int
    last: int
    own: bool  # it is the entity's own column

    @property
    def per_unit(self) -> npt.NDArray[np.float64] | None:
        """Whole steps in one unit; None: to the bit."""
        precision = self.field.options.precision
        return None if precision is None or np.dtype(self.field.type.dtype).kind != "f" else np.array([1 / precision])

    def words_of(self, values: npt.NDArray[Any]) -> Words:
        """(n, last - first) of (n,) or (n, width) values."""
        count, per_unit = len(values), self.per_unit
        if per_unit is None:
            size = np.dtype(self.field.type.dtype).itemsize
            wide = values if size >= 4 else values.astype(np.uint32)
            return np.ascontiguousarray(wide).reshape(count, -1).view(np.uint32)
        found = np.empty((count, self.last - self.first), np.int32)
        if self.field.type.dtype is np.float32:
            NET.lw_net_quantise(np.ascontiguousarray(values), values.size, per_unit, found)
        else:
            found[:] = np.clip(np.rint(values.reshape(count, -1) * per_unit[0]), -(2.0**31) + 1, 2.0**31 - 1)
        return found.view(np.uint32)

    def values_of(self, words: Words) -> npt.NDArray[Any]:
        """(n,) or (n, width) values of (n, last - first) words."""
        kind, width, per_unit = self.field.type.dtype, self.field.type.width, self.per_unit
        given = np.ascontiguousarray(words)
        found: npt.NDArray[Any]
        if per_unit is None:
            found = given.view(kind) if np.dtype(kind).itemsize >= 4 else given.astype(kind)
        elif kind is np.float32:
            found = np.empty(given.shape, np.float32)
            NET.lw_net_restore(given.view(np.int32), given.size, per_unit, found)
        else:
            found = given.view(np.int32) / per_unit[0]
        return found.reshape(len(words)) if width == 1 else found.reshape(len(words), width)


@dataclass(frozen=True, slots=True)
class Shared:
    """One component on the wire; `bit` is its mask."""

    declared: Declaration
    bit: int
    parts: tuple[Part, ...]


class Schema:
    """Of the components that are declared with shared=True when it is made."""

    def __init__(self) -> None:
        declared = sorted((one for one in BY_NAME.values() if one.shared), key=lambda one: one.name)
        if len(declared) > COMPONENTS_MAX:
            raise ConfigError(f"{len(declared)} components are shared; at most {COMPONENTS_MAX} can be.")
        self.components: list[Shared] = []
        at, text = FIRST, [f"protocol {PROTOCOL}"]
        for number, one in enumerate(declared):
            parts = []
            for field in one.fields.values():
                words = field.type.width * (1 if _is_one_word(field) else 2)
                parts.append(Part(field, at, at + words, OWN.get(field.name) == field.type.name))
                at += words
                text.append(f"{one.name}.{field.name}: {field.type.name} {field.options.precision} "
                            f"{field.options.interpolate}")  # fmt: skip
            self.components.append(Shared(one, 1 << number, tuple(parts)))
        self.width = at
        self.hash = sha256("\n".join(text).encode()).hexdigest()[:16]

    def parts(self) -> Iterator[tuple[Shared, Part]]:
        """Every field of every component."""
        for one in self.components:
            for part in one.parts:
                yield one, part

    def rows(self, table: Table) -> Rows:
        """Whoever has a shared component, ascending."""
        has = [attached.rows() for one in self.components
               if (attached := table.components.find(one.declared)) is not None]
        return np.unique(np.concatenate(has)) if has else np.zeros(0, np.intp)

    def read(self, table: Table, rows: Rows) -> Words:
        """(n, width) words of rows; look is left 0."""
        words = np.zeros((len(rows), self.width), np.uint32)
        for one in self.components:
            attached = table.components.find(one.declared)
            if attached is None:
                continue
            has = attached.present[rows]
            if not has.any():
                continue
            words[:, MASK] |= np.where(has, np.uint32(one.bit), np.uint32(0))
            for part in one.parts:
                columns = table.columns if part.own else attached.columns
                found = part.words_of(columns[part.field.name].array[rows])
                words[:, part.first : part.last] = found if has.all() else np.where(has[:, None], found, 0)
        return words


def _is_one_word(field: Field) -> bool:
    kind = np.dtype(field.type.dtype)
    return kind.itemsize <= 4 or (kind.kind == "f" and field.options.precision is not None)
