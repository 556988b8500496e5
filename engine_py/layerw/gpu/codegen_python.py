"""The Python side of the generated code: encoder, events, table decoder. See codegen.py."""

from __future__ import annotations

from .codegen_common import MARK, PACK, fixed_words, has_text, header, pascal
from .spec import COMMANDS, EVENTS, Field, Record


def python_type(item: Field) -> str:
    """The annotation of one field."""
    if item.type == "text":
        return "bytes" if item.name == "payload" else "str"
    return "float" if item.type == "f32" else "int"


def parameters(record: Record) -> str:
    """`, a: int, b: float` of a method."""
    return "".join(f", {item.name}: {python_type(item)}" for item in record.fields)


def encoder_method(record: Record) -> str:
    """One method of the Encoder."""
    # An address is masked so that CPython, whose addresses have 64 bits, can encode too (its sinks read no memory).
    values = "".join(f", {f.name} & 0xFFFFFFFF" if f.type == "p" else f", {f.name}" for f in record.fields)
    doc = f'        """{record.doc}"""\n' if record.doc else ""
    return (f"    def {record.name}(self{parameters(record)}) -> None:\n{doc}"
            f"        end = self._end + {4 * fixed_words(record)}\n"
            f"        if end > self._limit:\n            self._grow(end)\n"
            f"        _{record.name}(self._bytes, self._end, {header(record):#x}{values})\n"
            f"        self._end = end\n")


ENCODER_HEAD = '''"""Writes one frame's commands into a buffer that keeps its address until it grows.

{mark}
"""

from __future__ import annotations

import struct

import numpy as np

{packers}

class Encoder:
    """One method a command; `reset`, encode, then hand `address_and_words()` to the submit call, every frame.

    Not safe to share between threads. A value outside its field's range raises struct.error and encodes nothing.
    """

    def __init__(self, capacity_words: int = 16_384) -> None:
        self._end = 0
        self._limit = 0
        self._allocate(max(capacity_words, 16) * 4)

    def _allocate(self, size_bytes: int) -> None:
        self._words = np.zeros(size_bytes // 4, np.uint32)
        self._bytes = self._words.data.cast("B")
        self._address = int(self._words.__array_interface__["data"][0])
        self._limit = size_bytes

    def _grow(self, needed_bytes: int) -> None:
        old, end = self._bytes, self._end
        self._allocate(max(2 * self._limit, (needed_bytes + 63) & ~63))
        self._bytes[:end] = old[:end]

    def reset(self) -> None:
        """Forget what was encoded; the buffer stays."""
        self._end = 0

    def address_and_words(self) -> tuple[int, int]:
        """Where the words are and how many; valid until the next command is encoded."""
        return self._address, self._end >> 2

    def words(self) -> np.ndarray[tuple[int], np.dtype[np.uint32]]:
        """The encoded words, a view that is valid until the next command is encoded."""
        return self._words[: self._end >> 2]

'''


def encoder_py() -> str:
    """gpu/gen/encoder.py."""
    packers = "\n".join(
        f'_{r.name} = struct.Struct("<I{"".join(PACK[f.type] for f in r.fields)}").pack_into' for r in COMMANDS)
    body = "\n".join(encoder_method(r) for r in COMMANDS)
    return ENCODER_HEAD.replace("{mark}", MARK).replace("{packers}", packers + "\n") + body


def event_class(record: Record) -> str:
    """One NamedTuple."""
    doc = record.doc or f"The {record.name} event."
    fields = "".join(f"    {item.name}: {python_type(item)}\n" for item in record.fields)
    return f'class {pascal(record.name)}(NamedTuple):\n    """{doc}"""\n' + (f"\n{fields}\n" if fields else "\n")


def events_py() -> str:
    """gpu/gen/events.py."""
    classes = "\n".join(event_class(r) for r in EVENTS)
    names = " | ".join(pascal(r.name) for r in EVENTS)
    rows = "".join(
        f'    {r.opcode}: ("{r.name}", {pascal(r.name)}, struct.Struct("<'
        f'{"".join(PACK[f.type] for f in r.fields if f.type != "text")}"), '
        f'{fixed_words(r)}, {"None" if not has_text(r) else repr(python_type(r.fields[-1]))}),\n' for r in EVENTS)
    return EVENTS_HEAD.replace("{mark}", MARK).replace("{classes}", classes).replace("{names}", names).replace(
        "{rows}", rows)


