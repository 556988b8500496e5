"""Sounds of programs: from a file or from samples, and how far each is heard.

Owns: what was given, its state as a program reads it, and who waits for it. Fetches, decodes and plays nothing itself:
files.py and audio.py do, for the App that plays it. Limits: SECONDS_MAX; one or two channels.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from os import PathLike
from typing import TYPE_CHECKING, Any, Protocol, cast

import numpy as np
import numpy.typing as npt

from layerw.audio.formats import F32, RATE_MAX, RATE_MIN
from layerw.base import checks
from layerw.base.addresses import checked_address, shown
from layerw.base.errors import HandleError, KindError, LayerwError, ShapeError
from layerw.base.host_port import Running
from layerw.base.lifetimes import Life
from layerw.base.outcomes import FAILED, READY, Callback, Outcomes
from layerw.base.settings import fixed_attributes

if TYPE_CHECKING:
    from layerw.audio.audio import Audio
    from layerw.audio.voice import Voice
    from layerw.scene.entity import Entity

SECONDS_MAX = 120.0  # longer ones stream: app.music
NUMBERS_MAX = 12_000_000  # what one message to the page holds: 120 s in stereo
FILE_BYTES_MAX = 16 * 1024 * 1024
MODELS = ("inverse", "linear", "exponential")  # as Web Audio's
GAIN_MAX = 16.0
RATE_LIMITS = 1 / 64, 64.0  # of playing, 1 as recorded
PRIORITY_MAX = 100.0


class HasAudio(Protocol):
    """An App."""

    @property
    def audio(self) -> Audio: ...


@fixed_attributes
class Sound:
    """A sound: `ding = lw.Sound("ding.wav")`, then `ding.play(at=crate)`.

    Args:
        url: a file, relative to the program, absolute, a data URI or a pathlib.Path: WAV everywhere; Ogg, MP3, AAC in
            MP4, FLAC and WebM as the browser can. It is fetched at once; at most 16 MiB and 120 s, what is longer is
            streamed by `app.music`.
        gain: 0 to 16, times that of each play.
        reference: metres up to which it is as loud as it is.
        range: metres from where on it is not heard.
        rolloff: how fast it gets quieter between, 0 (not at all) to 100.
        distance_model: "inverse", "linear" or "exponential", as in Web Audio; all end at `range`.
        priority: 0 to 100: of more than 32 sounds at a time those are heard that have the highest, then the loudest.

    What goes wrong with the file is the sound's own: `state` ("waiting", "loading", "ready", "failed") and `error`.
    What is played meanwhile begins when it is here, unless that takes more than a second.
    """

    FIXED = ("duration", "channels")

    def __init__(self, url: str | PathLike[str], *, gain: float = 1.0, reference: float = 1.0, range: float = 100.0,
                 rolloff: float = 1.0, distance_model: str = "inverse", priority: float = 0.0) -> None:  # fmt: skip
        if isinstance(url, np.ndarray | list | tuple):
            raise KindError(f"Sound url is {checks.shown(url)}; samples are given by lw.Sound.from_array(...).")
        self._begin(gain, reference, range, rolloff, distance_model, priority)
        self._url = checked_address(url, "Sound")
        self._called = shown(self._url)
        if Running.app is not None:
            cast(HasAudio, Running.app).audio._take(self)

    @classmethod
    def from_array(cls, array: npt.ArrayLike, rate: int = 48_000, *, gain: float = 1.0, reference: float = 1.0,
                   range: float = 100.0, rolloff: float = 1.0, distance_model: str = "inverse",
                   priority: float = 0.0) -> Sound:  # fmt: skip
        """A sound of samples that the program made; they are copied.

        Args:
            array: (n,) or (n, 2), left and right: floats from -1 to 1 (beyond is cut off), or int16. At most 120 s, and
                12,000,000 numbers.
            rate: samples a second, 3,000 to 192,000.
            gain, reference, range, rolloff, distance_model, priority: as for Sound.

        Raises:
            ShapeError: no samples of such a shape, or too many.
        """
        rate = checks.whole("Sound.from_array rate", rate, RATE_MIN, RATE_MAX)
        samples = _samples(array, rate)
        made = cls.__new__(cls)
        made._begin(gain, reference, range, rolloff, distance_model, priority)
        made._called = f"of {samples.shape[1]} samples"
        made._came(samples.shape[1] / rate, samples.shape[0])
        made._samples, made._rate = samples, rate
        object.__setattr__(made, "_is_made", True)
        return made

    @classmethod
    def live(cls, fill: Callable[[F32], Any], channels: int = 1, *, gain: float = 1.0, reference: float = 1.0,
             range: float = 100.0, rolloff: float = 1.0, distance_model: str = "inverse",
             priority: float = 0.0) -> Sound:  # fmt: skip
        """A sound that a function makes while it plays: engines, wind, instruments.

        Args:
            fill: called about once a frame with a float32 array, (n,) or (n, 2), to write the next n samples into, from
                -1 to 1 at 48,000 a second; it must be quick. What it raises is shown, and the voice ends.
            channels: 1 or 2.
            gain, reference, range, rolloff, distance_model, priority: as for Sound.

        It never ends by itself, and plays once at a time: another `play` ends the one before. `rate` and `loop` mean
        nothing to it. It is heard about a tenth of a second after it was made.
        """
        checks.callback("Sound.live fill", fill, "samples")
        channels = checks.whole("Sound.live channels", channels, 1, 2)
        made = cls.__new__(cls)
        made._begin(gain, reference, range, rolloff, distance_model, priority)
        made._called, made._fill = "of " + getattr(fill, "__name__", "a function"), fill
        made._came(math.inf, channels)
        object.__setattr__(made, "_is_made", True)
        return made

    @classmethod
    def _unplayed(cls, url: str) -> Sound:
        """Of a file that is not asked for yet; music is heard whatever else plays."""
        made = cls.__new__(cls)
        made._begin(1.0, 1.0, 100.0, 1.0, "inverse", PRIORITY_MAX)
        made._url, made._called = url, shown(url)
        object.__setattr__(made, "_is_made", True)
        return made

    def _begin(self, gain: float, reference: float, range: float, rolloff: float, distance_model: str,
               priority: float) -> None:  # fmt: skip
        self._life, self._outcomes = Life(), Outcomes()
        self._url, self._called = "", ""
        self._samples: F32 | None = None
        self._fill: Callable[[F32], Any] | None = None
        self._rate = 0
        self._state, self._error = "waiting", ""
        self.duration, self.channels = 0.0, 0
        self._gain, self._reference, self._range = 1.0, 1.0, 100.0
        self.gain = gain
        self._reference = checks.number("Sound.reference", reference, 0, 1e9, above=True)
        self.range = range
        self.rolloff, self.distance_model, self.priority = rolloff, distance_model, priority

    # -- playing -----------------------------------------------------------------------------------

    def play(self, *, at: Entity | npt.ArrayLike | None = None, gain: float = 1.0, rate: float = 1.0,
             bus: str = "sfx", loop: bool = False, pan: float = 0.0, fade: float = 0.0) -> Voice:  # fmt: skip
        """Plays it once more, beside what plays already.

        Args:
            at: an entity, which it goes along with, or (3,) world metres; None: everywhere alike.
            gain: 0 to 16.
            rate: 1/64 to 64: 2.0 is twice as fast and an octave higher.
            bus: see app.buses.
            loop: on and on, until `stop`.
            pan: -1 left to 1 right, where `at` is None.
            fade: seconds until it is as loud as that.

        Returns a Voice: `gain` and `rate` can be set while it plays, `move(at)` moves it, `stop(fade=0.2)` ends it.

        Raises:
            HandleError: the sound was destroyed, or the entity despawned. KeyMissing: no such bus.
        """
        if self._life.destroyed:
            raise HandleError(f"The Sound {self._called} was destroyed by Sound.destroy(); make a new one.")
        return running_audio("Sound.play")._play(self, at, gain, rate, bus, loop, pan, fade)

    def stop(self, fade: float = 0.02) -> None:
        """Ends all that play it, within `fade` seconds."""
        checks.number("Sound.stop fade", fade, 0, 60)
        if Running.app is not None:
            cast(HasAudio, Running.app).audio._stop_all(self, fade)

    def destroy(self) -> None:
        """Ends it and frees its memory now; else that is done when neither the program nor a voice has it any more."""
        if not self._life.destroyed:
            self.stop()
        self._life.destroy()

    # -- what it is --------------------------------------------------------------------------------

    @property
    def gain(self) -> float:
        """Times that of each play; it counts from the next play on, as the others below."""
        return self._gain

    @gain.setter
    def gain(self, gain: float) -> None:
        self._gain = checks.number("Sound.gain", gain, 0, GAIN_MAX)

    @property
    def reference(self) -> float:
        """Metres up to which it is as loud as it is."""
        return self._reference

    @reference.setter
    def reference(self, reference: float) -> None:
        self._reference = checks.number("Sound.reference", reference, 0, self._range, above=True)

    @property
    def range(self) -> float:
        """Metres from where on it is not heard."""
        return self._range

    @range.setter
    def range(self, range: float) -> None:
        self._range = checks.number("Sound.range", range, self._reference, 1e9)

    @property
    def rolloff(self) -> float:
        """How fast it gets quieter with distance."""
        return self._rolloff

    @rolloff.setter
    def rolloff(self, rolloff: float) -> None:
        self._rolloff = checks.number("Sound.rolloff", rolloff, 0, 100)

    @property
    def distance_model(self) -> str:
        """ "inverse", "linear" or "exponential"."""
        return self._distance_model

    @distance_model.setter
    def distance_model(self, model: str) -> None:
        self._distance_model = checks.one_of("Sound.distance_model", model, MODELS)

    @property
    def priority(self) -> float:
        """0 to 100."""
        return self._priority

    @priority.setter
    def priority(self, priority: float) -> None:
        self._priority = checks.number("Sound.priority", priority, 0, PRIORITY_MAX)

    @property
    def state(self) -> str:
        """ "waiting" (no App yet), "loading", "ready", "failed" or "destroyed"."""
        return "destroyed" if self._life.destroyed else self._state

    @property
    def error(self) -> str:
        """Why it has failed."""
        return self._error

    def on_ready(self, callback: Callback) -> Callback:
        """Decorator: calls the function once the file is here (now, when it is)."""
        return self._outcomes.add("Sound", READY, self.state, callback)

    def on_failed(self, callback: Callback) -> Callback:
        """Decorator: calls the function once it is clear that it can't be played (now, when it is)."""
        return self._outcomes.add("Sound", FAILED, self.state, callback)

    def __repr__(self) -> str:
        return f"Sound({self._called}, {self.state})"

    # -- for the App that plays it -----------------------------------------------------------------

    def _came(self, seconds: float, channels: int) -> None:
        object.__setattr__(self, "duration", seconds)
        object.__setattr__(self, "channels", channels)
        self._state, self._error = READY, ""

    def _failed(self, error: str) -> None:
        self._state, self._error = FAILED, error


