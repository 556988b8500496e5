"""The mix in numpy: the twin of web/page/subsystems/audio.js on a virtual clock, for WAV files, tests and devices.

Owns: what plays now, as the orders say, and the samples of each frame: 48 kHz, left and right. Does not: choose voices
nor levels (voices.py). Levels and buses go straight from what they were to what they are within a block, sounds begin
and end within EDGE_S, and what is louder than KNEE is bent instead of cut: nothing clicks.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from layerw.audio.buses import FIRST
from layerw.audio.formats import F32
from layerw.audio.orders import Orders, Start

RATE = 48_000
EDGE_S = 0.002  # how long a sound takes to begin, and to end at its end
KNEE = 0.8
_POLE = math.exp(-2 * math.pi * 900 / RATE)
_ONE_POLE = (1 - _POLE) * _POLE ** np.arange(128)
MUFFLE = np.convolve(_ONE_POLE, _ONE_POLE)[:128]  # 12 dB an octave from 900 Hz on; audio-graph.js has it as an IIR
_FED = [FIRST.index("sfx"), FIRST.index("voice")]  # the buses that are heard in reverb zones
F64 = npt.NDArray[np.float64]


class Playing:
    """One voice that is heard. samples: (channels, n)."""

    def __init__(self, samples: F32, rate: int, start: Start) -> None:
        self.samples, self.scale = samples, rate / RATE
        self.at = start.seconds * rate  # in samples, with their parts
        self.loop, self.bus = start.loop, start.bus
        self.now = np.array((start.left, start.right))
        self.goal = self.now
        self.rate = self.rate_goal = start.rate
        self.age = 0  # in samples of the output
        self.muffled = self.muffled_goal = start.muffled
        self._before = np.zeros((samples.shape[0], len(MUFFLE) - 1))  # for the filter
        self._waiting: F32 | None = None  # of a live one
        self.left: int | None = None  # samples of the output until a stop is over

    @property
    def is_live(self) -> bool:
        """Whether its samples come as it plays."""
        return self.samples.shape[1] == 0 or self._waiting is not None

    def feed(self, samples: F32) -> None:
        """The next samples of a live one."""
        self._waiting = samples if self._waiting is None else np.concatenate((self._waiting, samples), axis=1)

    def _next(self, count: int) -> F64:
        """(channels, count) of a live one; silence where none came."""
        have = self._waiting if self._waiting is not None else self.samples
        found = np.zeros((have.shape[0], count))
        used = min(count, have.shape[1])
        found[:, :used], self._waiting = have[:, :used], have[:, used:]
        return found * np.minimum((self.age + np.arange(count)) / (EDGE_S * RATE), 1.0)

    def _played(self, count: int) -> F64:
        """(channels, count) the next ones, begun and ended without a click."""
        steps = np.linspace(self.rate, self.rate_goal, count, endpoint=False) * self.scale
        at = self.at + np.cumsum(steps) - steps
        length = self.samples.shape[1]
        if self.loop:
            at = np.mod(at, length)
        low = at.astype(np.int64)
        part = at - low
        inside = low < length
        low = np.minimum(low, length - 1)
        high = low + 1
        high = np.where(high < length, high, 0 if self.loop else length - 1)
        sound = self.samples[:, low] * (1 - part) + self.samples[:, high] * part
        edge = EDGE_S * RATE
        shape = np.minimum((self.age + np.arange(count)) / edge, 1.0)
        if not self.loop:
            shape = np.minimum(shape, np.maximum(length - at, 0) / (edge * self.scale)) * inside
        self.at, self.rate = float(self.at + steps.sum()), self.rate_goal
        if self.loop:
            self.at %= length
        found: F64 = sound * shape
        return found

    def render(self, count: int) -> F64:
        """(2, count) the next ones."""
        sound = self._next(count) if self.is_live else self._played(count)
        if self.left is not None:
            sound = sound * self._stopping(count)
        ramp = np.linspace(0, 1, count, endpoint=False)
        levels = self.now[:, None] + (self.goal - self.now)[:, None] * ramp
        self.age, self.now = self.age + count, self.goal
        sound = self._muffle(sound, ramp)
        found: F64 = sound * levels
        return found

    def _muffle(self, sound: F64, ramp: F64) -> F64:
        """Behind something it is dull."""
        if self.muffled < 0:
            return sound
        long = np.concatenate((self._before, sound), axis=1)
        self._before = long[:, -(len(MUFFLE) - 1) :]
        share = self.muffled + (self.muffled_goal - self.muffled) * ramp
        self.muffled = self.muffled_goal
        if not share.any():
            return sound
        dull = np.stack([np.convolve(one, MUFFLE, "valid") for one in long])
        found: F64 = sound * (1 - share) + dull * share
        return found

    def stop(self, fade: float) -> None:
        """Ends it within `fade` seconds, the shortest of all that were asked for."""
        wanted = max(int(fade * RATE), int(EDGE_S * RATE))
        self.left = wanted if self.left is None else min(self.left, wanted)
        self.span = wanted

    def _stopping(self, count: int) -> F64:
        assert self.left is not None
        shape: F64 = np.clip((self.left - np.arange(count)) / self.span, 0, 1)
        self.left -= count
        return shape

    @property
    def over(self) -> bool:
        """Whether nothing more comes."""
        ended = not self.loop and not self.is_live and self.at >= self.samples.shape[1]
        return ended or (self.left is not None and self.left <= 0)


class Room:
    """A reverb zone: what it is fed with, folded with its answer. answer: (2, n)."""

    def __init__(self, answer: F32) -> None:
        self._answer = answer
        self._size, self._folded = 0, np.zeros((2, 0), np.complex128)
        self._rest = np.zeros((2, 0))  # of what was folded before
        self.gain = self.goal = 0.0

    @property
    def silent(self) -> bool:
        """Whether nothing is heard of it."""
        return not self.gain and not self.goal and not self._rest.any()

    def render(self, feed: F64, ramp: F64) -> F64:
        """(2, count) what is heard of it."""
        count = feed.shape[1]
        if self.silent:
            return np.zeros_like(feed)
        need = count + self._answer.shape[1] - 1
        if need > self._size:
            self._size = 1 << (need - 1).bit_length()
            self._folded = np.fft.rfft(self._answer, self._size)
        loud = feed * (self.gain + (self.goal - self.gain) * ramp)
        self.gain = self.goal
        made = np.fft.irfft(np.fft.rfft(loud, self._size) * self._folded, self._size)[:, :need]
        made[:, : self._rest.shape[1]] += self._rest
        self._rest = made[:, count:]
        found: F64 = made[:, :count]
        return found


class Mixer:
    """`receive` orders, then `render` a frame."""

    def __init__(self) -> None:
        self._sounds: dict[int, tuple[F32, int]] = {}
        self._playing: dict[int, Playing] = {}
        self._ending: list[Playing] = []
        self._rooms: dict[int, Room] = {}
        self._leaving: list[Room] = []
        self._parents: list[int] = [-1]
        self._gains, self._gain_goals = np.ones(1), np.ones(1)

    def keep(self, number: int, samples: F32, rate: int) -> None:
        """A sound that orders may name."""
        self._sounds[number] = samples, rate

    def forget(self, number: int) -> None:
        """It is named no more."""
        self._sounds.pop(number, None)

    def zone(self, index: int, answer: F32 | None) -> None:
        """A reverb zone, or None: it is gone, and dies away."""
        old = self._rooms.pop(index, None)
        if old is not None:
            old.goal = 0.0
            self._leaving.append(old)
        if answer is not None:
            self._rooms[index] = Room(answer)

    def zones(self, gains: Sequence[Sequence[float]]) -> None:
        """[index, gain] of each."""
        for index, gain in gains:
            self._rooms[int(index)].goal = gain

    def buses(self, orders: Sequence[Sequence[float]]) -> None:
        """See Buses._orders."""
        self._parents = [int(parent) for parent, _ in orders]
        self._gain_goals = np.array([gain for _, gain in orders])
        new = len(orders) - len(self._gains)
        self._gains = np.concatenate((self._gains, self._gain_goals[len(orders) - new :]))

    def receive(self, orders: Orders) -> None:
        """What changes with this frame."""
        for stop in orders.stops:
            self._let_go(stop.slot, stop.fade)
        for start in orders.starts:
            self._let_go(start.slot, None)
            samples, rate = self._sounds[start.sound]
            self._playing[start.slot] = Playing(samples, rate, start)
        for slot, left, right, rate, muffled in orders.levels.tolist():
            found = self._playing.get(int(slot))
            if found is not None:
                found.goal, found.rate_goal = np.array((left, right)), rate
                found.muffled_goal = muffled if found.muffled >= 0 else -1.0

    def feed(self, slot: int, samples: F32) -> None:
        """The next samples of a live sound that is heard."""
        found = self._playing.get(slot)
        if found is not None:
            found.feed(samples)

    def _let_go(self, slot: float, fade: float | None) -> None:
        """Its slot is another's; None: it plays to its end."""
        found = self._playing.pop(int(slot), None)
        if found is not None:
            if fade is not None or found.loop or found.is_live:
                found.stop(fade or 0.0)
            self._ending.append(found)

    def render(self, count: int) -> F64:
        """(count, 2) from -1 to 1."""
        sums = np.zeros((len(self._parents), 2, count))
        for one in (*self._playing.values(), *self._ending):
            sums[one.bus] += one.render(count)
        self._playing = {slot: one for slot, one in self._playing.items() if not one.over}
        self._ending = [one for one in self._ending if not one.over]
        ramp = np.linspace(0, 1, count, endpoint=False)
        for bus in range(len(self._parents) - 1, -1, -1):  # parents come first
            gain, goal = self._gains[bus], self._gain_goals[bus]
            sums[bus] *= gain + (goal - gain) * ramp
            if self._parents[bus] >= 0:
                sums[self._parents[bus]] += sums[bus]
            if bus == 1 and (self._rooms or self._leaving):  # all that lead into "main" but it
                sums[0] += self._answers(sums[_FED].sum(0), ramp)
        self._gains = self._gain_goals
        return bent(sums[0]).T

    def _answers(self, feed: F64, ramp: F64) -> F64:
        """What is heard of the rooms."""
        found = np.zeros_like(feed)
        for room in (*self._rooms.values(), *self._leaving):
            found += room.render(feed, ramp)
        self._leaving = [room for room in self._leaving if not room.silent]
        return found


def bent(samples: F64) -> F64:
    """As they are up to KNEE, then ever flatter, never beyond 1."""
    size = np.abs(samples)
    over = np.maximum(size - KNEE, 0) / (1 - KNEE)
    found: F64 = np.sign(samples) * (np.minimum(size, KNEE) + (1 - KNEE) * np.tanh(over))
    return found


def as_int16(samples: F64) -> npt.NDArray[np.int16]:
    """For a WAV file."""
    return np.round(samples * 32767).astype(np.int16)
