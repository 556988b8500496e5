"""When to ask again for what failed, and what to say about it.

Owns: the pauses (lw.Network has the numbers), their jitter from a seeded source, and the messages, told once per kind
and host with the count of all others. Does not ask.
"""

from __future__ import annotations

import math
import random
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from layerw.base.config import Network
from layerw.base.healing import Failure

JITTER = 0.25  # the largest part of a pause that chance takes off
TOLD_AGAIN_S = 60.0  # after it healed
GATHER_S = 2.0  # the others of a kind are counted for so long before they are told, and later ones for
GATHER_AGAIN_S = 10.0
NAMES_MAX = 3


class Pauses:
    """Pauses between tries, drawn from one source of chance.

    Args:
        network: first and largest pauses.
        seed: the same seed gives the same pauses.
    """

    def __init__(self, network: Network, seed: str) -> None:
        self.network = network
        self._random = random.Random(seed)

    def after(self, failure: Failure, attempts: int, failing_s: float) -> float:
        """Seconds until the next try, infinite where there is none.

        Args:
            attempts: that failed in a row, 1 or more.
            failing_s: since the first of them.
        """
        if failure == Failure.FINAL:
            return math.inf
        net = self.network
        pause_s = min(net.retry_first_s * 2.0 ** min(attempts - 1, 32), net.retry_max_s)
        if failure != Failure.UNREACHABLE and failing_s > net.retry_close_s:
            pause_s = min(max(pause_s, failing_s - net.retry_close_s), net.retry_slow_max_s)
        return pause_s * (1.0 - JITTER * self._random.random())


@dataclass(slots=True)
class _Kind:
    told_s: float
    tell_from_s: float
    seen: set[str]
    more: list[str] = field(default_factory=list)
    healed: bool = False


class Messages:
    """What went wrong, for the log: the first file of a kind and host with its reason, then the count of the others."""

    def __init__(self) -> None:
        self._kinds: dict[tuple[Failure, str], _Kind] = {}
        self._waiting: list[str] = []

    def tell(self, failure: Failure, url: str, text: str, now_s: float, pause_s: float = math.inf) -> None:
        """A file failed. What can't heal is always told; a file that fails again is not."""
        if failure == Failure.FINAL:
            self._waiting.append(text)
            return
        key = (failure, _host(url))
        kind = self._kinds.get(key)
        if kind is None or (kind.healed and now_s - kind.told_s >= TOLD_AGAIN_S):
            self._kinds[key] = _Kind(now_s, now_s + GATHER_S, {url})
            again = f" It is asked for again in {pause_s:.1f} s." if math.isfinite(pause_s) else ""
            self._waiting.append(text + again)
        elif url not in kind.seen:
            kind.seen.add(url)
            kind.more.append(url)

    def healed(self) -> None:
        """Something that failed is here: what fails from now on is news, but not more often than once a minute."""
        for kind in self._kinds.values():
            kind.healed = True

    def take(self, now_s: float) -> list[str]:
        """The sentences since the last call."""
        for (failure, host), kind in self._kinds.items():
            if kind.more and now_s >= kind.tell_from_s:
                self._waiting.append(_counted(failure, host, kind.more))
                kind.more, kind.told_s, kind.tell_from_s = [], now_s, now_s + GATHER_AGAIN_S
        found, self._waiting = self._waiting, []
        return found


def _counted(failure: Failure, host: str, urls: list[str]) -> str:
    what = {Failure.UNREACHABLE: "not reached", Failure.WRONG: "with wrong contents",
            Failure.GONE: "missing (HTTP 404 or 410)"}[failure]  # fmt: skip
    names = ", ".join(url.rsplit("/", 1)[-1] for url in urls[:NAMES_MAX])
    rest = f" and {len(urls) - NAMES_MAX} others" if len(urls) > NAMES_MAX else ""
    files = "file" if len(urls) == 1 else "files"
    return f"{len(urls)} more {files} of {host} {what}: {names}{rest}. All are asked for again."


def _host(url: str) -> str:
    return urlsplit(url).netloc or "this site"
