"""Old source against new: the steps that bring a running module there, or why the program has to start again.

Owns: the rules of what stays. A function that only runs later takes new code. One that the start of the program runs
(its top level calls it, or something that it calls does) would have done something else, so the program starts again.
Does not: run anything.
"""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from .purity import is_pure, is_pure_all
from .units import STARTS, Definition, Function, Source, Unit, bound, calls, is_docstring, is_import, names

SHOWN_CHARS = 60
MAKE_FIELDS = ("Enum", "Flag", "NamedTuple", "TypedDict", "Struct")  # bases that make other things of a class's values


class RestartNeeded(Exception):
    """Its text says why, as the end of "… starts again: "."""


@dataclass
class Steps:
    """What to do with one module, in this order."""

    run: list[ast.stmt] = field(default_factory=list)  # new definitions, imports and values, at the top level
    remove: list[str] = field(default_factory=list)
    classes: dict[str, Steps] = field(default_factory=dict)
    defaults: list[Function] = field(default_factory=list)  # whose defaults are another value now
    values: set[str] = field(default_factory=set)  # names that have another value now, `Class.NAME` among them
    line: int = 0  # of a class
    told: list[str] = field(default_factory=list)  # what changed, for people


def compare(old: Source, new: Source, changed: Iterable[str] = ()) -> Steps:
    """changed: names of other modules that it uses and that have another value now, `module.NAME` or imported ones.

    Raises:
        RestartNeeded: something that acts at the top level changed.
    """
    steps = _Comparison(old, new).statements(old.tree.body, new.tree.body, set(changed), "")
    for key, unit in new.units.items():
        before = old.units.get(key)
        if before is not None and not unit.does_as(before):
            steps.told.append(f"{key.replace('.<locals>', '')}()")
    return steps


def changed_units(old: Source, new: Source) -> set[str]:
    """Functions whose own statements are others now, that are gone, or new where something may have called them before;
    as `calls` names them."""
    classes = {one.name for one in old.tree.body if isinstance(one, ast.ClassDef)}
    fresh = {unit.called for key, unit in new.units.items() if key not in old.units
             and (not unit.is_method or key.split(".")[0] in classes)}
    return fresh | {unit.called for key, unit in old.units.items()
                    if key not in new.units or not unit.does_as(new.units[key])}


def run_at_start(sources: Sequence[Source]) -> dict[str, str]:
    """All that the start of a program runs, as `calls` names it, each with the place that leads there."""
    units: dict[str, list[Unit]] = {}
    for source in sources:
        for unit in source.units.values():
            units.setdefault(unit.called, []).append(unit)
    classes = {one.name for source in sources for one in source.tree.body if isinstance(one, ast.ClassDef)}
    reached: dict[str, str] = {}
    for source in sources:
        modules = {alias.asname or alias.name for one in source.tree.body if isinstance(one, ast.Import)
                   for alias in one.names}
        waiting = [(name, f"line {statement.lineno}") for statement in source.tree.body
                   for name in _used_at_start(statement)]
        while waiting:
            name, place = waiting.pop()
            module, dot, attribute = name.partition(".")
            if dot and module in modules:
                name = attribute
            if name in reached:
                continue
            reached[name] = place
            made = STARTS if name in classes else ()
            waiting += [(one, place) for one in {*made}.union(*(unit.calls for unit in units.get(name, ())))]
    return reached


def _used_at_start(statement: ast.stmt) -> set[str]:
    """What a top-level statement calls or may call now."""
    if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef)):
        return names(ast.Tuple(statement.decorator_list, ast.Load())) | calls(statement.args)
    if isinstance(statement, ast.ClassDef):
        heads = names(ast.Tuple([*statement.decorator_list, *statement.bases], ast.Load()))
        return heads.union(*(_used_at_start(inner) for inner in statement.body))
    if is_import(statement):
        return set()
    if (value := getattr(statement, "value", None)) is not None and bound(statement) and is_pure(value):
        return set()
    return calls(statement)


