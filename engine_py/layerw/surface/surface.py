"""What a program takes from the surface and puts above it: screenshots and panels.

Owns: both, made when a program first asks; a program that never does imports nothing of them. Does not: draw or read.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING

from layerw.base.log import Log
from layerw.base.user_code import UserCode
from layerw.frame.resources import Resources
from layerw.gpu.gen import events as ev
from layerw.gpu.submission import Submission
from layerw.memory.ledger import HardLedger

if TYPE_CHECKING:
    from layerw.memory import LayerMemory
    from layerw.surface.panels import Panels
    from layerw.surface.screenshots import Screenshots


class Surface:
    """The canvas as a whole. `memory()` opens Layer memory, which both need."""

    def __init__(self, resources: Resources, submission: Submission, log: Log, user: UserCode,
                 ledgers: tuple[HardLedger, HardLedger], memory: Callable[[], LayerMemory]) -> None:  # fmt: skip
        self._resources, self._submission, self._log, self._user = resources, submission, log, user
        self._heap_ledger, self._layer_ledger = ledgers
        self._memory = memory

    @cached_property
    def screenshots(self) -> Screenshots:
        """Those on their way."""
        from layerw.surface.screenshots import Screenshots

        return Screenshots(self._resources, self._submission, self._log, (self._heap_ledger, self._layer_ledger),
                           self._memory, self._user.call)  # fmt: skip

    @cached_property
    def panels(self) -> Panels:
        """Those above the canvas."""
        from layerw.surface.panels import Panels

        return Panels(self._memory(), self._layer_ledger)

    # -- called by the frame -----------------------------------------------------------------------

    def receive(self, event: ev.ReadbackDone | ev.ReadbackSaved | ev.ReadbackFailed) -> None:
        """What became of a readback."""
        self.screenshots.receive(event)

    def claim_room(self) -> None:
        """Before content plans."""
        if "screenshots" in self.__dict__:
            self.screenshots.step()

    def take_screenshots(self, size: tuple[int, int]) -> None:
        """Between the draws and the frame's end."""
        if "screenshots" in self.__dict__:
            self.screenshots.encode(size)

    def show_panels(self) -> None:
        """Right before the submit."""
        if "panels" in self.__dict__:
            self.panels.encode(self._submission.encoder, self._user.show_exception)

    def close(self) -> None:
        """Takes every panel away."""
        if "panels" in self.__dict__:
            self.panels.close_all()
