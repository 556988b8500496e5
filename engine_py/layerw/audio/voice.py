"""Voice: one playing of a sound, as a program holds it.

Owns nothing but its row's number and the serial number of the play; what it says of itself stands in the columns.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from layerw.audio.buses import GAIN_MAX
from layerw.audio.sound import RATE_LIMITS, Sound
from layerw.base import checks
from layerw.base.settings import fixed_attributes

if TYPE_CHECKING:
    from layerw.audio.audio import Audio


@fixed_attributes
class Voice:
    """One playing of a Sound."""

    FIXED = ("sound",)

    def __init__(self, audio: Audio, slot: int, serial: int, sound: Sound) -> None:
        self.sound = sound
        self._audio, self._slot, self._serial = audio, slot, serial

    @property
    def playing(self) -> bool:
        """Whether it goes on, heard or not."""
        return bool(self._audio._voices.serial[self._slot] == self._serial)

    @property
    def audible(self) -> bool:
        """Whether it is heard now: not too far, and among the 32 that matter most."""
        return self.playing and bool(self._audio._voices.audible[self._slot])

    @property
    def time(self) -> float:
        """Seconds from the sound's start; 0.0 once it has ended."""
        return float(self._audio._voices.time[self._slot]) if self.playing else 0.0

    @property
    def gain(self) -> float:
        """0 to 16; 0.0 once it has ended."""
        return float(self._audio._voices.own_gain[self._slot]) if self.playing else 0.0

    @gain.setter
    def gain(self, gain: float) -> None:
        checks.number("Voice.gain", gain, 0, GAIN_MAX)
        if self.playing:
            self._audio._voices.set_gain(self._slot, gain, 0.0)

    def fade(self, gain: float, seconds: float) -> None:
        """To another gain within so many seconds."""
        checks.number("Voice.fade gain", gain, 0, GAIN_MAX)
        checks.number("Voice.fade seconds", seconds, 0, 3600)
        if self.playing:
            self._audio._voices.set_gain(self._slot, gain, seconds)

    @property
    def rate(self) -> float:
        """1.0 as recorded, 2.0 an octave higher."""
        return float(self._audio._voices.rate[self._slot]) if self.playing else 0.0

    @rate.setter
    def rate(self, rate: float) -> None:
        checks.number("Voice.rate", rate, *RATE_LIMITS)
        if self.playing:
            self._audio._voices.rate[self._slot] = rate

    def move(self, at: object) -> None:
        """Gives it another place: an entity, (3,) world metres, or None: everywhere alike."""
        row, place = self._audio._place_of("Voice.move at", at)
        if self.playing:
            self._audio._voices.places.put(self._slot, row, place, 0.0, self.sound)

    def stop(self, fade: float = 0.02) -> None:
        """Ends it within `fade` seconds; a second time changes nothing."""
        checks.number("Voice.stop fade", fade, 0, 60)
        if self.playing:
            self._audio._voices.stop(self._slot, fade)

    def __repr__(self) -> str:
        return f"Voice({self.sound!r}, {'playing' if self.playing else 'ended'})"
