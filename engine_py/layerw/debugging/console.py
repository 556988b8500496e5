"""Python that is typed while the program stands, or into the inspector: watched expressions, a console, completions.

Owns: in which names it runs. An expression sees a function's variables also inside of its lambdas; a statement, which
only a console gives, assigns to them. Limits: what it does to the program stays done.
"""

from __future__ import annotations

import rlcompleter
from typing import Any, Protocol

COMPLETIONS_MAX = 100


class Names(Protocol):
    """Where it runs: a frame, or what has its two dictionaries."""

    @property
    def f_globals(self) -> dict[str, Any]: ...
    @property
    def f_locals(self) -> dict[str, Any]: ...


class Nothing:
    """A statement has no value."""


def evaluate(text: str, frame: Names, *, statements: bool) -> object:
    """Its value, or the class Nothing. Raises what it raises."""
    names = frame.f_locals
    try:
        code = compile(text.strip(), "<console>", "eval")
    except SyntaxError:
        if not statements:
            raise
        exec(compile(text, "<console>", "exec"), frame.f_globals, names)
        return Nothing
    if ":=" in text:
        return eval(code, frame.f_globals, names)
    return eval(code, {**frame.f_globals, **names})


def completions(text: str, frame: Names) -> list[str]:
    """What the last word of `text` may become, sorted."""
    word = text
    for i in range(len(text) - 1, -1, -1):
        if not (text[i].isalnum() or text[i] in "._"):
            word = text[i + 1 :]
            break
    completer = rlcompleter.Completer({**frame.f_globals, **frame.f_locals})
    found: dict[str, None] = {}
    for state in range(COMPLETIONS_MAX):
        one: Any = completer.complete(word, state)
        if one is None:
            break
        found[one.rstrip("(): ")] = None
    return sorted(name for name in found if word.endswith("_") or not name.rpartition(".")[2].startswith("_"))
