"""`lw.show` where a notebook's kernel runs: cell.py reads the cell, served.py serves it, view.py shows it."""

from __future__ import annotations

from pathlib import Path
from types import FrameType
from typing import Any

from layerw import App
from layerw.base import checks
from layerw.base.errors import ConfigError, LayerwError

HEIGHT_MIN, HEIGHT_MAX = 50, 4000
BACKENDS, THREADS = ("auto", "webgpu", "webgl2", "null"), ("worker", "main")


def show(program: Any, frame: FrameType, *, height: int, picture: bool, backend: str, thread: str, port: int,
         address: str, values: dict[str, Any]) -> Any:  # fmt: skip
    """See layerw.notebooks.show."""
    checks.whole("lw.show's height", height, HEIGHT_MIN, HEIGHT_MAX)
    checks.whole("lw.show's port", port, 0, 65535)
    checks.flag("lw.show's picture", picture)
    checks.mapping("lw.show's values", values)
    if address:
        checks.text("lw.show's address", address)
    checks.one_of("lw.show's backend", backend, BACKENDS)
    checks.one_of("lw.show's thread", thread, THREADS)
    files = _files(program, frame, values)
    try:
        from .served import Served
        from .view import View
    except ModuleNotFoundError as error:
        raise LayerwError(f"lw.show needs the package {error.name}: pip install 'layerw[notebook]'.") from None
    served = Served(files, port=port, address=address)
    query = {"backend": backend, "thread": thread}
    return View(served, height=height, picture=picture, query=query)


def _files(program: Any, frame: FrameType, values: dict[str, Any]) -> dict[str, bytes] | Path:
    from .cell import program_of, source_of

    if isinstance(program, App):
        return program_of(source_of(frame.f_code.co_filename), program, frame.f_globals, values)
    if not isinstance(program, str | Path):
        raise ConfigError(f"lw.show is given {checks.shown(program)}; it takes the cell's App, or a program's path.")
    path = Path(program)
    path = path / "main.py" if path.is_dir() else path
    if path.suffix != ".py" or not path.is_file():
        raise ConfigError(f"lw.show found no program at {path}; give a .py file, or a folder with main.py.")
    if values:
        raise ConfigError(f"lw.show takes {', '.join(values)} only with a cell's App; a file's program reads files.")
    return path.resolve()
