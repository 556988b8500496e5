"""PIZ, the packing of OpenEXR for grainy pictures: blocks of up to 32 lines, as bytes of the lines that they were.

    bits --Huffman--> numbers --inverse wavelet, channel by channel--> places in a table --> 16-bit words of the pixels

The code at every bit is looked up at once in numpy, a window at a time; only the way from code to code is a loop.
Limits: codes of up to CODE_BITS_MAX bits, of 58 that the format has (no picture has so many pixels). About a second for
half a million pixels without a page, a few in one.
Source: "OpenEXR File Layout" and "Technical Introduction to OpenEXR", openexr.com.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from layerw.base.errors import ConfigError

WINDOW_BYTES = 1 << 16  # that codes are looked up in at a time
NO_CODE = 1 << 40  # bits of what is none: beyond every end
CODE_BITS_MAX = 57  # with the 7 bits before it in its byte a code is in 64
SHORT_RUN, LONG_RUN = 59, 63  # of lengths that are 0, in the table of code lengths
SHORT_RUN_MIN, LONG_RUN_MIN = 2, 6
Words = npt.NDArray[np.uint16]
Ints = npt.NDArray[np.int64]


def unpack_piz(data: bytes, lines: int, width: int, words: Sequence[int]) -> bytes | None:
    """words: 16-bit words of a pixel, by channel. None: it is damaged. Raises ConfigError: codes that are too long."""
    try:
        return _unpack(data, lines, width, words)
    except (IndexError, ValueError, OverflowError):
        return None


def _unpack(data: bytes, lines: int, width: int, words: Sequence[int]) -> bytes | None:
    low, high = np.frombuffer(data, "<u2", 2).tolist()
    at, used = 4, np.zeros(65_536, bool)
    if low <= high:
        if high > 8191:
            return None
        bits = np.frombuffer(data, np.uint8, high - low + 1, 4)
        used[8 * low : 8 * high + 8] = np.unpackbits(bits, bitorder="little")
        at += high - low + 1
    used[0] = True
    table = np.flatnonzero(used)
    (size,) = np.frombuffer(data, "<i4", 1, at).tolist()
    if not 0 <= size <= len(data) - at - 4:
        return None
    count = lines * width * sum(words)
    packed = _numbers(data[at + 4 : at + 4 + size], count)
    if packed is None:
        return None
    planes, first = [], 0
    for wide in words:
        plane = packed[first : first + lines * width * wide].reshape(lines, width, wide)
        for word in range(wide):
            _inverse_wavelet(plane[:, :, word], len(table) - 1)
        planes.append(plane.reshape(lines, -1))
        first += lines * width * wide
    values = np.concatenate(planes, axis=1)
    if int(values.max(initial=0)) >= len(table):
        return None
    return table.astype("<u2")[values].tobytes()


# -- Huffman ---------------------------------------------------------------------------------------


def _numbers(data: bytes, count: int) -> Ints | None:
    """`count` numbers of 16 bits."""
    first, last, _, bits, _ = np.frombuffer(data, "<u4", 5).tolist()
    if not first <= last <= 65_536 or count == 0:
        return None
    lengths, at = _lengths(data, 20, first, last)
    body = data[at:]
    if bits > 8 * len(body):
        return None
    code_bits = int(lengths.max(initial=0))
    if code_bits > CODE_BITS_MAX:
        raise ConfigError(f"The OpenEXR file has PIZ codes of {code_bits} bits; up to {CODE_BITS_MAX} are read.")
    if code_bits == 0:
        return None
    codes, numbers, repeats, at, left = _Codes(lengths, code_bits), [], [], 0, count
    while at < bits:  # some of it at a time: what is looked up at a bit takes as much as 70 bytes of the file
        start = at // 8
        some, here = body[start : start + WINDOW_BYTES + 16], min(bits - 8 * start, 8 * WINDOW_BYTES)
        symbols, steps = codes.at(some, here)
        is_run = symbols == last  # no number: the one before it again, as often as the next eight bits say
        steps += 8 * is_run
        order, end = _followed(steps.tolist(), at - 8 * start)
        at = 8 * start + end
        if at > bits:
            return None
        again, more = is_run[order], np.ones(len(order), np.int64)
        more[again] = _bytes_at(some, order[again] + steps[order[again]] - 8)
        left -= int(more.sum())
        numbers.append(np.where(again, -1, symbols[order]))
        repeats.append(more)
        if left < 0:
            return None
    if left or numbers[0][0] < 0:
        return None
    found = np.concatenate(numbers)
    before = np.maximum.accumulate(np.where(found < 0, 0, np.arange(len(found))))
    return np.repeat(found[before], np.concatenate(repeats))


def _lengths(data: bytes, at: int, first: int, last: int) -> tuple[Ints, int]:
    """Bits of each number's code, 0 = it has none, and where they end: six bits each, runs of zeros shorter."""
    lengths, have, held, number = np.zeros(65_537, np.int64), 0, 0, first

    def take(bits: int) -> int:
        nonlocal at, have, held
        while have < bits:
            held, at, have = held << 8 | data[at], at + 1, have + 8
        have -= bits
        found = held >> have
        held &= (1 << have) - 1
        return found

    while number <= last:
        length = take(6)
        if length == LONG_RUN:
            number += take(8) + LONG_RUN_MIN
        elif length >= SHORT_RUN:
            number += length - SHORT_RUN + SHORT_RUN_MIN
        else:
            lengths[number] = length
            number += 1
    if number > last + 1:
        raise ValueError("A run of lengths goes beyond the last one.")
    return lengths, at


