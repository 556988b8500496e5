"""What a source consists of: its statements by what they bind, and its functions with the names that each uses itself.

Owns: nothing; reads syntax trees. Does not: know old from new.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from types import CodeType
from typing import Any, cast

Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
AT_ONCE = ("map", "filter", "sorted", "min", "max", "reduce", "sum", "any", "all")
Function = ast.FunctionDef | ast.AsyncFunctionDef
# What making an instance calls.
STARTS = (".__init__", ".__new__", ".__post_init__", ".__init_subclass__", ".__set_name__")


@dataclass(eq=False)
class Unit:
    """A function of any depth: its own statements without those of functions inside."""

    node: Function | ast.Lambda
    text: str  # its lines
    is_method: bool

    @property
    def name(self) -> str:
        """As it is called."""
        return "<lambda>" if isinstance(self.node, ast.Lambda) else self.node.name

    @property
    def called(self) -> str:
        """As `calls` names it: a method with a dot before it."""
        return f".{self.name}" if self.is_method else self.name

    @cached_property
    def calls(self) -> set[str]:
        """See `calls` below."""
        return _calls(list(_own_nodes(self.node)))

    @cached_property
    def names(self) -> set[str]:
        """See `names` below."""
        return _names(_own_nodes(self.node))

    def does_as(self, other: Unit) -> bool:
        """Whether its own statements are the other's. What has the same lines needs no look at its tree."""
        return self.text == other.text or _own_text(self.node) == _own_text(other.node)


@dataclass(eq=False)
class Source:
    """One file's tree, taken apart."""

    tree: ast.Module
    text: str
    code: CodeType
    units: dict[str, Unit] = field(default_factory=dict)  # by qualified name, repeated ones with #2, #3 …

    def __post_init__(self) -> None:
        """Its lines."""
        self._lines = self.text.split("\n")

    def lines(self, node: ast.stmt | Function | ast.Lambda) -> str:
        """What a node stands in, decorators and all."""
        first = min([node.lineno, *(one.lineno for one in getattr(node, "decorator_list", ()))])
        return "\n".join(self._lines[first - 1:node.end_lineno])


def parse(text: str, path: str) -> Source:
    """Raises SyntaxError with its place. Compiled as the program's own file is."""
    tree = ast.parse(text, path)
    code: CodeType = compile(tree, path, "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True)
    source = Source(tree, text, code)
    for name, node, is_method in _functions(source.tree, "", "lambda" in text):
        key, again = name, 2
        while key in source.units:
            key, again = f"{name}#{again}", again + 1
        source.units[key] = Unit(node, source.lines(node), is_method)
    return source


def bound(statement: ast.stmt) -> tuple[str, ...]:
    """The names that a plain assignment binds; empty for anything else."""
    if isinstance(statement, ast.Assign):
        targets: list[ast.expr] = statement.targets
    elif isinstance(statement, ast.AnnAssign):
        targets = [statement.target]
    else:
        return ()
    found: list[str] = []
    for target in targets:
        for part in target.elts if isinstance(target, (ast.Tuple, ast.List)) else [target]:
            if not isinstance(part, ast.Name):
                return ()
            found.append(part.id)
    return tuple(found)


def is_docstring(statement: ast.stmt) -> bool:
    """Whether it is a text alone, which does nothing."""
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)


def is_import(statement: ast.stmt) -> bool:
    """Whether it is an import, or a block of nothing but imports (`if TYPE_CHECKING:`)."""
    if isinstance(statement, ast.If):
        return all(is_import(inner) for inner in [*statement.body, *statement.orelse])
    return isinstance(statement, (ast.Import, ast.ImportFrom, ast.Pass))


def names(node: ast.AST) -> set[str]:
    """The names and attributes that anything inside of it uses, `module.NAME` among them."""
    return _names(ast.walk(node))


def calls(node: ast.AST) -> set[str]:
    """The names that it calls, and attributes that it reads with a dot before them (`module.name` as well as `.name`),
    but for what it only hands on as an argument: a callback runs later, unless a function of Python's calls it."""
    return _calls(list(ast.walk(node)))


def _own_text(node: Function | ast.Lambda) -> str:
    """A function's own statements as a normal form: equal texts do the same. Functions inside count by their head."""
    return ast.dump(_hollow(node))


def _functions(node: ast.AST, prefix: str, deep: bool) -> Iterator[tuple[str, Function | ast.Lambda, bool]]:
    """deep: whether expressions are looked through as well, for lambdas."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield prefix + child.name, child, isinstance(node, ast.ClassDef)
            yield from _functions(child, f"{prefix}{child.name}.<locals>.", deep)
        elif isinstance(child, ast.Lambda):
            yield f"{prefix}<lambda>", child, False
            yield from _functions(child, f"{prefix}<lambda>.<locals>.", deep)
        elif isinstance(child, ast.ClassDef):
            yield from _functions(child, f"{prefix}{child.name}.", deep)
        elif deep or not isinstance(child, ast.expr):
            yield from _functions(child, prefix, deep)


def _hollow(node: ast.AST, is_root: bool = True) -> ast.AST:
    """A copy whose inner functions have no bodies."""
    copy: Any = type(node)()
    for name in node._fields:
        setattr(copy, name, _copied(getattr(node, name, None)))
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and not is_root:
        copy.body = []
    return cast("ast.AST", copy)


def _copied(value: object) -> object:
    if isinstance(value, list):
        return [_copied(one) for one in value]
    return _hollow(value, is_root=False) if isinstance(value, ast.AST) else value


def _own_nodes(node: ast.AST) -> Iterator[ast.AST]:
    """What it consists of, without the bodies of functions inside; their decorators and defaults are its own."""
    for child in ast.iter_child_nodes(node):
        yield child
        if isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef)):
            for part in [*child.decorator_list, child.args]:
                yield from ast.walk(part)
        elif isinstance(child, ast.Lambda):
            yield from ast.walk(child.args)
        else:
            yield from _own_nodes(child)


def _calls(nodes: list[ast.AST]) -> set[str]:
    handed: set[int] = set()
    found: set[str] = set()
    for node in nodes:
        if isinstance(node, ast.Call):
            if isinstance(node.func, ast.Name):
                found.add(node.func.id)
            given = [*node.args, *(keyword.value for keyword in node.keywords)]
            if isinstance(node.func, ast.Name) and node.func.id in AT_ONCE:
                found.update(one.id for one in given if isinstance(one, ast.Name))
            else:
                handed.update(id(one) for one in given)
    for node in nodes:
        if isinstance(node, ast.Attribute) and id(node) not in handed:
            found.add(f".{node.attr}")
            if isinstance(node.value, ast.Name):
                found.add(f"{node.value.id}.{node.attr}")
    return found


def _names(nodes: Iterable[ast.AST]) -> set[str]:
    found = set()
    for node in nodes:
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
            found.add(node.id)
        elif isinstance(node, ast.Attribute):
            found.add(node.attr)
            path, inner = node.attr, node.value
            while isinstance(inner, ast.Attribute):
                path, inner = f"{inner.attr}.{path}", inner.value
            if isinstance(inner, ast.Name):
                found.add(f"{inner.id}.{path}")
    return found
