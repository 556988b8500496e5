"""How much of light and air is drawn: `app.quality`.

Owns: TIERS, one row a tier, a column for each thing that costs GPU time; and the choice among them by measured GPU
time. What a tier leaves out is left out as a whole (its pass does not run, its target is not there); nothing else in
the engine asks how fast the machine is. Adding something: a column, with a value a tier.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from layerw.base import checks

CHOICES = ("low", "medium", "high", "auto")
FRAME_MS = 1000 / 60
SLOW_SHARE = 0.85  # of a frame; what the GPU takes beyond it for DOWN_S is too much
SPARE_SHARE = 0.4  # below it for UP_S there is room for more
DOWN_S, UP_S = 2.0, 8.0
PATIENCE_MAX_S = 240.0  # a tier that was too slow is tried again at last after so long


class Tier(NamedTuple):
    """One row."""

    name: str
    mirror: bool  # what water mirrors beside the sky
    glass: bool  # what is behind it is bent, tinted and blurred
    ambient: bool  # what hides the sky's light, and contact shadows: frame/view.py
    air_steps: int  # of a line of sight through the air
    cloud_steps: int  # and through clouds
    shaft_steps: int  # of a line of sight through fog with shadows in it; 0: there are none
    scale: float  # share of the main view's sides that is drawn, where a program has not chosen: frame/views.py


TIERS = (Tier("low", mirror=False, glass=False, ambient=False, air_steps=16, cloud_steps=4, shaft_steps=0,
              scale=0.67),
         Tier("medium", mirror=True, glass=True, ambient=True, air_steps=24, cloud_steps=8, shaft_steps=12,
              scale=1.0),
         Tier("high", mirror=True, glass=True, ambient=True, air_steps=32, cloud_steps=14, shaft_steps=24,
              scale=1.0))
MEDIUM = 1


class Quality:
    """`app.quality`, and the tier that is drawn now.

    `auto` begins at medium and follows what the GPU takes: down after 2 s without room, up after 8 s with plenty; after
    each step down it waits twice as long before the next one up. Without timers it stays as it is.
    """

    def __init__(self, wanted: object = None) -> None:
        """wanted: of CHOICES, as the page says; None = auto."""
        self.wanted = "auto"
        self._index = MEDIUM
        self._since_s: float | None = None  # when the GPU began to be too slow, or to have room
        self._is_slow = False
        self._patience_s = UP_S
        if wanted is not None:
            self.choose(wanted)

    @property
    def tier(self) -> Tier:
        """What is drawn now."""
        return TIERS[self._index]

    def choose(self, wanted: object) -> None:
        """Takes one of CHOICES, from the next frame on."""
        self.wanted = checks.one_of("app.quality", wanted, CHOICES)
        if self.wanted != "auto":
            self._index = CHOICES.index(self.wanted)
        self._since_s, self._patience_s = None, UP_S

    def measured(self, gpu_ms: Iterable[float], time_s: float) -> None:
        """What the passes that are drawn now took lately; follows it where that was asked for."""
        if self.wanted != "auto":
            return
        share = sum(gpu_ms) / FRAME_MS
        is_slow = share > SLOW_SHARE
        if not is_slow and share > SPARE_SHARE:
            self._since_s = None
            return
        if self._since_s is None or is_slow is not self._is_slow:
            self._since_s, self._is_slow = time_s, is_slow
        elif is_slow and time_s - self._since_s >= DOWN_S and self._index > 0:
            self._index -= 1
            self._since_s, self._patience_s = None, min(self._patience_s * 2, PATIENCE_MAX_S)
        elif not is_slow and time_s - self._since_s >= self._patience_s and self._index < len(TIERS) - 1:
            self._index += 1
            self._since_s = None
