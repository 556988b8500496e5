"""Panels above the canvas: pixels that lie in Layer memory, where kernels draw them.

Owns: the blocks, and which panels a frame shows or hides. The page reads the pixels during the submit, from a view on
the memory itself where it is not shared; shared memory is copied first, because browsers' ImageData refuses it.
Does not draw, and is no part of the 3D picture: app.screenshot leaves it out.
Limits: sides of 1 to SIDE_MAX pixels; PANELS_MAX at once.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from layerw.base import checks
from layerw.base.errors import BudgetError, HandleError, ShapeError
from layerw.base.settings import fixed_attributes
from layerw.gpu.gen.encoder import Encoder
from layerw.memory.layer import Block, LayerMemory
from layerw.memory.ledger import HardLedger

SIDE_MAX = 4096
PANELS_MAX = 64
PAGE_BYTES_PER_PX = 4 * 4  # what the browser holds: a canvas, a copy of shared memory, a bitmap on its way, one shown
Pixels = npt.NDArray[np.uint8]


@fixed_attributes
class Panel:
    """Pixels that the page shows above the canvas. Write them, or let a kernel draw at `address`; then `show()`.

    `left`, `top` (CSS pixels; below 0: from the right and lower edge), `scale` (CSS pixels a pixel) and `smooth` may
    change at any time; they hold from the next `show()` on.
    """

    def __init__(self, owner: Panels, number: int, block: Block, width: int, height: int, left: float, top: float,
                 scale: float, smooth: bool) -> None:  # fmt: skip
        self.width, self.height = width, height
        self.left, self.top, self.scale, self.smooth = left, top, scale, smooth
        self._owner, self._number = owner, number
        self._block: Block | None = block

    @property
    def block(self) -> Block:
        """Its pixels' block of Layer memory: RGBA8, sRGB, upper row first, tight."""
        if self._block is None:
            raise HandleError("The panel is closed; make a new one with app.panel(...).")
        return self._block

    @property
    def address(self) -> int:
        """Where its pixels are now, for kernels; ask again in each frame."""
        return self.block.address

    def write(self, pixels: npt.ArrayLike) -> None:
        """Copies (height, width, 4) or (height, width, 3) uint8 pixels in; without alpha they are opaque."""
        data = checked_pixels(pixels, f"({self.height}, {self.width}, 4 or 3)")
        if data.shape[:2] != (self.height, self.width):
            raise ShapeError(f"Pixels of shape {data.shape} were given; this panel takes ({self.height}, "
                             f"{self.width}, 4 or 3) uint8.")  # fmt: skip
        if data.shape[2] == 3:
            data = np.concatenate((data, np.full((self.height, self.width, 1), 255, np.uint8)), axis=2)
        self.block.write(np.ascontiguousarray(data))

    def read(self) -> Pixels:
        """A copy of its pixels, (height, width, 4) uint8."""
        return self.block.read().reshape(self.height, self.width, 4)

    def show(self) -> None:
        """Shows what its pixels are at the end of this frame."""
        self.block  # noqa: B018  raises when it is closed
        self._owner.changed[self._number] = self

    def hide(self) -> None:
        """Takes it off the page; `show()` brings it back."""
        self.block  # noqa: B018
        self._owner.changed[self._number] = None

    def close(self) -> None:
        """Takes it off the page and frees its memory; a second call does nothing."""
        if self._block is not None:
            self._owner.close(self._number, self._block)
            self._block = None


class Panels:
    """All of one app."""

    def __init__(self, memory: LayerMemory, layer_ledger: HardLedger) -> None:
        self.changed: dict[int, Panel | None] = {}  # this frame, by number; None: hide
        self._memory, self._ledger = memory, layer_ledger
        self._live: dict[int, Panel] = {}
        self._number = 0

    def create(self, width: int, height: int, *, left: float, top: float, scale: float, smooth: bool) -> Panel:
        """See App.panel."""
        width = checks.whole("Panel width", width, 1, SIDE_MAX)
        height = checks.whole("Panel height", height, 1, SIDE_MAX)
        left, top = checks.number("Panel left", left), checks.number("Panel top", top)
        scale = checks.number("Panel scale", scale, 0, SIDE_MAX, above=True)
        smooth = checks.flag("Panel smooth", smooth)
        if len(self._live) >= PANELS_MAX:
            raise BudgetError(f"{PANELS_MAX} panels are open, which is the limit; close() one.")
        pixels = int(width) * int(height)
        self._ledger.reserve(pixels * PAGE_BYTES_PER_PX, f"A panel of {width} x {height} pixels in the page")
        try:
            block = self._memory.alloc(pixels * 4, region="texture", tier="visible")
        except Exception:
            self._ledger.release(pixels * PAGE_BYTES_PER_PX)
            raise
        block.write(np.zeros(pixels * 4, np.uint8))
        self._number += 1
        made = Panel(self, self._number, block, int(width), int(height), left, top, scale, smooth)
        self._live[self._number] = made
        return made

    def show(self, pixels: npt.ArrayLike, *, left: float, top: float, scale: float, smooth: bool) -> Panel:
        """See App.show_image."""
        data = checked_pixels(pixels, "(height, width, 4 or 3)")
        made = self.create(data.shape[1], data.shape[0], left=left, top=top, scale=scale, smooth=smooth)
        made.write(data)
        made.show()
        return made

    def close(self, number: int, block: Block) -> None:
        """Called by the panel."""
        del self._live[number]
        self.changed[number] = None
        block.free()
        self._ledger.release(block.size_bytes // 4 * PAGE_BYTES_PER_PX)

    def close_all(self) -> None:
        """Every panel goes."""
        for panel in list(self._live.values()):
            panel.close()

    def encode(self, encoder: Encoder, show_exception: Callable[[BaseException], Any]) -> None:
        """The commands of this frame."""
        for number, panel in self.changed.items():
            if panel is None:
                encoder.panel_hide(number)
                continue
            try:
                encoder.panel_show(number, panel.address, panel.width, panel.height, panel.left, panel.top,
                                   panel.scale, int(panel.smooth))  # fmt: skip
            except Exception as error:  # a place that is no number, a block that was freed
                show_exception(error)
        self.changed.clear()


def checked_pixels(pixels: npt.ArrayLike, wanted: str) -> Pixels:
    """Pixels with three axes and 3 or 4 channels; raises ShapeError."""
    data = checks.as_array(pixels)
    if data.ndim != 3 or data.shape[2] not in (3, 4) or data.dtype != np.uint8:
        raise ShapeError(f"Pixels of shape {data.shape} and dtype {data.dtype} were given; give {wanted} uint8.")
    return data
