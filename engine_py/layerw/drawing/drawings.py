"""The points and lines of a program: made, kept up with what it writes, and ended.

Owns: all of them, until they are destroyed or their entity is despawned. Called once a frame, before visibility.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from weakref import WeakSet

import numpy as np
import numpy.typing as npt

from layerw.base import checks
from layerw.base.colors import Color
from layerw.base.errors import ConfigError
from layerw.base.log import Log
from layerw.drawing import wires
from layerw.drawing.debug import Debug
from layerw.drawing.elements import UNITS, Drawing, Elements, Style, Styles
from layerw.drawing.lines import Dash, Lines
from layerw.drawing.points import Points
from layerw.gpu.store import Store
from layerw.scene.table import Table
from layerw.scene.textures import Texture
from layerw.visibility.cull import Visibility

if TYPE_CHECKING:
    from layerw.drawing.labelling import Labelling
    from layerw.ui.immediate import DebugUi

GRID_LINES_MAX = 2048  # each way


class Drawings:
    """`step` once a frame."""

    def __init__(self, table: Table, store: Store, visibility: Visibility, log: Log, now: Callable[[], float],
                 texture: Callable[[Texture], int], debug_ui: Callable[[], DebugUi]) -> None:  # fmt: skip
        self._table, self._store, self._log = table, store, log
        self._told: WeakSet[Drawing] = WeakSet()
        self._styles = Styles(store, visibility)
        self._all: list[Drawing] = []
        self._texture = texture
        self._labels: Labelling | None = None
        self.debug = Debug(self._elements, log, now, debug_ui)

    def _elements(self, data: npt.NDArray[Any], style: Style, radius: float) -> Elements:
        return Elements(self._table, self._store, self._styles, data, style, radius)

    @property
    def labels(self) -> Labelling:
        """For lw.Label; a program without them imports nothing of it."""
        if self._labels is None:
            from layerw.drawing.labelling import Labelling

            self._labels = Labelling(self._elements, self._all.append, self._log)
            self._styles.textures["glyphs"] = self._texture(self._labels.glyphs.texture)
        return self._labels

    def points(self, position: npt.ArrayLike, *, color: Any, size: Any, unit: str, fog: bool) -> Points:
        """See App.points."""
        made = Points(self._table, self._store, self._styles, position, color, size, _unit("points", unit),
                      checks.flag("points fog", fog))  # fmt: skip
        self._all.append(made)
        return made

    def lines(self, position: Any, *, color: Any, width: float, unit: str, closed: bool, dash: Dash,
              fog: bool) -> Lines:  # fmt: skip
        """See App.lines."""
        made = Lines(self._table, self._store, self._styles, position, color, width, _unit("lines", unit),
                     checks.flag("lines closed", closed), dash, checks.flag("lines fog", fog))  # fmt: skip
        self._all.append(made)
        return made

    def grid(self, size: float, step: float, *, color: Color, width: float) -> Lines:
        """See App.grid."""
        size, step = checks.number("grid size", size, 0, above=True), checks.number("grid step", step, 0, above=True)
        if size / step > GRID_LINES_MAX or step > size / 2:
            raise ConfigError(f"grid step is {step:g} for a size of {size:g}; it takes {size / GRID_LINES_MAX:g} to "
                              f"{size / 2:g}, which makes at most {GRID_LINES_MAX} lines each way.")
        return self.lines(list(wires.grid(size, step)), color=color, width=width, unit="px", closed=False, dash=None,
                          fog=True)  # fmt: skip

    def axes(self, length: float, *, width: float) -> Lines:
        """See App.axes."""
        lines = wires.AXES * checks.number("axes length", length, 0, above=True)
        return self.lines(list(lines), color=np.repeat(wires.AXIS_COLORS, 2, axis=0), width=width, unit="px",
                          closed=False, dash=None, fog=False)  # fmt: skip

    def step(self) -> None:
        """Uploads what was written; frees what is gone."""
        gone = [one for one in self._all if not one.alive]
        if gone:
            self._all[:] = [one for one in self._all if one.alive]
            for one in gone:
                one._end()
        for one in self._all:
            if not one._update() and one not in self._told:
                self._told.add(one)
                self._log.warning(f"Some {type(one).__name__.lower()} have a position that is NaN or infinite; they "
                                  f"are not drawn until it is finite.")
        self.debug._update()

    def close(self) -> None:
        """Ends everything."""
        for one in self._all:
            one._end()
        self._all.clear()
        self.debug._end()
        self._styles.close()


def _unit(name: str, unit: str) -> str:
    return checks.one_of(f"{name} unit", unit, UNITS)
