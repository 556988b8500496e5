"""The predictor: the player's own things, moved at once, and put right where the server had it otherwise.

Owns: the inputs that the server has not taken yet, what each came to, and how a correction is shown: what is seen goes
over to what is right in about 0.1 s. Does not decide anything. A program sees its things as they are shown; the
predicted function sees them as they are.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from layerw.base.program_clock import FIXED_S
from layerw.frame.subsystems import SubsystemPort
from layerw.net import wire
from layerw.net.lead import Lead
from layerw.net.packing import Damaged
from layerw.net.player import Player
from layerw.net.prediction import Prediction
from layerw.net.schema import Schema
from layerw.net.subjects import Subject, Subjects, check_of

KEPT = 128  # inputs: what is older is not waited for
AGAIN = 12  # inputs that a message has at most, where messages get lost of what was said before; steps that wait
SEND_EACH = 2  # steps
SMOOTH_S = 0.045  # in which what is left of a correction is a third: in 0.1 s a tenth
FAR_M = 3.0  # a correction that is larger is a leap and shown as one
SEEN_M = 1e-4
F64 = npt.NDArray[np.float64]


@dataclass(eq=False, slots=True)
class Moment:
    """After one input: what everything came to."""

    number: int
    data: bytes
    values: list[Any]
    check: int
    states: dict[int, bytes]


class Predictor:
    """`step` moves, `correct` hears the server, `show` is once a frame."""

    def __init__(self, port: SubsystemPort, prediction: Prediction, schema: Schema) -> None:
        self._port, self._prediction = port, prediction
        self._subjects = Subjects(port.table, prediction, schema)
        self.declared = prediction._declared
        self.number = self._said = self._acked = self._settled = 0
        self._lead, self._waited = Lead(), 0  # steps in a row
        self._pressed = prediction._inputs.nothing  # while they did
        self._moments: deque[Moment] = deque(maxlen=KEPT)
        self._own: list[Subject] = []
        self._states: dict[int, bytes] = {}  # by serial: as they are
        self._lean: dict[int, F64] = {}  # by serial: what is shown less what is, metres

    @property
    def serials(self) -> list[int]:
        """Whose fields the server's snapshots don't set."""
        return sorted(self._states)

    def restart(self) -> None:
        """Another connection: what was said and not taken is not taken any more."""
        self._moments.clear()
        self._settled = self._acked = self._said = self.number
        self._lead = Lead()

    def claim(self, player: Player, serials: Callable[[npt.NDArray[np.intp]], npt.NDArray[Any]]) -> None:
        """Takes what is the player's, as the server tells it."""
        rows, owners = self._subjects.rows()
        mine = rows[owners == player.number]
        self._subjects.match(mine, np.full(len(mine), player.number, np.uint16), serials(mine))
        self._own = self._subjects.by_owner.get(player.number, [])
        known = {one.serial for one in self._own}
        if known != set(self._states):
            self._states = {one.serial: self._states.get(one.serial) or self._subjects.read(one) for one in self._own}
            self._lean = {serial: lean for serial, lean in self._lean.items() if serial in known}

    def forget(self) -> None:
        """Nothing is moved any more."""
        self._subjects.forget()
        self._own = []

    # -- steps -----------------------------------------------------------------------------------

    def step(self, dt: float, shown: float, ping_s: float, send: Callable[[bytes], None], *, loses: bool) -> None:
        """A fixed step, after everything else's. shown: the tick that is on the screen. loses: what `send` is given may
        not come, and is said again."""
        births = self._port.table.birth
        self._own = [one for one in self._own if births[one.row] == one.birth]
        if not self._own or self._subjects.waits:
            return
        inputs = self._prediction._inputs
        data = inputs.joined(self._pressed, self._prediction._read())
        if self._lead.waits(self.number - self._acked, ping_s):
            self._pressed, self._waited = data, self._waited + 1
            if self._waited % AGAIN == 0 and self.number > self._acked:  # it may be that it did not come
                send(self._message(shown, self._acked))
            return
        self._pressed, self._waited = inputs.nothing, 0
        self.number += 1
        for one in self._own:
            self._subjects.write(one, self._states[one.serial])
        moment = Moment(self.number, data, inputs.unpack(data), 0, {})
        self._advance(moment, dt)
        self._moments.append(moment)
        self._lay()
        if self.number % SEND_EACH == 0:
            send(self._message(shown, self._acked if loses else max(self._said, self._acked)))

    def _advance(self, moment: Moment, dt: float) -> None:
        self._subjects.advance(((one, moment.values) for one in self._own), dt)
        moment.states = self._states = {one.serial: self._subjects.read(one) for one in self._own}
        moment.check = check_of(self._subjects.checks(self._own))

    def _message(self, shown: float, since: int) -> bytes:
        some = [one for one in self._moments if one.number > since][-AGAIN:]
        before = self._moments[-2].check if len(self._moments) > 1 else 0
        self._said = self.number
        return wire.inputs_message(wire.InputRun(self.number, (some[-1].check, before), shown,
                                                 [one.data for one in some]))  # fmt: skip

    # -- what the server says --------------------------------------------------------------------

    def acknowledge(self, number: int) -> None:
        """The server has taken inputs up to this one."""
        self._acked = max(self._acked, min(number, self.number))
        while self._moments and self._moments[0].number < self._acked:
            self._moments.popleft()

    def correct(self, data: bytes) -> None:
        """Goes on from what the server came to, with the inputs since then. Raises Damaged."""
        number, states = wire.read_state(data)
        if number < max(self._settled, self._acked) or number > self.number:
            return  # something newer was heard
        self._settled = number
        self.acknowledge(number)
        there = {one.serial: one for one in self._own if one.serial in states}
        known = next((one for one in self._moments if one.number == number), None)
        if not there or (known is not None and all(known.states.get(one) == states[one] for one in there)):
            return
        before = {one.serial: self._place(one) for one in self._own}
        try:
            for serial, one in there.items():
                self._subjects.write(one, states[serial])
        except (ValueError, IndexError) as error:
            raise Damaged(f"A state can't be read: {error}") from error
        for one in self._own:
            if known is not None and one.serial not in there and one.serial in known.states:
                self._subjects.write(one, known.states[one.serial])
        if known is not None:  # another message may have others of the same input
            known.states.update({serial: states[serial] for serial in there})
        self._replay(number)
        self._note(before)
        self._lay()

    def _replay(self, number: int) -> None:
        found = self._prediction._found
        found.replays = True
        strengths = {one.serial: one.character.strength for one in self._own if one.character is not None}
        for one in self._own:
            if one.character is not None:
                one.character.strength = 0.0  # it has pushed already
        try:
            self._states = {one.serial: self._subjects.read(one) for one in self._own}
            for moment in self._moments:
                if moment.number > number:
                    self._advance(moment, FIXED_S)
        finally:
            found.replays = False
            for one in self._own:
                if one.character is not None:
                    one.character.strength = strengths[one.serial]
        self._states = {one.serial: self._subjects.read(one) for one in self._own}

    def _place(self, one: Subject) -> F64:
        """Where it was before a correction: as it is, not as it is shown."""
        self._subjects.write(one, self._states[one.serial])
        return np.asarray(self._port.table.position[one.row], np.float64)

    def _note(self, before: dict[int, F64]) -> None:
        found = self._prediction._found
        most = 0.0
        for one in self._own:
            off = before[one.serial] - self._port.table.position[one.row].astype(np.float64)
            most = max(most, float(np.linalg.norm(off)))
            lean = self._lean.get(one.serial, np.zeros(3)) + off
            self._lean[one.serial] = lean if np.linalg.norm(lean) < FAR_M else np.zeros(3)
        if most > SEEN_M:
            found.corrections += 1
            found.largest_m = max(found.largest_m, most)

    # -- what is seen ----------------------------------------------------------------------------

    def show(self, dt: float) -> None:
        """A frame begins."""
        share = math.exp(-dt / SMOOTH_S)
        self._lean = {serial: lean * share for serial, lean in self._lean.items()
                      if np.linalg.norm(lean) * share > SEEN_M}  # fmt: skip
        for one in self._own:
            self._subjects.write(one, self._states[one.serial])
        self._lay()

    def _lay(self) -> None:
        """Rows are as they are: now as they are shown."""
        if not self._subjects.has("position"):
            return
        for one in self._own:
            lean = self._lean.get(one.serial)
            if lean is not None:
                shown = self._port.table.position[one.row] + lean.astype(np.float32)
                self._subjects.put(one, "position", shown)
