"""Files too large for the cache: read from disk in blocks, with the same ranges and conditions.

Owns: streaming one file. Reading stops when the client leaves, and when the file is written meanwhile: the body then
ends early, so that no client takes a torn one for whole. Limits: never compressed; its ETag comes from its times, size
and inode, and a range is served from the same open file.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from typing import BinaryIO

from starlette.types import Receive, Send

from .cache import Headers, open_regular, signature_of
from .mounts import Served, common_headers
from .ranges import ByteRange, RangeRefused, parse_range

BLOCK_BYTES = 256 * 1024


async def send_big_file(receive: Receive, send: Send, served: Served, headers: Mapping[bytes, bytes], extra: Headers,
                        *, head: bool) -> None:
    """Answer one request for a large file; raises OSError when it can't be opened."""
    assert served.path is not None
    with open_regular(served.path) as file:
        status = os.fstat(file.fileno())
        etag = b'"%s"' % b"-".join(b"%x" % part for part in signature_of(status))
        answer = [*common_headers(served, status.st_mtime), (b"etag", etag), *extra]
        left = asyncio.ensure_future(_disconnected(receive))
        try:
            await _answer(send, left, file, status.st_size, etag, headers, answer, head)
        finally:
            left.cancel()


async def _disconnected(receive: Receive) -> None:
    """Ends when the client has left."""
    while (await receive())["type"] != "http.disconnect":
        pass


async def _answer(send: Send, left: asyncio.Future[None], file: BinaryIO, size_bytes: int, etag: bytes,
                  headers: Mapping[bytes, bytes], answer: Headers, head: bool) -> None:
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
    await _send_blocks(send, left, file, ByteRange(0, 0) if head else wanted)


async def _send_blocks(send: Send, left: asyncio.Future[None], file: BinaryIO, wanted: ByteRange) -> None:
    remaining = wanted.stop - wanted.start
    before = signature_of(os.fstat(file.fileno()))
    file.seek(wanted.start)
    while remaining > 0 and not left.done():
        block = await asyncio.to_thread(file.read, min(BLOCK_BYTES, remaining))
        if not block or signature_of(os.fstat(file.fileno())) != before:
            break  # it is being written: uvicorn closes the connection, so the client sees the short body
        remaining -= len(block)
        await send({"type": "http.response.body", "body": block, "more_body": True})
    await send({"type": "http.response.body"})
