"""Where bytes are kept by name: a folder of files, or the page's IndexedDB.

Owns: reading all of them once, at the start, and writing one. A page can't be asked and waited for, so boot.js puts
what it has into a folder before the program runs (web/engine/store-records.js), and web/page/subsystems/store.js is
sent what is written. Limits: names that take FILE_CHARS_MAX characters at most as a file's.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import unquote

from layerw.base.errors import SaveError
from layerw.base.host_port import HostPort
from layerw.base.user_folder import user_folder

FILE_CHARS_MAX = 200  # of the 255 that file systems take
PLAIN = frozenset(b"abcdefghijklmnopqrstuvwxyz0123456789_-.")  # Best and best are one file to some systems
PAGE_FOLDER = Path("/store")  # of Pyodide's file system, written by boot.js
HELD: dict[str, dict[str, bytes]] = {}  # by folder: a second App of one page finds what the first one kept
PROGRAM, TROUBLE = ".program", ".trouble"
SUFFIX = ".lw"


class Records(Protocol):
    """`read` once; `write` each change: bytes, or None for what is no more."""

    def read(self) -> dict[str, bytes]: ...
    def write(self, name: str, data: bytes | None) -> None: ...
    def flush(self) -> None: ...


class FolderRecords:
    """A file each, replaced as a whole: a crash leaves the old one. `fail(text)` hears what can't be written."""

    def __init__(self, folder: Path, fail: Callable[[str], None]) -> None:
        self._folder, self._fail = folder, fail

    def read(self) -> dict[str, bytes]:
        try:
            files = sorted(self._folder.glob("*" + SUFFIX)) if self._folder.is_dir() else []
            return {unquote(file.name.removesuffix(SUFFIX)): file.read_bytes() for file in files}
        except OSError as error:
            self._fail(f"What is kept in {self._folder} can't be read: {error}")
            return {}

    def write(self, name: str, data: bytes | None) -> None:
        file = self._folder / (file_name(name) + SUFFIX)
        try:
            if data is None:
                file.unlink(missing_ok=True)
                return
            self._folder.mkdir(parents=True, exist_ok=True)
            part = file.with_suffix(".part")
            part.write_bytes(data)
            part.replace(file)
        except OSError as error:
            self._fail(f"{name} ({0 if data is None else len(data)} bytes) can't be kept in {self._folder}: {error}")

    def flush(self) -> None:
        """Nothing waits."""


class PageRecords:
    """What the page keeps: sent to it with the frame, once for each name."""

    def __init__(self, folder: Path, send: Callable[[object], None], fail: Callable[[str], None]) -> None:
        if not (folder / PROGRAM).exists():
            raise SaveError("app.store is not open: the page reads it before the program starts where a .py file of "
                            "the program's folder says `.store`, `.save` or `.restore`. Write `app.store` in one.")
        self._folder, self._send, self._fail = folder, send, fail
        self._program = (folder / PROGRAM).read_text("utf-8")
        self._waiting: dict[str, Any] = {}
        self._held = HELD.setdefault(str(folder), {})

    def read(self) -> dict[str, bytes]:
        trouble = self._folder / TROUBLE
        if trouble.exists():
            self._fail(trouble.read_text("utf-8"))
        for file in self._folder.glob("*" + SUFFIX):
            self._held[unquote(file.name.removesuffix(SUFFIX))] = file.read_bytes()
            file.unlink()  # JavaScript's copy goes
        return dict(self._held)

    def write(self, name: str, data: bytes | None) -> None:
        self._waiting[name] = data
        if data is None:
            self._held.pop(name, None)
        else:
            self._held[name] = data

    def flush(self) -> None:
        """Once a frame."""
        if self._waiting:
            self._send({"program": self._program, "records": self._waiting})
            self._waiting = {}


def file_name(name: str) -> str:
    """Of a record, without its suffix."""
    return "".join(chr(byte) if byte in PLAIN else f"%{byte:02x}" for byte in name.encode())


def records(host: HostPort, send: Callable[[object], None], fail: Callable[[str], None]) -> Records:
    """Where this program's things are kept."""
    if sys.platform == "emscripten":
        return PageRecords(PAGE_FOLDER, send, fail)
    return FolderRecords(_folder(host), fail)


def _folder(host: HostPort) -> Path:
    given = host.options().get("store") or os.environ.get("LAYERW_STORE")
    if given:
        return Path(given)
    main = Path(getattr(sys.modules.get("__main__"), "__file__", None) or "program.py").resolve()
    return user_folder() / "layerw" / f"{main.stem}-{sha256(str(main).encode()).hexdigest()[:8]}"