def running_audio(call: str) -> Audio:
    """The sound of the App that runs. Raises LayerwError: there is none."""
    if Running.app is None:
        raise LayerwError(f"{call} was called before there is an App; make it first: app = lw.App().")
    return cast(HasAudio, Running.app).audio


def _samples(given: npt.ArrayLike, rate: int) -> F32:
    """(channels, n) float32 from -1 to 1, a copy."""
    array: npt.NDArray[Any] = checks.as_array(given)
    takes = "it takes (n,) or (n, 2) numbers, floats from -1 to 1 or int16"
    if array.dtype.kind not in "iuf" or array.ndim not in (1, 2) or (array.ndim == 2 and array.shape[1] not in (1, 2)):
        raise ShapeError(f"Sound.from_array array has shape {array.shape} and dtype {array.dtype}; {takes}.")
    if not 0 < len(array) <= SECONDS_MAX * rate:
        raise ShapeError(f"Sound.from_array array has {len(array)} samples at {rate} Hz; it takes 1 to "
                         f"{int(SECONDS_MAX * rate)}, which are {SECONDS_MAX:g} s.")
    if array.size > NUMBERS_MAX:
        raise ShapeError(f"Sound.from_array array has {array.size} numbers; it takes at most {NUMBERS_MAX}.")
    if array.dtype.kind in "iu" and array.dtype != np.int16:
        raise ShapeError(f"Sound.from_array array has dtype {array.dtype}; {takes}.")
    with np.errstate(over="ignore"):
        samples = array.astype(np.float32)
    if not np.isfinite(samples).all():
        raise ShapeError("Sound.from_array array has NaN or infinity; it takes finite numbers.")
    if array.dtype == np.int16:
        samples *= np.float32(1 / 32768)
    return np.ascontiguousarray(np.clip(samples, -1, 1).reshape(len(array), -1).T)
