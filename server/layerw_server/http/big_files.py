"""Files too large for the cache: read from disk in blocks, with the same ranges and conditions.

Owns: streaming one file. Limits: never compressed; its ETag comes from time and size, so it is weak evidence
of content, and a range is served from the same open file.
"""

from __future__ import annotations

import asyncio
import os
import stat
from collections.abc import Mapping
from typing import BinaryIO

from starlette.types import Send

from .cache import Headers
from .mounts import Served, common_headers
from .paths import PathNotFound
from .ranges import ByteRange, RangeRefused, parse_range

BLOCK_BYTES = 256 * 1024


async def send_big_file(send: Send, served: Served, headers: Mapping[bytes, bytes], extra: Headers, *,
                        head: bool) -> None:
    """Answer one request for a large file; raises PathNotFound when it can't be opened."""
    assert served.path is not None
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    with open(os.open(served.path, flags), "rb") as file:
        status = os.fstat(file.fileno())
        if not stat.S_ISREG(status.st_mode):
            raise PathNotFound
        etag = b'"%x-%x"' % (status.st_mtime_ns, status.st_size)
        answer = [*common_headers(served, status.st_mtime), (b"etag", etag), *extra]
        await _answer(send, file, status.st_size, etag, headers, answer, head)


async def _answer(send: Send, file: BinaryIO, size_bytes: int, etag: bytes, headers: Mapping[bytes, bytes],
                  answer: Headers, head: bool) -> None:
    if etag in (tag.strip().removeprefix(b"W/") for tag in headers.get(b"if-none-match", b"").split(b",")):
        await send({"type": "http.response.start", "status": 304, "headers": answer})
        await send({"type": "http.response.body"})
        return
    wanted, code = ByteRange(0, size_bytes), 200
    if b"range" in headers and not head and headers.get(b"if-range", etag).strip() == etag:
        try:
            part = parse_range(headers[b"range"], size_bytes)
        except RangeRefused:
            wanted, code = ByteRange(0, 0), 416
            answer = [*answer, (b"content-range", b"bytes */%d" % size_bytes)]
        else:
            if part is not None:
                wanted, code = part, 206
                answer = [*answer, (b"content-range", b"bytes %d-%d/%d" % (part.start, part.stop - 1, size_bytes))]
    length = (b"content-length", b"%d" % (wanted.stop - wanted.start))
    await send({"type": "http.response.start", "status": code, "headers": [*answer, length]})
    await _send_blocks(send, file, ByteRange(0, 0) if head else wanted)


async def _send_blocks(send: Send, file: BinaryIO, wanted: ByteRange) -> None:
    left = wanted.stop - wanted.start
    file.seek(wanted.start)
    while left > 0:
        block = await asyncio.to_thread(file.read, min(BLOCK_BYTES, left))
        if not block:
            break  # the file shrank: uvicorn closes the connection, so the client sees the short body
        left -= len(block)
        await send({"type": "http.response.body", "body": block, "more_body": True})
    await send({"type": "http.response.body"})
