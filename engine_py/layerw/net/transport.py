"""Transports: bytes to the other side and back. Sockets are their hosts' (web/page/subsystems/net.js,
layerw_server/net); here is what they are like, and a pair inside of one process, with loss, delay and jitter to order.

Owns: the order: what is reliable comes once and in order, what is not may be lost or overtaken. Does not read bytes.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from layerw.base import checks

CLOSED_HERE = "It was closed here."


class Transport(Protocol):
    """One connection."""

    @property
    def closed(self) -> str:
        """Why it is; "": it is open."""
        ...

    @property
    def waiting_bytes(self) -> int:
        """What was sent and has not left yet: above 0 no snapshot is sent, the next will be newer."""
        ...

    @property
    def loses(self) -> bool:
        """Whether what is not reliable may be lost or overtaken; a WebSocket's never is."""
        ...

    def send(self, data: bytes, *, reliable: bool) -> None:
        """Sends one message; nothing where it is closed."""
        ...

    def take(self) -> list[bytes]:
        """What has come since the last call."""
        ...

    def close(self, reason: str = "") -> None:
        """Ends it on both sides."""
        ...


@dataclass(frozen=True, slots=True)
class Shaper:
    """A bad line.

    loss: share of what is not reliable that never comes, 0 to 1. delay_s: seconds one way. jitter_s: up to as much
    more. seed: of the dice.
    """

    loss: float = 0.0
    delay_s: float = 0.0
    jitter_s: float = 0.0
    seed: int = 1

    def __post_init__(self) -> None:
        checks.number("Shaper loss", self.loss, 0, 1)
        checks.number("Shaper delay_s", self.delay_s, 0)
        checks.number("Shaper jitter_s", self.jitter_s, 0)


def pair(clock: Callable[[], float] = lambda: 0.0, shaper: Shaper | None = None) -> tuple[Transport, Transport]:
    """Two ends in one process. clock: seconds that the shaper's delays go by."""
    one, other = End(clock, shaper or Shaper()), End(clock, shaper or Shaper())
    one.other, other.other = other, one
    return one, other


class End:
    """One end of a pair."""

    other: End
    loses = True

    def __init__(self, clock: Callable[[], float], shaper: Shaper) -> None:
        self.closed = ""
        self.waiting_bytes = 0
        self._clock, self._shaper, self._dice = clock, shaper, random.Random(shaper.seed)
        self._coming: list[tuple[float, int, bytes]] = []
        self._count, self._last_s = 0, 0.0

    def send(self, data: bytes, *, reliable: bool) -> None:
        """See Transport."""
        if self.closed:
            return
        shaper, other = self._shaper, self.other
        if not reliable and self._dice.random() < shaper.loss:
            return
        when = self._clock() + shaper.delay_s + self._dice.random() * shaper.jitter_s
        if reliable:  # TCP's: nothing overtakes
            when = self._last_s = max(when, self._last_s)
        self._count += 1
        other._coming.append((when, self._count, bytes(data)))

    def take(self) -> list[bytes]:
        """See Transport."""
        now = self._clock()
        come = sorted(one for one in self._coming if one[0] <= now)
        self._coming = [one for one in self._coming if one[0] > now]
        return [data for _, _, data in come]

    def close(self, reason: str = "") -> None:
        """See Transport."""
        self.closed = self.closed or reason or CLOSED_HERE
        self.other.closed = self.other.closed or reason or "The other side closed it."
