"""What a restart keeps: the program's `app.keep` values and where its camera was, as JSON from one start to the next.

Owns: which global a kept value lives in now. Limits: values of JSON; a value that lives nowhere but in an attribute is
kept as it was at the start.
"""

from __future__ import annotations

import ast
import json
from typing import Any, TypeVar

import numpy as np

TEXT_MAX = 1_000_000
T = TypeVar("T")


class Kept:
    """Of one program."""

    def __init__(self, before: dict[str, Any]) -> None:
        """before: what the last one kept; {} at a first start."""
        self._before, self._now = dict(before), dict[str, Any]()

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
        now, lost = dict(self._now), []
        for tree, space in modules:
            for statement in tree.body:
                name, target = _binding(statement)
                if name in now and target in space:
                    now[name] = space[target]
        for name, value in list(now.items()):
            try:
                if len(json.dumps(value, default=_plain)) > TEXT_MAX:
                    raise ValueError(f"it has more than {TEXT_MAX:,} characters as JSON")
                now[name] = json.loads(json.dumps(value, default=_plain))
            except (TypeError, ValueError) as error:
                del now[name]
                lost.append(f'app.keep("{name}") is not kept: {error}.')
        return now, lost


def _binding(statement: ast.stmt) -> tuple[str, str]:
    """The kept name and the global of `counter = app.keep("counter", 0)`."""
    if isinstance(statement, ast.Assign) and len(statement.targets) == 1:
        target, call = statement.targets[0], statement.value
    elif isinstance(statement, ast.AnnAssign) and statement.value is not None:
        target, call = statement.target, statement.value
    else:
        return "", ""
    if (isinstance(target, ast.Name) and isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute)
            and call.func.attr == "keep" and call.args and isinstance(call.args[0], ast.Constant)):
        return str(call.args[0].value), target.id
    return "", ""


def _like(value: Any, default: Any) -> Any:
    """JSON's value as the kind of the default."""
    try:
        if isinstance(default, np.ndarray):
            return np.asarray(value, default.dtype)
        if default is None or isinstance(value, type(default)):
            return value
        return type(default)(value) if isinstance(default, (float, tuple, set, frozenset)) else default
    except (TypeError, ValueError):
        return default


def _plain(value: Any) -> Any:
    if isinstance(value, (np.ndarray, np.generic)):
        return value.tolist()
    if isinstance(value, (set, frozenset)):
        return sorted(value)
    raise TypeError(f"a {type(value).__name__} can't be JSON")
