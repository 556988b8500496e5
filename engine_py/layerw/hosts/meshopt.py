"""Decodes what meshoptimizer packed, in numpy: for hosts without a page, which have no WebAssembly decoder.

Owns: the vertex codec (versions 0 and 1), both index codecs and the filters. Raises FormatError for damaged data.
Limits: indices one by one, about 1 microsecond each.
Source: EXT_meshopt_compression and KHR_meshopt_compression, "bitstream" and "filters".
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from layerw.hosts.containers import FormatError

Bytes = npt.NDArray[np.uint8]
_BLOCK_BYTES, _BLOCK_MAX, _GROUP = 8192, 256, 16
_WIDTHS = ((0, 2, 4, 8),), ((0, 1, 2, 4), (1, 2, 4, 8))  # bits of a value in a group, by version and control


def decode(data: bytes, mode: str, filter_: str, count: int, stride: int) -> bytes:
    """`count` elements of `stride` bytes. mode, filter_: of spec.MESHOPT_MODES and MESHOPT_FILTERS."""
    try:
        if mode == "ATTRIBUTES":
            return _FILTERS[filter_](_vertices(np.frombuffer(data, np.uint8), count, stride)).tobytes()
        indices = _triangles(data, count) if mode == "TRIANGLES" else _sequence(data, count)
        return np.array(indices, np.int64).astype(np.uint32 if stride == 4 else np.uint16).tobytes()
    except (IndexError, ValueError) as error:
        raise FormatError(f"The meshopt data of {len(data)} bytes ({mode}) is damaged: it holds no {count} elements of "
                          f"{stride} bytes.") from error  # fmt: skip


def _require(good: bool) -> None:
    if not good:
        raise ValueError("damaged")


# -- vertices ----------------------------------------------------------------------------------------------------
def _vertices(data: Bytes, count: int, stride: int) -> Bytes:
    version = int(data[0]) & 15
    _require(int(data[0]) & 0xF0 == 0xA0 and version <= 1)
    tail = stride + (stride // 4 if version else 0)
    padded = max(tail, 24 if version else 32)
    end = len(data) - padded
    last, channels = data[len(data) - tail :][:stride].copy(), data[len(data) - tail :][stride:]
    found, at, first = np.empty((count, stride), np.uint8), 1, 0
    block = min(_BLOCK_BYTES // stride & ~(_GROUP - 1), _BLOCK_MAX)
    while first < count:
        rows = found[first : first + block]
        at = _vertex_block(data, at, rows, last, channels if version else None)
        _require(at <= end)
        last = rows[-1].copy()
        first += len(rows)
    _require(at == end)
    return found


def _vertex_block(data: Bytes, at: int, rows: Bytes, last: Bytes, channels: Bytes | None) -> int:
    count, stride = rows.shape
    control = np.zeros(stride // 4, np.uint8) if channels is None else data[at : at + stride // 4]
    at += 0 if channels is None else stride // 4
    for k in range(0, stride, 4):
        planes = np.zeros((4, count), np.uint8)
        for j in range(4):
            kind = int(control[k // 4]) >> 2 * j & 3
            if kind == 3:
                planes[j] = data[at : at + count]
                at += count
            elif kind < 2:
                values, at = _bytes(data, at, count, _WIDTHS[0][0] if channels is None else _WIDTHS[1][kind])
                planes[j] = values
        rows[:, k : k + 4] = _undone(planes, last[k : k + 4], 0 if channels is None else int(channels[k // 4]))
    return at


def _undone(planes: Bytes, last: Bytes, channel: int) -> Bytes:
    """Four bytes of each vertex from their differences."""
    words: npt.NDArray[Any] = np.ascontiguousarray(planes.T).view(("u1", "<u2", "<u4")[channel & 3])
    before = last.copy().view(words.dtype)
    if channel & 3 == 2:
        turn = (32 - (channel >> 4)) & 31
        words = words << np.uint32(turn) | words >> np.uint32((32 - turn) & 31) if turn else words
        words = np.bitwise_xor.accumulate(np.concatenate([before[None], words]), axis=0)[1:]
    else:
        one = words.dtype.type(1)
        deltas = (words >> one) ^ (words.dtype.type(0) - (words & one))
        words = np.cumsum(np.concatenate([before[None], deltas]), axis=0, dtype=words.dtype)[1:]
    return np.ascontiguousarray(words).view(np.uint8)


def _bytes(data: Bytes, at: int, count: int, widths: tuple[int, ...]) -> tuple[Bytes, int]:
    groups = -(-count // _GROUP)
    header = data[at : at + -(-groups // 4)]
    at += len(header)
    found = np.zeros((groups, _GROUP), np.uint8)
    for group in range(groups):
        bits = widths[int(header[group // 4]) >> 2 * (group % 4) & 3]
        if bits == 8:
            found[group] = data[at : at + _GROUP]
            at += _GROUP
        elif bits:
            size = 2 * bits
            parts = np.unpackbits(data[at : at + size], bitorder="little" if bits == 1 else "big").reshape(_GROUP, bits)
            values = parts @ (1 << np.arange(bits - 1, -1, -1, dtype=np.uint8))
            large = np.flatnonzero(values == (1 << bits) - 1)
            values[large] = data[at + size : at + size + len(large)]
            found[group] = values
            at += size + len(large)
    return found.ravel()[:count], at


# -- indices -----------------------------------------------------------------------------------------------------
class _Reader:
    """Numbers of seven bits a byte; `last`: what they are relative to."""

    def __init__(self, data: bytes, at: int) -> None:
        self.data, self.at = data, at

    def number(self) -> int:
        value = shift = 0
        while True:
            byte = self.data[self.at]
            self.at += 1
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128 or shift > 28:
                return value

    def after(self, last: int) -> int:
        value = self.number()
        return last + (value >> 1 ^ -(value & 1)) & 0xFFFFFFFF


def _sequence(data: bytes, count: int) -> list[int]:
    _require(data[0] & 0xF0 == 0xD0 and data[0] & 15 <= 1)
    reader, last, found = _Reader(data, 1), [0, 0], []
    for _ in range(count):
        _require(reader.at < len(data) - 4)
        value = reader.number()
        which, value = value & 1, value >> 1
        last[which] = last[which] + (value >> 1 ^ -(value & 1)) & 0xFFFFFFFF
        found.append(last[which])
    _require(reader.at == len(data) - 4)
    return found


class _Fifos:
    """The last 16 vertices and edges; the newest is number 0."""

    def __init__(self) -> None:
        self.vertices, self.edges = [-1] * 16, [(-1, -1)] * 16

    def vertex(self, value: int, really: bool = True) -> None:
        if really:
            self.vertices = [value, *self.vertices[:15]]

    def edge(self, *edges: tuple[int, int]) -> None:
        self.edges = [*reversed(edges), *self.edges][:16]


def _triangles(data: bytes, count: int) -> list[int]:
    _require(data[0] & 0xF0 == 0xE0 and data[0] & 15 <= 1 and count % 3 == 0)
    direct = 13 if data[0] & 15 else 15
    end = len(data) - 16
    reader, fifos, found, upcoming, last = _Reader(data, 1 + count // 3), _Fifos(), list[int](), 0, 0

    def take(number: int) -> int:
        """The vertex `number - 1` of the fifo; 0: one that comes for the first time."""
        nonlocal upcoming
        if number:
            return fifos.vertices[number - 1]
        upcoming += 1
        return upcoming - 1

    for code in data[1 : 1 + count // 3]:
        _require(reader.at <= end)
        if code < 0xF0:
            a, b = fifos.edges[code >> 4]
            low = code & 15
            if low < direct:
                c = take(0) if low == 0 else fifos.vertices[low]
                fifos.vertex(c, low == 0)
            else:
                c = last = reader.after(last) if low == 15 else last + low - (low ^ 3)
                fifos.vertex(c)
            fifos.edge((c, b), (a, c))
        else:
            far = code >= 0xFE
            pair = data[reader.at] if far else data[end + (code & 15)]
            reader.at += far
            upcoming = 0 if far and pair == 0 else upcoming
            numbers = [15 if code == 0xFF else 0, pair >> 4, pair & 15]
            own = [0 if far and number == 15 else take(number) for number in numbers]
            for which, number in enumerate(numbers):
                if far and number == 15:
                    own[which] = last = reader.after(last)
            a, b, c = own
            for which, number in enumerate(numbers):
                fifos.vertex(own[which], which == 0 or number == 0 or (far and number == 15))
            fifos.edge((b, a), (c, b), (a, c))
        found += (a, b, c)
    _require(reader.at == end)
    return found


# -- filters -----------------------------------------------------------------------------------------------------
def _rounded(values: npt.NDArray[Any]) -> npt.NDArray[np.int32]:
    return (values + np.where(values >= 0, np.float32(0.5), np.float32(-0.5))).astype(np.int32)


def _octahedral(rows: Bytes) -> Bytes:
    _require(rows.shape[1] in (4, 8))
    items = rows.view("i1" if rows.shape[1] == 4 else "<i2").copy()
    x, y, z = items[:, :3].astype(np.float32).T
    z = z - np.abs(x) - np.abs(y)
    fold = np.minimum(z, 0)
    x, y = x + np.where(x >= 0, fold, -fold), y + np.where(y >= 0, fold, -fold)
    length = np.sqrt(x * x + y * y + z * z)
    scale = np.float32(np.iinfo(items.dtype).max) / np.where(length > 0, length, 1)
    items[:, :3] = _rounded(np.stack([x, y, z], axis=1) * scale[:, None])
    return items.view(np.uint8)


def _quaternion(rows: Bytes) -> Bytes:
    _require(rows.shape[1] == 8)
    items = rows.view("<i2").copy()
    scale = np.float32(np.sqrt(0.5)) / (items[:, 3] | 3).astype(np.float32)
    xyz = items[:, :3] * scale[:, None]
    w = np.sqrt(np.maximum(1 - (xyz * xyz).sum(axis=1), 0))
    values = _rounded(np.column_stack([w, xyz]).astype(np.float32) * np.float32(32767))
    at = (items[:, 3:4] + np.arange(4)) & 3
    np.put_along_axis(items, at.astype(np.int64), values.astype(np.int16), axis=1)
    return items.view(np.uint8)


def _exponential(rows: Bytes) -> Bytes:
    _require(rows.shape[1] % 4 == 0)
    words = rows.view("<i4")
    found: Bytes = np.ldexp(((words << 8) >> 8).astype(np.float32), words >> 24).astype(np.float32).view(np.uint8)
    return found


def _color(rows: Bytes) -> Bytes:
    _require(rows.shape[1] in (4, 8))
    kind = "u1" if rows.shape[1] == 4 else "<u2"
    items, signed = rows.view(kind).copy(), rows.view(kind.replace("u", "i"))
    y, co, cg = items[:, 0].astype(np.int32), signed[:, 1].astype(np.int32), signed[:, 2].astype(np.int32)
    alpha = items[:, 3].astype(np.int32)
    mask = alpha.copy()
    for shift in (1, 2, 4, 8):
        mask |= mask >> shift
    out = np.stack([y + co - cg, y + cg, y - co - cg, alpha << 1 & mask | alpha & 1], axis=1).astype(np.float32)
    items[:] = (out * (np.float32(np.iinfo(items.dtype).max) / np.maximum(mask, 1))[:, None] + np.float32(0.5)).astype(
        np.int32)  # fmt: skip
    return items.view(np.uint8)


_FILTERS: dict[str, Callable[[Bytes], Bytes]] = {
    "NONE": lambda rows: rows, "OCTAHEDRAL": _octahedral, "QUATERNION": _quaternion, "EXPONENTIAL": _exponential,
    "COLOR": _color}
