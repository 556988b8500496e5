"""Live sounds: a function of the program writes samples as they are needed, say by a kernel of its own.

Owns: how many samples each needs in a frame, so that a page has LEAD_S in hand and a recording exactly what it takes.
Does not: play. Limits: a function is called once a frame, for a quarter of a second at most; 48 kHz.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from layerw.audio.formats import F32
from layerw.audio.voices import Voices

RATE = 48_000
LEAD_S = 0.1  # more than a frame that came late
SPAN_S_MAX = 0.25
Call = Callable[..., bool]


class LiveFeeds:
    """call: calls a function of the program; False where it raised. lead_s: how much is to be in hand."""

    def __init__(self, call: Call, lead_s: float) -> None:
        self._call, self._lead_s = call, lead_s
        self._owed: dict[int, tuple[int, float]] = {}  # by slot: its serial number, and samples

    def step(self, voices: Voices, dt: float) -> list[tuple[int, F32]]:
        """(slot, (channels, n) samples) of each that is heard now; one whose function failed ends."""
        before, self._owed = self._owed, {}
        found = []
        for slot in voices.live_slots():
            sound, serial = voices.sounds[slot], int(voices.serial[slot])
            assert sound is not None and sound._fill is not None
            known = before.get(slot)
            owed = known[1] if known is not None and known[0] == serial else self._lead_s * RATE
            owed = min(owed + dt * RATE, SPAN_S_MAX * RATE)
            count = max(int(owed), 0)
            self._owed[slot] = serial, owed - count
            if count == 0:
                continue
            samples = np.zeros((count, sound.channels), np.float32)
            given = samples[:, 0] if sound.channels == 1 else samples
            if not self._call(sound._fill, given):
                voices.stop(slot, 0.0)
                continue
            np.nan_to_num(samples, copy=False, nan=0.0, posinf=1.0, neginf=-1.0)
            found.append((slot, np.ascontiguousarray(np.clip(samples, -1, 1).T)))
        return found

    def has(self, slot: int, seconds: float) -> None:
        """The page says how much it has in hand: its clock and this one drift apart."""
        known = self._owed.get(slot)
        if known is not None:
            self._owed[slot] = known[0], known[1] + (self._lead_s - seconds) * RATE / 2
