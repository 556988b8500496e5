"""Picking by what was drawn: which row's pixel it is, asked of the GPU and answered some frames later.

Owns: what is asked, and the views of one pixel that answer it: each a camera of its own, with the flag "picking"
(gpu/passes.py). Does not: wait for the GPU. Limits: WAITING_MAX questions on their way; PER_FRAME are drawn a frame.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from layerw.base.errors import LayerwError
from layerw.base.names import frozen
from layerw.base.ports import F64
from layerw.base.rays import CheckedRay
from layerw.frame.more_views import OneMore
from layerw.frame.views import VIEWS_MAX, View
from layerw.gpu.gen import events as ev
from layerw.gpu.passes import flag
from layerw.gpu.spec import PICK_UNDRAWN
from layerw.gpu.submission import Submission
from layerw.scene.camera import CameraFrame
from layerw.scene.entity import Entity
from layerw.scene.table import Table
from layerw.visibility.draws import VisibleSet

if TYPE_CHECKING:
    from layerw.pointing.picker import Hit

WAITING_MAX = 256
PER_FRAME = 16
REACH_PX = 128.0  # how far from its middle a point or a line is still drawn
PIXEL = (0, 0, 1, 1)
LISTS = ("opaque", "blend")


@frozen
class Drawn(NamedTuple):
    """What is drawn at a point of the picture."""

    entity: Entity | None  # None: a streamed world's ground, or the sea
    distance: float  # metres from where the pixel's ray begins (App.ray_at)
    point: F64  # (3,) world metres


Answer = asyncio.Future[Drawn | None]
Places = Sequence[tuple[View, CameraFrame]]
Look = Callable[[OneMore, CameraFrame], None]


class _Asked(NamedTuple):
    answer: Answer
    across: float
    down: float


class _Shot(NamedTuple):
    """A question that was drawn."""

    answer: Answer
    ray: tuple[F64, F64]
    camera: CameraFrame
    births: int  # spawns until then: rows of later ones are others


class DrawnPicks:
    """`ask` any time; `see` and `encode` once a frame; `receive` what JavaScript says."""

    def __init__(self, table: Table, submission: Submission, make_answer: Callable[[], Answer],
                 nearest: Callable[[CheckedRay], Hit | None]) -> None:  # fmt: skip
        """nearest: what answers where nothing is drawn, as on a host without a GPU."""
        self._table, self._submission = table, submission
        self._make_answer, self._nearest = make_answer, nearest
        self._waiting: list[_Asked] = []
        self._shots: dict[int, _Shot] = {}
        self._number = 0
        self._seen: list[tuple[OneMore, int]] = []  # the views of this frame, and their numbers

    @property
    def seen(self) -> list[OneMore]:
        """This frame's views."""
        return [view for view, _ in self._seen]

    def ask(self, across: float, down: float) -> Answer:
        """What the next picture shows there, 0 to 1 from the picture's upper left; see App.pick_drawn."""
        if len(self._waiting) + len(self._shots) >= WAITING_MAX:
            raise LayerwError(f"{WAITING_MAX} picks are on their way, which is the limit; await some of them first.")
        answer = self._make_answer()
        self._waiting.append(_Asked(answer, across, down))
        return answer

    def see(self, places: Places, size: tuple[int, int], look: Look) -> None:
        """Makes a view of one pixel for each question. places: what is in the picture, in drawing order; look(view,
        camera): what it sees."""
        for _, number in self._seen:  # a frame that failed
            _fail(self._shots.pop(number).answer, "The frame that was asked what it draws was not drawn; ask again.")
        self._seen = []
        asked, self._waiting = self._waiting[:PER_FRAME], self._waiting[PER_FRAME:]
        for one in asked:
            try:
                self._see(one, places, size, look)
            except Exception as error:
                _fail(one.answer, f"What is drawn can't be asked in this frame: {error}")

    def _see(self, one: _Asked, places: Places, size: tuple[int, int], look: Look) -> None:
        x, y = (min(math.floor(at * side), side - (at <= 1))  # the last pixel has the edge as well
                for at, side in zip((one.across, one.down), size, strict=True))
        found = next(((view, camera) for view, camera in reversed(places) if _is_in(view._area_px(size), x, y)), None)
        if found is None:
            _give(one.answer, None)
            return
        view, camera = found
        left, top, width, height = view._area_px(size)
        pixel = OneMore(view, VIEWS_MAX + len(self._seen))
        look(pixel, camera.pixel(x - left, y - top, (width, height), REACH_PX))
        self._number += 1
        ray = camera.ray((x - left + 0.5) / width, (y - top + 0.5) / height)
        self._shots[self._number] = _Shot(one.answer, ray, camera, self._table.births)
        self._seen.append((pixel, self._number))

    def encode(self, records: Sequence[VisibleSet]) -> None:
        """The views' commands. records: what each draws, over the frame's rows."""
        seen, self._seen = self._seen, []
        for (view, number), found in zip(seen, records, strict=True):
            self._submission.view(view.index, 0, PIXEL, flag("picking"), view.writer.block.array)
            self._submission.encoder.view_pick(number)
            for name in LISTS:
                self._submission.draws(name, getattr(found, name))

    def receive(self, event: ev.Picked | ev.PickFailed) -> None:
        """What became of one."""
        shot = self._shots.pop(event.pick, None)
        if shot is None:
            return
        if isinstance(event, ev.PickFailed):
            _fail(shot.answer, event.message)
        elif event.row == PICK_UNDRAWN:
            hit = self._nearest(CheckedRay(*shot.ray, math.inf))
            _give(shot.answer, None if hit is None else Drawn(hit.entity, hit.distance, hit.point))
        else:
            _give(shot.answer, self._drawn(shot, event.row - 1, event.depth) if event.row else None)

    def _drawn(self, shot: _Shot, row: int, depth: float) -> Drawn | None:
        """None where it has been despawned since."""
        table, (start, direction), sight = self._table, shot.ray, shot.camera.forward
        distance = float((depth - sight @ (start - shot.camera.position)) / (sight @ direction))
        point: F64 = start + distance * direction
        if 0 < table.birth[row] <= shot.births:
            return Drawn(Entity(table, row), distance, point)
        return Drawn(None, distance, point) if table.is_transient(row) else None

    def close(self) -> None:
        """Ends all that were asked."""
        for answer in [*(one.answer for one in self._waiting), *(shot.answer for shot in self._shots.values())]:
            answer.cancel()
        self._waiting.clear()
        self._shots.clear()
        self._seen = []


def _is_in(area: tuple[int, int, int, int], x: int, y: int) -> bool:
    left, top, width, height = area
    return left <= x < left + width and top <= y < top + height


def _give(answer: Answer, found: Drawn | None) -> None:
    if not answer.done():
        answer.set_result(found)


def _fail(answer: Answer, message: str) -> None:
    if not answer.done():
        answer.set_exception(LayerwError(message))
