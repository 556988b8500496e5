"""The inspector of a program that `layerw run` serves: what is in the scene, what it holds, what it costs.

Owns: questions of the page as JSON and their answers, between two frames (web/engine/inspecting.js hands them on). It
is imported when somebody opens the inspector; until then nothing of it costs anything, and exports have nothing of it.
Does not: draw, or write files (layerw_server/inspecting does).
"""

from __future__ import annotations

import json
from typing import Any

from .inspector import Inspector
from .spawns import Spawns

_spawns = Spawns()
_open: Inspector | None = None


def begin() -> None:
    """Before the program's first line: from now on it is known which line spawns what."""
    _spawns.begin()


def ask(text: str) -> str:
    """One question and its answer, {"value": ...} or {"error": a sentence}, as JSON."""
    global _open
    asked: dict[str, Any] = json.loads(text)
    if asked["do"] == "close":
        if _open is not None:
            _open.close()
        _open = None
        _spawns.end()
        return json.dumps({"value": None})
    if _open is None:
        from layerw.app import App
        from layerw.base.host_port import Running

        if not isinstance(Running.app, App):
            return json.dumps({"error": "The program has no lw.App() yet."})
        _spawns.begin()
        _open = Inspector(Running.app, _spawns)
    return json.dumps(_open.answer(asked), allow_nan=False, default=str)
