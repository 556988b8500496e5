"""Brings a running module to its new source, by the steps that changes.py found.

Owns: the order (values are made aside first, so that an error in one leaves everything as it was). Does not: decide.
"""

from __future__ import annotations

import ast
from types import CellType, CodeType, FunctionType, ModuleType
from typing import Any, cast

from .changes import RestartNeeded, Steps
from .code import Recode
from .units import Definition, Function, bound, is_import


class Patch:
    """One module's: prepared (may raise, nothing has changed then), then applied."""

    def __init__(self, module: ModuleType, path: str, steps: Steps, old: CodeType, new: CodeType) -> None:
        self.module, self.path, self.steps = module, path, steps
        self.recode = Recode(path, old, new)
        aside = dict(vars(module))
        self.values = self._values(steps.run, aside)
        self.class_values = {name: self._values(inner.run, aside | dict(vars(self._class(name))))
                             for name, inner in steps.classes.items()}
        self.defaults = self._defaults(steps, aside, "")

    def apply(self) -> int:
        """Returns how many functions took new code."""
        space = vars(self.module)
        count = self.recode.apply()
        for function, positional, keywords in self.defaults:
            function.__defaults__, function.__kwdefaults__ = positional, keywords
        for name in self.steps.remove:
            space.pop(name, None)
        space.update(self.values)
        self._run([one for one in self.steps.run if is_import(one)], space)
        for name, inner in self.steps.classes.items():
            self._to_class(self._class(name), inner, self.class_values[name])
        self._run([one for one in self.steps.run if isinstance(one, Definition)], space)
        return count

    def _class(self, name: str) -> Any:
        found = vars(self.module).get(name)
        if not isinstance(found, type):
            raise RestartNeeded(f"{name} is not a class any more")
        return found

    def _values(self, statements: list[ast.stmt], aside: dict[str, Any]) -> dict[str, Any]:
        """The new values by name."""
        found: dict[str, Any] = {}
        for statement in statements:
            if names := bound(statement):
                self._run([statement], aside)
                found |= {name: aside[name] for name in names if name in aside}
        return found

    def _defaults(self, steps: Steps, aside: dict[str, Any], prefix: str) -> list[tuple[FunctionType, Any, Any]]:
        found = []
        for node in steps.defaults:
            positional = tuple(self._value(one, aside) for one in node.args.defaults) or None
            keywords = {argument.arg: self._value(one, aside) for argument, one in
                        zip(node.args.kwonlyargs, node.args.kw_defaults, strict=True) if one is not None} or None
            functions = self.recode.functions.get(prefix + node.name, [])
            found += [(function, positional, keywords) for function in functions]
        for name, inner in steps.classes.items():
            found += self._defaults(inner, aside, f"{prefix}{name}.")
        return found

    def _to_class(self, target: Any, steps: Steps, values: dict[str, Any]) -> None:
        for name in steps.remove:
            if name in vars(target):
                delattr(target, name)
        for name, value in values.items():
            setattr(target, name, value)
        for statement in steps.run:
            if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef)):
                setattr(target, statement.name, self._method(target, statement))

    def _method(self, target: Any, statement: Function) -> Any:
        """A new method, made in a class of the same name whose place the real one takes for `super()`."""
        shell = cast("ast.ClassDef", ast.parse(f"class {target.__name__}: pass").body[0])
        shell.body = [statement]
        space = vars(self.module)
        try:
            self._run([ast.copy_location(shell, statement)], space)
            made = vars(space[target.__name__])[statement.name]
        finally:
            space[target.__name__] = target
        inner = getattr(made, "__func__", getattr(made, "fget", made))
        for cell in getattr(inner, "__closure__", None) or ():
            if isinstance(cell, CellType) and getattr(cell.cell_contents, "__name__", "") == target.__name__:
                cell.cell_contents = target
        return made

    def _value(self, node: ast.expr, space: dict[str, Any]) -> Any:
        return eval(compile(ast.Expression(node), self.path, "eval", dont_inherit=True), space)

    def _run(self, statements: list[ast.stmt], space: dict[str, Any]) -> None:
        if statements:
            exec(self._code(statements), space)

    def _code(self, statements: list[ast.stmt]) -> CodeType:
        tree = ast.fix_missing_locations(ast.Module(body=statements, type_ignores=[]))
        return compile(tree, self.path, "exec", flags=0, dont_inherit=True)
