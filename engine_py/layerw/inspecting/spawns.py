"""Which line of the program spawned an entity.

Owns: the table's `spawn` while it listens: each call's number and the innermost line of the program above it. Limits:
it hears what is spawned from its beginning on; SITES_MAX calls are remembered, the latest.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any, NamedTuple

from layerw.scene.table import Table

ROOT = "/app/"
SITES_MAX = 20_000


class Site(NamedTuple):
    """A line of the program's own files."""

    file: str  # beneath the program's folder
    line: int


class Spawns:
    """`begin()` and `end()`; `site(birth)` in between."""

    def __init__(self, root: str = ROOT) -> None:
        self._root = root
        self._sites: dict[int, Site] = {}
        self._before: Callable[..., int] | None = None

    def begin(self) -> None:
        """Listens; nothing where it does already."""
        if self._before is not None:
            return
        before = self._before = Table.spawn

        def spawn(table: Table, count: int, **values: Any) -> int:
            first = before(table, count, **values)
            self._note(table.births)
            return first

        Table.spawn = spawn  # type: ignore[method-assign, assignment]

    def end(self) -> None:
        """As it was before `begin`."""
        if self._before is not None:
            Table.spawn = self._before  # type: ignore[method-assign]
        self._before = None
        self._sites.clear()

    def site(self, birth: int) -> Site | None:
        """Of the spawn of that number; None: it was not heard."""
        return self._sites.get(birth)

    def _note(self, birth: int) -> None:
        frame = sys._getframe(2)
        above: Any = frame
        while above is not None and not above.f_code.co_filename.startswith(self._root):
            above = above.f_back
        if above is None:
            return
        if len(self._sites) >= SITES_MAX:
            del self._sites[next(iter(self._sites))]
        self._sites[birth] = Site(above.f_code.co_filename[len(self._root):], above.f_lineno)
