"""The clock on the wall: what frames go by in a page, a window and a room, and fall behind where a machine is slow or a
frame is long (its dt has a limit). A host of virtual time has none: there frames are the time."""

from __future__ import annotations

import time

from layerw.base.host_port import HostPort
from layerw.base.program_clock import FIXED_S

BEHIND_S = 0.25  # of wall time that frames of a room make up for (layerw_server/net/pace.py)


class Wall:
    """`seconds()` since it was made; None on a host of virtual time."""

    def __init__(self, host: HostPort) -> None:
        self._begun = time.monotonic() if host.options().get("clock") == "real" else None

    def seconds(self) -> float | None:
        """They never go back."""
        return None if self._begun is None else time.monotonic() - self._begun


class LeftOut:
    """`steps()` once a fixed step: how many were left out before it, since the last frame took too long."""

    def __init__(self, wall: Wall) -> None:
        self._wall, self._done = wall, 0

    def steps(self) -> int:
        """0 where time is virtual."""
        self._done += 1
        left = int(((self._wall.seconds() or 0.0) - BEHIND_S) / FIXED_S) - self._done
        if left <= 0:
            return 0
        self._done += left
        return left
