"""Packing: what changed in each cell between two snapshots, as bytes; made once for all clients of the same baseline.

    block   gone | their places in the cell's rows of the baseline | new | their numbers | words, column after column,
            of all rows in the order of their numbers: the difference to the baseline (0 for who is new); zeros at the
            end are left out

A cell in which nothing changed has no block. Owns: the layout of a block, both ways. The bytes of its words are the
kernel's (engine_py/kernels/net/pack.h).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from layerw.base.errors import LayerwError
from layerw.kernels.net import DAMAGED, NET, WORD_BYTES
from layerw.net.schema import Words
from layerw.net.snapshots import Snapshot

ROWS_MAX = 65_536  # of a cell, that a client takes
Ids = npt.NDArray[np.uint32]


class Damaged(LayerwError, ValueError):
    """Bytes that are no message of ours."""


@dataclass(frozen=True, slots=True)
class CellRows:
    """What a client knows of a cell: ids (n,) ascending, words (n, width)."""

    ids: Ids
    words: Words


def pack_cells(now: Snapshot, base: Snapshot) -> dict[int, bytes]:
    """The blocks of all cells that differ from the baseline, by cell."""
    width = now.words.shape[1]
    at = np.searchsorted(base.keys, now.keys)
    known = _at(base.keys, at) == now.keys if len(base.keys) else np.zeros(len(now.keys), np.bool_)
    before = np.zeros_like(now.words)
    before[known] = base.words[at[known]]
    delta = np.empty_like(now.words)
    NET.lw_net_delta(now.words, before, now.words.size, delta)
    there = np.searchsorted(now.keys, base.keys)
    gone = np.flatnonzero(_at(now.keys, there) != base.keys) if len(now.keys) else np.arange(len(base.keys))
    moved = ~known | (delta != 0).any(axis=1)
    cells = np.union1d(now.cells[moved], base.cells[gone])
    if not len(cells):
        return {}
    first, last = np.searchsorted(now.cells, cells), np.searchsorted(now.cells, cells, side="right")
    rows = last - first
    new_rows = np.flatnonzero(~known)
    new_count = _counts(cells, now.cells[new_rows])
    gone_count = _counts(cells, base.cells[gone])
    ends = np.cumsum(2 + gone_count + new_count + rows * width)
    starts = np.concatenate([[0], ends[:-1]])
    words = np.zeros(int(ends[-1]), np.uint32)
    words[starts] = gone_count
    _scatter(words, starts + 1, gone_count, gone - np.searchsorted(base.cells, base.cells[gone]))
    words[starts + 1 + gone_count] = new_count
    _scatter(words, starts + 2 + gone_count, new_count, now.keys[new_rows] & np.uint64(0xFFFFFFFF))
    body = starts + 2 + gone_count + new_count
    which = np.repeat(np.arange(len(cells)), rows)
    inside = np.arange(len(which)) - np.repeat(np.cumsum(rows) - rows, rows)
    source = first[which] + inside
    to = (body[which] + inside)[:, None] + rows[which][:, None] * np.arange(width)
    words[to] = delta[source]
    words, ends = _without_last_zeros(words, body, ends)
    out = np.empty(WORD_BYTES * len(words), np.uint8)
    out_ends = np.zeros(len(cells), np.uint32)
    NET.lw_net_pack(words, ends.astype(np.uint32), len(cells), out, out_ends)
    data, cuts = out[: int(out_ends[-1])].tobytes(), [0, *out_ends.tolist()]
    return {cell: data[cuts[n] : cuts[n + 1]] for n, cell in enumerate(cells.tolist())}


def unpack_cell(data: bytes, base: CellRows, width: int, scratch: Words) -> CellRows:
    """A cell's rows of a block and what the client knew. Raises Damaged; `scratch` holds what is unpacked.

    Nothing is taken on trust: who is gone was there, who is new was not, and the words are no more than there are rows.
    """
    packed = np.frombuffer(data, np.uint8)
    count = NET.lw_net_unpack(packed, len(packed), scratch, len(scratch))
    if count == DAMAGED or count < 2:
        raise Damaged("A block can't be unpacked.")
    words, had = scratch[:count], len(base.ids)
    gone = int(words[0])
    if gone > had or gone + 2 > count:
        raise Damaged("A block takes away more than there is.")
    places, new = words[1 : 1 + gone].astype(np.int64), int(words[1 + gone])
    if new > ROWS_MAX or gone + new + 2 > count:
        raise Damaged("A block adds more than it holds.")
    ids = words[2 + gone : 2 + gone + new]
    body = words[2 + gone + new :]
    rows = had - gone + new
    if len(body) > rows * width or rows > ROWS_MAX:
        raise Damaged("A block has not the words of its rows.")
    if gone and (int(places[-1]) >= had or (np.diff(places) <= 0).any()):
        raise Damaged("A block takes away what is not there.")
    if new > 1 and (np.diff(ids.astype(np.int64)) <= 0).any():
        raise Damaged("A block adds entities out of order.")
    stay = np.ones(had, np.bool_)
    stay[places] = False
    all_ids = np.concatenate([base.ids[stay], ids])
    order = np.argsort(all_ids, kind="stable")
    all_ids = all_ids[order]
    if rows > 1 and (all_ids[1:] == all_ids[:-1]).any():
        raise Damaged("A block adds what is there already.")
    before = np.concatenate([base.words[stay], np.zeros((new, width), np.uint32)])[order]
    whole = np.zeros(rows * width, np.uint32)
    whole[: len(body)] = body
    delta = np.ascontiguousarray(whole.reshape(width, rows).T)
    found = np.empty((rows, width), np.uint32)
    NET.lw_net_undelta(delta, before, found.size, found)
    return CellRows(all_ids, found)


def _without_last_zeros(words: Words, least: npt.NDArray[np.intp],
                        ends: npt.NDArray[np.intp]) -> tuple[Words, npt.NDArray[np.intp]]:  # fmt: skip
    """Blocks of words, without the zeros at the end of each, which is no shorter than up to `least`; and their ends."""
    some = np.flatnonzero(words)
    last = np.searchsorted(some, ends) - 1
    found = np.where(last >= 0, some[np.maximum(last, 0)] + 1 if len(some) else 0, 0)
    stops = np.minimum(np.maximum(found, least), ends)
    left_out = ends - stops
    at = np.arange(len(words)) < np.repeat(stops, np.diff(ends, prepend=0))
    return words[at], ends - np.cumsum(left_out)


def _at(values: npt.NDArray[np.uint64], at: npt.NDArray[np.intp]) -> npt.NDArray[np.uint64]:
    found: npt.NDArray[np.uint64] = values[np.minimum(at, len(values) - 1)]
    return found


def _counts(cells: npt.NDArray[np.uint64], some: npt.NDArray[np.uint64]) -> npt.NDArray[np.intp]:
    """How many of `some`, which rise, are in each cell."""
    return np.searchsorted(some, cells, side="right") - np.searchsorted(some, cells)


def _scatter(words: Words, starts: npt.NDArray[np.intp], counts: npt.NDArray[np.intp],
             values: npt.NDArray[np.intp] | npt.NDArray[np.uint64]) -> None:  # fmt: skip
    """Puts values, cell after cell, behind the cells' starts."""
    inside = np.arange(len(values)) - np.repeat(np.cumsum(counts) - counts, counts)
    words[np.repeat(starts, counts) + inside] = values
