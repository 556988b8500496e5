"""The store: values from visit to visit, headless; what is damaged, full, forbidden; the bytes as they are frozen."""

from __future__ import annotations

import math
import random
import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import layerw as lw
from layerw.base.errors import SaveError
from layerw.hosts.headless import HeadlessHost
from layerw.messages.codec import encode_own
from layerw.saves.packed import pack, unpack
from layerw.saves.records import PageRecords
from layerw.saves.store import MAGIC

GOLDEN = bytes.fromhex(
    "4c5753540100000090000000bd9e243f7801358ec10a80201044ad2f893d7729a243bf221e3612124c223530b16f6f57682f"
    "fb766618f6154264707868583ab8d1460dfd0f4b9761d53e90358ca422938bd6163eae0b932741663831ec4c9c50e46d219d"
    "b5301a1786991bfd8e55922307bc79d89f8a2af4004d23daba3f9f8425c3")


def visit(folder: Path, budgets: lw.Budgets | None = None) -> lw.App:
    return lw.App(host=HeadlessHost(options={"store": str(folder)}), budgets=budgets)


def test_values_are_there_at_the_next_visit(tmp_path: Path) -> None:
    app = visit(tmp_path)
    values: dict[str, Any] = {"best": 12, "name": "Ümläut", "nested": {"volume": 0.5, "keys": ["KeyW", None]},
                              "huge": math.inf, "Best": 13, "a/b": "slash", "../up": "no way out"}  # fmt: skip
    for name, value in values.items():
        app.store[name] = value
    app.store["map"] = np.arange(12, dtype=np.int16).reshape(3, 4)
    app.store["gone"] = 1
    del app.store["gone"]
    assert app.store.get("best", 0) == 12
    app.close()
    assert {file.parent for file in tmp_path.rglob("*") if file.is_file()} == {tmp_path}

    later = visit(tmp_path)
    assert {name: later.store[name] for name in values} == values
    assert np.array_equal(later.store["map"], np.arange(12).reshape(3, 4)) and later.store["map"].dtype == np.int16
    assert later.store.get("gone", 7) == 7 and "gone" not in later.store
    assert sorted(later.store) == sorted([*values, "map"]) and len(later.store) == len(values) + 1


def test_reading_gives_a_copy(tmp_path: Path) -> None:
    app = visit(tmp_path)
    app.store["found"] = [1]
    app.store["found"].append(2)
    assert app.store["found"] == [1]
    app.store["found"] = [*app.store["found"], 2]
    assert app.store["found"] == [1, 2]


def test_the_bytes_are_frozen() -> None:
    data = pack(MAGIC, {"best": 12, "at": np.array([1, 2], np.uint16)})
    assert data[:12] == b"LWST" + struct.pack("<HHI", 1, 0, len(zlib.decompress(data[16:])))
    assert zlib.decompress(data[16:]) == (
        b'~\x00\x00\x00{"name": "value", "value": {"best": 12, "at": null}, "arrays": [{"path": ["at"], '
        b'"dtype": "uint16", "shape": [2], "size": 4}]}' + bytes(6) + struct.pack("<HH", 1, 2) + bytes(4))
    found = unpack(MAGIC, GOLDEN, "it")
    assert isinstance(found, dict) and found["best"] == 12 and found["at"].tolist() == [1, 2], "what version 1 wrote"


def test_whatever_is_cut_or_damaged_counts_as_missing_and_is_told(tmp_path: Path) -> None:
    good = pack(MAGIC, {"text": "x" * 50, "numbers": list(range(50))})
    rng = random.Random(5)
    bad = [good[:length] for length in range(len(good))] + [good + b"\0", b"", b"LWST"]
    for _ in range(400):
        at = rng.randrange(len(good))
        bad.append(good[:at] + bytes([good[at] ^ 1 << rng.randrange(8)]) + good[at + 1 :])
    for data in bad:
        with pytest.raises(SaveError):
            unpack(MAGIC, data, "it")
    app = visit(tmp_path)
    app.store["best"] = 12
    (file,) = tmp_path.glob("*.lw")
    file.write_bytes(file.read_bytes()[:-3])
    later = visit(tmp_path)
    assert later.store.get("best", 0) == 0
    later.host.step(later, 2)  # type: ignore[attr-defined]
    assert any("app.store['best'] is cut or damaged" in text for _, text in later.host.logs)  # type: ignore[attr-defined]
    assert file.exists(), "what could not be read is not thrown away"
    later.store["best"] = 13
    assert visit(tmp_path).store["best"] == 13


def test_a_bomb_is_refused_before_it_grows() -> None:
    body = zlib.compress(bytes(50_000_000), 9)
    data = struct.pack("<4sHHII", b"LWST", 1, 0, 100, zlib.crc32(body)) + body
    with pytest.raises(SaveError, match="damaged"):
        unpack(MAGIC, data, "it")


