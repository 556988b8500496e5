"""Rooms of the test's own process, for pages to join."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from layerw_server.net.room import Room
from tests.server.live import own_components


@contextmanager
def running_room(program: Path) -> Iterator[Room]:
    """A room of that main.py, which runs until the block ends; `__main__` stays the test's."""
    main = sys.modules["__main__"]
    with own_components():
        room = Room(program)
        room.start()
        sys.modules["__main__"] = main
        yield room
        room.stop()
