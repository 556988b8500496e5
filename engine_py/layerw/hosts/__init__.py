"""The machines that the engine runs on: the browser (Pyodide) and CPython without a picture."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

from layerw.base.host_port import MemoryHost

_wanted: list[MemoryHost] = []  # what runs programs that make their own App


def default_host() -> MemoryHost:
    """The browser under Pyodide, else a headless host that reads files next to the program."""
    if _wanted:
        return _wanted[-1]
    if sys.platform == "emscripten":
        return page_host()
    from layerw.hosts.headless import HeadlessHost

    return HeadlessHost()


@contextmanager
def drive_with(host: MemoryHost) -> Iterator[None]:
    """The App that a program makes inside runs on this host."""
    _wanted.append(host)
    try:
        yield
    finally:
        _wanted.remove(host)


@cache
def page_host() -> MemoryHost:
    """The page that Pyodide runs in."""
    from layerw.hosts.browser import BrowserHost

    return BrowserHost()
