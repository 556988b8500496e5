"""app.environment: a picture of light on its way, and what it takes once it is here.

Owns: the fetch and the work on its rows (a few milliseconds a frame) wherever one is made, here or by a group of files,
and the texture of the one that is shown. Decodes nothing itself
(assets/panoramas.py). The one before is shown until the next is here.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from itertools import count

from layerw.assets.panoramas import F16, Picture, kept_size, of_array, open_picture, panorama, small
from layerw.base.errors import LayerwError
from layerw.base.log import Log
from layerw.base.ports import Ledger, Transfers
from layerw.base.settings import Changes
from layerw.base.user_code import UserCode
from layerw.gpu import spec
from layerw.gpu.store import Store
from layerw.memory.ledger import HardLedger
from layerw.scene.environment import Environment as Settings
from layerw.scene.surroundings import Environment, Surroundings
from layerw.stream.files import FileFetch

PRIORITY = 1.0e6  # as models
FILE_BYTES_MAX = 256 * 1024 * 1024
STEP_S = 0.006  # of a frame, for rows
SAMPLER = spec.SAMPLER_CLAMP_T


class Making:
    """One on its way; `close` gives back what it took."""

    def __init__(self, environment: Environment, transfers: Transfers, layer_ledger: Ledger, heap_ledger: HardLedger,
                 priority: float = PRIORITY) -> None:  # fmt: skip
        self._environment, self._heap_ledger = environment, heap_ledger
        self._file: FileFetch | None = None
        self._work: Iterator[F16 | None] | None = None
        self._reserved = 0
        if environment._url:
            self._file = FileFetch(environment._url, transfers=transfers, ledger=layer_ledger, priority=priority,
                                   bytes_max=FILE_BYTES_MAX, flags=spec.FETCH_PATIENT)  # fmt: skip

    def step(self) -> F16 | None:
        """Once a frame; the panorama once it is made. Raises LayerwError, MemoryError."""
        if self._work is None and self._file is not None:
            self._file.step()
            if self._file.state == "failed":
                raise LayerwError(self._file.error)
            if self._file.state == "ready":
                data = self._file.payload
                self._file.release()
                self._begin(open_picture(data), len(data))
        elif self._work is None and self._environment._pixels is not None:
            self._begin(of_array(self._environment._pixels), 0)
        elif self._work is not None:
            end = time.perf_counter() + STEP_S
            for found in self._work:
                if found is not None or time.perf_counter() >= end:
                    return found
        return None

    def _begin(self, picture: Picture, file_bytes: int) -> None:
        width, height = kept_size(picture)
        needed = file_bytes + width * height * (12 + 8)
        self._heap_ledger.reserve(needed, "Reading a picture of light")
        self._reserved = needed
        self._work = panorama(picture)

    def close(self) -> None:
        """Once or more."""
        if self._file is not None:
            self._file.release()
        self._file = self._work = None
        if self._reserved:
            self._heap_ledger.release(self._reserved)
            self._reserved = 0


def reason_of(error: Exception) -> str:
    """Why one could not be made."""
    if isinstance(error, (LayerwError, MemoryError)):
        return str(error) or "There is no memory for it."
    return f"layerw could not read it ({error!r})."


class Showing:
    """`show` when the program sets another, `step` once a frame."""

    def __init__(self, transfers: Transfers, layer_ledger: Ledger, heap_ledger: HardLedger, store: Store,
                 settings: Settings, user: UserCode, log: Log) -> None:  # fmt: skip
        self.wanted: Environment | None = None
        self._transfers, self._layer_ledger, self._heap_ledger = transfers, layer_ledger, heap_ledger
        self._store, self._settings, self._user, self._log = store, settings, user, log
        self._making: Making | None = None
        self._numbers = count(1)

    def show(self, environment: Environment | None) -> None:
        """From now on; None: the sky."""
        if environment is self.wanted and (environment is None or environment.state != "failed"):
            return
        self._stop()
        self.wanted = environment
        if environment is None:
            self._hide()
            return
        environment._outcomes.call = self._user.call
        environment._turn("loading")

    @property
    def settled(self) -> bool:
        """Whether none is on its way."""
        return self.wanted is None or self.wanted.state != "loading"

    def step(self) -> None:
        """Whatever goes wrong is the picture's own."""
        environment = self.wanted
        if environment is None or environment.state != "loading":
            return
        try:
            made = environment._made  # by a group
            if made is None and self._making is None:
                self._making = Making(environment, self._transfers, self._layer_ledger, self._heap_ledger)
            elif made is None and self._making is not None:
                made = self._making.step()
            if made is not None:
                self._finish(environment, made)
        except Exception as error:
            self._fail(environment, reason_of(error))

    def _finish(self, environment: Environment, pixels: F16) -> None:
        self._stop()
        texture = self._store.create_texture(pixels, srgb=False, sampler=SAMPLER)
        self._hide()
        self._settings._surroundings = Surroundings(environment, small(pixels), texture, next(self._numbers))
        Changes.count += 1  # the frame's uniforms follow
        environment._turn("ready")

    def _fail(self, environment: Environment, reason: str) -> None:
        self._stop()
        text = reason if environment._called[:16] in reason else f"{environment._called}: {reason}"
        self._log.error(f"The environment {text}")
        environment._turn("failed", text)

    def _stop(self) -> None:
        if self._making is not None:
            self._making.close()
            self._making = None

    def _hide(self) -> None:
        shown, self._settings._surroundings = self._settings._surroundings, None
        if shown is not None:
            Changes.count += 1
            self._store.destroy_texture(shown.texture)

    def close(self) -> None:
        """Gives everything back."""
        self._stop()
        self._hide()
        self.wanted = None
