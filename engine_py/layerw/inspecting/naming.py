"""What entities are called: by the program's own variables.

Owns: names of rows, read from the globals of the program's modules: `cube`, `crowd[3]`, `trees[2]` of a list. Does not:
look into functions or objects. Limits: NAMES_MAX variables and items of lists.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from types import ModuleType
from typing import Any, NamedTuple

import numpy as np

from layerw.scene.entity import Entities, Entity

NAMES_MAX = 2_000


class Named(NamedTuple):
    """Some rows under one name; `size` of a group, 0: one entity."""

    name: str
    module: str  # its file beneath the program's folder
    rows: np.ndarray[Any, np.dtype[np.intp]]
    size: int

    def of(self, place: int) -> str:
        """The name of one of them."""
        return f"{self.name}[{place}]" if self.size else self.name


def modules(root: str) -> dict[str, ModuleType]:
    """The program's own that run, by file beneath its folder."""
    found = {}
    for module in list(sys.modules.values()):
        file = getattr(module, "__file__", None) or ""
        if file.startswith(root) and file.endswith(".py"):
            found[file[len(root):]] = module
    return found


def named(root: str) -> list[Named]:
    """All, those of `main.py` first; of several names of an entity the first counts."""
    found: list[Named] = []
    for file, module in modules(root).items():
        for name, value in list(vars(module).items()):
            if name.startswith("_") or len(found) >= NAMES_MAX:
                continue
            found += _of(name, file, value)
    return found


def _of(name: str, file: str, value: object) -> Iterator[Named]:
    if isinstance(value, (list, tuple)):
        for i, one in enumerate(value[:NAMES_MAX]):
            if isinstance(one, Entities):
                yield from _of(f"{name}[{i}]", file, one)
    elif isinstance(value, dict):
        for key, one in list(value.items())[:NAMES_MAX]:
            if isinstance(one, Entities) and isinstance(key, (str, int)):
                yield from _of(f"{name}[{key!r}]", file, one)
    elif isinstance(value, Entities):
        rows = np.atleast_1d(value._numbers())
        alive = value.alive_mask
        if isinstance(value, Entity) and alive.all():
            yield Named(name, file, rows, 0)
        elif not isinstance(value, Entity) and alive.all():
            yield Named(name, file, rows, len(rows))
