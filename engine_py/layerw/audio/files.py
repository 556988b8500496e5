"""Sounds on their way: fetched as every file is, looked at, decoded, and charged to the ledgers.

Owns: which sounds the outputs know by which number, and their bytes: what was decoded for the page in the layer ledger,
what Python holds in the heap ledger; both are reserved before anybody decodes.
Limits: FILE_BYTES_MAX, SECONDS_MAX. What says no length (WebM, AAC) is decoded up to BLIND_BYTES_MAX.
"""

from __future__ import annotations

import weakref
from collections import deque
from collections.abc import Callable
from itertools import count
from typing import Any

import numpy as np

from layerw.audio.formats import F32, FormatError, Head, decode_wav, read_head
from layerw.audio.sound import FILE_BYTES_MAX, SECONDS_MAX, Sound
from layerw.base.errors import BudgetError, LayerwError
from layerw.base.lifetimes import Watch, watch
from layerw.base.log import Log
from layerw.base.outcomes import FAILED, READY
from layerw.base.ports import TransferDone, TransferFailed
from layerw.frame.subsystems import SubsystemPort
from layerw.gpu import spec

PRIORITY = 0.9e6  # after models, before tiles
BLIND_BYTES_MAX = 2 * 1024 * 1024
PAGE_RATE = 48_000  # of what a page decodes
SAMPLE_BYTES = 4
Keep = Callable[[int, F32, int], None]


class Entry:
    """One sound. The bytes are those that are reserved now."""

    def __init__(self, number: int, sound: Sound, seconds_max: float) -> None:
        self.number, self.sound, self.seconds_max = number, weakref.ref(sound), seconds_max
        self.called = sound._called
        self.transfer = 0
        self.heap_bytes = self.layer_bytes = 0
        self.told = False  # the outputs know it
        self.watch: Watch | None = None


