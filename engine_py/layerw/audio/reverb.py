"""Reverb zones: what is played sounds as in a hall while the listener is inside of one.

Owns: the zones, how far inside of each the listener is, and the answer of each room to a clap, which the page and the
mixer fold the sounds with. Does not: fold. Limits: ZONES_MAX; the buses "sfx" and "voice" are heard in the room, music
and the interface are not.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from layerw.audio.formats import F32
from layerw.base import checks
from layerw.base.errors import ConfigError
from layerw.base.ports import F64
from layerw.base.settings import fixed_attributes

ZONES_MAX = 8
RATE = 48_000
SECONDS = 0.1, 8.0
EDGE_M = 1e-3
_QUIET_DB = 60 / 20 * np.log(10)  # what is left after `seconds`, as a power of e


@fixed_attributes
class Zone:
    """A room: `app.audio.zone((0, 2, 0), size=(20, 6, 12), seconds=2.5)`."""

    FIXED = ("seconds", "damping")

    def __init__(self, zones: Zones, index: int, position: F64, half: F64, radius: float, *, seconds: float,
                 gain: float, edge: float, damping: float) -> None:  # fmt: skip
        self.seconds, self.damping = seconds, damping
        self._zones, self._index = zones, index
        self._position, self._half, self._radius, self._edge = position, half, radius, edge
        self._gain = gain

    @property
    def position(self) -> F64:
        """(3,) world metres, of its middle; a copy."""
        return self._position.copy()

    @position.setter
    def position(self, position: npt.ArrayLike) -> None:
        self._position = checks.vector("Zone.position", position)

    @property
    def gain(self) -> float:
        """How loud the room answers, 0 to 4."""
        return self._gain

    @gain.setter
    def gain(self, gain: float) -> None:
        self._gain = checks.number("Zone.gain", gain, 0, 4)

    def remove(self) -> None:
        """Ends it; a second time changes nothing."""
        self._zones.remove(self)

    def _share(self, ear: F64) -> float:
        """1 inside, 0 from `edge` metres outside."""
        out = np.abs(ear - self._position) - self._half
        far = float(np.sqrt((np.maximum(out, 0) ** 2).sum())) - self._radius
        return min(max(1 - far / self._edge, 0.0), 1.0)


class Zones:
    """All of them. tell(index, answer): a new one for the outputs, or None: it is gone. charge(bytes): reserves them,
    or below 0 gives them back."""

    def __init__(self, tell: Callable[[int, F32 | None], None], charge: Callable[[int], None]) -> None:
        self._tell, self._charge = tell, charge
        self._all: dict[int, Zone] = {}
        self._sent: dict[int, float] = {}

    def __len__(self) -> int:
        return len(self._all)

    def add(self, position: npt.ArrayLike, size: npt.ArrayLike | None, radius: float | None, *, seconds: float,
            gain: float, edge: float, damping: float) -> Zone:  # fmt: skip
        """See Audio.zone."""
        place = checks.vector("audio.zone position", position)
        half = np.zeros(3) if size is None else checks.vector("audio.zone size", size) / 2
        if (size is None) == (radius is None) or half.min() < 0:
            raise ConfigError(f"audio.zone has size={checks.shown(size)} and radius={checks.shown(radius)}; it takes "
                              "one of them: size=(width, height, depth) in metres, or radius.")
        around = 0.0 if radius is None else checks.number("audio.zone radius", radius, 0, 1e6, above=True)
        seconds = checks.number("audio.zone seconds", seconds, *SECONDS)
        checks.number("audio.zone gain", gain, 0, 4)
        edge = checks.number("audio.zone edge", edge, EDGE_M, 1e4)
        damping = checks.number("audio.zone damping", damping, 0, 1)
        free = [index for index in range(ZONES_MAX) if index not in self._all]
        if not free:
            raise ConfigError(f"There are {ZONES_MAX} reverb zones, and no more can be made; remove() one.")
        heard = answer(seconds, damping, free[0])
        self._charge(heard.nbytes)
        zone = Zone(self, free[0], place, half, around, seconds=seconds, gain=gain, edge=edge, damping=damping)
        self._all[zone._index] = zone
        self._tell(zone._index, heard)
        return zone

    def remove(self, zone: Zone) -> None:
        """It is gone."""
        if self._all.get(zone._index) is zone:
            del self._all[zone._index]
            self._sent.pop(zone._index, None)
            self._charge(-answer_bytes(zone.seconds))
            self._tell(zone._index, None)

    def levels(self, ear: F64) -> list[list[float]] | None:
        """[index, gain] of all; None: as before. Where several overlap, the last made is over those before."""
        left, found = 1.0, {}
        for index, zone in reversed(self._all.items()):
            share = zone._share(ear) * left
            found[index] = share * zone._gain
            left -= share
        if found == self._sent:
            return None
        self._sent = found
        return [[index, gain] for index, gain in found.items()]

    def close(self) -> None:
        """Ends all."""
        for zone in list(self._all.values()):
            self.remove(zone)


def answer_bytes(seconds: float) -> int:
    """What the answer takes."""
    return int(seconds * RATE) * 2 * 4


def answer(seconds: float, damping: float, seed: int) -> F32:
    """(2, n) how a room answers a clap: noise that is 60 dB quieter after `seconds`, high tones sooner by `damping`.

    As loud as what is played: the squares of each side add up to 1.
    """
    count = int(seconds * RATE)
    rng = np.random.default_rng(seed)
    noise = rng.uniform(-1, 1, (2, count + 16))
    sums = np.cumsum(noise, axis=1)
    low = (sums[:, 16:] - sums[:, :-16]) / 16  # what is left below 3 kHz
    high = noise[:, 16:] - low
    t = np.arange(count) / RATE
    decay = np.exp(-_QUIET_DB * t / seconds)
    heard = low * decay + high * decay ** (1 + 4 * damping)
    heard *= np.minimum(t / 0.004, 1)
    heard /= np.sqrt((heard**2).sum(axis=1, keepdims=True))
    found: F32 = heard.astype(np.float32)
    return found
