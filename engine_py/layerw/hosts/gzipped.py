"""Files that are stored as gzip: the headless twin of web/transfer/decode/gzipped.js.

Owns: that the result fits into what was allowed for the file, with the packed bytes, before it is made.
"""

from __future__ import annotations

import zlib

from layerw.gpu import spec
from layerw.hosts.faults import FetchFailed

MAGIC = b"\x1f\x8b\x08"
_BYTES_MIN = 18


def unzipped(data: bytes, url: str, max_bytes: int) -> bytes:
    """The file, unpacked where it begins as gzip does. Raises FetchFailed."""
    if data[:3] != MAGIC or len(data) < _BYTES_MIN:
        return data
    stated = int.from_bytes(data[-4:], "little")
    if len(data) + stated > max_bytes:
        message = f"{url} needs {len(data)} bytes and {stated} unpacked; {max_bytes} were allowed."
        raise FetchFailed(spec.FAIL_TOO_LARGE, min(len(data) + stated, 0xFFFFFFFF), 0, message)
    try:
        unpacker = zlib.decompressobj(31)
        found = unpacker.decompress(data, stated + 1)
    except zlib.error as error:
        raise FetchFailed(spec.FAIL_FORMAT, 0, 0, f"{url} is damaged gzip: {error}.") from None
    rest = unpacker.unconsumed_tail
    if len(found) != stated or not (unpacker.eof or unpacker.decompress(rest, 1) == b""):
        message = f"{url} is damaged gzip: it states {stated} bytes and has others."
        raise FetchFailed(spec.FAIL_FORMAT, 0, 0, message)
    return found
