"""Changed files in, an outcome out: "kept" (the running program is the new one), "failed" (the old one goes on, with
the error told) or "restart" (the page starts it again, with the reason and what is to be kept).

Owns: the sources that the running modules have. Called by the page between two frames (web/engine/reloading.js).
"""

from __future__ import annotations

import ast
import importlib
import json
import linecache
import sys
import time
import traceback
from collections.abc import Iterable, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from layerw.app import App
from layerw.base.host_port import Running

from .changes import RestartNeeded, Steps, changed_units, compare, run_at_start
from .patch import Patch
from .units import Source, parse

TOLD_MAX = 4


class Reload:
    """Of the program in one folder."""

    def __init__(self, root: str) -> None:
        """root: absolute; its files have the sources that run."""
        self.root = root
        self._sources: dict[str, Source] = {}

    def apply(self, texts: dict[str, str | None], data: Sequence[str] = ()) -> dict[str, Any]:
        """Brings the program to new texts of its files; nothing is written or changed unless all of it can be.

        Args:
            texts: by name beneath the root, `/` between folders; None: the file is gone.
            data: names of other files that changed.

        Returns:
            {"outcome": "kept" | "failed" | "restart", "text": for people, "state": of a restart}.
        """
        start = time.perf_counter()
        try:
            if data:
                raise RestartNeeded(f"{data[0]} is no Python")
            told, count = self._apply(texts)
        except SyntaxError as error:
            return {"outcome": "failed", "text": "".join(traceback.format_exception_only(error)).rstrip()}
        except RestartNeeded as reason:
            return self._restart(f"{_listed([*texts, *data])}: the program starts again: {reason}.")
        except Exception as error:
            where = traceback.extract_tb(error.__traceback__)[-1]
            return {"outcome": "failed", "text": f"{_listed(texts)} can't be taken while the program runs (line "
                                                 f"{where.lineno}):\n{type(error).__name__}: {error}"}
        ms = (time.perf_counter() - start) * 1e3
        names = [*dict.fromkeys(told)]
        more = f" and {len(names) - TOLD_MAX} more" if len(names) > TOLD_MAX else ""
        what = ", ".join(names[:TOLD_MAX]) + more if names else "nothing that runs"
        return {"outcome": "kept", "text": f"{_listed(texts)} reloaded in {ms:.0f} ms: {what}.", "count": count}

    def _apply(self, texts: dict[str, str | None]) -> tuple[list[str], int]:
        running = self._modules()
        old = {name: self._source(name) for name in running}
        gone = sorted(name for name, text in texts.items() if text is None and name in running)
        if gone:
            raise RestartNeeded(f"{gone[0]} is gone")
        new = {name: parse(text, self._path(name)) for name, text in texts.items() if text is not None}
        reached = run_at_start([*old.values()])
        self._check_start(reached, old, {name: source for name, source in new.items() if name in running})
        if Running.app is None:
            raise RestartNeeded("it is not running")
        after = old | {name: new[name] for name in new if name in running}
        patches, told = self._prepared(running, old, after, set(new), reached)
        for name, source in new.items():  # first: what is new may import it
            path = Path(self._path(name))
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(source.text, encoding="utf-8")
            linecache.checkcache(str(path))
            self._sources[name] = source
        importlib.invalidate_caches()
        try:
            count = sum(patch.apply() for patch in patches)
        except Exception as error:  # between two states
            raise RestartNeeded(f"{type(error).__name__}: {error}") from error
        if isinstance(Running.app, App):
            Running.app._engine.user.resume()
        return told, count

    def _prepared(self, running: dict[str, ModuleType], old: dict[str, Source], new: dict[str, Source],
                  touched: set[str], reached: dict[str, str]) -> tuple[list[Patch], list[str]]:
        """Values that changed in one module are followed into those that use them."""
        changed: dict[str, set[str]] = {name: set() for name in running}
        steps: dict[str, Steps] = {}
        waiting = sorted(touched & running.keys())
        while waiting:
            name = waiting.pop()
            steps[name] = compare(old[name], new[name], changed[name])
            for other, source in new.items() if steps[name].values else ():
                found = _used(source.tree, running[name].__name__, steps[name].values) - changed[other]
                if found:
                    changed[other] |= found
                    waiting.append(other)
        patches, told = [], []
        for name, todo in steps.items():
            _check_values(new[name], todo.values | changed[name], reached)
        order = [*running]
        # What another imports first: a module enters sys.modules before those that it imports.
        for name, todo in sorted(steps.items(), key=lambda one: -order.index(one[0])):
            path, module = self._path(name), running[name]
            todo.run = [*_imports(new[name].tree, changed[name]), *todo.run]
            patches.append(Patch(module, path, todo, old[name].code, new[name].code))
            told += todo.told
        return patches, told

    def _check_start(self, reached: dict[str, str], old: dict[str, Source], new: dict[str, Source]) -> None:
        """Raises where something that the start of the program runs is another now."""
        for name, source in new.items():
            for unit in sorted(changed_units(old[name], source)):
                if unit in reached:
                    raise RestartNeeded(f"{unit.lstrip('.')}() runs when the program starts (from {reached[unit]})")

    def _restart(self, text: str) -> dict[str, Any]:
        state, lost = self.state()
        return {"outcome": "restart", "text": " ".join([text, *lost]), "state": state}

    def state(self) -> tuple[dict[str, Any], list[str]]:
        """What the next start takes, and what can't be kept."""
        app = Running.app
        if not isinstance(app, App):
            return {}, []
        kept = app._engine.kept
        modules = [(self._source(name).tree, vars(module)) for name, module in self._modules().items()]
        values, lost = kept.values(modules) if kept is not None else ({}, [])
        camera = app.camera
        state: dict[str, Any] = {"values": values}
        numbers = [*camera.position.tolist(), camera.yaw, camera.pitch]
        return state | ({"camera": numbers} if np.isfinite(numbers).all() else {}), lost

    def _modules(self) -> dict[str, ModuleType]:
        """The program's own modules that run, by file name beneath the root."""
        found = {}
        for module in list(sys.modules.values()):
            file = getattr(module, "__file__", None) or ""
            if file.startswith(f"{self.root}/") and file.endswith(".py"):
                found[file[len(self.root) + 1:]] = module
        return found

    def _path(self, name: str) -> str:
        return f"{self.root}/{name}"

    def _source(self, name: str) -> Source:
        """Of what runs."""
        if name not in self._sources:
            self._sources[name] = parse(Path(self._path(name)).read_text(encoding="utf-8"), self._path(name))
        return self._sources[name]


