"""The end of a program whose Python goes on: the next one begins there as in a page of its own (web/engine/restart.js).

Owns: what a program leaves behind outside of its App: its modules, tasks, files, and what engine modules hold of it.
Does not: begin the next one (program.py). Limits: packages that were installed beside the program stay imported, and so
does what they keep; what C code holds is not known here.
"""

from __future__ import annotations

import asyncio
import gc
import shutil
import sys
from types import ModuleType
from typing import Any

from layerw.base.host_port import Running
from layerw.hosts import page_host

HOLDERS = (("layerw.inspecting", "forget"), ("layerw.live.reload", "forget"), ("layerw.kernels.far", "forget"))


def end(*roots: str) -> None:
    """Ends the program that runs, or that failed to start.

    roots: folders whose modules and files are the program's; they are empty then.
    """
    close_app()
    cancel_tasks()
    for name, forget in HOLDERS:
        if (holder := sys.modules.get(name)) is not None:
            getattr(holder, forget)()
    forget_modules(roots)
    for root in roots:
        shutil.rmtree(root, ignore_errors=True)
    page_host.cache_clear()
    for held in ("last_value", "last_traceback", "last_exc"):  # frames, and what those looked at
        setattr(sys, held, None)
    gc.collect()


def close_app() -> None:
    """What it says to the page at its end (what is to be saved, what is taken away) reaches it."""
    app: Any = Running.app
    Running.app = None
    if app is None:
        return
    app.close()
    app._engine.submission.flush(app._engine.host)


def cancel_tasks() -> None:
    """Coroutines of the program that still run, or wait."""
    try:
        loop = asyncio.get_event_loop()
    except RuntimeError:  # CPython: there never was one
        return
    for task in asyncio.all_tasks(loop):
        task.cancel()


def forget_modules(roots: tuple[str, ...]) -> None:
    """They are imported anew; what they hold is let go, also where something holds one of their functions."""
    for name, module in list(sys.modules.items()):
        file = getattr(module, "__file__", None) or ""
        if not isinstance(module, ModuleType) or not file.startswith(tuple(f"{root}/" for root in roots)):
            continue
        del sys.modules[name]
        vars(module).clear()
    sys.modules.setdefault("__main__", ModuleType("__main__"))  # parts of the standard library look there
