"""What an output is told each frame: the page's graph (web/page/subsystems/audio-graph.js) or the mixer.

Owns: their form. A slot is a voice's row; when it is told again, the voice before plays to its end.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt


class Start(NamedTuple):
    """A voice begins to be heard; seconds: where in the sound; left, right: how loud it is at once."""

    slot: int
    sound: int
    seconds: float
    loop: bool
    rate: float
    bus: int
    left: float
    right: float
    muffled: float  # 0 to 1, how dull; -1: it never will be
    around: bool = False  # whether the output places it around the head, by `Orders.around`


class Stop(NamedTuple):
    """It is heard no more, after `fade` seconds."""

    slot: int
    fade: float


class Orders(NamedTuple):
    """What an output is told in one frame; levels: (n, 5) float32: slot, left, right, rate, muffled. around: (n, 4):
    slot, and where it is of the head, at most 1 long: right, up, back; None: nothing is placed so."""

    stops: list[Stop]
    starts: list[Start]
    levels: npt.NDArray[np.float32]
    around: npt.NDArray[np.float32] | None = None
