"""What a restart keeps: the program's `app.keep` values and where its camera was, as JSON from one start to the next.

Owns: which global a kept value lives in now. Limits: values of JSON, tuples, sets, numpy arrays, in each other at will.
"""

from __future__ import annotations

import ast
import json
import math
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

import numpy as np

TEXT_MAX = 1_000_000
KIND = "layerw.kind"
KINDS: dict[str, Callable[[Any], Any]] = {"tuple": tuple, "set": set, "frozenset": frozenset}
T = TypeVar("T")


class Kept:
    """Of one program."""

    def __init__(self, before: dict[str, Any]) -> None:
        """before: what the last one kept; {} at a first start."""
        self._before, self._now = {name: _opened(value) for name, value in before.items()}, dict[str, Any]()

    def take(self, name: str, default: T) -> T:
        """The value from before the restart, else the default; one of another kind is the default."""
        value: T = default
        if name in self._before:
            value = _like(self._before[name], default)
        self._now[name] = value
        return value

    def values(self, modules: list[tuple[ast.Module, dict[str, Any]]]) -> tuple[dict[str, Any], list[str]]:
        """What lives under each name now, and a sentence for each that can't be kept.

        modules: trees of the program's files, with their globals.
        """
        now, lost, found = dict(self._now), [], set()
        for tree, space in modules:
            for name, target in _bindings(tree):
                if name in now and target in space:
                    now[name] = space[target]
                    found.add(name)
        for name, value in list(now.items()):
            try:
                now[name] = _packed(value)
                if len(json.dumps(now[name])) > TEXT_MAX:
                    raise ValueError(f"it has more than {TEXT_MAX:,} characters as JSON")
                if name not in found and not isinstance(value, (list, dict, set, np.ndarray)):
                    lost.append(f'app.keep("{name}") is kept as it was at the start: no variable of a file is its own.')
            except (TypeError, ValueError, RecursionError) as error:
                del now[name]
                lost.append(f'app.keep("{name}") is not kept: {error}.')
        return now, lost


def _bindings(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """Kept names and their globals: `counter = app.keep("counter", 0)`, in a function with `global counter` as well."""
    own = {name for node in ast.walk(tree) if isinstance(node, ast.Global) for name in node.names}
    top = set(map(id, tree.body))
    for statement in ast.walk(tree):
        if isinstance(statement, ast.Assign):
            targets, value = statement.targets, statement.value
        elif isinstance(statement, ast.AnnAssign) and statement.value is not None:
            targets, value = [statement.target], statement.value
        else:
            continue
        pairs = [(target, value) for target in targets]
        for target in targets:
            if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
                pairs += zip(target.elts, value.elts, strict=False)
        for target, call in pairs:
            name, variable = _binding(target, call)
            if name and (id(statement) in top or variable in own):
                yield name, variable


def _binding(target: ast.expr, call: ast.expr) -> tuple[str, str]:
    if (isinstance(target, ast.Name) and isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute)
            and call.func.attr == "keep" and call.args and isinstance(call.args[0], ast.Constant)):
        return str(call.args[0].value), target.id
    return "", ""


def _like(value: Any, default: Any) -> Any:
    """JSON's value as the kind of the default."""
    try:
        if isinstance(default, (np.ndarray, np.generic)):
            return np.asarray(value, default.dtype)[()] if isinstance(default, np.generic) else np.asarray(
                value, default.dtype)
        if default is None or isinstance(value, type(default)):
            return value
        if isinstance(default, int) and not isinstance(default, bool) and isinstance(value, float):
            return value
        return type(default)(value) if isinstance(default, (float, tuple, set, frozenset)) else default
    except (TypeError, ValueError):
        return default


def _packed(value: Any) -> Any:
    """As JSON that browsers read, too; what JSON lacks is {KIND: its name, "of": what it is made of}."""
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else {KIND: "float", "of": str(float(value))}
    if isinstance(value, np.generic):
        return _packed(value.item())
    if isinstance(value, list):
        return [_packed(one) for one in value]
    if isinstance(value, (tuple, set, frozenset)):
        return {KIND: type(value).__name__ if type(value) in KINDS.values() else "tuple", "of": [*map(_packed, value)]}
    if isinstance(value, dict):
        if all(isinstance(key, str) for key in value) and KIND not in value:
            return {key: _packed(one) for key, one in value.items()}
        return {KIND: "dict", "of": [[_packed(key), _packed(one)] for key, one in value.items()]}
    if isinstance(value, np.ndarray) and value.dtype.kind in "biufU":
        return {KIND: "array", "of": _packed(value.ravel().tolist()), "shape": [*value.shape], "dtype": value.dtype.str}
    kind = f"numpy array of {value.dtype}" if isinstance(value, np.ndarray) else type(value).__name__
    raise TypeError(f"a {kind} can't be JSON")


def _opened(value: Any) -> Any:
    """Of what _packed made."""
    if isinstance(value, list):
        return [_opened(one) for one in value]
    if not isinstance(value, dict):
        return value
    kind = value.get(KIND)
    if kind is None:
        return {key: _opened(one) for key, one in value.items()}
    inner = _opened(value["of"])
    if kind == "float":
        return float(inner)
    if kind == "array":
        return np.array(inner, value["dtype"]).reshape(value["shape"])
    return dict(map(tuple, inner)) if kind == "dict" else KINDS[kind](inner)
