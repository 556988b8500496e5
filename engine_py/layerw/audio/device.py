"""The loudspeaker of a program without a page, by PortAudio: `pip install layerw[sound]`.

Owns: the stream, and samples that wait for it: as many as LEAD_S, by the device's own clock. Does not: mix.
Limits: 48 kHz, two channels, the system's default device. Where nothing waits there is silence, begun and ended within
EDGE samples.
"""

from __future__ import annotations

import threading
from typing import Any

import numpy as np
import numpy.typing as npt

from layerw.base.errors import LayerwError

RATE = 48_000
LEAD_S, SPAN_S_MAX = 0.08, 0.25
EDGE = 96
F32 = npt.NDArray[np.float32]


class Speaker:
    """Raises LayerwError: the package, PortAudio or a device is missing; the message says what to do."""

    def __init__(self) -> None:
        try:
            import sounddevice
        except (ImportError, OSError) as error:
            raise LayerwError(f"There is no sound: {error}. `pip install 'layerw[sound]'` brings the package "
                              "sounddevice; on Linux PortAudio has to be there as well (libportaudio2).") from error
        self._lock = threading.Lock()
        self._waiting: F32 = np.zeros((0, 2), np.float32)
        self._ran_dry, self._last = True, np.zeros(2, np.float32)
        self.dry_count = 0
        try:
            self._stream = sounddevice.OutputStream(samplerate=RATE, channels=2, dtype="float32", callback=self._take)
            self._stream.start()
        except Exception as error:
            raise LayerwError(f"There is no sound: the output could not be opened ({error}).") from error

    def wanted(self) -> int:
        """How many samples are to be rendered now."""
        with self._lock:
            return min(max(int(LEAD_S * RATE) - len(self._waiting), 0), int(SPAN_S_MAX * RATE))

    def write(self, samples: npt.NDArray[np.float64]) -> None:
        """(n, 2): the next ones."""
        with self._lock:
            self._waiting = np.concatenate((self._waiting, samples.astype(np.float32)))

    def _take(self, out: F32, frames: int, _time: Any, _status: Any) -> None:
        """Called by PortAudio in a thread of its own."""
        with self._lock:
            given, self._waiting = self._waiting[:frames], self._waiting[frames:]
        count = len(given)
        out[:count], out[count:] = given, 0
        if count and self._ran_dry:
            edge = min(EDGE, count)
            out[:edge] *= np.linspace(0, 1, edge, dtype=np.float32)[:, None]
        if count < frames:
            last = given[-1] if count else self._last
            edge = min(EDGE, frames - count)
            out[count : count + edge] = last * np.linspace(1, 0, edge, dtype=np.float32)[:, None]
            self.dry_count += 1
        self._ran_dry, self._last = count < frames, out[-1].copy()

    def close(self) -> None:
        """Ends it."""
        self._stream.stop()
        self._stream.close()
