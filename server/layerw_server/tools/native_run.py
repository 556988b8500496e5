"""`layerw run APP --native`: the program in a window of this machine, drawn by wgpu."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from layerw.base.errors import LayerwError
from layerw.hosts.native.window import Window

from ..http.serve import ServeError


def run(program: Path, size: tuple[int, int], frames: int | None, folders: dict[str, Path]) -> int:
    """Until the window is closed, or so many frames; the exit status. Raises ServeError."""
    try:
        window = Window(program, size, {}, folders=folders)
        asyncio.run(window.run(lambda text: print(text, file=sys.stderr), frames))
    except LayerwError as error:
        raise ServeError(str(error)) from None
    except KeyboardInterrupt:
        return 0
    return 1 if window.host.errors else 0
