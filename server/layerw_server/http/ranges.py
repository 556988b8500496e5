"""HTTP Range: one byte range of a representation, or a reason why not.

Owns: parsing `Range` in time linear in a capped header. Does not send anything.
Limits: one range is served; 2 to RANGES_MAX ranges are answered with the whole file (RFC 9110 allows to
ignore Range); more are refused, so that no request costs more than it should (Starlette CVE-2025-62727).
Source: RFC 9110, section 14.
"""

from __future__ import annotations

from typing import NamedTuple

RANGES_MAX = 4
RANGE_HEADER_BYTES_MAX = 256
_DIGITS_MAX = 18


class ByteRange(NamedTuple):
    """Bytes `start` to `stop - 1` of a representation; 0 <= start < stop <= size."""

    start: int
    stop: int


class RangeRefused(Exception):
    """The range can't be served; answer 416. The text is a full sentence for the response body."""


def parse_range(header: bytes, size_bytes: int) -> ByteRange | None:
    """Return the range that `header` asks for, or None where the whole representation is the right answer.

    Raises:
        RangeRefused: nothing of it lies in the representation, the header is too long or names too many ranges.
    """
    if len(header) > RANGE_HEADER_BYTES_MAX:
        raise RangeRefused(f"The Range header has {len(header)} bytes; the limit is {RANGE_HEADER_BYTES_MAX}.")
    unit, equals, text = header.partition(b"=")
    if not equals or unit.lower() != b"bytes":
        return None
    count = text.count(b",") + 1
    if count > RANGES_MAX:
        raise RangeRefused(f"The Range header names {count} ranges; the limit is {RANGES_MAX}, one is served.")
    return None if count > 1 else _single(text, size_bytes)


def _single(text: bytes, size_bytes: int) -> ByteRange | None:
    first, dash, last = text.partition(b"-")
    if not dash or not (first or last) or not (_is_number(first) and _is_number(last)):
        return None
    if not first:
        start, stop = max(0, size_bytes - int(last)), size_bytes
    else:
        start, stop = int(first), min(size_bytes, int(last) + 1) if last else size_bytes
        if last and int(last) < start:
            return None
    if start >= stop:
        raise RangeRefused(f"The range {text.decode('ascii')} holds no byte of a file of {size_bytes} bytes.")
    return ByteRange(start, stop)


def _is_number(text: bytes) -> bool:
    return not text or (text.isdigit() and len(text) <= _DIGITS_MAX)
