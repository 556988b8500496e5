"""Brings a running module to its new source, by the steps that changes.py found.

Owns: the order (values are made aside first, so that an error in one leaves everything as it was; then all runs as it
stands in the source). Does not: decide.
"""

from __future__ import annotations
import __future__

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
        self.flags = new.co_flags & __future__.annotations.compiler_flag
        self._try()

    def apply(self) -> int:
        """Returns how many functions took new code."""
        space = vars(self.module)
        count = self.recode.apply()
        for name in self.steps.remove:
            space.pop(name, None)
        for one in self._in_order():
            if isinstance(one, str):
                self._to_class(self._class(one), self.steps.classes[one])
            else:
                self._run([one], space)
        for function, positional, keywords in self._defaults(self.steps, space, None, ""):
            function.__defaults__, function.__kwdefaults__ = positional, keywords
        return count

    def _in_order(self) -> list[ast.stmt | str]:
        """Statements to run, and names of classes to bring up to date, as they stand in the source."""
        todo: list[tuple[int, ast.stmt | str]] = [(one.lineno, one) for one in self.steps.run]
        todo += [(inner.line, name) for name, inner in self.steps.classes.items()]
        return [one for _, one in sorted(todo, key=lambda one: one[0])]

    def _try(self) -> None:
        """Makes all new values aside. What uses a name that only the real run brings can't be tried."""
        aside = {name: value for name, value in vars(self.module).items() if name not in self.steps.remove}
        self._later = {one.name for one in self.steps.run if isinstance(one, Definition)}
        self._later |= {(alias.asname or alias.name).split(".")[0] for one in self.steps.run if is_import(one)
                        for node in ast.walk(one) if isinstance(node, (ast.Import, ast.ImportFrom))
                        for alias in node.names}
        for one in self._in_order():
            if isinstance(one, str):
                inside = dict(vars(self._class(one)))
                for statement in self.steps.classes[one].run:
                    if bound(statement):
                        self._tried(statement, aside, inside)
            elif bound(one):
                self._tried(one, aside, None)
        try:
            self._defaults(self.steps, aside, None, "")
        except NameError as error:
            if error.name not in self._later:
                raise

    def _tried(self, statement: ast.stmt, space: dict[str, Any], inside: dict[str, Any] | None) -> None:
        try:
            self._run([statement], space, inside)
        except NameError as error:
            if error.name not in self._later:
                raise
            self._later.update(bound(statement))

    def _class(self, name: str) -> Any:
        found = vars(self.module).get(name)
        if not isinstance(found, type):
            raise RestartNeeded(f"{name} is not a class any more")
        return found

    def _defaults(self, steps: Steps, space: dict[str, Any], inside: dict[str, Any] | None,
                  prefix: str) -> list[tuple[FunctionType, Any, Any]]:
        found = []
        for node in steps.defaults:
            positional = tuple(self._value(one, space, inside) for one in node.args.defaults) or None
            keywords = {argument.arg: self._value(one, space, inside) for argument, one in
                        zip(node.args.kwonlyargs, node.args.kw_defaults, strict=True) if one is not None} or None
            functions = self.recode.functions.get(prefix + node.name, [])
            found += [(function, positional, keywords) for function in functions]
        for name, inner in steps.classes.items():
            if not prefix:
                found += self._defaults(inner, space, dict(vars(self._class(name))), f"{name}.")
        return found

    def _to_class(self, target: Any, steps: Steps) -> None:
        for name in steps.remove:
            if name in vars(target):
                delattr(target, name)
        inside = dict(vars(target))
        for statement in steps.run:
            if names := bound(statement):
                self._run([statement], vars(self.module), inside)
                for name in names:
                    if name in inside:
                        setattr(target, name, inside[name])
            elif isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef)):
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

    def _value(self, node: ast.expr, space: dict[str, Any], inside: dict[str, Any] | None) -> Any:
        code = compile(ast.Expression(node), self.path, "eval", flags=self.flags, dont_inherit=True)
        return eval(code, space, inside)

    def _run(self, statements: list[ast.stmt], space: dict[str, Any], inside: dict[str, Any] | None = None) -> None:
        """inside: of a class, whose names are found first and bound."""
        exec(self._code(statements), space, inside)

    def _code(self, statements: list[ast.stmt]) -> CodeType:
        tree = ast.fix_missing_locations(ast.Module(body=statements, type_ignores=[]))
        code: CodeType = compile(tree, self.path, "exec", flags=self.flags, dont_inherit=True)
        return code