def restore(camera: list[float]) -> None:
    """Puts the camera where the program had it before it started again; what moves it each frame has the last word."""
    app = Running.app
    if isinstance(app, App):
        *position, app.camera.yaw, app.camera.pitch = camera
        app.camera.position = np.array(position)


def _check_values(source: Source, values: set[str], reached: dict[str, str]) -> None:
    """Raises where the start of the program runs a function that uses a value that is another now."""
    wanted = values | {f".{name}".rpartition(".")[2] for name in values if "." in name}
    for unit in source.units.values() if wanted else ():
        if unit.called in reached and (found := wanted & unit.names):
            raise RestartNeeded(f"{unit.name}() runs when the program starts (from {reached[unit.called]}) and uses "
                                f"{min(found)}")


def _used(tree: ast.Module, module: str, values: set[str]) -> set[str]:
    """Under which names a file uses these values of a module."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module and module.split(".")[-1] == node.module.split(".")[-1]:
            if any(alias.name == "*" for alias in node.names):
                raise RestartNeeded(f"line {node.lineno} imports all of {module}")
            found |= {alias.asname or alias.name for alias in node.names if alias.name in values}
            found |= {f"{alias.asname or alias.name}.{value.partition('.')[2]}" for alias in node.names
                      for value in values if value.startswith(f"{alias.name}.")}
        elif isinstance(node, ast.ImportFrom):
            found |= {f"{alias.asname or alias.name}.{value}" for alias in node.names
                      if alias.name == module.split(".")[-1] for value in values}
        elif isinstance(node, ast.Import):
            for alias in node.names:
                if alias.name == module:
                    found |= {f"{alias.asname or alias.name}.{value}" for value in values}
    return found


def _imports(tree: ast.Module, changed: set[str]) -> list[ast.stmt]:
    """The imports that bind changed values anew."""
    return [statement for statement in tree.body if isinstance(statement, ast.ImportFrom)
            and any((alias.asname or alias.name) in changed for alias in statement.names)]


def _listed(files: Iterable[str]) -> str:
    names = sorted(files)
    return names[0] if len(names) == 1 else f"{names[0]} and {len(names) - 1} more"


_live: dict[str, Reload] = {}


def run(root: str, texts_json: str, data_json: str) -> str:
    """For the page: texts by name and names of data as JSON, the outcome as JSON."""
    return json.dumps(_live.setdefault(root, Reload(root)).apply(json.loads(texts_json), json.loads(data_json)))


def adopt(root: str, name: str, text: str) -> None:
    """A file has this text from now on, and the program runs as if it had begun with it: who wrote it has done what it
    changes. Raises SyntaxError."""
    live = _live.setdefault(root, Reload(root))
    source = parse(text, live._path(name))
    Path(live._path(name)).write_text(text, encoding="utf-8")
    linecache.checkcache(live._path(name))
    live._sources[name] = source
