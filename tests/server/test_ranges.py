"""Range parsing: the cases of RFC 9110 and the attacks."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from layerw_server.http.ranges import RANGES_MAX, ByteRange, RangeRefused, parse_range


@pytest.mark.parametrize(("header", "size", "expected"), [
    (b"bytes=0-0", 10, (0, 1)),
    (b"bytes=0-", 10, (0, 10)),
    (b"bytes=9-9", 10, (9, 10)),
    (b"bytes=5-1000", 10, (5, 10)),
    (b"bytes=-3", 10, (7, 10)),
    (b"bytes=-1000", 10, (0, 10)),
    (b"Bytes=2-4", 10, (2, 5)),
    (b"bytes = 2-4", 10, None),
    (b"bytes=4-2", 10, None),
    (b"bytes=a-b", 10, None),
    (b"bytes=-", 10, None),
    (b"bytes=", 10, None),
    (b"bytes", 10, None),
    (b"lines=0-1", 10, None),
    (b"bytes=+1-2", 10, None),
    (b"bytes=\xb2-3", 10, None),
    (b"bytes=1-2-3", 10, None),
    (b"bytes=0-1,3-4", 10, None),
    (b"bytes=" + b"9" * 19 + b"-", 10, None),
])
def test_range(header: bytes, size: int, expected: tuple[int, int] | None) -> None:
    assert parse_range(header, size) == expected


@pytest.mark.parametrize(("header", "size"), [
    (b"bytes=10-", 10), (b"bytes=10-20", 10), (b"bytes=-0", 10), (b"bytes=0-", 0), (b"bytes=-5", 0),
    (b"bytes=" + b",".join([b"0-1"] * (RANGES_MAX + 1)), 10),
    (b"bytes=" + b"0-" * 4000, 10),
])
def test_refused(header: bytes, size: int) -> None:
    with pytest.raises(RangeRefused, match=r"\d+"):
        parse_range(header, size)


def test_long_headers_cost_nothing() -> None:
    header = b"bytes=" + b"0-," * 5_000_000
    started = time.perf_counter()
    with pytest.raises(RangeRefused):
        parse_range(header, 10)
    assert time.perf_counter() - started < 0.05


@given(header=st.binary(max_size=300), size=st.integers(0, 1 << 40))
def test_any_bytes_never_crash(header: bytes, size: int) -> None:
    _check(header, size)


@given(header=st.from_regex(rb"bytes=[0-9]{0,20}-[0-9]{0,20}(,[0-9]{0,3}-[0-9]{0,3}){0,6}", fullmatch=True),
       size=st.integers(0, 1 << 40))
def test_any_range_lies_inside(header: bytes, size: int) -> None:
    _check(header, size)


def _check(header: bytes, size: int) -> None:
    try:
        found = parse_range(header, size)
    except RangeRefused:
        return
    assert found is None or 0 <= found.start < found.stop <= size


@given(start=st.integers(0, 1000), length=st.integers(1, 1000), size=st.integers(1, 2000))
def test_valid_ranges_are_exact(start: int, length: int, size: int) -> None:
    header = b"bytes=%d-%d" % (start, start + length - 1)
    if start >= size:
        with pytest.raises(RangeRefused):
            parse_range(header, size)
    else:
        assert parse_range(header, size) == ByteRange(start, min(size, start + length))