class _Comparison:
    """Of two sources of one file."""

    def __init__(self, old: Source, new: Source) -> None:
        self.old, self.new = old, new
        self.repeated: set[str] = set()  # names that several statements bind

    def statements(self, old: list[ast.stmt], new: list[ast.stmt], changed: set[str], inside: str) -> Steps:
        steps = Steps()
        keyed_old, keyed_new = _keyed(old), _keyed(new)
        before = {key: one for one, keys in keyed_old for key in keys}
        after = {key for _, keys in keyed_new for key in keys}
        if not inside:
            changed |= {key for key, one in before.items() if key not in after and not is_import(one)}
        self.repeated |= {key.split("#")[0] for key in [*before, *after] if "#" in key}
        for statement, keys in keyed_new:
            self._one(statement, before.get(keys[0]), changed, steps, inside)
        for key, one in before.items():
            if key not in after:
                self._once(key.split("#")[0])
                _removed(key, one, steps, inside)
        was, now = [[ast.dump(one) for one in body if _acts(one)] for body in (old, new)]
        if was != now:
            raise RestartNeeded("what runs at the start stands in another order or number")
        return steps

    def _once(self, *given: str) -> None:
        """Which of several of one name has the last word is the start's to find."""
        for name in given:
            if name in self.repeated:
                raise RestartNeeded(f"{name} is bound more than once")

    def _one(self, statement: ast.stmt, known: ast.stmt | None, changed: set[str], steps: Steps, inside: str) -> None:
        same = known is not None and (self._is_same(known, statement)
                                      or (not inside and _binds_same(known, statement)))
        uses_changed = bool(changed) and bool(changed & names(statement))
        if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            if known is None or type(known) is not type(statement):
                if known is not None and _is_decorated(known):
                    raise RestartNeeded(f"{statement.name} became another kind of thing (line {statement.lineno})")
                self._once(statement.name)
                steps.run.append(statement)
                steps.told.append(f"new {statement.name}")
            elif isinstance(statement, ast.ClassDef):
                assert isinstance(known, ast.ClassDef)
                self._class(known, statement, changed, steps, inside)
            else:
                assert isinstance(known, (ast.FunctionDef, ast.AsyncFunctionDef))
                self._function(known, statement, changed, steps)
        elif is_import(statement):
            if not same:
                steps.run.append(statement)
        elif is_docstring(statement) or (same and not uses_changed):
            return
        elif bound(statement) and is_pure(getattr(statement, "value", None)):
            if inside and isinstance(statement, ast.AnnAssign) and statement.value is None:
                return
            if known is not None and _is_decorated(known):
                raise RestartNeeded(f"{bound(statement)[0]} became another kind of thing (line {statement.lineno})")
            self._once(*bound(statement))
            steps.run.append(statement)
            steps.values.update(bound(statement))
            steps.told.extend(bound(statement))
            changed.update(bound(statement))
        else:
            because = "" if not same else f" (it uses {', '.join(sorted(changed & names(statement)))})"
            raise RestartNeeded(f"line {statement.lineno} runs at the start{because}: {_shown(statement)}")

    def _function(self, old: Function, new: Function, changed: set[str], steps: Steps) -> None:
        if not changed and self.old.lines(old) == self.new.lines(new):
            return
        heads = [ast.dump(one) for one in new.decorator_list]
        if [ast.dump(one) for one in old.decorator_list] != heads:
            raise RestartNeeded(f"the decorators of {new.name} (line {new.lineno}) are others")
        for one in new.decorator_list:
            if changed and changed & names(one):
                raise RestartNeeded(f"a decorator of {new.name} uses {', '.join(sorted(changed & names(one)))}")
        if ast.dump(old.args) == ast.dump(new.args) and not changed & names(new.args):
            return
        if not is_pure_all([*new.args.defaults, *(one for one in new.args.kw_defaults if one)]):
            raise RestartNeeded(f"a default of {new.name} (line {new.lineno}) is made by a call")
        self._once(new.name)
        steps.defaults.append(new)

    def _class(self, old: ast.ClassDef, new: ast.ClassDef, changed: set[str], steps: Steps, inside: str) -> None:
        def head(node: ast.ClassDef) -> list[str]:
            return [ast.dump(one) for one in [*node.decorator_list, *node.bases, *node.keywords]]

        if head(old) != head(new):
            raise RestartNeeded(f"class {new.name} (line {new.lineno}) has other bases or decorators")
        if self.old.lines(old) == self.new.lines(new) and not changed & names(new):
            return
        repeated, self.repeated = self.repeated, set()
        inner = self.statements(old.body, new.body, set(changed), new.name)
        self.repeated, inner.line = repeated, new.lineno
        made = bool(new.decorator_list) or bool(new.keywords)
        fields = sorted(inner.values | {name for name in inner.remove if name not in _methods(old)})
        known = {name for one in old.body for name in bound(one)}
        fields += [name for one in new.body for name in bound(one) if name not in known]
        if fields and (made or "__slots__" in fields
                       or any(kind in ast.dump(base) for base in new.bases for kind in MAKE_FIELDS)):
            listed = ", ".join(dict.fromkeys(fields))
            raise RestartNeeded(f"class {new.name} (line {new.lineno}) has other fields: {listed}")
        for statement in inner.run:
            if isinstance(statement, ast.ClassDef):
                raise RestartNeeded(f"class {new.name} has a new class inside, {statement.name}")
        if inside and (inner.run or inner.remove or inner.defaults):
            raise RestartNeeded(f"class {new.name}, inside of {inside}, has other members")
        if inner.values:
            values = {f"{new.name}.{name}" for name in inner.values}
            steps.values |= values
            changed |= values
        steps.classes[new.name] = inner
        steps.told.extend(f"{new.name}.{name}" for name in inner.told)

    def _is_same(self, old: ast.stmt, new: ast.stmt) -> bool:
        return self.old.lines(old) == self.new.lines(new) or ast.dump(old) == ast.dump(new)