def test_a_newer_format_says_so() -> None:
    data = pack(MAGIC, 1)
    with pytest.raises(SaveError, match="has the format 2, and this layerw reads up to 1"):
        unpack(MAGIC, data[:4] + struct.pack("<H", 2) + data[6:], "it")


def test_a_folder_that_cannot_be_written_is_told_and_the_program_goes_on(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    app = visit(tmp_path / "file" / "store")
    app.store["best"] = 12
    assert app.store["best"] == 12 and "can't be kept" in app.store.trouble
    assert app.report()["store"]["trouble"] == app.store.trouble
    assert any("until the program ends" in text for text in app.report()["errors"])


def test_the_page_says_what_it_did_not_keep(tmp_path: Path) -> None:
    app = visit(tmp_path)
    app.store["best"] = 12
    app._engine.page._receive(encode_own("store", {"failed": "The browser did not keep best (20 bytes)."}))
    assert app.store.trouble == "The browser did not keep best (20 bytes)." and app.store["best"] == 12


def test_what_is_kept_is_charged_to_the_heap_budget(tmp_path: Path) -> None:
    app = visit(tmp_path)
    ledger = app._engine.heap_ledger
    before = ledger.used_bytes
    noise = np.random.default_rng(1).integers(0, 255, 100_000, np.uint8)
    app.store["noise"] = noise
    assert 100_000 < ledger.used_bytes - before < 101_000 and app.store.size_bytes == ledger.used_bytes - before
    ledger.reserve(ledger.left_bytes - 50_000, "The rest")
    with pytest.raises(lw.BudgetError, match="app.store"):
        app.store["more"] = noise
    assert "more" not in app.store
    del app.store["noise"]
    app.store["more"] = noise
    with pytest.raises(SaveError, match="at most 16777216"):
        app.store["film"] = np.random.default_rng(1).integers(0, 255, 17 << 20, np.uint8)


def test_the_page_is_sent_each_name_once_a_frame(tmp_path: Path) -> None:
    (tmp_path / ".program").write_text("/app/main.py")
    (tmp_path / "v.best.lw").write_bytes(pack(MAGIC, 3))
    sent: list[Any] = []
    records = PageRecords(tmp_path, sent.append, pytest.fail)
    assert records.read() == {"v.best": pack(MAGIC, 3)}
    records.write("v.best", b"1")
    records.write("v.best", b"2")
    records.write("v.old", None)
    records.flush()
    records.flush()
    assert sent == [{"program": "/app/main.py", "records": {"v.best": b"2", "v.old": None}}]
    assert PageRecords(tmp_path, sent.append, pytest.fail).read() == {"v.best": b"2"}, "an App after this one"


def test_a_page_whose_program_does_not_mention_it_has_none(tmp_path: Path) -> None:
    with pytest.raises(SaveError, match=r"app\.store is not open"):
        PageRecords(tmp_path, print, print)


BAD: list[tuple[Callable[[lw.App], object], type[Exception], str]] = [
    (lambda app: app.store["bst"], lw.KeyMissing, "Did you mean 'best'"),
    (lambda app: app.store.__setitem__("x", {1, 2}), lw.LayerwError, "set"),
    (lambda app: app.store.__setitem__("x", {1: 2}), lw.LayerwError, "keys are texts"),
    (lambda app: app.store.__setitem__("", 1), lw.ConfigError, "empty"),
    (lambda app: app.store.__setitem__(3, 1), lw.KindError, "text"),
    (lambda app: app.store.__setitem__("x" * 201, 1), lw.LayerwError, "201 characters"),
    (lambda app: app.store.__setitem__("語" * 30, 1), lw.LayerwError, "270 characters"),
    (lambda app: app.store.__delitem__("bst"), lw.KeyMissing, "Did you mean 'best'"),
    (lambda app: setattr(app.store, "best", 3), lw.AttributeMissing, "best"),
]


@pytest.mark.parametrize(("call", "kind", "words"), BAD, ids=range(len(BAD)))
def test_mistakes_say_what_is_meant(call: Callable[[lw.App], object], kind: type[Exception], words: str) -> None:
    app = lw.App(host=HeadlessHost())
    app.store["best"] = 12
    with pytest.raises(kind, match=words):
        call(app)
    assert list(app.store) == ["best"]


def test_actions_keep_what_a_player_chose(tmp_path: Path) -> None:
    app = visit(tmp_path)
    app.actions.keep(app.store)
    app.actions.bind("jump", "Space").sources = "KeyJ"
    app.close()
    later = visit(tmp_path)
    later.actions.keep(later.store)
    assert later.actions.bind("jump", "Space").sources == ("KeyJ",)
