"""Parameters of graphs, in blocks that graphs with the same names of one file share, so that many are read in one go.

Owns: the blocks. Limits: a block lives as long as some graph has rows of it; they are never given to others.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple
from weakref import WeakValueDictionary

import numpy as np
import numpy.typing as npt

from layerw.animation.rig import RigColumns
from layerw.base.ports import F32

ROWS = 1024
ParameterColumns = dict[str, npt.NDArray[Any]]


class Block:
    """`numbers`: (of parameters that are no flags, rows); `columns`: (rows,) of each parameter."""

    def __init__(self, flags: Mapping[str, bool], rows: int) -> None:
        self.names = [name for name, is_flag in flags.items() if not is_flag]
        self.numbers: F32 = np.zeros((max(len(self.names), 1), rows), np.float32)
        self.columns: ParameterColumns = dict(zip(self.names, self.numbers, strict=False))
        self.columns |= {name: np.zeros(rows, np.bool_) for name, is_flag in flags.items() if is_flag}
        self.rows, self.used = rows, 0


class Parameters(NamedTuple):
    """A graph's rows of a block. columns: (n,) of each, views that stay."""

    block: Block
    first: int
    rows: int
    columns: ParameterColumns


class ParameterPool:
    """`take` some for each graph."""

    def __init__(self) -> None:
        self._blocks: WeakValueDictionary[object, Block] = WeakValueDictionary()

    def take(self, rig: RigColumns, values: Mapping[str, float | bool], count: int) -> Parameters:
        """So many rows, with these values."""
        flags = {name: isinstance(value, bool | np.bool_) for name, value in values.items()}
        key = id(rig), *flags.items()
        block = self._blocks.get(key)
        if block is None or block.used + count > block.rows:
            block = self._blocks[key] = Block(flags, max(ROWS, count))
        first, block.used = block.used, block.used + count
        columns = {name: block.columns[name][first : first + count] for name in values}
        for name, value in values.items():
            columns[name][:] = value
        return Parameters(block, first, count, columns)


class JoinedParameters:
    """Those of some graphs of one block, one after another: `columns` from `begin` on; `end` gives flags back."""

    def __init__(self, parts: Sequence[Parameters]) -> None:
        self._block, first = parts[0].block, parts[0].first
        self.count = sum(part.rows for part in parts)
        rows = np.concatenate([np.arange(part.first, part.first + part.rows) for part in parts])
        straight = bool((rows == np.arange(first, first + self.count)).all())
        self._rows = None if straight else rows
        self._first = first if straight else 0
        self.numbers: F32 = self._block.numbers
        self.columns: ParameterColumns = {name: column[first : first + self.count]
                                 for name, column in self._block.columns.items()} if straight else {}  # fmt: skip

    def begin(self) -> None:
        """What programs wrote is known."""
        if self._rows is not None:
            self.numbers = np.ascontiguousarray(self._block.numbers[:, self._rows])
            self.columns = {name: column[self._rows] for name, column in self._block.columns.items()}

    def end(self) -> None:
        """What transitions cleared is known to programs."""
        for name, column in self.columns.items() if self._rows is not None else ():
            if column.dtype == np.bool_:
                self._block.columns[name][self._rows] = column

    def place(self, name: str) -> int:
        """Where a column begins among all of `numbers`."""
        width = self._block.rows if self._rows is None else self.count
        return self._block.names.index(name) * width + self._first
