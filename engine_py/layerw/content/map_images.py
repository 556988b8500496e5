"""Images of a map on their way and on the GPU: who is wanted, what stands in for what is not there.

Owns: shares in images (shared.py) by level, column and row. An image that is missing or wrong is not asked for again
while it, or a finer one that lies in it, is wanted; the coarser one that holds it is, and is shown in its place.
Limits: BEGUN_MAX on their way at a time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from layerw.base.healing import Failure
from layerw.base.ports import ImageFile
from layerw.content.shared import Lease, SharedLoader
from layerw.gpu.spec import SAMPLER_CLAMP_S, SAMPLER_CLAMP_T
from layerw.stream.maps import Key, Template
from layerw.stream.retry import Messages

BEGUN_MAX = 12
SIDE_MAX = 512  # texels; larger images are scaled down to it
PRIORITY = 1.5e6  # after tiles that are seen, before those that are not
GUESS_BYTES = 350_000  # of 256 x 256 texels with their levels
_USE = ImageFile(True, SAMPLER_CLAMP_S | SAMPLER_CLAMP_T)


class Shown(NamedTuple):
    """A texture, 0 = none, and where in it an image lies: uv = place in the image * size + (left, top)."""

    texture: int = 0
    size: float = 1.0
    left: float = 0.0
    top: float = 0.0


class MapImages:
    """`want` whenever what is wanted changes, `step` once a frame."""

    def __init__(self, template: Template, lowest: int, loader: Callable[[], SharedLoader], messages: Messages) -> None:
        self._template, self._lowest = template, lowest
        self._loader, self._messages = loader, messages
        self._leases: dict[Key, Lease] = {}
        self._ready: dict[Key, int] = {}  # textures
        self._missing: set[Key] = set()
        self._unreached: set[Key] = set()
        self._leaving: list[Lease] = []
        self._waiting: list[Key] = []  # wanted and not begun, coarse ones first
        self.largest_bytes = GUESS_BYTES

    @property
    def gpu_bytes(self) -> int:
        """Charged to the GPU ledger now."""
        return sum(lease.gpu_bytes for lease in self._leases.values())

    @property
    def counts(self) -> tuple[int, int, int]:
        """How many are shown, are on their way or wait for that, and are not there."""
        return len(self._ready), len(self._waiting) + len(self._leases) - len(self._ready), len(self._missing)

    @property
    def settled(self) -> bool:
        """Whether nothing that is worth waiting for is on its way."""
        if self._waiting or len(self._ready) == len(self._leases):
            return not self._waiting
        coming = (lease for key, lease in self._leases.items() if key not in self._ready)
        return all(lease.state == "failed" and not lease.heals_soon for lease in coming)

    def want(self, keys: Iterable[Key]) -> None:
        """These from now on, and what stands in for those of them that are missing; all others go with `sweep`."""
        keys = list(keys)
        if self._missing:
            self._missing &= {found for key in keys for found in self._and_coarser(key)}
        wanted = dict.fromkeys(found for key in keys if (found := self._there(key)) is not None)
        for key in [key for key in self._leases if key not in wanted]:
            self._leaving.append(self._leases.pop(key))
            self._ready.pop(key, None)
            self._unreached.discard(key)
        self._waiting = sorted(key for key in wanted if key not in self._leases)

    def sweep(self) -> None:
        """Nothing shows what is not wanted any more."""
        for lease in self._leaving:
            lease.release()
        self._leaving.clear()

    def _there(self, key: Key) -> Key | None:
        """The image, or the nearest coarser one that is not known to be missing."""
        return next((found for found in self._and_coarser(key) if found not in self._missing), None)

    def _and_coarser(self, key: Key) -> Iterator[Key]:
        level, column, row = key
        for up in range(level - self._lowest + 1):
            yield level - up, column >> up, row >> up

    def step(self, now_s: float) -> bool:
        """Go on with what is on its way; whether anything came or failed."""
        begun = len(self._leases) - len(self._ready) - len(self._unreached)
        while self._waiting and begun < BEGUN_MAX:
            lease = self._loader().try_open(self._template.address(self._waiting[0]), priority=PRIORITY,
                                            max_texture_side=SIDE_MAX, image=_USE)  # fmt: skip
            if lease is None:
                break
            self._leases[self._waiting.pop(0)] = lease
            begun += 1
        before = len(self._ready), len(self._missing)
        if len(self._ready) < len(self._leases):
            for key, lease in list(self._leases.items()):
                if key not in self._ready:
                    lease.step()
                    self._look(key, lease, now_s)
        return before != (len(self._ready), len(self._missing))

    def _look(self, key: Key, lease: Lease, now_s: float) -> None:
        if lease.state == "ready":
            self._ready[key] = lease.picture[0]
            self._unreached.discard(key)
            self.largest_bytes = max(self.largest_bytes, lease.gpu_bytes)
        elif lease.failure == Failure.UNREACHABLE:
            if key not in self._unreached:
                self._unreached.add(key)
                self._messages.tell(lease.failure, self._template.address(key), lease.error, now_s)
        elif lease.failure != Failure.NONE:
            self._messages.tell(lease.failure, self._template.address(key), lease.error, now_s)
            self._missing.add(key)
            self._leases.pop(key).release()

    def shown(self, key: Key | None) -> Shown:
        """What is drawn of an image: itself, or the nearest coarser one that is there."""
        if key is None:
            return Shown()
        _, column, row = key
        for up, found in enumerate(self._and_coarser(key)):
            texture = self._ready.get(found)
            if texture:
                size = 0.5**up
                mask = (1 << up) - 1
                return Shown(texture, size, (column & mask) * size, (row & mask) * size)
        return Shown()

    def release(self) -> None:
        """Let go of all, in any state; what is missing is asked for anew then."""
        self.sweep()
        for lease in self._leases.values():
            lease.release()
        self._leases.clear()
        self._ready.clear()
        self._missing.clear()
        self._unreached.clear()
        self._waiting = []
