"""The view that a notebook shows: an anywidget around a frame in which the program's page plays.

Owns: the widget, what it says where nothing plays, and the messages between kernel and program.
Does not: know cells (cell.py) or servers (served.py).
"""

from __future__ import annotations

import base64
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlencode

import anywidget
import numpy as np
import traitlets

from layerw.base import checks
from layerw.base.errors import KindError, LayerwError

from ...http.web import web_folder
from .served import Served

Made = TypeVar("Made", bound=Callable[..., Any])
PICTURE_S, PICTURE_FRAMES, PICTURE_WIDTH = 120.0, 30, 640


class View(anywidget.AnyWidget):  # type: ignore[misc]  # it has no types
    """A program in an output."""

    _esm = web_folder() / "page" / "notebook.js"
    address = traitlets.Unicode("").tag(sync=True)
    origin = traitlets.Unicode("").tag(sync=True)
    token = traitlets.Unicode("").tag(sync=True)
    height = traitlets.Int(400).tag(sync=True)
    error = traitlets.Unicode("").tag(sync=True)
    listens = traitlets.List(traitlets.Unicode()).tag(sync=True)

    def __init__(self, served: Served, *, height: int, picture: bool, query: dict[str, str]) -> None:
        super().__init__(height=height, token=served.token)
        self._served, self._png = served, b""
        self._heard: dict[str, Callable[..., Any]] = {}
        try:
            served.start()
            self.address = f"{served.address}?{urlencode(query | {'notebook': served.token})}"
            self.origin = served.address
        except LayerwError as error:  # the notebook goes on, and a picture may say what it would be
            self.error = str(error)
        if picture:
            self._png = _picture(served.program, height)
        self.on_msg(self._received)

    def send(self, name: str, value: Any = None, buffers: Any = None) -> None:
        """See lw.show. With buffers it is ipywidgets' own, which widgets call themselves."""
        if buffers is not None or isinstance(name, dict):
            super().send(name, value if buffers is None else buffers)
            return
        parts: list[memoryview] = []
        content = {"name": checks.text("view.send's name", name), "value": _packed(value, parts, "value")}
        super().send(content, parts)

    def on(self, name: str) -> Callable[[Made], Made]:
        """See lw.show."""
        checks.text("view.on's name", name)

        def take(function: Made) -> Made:
            self._heard[name] = checks.callback("view.on's function", function, "value")
            self.listens = sorted(self._heard)
            return function

        return take

    def close(self) -> None:
        """End the program and its server."""
        self._served.close()
        super().close()

    def _received(self, _widget: Any, content: Any, buffers: list[Any]) -> None:
        if isinstance(content, dict) and (function := self._heard.get(str(content.get("name")))):
            function(_unpacked(content.get("value"), buffers))

    def _repr_mimebundle_(self, **options: Any) -> tuple[dict[str, Any], dict[str, Any]] | None:
        made = super()._repr_mimebundle_(**options)
        if made is None:
            return None
        data, metadata = made
        data["text/plain"] = self.error or "A program of layerw: it plays where this notebook runs."
        if self._png:
            data["image/png"] = base64.b64encode(self._png).decode("ascii")
        return data, metadata


def _picture(program: Path, height: int) -> bytes:
    """Of a process of its own: drivers that crash take no kernel along. Nothing, where nothing can draw."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder, "still.png")
        command = [sys.executable, "-m", "layerw_server", "shot", str(program), "--host", "native", "--out", str(out),
                   "--size", f"{PICTURE_WIDTH}x{height}", "--frames", str(PICTURE_FRAMES)]  # fmt: skip
        done = subprocess.run(command, capture_output=True, text=True, timeout=PICTURE_S, check=False)
        if out.is_file():
            return out.read_bytes()
    lines = (done.stderr.strip() or done.stdout.strip() or "it said nothing").splitlines()
    print(f"lw.show: no still picture could be taken: {lines[-1]}", file=sys.stderr)
    return b""


def _packed(value: Any, parts: list[memoryview], place: str) -> Any:
    """JSON, with arrays as {"array": place in parts, dtype, shape}."""
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, np.ndarray) and value.dtype.kind in "iufb" and value.dtype.itemsize <= 8 and (
            value.dtype != np.float16):  # fmt: skip
        flat = np.ascontiguousarray(value, value.dtype.newbyteorder("<"))
        parts.append(memoryview(flat.reshape(-1).view(np.uint8).data))
        return {"$array": len(parts) - 1, "dtype": flat.dtype.name, "shape": list(flat.shape)}
    if isinstance(value, list | tuple):
        return [_packed(one, parts, f"{place}[{at}]") for at, one in enumerate(value)]
    if isinstance(value, dict) and all(isinstance(name, str) for name in value):
        return {name: _packed(one, parts, f"{place}[{name!r}]") for name, one in value.items()}
    raise KindError(f"view.send's {place} is {checks.shown(value)}; it takes None, booleans, numbers, texts, lists, "
                    "dicts with texts as keys, and numpy arrays of numbers.")  # fmt: skip


def _unpacked(value: Any, buffers: list[Any]) -> Any:
    if isinstance(value, dict) and "$array" in value:
        array = np.frombuffer(buffers[value["$array"]], value["dtype"])
        return array.reshape(value["shape"]) if value.get("shape") else array
    if isinstance(value, list):
        return [_unpacked(one, buffers) for one in value]
    return {name: _unpacked(one, buffers) for name, one in value.items()} if isinstance(value, dict) else value
