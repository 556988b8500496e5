"""What would go wrong on the page, read from a program's sources before it gets there.

Owns: syntax, imports that nothing provides, literal paths that lead nowhere. Nothing is run.
Does not: decide what happens then (export.py refuses, `layerw run` only says it).
Limits: sources are read by this machine's Python, which may be older than the page's; names that are put together at
run time can't be seen. What stands in a function, an `if` or a `try` may never run: that is a note, no fault.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

PAGE_PYTHON = (3, 14)
PAGE_MODULES = frozenset({"layerw", "numpy", "js", "pyodide", "pyodide_js", "layerw_glue", "_pyodide"})
NOT_IN_PAGE = frozenset({"tkinter", "turtle", "turtledemo", "curses", "idlelib", "venv", "ensurepip", "msvcrt",
                         "winreg", "winsound"})
LOADERS = frozenset({"load", "stream"})


@dataclass(frozen=True)
class Finding:
    """One thing that is or may be wrong; `fault` when the program can't run so."""

    fault: bool
    text: str


@dataclass(frozen=True)
class _Import:
    line: int
    module: str  # dotted, absolute
    names: tuple[str, ...]  # of `from module import names`
    certain: bool


def check_program(program: Path, files: Collection[str], provided: Collection[str] = ()) -> list[Finding]:
    """Findings about a program and the modules of its folder that it imports.

    Args:
        program: the .py file that starts.
        files: what the page will find beside it, relative with slashes.
        provided: top-level modules of further packages.
    """
    known = PAGE_MODULES | set(provided) | (set(sys.stdlib_module_names) - NOT_IN_PAGE)
    findings: list[Finding] = []
    waiting, seen = [program.name], set[str]()
    while waiting:
        name = waiting.pop(0)
        if name in seen:
            continue
        seen.add(name)
        tree = _parsed(program.parent / name, name, findings)
        if tree is None:
            continue
        for one in _imports(tree, name):
            inside = _local_files(one, files)
            waiting += inside
            if not inside and one.module.split(".")[0] not in known:
                findings.append(Finding(one.certain, _missing(name, one)))
        findings += _paths(tree, name, files)
    return findings


def _parsed(path: Path, name: str, findings: list[Finding]) -> ast.Module | None:
    try:
        return ast.parse(path.read_bytes(), name)
    except SyntaxError as error:
        own = f"{sys.version_info[0]}.{sys.version_info[1]}"
        older = sys.version_info[:2] < PAGE_PYTHON
        reader = f" (read by Python {own}, the page has {PAGE_PYTHON[0]}.{PAGE_PYTHON[1]})" if older else ""
        findings.append(Finding(True, f"{name}, line {error.lineno or 0}: {error.msg}{reader}"))
    except (OSError, ValueError) as error:
        findings.append(Finding(True, f"{name} can't be read: {error}"))
    return None


def _statements(body: list[ast.stmt], certain: bool) -> Iterator[tuple[ast.stmt, bool]]:
    """Every statement, and whether it certainly runs when the module is imported."""
    for node in body:
        yield node, certain
        always = certain and isinstance(node, (ast.With, ast.ClassDef))
        for part in ("body", "orelse", "finalbody"):
            yield from _statements(getattr(node, part, []) or [], always)
        for case in (*getattr(node, "handlers", ()), *getattr(node, "cases", ())):
            yield from _statements(case.body, False)


def _imports(tree: ast.Module, name: str) -> Iterator[_Import]:
    package = name.split("/")[:-1]
    for node, certain in _statements(tree.body, True):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield _Import(node.lineno, alias.name, (), certain)
        elif isinstance(node, ast.ImportFrom):
            names = tuple(alias.name for alias in node.names)
            base = package[: len(package) - node.level + 1] if node.level else []
            module = ".".join([*base, *(node.module or "").split(".")]).strip(".")
            if module:
                yield _Import(node.lineno, module, names, certain)
            else:
                for one in names:
                    yield _Import(node.lineno, one, (), certain)


def _local_files(one: _Import, files: Collection[str]) -> list[str]:
    """Files of the program's folder that an import runs; [] where the folder has no such module."""
    parts = one.module.split(".")
    steps = ["/".join(parts[: k + 1]) for k in range(len(parts))] + ["/".join([*parts, n]) for n in one.names]
    found = [name for step in steps for name in (f"{step}.py", f"{step}/__init__.py") if name in files]
    whole = "/".join(parts)
    if f"{whole}.py" in files or any(name.startswith(f"{whole}/") for name in files):
        return found or [next(name for name in files if name.startswith(whole))]
    return []


def _missing(name: str, one: _Import) -> str:
    top = one.module.split(".")[0]
    if top in NOT_IN_PAGE:
        return f"{name}, line {one.line} imports {top}, which does not exist in a page"
    return (f"{name}, line {one.line} imports {one.module}, which is neither in the program's folder nor in the page; "
            f"--with {top} looks for a package")


def _paths(tree: ast.Module, name: str, files: Collection[str]) -> Iterator[Finding]:
    """Literal paths of `app.load`, `app.stream` and `open` that lead nowhere."""
    for node in ast.walk(tree):
        if not (isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant)):
            continue
        path = node.args[0].value
        function = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        if not isinstance(path, str) or not path or function not in LOADERS | {"open"} or _elsewhere(path):
            continue
        if (function == "open" and _writes(node)) or _is_there(path, files):
            continue
        yield Finding(function in LOADERS, f"{name}, line {node.lineno} reads {path!r}, which is not among the files "
                                           "that travel")


def _elsewhere(path: str) -> bool:
    return "://" in path or path.startswith(("/", "data:", "blob:"))


def _writes(node: ast.Call) -> bool:
    modes = [*node.args[1:2], *(word.value for word in node.keywords if word.arg == "mode")]
    return any(isinstance(mode, ast.Constant) and any(c in str(mode.value) for c in "wax") for mode in modes)


def _is_there(path: str, files: Collection[str]) -> bool:
    for spelling in {path, unquote(path), path.partition("?")[0]}:
        whole = spelling.removeprefix("./").rstrip("/")
        if whole in files or f"{whole}/tileset.json" in files:
            return True
    return False
