"""Render targets within the GPU budget.

Owns: the size that is drawn at. Where the canvas's own size does not fit, a smaller one with the same shape is
drawn and the browser scales it up. Never more than is reserved: backends make targets only when they are told a size.
What targets take follows from the rows of gpu/passes.py. Limits: content keeps a quarter of the budget; a start needs
room for SCALE_MIN of each side.
"""

from __future__ import annotations

from collections.abc import Callable

from layerw.base.log import Log
from layerw.frame.resources import Resources
from layerw.frame.shadow_atlas import LAYOUTS, NO_ATLAS
from layerw.gpu import target_bytes as sizes
from layerw.gpu.passes import TARGETS, flag
from layerw.gpu.submission import Submission
from layerw.gpu.target_bytes import SizedView

UNIFORM_BYTES = 64 * 1024  # of views, also those of single pixels (pointing/drawn.py) with their texels
AIR_BYTES = sum(sizes.kept_bytes(target) for target in TARGETS if target.name.startswith("air"))
# The smallest shadow atlas, the air, uniforms.
FIXED_BYTES = sizes.atlas_bytes(LAYOUTS["low"].size) + AIR_BYTES + UNIFORM_BYTES
SCALE_MIN = 1 / 8
SHARE_MAX = 0.75  # of the budget without FIXED_BYTES
RETRY_FRAMES = 30
SCALE_STEPS = 20  # of the search for the largest scale
SizedViews = Callable[[tuple[int, int]], dict[int, SizedView]]  # of a picture of some size, by view


def plain_views(picture: tuple[int, int]) -> dict[int, SizedView]:
    """The main view as it is unless a program says otherwise."""
    return {0: SizedView(flag("shadows") | flag("ambient") | flag("clouds"), *picture)}


def target_bytes(width: int, height: int, views: SizedViews = plain_views,
                 atlas: tuple[int, int] = LAYOUTS["low"].size) -> int:  # fmt: skip
    """What a backend's render targets take for a picture of this size, with what it always has."""
    return sizes.target_bytes((width, height), list(views((width, height)).values()), atlas) + UNIFORM_BYTES


def scaled(width: int, height: int, scale: float) -> tuple[int, int]:
    """The size with each side times `scale`, at least one pixel."""
    return max(int(width * scale), 1), max(int(height * scale), 1)


