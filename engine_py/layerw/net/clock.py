"""The server's clock as a client knows it, by messages to and fro (NTP's way): the quickest of the last ones counts.

Owns: when one is sent, and what they say. Does not send.
"""

from __future__ import annotations

import math
from collections import deque

KEPT = 8
FIRST_S, THEN_S = 0.1, 1.0  # between two: until as many have come as are kept, and later


class ServerClock:
    """`due` says when to ask, `heard` takes the answers in."""

    def __init__(self) -> None:
        self._found: deque[tuple[float, float]] = deque(maxlen=KEPT)  # seconds to and fro; the server's clock less ours
        self._next_s = 0.0

    def due(self, now_s: float) -> bool:
        """Whether to ask now."""
        if now_s < self._next_s:
            return False
        self._next_s = now_s + (FIRST_S if len(self._found) < KEPT else THEN_S)
        return True

    def heard(self, asked_s: float, server_s: float, now_s: float) -> None:
        """An answer, to what was asked then."""
        took = now_s - asked_s
        if 0 <= took < 60 and math.isfinite(server_s):
            self._found.append((took, server_s + took / 2 - now_s))

    @property
    def ping_s(self) -> float:
        """Seconds to the server and back; 0: not known yet."""
        return min(self._found)[0] if self._found else 0.0

    def server_s(self, now_s: float) -> float:
        """The server's clock."""
        return now_s + (min(self._found)[1] if self._found else 0.0)
