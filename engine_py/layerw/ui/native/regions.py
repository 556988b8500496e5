"""Where the nine regions of `app.ui` lie: each at its anchor, and none over another.

Owns: `arrange`, which web/page/subsystems/ui/regions.js does alike. Does not: measure.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from layerw.ui.values import ANCHORS

TOPS, MIDDLES, BOTTOMS = ANCHORS[:3], ANCHORS[3:6], ANCHORS[6:]
LEAST = 0.5  # of the height: what would get less is not squeezed


class Place(NamedTuple):
    """From top to bottom where a region lies, and from left to right; pixels."""

    top: float
    bottom: float
    left: float
    right: float

    def crosses(self, other: Place) -> bool:
        """Whether something of both is in one column of pixels."""
        return self.left < other.right - 0.5 and other.left < self.right - 0.5


def arrange(sizes: Mapping[str, tuple[float, float]], width: float, height: float) -> tuple[dict[str, Place], float]:
    """Puts regions of (width, height) pixels by anchor into a picture of `width` x `height` pixels.

    Where all have room each lies at its anchor. Else what is above another pushes it on, what is in the middle goes
    where there is room, and what is too high for that scrolls in itself, as long as it has half of the height. Where
    that is not enough all of it becomes one page, from the top left to the bottom right, that scrolls.

    Returns:
        Their places, and how high all of it is: `height` but for such a page.
    """
    flat = {anchor: _place(anchor, *sizes[anchor], width) for anchor in ANCHORS if anchor in sizes}
    found = _apart(flat, height)
    if found is not None:
        return found, height
    found = {}
    for anchor, one in flat.items():
        top = _end(one, found.values())
        found[anchor] = one._replace(top=top, bottom=top + one.bottom)
    return found, max(one.bottom for one in found.values())


def _place(anchor: str, wide: float, high: float, width: float) -> Place:
    """At the top."""
    left = 0.0 if "left" in anchor else width - wide if "right" in anchor else (width - wide) / 2
    return Place(0.0, high, left, left + wide)


def _end(one: Place, others: Iterable[Place]) -> float:
    """How far those reach down that are above it."""
    return max((other.bottom for other in others if other.crosses(one)), default=0.0)


def _apart(flat: Mapping[str, Place], height: float) -> dict[str, Place] | None:
    """Those at their anchors, moved and squeezed where they must; None where there is no room for that."""
    found: dict[str, Place] = {}
    for anchor in filter(flat.__contains__, BOTTOMS):
        one = flat[anchor]
        bottom = min((other.top for other in found.values() if other.crosses(one)), default=height)
        if bottom < one.bottom and (found or bottom < height * LEAST):
            return None
        found[anchor] = one._replace(top=max(bottom - one.bottom, 0.0), bottom=bottom)
    below = list(found.values())
    above: list[Place] = []
    for anchor in (*TOPS, *MIDDLES):
        if anchor not in flat:
            continue
        one = flat[anchor]
        first = _end(one, above)
        last = min((other.top for other in below if other.crosses(one)), default=height)
        if one.bottom > last - first and last - first < height * LEAST:
            return None
        high = min(one.bottom, last - first)
        top = first if anchor in TOPS else min(max((height - high) / 2, first), last - high)
        found[anchor] = one._replace(top=top, bottom=top + high)
        above.append(found[anchor])
    return found
