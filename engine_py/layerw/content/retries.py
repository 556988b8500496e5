"""When an image that could not be reached is asked for again, and from when on things are shown without it.

Owns: the tries of one image that several things may show. Pauses are those of tiles (stream/retry.py, lw.Network). Only
what was not reached is asked for by itself; a missing or wrong file is, where a later load wants it.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from layerw.base.healing import Failure
from layerw.base.ports import GpuContent
from layerw.stream.retry import Pauses

QUICK_TRIES = 2  # before it is done without


class Retries:
    """clock: seconds since the start."""

    def __init__(self, pauses: Pauses, clock: Callable[[], float]) -> None:
        self.given_up = False  # shown without, until it comes
        self.error, self.failure = "", Failure.NONE  # of the last try
        self._pauses, self._clock = pauses, clock
        self._attempts, self._since_s, self._retry_at_s = 0, clock(), math.inf

    def note(self, content: GpuContent) -> None:
        """A try failed."""
        now_s = self._clock()
        self._attempts, self.error, self.failure = self._attempts + 1, content.error, content.failure
        reached = content.failure != Failure.UNREACHABLE
        self._retry_at_s = math.inf
        if not reached:
            self._retry_at_s = now_s + self._pauses.after(content.failure, self._attempts, now_s - self._since_s)
        self.given_up |= reached or self._attempts >= QUICK_TRIES or not self._is_recent

    @property
    def _is_recent(self) -> bool:
        return self._clock() - self._since_s < self._pauses.network.settle_s

    @property
    def is_due(self) -> bool:
        """Whether it is to be asked for now."""
        return self._clock() >= self._retry_at_s

    @property
    def may_heal(self) -> bool:
        """Whether it is asked for again by itself."""
        return math.isfinite(self._retry_at_s)

    @property
    def heals_soon(self) -> bool:
        """Whether that is worth waiting for: lw.Network's settle_s."""
        return self.may_heal and self._is_recent

    def ask_now(self) -> None:
        """Somebody else wants it, or the network is back."""
        self._retry_at_s = self._clock()
