"""The machines that the engine runs on: the browser (Pyodide) and CPython without a picture."""

from __future__ import annotations

import sys
from functools import cache

from layerw.base.host_port import MemoryHost


def default_host() -> MemoryHost:
    """The browser under Pyodide, else a headless host that reads files next to the program."""
    if sys.platform == "emscripten":
        return page_host()
    from layerw.hosts.headless import HeadlessHost

    return HeadlessHost()


@cache
def page_host() -> MemoryHost:
    """The page that Pyodide runs in."""
    from layerw.hosts.browser import BrowserHost

    return BrowserHost()
