"""A small closed-loop HTTP client: blocking sockets, one thread a connection, every answer checked.

Owns: sending, reading exactly Content-Length bytes, and the figures. It must be cheap, since it shares the cores
with the server: one preallocated buffer and one `recv_into` loop a connection.
"""

from __future__ import annotations

import os
import re
import socket
import threading
import time
from dataclasses import dataclass
from pathlib import Path

_LENGTH = re.compile(rb"content-length: (\d+)", re.IGNORECASE)
RANGE = (0, 49151)  # the first three quarters of a 64 KiB tile
TIMEOUT_S = 10.0


@dataclass
class Result:
    """One round."""

    rps: float
    p99_ms: float
    server_cpu_us: float


def drive(port: int, paths: list[str], pid: int, *, ranged: bool, seconds: float, connections: int,
          size_bytes: int) -> Result:
    """Send requests over `connections` sockets for `seconds`; raises when any answer is wrong."""
    deadline = time.perf_counter() + seconds
    times: list[list[float]] = [[] for _ in range(connections)]
    errors: list[BaseException] = []
    threads = [threading.Thread(target=_guarded, args=(errors, port, paths[index:] + paths[:index], ranged,
                                                       size_bytes, deadline, times[index]))
               for index in range(connections)]
    cpu_before, started = _cpu_s(pid), time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    elapsed, cpu = time.perf_counter() - started, _cpu_s(pid) - cpu_before
    if errors:
        raise errors[0]
    every = sorted(value for part in times for value in part)
    return Result(len(every) / elapsed, every[int(len(every) * 0.99)] * 1e3, cpu / len(every) * 1e6)


def _guarded(errors: list[BaseException], *arguments: object) -> None:
    try:
        _connection(*arguments)  # type: ignore[arg-type]
    except BaseException as error:
        errors.append(error)


def _connection(port: int, paths: list[str], ranged: bool, size_bytes: int, deadline: float,
                times: list[float]) -> None:
    extra = f"Range: bytes={RANGE[0]}-{RANGE[1]}\r\n" if ranged else ""
    requests = [f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAccept-Encoding: gzip, br, zstd\r\n{extra}\r\n"
                .encode() for path in paths]
    status = b"HTTP/1.1 206" if ranged else b"HTTP/1.1 200"
    wanted = RANGE[1] - RANGE[0] + 1 if ranged else size_bytes
    buffer = memoryview(bytearray(size_bytes + 4096))
    with socket.create_connection(("127.0.0.1", port), TIMEOUT_S) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        while True:
            for request in requests:
                started = time.perf_counter()
                if started > deadline:
                    return
                connection.sendall(request)
                _read_answer(connection, buffer, status, wanted)
                times.append(time.perf_counter() - started)


def _read_answer(connection: socket.socket, buffer: memoryview, status: bytes, wanted: int) -> None:
    filled, total = 0, -1
    while filled != total:
        got = connection.recv_into(buffer[filled:])
        if not got:
            raise ConnectionError("The server closed the connection.")
        filled += got
        if total < 0:
            head = bytes(buffer[: min(filled, 2048)])
            end = head.find(b"\r\n\r\n")
            if end >= 0:
                length = _LENGTH.search(head)
                if not head.startswith(status) or not length or int(length[1]) != wanted:
                    raise ValueError(f"Wrong answer, expected {status!r} with {wanted} bytes: {head[:end]!r}")
                total = end + 4 + wanted


def _cpu_s(pid: int) -> float:
    """CPU seconds of a process so far; 0 where /proc is missing."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
