"""What a program exchanges with its user's machine: files through pickers, and the clipboard.

    file = await app.files.open(".json", ".png")      # None: the user chose none
    app.files.save("level.json", text)
    await app.clipboard.write("Hello")

Owns: the questions that wait for the page's answer (web/page/subsystems/desk.js), or in a window for the system's
dialog (dialogs.py). Otherwise files are those of `HeadlessHost(options={"files": ...})`; without a page the clipboard
is the program's own. Browsers let a page do either only right after a click or a key: ask in the frame in which it
happened. Limits: FILE_BYTES_MAX a file, charged to the heap budget while it is handed over.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import numpy as np

from layerw.base import checks
from layerw.base.errors import ConfigError, KindError, LayerwError
from layerw.base.names import frozen
from layerw.frame.subsystems import SubsystemPort

FILE_BYTES_MAX = 48 * 1024 * 1024
TEXT_CHARS_MAX = 1 << 20


@frozen
@dataclass(frozen=True, slots=True)
class PickedFile:
    """A file that the user chose: `name`, `data` (bytes); `text` of UTF-8."""

    name: str
    data: bytes

    @property
    def text(self) -> str:
        """Its bytes as UTF-8; what is none is shown as �."""
        return self.data.decode("utf-8", "replace")


class Desk:
    """The subsystem "desk" of the frame."""

    def __init__(self, port: SubsystemPort) -> None:
        self.has_page = port.host.name == "browser"
        self._port = port
        self._numbers = count(1)
        self._asked: dict[int, asyncio.Future[Any]] = {}
        self.clipboard = ""  # without a page
        self.saved: dict[str, bytes] = {}
        self._chosen: SimpleQueue[tuple[int, Any]] = SimpleQueue()  # answers of dialogs, from their threads

    def ask(self, question: dict[str, Any]) -> asyncio.Future[Any]:
        """What the page answers, some frames later."""
        number, future = next(self._numbers), self._port.user.future()
        if self.has_page:
            self._asked[number] = future
            self._port.send({"number": number, **question})
        elif question["do"] in ("open", "save") and self._port.host.options().get("dialogs"):
            self._asked[number] = future
            self._ask_system(number, question)
        else:
            future.set_result(self._headless(question))
        return future

    def _ask_system(self, number: int, question: dict[str, Any]) -> None:
        from layerw.saves import dialogs  # a program in a page has none

        try:
            dialogs.ask(question, lambda answer: self._chosen.put((number, answer)))
        except LayerwError as error:
            self._chosen.put((number, error))

    def _take_chosen(self) -> None:
        """A frame begins."""
        while not self._chosen.empty():
            number, answer = self._chosen.get()
            failed = isinstance(answer, LayerwError)
            self._receive({"number": number, "failed": str(answer)} if failed else {"number": number, "answer": answer})

    def _headless(self, question: dict[str, Any]) -> Any:
        match question["do"]:
            case "open":
                files = self._port.host.options().get("files") or []
                return [{"name": Path(file).name, "data": np.frombuffer(Path(file).read_bytes(), np.uint8)}
                        for file in files][: None if question["several"] else 1]  # fmt: skip
            case "save":
                self.saved[question["name"]] = question["data"].tobytes()
            case "write":
                self.clipboard = question["text"]
        return self.clipboard

    def hooks(self) -> Mapping[str, Callable[..., Any]]:
        """For the frame: see frame/subsystems.py."""
        return {"received": self._receive, "before": self._take_chosen}

    def close(self) -> None:
        """The program ended: nobody waits."""
        for future in self._asked.values():
            future.cancel()
        self._asked.clear()

    def _receive(self, value: object) -> None:
        if not isinstance(value, dict):
            return
        future = self._asked.pop(int(value.get("number") or 0), None)
        if future is None or future.done():
            return
        if value.get("failed"):
            future.set_exception(LayerwError(str(value["failed"])))
        else:
            future.set_result(value.get("answer"))


@frozen
class Files:
    """`app.files`: files of the user's machine, each chosen or confirmed by the user."""

    __slots__ = ("_desk", "_ledger")

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._ledger = desk._port.heap_ledger

    async def open(self, *kinds: str) -> PickedFile | None:
        """The file that the user chooses; None where there is none.

        Args:
            kinds: of files that are offered: ".json", "image/*"; nothing: all.

        Raises:
            KindError, ConfigError: no such kind. LayerwError: it is larger than 48 MiB, or can't be read.
        """
        found = await self._pick(kinds, False)
        return found[0] if found else None

    async def open_several(self, *kinds: str) -> list[PickedFile]:
        """The files that the user chooses; kinds: as for `open`."""
        return await self._pick(kinds, True)

    def save(self, name: str, data: bytes | str) -> asyncio.Future[None]:
        """Offers the user a file; browsers put it among the downloads. Nobody needs to await it.

        Args:
            name: that it has at first, without a folder: "level.json".
            data: bytes, or a text, which becomes UTF-8.
        """
        name = checks.text("app.files.save name", name)
        if "/" in name or "\\" in name:
            raise ConfigError(f"app.files.save name is {name!r}; it takes a name without a folder.")
        if not isinstance(data, bytes | bytearray | str):
            raise KindError(f"app.files.save data is {checks.shown(data)}; it takes bytes or a text.")
        content = bytes(data) if not isinstance(data, str) else checks.text(
            "app.files.save data", data).encode() if data else b""  # fmt: skip
        if len(content) > FILE_BYTES_MAX:
            raise ConfigError(f"app.files.save data has {len(content)} bytes; it takes {FILE_BYTES_MAX} at most.")
        return self._desk.ask({"do": "save", "name": name, "data": np.frombuffer(content, np.uint8)})

    async def _pick(self, kinds: tuple[str, ...], several: bool) -> list[PickedFile]:
        for kind in kinds:
            text = checks.text("app.files.open kind", kind)
            if not text.startswith(".") and "/" not in text:
                raise ConfigError(f'app.files.open kind is {text!r}; it is as ".json" or "image/*".')
        answer = await self._desk.ask({"do": "open", "kinds": list(kinds), "several": several, "most": FILE_BYTES_MAX})
        return [PickedFile(str(one["name"]), bytes(one["data"])) for one in answer or []]


@frozen
class Clipboard:
    """`app.clipboard`: the text that other programs copied, or shall have."""

    __slots__ = ("_desk",)

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def write(self, text: str) -> asyncio.Future[None]:
        """Puts a text there, of a million characters at most. Awaiting it raises LayerwError where that is refused."""
        checks.instance("app.clipboard.write text", text, str, "a text (str)")
        if len(text) > TEXT_CHARS_MAX:
            raise ConfigError(f"app.clipboard.write text has {len(text)} characters; it takes {TEXT_CHARS_MAX}.")
        return self._desk.ask({"do": "write", "text": text})

    async def read(self) -> str:
        """The text that is there; browsers ask the user first. Raises LayerwError where that is refused."""
        return str(await self._desk.ask({"do": "read"}) or "")
