"""Where development servers of this user run, and the tokens that let their debuggers in.

Owns: one small file for each that runs, which only its user may read, in the user's cache. Limits: one that a killed
server left is passed over, and removed by who sees it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ..runtime.cache import root


@dataclass(frozen=True)
class Server:
    """One that runs."""

    address: str  # ends with a slash
    token: str
    program: str  # the file's whole path
    pid: int


def folder() -> Path:
    """Where the files lie."""
    return root() / "debug"


@contextmanager
def published(address: str, token: str, program: Path) -> Iterator[None]:
    """Until the end of the block editors of this user find the server; where no file can be written they do not."""
    path = folder() / f"{os.getpid()}.json"
    try:
        folder().mkdir(parents=True, exist_ok=True, mode=0o700)
        path.unlink(missing_ok=True)
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            json.dump(asdict(Server(address, token, str(program.resolve()), os.getpid())), file)
    except OSError:
        path = Path(os.devnull)
    try:
        yield
    finally:
        if path != Path(os.devnull):
            with suppress(OSError):
                path.unlink()


def running() -> list[Server]:
    """Those that run, the latest first."""
    found = []
    with suppress(OSError):
        for path in sorted(folder().glob("*.json"), key=lambda one: one.stat().st_mtime, reverse=True):
            try:
                values: Any = json.loads(path.read_text("utf-8"))
                address, token, program = (str(values[name]) for name in ("address", "token", "program"))
                server = Server(address, token, program, int(values["pid"]))
            except (OSError, ValueError, KeyError, TypeError):
                continue
            if _is_alive(server.pid):
                found.append(server)
            else:
                path.unlink(missing_ok=True)
    return found


def _is_alive(pid: int) -> bool:
    if os.name == "nt":  # a signal would end it there
        return True
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True
