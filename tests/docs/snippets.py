"""Reads the Python of the documentation, and runs it headless as a program would run."""

from __future__ import annotations

import re
import textwrap
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import layerw as lw
from layerw.base.host_port import Running
from layerw.hosts.headless import HeadlessHost

DOCS = Path(__file__).resolve().parents[2] / "docs"
BLOCK = re.compile(r"^(?P<indent> *)```python\n(?P<body>.*?)^(?P=indent)```", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Snippet:
    """One block of a page and the line it begins at."""

    page: str
    line: int
    code: str


def snippets(path: Path) -> list[Snippet]:
    """The Python blocks of a page, in order."""
    text = path.read_text("utf-8")
    page = path.relative_to(DOCS.parent).as_posix()
    return [Snippet(page, text.count("\n", 0, match.start()) + 2, textwrap.dedent(match["body"]))
            for match in BLOCK.finditer(text)]  # fmt: skip


def run_page(path: Path, root: Path, prelude: str = "", frames: int = 30) -> list[str]:
    """Run all blocks of a page in one namespace, then some frames; returns the errors that the app reports.

    Args:
        root: the folder that the program's relative addresses start from.
        prelude: names that the page takes for granted.
    """
    names: dict[str, Any] = {"__name__": "__main__"}
    exec(compile(f"import layerw as lw\nimport numpy as np\n{prelude}", "prelude", "exec"), names)
    reported: list[str] = []
    for snippet in snippets(path):
        fresh = "lw.App(" in snippet.code
        if fresh:
            reported += finish(names, frames)
        source = "\n" * (snippet.line - 1) + snippet.code  # a traceback then shows the page's own line
        exec(compile(source, snippet.page, "exec"), names)
    return reported + finish(names, frames)


def finish(names: dict[str, Any], frames: int) -> list[str]:
    """Runs the app that the page made so far, and closes it."""
    app = names.get("app")
    if not isinstance(app, lw.App):
        return []
    host = app.host
    assert isinstance(host, HeadlessHost)
    host.step(app, frames)
    errors = list(app.report()["errors"]) + host.errors
    app.close()
    Running.app = None
    return errors
