"""`lw.show`: a program in a notebook's output, playing in the page that shows the notebook.

Owns: what it is in each place: nothing in the page itself, so that a cell is a whole program; layerw_server's view
where a notebook's kernel runs, found by its entry point, since the engine imports no server.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any, Protocol, TypeVar

from layerw.base.errors import LayerwError

Made = TypeVar("Made", bound=Callable[..., Any])
GROUP = "layerw.notebooks"


class NotebookView(Protocol):
    """What `lw.show` gives: the program in the output, and the line to it."""

    def send(self, name: str, value: Any = None) -> None:
        """Send a value to the program, which takes it by `app.page.on(name)`. Numpy arrays travel as bytes."""

    def on(self, name: str) -> Callable[[Made], Made]:
        """Decorator: the function gets, in the kernel, what the program sends by `app.page.send(name, value)`."""

    def close(self) -> None:
        """End the program and its server."""


class Silent:
    """The view of a program that plays in the page already: whatever a cell tells it goes nowhere."""

    def send(self, name: str, value: Any = None) -> None:
        """Nothing."""

    def on(self, name: str) -> Callable[[Made], Made]:
        """Nothing."""
        return lambda function: function

    def close(self) -> None:
        """Nothing."""


def show(program: Any, *, height: int = 400, picture: bool = False, backend: str = "auto", thread: str = "worker",
         port: int = 0, address: str = "", values: dict[str, Any] | None = None) -> NotebookView:  # fmt: skip
    """Play a program below the cell, in the page that shows the notebook; needs `pip install 'layerw[notebook]'`.

    Args:
        program: the App that this cell makes: the cell is the program, with what it uses of other cells: modules,
            functions and classes, numbers, texts, lists, numpy arrays. Or the path of a .py file, or of a folder with
            main.py.
        height: of the output, in CSS pixels, 50 to 4000.
        picture: whether a still picture is kept in the notebook for viewers without JavaScript; takes seconds, and
            needs `layerw[window]`.
        backend: "auto", "webgpu", "webgl2" or "null".
        thread: "worker" or "main".
        port: of the server that the page loads from, on this machine; 0 takes a free one.
        address: where the page finds that port, if not at 127.0.0.1: "https://hub.example/user/me/proxy/{port}/".
            Colab's is found by itself.
        values: more for the program, as globals by these names: numbers, texts, lists and numpy arrays.

    Returns:
        The view, which a notebook shows where it is a cell's last line.

    Raises:
        ConfigError: a value is out of range, or no path of a program.
        KindError: the cell uses something that can't travel.
        LayerwError: this is no notebook, or something is not installed.
    """
    if sys.platform == "emscripten":
        return Silent()
    from importlib.metadata import entry_points  # not in the page: it takes long to import there

    found = next(iter(entry_points(group=GROUP)), None)
    if found is None:
        raise LayerwError("lw.show needs layerw with its server, as `pip install 'layerw[notebook]'` brings it.")
    make: Callable[..., NotebookView] = found.load()
    return make(program, sys._getframe(1), height=height, picture=picture, backend=backend, thread=thread, port=port,
                address=address, values=values or {})  # fmt: skip
