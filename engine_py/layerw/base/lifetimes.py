"""When a program lets go of an object that the engine made something for.

Owns: the notice, from a Mesh or a Material to whoever holds resources for it. Garbage collection and `destroy()` only
put it into a queue, at any time and from any thread; the engine looks there once a frame. No cycle, no reference back.
"""

from __future__ import annotations

from collections import deque
from weakref import ref


class Life:
    """What such an object carries; nobody else refers to it, so that it ends with its object."""

    __slots__ = ("__weakref__", "destroyed", "watched_by")

    def __init__(self) -> None:
        self.destroyed = False
        self.watched_by: list[Watch] = []

    def destroy(self) -> None:
        """End it now; a second time changes nothing."""
        if not self.destroyed:
            self.destroyed = True
            for watch in self.watched_by:
                watch.queue.append(watch)


class Watch(ref[Life]):
    """A weak reference that comes into `queue` once its Life is over; `handle` is what was made for it."""

    __slots__ = ("handle", "queue")
    handle: int
    queue: deque[Watch]


def watch(life: Life, handle: int, queue: deque[Watch]) -> Watch:
    """From now on; `Life.watched_by.remove` ends it."""
    found = Watch(life, queue.append)
    found.handle, found.queue = handle, queue
    life.watched_by.append(found)
    return found
