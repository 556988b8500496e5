"""One value of a spawn call, changed in a source: everything else of the file stays as it is, to the byte.

Owns: finding the call (the line it runs in, or the variable it is assigned to) and the argument, and what it refuses.
Does not: read or write files. Limits: values that are written out: numbers and tuples or lists of them, texts, True and
False. Source: the positions of Python's `ast`, which count bytes of UTF-8.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import NamedTuple

METHODS = ("spawn", "spawn_many", "light")
SINGLE = ("spawn", "light")  # one entity has one value
Value = float | bool | str | list[float]


class EditRefused(Exception):
    """The source can't have it; the text says why, and what to do."""


class Edited(NamedTuple):
    """A source with the new value."""

    text: str
    line: int  # where it stands
    is_top: bool  # no function: it is run once
    before: str  # the value's own text, "" where it was not given


class Target(NamedTuple):
    """Which call: by its line, or where that is 0 by the variable at the top level that it is assigned to."""

    line: int
    name: str


def edit_call(text: str, target: Target, argument: str, value: Value) -> Edited:
    """The source with another value of one keyword argument. Raises EditRefused."""
    try:
        call, repeated, is_top = _found(ast.parse(text), target)
    except SyntaxError as error:
        raise EditRefused(f"Line {error.lineno} is no Python at the moment ({error.msg}); mend it first.") from None
    except (RecursionError, MemoryError):  # of Python's parser, too
        raise EditRefused("An expression of the file nests too deep to be looked through; change it there.") from None
    if _method(call) not in SINGLE:
        raise EditRefused(f"Line {call.lineno} spawns many at once ({_method(call)}): one of them has no value of its "
                          "own there.")
    if repeated:
        raise EditRefused(f"Line {call.lineno} runs more than once ({repeated}): it has no value for this entity "
                          "alone.")
    data, starts = text.encode("utf-8"), _line_starts(text)
    given = next((one.value for one in call.keywords if one.arg == argument), None)
    if given is not None:
        begin, end = _span(given, starts)
        before = data[begin:end].decode("utf-8")
        if not _is_written_out(given):
            raise EditRefused(f"{argument} in line {given.lineno} is computed (`{before}`); change it there.")
        new = _written(value, before)
        return _checked(data, begin, end, new, given.lineno, is_top, before)
    if any(one.arg is None for one in call.keywords):
        raise EditRefused(f"Line {call.lineno} takes arguments from a dictionary (**); {argument} may be in it.")
    begin = _span(call, starts)[1] - 1  # its closing bracket
    inner = [_span(one, starts)[1] for one in [*call.args, *(keyword.value for keyword in call.keywords)]]
    place = max(inner) if inner else begin
    place += _brackets_after(data[place:begin])
    comma = ", " if inner else ""
    return _checked(data, place, place, f"{comma}{argument}={_written(value, '(')}", call.lineno, is_top, "")


def _found(tree: ast.Module, target: Target) -> tuple[ast.Call, str, bool]:
    """The call, what makes it run more than once, and whether it stands outside of functions."""
    found = [one for one in _calls(tree.body, "", True) if one[0].lineno <= target.line <= (one[0].end_lineno or 0)]
    if target.line == 0:
        assigned = [node.value for node in tree.body if isinstance(node, (ast.Assign, ast.AnnAssign)) and any(
            isinstance(one, ast.Name) and one.id == target.name
            for one in (node.targets if isinstance(node, ast.Assign) else [node.target]))]
        found = [one for one in _calls(tree.body, "", True) if one[0] in assigned]
        if not found:
            raise EditRefused(f"No line at the top level reads `{target.name} = app.spawn(...)`; start with "
                              "`layerw run --inspect`, which sees where each entity is spawned.")
    if not found:
        raise EditRefused(f"Line {target.line} has no call of {', '.join(METHODS)} any more; save the file, and try "
                          "again.")
    if len(found) > 1:
        raise EditRefused(f"Line {found[0][0].lineno} has {len(found)} such calls; put each on a line of its own.")
    return found[0]


def _calls(body: list[ast.stmt], repeated: str, is_top: bool) -> Iterator[tuple[ast.Call, str, bool]]:
    """Spawning calls with their surroundings."""
    def visit(node: ast.AST, repeated: str, is_top: bool) -> Iterator[tuple[ast.Call, str, bool]]:
        if isinstance(node, ast.Call) and _method(node) in METHODS:
            yield node, repeated, is_top
        if isinstance(node, (ast.For, ast.AsyncFor, ast.While)):
            repeated = f"the loop of line {node.lineno}"
        elif isinstance(node, (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)):
            repeated = "a comprehension"
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
            repeated, is_top = "", False
        for child in ast.iter_child_nodes(node):
            yield from visit(child, repeated, is_top)

    for statement in body:
        yield from visit(statement, repeated, is_top)


def _method(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else ""


def _is_written_out(node: ast.expr) -> bool:
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, (ast.USub, ast.UAdd)):
        node = node.operand
    if isinstance(node, (ast.Tuple, ast.List)):
        return all(_is_written_out(one) for one in node.elts)
    return isinstance(node, ast.Constant)


def _written(value: Value, like: str) -> str:
    """As Python: numbers short, in the brackets that were there."""
    if isinstance(value, (bool, str)):
        return repr(value) if isinstance(value, bool) else '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    if isinstance(value, (int, float)):
        return _number(value)
    inner = ", ".join(_number(one) for one in value)
    return f"[{inner}]" if like.startswith("[") else f"({inner})"


def _number(value: float) -> str:
    if not abs(value) < 1e30:
        raise EditRefused(f"{value} is no number that a program can have there.")
    return repr(int(value)) if value == int(value) else repr(round(float(value), 4) + 0.0)


def _checked(data: bytes, begin: int, end: int, new: str, line: int, is_top: bool, before: str) -> Edited:
    text = (data[:begin] + new.encode("utf-8") + data[end:]).decode("utf-8")
    try:
        ast.parse(text)
    except SyntaxError:
        raise EditRefused(f"Line {line} is written in a way that can't be edited here; change it there.") from None
    return Edited(text, line, is_top, before)


def _line_starts(text: str) -> list[int]:
    """Bytes before each line, as `ast` counts lines: by \\n, \\r\\n and \\r."""
    starts, at = [0], 0
    for line in text.encode("utf-8").splitlines(keepends=True):
        at += len(line)
        starts.append(at)
    return starts


def _span(node: ast.expr, starts: list[int]) -> tuple[int, int]:
    return starts[node.lineno - 1] + node.col_offset, starts[(node.end_lineno or 1) - 1] + (node.end_col_offset or 0)


def _brackets_after(data: bytes) -> int:
    """How far brackets around the last argument reach beyond it: `((1, 2))`."""
    reach = 0
    for i, byte in enumerate(data):
        if byte == ord(")"):
            reach = i + 1
        elif byte in b",#":
            break
    return reach
