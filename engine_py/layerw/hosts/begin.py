"""Begins a program on a host of this Python: what commands do that run one without a page."""

from __future__ import annotations

import inspect
import sys
from pathlib import Path
from typing import Any

from layerw.base.errors import LayerwError
from layerw.base.host_port import MemoryHost, Running
from layerw.hosts import drive_with
from layerw.hosts.program import run


class ProgramFailed(LayerwError):
    """The program could not begin; the text says why."""


async def begin(program: Path, host: MemoryHost) -> Any:
    """Runs the program's file and gives its app. Raises ProgramFailed."""
    sys.path.insert(0, str(program.parent))
    with drive_with(host):
        result = run(str(program), lambda: None)
        failed = await result if inspect.isawaitable(result) else result
    app: Any = Running.app
    if failed or app is None or app.host is not host:
        raise ProgramFailed(f"{program} could not begin:\n{failed or 'It made no lw.App().'}")
    return app
