"""Generational handles: `index (low 20 bits, from 1) | generation (high 12 bits, from 1)`; 0 is no handle.

Owns: which handles of one kind are live. Does not own what they name.
Limits: 1,048,575 handles at a time; a slot retires after 4,095 generations, so that a stale handle can never
name somebody else's resource.

    31          20 19                   0
    [ generation ][        index        ]
"""

from __future__ import annotations

from layerw.base.errors import BudgetError, HandleError

INDEX_BITS = 20
INDEX_MASK = (1 << INDEX_BITS) - 1
GENERATIONS_MAX = 4095


def handle_index(handle: int) -> int:
    """The slot that a handle names."""
    return handle & INDEX_MASK


def handle_generation(handle: int) -> int:
    """Which life of the slot a handle names."""
    return handle >> INDEX_BITS


class HandlePool:
    """Gives out handles of one kind; slots are used again, with the next generation."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.live_count = 0
        self._generations: list[int] = [0]  # by index; slot 0 is never given out
        self._live: list[bool] = [False]
        self._free: list[int] = []

    def alloc(self) -> int:
        """A new live handle, never 0."""
        if self._free:
            index = self._free.pop()
        else:
            index = len(self._generations)
            if index > INDEX_MASK:
                raise BudgetError(f"There are {INDEX_MASK} {self.kind} handles already, which is the limit; "
                                  f"destroy some first.")
            self._generations.append(0)
            self._live.append(False)
        self._generations[index] += 1
        self._live[index] = True
        self.live_count += 1
        return index | self._generations[index] << INDEX_BITS

    def is_live(self, handle: int) -> bool:
        """True from `alloc` until `free`; never raises."""
        index = handle & INDEX_MASK
        return (0 < index < len(self._live) and self._live[index]
                and self._generations[index] == handle >> INDEX_BITS)

    def check(self, handle: int) -> int:
        """The handle's index; raises HandleError when it is not live."""
        if self.is_live(handle):
            return handle & INDEX_MASK
        if handle == 0:
            raise HandleError(f"The {self.kind} handle is 0, which means none.")
        raise HandleError(f"The {self.kind} handle {handle:#010x} (index {handle_index(handle)}, generation "
                          f"{handle_generation(handle)}) has ended or never was; keep no handle after destroy.")

    def free(self, handle: int) -> None:
        """Ends a handle; its slot retires after the last generation."""
        index = self.check(handle)
        self._live[index] = False
        self.live_count -= 1
        if self._generations[index] < GENERATIONS_MAX:
            self._free.append(index)

    def check_invariants(self) -> None:
        """Raises AssertionError where the bookkeeping contradicts itself."""
        assert self.live_count == sum(self._live)
        assert len(set(self._free)) == len(self._free)
        assert not any(self._live[index] for index in self._free)
        assert all(0 < self._generations[index] < GENERATIONS_MAX for index in self._free)
