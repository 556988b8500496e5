"""The inputs of one player as the server takes them: one for each of its steps, however they come.

Owns: their order, how many wait, and how many may be taken: one a step, and what steps without any have left over. What
is late makes its player stand still for that step; the queue is then longer by one, and so it gets as long as the line
needs. Where at least two have waited for a second, one more is taken; where PLENTY have for a quarter, as after a long
frame of the server, two a step until they are gone. Limits: WAITING_MAX inputs; CREDIT_MAX steps.
"""

from __future__ import annotations

from typing import Any

from layerw.net.inputs import Inputs
from layerw.net.wire import InputRun

WAITING_MAX = 64
CREDIT_MAX = 30  # steps that may be made up for
PATIENCE = CREDIT_MAX  # steps without an input: what is longer is not made up for, and moves as one who wishes nothing
LOOKED_AT = 60  # steps, in which the fewest that waited are counted
SOON, PLENTY = 15, 4  # the same in fewer steps, where more wait than a line that is uneven explains
QUICK = 12  # where more wait, two are taken a step
A_STEP_MAX = 3


class InputQueue:
    """`hear` what comes, then `due` once a step."""

    def __init__(self) -> None:
        self.applied = 0  # the newest that was taken
        self.checks: dict[int, int] = {}  # by number, what the player's side came to
        self.shown = 0.0  # the tick that the player saw with the newest
        self._waiting: dict[int, bytes] = {}
        self._credit, self._idle = float(CREDIT_MAX), 0
        self._steps, self._fewest = 0, WAITING_MAX
        self._fewest_soon, self._owed = WAITING_MAX, 0  # inputs that are taken besides one a step
        self._is_new = True

    def restart(self) -> None:
        """Another connection: what comes first is the next."""
        self._waiting.clear()
        self.checks.clear()
        self._is_new = True

    def hear(self, run: InputRun) -> None:
        """Of what a message has, what is new."""
        first = run.newest - len(run.inputs) + 1
        if self._is_new:
            self.applied, self._is_new = max(first - 1, 0), False
        for number, data in enumerate(run.inputs, first):
            if number > self.applied:
                self._waiting[number] = data
        for old in sorted(self._waiting)[: max(len(self._waiting) - WAITING_MAX, 0)]:
            del self._waiting[old]
            self.applied = old  # it is not waited for
        if run.newest > max(self.checks, default=0):
            self.checks[run.newest], self.checks[run.newest - 1], self.shown = *run.checks, run.shown
            self.checks = {number: check for number, check in self.checks.items()
                           if number > run.newest - WAITING_MAX}  # fmt: skip

    def make_up(self, steps: int) -> None:
        """The server left out so many of its steps: their inputs come all the same."""
        self._credit = min(self._credit + steps, CREDIT_MAX)

    def due(self, inputs: Inputs) -> list[list[Any]]:
        """The inputs of this step, in their order: mostly one. Raises Damaged; those are passed over."""
        self._credit = min(self._credit + 1, CREDIT_MAX)
        if self.applied + 1 not in self._waiting:
            self._fewest = self._fewest_soon = self._owed = 0
            self._idle += 1
            if self._idle <= PATIENCE:
                return []
            if not self._waiting:
                return [inputs.unpack(inputs.nothing)] if self._pay() else []
            self.applied = min(self._waiting) - 1  # what is missing will not come
        self._idle = 0
        found = []
        for _ in range(self._wanted()):
            data = self._waiting.get(self.applied + 1)
            if data is None or not self._pay():
                break
            del self._waiting[self.applied + 1]
            self.applied += 1
            found.append(inputs.unpack(data))
        return found

    def _wanted(self) -> int:
        self._steps += 1
        left = len(self._waiting) - 1
        self._fewest, self._fewest_soon = min(self._fewest, left), min(self._fewest_soon, left)
        if self._steps % SOON == 0:
            if self._fewest_soon >= PLENTY:
                self._owed = self._fewest_soon - 1
            self._fewest_soon = WAITING_MAX
        if self._steps % LOOKED_AT == 0:
            self._owed, self._fewest = max(self._owed, int(self._fewest >= 2)), WAITING_MAX
        more, self._owed = int(self._owed > 0), max(self._owed - 1, 0)
        return min(1 + more + (left >= QUICK), A_STEP_MAX)

    def _pay(self) -> bool:
        if self._credit < 1:
            return False
        self._credit -= 1
        return True
