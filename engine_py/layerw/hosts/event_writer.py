"""Encodes events as JavaScript does (gpu/spec.py EVENTS), for hosts and tests on CPython."""

from __future__ import annotations

import struct

from layerw.gpu import spec

_EVENTS = {record.name: record for record in spec.EVENTS}
_FORMATS = {"u32": "I", "i32": "i", "f32": "f", "h": "I"}


def encode_event(name: str, *values: int | float | str | bytes) -> bytes:
    """The words of one event; a text field takes str or bytes, last."""
    record = _EVENTS[name]
    if len(values) != len(record.fields):
        raise ValueError(f"The event {name} has {len(record.fields)} fields, but {len(values)} values were given.")
    body = b"".join(_encode(field.type, value) for field, value in zip(record.fields, values, strict=True))
    words = 1 + len(body) // 4
    return struct.pack("<I", record.opcode | (words if words <= spec.WORDS_MAX else 0) << 16) + body


def _encode(kind: str, value: int | float | str | bytes) -> bytes:
    if kind == "text":
        data = value.encode() if isinstance(value, str) else value
        assert isinstance(data, bytes)
        return struct.pack("<I", len(data)) + data + bytes(-len(data) % 4)
    return struct.pack("<" + _FORMATS[kind], value)
