"""Handles: which object a number from the engine means; the twin of web/engine/handles.js.

Owns: one table a kind of resource. A handle is index (low 20 bits, from 1) | generation (high 12 bits); a generation of
a slot never comes back.
"""

from __future__ import annotations

from typing import Generic, Protocol, TypeVar

from layerw.gpu.spec import HANDLE_INDEX_BITS

INDEX_MASK = (1 << HANDLE_INDEX_BITS) - 1


class Handled(Protocol):
    """What a table holds."""

    handle: int


T = TypeVar("T", bound=Handled)


class HandleError(AssertionError):
    """A command names what does not exist: a bug of the engine."""


class HandleTable(Generic[T]):
    """Objects by handle. `kind` is for messages: "buffer"."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.live: dict[int, T] = {}
        self._generations: dict[int, int] = {}  # the last one of a slot

    def create(self, made: T) -> None:
        """Takes the slot of `made.handle`."""
        index, generation = made.handle & INDEX_MASK, made.handle >> HANDLE_INDEX_BITS
        if index == 0 or made.handle in self.live or generation <= self._generations.get(index, -1):
            raise HandleError(f"The {self.kind} handle {_shown(made.handle)} means none, is in use or is stale.")
        self._generations[index] = generation
        self.live[made.handle] = made

    def get(self, handle: int) -> T:
        """Raises HandleError where there is none."""
        found = self.live.get(handle)
        if found is None:
            raise HandleError(f"There is no {self.kind} {_shown(handle)}.")
        return found

    def remove(self, handle: int) -> T:
        """Ends the handle; gives what it meant."""
        found = self.get(handle)
        del self.live[handle]
        return found

    def clear(self) -> None:
        """Ends all; handles may begin anew, as on a new device."""
        self.live.clear()
        self._generations.clear()


def _shown(handle: int) -> str:
    return f"{handle & INDEX_MASK} (generation {handle >> HANDLE_INDEX_BITS})"
