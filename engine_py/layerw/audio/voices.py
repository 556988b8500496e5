"""Voices: everything that shall be heard, as columns, and the choice of what is.

Owns: one row for each voice, its time and its gain, and who is heard: AUDIBLE_MAX of VOICES_MAX, by priority, then by
loudness (places.py). Does not: make sound; what is heard goes to an output as orders.py says.
Limits: the choice is made anew every CHOICE_FRAMES, and at once when something begins or ends.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from layerw.audio.buses import Bus
from layerw.audio.occlusion import QUIETER, Occlusion
from layerw.audio.orders import Orders, Start, Stop
from layerw.audio.places import Places
from layerw.audio.sound import Sound
from layerw.base.ports import F64
from layerw.scene.table import FrameColumns, Table

VOICES_MAX, AUDIBLE_MAX = 256, 32
LATE_S = 0.2  # a sound that begins later than this after its play is dropped
LATE_FILE_S = 1.0  # the same, of a file that is on its way
SILENT = 0.0005  # -66 dB: not worth a voice
KEPT = 1.25  # what is heard stays heard unless another is so much louder
CHOICE_FRAMES = 4
SHORT_S = 0.02  # a fade without a click
LONG_S = 0.05  # a fade that goes by frames


class Voices:
    """The columns. `step` once a frame, when all has its place."""

    def __init__(self, table: Table) -> None:
        n = VOICES_MAX
        self.places = Places(table, n)
        self.serial = np.zeros(n, np.int64)  # 0: free
        self.sounds: list[Sound | None] = [None] * n
        self.number = np.zeros(n, np.int64)  # of the sound, as outputs know it; 0 while it is on its way
        self.time, self.length, self._born_s = np.zeros(n), np.full(n, np.inf), np.zeros(n)
        self.loop, self.audible, self.heard = np.zeros(n, bool), np.zeros(n, bool), np.zeros(n, bool)
        self.rate, self.own_gain = np.ones(n), np.zeros(n)
        self._goal, self._slope = np.zeros(n), np.zeros(n)  # where a fade leads, gain a second
        self._ends = np.zeros(n, bool)  # with that fade
        self.bus, self.priority = np.zeros(n, np.int64), np.zeros(n)
        self.count = 0  # rows below may be in use
        self._clock_s = 0.0
        self.wanted = 0
        self.dropped = 0
        self._serials = 0
        self._stops: list[Stop] = []
        self._heard: npt.NDArray[np.intp] = np.zeros(0, np.intp)  # the slots
        self._sent = b""
        self._fading = False
        self._chosen = 0  # frames until the next choice
        self._fitted = -1
        self._was_silent = False
        self.occlusion: Occlusion | None = None
        self.goes_around = False  # whether what begins is placed around the head

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
        self.count, self._chosen = max(self.count, slot + 1), 0
        self.serial[slot], self.sounds[slot], self.number[slot] = self._serials, sound, 0
        self.time[slot], self._born_s[slot], self.length[slot] = 0, self._clock_s, np.inf
        self.loop[slot], self.audible[slot], self.heard[slot], self.rate[slot] = loop, False, False, rate
        self.own_gain[slot], self._slope[slot], self._ends[slot] = gain, 0, False
        self.bus[slot], self.priority[slot] = bus._index, sound.priority
        self.places.put(slot, row, place, pan, sound)
        if fade > 0:
            self.own_gain[slot] = 0
            self.set_gain(slot, gain, fade)
        return slot, self._serials

    def _free_slot(self, priority: float) -> int:
        """-1: all are taken by what matters more."""
        if self.wanted < VOICES_MAX:
            free = np.flatnonzero(self.serial[: self.count + 1] == 0)
            return int(free[0])
        least = int(np.argmin(self.priority + np.minimum(self.places.level.max(0), 0.9)))
        if self.priority[least] > priority:
            return -1
        self.dropped += 1
        self._end(least, SHORT_S)
        return least

    def set_gain(self, slot: int, gain: float, seconds: float) -> None:
        """At once or within some seconds."""
        self._goal[slot], self._ends[slot], self._chosen = gain, False, 0
        if seconds > 0:
            self._slope[slot] = (gain - self.own_gain[slot]) / seconds
            self._fading = True
        else:
            self.own_gain[slot], self._slope[slot] = gain, 0

    def stop(self, slot: int, fade: float) -> None:
        """Ends it: a short fade is the output's, a long one goes by frames."""
        if fade <= LONG_S or not self.audible[slot] or self.own_gain[slot] == 0:
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
        self.length[slot], self._chosen = np.inf, 0
        self.places.leave(slot)
        self.wanted -= 1
        while self.count and self.serial[self.count - 1] == 0:
            self.count -= 1

    def _playing(self, sound: Sound) -> list[int]:
        return [slot for slot, one in enumerate(self.sounds[: self.count]) if one is sound]

    def live_slots(self) -> list[int]:
        """Of what is heard, that which functions make."""
        return [slot for slot in self._heard.tolist() if (one := self.sounds[slot]) is not None and one._fill]

    def stop_sound(self, sound: Sound, fade: float) -> None:
        """All that play it."""
        for slot in self._playing(sound):
            self.stop(slot, fade)

    def sound_failed(self, sound: Sound) -> None:
        """It will not come."""
        self.stop_sound(sound, 0.0)

    def sound_ready(self, sound: Sound, number: int) -> None:
        """It can be played now: those that wait for it begin, loops where they would be."""
        for slot in self._playing(sound):
            self.number[slot], self.length[slot], self._chosen = number, sound.duration, 0
            age_s = self._clock_s - self._born_s[slot]
            if self.loop[slot]:
                self.time[slot] = age_s * self.rate[slot] % sound.duration
            elif age_s > LATE_FILE_S:
                self.dropped += 1
                self._free(slot)
            else:
                self.time[slot], self._born_s[slot] = 0, self._clock_s  # lateness counts from here

    # -- the frame ---------------------------------------------------------------------------------

    def step(self, dt: float, placed: FrameColumns, ear: F64, right: F64, *, can_sound: bool,
             stands: bool, head: F64 | None = None) -> Orders | None:  # fmt: skip
        """Moves all by `dt` seconds and says what changed for the output.

        placed: where the entities are. ear, right: (3,) where the listener is, and its right hand, of length 1.
        can_sound: whether the output makes sound; else nothing is heard. stands: time stands, as in a hidden page.
        head: (3, 3) right, up and back of the listener for an output that places sounds around it; None: it does not.
        """
        n = self.count
        if n == 0 and not self._stops:
            return None
        if n != self._fitted:
            self.places.fit(n)
            self._fitted = n
        if self._fading and not stands:
            self._fade(n, dt)
        for slot in self.places.follow(placed):
            if self.loop[slot]:
                self.stop(slot, LONG_S)
        level = self.places.levels(ear, right)
        level *= self.own_gain[:n]
        covered = self._cover(level, n, dt, ear)
        starts = self._choose(level, n, ear, can_sound, stands)
        heard = self._heard
        around = None if head is None else self.places.around(heard, ear, head)
        rows = np.empty((len(heard), 5), np.float32)
        rows[:, 0], rows[:, 1:3], rows[:, 3] = heard, level.T.take(heard, 0), self.rate.take(heard)
        rows[:, 4] = 0 if covered is None else covered[heard]
        stops, self._stops = self._stops, []
        self._clock_s += dt
        if not stands:
            self._pass(n, dt)
        sent = rows.tobytes() if around is None else rows.tobytes() + around.tobytes()
        if not (starts or stops) and sent == self._sent:
            return None
        self._sent = sent
        return Orders(stops, starts, rows, around)

    def _fade(self, n: int, dt: float) -> None:
        slope, goal, gain = self._slope[:n], self._goal[:n], self.own_gain[:n]
        gain += slope * dt
        over = (slope != 0) & ((gain - goal) * slope >= 0)
        if over.any():
            gain[over], slope[over] = goal[over], 0
            for slot in np.flatnonzero(over & self._ends[:n] & (self.serial[:n] > 0)).tolist():
                self._end(slot, SHORT_S)
            self._fading = bool(slope.any())

    def _cover(self, level: F64, n: int, dt: float, ear: F64) -> F64 | None:
        """What is behind something is quieter; how much each is covered."""
        if self.occlusion is None:
            return None
        slots = self._heard[self._heard < n]
        covered = self.occlusion.step(dt, ear, self.places, slots[self.places.spatial[slots] > 0])
        level *= 1 - QUIETER * covered[:n]
        return covered

    def _choose(self, level: F64, n: int, ear: F64, can_sound: bool, stands: bool) -> list[Start]:
        """Who is heard from now on; those that begin to be."""
        self._chosen -= 1
        if self._chosen > 0:
            return []
        self._chosen = CHOICE_FRAMES
        self._was_silent |= not can_sound
        starts: list[Start] = []
        if can_sound:
            starts = self._chosen_now(level, n, ear)
        elif not stands:
            self._stops += [Stop(slot, 0.0) for slot in np.flatnonzero(self.audible[:n]).tolist()]
            self.audible[:n] = False
        self._heard = np.flatnonzero(self.audible[:n])
        return starts

    @property
    def is_calm(self) -> bool:
        """Whether nothing has begun, ended or been set since the last step."""
        return self._chosen > 0 and not self._stops

    def choose_now(self) -> None:
        """What can be heard has changed."""
        self._chosen = 0

    def _chosen_now(self, level: F64, n: int, ear: F64) -> list[Start]:
        loud = np.maximum(level[0], level[1])
        want = (loud > SILENT) & (self.number[:n] > 0)
        if self._was_silent:
            self._was_silent = False
            want &= ~self._drop_late(n)
        was = self.audible[:n]
        if np.count_nonzero(want) > AUDIBLE_MAX:
            score = np.minimum(loud * np.where(was, KEPT, 1.0), 0.9) + self.priority[:n]
            score[~want] = -1
            want[:] = False
            want[np.argpartition(score, n - AUDIBLE_MAX)[-AUDIBLE_MAX:]] = True
        changed = was != want
        if not changed.any():
            return []
        self._stops += [Stop(slot, SHORT_S) for slot in np.flatnonzero(was & changed).tolist()]
        starts = [self._start(slot, level, ear) for slot in np.flatnonzero(want & changed).tolist()]
        self.audible[:n] = want
        self.heard[:n] |= want
        return starts

    def _drop_late(self, n: int) -> npt.NDArray[np.bool_]:
        """What began while nothing could be heard is not caught up."""
        late = (self._clock_s - self._born_s[:n] > LATE_S) & ~self.heard[:n] & ~self.loop[:n] & (self.serial[:n] > 0)
        self.dropped += int(late.sum())
        for slot in np.flatnonzero(late).tolist():
            self._free(slot)
        return late

    def _start(self, slot: int, level: F64, ear: F64) -> Start:
        covered = -1.0
        if self.occlusion is not None:
            covered = self.occlusion.ask(ear, self.places, slot)
            level[:, slot] *= 1 - QUIETER * covered
        return Start(slot, int(self.number[slot]), float(self.time[slot]), bool(self.loop[slot]),
                     float(self.rate[slot]), int(self.bus[slot]), float(level[0, slot]), float(level[1, slot]), covered,
                     self.goes_around and self.places.is_spatial(slot))

    def _pass(self, n: int, dt: float) -> None:
        """Time goes by; what has come to its end is over, which the output finds by itself."""
        time, length = self.time[:n], self.length[:n]
        time += self.rate[:n] * dt
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
