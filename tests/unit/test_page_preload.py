"""The page asks at once for every module that its first script imports."""

from __future__ import annotations

import posixpath
import re
from pathlib import Path

WEB = Path(__file__).resolve().parents[2] / "web"
IMPORT = re.compile(r"^(?:import|export)\b(?:[^;]*?from)? '(\.[^']+)'", re.MULTILINE)


def imported(entry: str) -> set[str]:
    found: set[str] = set()
    waiting = [entry]
    while waiting:
        name = waiting.pop()
        if name in found:
            continue
        found.add(name)
        text = (WEB / name).read_text("utf-8")
        waiting += [posixpath.normpath(posixpath.join(posixpath.dirname(name), path)) for path in IMPORT.findall(text)]
    return found


def test_the_page_preloads_what_its_script_imports() -> None:
    page = (WEB / "index.html").read_text("utf-8")
    preloaded = set(re.findall(r'<link rel="modulepreload" href="web/([^"]+)">', page))
    assert len(preloaded) > 3
    assert preloaded == imported("page/index.js")


def test_a_strict_policy_refuses_nothing_of_the_page() -> None:
    """No inline script, style, handler or data: address, so that `default-src 'self'` is enough."""
    page = (WEB / "index.html").read_text("utf-8")
    assert re.findall(r"<style|style=|\son\w+=|data:|javascript:", page) == []
    assert re.findall(r"<script(?![^>]*\ssrc=)", page) == []
