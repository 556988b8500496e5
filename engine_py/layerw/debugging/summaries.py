"""A value in one line: bounded, whatever it is, and never raising.

Owns: how arrays, entities and everything else look in a list of variables. Limits: TEXT_MAX characters; the least and
the largest of an array are looked up in arrays of VALUES_MAX numbers at most.
"""

from __future__ import annotations

import reprlib
from typing import Any

import numpy as np

from layerw.scene.component_view import ComponentView
from layerw.scene.entity import Entities, Entity

TEXT_MAX = 240
VALUES_MAX = 1_000_000
_repr = reprlib.Repr()
_repr.maxlevel, _repr.maxstring, _repr.maxother, _repr.maxlist, _repr.maxtuple, _repr.maxdict = 3, 120, 120, 8, 8, 8


def summary(value: object) -> str:
    """As a debugger shows it behind the name."""
    try:
        text = _summary(value)
    except Exception as error:
        text = f"<{type(value).__name__} that can't be shown: {type(error).__name__}: {error}>"
    return text if len(text) <= TEXT_MAX else text[: TEXT_MAX - 1] + "…"


def type_name(value: object) -> str:
    """Its class, without what everyone knows."""
    cls = type(value)
    return cls.__qualname__ if cls.__module__ in ("builtins", "numpy") else f"{cls.__module__}.{cls.__qualname__}"


def _summary(value: object) -> str:
    if isinstance(value, np.ndarray):
        return array_text(value)
    if isinstance(value, Entity):
        return f"Entity {value._first}, " + (f"at {numbers(value.position)}" if value.alive else "despawned")
    if isinstance(value, ComponentView):
        return " ".join(f"{name}={_short(getattr(value, name))}" for name in dir(value))
    if isinstance(value, Entities):
        return f"{len(value)} entities" + ("" if value.alive else ", some despawned")
    if isinstance(value, (str, bytes)):
        return repr(value) if len(value) <= TEXT_MAX else repr(value[:TEXT_MAX]) + "…"
    if isinstance(value, (list, tuple, dict, set, frozenset)) and len(value) > 8:
        return f"{_repr.repr(value)} ({len(value)})"
    return _repr.repr(value)


def _short(value: object) -> str:
    return array_text(value) if isinstance(value, np.ndarray) and value.size > 4 else _repr.repr(value)


def array_text(array: np.ndarray[Any, Any]) -> str:
    """`float32 (1000, 3), -1.5 to 2: [[0 0 1] …]`."""
    shape = "×".join(map(str, array.shape)) or "one"
    spread = ""
    if 4 < array.size <= VALUES_MAX and array.dtype.kind in "iufb":
        least, most = (f"{float(value):.5g}" for value in (np.min(array), np.max(array)))
        spread = f", {least} to {most}" if least != most else f", all {least}"
    return f"{array.dtype} {shape}{spread}: {numbers(array)}"


def numbers(array: np.ndarray[Any, Any]) -> str:
    """On one line."""
    text = np.array2string(np.asarray(array), threshold=12, edgeitems=3, precision=4, suppress_small=True,
                           max_line_width=10_000, separator=" ")
    return " ".join(text.split())
