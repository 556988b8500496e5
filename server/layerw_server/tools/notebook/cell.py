"""What a notebook's cell is as a program of its own: its text, and what it uses of the kernel.

Owns: which names a cell needs from outside, and how each travels: modules and their members as imports, functions and
classes of cells as source, numbers and texts as literals, arrays as .npy files.
Limits: what a cell has from `exec` or by a string is not seen; changes after the cell ran are.
"""

from __future__ import annotations

import ast
import builtins
import inspect
import io
import linecache
import textwrap
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import FunctionType, ModuleType
from typing import Any

import numpy as np

from layerw.base import checks
from layerw.base.errors import ConfigError, KindError

MODULE = "kernel_values"
LITERALS = (int, float, complex, str, bytes, bool, type(None), tuple, list, dict, set)
TRAVELS = "modules, functions and classes, numbers, texts, lists and numpy arrays can"


@dataclass
class Parts:
    """What goes along: lines of a module, and files."""

    imports: list[str] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    files: dict[str, bytes] = field(default_factory=dict)
    names: list[str] = field(default_factory=list)


def source_of(file: str) -> str:
    """A cell's text by its code's file name. Raises ConfigError where it is none."""
    text = "".join(linecache.getlines(file))
    if not text:
        raise ConfigError("lw.show(app) found no cell: it belongs into a notebook's cell. `layerw run main.py` opens a "
                          "file, and lw.show('main.py') shows one here.")  # fmt: skip
    return text


def program_of(text: str, app: object, scope: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, bytes]:
    """The files of a cell's program.

    Raises:
        ConfigError: the cell does not make `app`.
        KindError: it uses something that can't travel.
    """
    tree = ast.parse(text)
    bound = set(_bound(tree))
    if not any(scope.get(name) is app for name in bound):
        raise ConfigError("lw.show(app) belongs into the cell that makes the app (`app = lw.App()`): that cell is the "
                          "program. Put both into one, or show a file: lw.show('main.py').")  # fmt: skip
    parts = Parts()
    for name, value in values.items():
        _add(parts, name, value, scope)
    for name in _used(tree) - bound - set(values):
        if name in scope:
            _add(parts, name, scope[name], scope)
    if not parts.names:
        return {"main.py": text.encode()}
    module = ['"""What the notebook\'s cell uses of other cells."""', "", "import numpy as np", *parts.imports, "",
              f"__all__ = {sorted(parts.names)!r}", *parts.lines, ""]  # fmt: skip
    begin = f"from {MODULE} import *  # what the cell uses of other cells\n"
    return {"main.py": (begin + text).encode(), f"{MODULE}.py": "\n".join(module).encode(), **parts.files}


def _bound(tree: ast.Module) -> Iterator[str]:
    """Names that the cell gives itself, at its own level."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.alias):
            yield (node.asname or node.name).partition(".")[0]
        elif isinstance(node, ast.arg):
            yield node.arg
        elif isinstance(node, ast.ExceptHandler) and node.name:
            yield node.name


def _used(tree: ast.AST) -> set[str]:
    return {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)} - {
        *dir(builtins)}  # fmt: skip


def _add(parts: Parts, name: str, value: Any, scope: Mapping[str, Any]) -> None:
    if name in parts.names:
        return
    parts.names.append(name)
    if name == "get_ipython":
        raise KindError("A cell with lines for IPython (% or !) is no program; put those into a cell of their own.")
    if isinstance(value, ModuleType):
        parts.imports.append(f"import {value.__name__}" + ("" if value.__name__ == name else f" as {name}"))
    elif isinstance(value, np.ndarray) and not value.dtype.hasobject:
        file = io.BytesIO()
        np.save(file, value)
        parts.files[f"{MODULE}/{name}.npy"] = file.getvalue()
        parts.lines.append(f"{name} = np.load({f'{MODULE}/{name}.npy'!r})")
    elif isinstance(value, np.generic) and not isinstance(value, np.void):
        parts.lines.append(f"{name} = np.{value.dtype}({value.item()!r})")
    elif isinstance(value, LITERALS) and _is_literal(value):
        parts.lines.append(f"{name} = {value!r}")
    elif isinstance(value, FunctionType | type):
        _add_code(parts, name, value, scope)
    else:
        raise KindError(f"The cell uses {name}, {checks.shown(value)}, which can't go to the page: {TRAVELS}. Make it "
                        "in the cell that makes the app.")  # fmt: skip


def _is_literal(value: Any) -> bool:
    try:
        return bool(ast.literal_eval(repr(value)) == value)
    except (ValueError, SyntaxError):
        return isinstance(value, float)  # inf and nan have no literal


def _class_text(kind: type) -> str:
    """Of the newest cell that has it: Python 3.12 doesn't know where a class stands in what is no file.

    Raises:
        OSError: none has it.
    """
    for file in reversed([*linecache.cache]):
        text = "".join(linecache.getlines(file))
        if f"class {kind.__name__}" not in text or (file.endswith(".py") and "marimo" not in file):
            continue
        for node in ast.parse(text).body:
            if isinstance(node, ast.ClassDef) and node.name == kind.__name__:
                first = min([node.lineno, *(one.lineno for one in node.decorator_list)])
                return "\n".join(text.splitlines()[first - 1 : node.end_lineno])
    raise OSError(f"no cell has the class {kind.__name__}")


def _add_code(parts: Parts, name: str, value: FunctionType | type, scope: Mapping[str, Any]) -> None:
    """A function or class: of a cell by its source, with what that uses; else by its import."""
    if value.__module__ != scope.get("__name__"):
        if "<locals>" in value.__qualname__ or "." in value.__qualname__:
            raise KindError(f"The cell uses {name}, {checks.shown(value)}, which is within another function or class; "
                            f"it can't go to the page: {TRAVELS}.")  # fmt: skip
        parts.imports.append(f"from {value.__module__} import {value.__qualname__} as {name}")
        return
    try:
        text = _class_text(value) if isinstance(value, type) else textwrap.dedent(inspect.getsource(value))
    except (OSError, TypeError):
        raise KindError(f"The cell uses {name}, whose source isn't known; define it in a cell.") from None
    tree = ast.parse(text)
    own = {*_bound(tree)} - {value.__name__}
    for used in _used(tree) - own - {value.__name__}:
        if used in scope:
            _add(parts, used, scope[used], scope)
    parts.lines += ["", text.rstrip()] + ([] if name == value.__name__ else [f"{name} = {value.__name__}"])
