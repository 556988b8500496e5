"""The wire format is frozen: golden bytes, and the decoders refuse what is malformed.

`tests/golden/stream.json` holds hex of every command and event with fixed field values. A new one is added with
`python tests/unit/test_stream_golden.py`. An entry that exists changes only on purpose, deleted by hand first: engine
and page are built and travel together, so that no other build reads it.
"""

from __future__ import annotations

import json
import random
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from layerw.gpu.gen import events as gen_events
from layerw.gpu.gen.decoder import DecodeError, decode
from layerw.gpu.gen.encoder import Encoder
from layerw.gpu.spec import COMMANDS, EVENTS, Field, Record

GOLDEN = Path(__file__).resolve().parents[1] / "golden" / "stream.json"
FUZZ = Path(__file__).resolve().parents[1] / "golden" / "fuzz.json"
TEXT = "grüße"


class Recorder:
    """A sink that writes down every call."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, tuple[Any, ...]]] = []

    def __getattr__(self, name: str) -> Any:
        return lambda *values: self.calls.append((name, values))


def value(item: Field, position: int) -> Any:
    """The golden value of a field: no two fields of a record have the same."""
    if item.type == "f32":
        return 0.5 + position
    if item.type == "i32":
        return -1 - position
    return 0xFFFF0000 + 17 * position if item.type == "p" else 1000 + 17 * position


def encoded(record: Record) -> bytes:
    """The record as the generated encoder writes it."""
    encoder = Encoder(16)
    getattr(encoder, record.name)(*(value(f, n) for n, f in enumerate(record.fields)))
    return encoder.words().tobytes()


def event_bytes(record: Record) -> bytes:
    """The event, written here by hand: Python has no event encoder."""
    words = [np.float32(value(f, n)).view(np.uint32) if f.type == "f32" else value(f, n)
             for n, f in enumerate(record.fields) if f.type != "text"]
    text = TEXT.encode() if record.fields and record.fields[-1].type == "text" else None
    if text is not None:
        words.append(len(text))
    body = np.array(words, np.uint32).tobytes() + (text.ljust(-(-len(text) // 4) * 4, b"\0") if text else b"")
    return (record.opcode | (1 + len(body) // 4) << 16).to_bytes(4, "little") + body


def golden() -> dict[str, dict[str, str]]:
    """What the wire looks like now."""
    commands = {r.name: encoded(r).hex() for r in COMMANDS}
    return {"commands": commands, "events": {r.name: event_bytes(r).hex() for r in EVENTS}}


def test_bytes_are_frozen() -> None:
    frozen = json.loads(GOLDEN.read_text("utf-8"))
    now = golden()
    for part in ("commands", "events"):
        assert {name: now[part].get(name) for name in frozen[part]} == frozen[part]
        assert set(now[part]) == set(frozen[part]), "add the new records to tests/golden/stream.json"


@pytest.mark.parametrize("record", COMMANDS, ids=lambda r: r.name)
def test_a_command_survives_the_round_trip(record: Record) -> None:
    sink = Recorder()
    assert decode(np.frombuffer(encoded(record), np.uint32), sink) == 1
    assert sink.calls == [(record.name, tuple(value(f, n) for n, f in enumerate(record.fields)))]


@pytest.mark.parametrize("record", EVENTS, ids=lambda r: r.name)
def test_an_event_is_decoded(record: Record) -> None:
    (event,) = gen_events.decode_events(memoryview(event_bytes(record)))
    expected = [value(f, n) if f.type != "text" else TEXT.encode() if f.name == "payload" else TEXT
                for n, f in enumerate(record.fields)]
    assert list(event) == expected
    assert event._fields == tuple(f.name for f in record.fields)


def test_the_buffer_grows_and_keeps_its_words() -> None:
    encoder = Encoder(16)
    for number in range(100):
        encoder.buffer_write(number, 0, 0, 4)
    sink = Recorder()
    assert decode(encoder.words(), sink) == 100
    assert [values[0] for _, values in sink.calls] == list(range(100))
    address, words = encoder.address_and_words()
    assert address == encoder.words().__array_interface__["data"][0]
    assert words == 500
    encoder.reset()
    assert encoder.address_and_words() == (address, 0)


def test_a_value_out_of_range_encodes_nothing() -> None:
    encoder = Encoder()
    with pytest.raises(Exception, match="argument out of range|format requires"):
        encoder.frame_begin(-1)
    assert encoder.address_and_words()[1] == 0


def words_of(*names: str) -> list[int]:
    by_name = {r.name: r for r in COMMANDS}
    return [int(w) for name in names for w in np.frombuffer(encoded(by_name[name]), np.uint32)]


BROKEN = [
    ([*words_of("frame_begin"), 99 | 1 << 16], "Command 1 at word 2 has opcode 99, which does not exist"),
    ([*words_of("frame_begin"), 16 | 5 << 16, 0, 0, 0, 0],
     r"Command 1 \(buffer_create\) at word 2 says 5 words, expected 4"),
    ([16 | 4 << 16, 1, 2], r"Command 0 \(buffer_create\) at word 0 needs 4 words, but only 3 remain"),
    ([16 | 0xFFFF << 16, 1, 2], r"Command 0 \(buffer_create\) at word 0 says 65535 words, expected 4"),
    ([0], "Command 0 at word 0 has opcode 0"),
]


@pytest.mark.parametrize(("words", "message"), BROKEN, ids=["unknown", "oversized", "truncated", "huge", "zero"])
def test_malformed_words_are_refused(words: list[int], message: str) -> None:
    sink = Recorder()
    with pytest.raises(DecodeError, match=message):
        decode(np.array(words, np.uint32), sink)
    assert len(sink.calls) == (1 if words[:1] == words_of("frame_begin")[:1] else 0)


def test_malformed_events_are_refused() -> None:
    whole = event_bytes(next(r for r in EVENTS if r.name == "transfer_done"))
    for cut in range(4, len(whole), 4):
        with pytest.raises(gen_events.EventError, match=r"Event 0 \(transfer_done\) at word 0 "):
            gen_events.decode_events(memoryview(whole[:cut]))
    with pytest.raises(gen_events.EventError, match="opcode 777, which does not exist"):
        gen_events.decode_events(memoryview((777 | 1 << 16).to_bytes(4, "little")))
    with pytest.raises(gen_events.EventError, match="2 stray bytes"):
        gen_events.decode_events(memoryview(b"\0\0"))


def test_an_event_may_be_longer_than_the_header_can_say() -> None:
    text = b"x" * 300_001
    padded = text + b"\0" * 3
    head = np.array([16, 5, 6, 7, 8, len(text)], np.uint32).tobytes()
    (event,) = gen_events.decode_events(memoryview(head + padded))
    assert isinstance(event, gen_events.TransferDone)
    assert (event.transfer, event.payload) == (5, text)


def corpus(seed: int = 7, count: int = 400) -> list[list[int]]:
    """Streams, most of them damaged, that both decoders read (tests/web/decoder.test.mjs reads fuzz.json)."""
    rng = random.Random(seed)
    out = []
    for _ in range(count):
        words = words_of(*(rng.choice(COMMANDS).name for _ in range(rng.randint(1, 6))))
        for _ in range(rng.randint(0, 2)):
            damage = [0, 1, 0xFFFFFFFF, rng.getrandbits(32), rng.getrandbits(6) | 4 << 16]
            words[rng.randrange(len(words))] = rng.choice(damage)
        out.append(words[: rng.randint(1, len(words))] if rng.random() < 0.5 else words)
    return out


def outcome(words: list[int]) -> dict[str, Any]:
    """What the Python decoder makes of a stream: the names it called, and its error or ''."""
    sink = Recorder()
    try:
        decode(np.array(words, np.uint32), sink)
        error = ""
    except DecodeError as caught:
        error = str(caught)
    return {"words": words, "calls": [name for name, _ in sink.calls], "error": error}


def test_the_fuzz_corpus_is_what_python_decodes() -> None:
    """JavaScript checks itself against the same file."""
    cases = json.loads(FUZZ.read_text("utf-8"))
    assert cases == [outcome(words) for words in corpus()]
    assert sum(bool(case["error"]) for case in cases) > 100
    assert sum(not case["error"] for case in cases) > 50


if __name__ == "__main__":
    old = json.loads(GOLDEN.read_text("utf-8")) if GOLDEN.is_file() else {"commands": {}, "events": {}}
    new = golden()
    merged = {part: {**new[part], **old[part]} for part in new}
    GOLDEN.write_text(json.dumps(merged, indent=1) + "\n", "utf-8")
    FUZZ.write_text("[\n" + ",\n".join(json.dumps(outcome(words)) for words in corpus()) + "\n]\n", "utf-8")
    sys.stdout.write(f"wrote {GOLDEN} and {FUZZ}\n")
