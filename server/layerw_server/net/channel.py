"""Messages and open sockets from one process of the server to another, over a pair of Unix sockets.

    u32 bytes | u8 sockets | JSON

Little-endian. Owns: framing; what does not fit now waits, so that a process that hangs holds nobody up. A socket that
is sent is the other process's from then on; it does not come where that one has too many files open. Limits: the
processes trust each other; POSIX only.
"""

from __future__ import annotations

import asyncio
import json
import os
import socket
import struct
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import Any

_HEAD = struct.Struct("<IB")
READ_BYTES = 256 * 1024
SOCKETS_MAX = 64  # that one read may bring
WAITING_MAX = 20_000  # messages; the other side hangs
Message = dict[str, Any]
Heard = Callable[[Message, list[int]], None]


class Channel:
    """One end. `heard(message, file descriptors)` is called in the event loop; `ended()` when the other is gone."""

    def __init__(self, end: socket.socket, heard: Heard, ended: Callable[[], None]) -> None:
        end.setblocking(False)
        self._end, self.heard, self._ended = end, heard, ended
        self._loop = asyncio.get_running_loop()
        self._come, self._sockets = bytearray(), deque[int]()
        self._going: deque[tuple[bytes, list[int]]] = deque()
        self.closed = False
        self._loop.add_reader(end.fileno(), self._read)

    def send(self, message: Message, sockets: list[int] | None = None) -> None:
        """Sends a message, and file descriptors, which are closed here."""
        sockets = sockets or []
        if self.closed or len(self._going) >= WAITING_MAX:
            return _close_all(sockets)
        text = json.dumps(message).encode()
        self._going.append((_HEAD.pack(len(text), len(sockets)) + text, sockets))
        if len(self._going) == 1:
            self._write()

    def close(self) -> None:
        """Ends it on both sides."""
        if self.closed:
            return
        self.closed = True
        self._loop.remove_reader(self._end.fileno())
        self._loop.remove_writer(self._end.fileno())
        self._end.close()
        for _, sockets in self._going:
            _close_all(sockets)
        _close_all(self._sockets)

    def _write(self) -> None:
        while self._going:
            data, sockets = self._going[0]
            try:
                sent = socket.send_fds(self._end, [data], sockets) if sockets else self._end.send(data)
            except (BlockingIOError, InterruptedError):
                self._loop.add_writer(self._end.fileno(), self._write)
                return
            except OSError:
                return self._lost()
            _close_all(sockets)
            if sent < len(data):
                self._going[0] = (data[sent:], [])
            else:
                self._going.popleft()
        self._loop.remove_writer(self._end.fileno())

    def _read(self) -> None:
        try:
            data, sockets, _, _ = socket.recv_fds(self._end, READ_BYTES, SOCKETS_MAX)
        except (BlockingIOError, InterruptedError):
            return
        except OSError:
            data, sockets = b"", []
        self._sockets.extend(sockets)
        self._come += data
        while len(self._come) >= _HEAD.size and not self.closed:
            size, count = _HEAD.unpack_from(self._come)
            if len(self._come) < _HEAD.size + size:
                break
            message = json.loads(self._come[_HEAD.size : _HEAD.size + size])
            del self._come[: _HEAD.size + size]
            self.heard(message, [self._sockets.popleft() for _ in range(min(count, len(self._sockets)))])
        if not data:
            self._lost()

    def _lost(self) -> None:
        if not self.closed:
            self.close()
            self._ended()


def _close_all(sockets: Any) -> None:
    for one in sockets:
        with suppress(OSError):
            os.close(one)
