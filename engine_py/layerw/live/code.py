"""New code into functions that exist: every function of a file that lives anywhere, closures and methods among them,
takes the code that its place in the new source has.

Owns: which old code belongs to which new one. Does not: run anything of the program. Limits: a coroutine or generator
that runs goes on with its old code until it ends.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from types import CodeType, FunctionType

from .changes import RestartNeeded


class Recode:
    """Prepares first (nothing has changed when that raises) and then does it."""

    def __init__(self, path: str, old: CodeType, new: CodeType) -> None:
        """Raises RestartNeeded where a function that exists can't take its new code."""
        before, after = dict(_codes(old)), dict(_codes(new))
        keys = {code: key for key, code in before.items()}
        self.functions: dict[str, list[FunctionType]] = {}
        self._pairs: list[tuple[FunctionType, CodeType]] = []
        for function in gc.get_objects():
            if type(function) is not FunctionType or function.__code__.co_filename != path:
                continue
            code = function.__code__
            key = keys.get(code, code.co_qualname)
            self.functions.setdefault(key, []).append(function)
            if key not in after:
                continue
            if after[key].co_freevars != code.co_freevars:
                raise RestartNeeded(f"{key.replace('.<locals>', '')} uses other names of the function around it")
            self._pairs.append((function, after[key]))

    def apply(self) -> int:
        """Returns how many functions took new code."""
        for function, code in self._pairs:
            function.__code__ = code
        return len(self._pairs)


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