class SoundFiles:
    """Args:
    port: see frame/subsystems.py.
    keep: hands samples to the output of this Python; None: there is none, the page decodes and plays.
    to_page: whether there is a page.
    ready, failed: what became of a sound.
    """

    def __init__(self, port: SubsystemPort, log: Log, *, keep: Keep | None, to_page: bool,
                 forget: Callable[[int], None], ready: Callable[[Sound, int], None],
                 failed: Callable[[Sound], None]) -> None:  # fmt: skip
        self._port, self._log = port, log
        self._keep, self._to_page, self._forget = keep, to_page, forget
        self._ready, self._failed_for = ready, failed
        self._entries: dict[int, Entry] = {}
        self._numbers: weakref.WeakKeyDictionary[Sound, int] = weakref.WeakKeyDictionary()
        self._next = count(1)
        self._gone: deque[Watch] = deque()

    def take(self, sound: Sound, seconds_max: float = SECONDS_MAX) -> int:
        """The sound's number; what is new is loaded. Raises BudgetError: samples of the program that find no room."""
        known = self._numbers.get(sound)
        if known is not None:
            return known
        entry = Entry(next(self._next), sound, seconds_max)
        if sound._samples is not None:
            self._take_samples(entry, sound, sound._samples, sound._rate)
        elif sound._fill is not None:
            self._take_live(entry, sound.channels)
        self._entries[entry.number] = entry
        self._numbers[sound] = entry.number
        sound._outcomes.call = self._port.user.call
        entry.watch = watch(sound._life, entry.number, self._gone)
        if sound._samples is None and sound._fill is None:
            self._fetch(entry, sound)
        return entry.number

    def is_told(self, number: int) -> bool:
        """Whether it can be played."""
        return number in self._entries and self._entries[number].told

    @property
    def loading(self) -> int:
        """How many are on their way."""
        return sum(one.transfer != 0 for one in self._entries.values())

    def figures(self) -> dict[str, int]:
        """For the report."""
        entries = self._entries.values()
        return {"sounds": len(entries), "loading": self.loading,
                "sound_bytes": sum(one.heap_bytes + one.layer_bytes for one in entries)}

    # -- what comes --------------------------------------------------------------------------------

    def _take_samples(self, entry: Entry, sound: Sound, samples: F32, rate: int) -> None:
        """Both sides hold it: the program here, a page there."""
        there = samples.nbytes if self._to_page and self._keep is None else 0
        self._reserve(entry, heap=samples.nbytes, layer=there)
        if self._keep is not None:
            self._keep(entry.number, samples, rate)
        elif self._to_page:
            self._port.send({"sound": entry.number, "rate": rate, "samples": samples})
        entry.told = True

    def _take_live(self, entry: Entry, channels: int) -> None:
        if self._keep is not None:
            self._keep(entry.number, np.zeros((channels, 0), np.float32), PAGE_RATE)
        elif self._to_page:
            self._port.send({"sound": entry.number, "live": channels})
        entry.told = True

    def _fetch(self, entry: Entry, sound: Sound) -> None:
        sound._state = "loading"
        room = max(min(FILE_BYTES_MAX, self._port.heap_ledger.left_bytes), 1)
        entry.transfer = self._port.transfers.fetch(
            sound._url, spec.FETCH_BYTES, max_bytes=room, priority=PRIORITY,
            on_done=lambda event: self._came(entry, event), on_failed=lambda event: self._failed(entry, event))

    def _came(self, entry: Entry, event: TransferDone) -> None:
        data = event.payload
        self._end_transfer(entry)
        self._alone(entry, lambda: self._decode(entry, data))

    def _failed(self, entry: Entry, event: TransferFailed) -> None:
        self._end_transfer(entry)
        text = event.message
        if event.code == spec.FAIL_TOO_LARGE:
            text = (f"{text.rstrip('.')}; a sound has at most {FILE_BYTES_MAX >> 20} MiB, and what is longer is "
                    "streamed by app.music(url).")
        self._refuse(entry, text)

    def _end_transfer(self, entry: Entry) -> None:
        transfer, entry.transfer = entry.transfer, 0
        if transfer:
            self._port.transfers.release(transfer)

    def _alone(self, entry: Entry, work: Callable[[], None]) -> None:
        """Whatever goes wrong is this sound's own."""
        try:
            work()
        except (LayerwError, MemoryError) as error:
            self._refuse(entry, str(error) or type(error).__name__)

    def _decode(self, entry: Entry, data: bytes) -> None:
        head = read_head(data)
        self._check(entry, head, len(data))
        size = int(head.seconds * PAGE_RATE * min(max(head.channels, 1), 2)) * SAMPLE_BYTES
        if self._keep is not None and head.format == "WAV":
            samples, rate = decode_wav(data)
            self._reserve(entry, heap=samples.nbytes)
            self._keep(entry.number, samples, rate)
            self._told(entry, samples.shape[1] / rate, samples.shape[0])
        elif self._to_page:
            self._reserve(entry, heap=size if self._keep else 0, layer=0 if self._keep else size)
            self._port.send({"sound": entry.number, "file": data, "back": self._keep is not None})
        elif head.format == "WAV":
            self._told(entry, head.seconds, head.channels)  # nobody listens
        else:
            raise FormatError(f"it is {head.format}, which only a page can decode; without one, WAV can be played")

    def _check(self, entry: Entry, head: Head, size_bytes: int) -> None:
        if head.seconds > entry.seconds_max:
            raise FormatError(f"it lasts {head.seconds:.0f} s, but a sound has at most {entry.seconds_max:g}; "
                              "app.music(url) streams what is longer")
        if head.seconds == 0 and size_bytes > BLIND_BYTES_MAX:
            raise FormatError(f"it is {head.format} that does not say how long it is, and has {size_bytes} bytes; such "
                              f"a sound has at most {BLIND_BYTES_MAX}, app.music(url) streams what is longer")

    def page_decoded(self, message: dict[str, Any]) -> None:
        """The page has decoded a file, or could not."""
        entry = self._entries.get(message["sound"])
        if entry is None:
            return
        if "error" in message:
            return self._refuse(entry, message["error"])
        self._alone(entry, lambda: self._decoded(entry, message))

    def _decoded(self, entry: Entry, message: dict[str, Any]) -> None:
        samples = message.get("samples")
        size = SAMPLE_BYTES * message["channels"] * message["length"]
        if message["seconds"] > entry.seconds_max:
            raise FormatError(f"it lasts {message['seconds']:.0f} s, but a sound has at most {entry.seconds_max:g}")
        self._reserve(entry, heap=size if self._keep else 0, layer=0 if self._keep else size)
        if self._keep is not None and samples is not None:
            self._keep(entry.number, samples, PAGE_RATE)
        self._told(entry, message["seconds"], message["channels"])

    def _told(self, entry: Entry, seconds: float, channels: int) -> None:
        sound = entry.sound()
        if sound is None:
            return
        entry.told = True
        sound._came(seconds, channels)
        self._ready(sound, entry.number)
        sound._outcomes.tell(READY)

    def _refuse(self, entry: Entry, error: str) -> None:
        self._reserve(entry)
        if self._to_page:
            self._port.send({"forget": entry.number})
        sound = entry.sound()
        if sound is None:
            return
        text = error if error.startswith(entry.called[:16]) else f"{entry.called}: {error}"
        self._failed_for(sound)
        sound._failed(text if text.endswith(".") else f"{text}.")
        self._log.error(f"The sound {sound.error}")
        sound._outcomes.tell(FAILED)

    # -- bytes -------------------------------------------------------------------------------------

    def _reserve(self, entry: Entry, heap: int = 0, layer: int = 0) -> None:
        """What it takes from now on. Raises BudgetError; it takes nothing then."""
        self._port.heap_ledger.release(entry.heap_bytes)
        self._port.layer_ledger.release(entry.layer_bytes)
        entry.heap_bytes = entry.layer_bytes = 0
        self._port.heap_ledger.reserve(heap, f"The sound {entry.called}")
        entry.heap_bytes = heap
        try:
            self._port.layer_ledger.reserve(layer, f"The sound {entry.called}")
        except BudgetError:
            self._port.heap_ledger.release(heap)
            entry.heap_bytes = 0
            raise
        entry.layer_bytes = layer

    def sweep(self) -> None:
        """Once a frame: forgets those that nobody has any more."""
        while self._gone:
            entry = self._entries.pop(self._gone.popleft().handle, None)
            if entry is not None:
                self._drop(entry)

    def _drop(self, entry: Entry) -> None:
        self._end_transfer(entry)
        self._reserve(entry)
        self._forget(entry.number)
        if self._to_page:
            self._port.send({"forget": entry.number})

    def close(self) -> None:
        """Gives everything back; sounds from files are waited for anew by another App."""
        for entry in self._entries.values():
            sound = entry.sound()
            if sound is not None and entry.watch in sound._life.watched_by:
                sound._life.watched_by.remove(entry.watch)
            if sound is not None and sound._url and sound._state != "failed":
                sound._state = "waiting"
            self._drop(entry)
        self._entries.clear()
        self._numbers.clear()
