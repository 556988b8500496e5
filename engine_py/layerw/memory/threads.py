"""Who starts the threads of Layer memory: the page, wasmtime's host, or nobody.

Owns: nothing; LayerMemory.threads asks one of these. Does not run anything: kernels that have a threaded form find the
threads by themselves (engine_py/kernels/threads/).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol


class ThreadPort(Protocol):
    """Starts and ends threads beside the caller's."""

    count_max: int

    def set(self, count: int) -> int:
        """`count` threads from now on, the caller's among them; returns how many it will be, at most `count_max`."""
        ...


class OneThread:
    """Memory that nobody shares."""

    count_max = 1

    def set(self, count: int) -> int:
        return 1


class PageThreads:
    """Workers of the page; one crossing a call."""

    def __init__(self, count_max: int, set_count: Callable[[int], int]) -> None:
        self.count_max = count_max
        self.set = set_count


class Resized(Protocol):
    """A module that runs workers of its own; see kernels.wasmtime_threads."""

    def want(self, count: int) -> None: ...


class NativeThreads:
    """Python threads under wasmtime."""

    def __init__(self, module: Resized, count_max: int) -> None:
        self._module, self.count_max = module, count_max

    def set(self, count: int) -> int:
        given = min(count, self.count_max)
        self._module.want(given - 1)
        return given