class _Codes:
    """Of canonical codes, by their lengths: the longest ones are the smallest numbers."""

    def __init__(self, lengths: Ints, code_bits: int) -> None:
        self._code_bits, self._counts = code_bits, np.bincount(lengths, minlength=code_bits + 1)
        starts, code = np.zeros(code_bits + 1, np.int64), 0
        for length in range(code_bits, 0, -1):
            starts[length] = code
            code = (code + int(self._counts[length])) >> 1
        self._used = np.array([length for length in range(code_bits, 0, -1) if self._counts[length]])
        numbers = np.flatnonzero(lengths)
        self._numbers = numbers[np.argsort(-lengths[numbers], kind="stable")]
        self._before = np.concatenate([[0], np.cumsum(self._counts[self._used])])
        self._least = starts[self._used].astype(np.uint64) << (code_bits - self._used).astype(np.uint64)

    def at(self, body: bytes, bits: int) -> tuple[Ints, Ints]:
        """At each of the first bits: the number whose code would begin there, and the code's length."""
        eight = np.frombuffer(body + bytes(8), np.uint8)
        whole = np.zeros(-(-bits // 8), np.uint64)
        for byte in range(8):
            whole |= eight[byte : byte + len(whole)].astype(np.uint64) << np.uint64(56 - 8 * byte)
        shifts = np.arange(8, dtype=np.uint64)
        windows = ((whole[:, None] << shifts) >> np.uint64(64 - self._code_bits)).ravel()[:bits]
        kind = np.maximum(np.searchsorted(self._least, windows, side="right") - 1, 0)
        steps = self._used[kind]
        place = ((windows - self._least[kind]) >> (self._code_bits - steps).astype(np.uint64)).astype(np.int64)
        good = place < self._counts[steps]
        numbers = self._numbers[np.where(good, self._before[kind] + place, 0)]
        return np.where(good, numbers, -1), np.where(good, steps, NO_CODE)


def _followed(steps: list[int], at: int) -> tuple[Ints, int]:
    """The bits at which codes begin, and where the last one ends."""
    found, bits = [], len(steps)
    while at < bits:
        found.append(at)
        at += steps[at]
    return np.array(found, np.int64), at


def _bytes_at(body: bytes, at: Ints) -> Ints:
    """Eight bits from each of some bits on."""
    two = np.frombuffer(body + bytes(2), np.uint8).astype(np.int64)
    found: Ints = ((two[at >> 3] << 8 | two[(at >> 3) + 1]) >> (8 - (at & 7))) & 255
    return found


# -- the wavelet -----------------------------------------------------------------------------------


def _inverse_wavelet(plane: npt.NDArray[Any], largest: int) -> None:
    """In place, of a (lines, width) view; largest: of the numbers."""
    merge = _merge_14 if largest < 1 << 14 else _merge_16
    lines, width = plane.shape
    step = 1 << (min(lines, width).bit_length() - 1)
    while step > 1:
        half = step // 2
        down, across = lines // step * step, width // step * step
        a, b = plane[0:down:step, 0:across:step], plane[0:down:step, half:across:step]
        c, d = plane[half:down:step, 0:across:step], plane[half:down:step, half:across:step]
        left, right = merge(a, c), merge(b, d)
        (a[:], b[:]), (c[:], d[:]) = merge(left[0], right[0]), merge(left[1], right[1])
        if width & half:
            a, c = plane[0:down:step, across], plane[half:down:step, across]
            a[:], c[:] = merge(a, c)
        if lines & half:
            a, b = plane[down, 0:across:step], plane[down, half:across:step]
            a[:], b[:] = merge(a, b)
        step = half


def _merge_14(low: npt.NDArray[Any], high: npt.NDArray[Any]) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    """Two numbers of their mean and their difference, both of 16 bits with a sign."""
    mean, difference = _signed(low), _signed(high)
    first = mean + (difference & 1) + (difference >> 1)
    return first & 0xFFFF, (first - difference) & 0xFFFF


def _merge_16(low: npt.NDArray[Any], high: npt.NDArray[Any]) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    """The same where numbers need all 16 bits."""
    second = (low - (high >> 1)) & 0xFFFF
    return (high + second - 0x8000) & 0xFFFF, second


def _signed(numbers: npt.NDArray[Any]) -> npt.NDArray[Any]:
    return np.where(numbers > 0x7FFF, numbers - 0x10000, numbers)
