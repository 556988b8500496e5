"""Cross-fades: a level that takes another's place is drawn together with it for a moment, each in its own pixels.

Owns: which tiles are shown while they come and go, and with what share. Does not choose tiles, load or draw them.
Limits: what can't be faded without a hole changes at once: where a part of the finer level was let go of, or the view
changed its mind; so do changes of more than CHANGES_MAX tiles.

A fade has one upper tile and the tiles below it that cover it, and one share for all, so that at each pixel exactly one
level is drawn (web/shaders/frame.wgsl: faded). What comes into view, or leaves it, is no change of level: no fade.

    code of a tile: 0 whole · 1 + q arrives · 129 + q leaves; q = 0 .. 126 of FADE_STEPS
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from layerw.gpu.spec import FADE_ARRIVES, FADE_LEAVES, FADE_STEPS
from layerw.stream.residency import GPU
from layerw.stream.tree import MODEL, NONE, TileTree

CHANGES_MAX = 512
FRONT_MAX = 256
I64 = npt.NDArray[np.int64]
U8 = npt.NDArray[np.uint8]
_NO_ROWS: I64 = np.zeros(0, np.int64)


class _Fade(NamedTuple):
    start_s: float
    refines: bool  # the upper one leaves
    lower: set[int]


class Fades:
    """`step` once a frame; `active` while anything fades."""

    def __init__(self, tree: TileTree, fade_s: float) -> None:
        """fade_s: seconds of one change; 0: all change at once."""
        self._tree, self._fade_s = tree, fade_s
        self._shown: set[int] = set()  # what is drawn once all fades are over
        self._target = _NO_ROWS
        self._whole = True  # that is shown
        self._fades: dict[int, _Fade] = {}  # by their upper tiles

    @property
    def active(self) -> bool:
        """Whether more is drawn than the view wants, or less for now."""
        return bool(self._fades)

    def held(self) -> I64:
        """Tiles that are drawn though the view does not want them any more."""
        rows = [row for upper, fade in self._fades.items() for row in ([upper] if fade.refines else fade.lower)]
        return np.array(rows, np.int64)

    def clear(self) -> None:
        """Nothing is shown."""
        self._shown.clear()
        self._fades.clear()
        self._target = _NO_ROWS

    def step(self, target: I64, now_s: float) -> tuple[I64, U8 | None]:
        """What to draw where the view wants `target` (sorted rows, all on the GPU): rows, sorted, and their codes, None
        where all are whole."""
        if self._fade_s <= 0.0:
            return target, None
        if not self._fades and self._whole and np.array_equal(target, self._target):
            return target, None
        wanted = set(target.tolist())
        self._end(wanted, now_s)
        if self._shown != wanted:
            self._follow(wanted, now_s)
        self._target, self._whole = target, self._shown == wanted
        if not self._fades:
            return (target if self._whole else _sorted(self._shown)), None
        return self._drawn(now_s)

    # -- what goes on --------------------------------------------------------------------------------
    def _end(self, wanted: set[int], now_s: float) -> None:
        """Fades that are over, and all where a tile was let go of meanwhile."""
        state = self._tree.state
        for upper, fade in list(self._fades.items()):
            if not 0.0 <= now_s - fade.start_s < self._fade_s:
                del self._fades[upper]
        fading = (row for upper, fade in self._fades.items() for row in (upper, *fade.lower))
        if any(state[row] != GPU for row in (*fading, *(self._shown - wanted))):
            self._fades.clear()
            self._shown = wanted

    def _follow(self, wanted: set[int], now_s: float) -> None:
        """Begins fades from what is shown to what is wanted, and takes at once what does not fade."""
        gone, come = self._shown - wanted, wanted - self._shown
        if len(gone) + len(come) > CHANGES_MAX or not self._shown:
            self._fades.clear()
            self._shown = wanted
            return
        sudden = set[int]()  # they were in a fade the other way, and would jump
        if self._fades:
            gone, come = self._among_fades(gone, come, sudden)
        finer = self._below(come, gone)  # of what goes: what comes in its place
        coarser = self._below(gone, come)  # of what comes: what goes for it
        for upper, lower in finer.items():
            if upper not in sudden:
                self._fades[upper] = _Fade(now_s, True, lower)
        on_the_way = {above for row in gone for above in self._chain(row)} if coarser else set()
        for upper in coarser:
            front = self._front(upper, gone, on_the_way)
            if front is not None and upper not in sudden:
                self._fades[upper] = _Fade(now_s, False, front)
        self._shown = (self._shown - gone) | come

    def _among_fades(self, gone: set[int], come: set[int], sudden: set[int]) -> tuple[set[int], set[int]]:
        """The changes without those that wait for a fade. What does not fit to a fade ends it; `sudden` gets who then
        comes or goes without one."""
        for row in come:
            upper = self._fading_at(row)
            if upper is None:
                below = [other for other in self._fades if row in self._chain(other)]
                sudden |= {row for _ in below}
            elif not self._fades[upper].refines or row == upper:
                below = [upper]
                sudden.add(upper)
            else:
                below = [upper] if any(row in self._chain(other) for other in self._fades[upper].lower) else []
                sudden |= {row for _ in below}
            for other in below:
                del self._fades[other]
        for row in gone:
            if row in self._fades and not self._fades[row].refines:
                del self._fades[row]
        held = set[int]()
        for row in come:
            upper = self._fading_at(row)
            if upper is not None:
                lower = self._fades[upper].lower
                waits_for = next((up for up in self._chain(row) if up in lower), None)
                if waits_for is None:
                    lower.add(row)  # it came into view: it arrives with the others
                else:
                    held |= {row, waits_for}
        return gone - held, come - held

    def _fading_at(self, row: int) -> int | None:
        """The upper tile of the fade that a tile lies in."""
        return next((up for up in (row, *self._chain(row)) if up in self._fades), None)

    def _below(self, rows: set[int], uppers: set[int]) -> dict[int, set[int]]:
        """By those of `uppers` that are the nearest above any of `rows`: these rows."""
        found: dict[int, set[int]] = {}
        if uppers:
            for row in rows:
                above = next((up for up in self._chain(row) if up in uppers), None)
                if above is not None:
                    found.setdefault(above, set()).add(row)
        return found

    def _chain(self, row: int) -> Iterator[int]:
        """Who is above, the nearest first."""
        parent = self._tree.parent
        row = int(parent[row])
        while row >= 0:
            yield row
            row = int(parent[row])

    def _front(self, upper: int, gone: set[int], on_the_way: set[int]) -> set[int] | None:
        """Tiles on the GPU that cover a tile wholly, also outside of the view, which may turn meanwhile; None where a
        part is not there. on_the_way: whoever is above those that go."""
        tree, found = self._tree, set[int]()
        rows = self._children(upper)
        while rows:
            row = rows.pop()
            if row in gone:
                found.add(row)
            elif row in on_the_way:
                rows += self._children(row)
            elif tree.state[row] == GPU and tree.kind[row] == MODEL:
                found.add(row)
            elif tree.kind[row] != NONE or tree.child_count[row]:
                return None
            if len(found) + len(rows) > FRONT_MAX:
                return None
        return found or None

    def _children(self, row: int) -> list[int]:
        first = int(self._tree.first_child[row])
        return [] if first < 0 else list(range(first, first + int(self._tree.child_count[row])))

    # -- what is drawn -------------------------------------------------------------------------------
    def _drawn(self, now_s: float) -> tuple[I64, U8]:
        codes = dict.fromkeys(self._shown, 0)
        for upper, fade in self._fades.items():
            step = min(int((now_s - fade.start_s) / self._fade_s * FADE_STEPS), FADE_STEPS)
            codes[upper] = (FADE_LEAVES if fade.refines else FADE_ARRIVES) + step
            for row in fade.lower:
                codes[row] = (FADE_ARRIVES if fade.refines else FADE_LEAVES) + step
        rows = _sorted(codes)
        return rows, np.array([codes[row] for row in rows.tolist()], np.uint8)


def _sorted(rows: Iterable[int]) -> I64:
    found = np.fromiter(rows, np.int64)
    found.sort()
    return found
