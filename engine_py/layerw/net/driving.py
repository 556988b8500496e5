"""Driving: the server's side of prediction: players' things move by the inputs that came, and by nothing else.

Owns: whose inputs are taken when, and who is told that it came out otherwise: where the player's side came to the same,
nothing is said. Does not: trust an input; lengths, bounds and how many there are a second are checked here.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from layerw.frame.subsystems import SubsystemPort
from layerw.net import wire
from layerw.net.guests import Guest
from layerw.net.prediction import Prediction
from layerw.net.schema import Rows, Schema
from layerw.net.subjects import Subjects, check_of
from layerw.net.wall import LeftOut, Wall

STATES_MAX = 16  # entities in one message


class Driving:
    """Of one room. owners: of rows, by their spawns."""

    def __init__(self, port: SubsystemPort, prediction: Prediction, schema: Schema, guests: dict[int, Guest],
                 owners: Callable[[Rows], Any]) -> None:  # fmt: skip
        self._port, self._prediction, self._guests, self._owners = port, prediction, guests, owners
        self._subjects = Subjects(port.table, prediction, schema)
        self._left_out = LeftOut(Wall(port.host))
        self.sent_bytes = self.corrections = 0

    def hear(self, guest: Guest, data: bytes) -> None:
        """Inputs. Raises Damaged."""
        inputs = self._prediction._inputs
        run = wire.read_inputs(data, inputs.size_bytes)
        for one in set(run.inputs):
            inputs.unpack(one)
        guest.inputs.hear(run)

    def step(self, dt: float) -> None:
        """A fixed step, after everything else's."""
        left_out = self._left_out.steps()
        for guest in self._guests.values() if left_out else ():
            guest.inputs.make_up(left_out)
        rows, owners = self._subjects.rows()
        if not len(rows):
            return
        owners = np.where(owners != 0, owners, self._owners(rows))
        theirs = owners != 0
        rows, owners = rows[theirs], owners[theirs]
        self._subjects.match(rows, owners, self._port.table.serial[rows])
        if self._subjects.waits:
            return
        due = [(some, self._guests[number].inputs.due(self._prediction._inputs))
               for number, some in self._subjects.by_owner.items() if number in self._guests]  # fmt: skip
        for place in range(max((len(inputs) for _, inputs in due), default=0)):
            self._subjects.advance([(one, inputs[place]) for some, inputs in due if place < len(inputs)
                                    for one in some], dt)  # fmt: skip

    def tell(self, tick: int) -> None:
        """Who came to something else is told what it is."""
        everyone = [(guest, one) for number, some in self._subjects.by_owner.items()
                    if (guest := self._guests.get(number)) is not None and guest.transport is not None
                    and guest.inputs.applied for one in some]  # fmt: skip
        checks: dict[Guest, list[int]] = {}
        for (guest, _), check in zip(everyone, self._subjects.checks([one for _, one in everyone]), strict=True):
            checks.setdefault(guest, []).append(check)
        for guest, found in checks.items():
            transport = guest.transport
            if transport is None or guest.inputs.checks.get(guest.inputs.applied) == check_of(found):
                continue
            some = self._subjects.by_owner[guest.player.number]
            self.corrections += 1
            for first in range(0, len(some), STATES_MAX):
                states = {one.serial: self._subjects.read(one) for one in some[first : first + STATES_MAX]}
                data = wire.state_message(tick, guest.inputs.applied, states)
                self.sent_bytes += len(data)
                transport.send(data, reliable=False)


