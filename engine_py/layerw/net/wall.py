"""The clock on the wall: what frames go by in a page, a window and a room, and fall behind where a machine is slow or a
frame is long (its dt has a limit). A host of virtual time has none: there frames are the time."""

from __future__ import annotations

import time

from layerw.base.host_port import HostPort


class Wall:
    """`seconds()` since it was made; None on a host of virtual time."""

    def __init__(self, host: HostPort) -> None:
        self._begun = time.monotonic() if host.options().get("clock") == "real" else None

    def seconds(self) -> float | None:
        """They never go back."""
        return None if self._begun is None else time.monotonic() - self._begun
