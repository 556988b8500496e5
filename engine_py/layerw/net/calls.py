"""Calls to other sides: `@app.rpc(to="server", rate=5.0)`.

Owns: what a function may be given, checked on the side that calls and again on the one that runs it, and how often a
player may call it. Limits: texts of TEXT_MAX characters; ARGUMENTS_MAX arguments; every argument has an annotation.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from layerw.base import checks
from layerw.base.errors import ConfigError, KindError
from layerw.scene.components import PLAIN, FieldType, row_value

TO = ("server", "all", "owner")
TEXT_MAX, ARGUMENTS_MAX = 1000, 16


class Bucket:
    """So many a second, and `most` at once: as many, where it is not said, but one at least."""

    def __init__(self, rate: float, most: float = 0.0) -> None:
        self._rate, self._most = rate, most or max(rate, 1.0)
        self._left, self._at_s = self._most, 0.0

    def take(self, now_s: float) -> bool:
        """Whether there is one left."""
        self._left = min(self._most, self._left + (now_s - self._at_s) * self._rate)
        self._at_s = now_s
        if self._left < 1:
            return False
        self._left -= 1
        return True


@dataclass(frozen=True, slots=True)
class Call:
    """One function."""

    name: str
    function: Callable[..., Any]
    to: str
    rate: float
    arguments: tuple[tuple[str, FieldType | type[str]], ...]

    def checked(self, values: Sequence[Any]) -> list[Any]:
        """The values as the function gets them. Raises KindError, ConfigError."""
        if len(values) != len(self.arguments):
            raise ConfigError(f"{self.name} was called with {len(values)} arguments beside the player; it takes "
                              f"{len(self.arguments)}: {', '.join(name for name, _ in self.arguments) or 'none'}.")
        return [_checked(f"{self.name} {name}", kind, value)
                for (name, kind), value in zip(self.arguments, values, strict=True)]  # fmt: skip


def _checked(name: str, kind: FieldType | type[str], value: Any) -> Any:
    if isinstance(kind, FieldType):
        found = row_value(name, kind, value, 1)
        if found.shape != (() if kind.width == 1 else (kind.width,)):
            raise ConfigError(f"{name} has shape {found.shape}; it takes one value of {kind.name}.")
        return found.item() if kind.width == 1 else found
    if not isinstance(value, str):
        raise KindError(f"{name} is {checks.shown(value)}; it takes a text (str).")
    if len(value) > TEXT_MAX:
        raise ConfigError(f"{name} has {len(value)} characters; at most {TEXT_MAX} are sent.")
    return value


def call_of(function: Callable[..., Any], to: str, rate: float) -> Call:
    """What a function takes. Raises KindError, ConfigError."""
    checks.function("app.rpc's function", function)
    parameters = list(inspect.signature(function).parameters.values())
    name = function.__name__
    plain = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    if not parameters or any(one.kind not in plain for one in parameters):
        raise ConfigError(f"{name} takes ({', '.join(map(str, parameters))}); a function for app.rpc takes the player "
                          "and then plain arguments.")  # fmt: skip
    if len(parameters) - 1 > ARGUMENTS_MAX:
        raise ConfigError(f"{name} has {len(parameters) - 1} arguments; at most {ARGUMENTS_MAX} are sent.")
    try:
        found = inspect.get_annotations(function, eval_str=True)
    except Exception as error:
        raise KindError(f"The annotations of {name} can't be read: {error}.") from error
    arguments = tuple((one.name, argument_kind(name, one.name, found.get(one.name))) for one in parameters[1:])
    return Call(name, function, to, rate, arguments)


def argument_kind(function: str, name: str, annotation: Any) -> FieldType | type[str]:
    """What an annotation says that an argument is. Raises KindError."""
    if annotation is str:
        return str
    marks = [mark for mark in getattr(annotation, "__metadata__", ()) if isinstance(mark, FieldType)]
    kind = marks[0] if marks else PLAIN.get(annotation) if isinstance(annotation, type) else None
    if kind is None:
        raise KindError(f"{function}'s argument {name} is annotated {checks.shown(annotation)}; it is one of float, "
                        "int, bool, str, lw.f32, lw.f32x3 and the other types of fields.")  # fmt: skip
    return kind


class Calls:
    """Those that a program has."""

    def __init__(self) -> None:
        self._by_name: dict[str, Call] = {}

    def add(self, function: Callable[..., Any], to: str, rate: float) -> Call:
        """A new one, or a newer one of its name."""
        found = self._by_name[function.__name__] = call_of(function, to, rate)
        return found

    def received(self, value: object, allowed: tuple[str, ...]) -> tuple[Call, list[Any], int]:
        """Which one a message is, its arguments, and the number of its player. Raises LayerwError."""
        if not isinstance(value, dict) or not isinstance(value.get("values"), list):
            raise ConfigError("A call is none.")
        name, player = value.get("call"), value.get("player", 0)
        call = self._by_name.get(name) if isinstance(name, str) else None
        if call is None or call.to not in allowed or type(player) is not int:
            raise ConfigError(f"There is no call {checks.shown(name)} to this side.")
        return call, call.checked(value["values"]), player


def plain(values: Sequence[Any]) -> list[Any]:
    """Arguments for a message."""
    return [value.tolist() if isinstance(value, np.ndarray) else value for value in values]

