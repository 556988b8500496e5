"""The last ten seconds of the scene, to go back to.

Owns: copies of the entity table's columns and the components', taken while the program runs. Going back stops the
program's functions, which may write what they like each frame, and writes the columns; it goes on from there.
Limits: SPAN_S, BYTES_MAX together, so large scenes have fewer; what is kept is what columns hold: variables, physics'
own state, sound and input stay as they are now, and an entity that was spawned or despawned since stays so.
"""

from __future__ import annotations

from collections import deque
from typing import Any, NamedTuple

import numpy as np

from layerw.app import App
from layerw.scene.columns import Column

SPAN_S = 10.0
EVERY_S = 1 / 30
BYTES_MAX = 64 * 1024 * 1024


class _Moment(NamedTuple):
    time_s: float
    births: np.ndarray[Any, Any]
    columns: dict[str, np.ndarray[Any, Any]]
    camera: tuple[np.ndarray[Any, Any], float, float]


class Timeline:
    """`note()` once a frame; `go(seconds)` back."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._moments: deque[_Moment] = deque()
        self._bytes = 0
        self._every_s = EVERY_S
        self._was_paused = False
        self.at_s: float | None = None  # how far back the scene stands; None: it runs

    @property
    def span_s(self) -> float:
        """Seconds that one can go back."""
        return self._moments[-1].time_s - self._moments[0].time_s if self._moments else 0.0

    def note(self) -> None:
        """Copies the scene where it is time to; not while the program is paused."""
        now = self._app.time_s
        if self.at_s is not None or self._app.paused:
            return
        if self._moments and now - self._moments[-1].time_s < self._every_s:
            return
        table = self._app._engine.table
        used = slice(0, table.rows_used)
        columns = {name: column.array[used].copy() for name, column in self._columns().items()}
        camera = self._app.camera
        moment = _Moment(now, table.birth[used].copy(), columns, (camera.position.copy(), camera.yaw, camera.pitch))
        self._moments.append(moment)
        size = _size(moment)
        self._bytes += size
        self._every_s = max(EVERY_S, SPAN_S * size / BYTES_MAX)
        while self._moments[0].time_s < now - SPAN_S or (self._bytes > BYTES_MAX and len(self._moments) > 1):
            self._bytes -= _size(self._moments.popleft())

    def go(self, back_s: float) -> None:
        """Stops the program, and shows the scene as it was so many seconds before the last moment that was kept."""
        if not self._moments:
            raise LookupError("Nothing is kept yet; the timeline begins when the inspector is opened.")
        if self.at_s is None:
            self._was_paused = self._app.paused
            self._app._engine.user.run_frames = self._stand  # type: ignore[method-assign]
        self._app.paused = True
        wanted = self._moments[-1].time_s - back_s
        moment = min(self._moments, key=lambda one: abs(one.time_s - wanted))
        self.at_s = self._moments[-1].time_s - moment.time_s
        self._write(moment)

    def resume(self) -> None:
        """The program goes on from the moment that is shown; what was after it is forgotten."""
        if self.at_s is None:
            return
        shown = self._moments[-1].time_s - self.at_s
        while len(self._moments) > 1 and self._moments[-1].time_s > shown:
            self._bytes -= _size(self._moments.pop())
        self.at_s = None
        del self._app._engine.user.run_frames  # the class's own again
        self._app.paused = self._was_paused

    def _stand(self, dt: float, time_s: float) -> float:
        """In place of UserCode.run_frames: nothing of the program is called, and none of its time passes."""
        return self._app._engine.user.clock.advance(dt)

    def _write(self, moment: _Moment) -> None:
        table = self._app._engine.table
        rows = np.flatnonzero((moment.births != 0) & (moment.births == table.birth[: len(moment.births)]))
        columns = self._columns()
        for name, values in moment.columns.items():
            column = columns.get(name)
            if column is not None and len(rows):
                column.array[rows] = values[rows]
                column.touch_rows(rows)
        table.structure_revision += 1  # static ones lie in cells by where they are
        camera = self._app.camera
        camera.position, camera.yaw, camera.pitch = moment.camera

    def _columns(self) -> dict[str, Column]:
        table = self._app._engine.table
        own = {f"{number} {one.declared.name}.{name}": column for number, one in enumerate(table.components.all())
               for name, column in one.columns.items()}  # fmt: skip
        return {**table.columns, **own}


def _size(moment: _Moment) -> int:
    return moment.births.nbytes + sum(column.nbytes for column in moment.columns.values())
