"""Messages of the Debug Adapter Protocol: which are requests at all, and how answers look.

Owns: the checks of what an editor sends. Does not: answer. Source: the Debug Adapter Protocol 1.71, "Base Protocol".
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

SHOWN_MAX = 80


class NoRequest(ValueError):
    """What came is none; the text says what is wrong with it."""


class Wrong(Exception):
    """A request that can't be done; the text says why, for the person at the editor."""


class Request(NamedTuple):
    """One, whose arguments are an object."""

    seq: int
    command: str
    arguments: dict[str, Any]


def read(text: str) -> Request | None:
    """None: an answer to a request of ours, which we never send.

    Raises:
        NoRequest: anything else.
    """
    try:
        message: Any = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise NoRequest(f"{_shown(text)} is no JSON ({type(error).__name__}: {error})") from None
    match message:
        case {"type": "request", "seq": int(seq), "command": str(command)}:
            arguments = message.get("arguments")
            if arguments is not None and not isinstance(arguments, dict):
                raise NoRequest(f"The arguments of {_shown(command)} are {_shown(arguments)}, no object")
            return Request(seq, command, arguments or {})
        case {"type": "response"}:
            return None
    raise NoRequest(f"{_shown(message)} is no request: it needs type, seq and command")


def whole(arguments: Mapping[str, Any], name: str, default: int | None = None) -> int:
    """A whole number of the arguments. Raises Wrong."""
    value = arguments.get(name, default)
    if not isinstance(value, int) or isinstance(value, bool):
        raise Wrong(f"{name} is {_shown(value)}, no whole number.")
    return value


def objects(arguments: Mapping[str, Any], name: str, most: int) -> list[dict[str, Any]]:
    """A list of objects, [] where it is absent. Raises Wrong."""
    value = arguments.get(name) or []
    if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
        raise Wrong(f"{name} is {_shown(value)}, no list of objects.")
    if len(value) > most:
        raise Wrong(f"{name} has {len(value)} items; the limit is {most}.")
    return value


def words(arguments: Mapping[str, Any], name: str) -> str:
    """A text. Raises Wrong."""
    value = arguments.get(name)
    if not isinstance(value, str):
        raise Wrong(f"{name} is {_shown(value)}, no text.")
    return value


def response(request: Request, body: Mapping[str, Any]) -> dict[str, Any]:
    """It was done."""
    return {"type": "response", "request_seq": request.seq, "success": True, "command": request.command, "body": body}


def refusal(request: Request, text: str) -> dict[str, Any]:
    """It was not."""
    return {"type": "response", "request_seq": request.seq, "success": False, "command": request.command,
            "message": text, "body": {"error": {"id": 1, "format": text.replace("{", "(").replace("}", ")")}}}


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= SHOWN_MAX else text[: SHOWN_MAX - 1] + "…"
