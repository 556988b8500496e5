"""New code into functions that exist: every function of a file that lives anywhere, closures and methods among them,
takes the code that its place in the new source has.

Owns: which old code belongs to which new one. Does not: run anything of the program. Limits: a coroutine or generator
that runs goes on with its old code until it ends.
"""

from __future__ import annotations

import functools
import gc
from collections.abc import Iterator
from difflib import SequenceMatcher
from types import CodeType, FunctionType
from typing import Any

from .changes import RestartNeeded

CACHED = type(functools.cache(len))


class Recode:
    """Prepares first (nothing has changed when that raises) and then does it."""

    def __init__(self, path: str, old: CodeType, new: CodeType) -> None:
        """Raises RestartNeeded where a function that exists can't take its new code."""
        before = dict(_codes(old))
        after, unclear = _paired(before, dict(_codes(new)))
        keys = {code: key for key, code in before.items()}
        self._caches: list[Any] = []
        self.functions: dict[str, list[FunctionType]] = {}
        self._pairs: list[tuple[FunctionType, CodeType]] = []
        for function in gc.get_objects():
            if type(function) is CACHED and _path(function.__wrapped__) == path:
                self._caches.append(function)
            if type(function) is not FunctionType or function.__code__.co_filename != path:
                continue
            code = function.__code__
            key = keys.get(code, code.co_qualname)
            self.functions.setdefault(key, []).append(function)
            if key in unclear:
                raise RestartNeeded(f"which of several {code.co_name} became which is not clear")
            if key not in after:
                continue
            if after[key].co_freevars != code.co_freevars:
                raise RestartNeeded(f"{key.replace('.<locals>', '')} uses other names of the function around it")
            self._pairs.append((function, after[key]))

    def apply(self) -> int:
        """Returns how many functions took new code."""
        for function, code in self._pairs:
            function.__code__ = code
        for cached in self._caches:  # what was calculated by old code
            cached.cache_clear()
        return len(self._pairs)


def _paired(before: dict[str, CodeType], after: dict[str, CodeType]) -> tuple[dict[str, CodeType], set[str]]:
    """The new code for each old key, and keys for which there is no telling: of several of one name (lambdas), those
    that do as before are found first, wherever they stand now."""
    groups: dict[str, tuple[list[str], list[str]]] = {}
    for at, codes in enumerate((before, after)):
        for key, code in codes.items():
            groups.setdefault(code.co_qualname, ([], []))[at].append(key)
    found: dict[str, CodeType] = {}
    unclear: set[str] = set()
    for was, now in groups.values():
        matcher = SequenceMatcher(None, [_meaning(before[key]) for key in was], [_meaning(after[key]) for key in now],
                                  autojunk=False)
        for what, start, end, to_start, to_end in matcher.get_opcodes():
            if what == "replace" and end - start != to_end - to_start:
                unclear.update(was[start:end])
            elif what in ("equal", "replace"):
                pairs = zip(was[start:end], now[to_start:to_end], strict=True)
                found.update((old, after[new]) for old, new in pairs)
    return found, unclear


def _meaning(code: CodeType) -> tuple[object, ...]:
    """Equal for codes that do the same, wherever they stand."""
    constants = tuple(_meaning(one) if isinstance(one, CodeType) else (type(one), repr(one)) for one in code.co_consts)
    return (code.co_code, constants, code.co_names, code.co_varnames, code.co_freevars)


def _codes(code: CodeType) -> Iterator[tuple[str, CodeType]]:
    """All code inside by qualified name; the second of one name is name#2."""
    seen: dict[str, int] = {}

    def walk(outer: CodeType) -> Iterator[tuple[str, CodeType]]:
        for inner in outer.co_consts:
            if isinstance(inner, CodeType):
                seen[inner.co_qualname] = seen.get(inner.co_qualname, 0) + 1
                again = seen[inner.co_qualname]
                yield inner.co_qualname if again == 1 else f"{inner.co_qualname}#{again}", inner
                yield from walk(inner)

    yield from walk(code)


def _path(function: object) -> str:
    return function.__code__.co_filename if isinstance(function, FunctionType) else ""
