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
TOLD_AGAIN_S = 60.0
GATHER_S = 2.0  # others of a kind are counted for so long before they are told
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
    more: list[str] = field(default_factory=list)


class Messages:
    """What went wrong, for the log: the first file of a kind and host with its reason, then the count of the others."""

    def __init__(self) -> None:
        self._kinds: dict[tuple[Failure, str], _Kind] = {}
        self._waiting: list[str] = []
        self._seen: set[tuple[Failure, str]] = set()

    def tell(self, failure: Failure, url: str, text: str, now_s: float, pause_s: float = math.inf) -> None:
        """A file failed. What can't heal is always told; a file that fails again is not."""
        if failure == Failure.FINAL:
            self._waiting.append(text)
            return
        if (failure, url) in self._seen:
            return
        self._seen.add((failure, url))
        kind = self._kinds.get((failure, _host(url)))
        if kind is None:
            self._kinds[failure, _host(url)] = _Kind(now_s)
            again = f" It is asked for again in {pause_s:.1f} s." if math.isfinite(pause_s) else ""
            self._waiting.append(text + again)
        else:
            kind.more.append(url)

    def healed(self) -> None:
        """Something that failed is here: what fails from now on is news, but not more often than once a minute."""
        self._seen.clear()

    def take(self, now_s: float) -> list[str]:
        """The sentences since the last call."""
        for (failure, host), kind in list(self._kinds.items()):
            if kind.more and now_s - kind.told_s >= GATHER_S:
                self._waiting.append(_counted(failure, host, kind.more))
                kind.more, kind.told_s = [], now_s + TOLD_AGAIN_S
            elif not kind.more and now_s - kind.told_s >= TOLD_AGAIN_S:
                del self._kinds[failure, host]
        found, self._waiting = self._waiting, []
        return found


def _counted(failure: Failure, host: str, urls: list[str]) -> str:
    what = {Failure.UNREACHABLE: "could not be reached", Failure.WRONG: "are not what they should be",
            Failure.GONE: "are missing (HTTP 404 or 410)"}[failure]  # fmt: skip
    names = ", ".join(url.rsplit("/", 1)[-1] for url in urls[:NAMES_MAX])
    rest = f" and {len(urls) - NAMES_MAX} others" if len(urls) > NAMES_MAX else ""
    return f"{len(urls)} more files of {host} {what}: {names}{rest}. They are asked for again."


def _host(url: str) -> str:
    return urlsplit(url).netloc or "this site"