def _removed(key: str, statement: ast.stmt, steps: Steps, inside: str) -> None:
    if is_docstring(statement) or is_import(statement):
        return
    if isinstance(statement, Definition):
        if _is_decorated(statement) and not inside:
            raise RestartNeeded(f"{statement.name} is gone, and its decorator had handed it on")
    elif not (bound(statement) and is_pure(getattr(statement, "value", None))):
        raise RestartNeeded(f"a line that ran at the start is gone: {_shown(statement)}")
    steps.remove.append(key)
    steps.told.append(f"without {key}")


def _is_decorated(statement: ast.stmt) -> bool:
    return bool(getattr(statement, "decorator_list", None))


def _methods(node: ast.ClassDef) -> set[str]:
    return {one.name for one in node.body if isinstance(one, (ast.FunctionDef, ast.AsyncFunctionDef))}


def _keys(statement: ast.stmt) -> tuple[str, ...]:
    """What a statement is recognised by in the other source."""
    if isinstance(statement, Definition):
        return (statement.name,)
    return bound(statement) or (ast.dump(statement),)


def _keyed(body: list[ast.stmt]) -> list[tuple[ast.stmt, tuple[str, ...]]]:
    """Each with its keys; those of the second of one name are name#2."""
    seen: Counter[str] = Counter()
    found = []
    for one in body:
        keys = _keys(one)
        seen.update(keys)
        found.append((one, tuple(key if seen[key] == 1 else f"{key}#{seen[key]}" for key in keys)))
    return found


def _acts(statement: ast.stmt) -> bool:
    """Whether running it does more than to bind names."""
    if isinstance(statement, Definition) or is_import(statement) or is_docstring(statement):
        return False
    return not (bound(statement) and is_pure(getattr(statement, "value", None)))


def _binds_same(old: ast.stmt, new: ast.stmt) -> bool:
    """Whether two assignments differ by annotations at most."""
    was, now = getattr(old, "value", None), getattr(new, "value", None)
    return (bound(old) == bound(new) != () and isinstance(was, ast.expr) and isinstance(now, ast.expr)
            and not _acts(old) and ast.dump(was) == ast.dump(now))


def _shown(statement: ast.stmt) -> str:
    text = ast.unparse(statement).split("\n")[0]
    return text if len(text) <= SHOWN_CHARS else f"{text[:SHOWN_CHARS]}…"
