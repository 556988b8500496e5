"""Screenshots: pictures of the canvas, read back without stalling and handed over frames later.

Owns: which screenshots are on their way, and what they take of the ledgers until they end. Does not read pixels: the
backend does, JavaScript puts them into Layer memory as an ephemeral result, and this copies them out at once.
Limits: PENDING_MAX on their way; the size is app.size (what is drawn), without what the page shows above the canvas.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable
from os import PathLike
from pathlib import PurePosixPath
from typing import Any

import numpy as np
import numpy.typing as npt

from layerw.base import checks
from layerw.base.errors import BudgetError, ConfigError, LayerwError
from layerw.base.log import Log
from layerw.base.settings import fixed_attributes
from layerw.frame.resources import Resources
from layerw.gpu import spec
from layerw.gpu.gen import events as ev
from layerw.gpu.submission import Submission
from layerw.memory.layer import LayerMemory
from layerw.memory.ledger import HardLedger

PENDING_MAX = 8
WAIT_FRAMES_MAX = 240  # for room in the budgets
PATH_BYTES_MAX = 255
ROW_BYTES = 256  # WebGPU pads rows of a copy to it
PNG_BYTES_PER_PX = 4 + 3 + 3  # RGBA for the encoder, filtered RGB, and a file that did not shrink
Event = ev.ReadbackDone | ev.ReadbackSaved | ev.ReadbackFailed
Pixels = npt.NDArray[np.uint8]


@fixed_attributes
class Screenshot:
    """A picture on its way: look at `ready` each frame, or let it call you.

    `ready`: `pixels` are there. `saved`: the page has the file `path`. `error`: why it failed, else "".
    """

    def __init__(self, path: str, on_ready: Callable[[Screenshot], Any] | None) -> None:
        self.path = path
        self.saved = False
        self.error = ""
        self._on_ready = on_ready
        self._pixels: Pixels | None = None

    @property
    def ready(self) -> bool:
        """Whether `pixels` are there."""
        return self._pixels is not None

    @property
    def failed(self) -> bool:
        """Whether something went wrong; `error` says what."""
        return self.error != ""

    @property
    def pixels(self) -> Pixels:
        """(height, width, 4) uint8, sRGB, upper row first, alpha 255; your own copy.

        Raises:
            LayerwError: it is not ready.
        """
        if self._pixels is None:
            raise LayerwError(self.error or "The screenshot is still on its way; look at its `ready` in a later frame, "
                              "or pass a function: app.screenshot(use).")  # fmt: skip
        return self._pixels

    def __repr__(self) -> str:
        state = "failed" if self.failed else "ready" if self.ready else "on its way"
        return f"<Screenshot {self.path or 'of pixels'}: {state}>"


class _Entry:
    """A screenshot's way: waits for room, then is read; its charges go as it comes."""

    def __init__(self, shot: Screenshot) -> None:
        self.shot = shot
        self.frames = self.claim_bytes = 0
        self.gpu_bytes = self.layer_bytes = self.file_bytes = 0
        self.wants_file = shot.path != ""


