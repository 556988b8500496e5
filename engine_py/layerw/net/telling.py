"""Telling: what each player of a room is told of its things, a tick at a time.

Owns: the last ticks, the cells of things, what they look like, and which baseline each player has. A difference is
packed once for all who have the same baseline. Where there are many players, their turns are spread over the frames up
to the next tick, so that no frame is late for telling all of them. Does not hear anybody (authority.py).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from typing import Any

import numpy as np
import numpy.typing as npt

from layerw.frame.subsystems import SubsystemPort
from layerw.net import wire
from layerw.net.guests import WHOLE_EACH_S, Guest
from layerw.net.packing import pack_cells
from layerw.net.past import Past
from layerw.net.schema import LOOK, Rows, Schema
from layerw.net.seen import LookNumbers
from layerw.net.settings import Settings
from layerw.net.snapshots import KEPT, Cells, Ring, Snapshot, cell_of, nothing
from layerw.net.transport import Transport

LOOK_BYTES_A_TICK = 128 * 1024  # to one player
AT_ONCE = 64  # players that a frame tells in any case
Owners = npt.NDArray[np.uint16]
Packed = dict[int, tuple[dict[int, bytes], set[int]]]  # by the baseline's tick


class Telling:
    """`tell` makes a tick's snapshot and sends guests what is new of it; `go_on`, once a frame, those who are left."""

    def __init__(self, port: SubsystemPort, settings: Settings, schema: Schema) -> None:
        self._port, self._settings, self._schema = port, settings, schema
        self.ring, self._cells = Ring(), Cells(port.table.capacity)
        self._cell_m = settings.cell_m
        self._looks = LookNumbers(port)
        self.past = Past(port.table)
        self.sent_bytes = self.snapshots = 0
        self.skipped = 0  # snapshots for guests who had not taken the last one yet
        self._now, self._packed_now, self._places = nothing(schema.width), Packed(), dict[int, Any]()
        self._left, self._turn = deque[Guest](), AT_ONCE  # who is told of it later; how many a frame

    def tell(self, tick: int, rows: Rows, owners: Owners, guests: Iterable[Guest]) -> None:
        """rows: of all shared things. owners: of each row, 0: nobody."""
        if self._cell_m != self._settings.cell_m:
            self._cell_m = self._settings.cell_m
            self._cells.forget()
            for guest in guests:
                guest.interest.forget()
        table = self._port.table
        position = table.position[rows]
        cells = self._cells.place(rows, table.birth[rows], position[:, 0], position[:, 2], self._cell_m)
        keys = cells << np.uint64(32) | table.serial[rows].astype(np.uint64)
        order = np.argsort(keys, kind="stable")
        words = self._schema.read(table, rows)
        words[:, LOOK] = self._looks.of(rows)
        now = Snapshot(tick, keys[order], words[order])
        self.ring.put(now)
        self.past.put(tick, rows, owners, self._settings.tick_rate)
        mine = np.flatnonzero(owners)
        _, first = np.unique(owners[mine], return_index=True)
        self._places = {int(owners[mine[one]]): position[mine[one]] for one in first.tolist()}
        self._now, self._packed_now = now, Packed()
        self._left = deque(guests)  # nobody is left of the tick before
        self._turn = max(AT_ONCE, -(-len(self._left) // self._settings.frames_a_tick))
        self.go_on(self._turn)

    def go_on(self, most: int | None = None) -> None:
        """The next ones' turn; most: None: as many as it takes to be through before the next tick."""
        for _ in range(min(self._turn if most is None else most, len(self._left))):
            guest = self._left.popleft()
            if guest.transport is None:
                continue
            if guest.transport.waiting_bytes == 0:
                self._tell(guest, guest.transport, self._now, self._packed_now, self._places.get(guest.player.number))
            else:
                self.skipped += 1

    def _tell(self, guest: Guest, transport: Transport, now: Snapshot, packed: Packed,
              place: Any) -> None:  # fmt: skip
        """One guest's snapshot, of blocks that others get as well."""
        self._tell_looks(guest, transport)
        position = guest.player.position if guest.player.position is not None else place
        column, row = (0, 0) if position is None else cell_of(float(position[0]), float(position[2]), self._cell_m)
        cells = guest.interest.look(column, row, self._settings.radius)
        base = self.ring.find(guest.acked)
        had = guest.told.get(guest.acked) if base is not None else None
        if base is None or had is None:
            clock = self._port.now_s()
            if guest.looks < len(self._looks.messages) or clock - guest.whole_s < WHOLE_EACH_S:
                return  # it could not show it, or it has not had the time to say that it has it
            base, had, guest.whole_s = nothing(self._schema.width), frozenset(), clock
        blocks, cells = self._blocks(now, base, cells, had, packed)
        last = now.tick - KEPT
        if next(iter(guest.told_s), now.tick) <= last or next(iter(guest.told), now.tick) <= last:  # the oldest
            guest.told = {tick: told for tick, told in guest.told.items() if tick > last}
            guest.told_s = {tick: then for tick, then in guest.told_s.items() if tick > last}
        guest.told[now.tick], guest.told_s[now.tick] = cells, self._port.now_s()
        data = wire.packed_snapshot(wire.SnapshotHead(now.tick, base.tick, guest.inputs.applied), blocks)
        self.sent_bytes += len(data)
        self.snapshots += 1
        transport.send(data, reliable=False)

    def _blocks(self, now: Snapshot, base: Snapshot, cells: frozenset[int], had: frozenset[int],
                packed: Packed) -> tuple[list[bytes], frozenset[int]]:  # fmt: skip
        """What brings someone who had those cells of the baseline up to now; and the cells that it then has."""
        delta, large = self._packed(packed, now, base, wire.DELTA)
        if cells == had and large.isdisjoint(cells):
            return [delta[cell] for cell in cells if cell in delta], cells
        blocks = [delta[cell] for cell in cells & had if cell in delta]
        if cells - had:
            whole, too_large = self._packed(packed, now, nothing(self._schema.width), wire.WHOLE)
            blocks += [whole[cell] for cell in cells - had if cell in whole]
            large = large & had | too_large & (cells - had)
        blocks += [wire.packed_cell(cell, wire.DROPPED, b"") for cell in (had - cells) | (large & cells & had)]
        if large & cells:
            self._port.log.warning(f"A cell takes more than {wire.BLOCK_BYTES_MAX} bytes and is not told; make "
                                   f"app.net.cell_m smaller, it is {self._cell_m:g}.")  # fmt: skip
        return blocks, cells - large

    def _tell_looks(self, guest: Guest, transport: Transport) -> None:
        """Those that it was not told of yet, as many as go in one tick."""
        left = LOOK_BYTES_A_TICK
        while left > 0 and guest.looks < len(self._looks.messages):
            data = self._looks.messages[guest.looks]
            transport.send(data, reliable=True)
            guest.looks += 1
            left -= len(data)
            self.sent_bytes += len(data)

    def _packed(self, packed: Packed, now: Snapshot, base: Snapshot, kind: int) -> tuple[dict[int, bytes], set[int]]:
        """The blocks of cells as they are sent, made once for all who have this baseline; and which are too large."""
        found = packed.get(base.tick)
        if found is None:
            blocks = pack_cells(now, base)
            large = {cell for cell, data in blocks.items() if len(data) > wire.BLOCK_BYTES_MAX}
            found = packed[base.tick] = {cell: wire.packed_cell(cell, kind, data) for cell, data in blocks.items()
                                         if cell not in large}, large  # fmt: skip
        return found
