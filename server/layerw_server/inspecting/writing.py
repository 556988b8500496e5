"""Writes an edit of the page into the program's source.

Owns: who may (this machine, from the server's own page, with the server's token) and that nothing is lost: the file
must be the one that runs, and is replaced whole. Does not: know Python; edits.py does. Limits: BODY_BYTES_MAX a
request; regular .py files of the program's folder.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import shutil
import tempfile
from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from ..debugging.hub import DebugHub, is_loopback
from ..debugging.sources import Sources
from .edits import EditRefused, Target, edit_call

BODY_BYTES_MAX = 16 * 1024
_BOM = b"\xef\xbb\xbf"
log = logging.getLogger("layerw.server")


class SourceWriter:
    """Of one development server."""

    def __init__(self, sources: Sources, debugger: DebugHub) -> None:
        self._sources, self._debugger = sources, debugger

    async def write(self, request: Request) -> Response:
        """{file, line, name, argument, value, sha256} in; {text, line, top, before, same_lines} or {error} out."""
        if not is_loopback(request):
            return _refused("Only this machine itself may write the program's source.", 403)
        if not self._debugger.may_debug(dict(request.scope["headers"])):
            return _refused("Writing into the source needs the server's token: start with layerw run --inspect, and "
                            "use the page that it opens or the address that it prints.", 403)
        body = b""
        async for part in request.stream():
            body += part
            if len(body) > BODY_BYTES_MAX:
                return _refused(f"The request is longer than {BODY_BYTES_MAX} bytes.", 413)
        try:
            asked: dict[str, Any] = json.loads(body)
            if not isinstance(asked, dict):
                raise TypeError("it is no object")
            target = Target(int(asked.get("line") or 0), str(asked.get("name") or ""))
            name, argument, value = str(asked["file"]), str(asked["argument"]), _value(asked["value"])
            expected = str(asked["sha256"])
            name.encode()  # half of a surrogate pair is no text of a file
        except (ValueError, KeyError, TypeError, OverflowError, RecursionError) as error:
            return _refused(f"The request is not understood ({error!r}).", 400)
        try:
            return JSONResponse(self._written(name, target, argument, value, expected))
        except EditRefused as refused:
            return _refused(str(refused), 409)

    def _written(self, name: str, target: Target, argument: str, value: Any, expected: str) -> dict[str, Any]:
        place = self._sources.on_disk(name)
        path = Path(place) if place else None
        if path is None or path.suffix != ".py" or not os.path.isfile(path) or self._sources.in_page(str(path)) != name:
            raise EditRefused(f"There is no file {name} of the program.")
        if not (argument.isascii() and argument.isidentifier()):  # beyond ASCII Python reads some names as others
            raise EditRefused(f"{argument!r} is no name of an argument.")
        try:
            data = path.read_bytes()
            bom = _BOM if data.startswith(_BOM) else b""
            text = data[len(bom):].decode("utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise EditRefused(f"{name} can't be read: {error}.") from None
        if hashlib.sha256(data).hexdigest() != expected:
            raise EditRefused(f"{name} is another one on the disk than the one that runs; when the page has taken it, "
                              "try again.")
        edited = edit_call(text, target, argument, value)
        if edited.text != text:
            try:
                _replace(path.resolve(), bom + edited.text.encode("utf-8"))
            except OSError as error:
                raise EditRefused(f"{name} can't be written: {error.strerror or error}.") from None
            log.info("the inspector wrote %s into line %d of %s", argument, edited.line, name)
        return {"text": edited.text, "line": edited.line, "top": edited.is_top, "before": edited.before,
                "same_lines": edited.text.count("\n") == text.count("\n")}


def _value(given: Any) -> Any:
    if isinstance(given, str):
        given.encode()
    if isinstance(given, (bool, int, float, str)):
        return given
    if isinstance(given, list) and 0 < len(given) <= 16 and all(type(one) in (int, float) for one in given):
        return given
    raise ValueError("a value is a number, a text, True, False, or a list of numbers")


def _replace(path: Path, data: bytes) -> None:
    """A reader sees the old file or the new one, never a part."""
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".layerw-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        shutil.copymode(path, temporary)
        os.replace(temporary, path)
    except OSError:
        Path(temporary).unlink(missing_ok=True)
        raise


def _refused(text: str, status: int) -> Response:
    return JSONResponse({"error": text}, status)