class Screenshots:
    """`take` any time, `step` and `encode` once a frame, `receive` what JavaScript says."""

    def __init__(self, resources: Resources, submission: Submission, log: Log, ledgers: tuple[HardLedger, HardLedger],
                 open_memory: Callable[[], LayerMemory], call: Callable[..., Any]) -> None:  # fmt: skip
        """ledgers: heap and layer. call(function, *values): into the program."""
        self._store, self._submission, self._log, self._call = resources.store, submission, log, call
        self._heap, self._layer = ledgers
        self._open_memory = open_memory
        self._memory: LayerMemory | None = None
        self._waiting: list[_Entry] = []
        self._reading: dict[int, _Entry] = {}
        self._number = 0

    @property
    def pending_count(self) -> int:
        """Screenshots that have neither come nor failed."""
        return len(self._waiting) + len(self._reading)

    def take(self, to: str | PathLike[str] | Callable[[Screenshot], Any] | None) -> Screenshot:
        """Asks for a picture of the next frame that is drawn; see App.screenshot."""
        if isinstance(to, (str, PathLike)):
            shot = Screenshot(checked_path(str(to)), None)
        elif to is None:
            shot = Screenshot("", None)
        elif callable(to):
            shot = Screenshot("", checks.callback("screenshot()'s function", to, "screenshot"))
        else:
            raise ConfigError(f"screenshot() was given {to!r}; give a path that ends with .png, a function or nothing.")
        entry = _Entry(shot)
        if self.pending_count >= PENDING_MAX:
            self._fail(entry, f"{PENDING_MAX} screenshots are on their way, which is the limit; wait for one of them.")
            return shot
        try:
            self._memory = self._memory or self._open_memory()
        except Exception as error:  # of the budget, or of a page whose kernels did not load
            self._fail(entry, f"The screenshot needs Layer memory, which can't be opened: {error}")
            return shot
        self._waiting.append(entry)
        return shot

    def step(self) -> None:
        """Before content plans its frame: what waits for room on the GPU claims it."""
        self._store.ledger.claimed_bytes += sum(entry.claim_bytes for entry in self._waiting)

    def encode(self, size: tuple[int, int]) -> None:
        """Inside of a frame: reads what has room; what has none waits, and streamed content makes some."""
        for entry in list(self._waiting):
            problem = self._charge(entry, *size)
            entry.frames += 1
            if problem and entry.frames < WAIT_FRAMES_MAX:
                continue
            self._waiting.remove(entry)
            if problem:
                self._fail(entry, problem)
            else:
                self._start(entry)

    def receive(self, event: Event) -> None:
        """What became of one."""
        entry = self._reading.get(event.readback)
        if entry is None:
            return
        match event:
            case ev.ReadbackDone():
                self._release(entry, file=False)
                self._take_pixels(entry, event)
            case ev.ReadbackSaved():
                entry.shot.saved, entry.wants_file = True, False
                self._release(entry, file=True)
            case ev.ReadbackFailed():
                self._release(entry, file=True)
                self._fail(entry, event.message)
        if entry.shot.failed or (entry.shot.ready and not entry.wants_file):
            self._end(event.readback)

    def _charge(self, entry: _Entry, width: int, height: int) -> str:
        """Takes what the reading needs of the ledgers; else says what is missing, and claims it."""
        gpu_bytes = -(-width * 4 // ROW_BYTES) * ROW_BYTES * height
        layer_bytes = width * height * 4
        file_bytes = width * height * PNG_BYTES_PER_PX if entry.wants_file else 0
        if not self._store.try_charge(gpu_bytes):
            entry.claim_bytes = gpu_bytes
            return _no_room(width, height, gpu_bytes, self._store.ledger)
        if not self._layer.try_reserve(layer_bytes + file_bytes):
            self._store.uncharge(gpu_bytes)
            return _no_room(width, height, layer_bytes + file_bytes, self._layer)
        entry.gpu_bytes, entry.layer_bytes, entry.file_bytes = gpu_bytes, layer_bytes, file_bytes
        return ""

    def _start(self, entry: _Entry) -> None:
        self._number += 1
        self._reading[self._number] = entry
        encoder = self._submission.encoder
        if entry.wants_file:
            name = entry.shot.path.encode()
            encoder.readback_file(self._number, self._submission.keep_bytes(name), len(name))
        encoder.readback(self._number)

    def _take_pixels(self, entry: _Entry, event: ev.ReadbackDone) -> None:
        """Copies the ephemeral result, which ends with this frame call."""
        memory, size_bytes = self._memory, event.width * event.height * 4
        assert memory is not None  # opened by take()
        try:
            self._heap.reserve(size_bytes, f"A screenshot of {event.width} x {event.height} pixels")
        except BudgetError as error:
            self._fail(entry, str(error))
            return
        pixels = memory.ephemeral(event.payload)
        if pixels.nbytes != size_bytes:
            self._heap.release(size_bytes)
            self._fail(entry, f"The screenshot's result has {pixels.nbytes} bytes, expected {size_bytes}; something "
                       "else was written to its context of Layer memory.")  # fmt: skip
            return
        weakref.finalize(pixels, self._heap.release, size_bytes).atexit = False
        entry.shot._pixels = pixels.reshape(event.height, event.width, 4)
        if entry.shot._on_ready is not None:
            self._call(entry.shot._on_ready, entry.shot)

    def _release(self, entry: _Entry, *, file: bool) -> None:
        self._store.uncharge(entry.gpu_bytes)
        self._layer.release(entry.layer_bytes + (entry.file_bytes if file else 0))
        entry.gpu_bytes = entry.layer_bytes = 0
        entry.file_bytes = 0 if file else entry.file_bytes

    def _end(self, number: int) -> None:
        entry = self._reading.pop(number)
        self._release(entry, file=True)
        if not self._reading and self._memory is not None:  # what the pictures took of Layer memory goes back to it
            self._memory.end_context(spec.READBACK_CONTEXT)

    def _fail(self, entry: _Entry, message: str) -> None:
        entry.shot.error = message
        self._log.warning(message)


def _no_room(width: int, height: int, size_bytes: int, ledger: HardLedger) -> str:
    return (f"A screenshot of {width} x {height} pixels takes {size_bytes} bytes for some frames, but the "
            f"{ledger.name} budget of {ledger.budget_bytes} bytes has {ledger.left_bytes} left; raise it with "
            f"lw.Budgets({ledger.name}_mib=...).")  # fmt: skip


def checked_path(path: str) -> str:
    """A file's path that stays inside of its folder, ending with .png.

    Raises:
        ConfigError: another one.
    """
    parts = PurePosixPath(path)
    odd = parts.is_absolute() or ".." in parts.parts or "\\" in path or ":" in path or not path.isprintable()
    if odd or parts.suffix.lower() != ".png" or len(path.encode()) > PATH_BYTES_MAX:
        raise ConfigError(f"A screenshot was to be saved as {path!r}; give a relative path of at most {PATH_BYTES_MAX} "
                          "bytes that ends with .png and has no '..', for example \"shot.png\".")  # fmt: skip
    return str(parts)
