"""What labels need of the engine: glyphs on the GPU, elements, a place among the drawings.

Owns: the texture of glyphs, and which characters were told to be missing.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy.typing as npt

from layerw.base.log import Log
from layerw.drawing.elements import Drawing, Elements, Style
from layerw.drawing.glyphs import Glyphs

Make = Callable[[npt.NDArray[Any], Style, float], Elements]


class Labelling:
    """make: elements of a style. keep: brings a label up to date and ends it. own: the scene that is on ends it."""

    def __init__(self, make: Make, keep: Callable[[Drawing], None], log: Log) -> None:
        self.glyphs = Glyphs()
        self.elements, self.keep = make, keep
        self._log = log
        self._told: set[str] = set()

    def tell_missing(self, characters: set[str]) -> None:
        """Warns of characters that the font has not, once each."""
        new = sorted(characters - self._told)
        if new:
            self._told |= characters
            shown = " ".join(f"{one!r} (U+{ord(one):04X})" for one in new[:8])
            more = f" and {len(new) - 8} more" if len(new) > 8 else ""
            self._log.warning(f"The font of lw.Label has no {shown}{more}; a mark stands there. app.ui.text has every "
                              "letter that the browser has.")  # fmt: skip