class RenderTargets:
    """`resize` when the canvas changed, `step` once a frame."""

    def __init__(self, resources: Resources, submission: Submission, log: Log, views: SizedViews,
                 start: tuple[int, int], atlas: Callable[[], tuple[int, int]]) -> None:  # fmt: skip
        """Reserves the smallest targets for a canvas of the size `start`; raises BudgetError.

        views: what is drawn into a picture of a size; where that changes, the picture makes room. atlas: how large the
        shadow atlas is to be.
        """
        self.size = (1, 1)  # what is drawn
        self.atlas = NO_ATLAS  # of shadows, what the GPU has
        self._atlas = atlas
        self._canvas = (1, 1)
        self._page_ratio = 1.0
        self._views = views
        self._fitted: dict[int, SizedView] = {}
        self._key: object = None  # of the views, as they were fitted
        self._resources, self._submission, self._log = resources, submission, log
        self._ledger = resources.store.ledger
        self._frames = 0
        width, height = scaled(*start, SCALE_MIN)
        resources.charge("targets", self._bytes(width, height),
                         f"The smallest render targets for this canvas ({width} x {height} pixels)")  # fmt: skip

    @property
    def is_reduced(self) -> bool:
        """Whether less than the canvas's own pixels are drawn."""
        return self.size != self._canvas

    @property
    def pixel_ratio(self) -> float:
        """Pixels of the picture a pixel of the page."""
        return self._page_ratio * self.size[0] / self._canvas[0]

    def resize(self, width: int, height: int, page_ratio: float = 1.0) -> None:
        """The canvas has this size in device pixels now, and so many of them make a pixel of the page."""
        self._page_ratio = page_ratio if page_ratio > 0 else 1.0
        self._canvas = (max(width, 1), max(height, 1))
        self._fit(self._bytes(1, 1))
        if self.is_reduced:
            needed = self._bytes(*self._canvas)
            self._log.warning(
                f"Render targets of {width} x {height} pixels take {needed} bytes, but the GPU budget of "
                f"{self._ledger.budget_bytes} has {self._room_bytes()} for them; {self.size[0]} x {self.size[1]} "
                f"pixels are drawn and scaled up; raise gpu_mib.")  # fmt: skip

    def device_lost(self) -> None:
        """The new device, which may be another API's, is told the sizes that are paid."""
        self._submission.encoder.targets(*self.size)
        if self.atlas != NO_ATLAS:
            self._submission.encoder.shadow_atlas(*self.atlas)

    def paid_flags(self, view: int) -> int:
        """Flags of a view whose targets are reserved: what is turned on in a frame is drawn from the next one on."""
        return self._fitted[view].flags if view in self._fitted else flag("shadows")

    def drawn(self, view: int, shown: tuple[int, int]) -> tuple[int, int]:
        """How many pixels of a view are drawn that is shown in a size, by what is reserved."""
        fitted = self._fitted.get(view)
        if fitted is None or fitted.drawn is None:
            return shown
        if shown == (fitted.width, fitted.height):
            return fitted.drawn
        return scaled(*shown, min(fitted.drawn[0] / fitted.width, fitted.drawn[1] / fitted.height))

    def is_paid(self, view: int) -> bool:
        """Whether a view's targets are reserved."""
        return view in self._fitted

    def refit(self) -> None:
        """The views changed: what they need is reserved now, with a smaller picture if need be; raises BudgetError."""
        if self._fitted:
            self._fit(0)

    def step(self, key: object) -> None:
        """While reduced: asks what is streamed to make room, and grows once there is some. `key`: equal while what the
        views need is the same."""
        self._frames += 1
        if key != self._key:
            if self._fitted and (self._views(self._canvas) != self._fitted or self._atlas() != self.atlas):
                self._fit(0)
            self._key = key
        if not self.is_reduced:
            self._ledger.claimed_bytes = 0
            return
        wanted = min(self._bytes(*self._canvas), self._share_bytes()) - self._bytes(*self.size)
        self._ledger.claimed_bytes = max(wanted, 0)
        if self._frames % RETRY_FRAMES == 0:
            self._fit(self._bytes(*self.size) * 9 // 8)

    def _bytes(self, width: int, height: int) -> int:
        return target_bytes(width, height, self._views, self._atlas())

    def _share_bytes(self) -> int:
        return FIXED_BYTES + int(SHARE_MAX * max(self._ledger.budget_bytes - FIXED_BYTES, 0))

    def _room_bytes(self) -> int:
        left = min(self._ledger.left_bytes, self._resources.store.committed.left_bytes)
        return min(left + self._resources.charged("targets"), self._share_bytes())

    def _fit(self, least_bytes: int) -> None:
        """Takes the largest size that fits; nothing changes where that would be less than `least_bytes`."""
        width, height = self._canvas
        size = scaled(width, height, self._largest_scale(self._room_bytes()))
        needed = self._bytes(*size)
        if needed < least_bytes or (size == self.size and needed == self._resources.charged("targets")):
            self._fitted = self._views(self._canvas)
            if needed == self._resources.charged("targets"):
                self._tell_atlas()
            return
        self._resources.charge("targets", needed, f"Render targets of {size[0]} x {size[1]} pixels")
        self._fitted = self._views(self._canvas)
        if size != self.size:
            self.size = size
            self._submission.encoder.targets(*size)
        self._tell_atlas()

    def _tell_atlas(self) -> None:
        """It is paid."""
        if self._atlas() != self.atlas:
            self.atlas = self._atlas()
            self._submission.encoder.shadow_atlas(*self.atlas)

    def _largest_scale(self, room_bytes: int) -> float:
        """The largest scale of the canvas whose targets fit."""
        if self._bytes(*self._canvas) <= room_bytes:
            return 1.0
        low, high = 0.0, 1.0
        for _ in range(SCALE_STEPS):
            middle = (low + high) / 2
            fits = self._bytes(*scaled(*self._canvas, middle)) <= room_bytes
            low, high = (middle, high) if fits else (low, middle)
        return low
