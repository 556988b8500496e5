"""Who is told what became of something on its way (a model, a world, a texture from a file): ready, or failed.

Owns: the functions that wait. Each is called once; one that comes late at once. What is ready fails no more for those
who wait; what has failed may still become ready, as worlds do.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from layerw.base import checks

Callback = TypeVar("Callback", bound=Callable[[], object])
READY, FAILED = "ready", "failed"


def _plainly(callback: Callable[[], object]) -> object:
    return callback()


class Outcomes:
    """call: how a function of the program is called, so that a mistake in it stays its own."""

    __slots__ = ("_waiting", "call")

    def __init__(self, call: Callable[[Callable[[], object]], object] = _plainly) -> None:
        self.call = call
        self._waiting: list[tuple[str, Callable[[], object]]] = []

    def add(self, kind: str, wanted: str, state: str, callback: Callback) -> Callback:
        """Calls it once that is the state, which now is `state`; kind: of what, for people. Raises KindError."""
        checks.callback(f"{kind}.on_{wanted} callback", callback)
        if state == wanted:
            self.call(callback)
        else:
            self._waiting.append((wanted, callback))
        return callback

    def tell(self, state: str) -> None:
        """It is in this state now."""
        due = [callback for wanted, callback in self._waiting if wanted == state]
        self._waiting = [] if state == READY else [pair for pair in self._waiting if pair[0] != state]
        for callback in due:
            self.call(callback)

    def clear(self) -> None:
        """Nothing becomes of it any more."""
        self._waiting = []
