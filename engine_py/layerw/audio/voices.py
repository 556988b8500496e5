"""Voices: everything that shall be heard, as columns; which of it is heard, and how loud on each side.

Owns: one row for each voice, its place, its time, and the choice of those that are heard: AUDIBLE_MAX of VOICES_MAX, by
priority, then by loudness. Does not: make sound; what is heard goes to an output as Start, rows of levels, and Stop.
Limits: a frame costs some 30 numpy calls, whatever the count.
Source: the distance models are Web Audio's, https://www.w3.org/TR/webaudio/#enumdef-distancemodeltype.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt

from layerw.audio.buses import GAIN_MAX, Bus
from layerw.audio.sound import MODELS, RATE_LIMITS, Sound
from layerw.base import checks
from layerw.base.ports import F64
from layerw.base.settings import fixed_attributes
from layerw.scene.table import FrameColumns, Table

if TYPE_CHECKING:
    from layerw.audio.audio import Audio

VOICES_MAX, AUDIBLE_MAX = 256, 32
LATE_S = 0.2  # a sound that begins later than this after its play is dropped
LATE_FILE_S = 1.0  # the same, of a file that is on its way
SILENT = 0.0005  # -66 dB: not worth a voice
KEPT = 1.25  # what is heard stays heard unless another is so much louder
GONE = 1e9  # past this, a place is nowhere


class Start(NamedTuple):
    """A voice begins to be heard; seconds: where in the sound; left, right: how loud it is at once."""

    slot: int
    sound: int
    seconds: float
    loop: bool
    rate: float
    bus: int
    left: float
    right: float


class Stop(NamedTuple):
    """It is heard no more, after `fade` seconds."""

    slot: int
    fade: float


class Orders(NamedTuple):
    """What an output is told in one frame; levels: (n, 4) float32: slot, left, right, rate."""

    stops: list[Stop]
    starts: list[Start]
    levels: npt.NDArray[np.float32]


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
            self._audio._voices.place(self._slot, row, place, self.sound)

    def stop(self, fade: float = 0.02) -> None:
        """Ends it within `fade` seconds; a second time changes nothing."""
        checks.number("Voice.stop fade", fade, 0, 60)
        if self.playing:
            self._audio._voices.stop(self._slot, fade)

    def __repr__(self) -> str:
        return f"Voice({self.sound!r}, {'playing' if self.playing else 'ended'})"


class Voices:
    """The columns. `step` once a frame, when all has its place; what it found is `take`n by the output."""

    def __init__(self, table: Table) -> None:
        self._table = table
        n = VOICES_MAX
        self.serial = np.zeros(n, np.int64)  # 0: free
        self.sounds: list[Sound | None] = [None] * n
        self.number = np.zeros(n, np.int64)  # of the sound, as outputs know it; 0 while it is on its way
        self.time, self.length, self.age = np.zeros(n), np.full(n, np.inf), np.zeros(n)
        self.loop, self.audible, self.heard = np.zeros(n, bool), np.zeros(n, bool), np.zeros(n, bool)
        self.rate, self.own_gain = np.ones(n), np.zeros(n)
        self._goal, self._slope = np.zeros(n), np.zeros(n)  # where a fade leads, gain a second
        self._ends = np.zeros(n, bool)  # with that fade
        self.bus, self.priority = np.zeros(n, np.int64), np.zeros(n)
        self.row, self._birth = np.full(n, -1, np.int64), np.zeros(n, np.int64)
        self.xyz, self.pan = np.zeros((n, 3)), np.zeros(n)
        self._spatial = np.zeros(n)
        self._near, self._slow, self._loud = np.ones(n), np.zeros(n), np.ones(n)  # reference, rolloff, with the gain
        self._flat = np.ones(n)
        self._inverse_range, self._model = np.zeros(n), np.zeros(n, np.int64)
        self._level = np.zeros((n, 2))
        self.count = 0  # rows below may be in use
        self.wanted = 0
        self._serials = 0
        self._stops: list[Stop] = []
        self._sent = np.zeros((0, 4), np.float32)
        self._attached: npt.NDArray[np.intp] | None = None  # slots that go along with an entity
        self._fading = False
        self.dropped = 0
        self.crowded = False  # more are wanted than can be heard

    # -- which -------------------------------------------------------------------------------------

    def begin(self, sound: Sound, bus: Bus, row: int, place: F64 | None, *, gain: float, rate: float, loop: bool,
              pan: float, fade: float) -> tuple[int, int]:  # fmt: skip
        """A new one: its slot and its serial number. Where there is no room the one that matters least is dropped."""
        slot = self._free_slot(sound.priority)
        self._serials += 1
        if slot < 0:
            self.dropped += 1
            return 0, -1
        self.wanted += 1
        self.count = max(self.count, slot + 1)
        self.serial[slot], self.sounds[slot], self.number[slot] = self._serials, sound, 0
        self.time[slot], self.age[slot], self.length[slot] = 0, 0, np.inf
        self.loop[slot], self.audible[slot], self.heard[slot], self.rate[slot] = loop, False, False, rate
        self.own_gain[slot], self._slope[slot], self._ends[slot] = gain, 0, False
        self.bus[slot], self.priority[slot], self.pan[slot] = bus._index, sound.priority, pan
        self._level[slot] = gain * sound.gain  # until it is known
        self.place(slot, row, place, sound)
        if fade > 0:
            self.own_gain[slot] = 0
            self.set_gain(slot, gain, fade)
        return slot, self._serials

    def place(self, slot: int, row: int, place: F64 | None, sound: Sound) -> None:
        """Where it is: an entity's row, a place, or neither."""
        self.row[slot], self._attached = row, None
        self._birth[slot] = self._table.birth[row] if row >= 0 else 0
        spatial = row >= 0 or place is not None
        self._spatial[slot] = spatial
        self.xyz[slot] = place if place is not None else 0
        self._near[slot], self._slow[slot] = sound.reference, sound.rolloff if spatial else 0.0
        self._inverse_range[slot] = 1 / sound.range if spatial else 0.0
        self._model[slot] = MODELS.index(sound.distance_model) if spatial else 0
        self._flat[slot] = self._near[slot] * (1 - self._slow[slot])
        self._loud[slot] = self._near[slot] * sound.gain

    def _free_slot(self, priority: float) -> int:
        """-1: all are taken by what matters more."""
        if self.wanted < VOICES_MAX:
            free = np.flatnonzero(self.serial[: self.count + 1] == 0)
            return int(free[0])
        least = int(np.argmin(self.priority + np.minimum(self._level.sum(1), 0.9)))
        if self.priority[least] > priority:
            return -1
        self.dropped += 1
        self._end(least, 0.02)
        return least

    def set_gain(self, slot: int, gain: float, seconds: float) -> None:
        """At once or within some seconds."""
        self._goal[slot], self._ends[slot] = gain, False
        if seconds > 0:
            self._slope[slot] = (gain - self.own_gain[slot]) / seconds
            self._fading = True
        else:
            self.own_gain[slot], self._slope[slot] = gain, 0

    def stop(self, slot: int, fade: float) -> None:
        """Ends it: a short fade is the output's, a long one goes by frames."""
        if fade <= 0.05 or not self.audible[slot] or self.own_gain[slot] == 0:
            return self._end(slot, fade)
        self.set_gain(slot, 0.0, fade)
        self._ends[slot] = True
        return None

    def _end(self, slot: int, fade: float) -> None:
        if self.audible[slot]:
            self._stops.append(Stop(slot, fade))
        self._free(slot)

    def _free(self, slot: int) -> None:
        self.serial[slot], self.sounds[slot], self.audible[slot] = 0, None, False
        self.number[slot], self.own_gain[slot], self._slope[slot] = 0, 0, 0
        self._level[slot], self._attached = 0, None
        self.wanted -= 1
        while self.count and self.serial[self.count - 1] == 0:
            self.count -= 1

    def stop_sound(self, sound: Sound, fade: float) -> None:
        """All that play it."""
        for slot in [slot for slot, one in enumerate(self.sounds[: self.count]) if one is sound]:
            self.stop(slot, fade)

    def sound_failed(self, sound: Sound) -> None:
        """It will not come."""
        self.stop_sound(sound, 0.0)

    def sound_ready(self, sound: Sound, number: int) -> None:
        """It can be played now: those that wait for it begin, loops where they would be."""
        for slot in [slot for slot, one in enumerate(self.sounds[: self.count]) if one is sound]:
            self.number[slot], self.length[slot] = number, sound.duration
            if self.loop[slot]:
                self.time[slot] = self.age[slot] * self.rate[slot] % sound.duration
            elif self.age[slot] > LATE_FILE_S:
                self.dropped += 1
                self._free(slot)
            else:
                self.age[slot] = 0  # lateness counts from here

    # -- the frame ---------------------------------------------------------------------------------

    def step(self, dt: float, placed: FrameColumns, ear: F64, right: F64, *, can_sound: bool,
             stands: bool) -> Orders | None:  # fmt: skip
        """Moves all by `dt` seconds and says what changed for the output.

        placed: where the entities are. ear, right: (3,) where the listener is, and its right hand, of length 1.
        can_sound: whether the output makes sound; else nothing is heard. stands: time stands, as in a hidden page.
        """
        n = self.count
        if n == 0 and not self._stops and not len(self._sent):
            return None
        if self._fading and not stands:
            self._fade(n, dt)
        level = self._levels(n, placed, ear, right)
        starts: list[Start] = []
        if can_sound:
            starts = self._choose(level, n)
        elif self.audible[:n].any() and not stands:
            self._stops += [Stop(slot, 0.0) for slot in np.flatnonzero(self.audible[:n]).tolist()]
            self.audible[:n] = False
        heard = np.flatnonzero(self.audible[:n])
        rows = np.empty((len(heard), 4), np.float32)
        rows[:, 0], rows[:, 1:3], rows[:, 3] = heard, level[heard], self.rate[heard]
        stops, self._stops = self._stops, []
        self.age[:n] += dt
        if not stands:
            self._pass(n, dt)
        if not (starts or stops) and np.array_equal(rows, self._sent):
            return None
        self._sent = rows
        return Orders(stops, starts, rows)

    def _fade(self, n: int, dt: float) -> None:
        slope, goal, gain = self._slope[:n], self._goal[:n], self.own_gain[:n]
        gain += slope * dt
        over = (slope != 0) & ((gain - goal) * slope >= 0)
        if over.any():
            gain[over], slope[over] = goal[over], 0
            for slot in np.flatnonzero(over & self._ends[:n] & (self.serial[:n] > 0)).tolist():
                self._end(slot, 0.02)
            self._fading = bool(slope.any())

    def _levels(self, n: int, placed: FrameColumns, ear: F64, right: F64) -> F64:
        """(n, 2) how loud each is on the left and on the right."""
        if self._attached is None:
            self._attached = np.flatnonzero((self.row[:n] >= 0) & (self.serial[:n] > 0))
        if len(self._attached):
            self._follow(placed)
        near, slow = self._near[:n], self._slow[:n]
        away = self.xyz[:n] - ear
        far = np.sqrt(np.einsum("ij,ij->i", away, away))
        beyond = np.maximum(far, near)
        gain = self._loud[:n] / (self._flat[:n] + slow * beyond)  # r / (r + rolloff (distance - r))
        edge = far * self._inverse_range[:n]
        edge *= edge
        gain *= np.maximum(1 - edge * edge, 0)  # nothing of it is left at the range
        if self._model[:n].any():
            self._other_models(n, beyond, gain, edge)
        gain *= self.own_gain[:n]
        pan = (away @ right) / beyond * self._spatial[:n] + self.pan[:n]
        level = self._level[:n]
        np.multiply(gain, np.sqrt(np.clip(1 - pan, 0, 1)), out=level[:, 0])
        np.multiply(gain, np.sqrt(np.clip(1 + pan, 0, 1)), out=level[:, 1])
        return level

    def _follow(self, placed: FrameColumns) -> None:
        """To where the entities are; of one that is gone the loop ends, and the rest stays where it was."""
        at = self._attached
        assert at is not None
        rows = self.row[at]
        lives = self._table.birth[rows] == self._birth[at]
        if not lives.all():
            gone, at, rows = at[~lives], at[lives], rows[lives]
            self.row[gone], self._attached = -1, at
            for slot in gone[self.loop[gone]].tolist():
                self.stop(slot, 0.05)
        self.xyz[at] = placed.position[rows]

    def _other_models(self, n: int, beyond: F64, gain: F64, edge: F64) -> None:
        near, slow, base = self._near[:n], self._slow[:n], self._loud[:n] / self._near[:n]
        linear, exponential = self._model[:n] == 1, self._model[:n] == 2
        if linear.any():
            spans = np.maximum(1 / np.maximum(self._inverse_range[:n], 1e-12) - near, 1e-9)
            gain[linear] = (base * np.clip(1 - slow * (beyond - near) / spans, 0, 1))[linear]
        if exponential.any():
            gain[exponential] = (base * (beyond / near) ** -slow * np.maximum(1 - edge * edge, 0))[exponential]

    def _choose(self, level: F64, n: int) -> list[Start]:
        """Who is heard from now on; those that begin to be."""
        loud = level.max(1)
        want = (loud > SILENT) & (self.number[:n] > 0)
        late = want & (self.age[:n] > LATE_S) & ~self.heard[:n] & ~self.loop[:n]
        if late.any():
            want &= ~late
            self.dropped += int(late.sum())
            for slot in np.flatnonzero(late).tolist():
                self._free(slot)
        self.crowded = int(want.sum()) > AUDIBLE_MAX
        if self.crowded:
            score = np.minimum(loud * np.where(self.audible[:n], KEPT, 1.0), 0.9) + self.priority[:n]
            score[~want] = -1
            want[:] = False
            want[np.argpartition(score, n - AUDIBLE_MAX)[-AUDIBLE_MAX:]] = True
        was = self.audible[:n]
        if np.array_equal(was, want):
            return []
        self._stops += [Stop(slot, 0.02) for slot in np.flatnonzero(was & ~want).tolist()]
        starts = [
            Start(slot, int(self.number[slot]), float(self.time[slot]), bool(self.loop[slot]), float(self.rate[slot]),
                  int(self.bus[slot]), float(level[slot, 0]), float(level[slot, 1]))
            for slot in np.flatnonzero(want & ~was).tolist()]  # fmt: skip
        self.audible[:n] = want
        self.heard[:n] |= want
        return starts

    def _pass(self, n: int, dt: float) -> None:
        """Time goes by; what has come to its end is over, which the output finds by itself."""
        time, length = self.time[:n], self.length[:n]
        time += np.where(self.number[:n] > 0, self.rate[:n] * dt, 0.0)
        over = time >= length
        if over.any():
            loop = over & self.loop[:n]
            time[loop] %= length[loop]
            for slot in np.flatnonzero(over & ~self.loop[:n] & (self.serial[:n] > 0)).tolist():
                self._free(slot)

    def close(self) -> None:
        """Ends all at once."""
        for slot in np.flatnonzero(self.serial).tolist():
            self._free(slot)
