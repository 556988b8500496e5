"""Sound files: read before they are decoded, refused by name, charged, waited for."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest

import layerw as lw
from layerw.audio.formats import FormatError, decode_wav, encode_wav, read_head
from layerw.hosts.headless import HeadlessHost

RATE = 48_000


def wav(seconds: float = 0.5, rate: int = RATE, channels: int = 1) -> bytes:
    t = np.arange(int(seconds * rate))[:, None] / rate
    return encode_wav(np.round(16_000 * np.sin(2 * np.pi * 300 * t) * np.ones(channels)).astype(np.int16), rate)


def with_header(kind: int, bits: int, body: bytes, channels: int = 1, rate: int = 8000) -> bytes:
    frame = channels * bits // 8
    form = struct.pack("<HHIIHH", kind, channels, rate, rate * frame, frame, bits)
    parts = b"WAVEfmt " + struct.pack("<I", 16) + form + b"data" + struct.pack("<I", len(body)) + body
    return b"RIFF" + struct.pack("<I", len(parts)) + parts


def page(serial: int, samples: int, body: bytes = b"") -> bytes:
    return b"OggS" + bytes(2) + struct.pack("<qIII", samples, 1, serial, 0) + bytes([1, len(body)]) + body


@pytest.mark.parametrize(("kind", "bits", "body", "samples"), [
    (1, 8, bytes([0, 128, 192]), [-1, 0, 0.5]), (1, 16, struct.pack("<3h", -32768, 0, 16384), [-1, 0, 0.5]),
    (1, 24, b"\x00\x00\x80" + bytes(3) + b"\x00\x00\x40", [-1, 0, 0.5]),
    (1, 32, struct.pack("<3i", -(1 << 31), 0, 1 << 30), [-1, 0, 0.5]),
    (3, 32, struct.pack("<3f", -1, 0, 0.5), [-1, 0, 0.5]), (3, 64, struct.pack("<3d", -1, 0, 0.5), [-1, 0, 0.5]),
])  # fmt: skip
def test_every_kind_of_wav(kind: int, bits: int, body: bytes, samples: list[float]) -> None:
    found, rate = decode_wav(with_header(kind, bits, body))
    assert rate == 8000 and found.shape == (1, 3) and np.allclose(found[0], samples)


def test_heads_say_how_long_a_file_is() -> None:
    assert read_head(wav(0.5, 44_100, 2))[:4] == ("WAV", 0.5, 2, 44_100)
    vorbis = page(0, 0, b"\x01vorbis" + struct.pack("<IBI", 0, 2, 44_100)) + page(1, 44_100 * 3600)
    assert read_head(vorbis) == ("Ogg", 3600.0, 2, 44_100)
    opus = page(0, 0, b"OpusHead\x01\x02" + bytes(10)) + page(1, 48_000 * 7)
    assert read_head(opus) == ("Ogg", 7.0, 2, 48_000)
    packed = (44_100 << 44 | 1 << 41 | 15 << 36 | 44_100 * 5).to_bytes(8, "big")
    assert read_head(b"fLaC" + bytes(14) + packed) == ("FLAC", 5.0, 2, 44_100)
    mp3 = b"\xff\xfb\x90\x00" + bytes(16_000 - 4)  # 128 kbit/s
    assert read_head(mp3)[:2] == ("MP3", 1.0)
    mp4 = b"\0\0\0\x10ftypM4A \0\0\0\0" + b"\0\0\0\0mvhd" + bytes(12) + struct.pack(">II", 1000, 2500)
    assert read_head(mp4)[:2] == ("MP4", 2.5)


@pytest.mark.parametrize("data", [b"", b"RIFF", b"OggS", b"fLaC", b"<!doctype html>", wav()[:30], b"\xff\xfb", b"ID3",
                                  with_header(1, 16, b""), with_header(7, 8, b"abc"), with_header(1, 16, b"ab", rate=1),
                                  page(0, 0, b"\x01vorbis"), page(0, 5)])  # fmt: skip
def test_what_is_none_is_refused_in_words(data: bytes) -> None:
    def read() -> None:
        read_head(data)
        decode_wav(data)

    with pytest.raises(FormatError, match=r"^it "):
        read()


@pytest.mark.parametrize(("data", "words"), [
    (wav(0.1)[:30], "ends within its head"), (wav(0.1)[:21], "ends within its head"),
    (with_header(1, 0, bytes(8)), "channels of 0 bits"), (b"fLaC" + bytes(40), "a 0 that is none"),
])  # fmt: skip
def test_what_is_damaged_is_told_without_words_of_python(data: bytes, words: str) -> None:
    with pytest.raises(FormatError, match=words):
        read_head(data)


def test_damaged_files_never_raise_anything_else() -> None:
    rng = np.random.default_rng(3)
    for base in (wav(0.01), page(0, 0, b"\x01vorbis" + bytes(20)), b"ID3" + bytes(200), b"fLaC" + bytes(40)):
        for _ in range(300):
            data = bytearray(base[: rng.integers(1, len(base) + 1)])
            data[rng.integers(0, len(data))] = rng.integers(0, 256)
            try:
                read_head(bytes(data))
                decode_wav(bytes(data))
            except FormatError:
                pass


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "ding.wav").write_bytes(wav(0.5, 24_000, 2))
    (tmp_path / "page.html.wav").write_text("<!doctype html><title>404</title>")
    (tmp_path / "hour.wav").write_bytes(with_header(1, 8, bytes(3600 * 3000), rate=3000))
    (tmp_path / "big.wav").write_bytes(wav()[:44] + bytes(17 << 20))
    (tmp_path / "theme.ogg").write_bytes(page(0, 0, b"OpusHead\x01\x02" + bytes(10)) + page(1, 480_000))
    return tmp_path


def run(folder: Path, **options: str) -> tuple[lw.App, HeadlessHost]:
    host = HeadlessHost(folder, options={"sound": "record", **options})
    return lw.App(host=host), host


def test_a_file_is_loaded_at_once_and_what_was_played_meanwhile_begins_then(folder: Path) -> None:
    app, host = run(folder)
    used = app._engine.heap_ledger.used_bytes
    ding = lw.Sound("ding.wav")
    told: list[str] = []
    ding.on_ready(lambda: told.append(ding.state))
    voice = ding.play()
    assert ding.state == "loading" and ding.duration == 0.0
    host.step(app, 12)
    assert told == ["ready"] and voice.audible and (ding.duration, ding.channels) == (0.5, 2)
    assert app._engine.heap_ledger.used_bytes == used + 12_000 * 2 * 4
    assert np.abs(host.recorded).max() > 15_000
    host.step(app, 40)
    assert not voice.playing and host.errors == [] and app.report()["errors"] == []
    assert app.report()["transfers"] == 0


@pytest.mark.parametrize(("name", "words"), [
    ("missing.wav", "missing.wav"), ("page.html.wav", "no sound file"), ("hour.wav", "lasts 3600 s"),
    ("big.wav", "16 MiB"), ("theme.ogg", "only a page can decode")])  # fmt: skip
def test_bad_files_are_told_once_and_the_rest_goes_on(folder: Path, name: str, words: str) -> None:
    app, host = run(folder)
    bad, ding = lw.Sound(name), lw.Sound("ding.wav")
    failed: list[int] = []
    bad.on_failed(lambda: failed.append(1))
    voice = bad.play(loop=True)
    host.step(app, 10)
    assert failed == [1] and bad.state == "failed" and words in bad.error and name in bad.error
    assert not voice.playing
    assert not bad.play().playing
    errors = app.report()["errors"]
    assert len(errors) == 1 and bad.error in errors[0]
    ding.play()
    host.step(app, 4)
    assert np.abs(host.recorded).max() > 10_000
    assert app.report()["transfers"] == 0


def test_what_finds_no_room_is_told_with_the_numbers(folder: Path) -> None:
    host = HeadlessHost(folder, options={"sound": "record"})
    app = lw.App(host=host)
    ledger = app._engine.heap_ledger
    ledger.budget_bytes = ledger.held_bytes + 60_000  # the file fits, its samples don't
    ding = lw.Sound("ding.wav")
    host.step(app, 5)
    assert ding.state == "failed" and "96000 bytes" in ding.error and "heap_mib" in ding.error
    with pytest.raises(lw.BudgetError, match="of 48000 samples"):
        lw.Sound.from_array(np.zeros(48_000)).play()
    assert app.audio.wanted == 0


def test_music_from_a_file(folder: Path) -> None:
    app, host = run(folder)
    track = app.music("ding.wav", fade=0.1)
    host.step(app, 50)
    assert track is not None and track.playing and np.abs(host.recorded[-800:]).max() > 10_000
    bad = app.music("theme.ogg")
    host.step(app, 70)
    assert bad is not None and not bad.playing and not track.playing
    assert any("theme.ogg" in text for text in app.report()["errors"])
