"""What a program takes from the surface and puts above it: screenshots and pictures (wiring layer: App is one).

Owns: both, made when a program first asks; a program that never does imports nothing of them. Does not: draw or read.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from os import PathLike
from typing import TYPE_CHECKING, Any

import numpy.typing as npt

from layerw.base.log import Log
from layerw.gpu.gen import events as ev
from layerw.gpu.submission import Submission
from layerw.memory.ledger import HardLedger
from layerw.resources import Resources
from layerw.user_code import UserCode

if TYPE_CHECKING:
    from layerw.memory import LayerMemory
    from layerw.pictures import Picture, Pictures
    from layerw.screenshots import Screenshot, Screenshots


class Surface:
    """The part of App that is about the canvas as a whole."""

    heap_ledger: HardLedger
    layer_ledger: HardLedger
    log: Log
    resources: Resources
    submission: Submission
    user: UserCode

    @cached_property
    def memory(self) -> LayerMemory:
        """See App.memory."""
        raise NotImplementedError

    @cached_property
    def screenshots(self) -> Screenshots:
        """Those on their way; a program says `screenshot`."""
        from layerw.screenshots import Screenshots

        return Screenshots(self.resources, self.submission, self.log, (self.heap_ledger, self.layer_ledger),
                           lambda: self.memory, lambda *values: self.user.call(*values))  # fmt: skip

    @cached_property
    def pictures(self) -> Pictures:
        """Those above the canvas; a program says `picture` or `show_image`."""
        from layerw.pictures import Pictures

        return Pictures(self.memory, self.layer_ledger)

    def screenshot(self, to: str | PathLike[str] | Callable[[Screenshot], Any] | None = None) -> Screenshot:
        """The next picture that is drawn, some frames later: nothing waits for it. The first one opens `memory`.

        Args:
            to: a path that ends with .png: the page offers the file as a download, `layerw shot` writes it. Or a
                function, called with the Screenshot once its `pixels` are there. Or nothing: look at its `ready`.
        """
        return self.screenshots.take(to)

    def picture(self, width: int, height: int, *, left: float = 0.0, top: float = 0.0, scale: float = 1.0,
                smooth: bool = False) -> Picture:  # fmt: skip
        """Pixels in Layer memory, for kernels to draw, which `show()` shows above the canvas.

        Args:
            width, height: pixels, 1 to 4096.
            left, top: CSS pixels from the canvas's upper left; below 0: from its right and lower edge.
            scale: CSS pixels a pixel.
            smooth: blend them when scaled.

        Raises:
            BudgetError, OutOfBudget: the layer budget or Layer memory has no room.
        """
        return self.pictures.create(width, height, left=left, top=top, scale=scale, smooth=smooth)

    def show_image(self, pixels: npt.ArrayLike, *, left: float = 0.0, top: float = 0.0, scale: float = 1.0,
                   smooth: bool = False) -> Picture:  # fmt: skip
        """Shows (height, width, 4 or 3) uint8 sRGB pixels above the canvas; the Picture takes new ones: `write`."""
        return self.pictures.show(pixels, left=left, top=top, scale=scale, smooth=smooth)

    # -- called by the frame -----------------------------------------------------------------------

    def _readback_event(self, event: ev.ReadbackDone | ev.ReadbackSaved | ev.ReadbackFailed) -> None:
        self.screenshots.receive(event)

    def _claim_room(self) -> None:
        """Before content plans."""
        if "screenshots" in self.__dict__:
            self.screenshots.step()

    def _take_screenshots(self, size: tuple[int, int]) -> None:
        """Between the draws and the frame's end."""
        if "screenshots" in self.__dict__:
            self.screenshots.encode(size)

    def _show_pictures(self) -> None:
        """Right before the submit."""
        if "pictures" in self.__dict__:
            self.pictures.encode(self.submission.encoder, self.user.show_exception)

    def _close_pictures(self) -> None:
        if "pictures" in self.__dict__:
            self.pictures.close_all()
