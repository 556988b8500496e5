"""A process of a node ends when the node is gone, whatever it is busy with.

Owns: a thread that waits for the other end of the channel to close. The event loop hears of that too and ends in order;
a program that hangs, or that has not begun yet, hears nothing, and is ended here. Limits: POSIX.
"""

from __future__ import annotations

import os
import select
import socket
import threading

PATIENCE_S = 5.0  # in which a process may end in order


def end_with(end: socket.socket) -> None:
    """Call it first: `end` is this process's end of the channel to its node."""
    threading.Thread(target=_watch, args=(os.dup(end.fileno()),), name="layerw-node", daemon=True).start()


def _watch(end: int) -> None:
    gone = select.poll()
    gone.register(end, 0)  # what may be read is the event loop's: only the end is told
    gone.poll()
    threading.Event().wait(PATIENCE_S)
    os._exit(1)
