"""Which entries of a program's folder the program needs, read from its sources.

Owns: a reading of imports and string literals; nothing is run. An entry (a file or a whole folder directly in the
program's folder) is needed when a needed source imports it or names it, or when a needed .gltf or .json does.
Limits: a name that is only put together at run time can't be seen; the caller lists what is left out, so that
a person can ask for everything.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

from ..http.paths import is_served_name

_QUOTED = re.compile(r'"((?:[^"\\\n]|\\.)*)"')
_SPLIT = re.compile(r"[\s/\\?#*,;\"'()]+")
_TEXT_SUFFIXES = (".gltf", ".json")
_TEXT_BYTES_MAX = 16 * 1024 * 1024


def needed_entries(program: Path) -> tuple[list[Path], list[Path]]:
    """Return (needed, left out) among the served entries of the program's folder, each sorted."""
    waiting = sorted(entry for entry in program.parent.iterdir() if is_served_name(entry.name) and entry != program)
    needed, names = [program], set(_names_in(program))
    while found := [entry for entry in waiting if _is_named(entry, names)]:
        for entry in found:
            waiting.remove(entry)
            needed.append(entry)
            for source in _sources(entry):
                names.update(_names_in(source))
    return sorted(needed), waiting


def _is_named(entry: Path, names: set[str]) -> bool:
    if entry.name in names or entry.stem in names:
        return True
    # ".glb" alone: the program puts file names together, so every file of that kind may be meant.
    return bool(entry.suffix) and entry.suffix != ".py" and entry.suffix in names


def _sources(entry: Path) -> Iterator[Path]:
    if entry.is_dir():
        yield from (path for path in sorted(entry.rglob("*.py")) if path.is_file())
    elif entry.suffix in (".py", *_TEXT_SUFFIXES):
        yield entry


def _names_in(path: Path) -> Iterator[str]:
    try:
        if path.suffix == ".py":
            for text in _python_texts(ast.parse(path.read_bytes())):
                yield from _words(text)
        elif path.stat().st_size <= _TEXT_BYTES_MAX:
            for text in _QUOTED.findall(path.read_text("utf-8", "replace")):
                yield from _words(text)
    except (OSError, SyntaxError, ValueError):
        return  # the program itself will say so on the page


def _words(text: str) -> Iterator[str]:
    """Everything in a literal that may be the name of a file or folder: `my  box.glb` as well as `*.glb`."""
    for spelling in {text, unquote(text)}:
        yield from _SPLIT.split(spelling)
        yield from spelling.replace("\\", "/").split("/")


def _python_texts(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (part for alias in node.names for part in alias.name.split("."))
        elif isinstance(node, ast.ImportFrom):
            yield from (node.module or "").split(".")
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value
