"""Files, the clipboard and words in several languages; headless."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import layerw as lw
from layerw.hosts.headless import HeadlessHost
from layerw.messages.codec import encode_own
from layerw.saves.desk import PickedFile

TEXTS = {"en": {"start": "Start", "coins": {"one": "{n} coin", "other": "{n} coins"}, "quit": "Quit"},
         "de": {"start": "Los", "coins": {"one": "{n} Münze", "other": "{n} Münzen"}},
         "ru": {"coins": {"one": "{n} монета", "few": "{n} монеты", "many": "{n} монет"}}}  # fmt: skip


def run(app: lw.App, story: Any) -> Any:
    task = app.start(story)
    app.host.step(app, 4)  # type: ignore[attr-defined]
    return task.result()


def test_files_are_opened_and_saved(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("Grüße")
    (tmp_path / "b.bin").write_bytes(b"\0\xff")
    app = lw.App(host=HeadlessHost(options={"files": [str(tmp_path / "a.txt"), str(tmp_path / "b.bin")]}))
    picked = run(app, app.files.open(".txt"))
    assert picked == PickedFile("a.txt", "Grüße".encode()) and picked.text == "Grüße"
    assert [one.data for one in run(app, app.files.open_several())] == ["Grüße".encode(), b"\0\xff"]
    app.files.save("level.json", "{}")
    assert app._engine.subsystems.find("desk").saved == {"level.json": b"{}"}  # type: ignore[union-attr]
    assert run(lw.App(host=HeadlessHost()), app.files.open_several()) is not None


def test_the_clipboard(tmp_path: Path) -> None:
    app = lw.App(host=HeadlessHost())
    assert run(app, app.clipboard.read()) == ""
    app.clipboard.write("Hello")
    assert run(app, app.clipboard.read()) == "Hello"


def test_the_page_answers_or_refuses() -> None:
    app = lw.App(host=HeadlessHost())
    assert app.clipboard is not None
    desk: Any = app._engine.subsystems.find("desk")
    sent: list[Any] = []
    desk.has_page = True
    object.__setattr__(desk._port, "send", sent.append)
    opened, read = app.start(app.files.open(".png")), app.start(app.clipboard.read())
    app.host.step(app, 2)  # type: ignore[attr-defined]
    assert sent[0] == {"number": 1, "do": "open", "kinds": [".png"], "several": False, "most": 48 << 20}
    answer = [{"name": "x.png", "data": np.array([1, 2], np.uint8)}]
    app._engine.page._receive(encode_own("desk", {"number": 1, "answer": answer}))
    app._engine.page._receive(encode_own("desk", {"number": 2, "failed": "The browser refused to read it (no)."}))
    app.host.step(app, 3)  # type: ignore[attr-defined]
    assert opened.result() == PickedFile("x.png", b"\1\2")
    with pytest.raises(lw.LayerwError, match="refused"):
        read.result()


def test_words_are_the_users() -> None:
    lw.App(host=HeadlessHost(options={"language": "de-CH"}))
    words = lw.Table(TEXTS)
    assert (words.locale, words.language) == ("de-CH", "de")
    assert [words("coins", n=n) for n in (0, 1, 2)] == ["0 Münzen", "1 Münze", "2 Münzen"]
    assert words("quit") == "Quit", "German lacks it"
    words.locale = "ru"
    assert [words("coins", n=n) for n in (1, 2, 5, 11, 21, 22)] == [
        "1 монета", "2 монеты", "5 монет", "11 монет", "21 монета", "22 монеты"]
    words.locale = "ja"
    assert words("start") == "Start" and words.languages == ("en", "de", "ru")
    assert words.missing() == {"de": ["quit"], "ru": ["quit", "start"]}


BAD: list[tuple[Callable[[lw.App], object], type[Exception], str]] = [
    (lambda app: lw.Table({}), lw.ConfigError, "no language"),
    (lambda app: lw.Table(["en"]), lw.KindError, "takes"),  # type: ignore[arg-type]
    (lambda app: lw.Table(TEXTS)("strt"), lw.KeyMissing, "Did you mean 'start'"),
    (lambda app: lw.Table(TEXTS)("coins"), lw.KeyMissing, "called without 'n'"),
    (lambda app: lw.Table(TEXTS, locale=""), lw.ConfigError, "empty"),
    (lambda app: app.files.save("a/b", b""), lw.ConfigError, "without a folder"),
    (lambda app: app.files.save("a", 3), lw.KindError, "bytes or a text"),
    (lambda app: app.clipboard.write(3), lw.KindError, "a text"),
    (lambda app: run(app, app.files.open("json")), lw.ConfigError, "image"),
]


@pytest.mark.parametrize(("call", "kind", "words"), BAD, ids=range(len(BAD)))
def test_mistakes_say_what_is_meant(call: Callable[[lw.App], object], kind: type[Exception], words: str) -> None:
    app = lw.App(host=HeadlessHost())
    with pytest.raises(kind, match=words):
        call(app)
