"""Breakpoints by file and line: where there is code, under which condition, and what is logged instead of a stop.

Owns: those that the editor has set. Does not: stop. Limits: HIT counts as other Python debuggers read them: "5" is the
fifth time, ">= 5", "% 5" every fifth.
"""

from __future__ import annotations

import operator
import re
from ast import PyCF_ALLOW_TOP_LEVEL_AWAIT
from collections.abc import Callable, Container, Iterator, Mapping
from dataclasses import dataclass, field
from types import CodeType, FrameType
from typing import Any

_HIT = re.compile(r"\s*(==|>=|<=|>|<|%)?\s*(\d{1,9})\s*")
_COMPARE: Mapping[str, Callable[[int, int], bool]] = {
    "==": operator.eq, ">=": operator.ge, "<=": operator.le, ">": operator.gt, "<": operator.lt,
    "%": lambda hits, every: every > 0 and hits % every == 0,
}  # fmt: skip


class Refused(Exception):
    """What was asked can't be done; the text says why."""


@dataclass
class Breakpoint:
    """One, on a line that has code."""

    number: int
    line: int
    condition: CodeType | None = None
    text: CodeType | None = None  # of a log point
    counts: Callable[[int], bool] | None = None
    hits: int = 0

    def passed(self, frame: FrameType) -> Outcome:
        """It was reached."""
        if self.condition is not None:
            try:
                if not _eval(self.condition, frame):
                    return NOTHING
            except Exception as error:
                return Outcome(True, f"Its condition raised {type(error).__name__}: {error}")
        self.hits += 1
        if self.counts is not None and not self.counts(self.hits):
            return NOTHING
        if self.text is None:
            return Outcome(True)
        try:
            return Outcome(False, str(_eval(self.text, frame)))
        except Exception as error:
            return Outcome(False, f"(the log point on line {self.line} raised {type(error).__name__}: {error})")


@dataclass(frozen=True)
class Outcome:
    """Whether the program stops, and what is said."""

    stops: bool
    says: str = ""


NOTHING = Outcome(False)


@dataclass
class Breakpoints:
    """Those of all files, by path."""

    _lines: dict[str, dict[int, list[Breakpoint]]] = field(default_factory=dict)
    _numbers: int = 0

    @property
    def paths(self) -> Container[str]:
        """Files that have some."""
        return self._lines.keys()

    def __bool__(self) -> bool:
        return bool(self._lines)

    def at(self, path: str, line: int) -> list[Breakpoint]:
        """Those there."""
        return self._lines.get(path, {}).get(line, [])

    def clear(self) -> None:
        """None is left."""
        self._lines.clear()

    def set(self, path: str, wanted: list[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """All of one file, in place of those before; says of each where it is, or why it is not."""
        try:
            lines, why = code_lines(path), ""
        except (OSError, SyntaxError, ValueError) as error:
            lines, why = [], f"{type(error).__name__}: {error}"
        found: dict[int, list[Breakpoint]] = {}
        said = []
        for one in wanted:
            try:
                if why:
                    raise Refused(why)
                made = self._made(one, lines)
            except Refused as refused:
                said.append({"verified": False, "message": str(refused)})
                continue
            found.setdefault(made.line, []).append(made)
            said.append({"verified": True, "id": made.number, "line": made.line})
        self._lines.pop(path, None)
        if found:
            self._lines[path] = found
        return said

    def _made(self, wanted: Mapping[str, Any], lines: list[int]) -> Breakpoint:
        asked = int(wanted["line"])
        line = next((line for line in lines if line >= asked), 0)
        if not line:
            raise Refused(f"There is no code on line {asked} or after it.")
        self._numbers += 1
        message = wanted.get("logMessage") or ""
        return Breakpoint(self._numbers, line, _compiled("condition", wanted.get("condition") or ""),
                          _compiled("log message", _as_f_string(message) if message else ""),
                          _hit_rule(wanted.get("hitCondition") or ""))  # fmt: skip


def code_lines(path: str) -> list[int]:
    """The lines of a file that have code, sorted.

    Raises:
        OSError, SyntaxError, ValueError: it can't be read or compiled.
    """
    with open(path, "rb") as file:
        code = compile(file.read(), path, "exec", flags=PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True)
    return sorted({line for part in _parts(code) for _, _, line in part.co_lines() if line})


def _parts(code: CodeType) -> Iterator[CodeType]:
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _parts(constant)


def _eval(code: CodeType, frame: FrameType) -> object:
    return eval(code, {**frame.f_globals, **frame.f_locals})


def _compiled(what: str, text: str) -> CodeType | None:
    if not text.strip():
        return None
    try:
        return compile(text.strip(), f"<{what}>", "eval")
    except (SyntaxError, ValueError) as error:
        raise Refused(f"The {what} {text.strip()!r} is no Python expression: {error}.") from None


def _hit_rule(text: str) -> Callable[[int], bool] | None:
    if not text.strip():
        return None
    match = _HIT.fullmatch(text)
    if match is None:
        raise Refused(f"The hit count {text!r} is none; give a number, or one after >=, >, ==, <, <= or %.")
    compare, number = _COMPARE[match[1] or "=="], int(match[2])
    return lambda hits: compare(hits, number)


def _as_f_string(message: str) -> str:
    """`x is {x}` as an expression: format specifications and all."""
    for quotes in ('"""', "'''"):
        if quotes not in message and not message.endswith((quotes[0], "\\")):
            return f"f{quotes}{message}{quotes}"
    raise Refused(f"The log message {message!r} ends with a quote or a backslash, or has three quotes: leave that "
                  "away.")
