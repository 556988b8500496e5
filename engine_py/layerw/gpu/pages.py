"""A few big GPU buffers of one usage, sub-allocated; what meshes live in.

Owns: the buffers (pages), their handles, and which bytes of them are taken. Does not write the bytes.
Limits: one empty page is kept for the next mesh; `trim()` gives it up when another resource needs the room.

Two counts are kept apart: what the meshes take is charged to the GPU ledger by the store; what the pages take
is charged here to `committed`, which has the same budget, so that neither the sum of meshes nor the buffers
behind them ever pass it.
"""

from __future__ import annotations

from dataclasses import dataclass

from layerw.base.handles import HandlePool
from layerw.gpu.submission import Submission
from layerw.memory.ledger import HardLedger
from layerw.memory.ranges import RangeAllocator

USAGE_VERTEX, USAGE_INDEX = 1, 2


@dataclass(slots=True, eq=False)
class Page:
    """One GPU buffer."""

    buffer: int
    size_bytes: int
    ranges: RangeAllocator


@dataclass(slots=True, eq=False)
class Place:
    """Where something lives: a page and a unit offset in it."""

    page: Page
    unit: int
    offset_bytes: int


class BufferPages:
    """All buffers of one usage."""

    def __init__(self, usage: int, unit_bytes: int, page_bytes: int, *, handles: HandlePool, committed: HardLedger,
                 submission: Submission) -> None:
        self.usage = usage
        self.unit_bytes = unit_bytes
        self.page_bytes = page_bytes // unit_bytes * unit_bytes
        self.pages: list[Page] = []
        self._handles = handles
        self._committed = committed
        self._submission = submission

    def try_place(self, size_bytes: int) -> Place | None:
        """Takes `size_bytes` (a multiple of the unit) of some page, making one where the budget has room."""
        units = size_bytes // self.unit_bytes
        for page in self.pages:
            unit = page.ranges.try_alloc(units)
            if unit is not None:
                return Place(page, unit, unit * self.unit_bytes)
        fresh = self._try_page(size_bytes)
        if fresh is None:
            return None
        unit = fresh.ranges.try_alloc(units)
        assert unit is not None, "a fresh page holds what it was made for"
        return Place(fresh, unit, unit * self.unit_bytes)

    def _try_page(self, size_bytes: int) -> Page | None:
        for page_bytes in (max(self.page_bytes, size_bytes), size_bytes):  # where a whole page is too much, less
            if self._committed.try_reserve(page_bytes):
                page = Page(self._handles.alloc(), page_bytes, RangeAllocator(page_bytes // self.unit_bytes))
                self.pages.append(page)
                self._create(page)
                return page
        return None

    def _create(self, page: Page) -> None:
        self._submission.encoder.buffer_create(page.buffer, page.size_bytes, self.usage)

    def free(self, place: Place) -> None:
        """Gives a place back; a second empty page is destroyed."""
        place.page.ranges.free(place.unit)
        if place.page.ranges.is_empty and sum(page.ranges.is_empty for page in self.pages) > 1:
            self._destroy(place.page)

    def trim(self) -> int:
        """Destroys empty pages; returns the bytes that came free."""
        empty = [page for page in self.pages if page.ranges.is_empty]
        for page in empty:
            self._destroy(page)
        return sum(page.size_bytes for page in empty)

    def _destroy(self, page: Page) -> None:
        self.pages.remove(page)
        self._submission.encoder.buffer_destroy(page.buffer)
        self._handles.free(page.buffer)
        self._committed.release(page.size_bytes)

    def restore(self) -> None:
        """Makes every buffer again, after the device came back; they are empty."""
        for page in self.pages:
            self._create(page)

    def check_invariants(self) -> None:
        """Raises AssertionError where a page's bookkeeping contradicts itself."""
        for page in self.pages:
            page.ranges.check_invariants()
            assert self._handles.is_live(page.buffer)