EVENTS_HEAD = '''"""What JavaScript tells the engine: one NamedTuple an event, and the decoder of the inbox.

{mark}
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import NamedTuple


{classes}
Event = {names}


class EventError(ValueError):
    """The inbox holds words that are no event; names the event, its index and its word."""


_HEADER = struct.Struct("<I").unpack_from
_EVENTS: dict[int, tuple[str, Callable[..., Event], struct.Struct, int, str | None]] = {
{rows}}


def _text(raw: memoryview, kind: str | None) -> bytes | str:
    return bytes(raw) if kind == "bytes" else str(raw, "utf-8", "replace")


def decode_events(buffer: memoryview) -> list[Event]:
    """The events in `buffer`, in order; raises EventError for an unknown, truncated or missized one."""
    view = buffer.cast("B") if buffer.format != "B" else buffer
    events: list[Event] = []
    at, end = 0, len(view)
    while at + 4 <= end:
        event, at = _decode_one(view, at, end, len(events))
        events.append(event)
    if at != end:
        raise EventError(f"The inbox ends with {end - at} stray bytes after word {at >> 2}; events are whole words.")
    return events


def _decode_one(view: memoryview, at: int, end: int, index: int) -> tuple[Event, int]:
    header = _HEADER(view, at)[0]
    opcode, said = header & 0xFFFF, header >> 16
    if opcode not in _EVENTS:
        raise EventError(f"Event {index} at word {at >> 2} has opcode {opcode}, which does not exist.")
    name, make, values, words, text = _EVENTS[opcode]
    where = f"Event {index} ({name}) at word {at >> 2}"
    if at + 4 * words > end:
        raise EventError(f"{where} needs {words} words, but only {(end - at) >> 2} remain.")
    size = 0
    if text is not None:
        size = _HEADER(view, at + 4 * words - 4)[0]
    total = words + (size + 3 >> 2)
    if said != (total if total <= 0xFFFF else 0):
        raise EventError(f"{where} says {said} words, expected {total}.")
    if at + 4 * total > end:
        raise EventError(f"{where} needs {total} words, but only {(end - at) >> 2} remain.")
    fields = values.unpack_from(view, at + 4)
    start = at + 4 * words
    event = make(*fields) if text is None else make(*fields, _text(view[start : start + size], text))
    return event, at + 4 * total
'''

DECODER_HEAD = '''"""Walks command words and calls a sink, on CPython; the twin of web/gen/commands.js.

{mark}
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Any, Protocol

import numpy as np


class DecodeError(ValueError):
    """The words are no command stream; names the command, its index and its word. The commands before it ran."""


class Sink(Protocol):
    """What a decoder calls: one method a command, in the table's order."""

{methods}

COMMANDS: dict[int, tuple[str, struct.Struct, int]] = {
{rows}}


def decode(words: Any, sink: Sink) -> int:
    """Call `sink` for each command in `words` (uint32 buffer); returns how many. Raises DecodeError."""
    view = np.ascontiguousarray(words, np.uint32).data.cast("B")
    at, end, index = 0, len(view) >> 2, 0
    while at < end:
        header = int.from_bytes(view[4 * at : 4 * at + 4], "little")
        name, values, size = _check(header, index, at, end)
        method: Callable[..., None] = getattr(sink, name)
        method(*values.unpack_from(view, 4 * at + 4))
        at += size
        index += 1
    return index


def _check(header: int, index: int, at: int, end: int) -> tuple[str, struct.Struct, int]:
    opcode, said = header & 0xFFFF, header >> 16
    entry = COMMANDS.get(opcode)
    if entry is None:
        raise DecodeError(f"Command {index} at word {at} has opcode {opcode}, which does not exist; "
                          "the rest of this submit is dropped.")
    name, _, size = entry
    if said != size:
        raise DecodeError(f"Command {index} ({name}) at word {at} says {said} words, expected {size}; "
                          "the rest of this submit is dropped.")
    if at + size > end:
        raise DecodeError(f"Command {index} ({name}) at word {at} needs {size} words, but only {end - at} remain; "
                          "the rest of this submit is dropped.")
    return entry
'''


def decoder_py() -> str:
    """gpu/gen/decoder.py."""
    methods = "".join(f"    def {r.name}(self{parameters(r)}) -> None: ...\n" for r in COMMANDS)
    rows = "".join(f'    {r.opcode}: ("{r.name}", struct.Struct("<{"".join(PACK[f.type] for f in r.fields)}"), '
                   f"{fixed_words(r)}),\n" for r in COMMANDS)
    return DECODER_HEAD.replace("{mark}", MARK).replace("{methods}", methods).replace("{rows}", rows)
