"""The lead: how many inputs a player's side is ahead of what the server has taken, and when its next step waits.

A line explains some of it. What is more is a server that runs slower than the player's side, or what a line that stood
still left behind: it would only grow, the player would be seen ever later, and in the end the server would have to drop
inputs. So the player's own time gives way. Limits: AHEAD_MAX inputs; a line of more than half a second to and fro makes
its player slower.
"""

from __future__ import annotations

import math

from layerw.base.program_clock import FIXED_S
from layerw.net.input_queue import CREDIT_MAX, WAITING_MAX

AHEAD_MAX = WAITING_MAX - 4  # inputs: the server drops none
OUTAGE = CREDIT_MAX  # more than the line explains: that much the server makes up for
SPARE = 8  # more than the line explains, of the fewest in LOOKED_AT steps
LOOKED_AT, SLOWED = 60, 8  # then of so many steps one waits


class Lead:
    """`waits` once a step."""

    def __init__(self) -> None:
        self._steps, self._fewest, self._slow = 0, math.inf, False

    def waits(self, ahead: int, ping_s: float) -> bool:
        """ahead: inputs that the server is not known to have taken. ping_s: of the line, seconds."""
        more = ahead - ping_s / FIXED_S
        self._steps += 1
        self._fewest = min(self._fewest, more)
        if self._steps % LOOKED_AT == 0:
            self._slow, self._fewest = self._fewest >= SPARE, math.inf
        return more >= OUTAGE or ahead >= AHEAD_MAX or (self._slow and self._steps % SLOWED == 0)
