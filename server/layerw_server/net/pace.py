"""The pace of a room: 60 frames a second by the clock, and how late they were.

Owns: when a frame begins, and the figures that `/metrics` shows. Limits: what a room is behind more than BEHIND_S
is not made up for. A frame's lateness is from when it was due to when it began: what players feel of a busy machine.
"""

from __future__ import annotations

import asyncio
import logging
import time
from bisect import bisect_left
from collections.abc import Callable
from pathlib import Path
from typing import Any

from layerw.hosts.headless import FRAME_S, HeadlessHost
from layerw.net.wall import BEHIND_S

LATE_S = (0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25)  # upper edges of the histogram
STATM, PAGE_BYTES = Path("/proc/self/statm"), 4096
log = logging.getLogger("layerw.server.room")  # a child: the server's own rate limit would hide what the program says


class Pace:
    """`run` until told; the rest may be read by any thread."""

    def __init__(self) -> None:
        self.late = [0] * (len(LATE_S) + 1)
        self.late_s = self.busy_s = 0.0
        self.frames = 0
        self._begun = time.monotonic()

    async def run(self, host: HeadlessHost, app: Any, ends: Callable[[], bool]) -> None:
        """Frames by the clock."""
        due = time.perf_counter()
        while not ends():
            now = time.perf_counter()
            if now < due:
                await asyncio.sleep(due - now)
                continue
            host.step(app)
            _tell(host)
            self._count(now - due, time.perf_counter() - now)
            due = max(due + FRAME_S, now - BEHIND_S)
            await asyncio.sleep(0)

    def _count(self, late_s: float, busy_s: float) -> None:
        self.late[bisect_left(LATE_S, late_s)] += 1
        self.late_s += late_s
        self.busy_s += busy_s
        self.frames += 1

    def figures(self) -> dict[str, Any]:
        """JSON; of the process as well."""
        return {"late": list(self.late), "late_s": self.late_s, "busy_s": self.busy_s, "frames": self.frames,
                "cpu_s": time.process_time(), "up_s": time.monotonic() - self._begun,
                "memory_bytes": _memory_bytes()}  # fmt: skip


def _memory_bytes() -> int:
    try:
        return int(STATM.read_text().split()[1]) * PAGE_BYTES
    except OSError:  # no Linux
        return 0


def _tell(host: HeadlessHost) -> None:
    """What the program said goes to the log; nobody else reads it."""
    for level, text in host.logs:
        log.log(logging.INFO if level == 0 else logging.WARNING if level == 1 else logging.ERROR, "%s", text)
    host.logs.clear()
    host.errors.clear()
    host.page_sent.clear()
