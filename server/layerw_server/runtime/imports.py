"""What a module imports when it is imported, and what its functions import once they are called: read, never run.

Owns: one source's imports and the words that it uses. `reach` goes by a program's words; what it misses is fetched
when it is imported (layerw/hosts/rest.py).
Limits: imports under TYPE_CHECKING and under `if __name__ == "__main__"` never run.
"""

from __future__ import annotations

import ast
import json
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Code:
    """Imports (dotted, absolute; of `from a import b` both a and a.b) and words of one stretch of code."""

    imports: set[str] = field(default_factory=set)
    words: set[str] = field(default_factory=set)


@dataclass
class Source:
    """One module: what runs at its import, and its functions by their bare name."""

    top: Code = field(default_factory=Code)
    functions: dict[str, Code] = field(default_factory=dict)

    def everything(self) -> Code:
        """All of it together."""
        parts = [self.top, *self.functions.values()]
        return Code(set().union(*(one.imports for one in parts)), set().union(*(one.words for one in parts)))


def read_source(text: bytes, module: str, *, is_package: bool) -> Source:
    """Read a module; raises SyntaxError or ValueError where it is none."""
    found = Source()
    _read(ast.parse(text), found, found.top, module if is_package else module.rpartition(".")[0])
    return found


def _read(node: ast.AST, found: Source, into: Code, package: str) -> None:
    for part in ast.iter_child_nodes(node):
        if isinstance(part, (ast.FunctionDef, ast.AsyncFunctionDef)):
            for outside in (*part.decorator_list, part.args):
                _read(outside, found, into, package)
                _take(outside, into, package)
            body = found.functions.setdefault(part.name, Code())
            for statement in part.body:
                _take(statement, body, package)
                _read(statement, found, body, package)
        elif isinstance(part, ast.If) and _never_runs(part.test):
            for statement in part.orelse:
                _take(statement, into, package)
                _read(statement, found, into, package)
        else:
            _take(part, into, package)
            _read(part, found, into, package)


def _never_runs(test: ast.expr) -> bool:
    text = ast.unparse(test)
    return text in ("TYPE_CHECKING", "typing.TYPE_CHECKING") or text.startswith("__name__ ==")


def _take(node: ast.AST, into: Code, package: str) -> None:
    if isinstance(node, ast.Import):
        into.imports.update(alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        base = node.module or ""
        if node.level:
            parts = package.split(".")
            base = ".".join([*parts[:len(parts) - node.level + 1], *([base] if base else [])])
        into.imports.update([base, *(f"{base}.{alias.name}" for alias in node.names)])
        into.words.update(alias.name for alias in node.names)
    elif isinstance(node, ast.Name):
        into.words.add(node.id)
    elif isinstance(node, ast.Attribute):
        into.words.add(node.attr)
    elif isinstance(node, ast.keyword) and node.arg:
        into.words.add(node.arg)
    elif isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.isidentifier():
        into.words.add(node.value)


def parents(module: str) -> Iterator[str]:
    """The module and the packages that it lies in."""
    while module:
        yield module
        module = module.rpartition(".")[0]


def closure(modules: set[str], sources: Mapping[str, Source]) -> set[str]:
    """The modules, and all that is imported when they are; only such as `sources` knows."""
    found: set[str] = set()
    waiting = [name for module in modules for name in parents(module) if name in sources]
    while waiting:
        module = waiting.pop()
        if module in found:
            continue
        found.add(module)
        waiting += [name for one in sources[module].top.imports for name in parents(one) if name in sources]
    return found


def reach(start: set[str], words: set[str], sources: Mapping[str, Source]) -> set[str]:
    """The modules that a program needs, by the words that it says.

    What a function imports is needed where the program says the function's name, or that of what it imports.

    Args:
        start: modules that are needed in any case.
        words: what the program says.
        sources: every module that may be needed.
    """
    kept = closure(start, sources)
    while True:
        more = {one for module in kept for name, code in sources[module].functions.items() for one in code.imports
                if name in words or one.rpartition(".")[2] in words}
        wider = closure(kept | more, sources)
        if wider == kept:
            return kept
        kept = wider


def module_of(member: str) -> str:
    """The module that a zip's member is, or the package that a data file lies in."""
    folder, _, name = member.rpartition("/")
    package = folder.replace("/", ".")
    if not name.endswith((".py", ".pyc", ".so")) or name.startswith("__init__."):
        return package
    return ".".join(filter(None, (package, name.partition(".")[0])))


def read_zips(paths: list[str]) -> str:
    """JSON of the sources in some zips, by module: [imports at once, {function: imports}]. Runs in Pyodide too."""
    found = {}
    for path in paths:
        with zipfile.ZipFile(path) as archive:
            for member in archive.namelist():
                if member.endswith(".py") and "/tests/" not in member:
                    is_package = member.endswith("/__init__.py")
                    try:
                        one = read_source(archive.read(member), module_of(member), is_package=is_package)
                    except (SyntaxError, ValueError):
                        continue  # the standard library has such ones to test with
                    later = {name: sorted(code.imports) for name, code in one.functions.items() if code.imports}
                    found[module_of(member)] = [sorted(one.top.imports), later]
    return json.dumps(found)


def sources_of(read: Mapping[str, Any]) -> dict[str, Source]:
    """What `read_zips` wrote, less the words."""
    return {module: Source(Code(set(now)), {name: Code(set(imports)) for name, imports in later.items()})
            for module, (now, later) in read.items()}
