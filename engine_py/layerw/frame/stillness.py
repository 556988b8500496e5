"""Whether a view's frame shows the same as its last one, so that temporal antialiasing may take the mean of many.

Owns: what was drawn last, by view. Anything that it can't rule out counts as motion: a resource that was written, a
light or a row that was sent, materials that sway, waves, particles, a program's own shader. Clouds drift slowly enough.
"""

from __future__ import annotations

import numpy as np

from layerw.base.ports import U32
from layerw.gpu.store import Store
from layerw.gpu.submission import Submission
from layerw.visibility.draws import LISTS, VisibleSet


class Stillness:
    """`begin` before the frame's own commands, `of` for each view that asks."""

    def __init__(self, submission: Submission, store: Store) -> None:
        self._submission, self._store = submission, store
        self._last: dict[int, tuple[U32, ...]] = {}
        self._has_written = True  # to a resource, in this frame
        self._moves = True  # whether a material does by itself

    def begin(self) -> None:
        """All resource commands of the frame are encoded."""
        self._has_written = self._submission.encoder.address_and_words()[1] > 0
        if self._has_written:
            descs = (record.desc for record in self._store.materials.values())
            self._moves = any(desc.wind or desc.shader or desc.kind == "water" for desc in descs)

    def of(self, view: int, found: VisibleSet) -> bool:
        """Whether this view draws what it drew when it was asked last."""
        shown = (found.rows, found.still, *(getattr(found, name) for name in LISTS))
        last = self._last.get(view)
        same = last is not None and all(map(np.array_equal, shown, last))
        if not same:
            self._last[view] = tuple(part.copy() for part in shown)
        return same and not (self._has_written or self._moves or self._submission.rows_uploaded or len(found.step))
