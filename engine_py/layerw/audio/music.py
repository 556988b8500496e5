"""Music: one piece at a time, which the browser streams, faded in and out.

Owns: the pieces that play and their fades. Where no browser is (headless, a recording to a file) a piece is a voice of
its own, decoded whole. Limits: MUSIC_SECONDS_MAX and MUSIC_BYTES_MAX there; in a page none.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from os import PathLike
from typing import Any

from layerw.audio.buses import GAIN_MAX, Buses
from layerw.audio.sound import Sound
from layerw.audio.voice import Voice
from layerw.base import checks
from layerw.base.addresses import checked_address, shown
from layerw.base.log import Log
from layerw.base.settings import fixed_attributes

MUSIC_SECONDS_MAX = 600.0
FADE_MAX_S = 600.0
BUS = "music"


@fixed_attributes
class Track:
    """A piece of music that plays: `app.music("theme.ogg")` gives it."""

    FIXED = ("name",)

    def __init__(self, name: str, voice: Voice | None, stream: Stream | None) -> None:
        self.name = name
        self._voice, self._stream = voice, stream

    @property
    def _part(self) -> Any:
        return self._voice if self._voice is not None else self._stream

    @property
    def playing(self) -> bool:
        """Whether it goes on."""
        return bool(self._part.playing)

    @property
    def time(self) -> float:
        """Seconds from its start; 0.0 once it has ended."""
        return float(self._part.time) if self.playing else 0.0

    @property
    def gain(self) -> float:
        """0 to 16; 0.0 once it has ended."""
        return float(self._part.gain) if self.playing else 0.0

    @gain.setter
    def gain(self, gain: float) -> None:
        self._part.fade(checks.number("Track.gain", gain, 0, GAIN_MAX), 0.0)

    def fade(self, gain: float, seconds: float) -> None:
        """To another gain within so many seconds."""
        checks.number("Track.fade gain", gain, 0, GAIN_MAX)
        self._part.fade(gain, checks.number("Track.fade seconds", seconds, 0, FADE_MAX_S))

    def stop(self, fade: float = 1.0) -> None:
        """Ends it within `fade` seconds."""
        self._part.stop(checks.number("Track.stop fade", fade, 0, FADE_MAX_S))

    def __repr__(self) -> str:
        return f"Track({self.name!r}, {'playing' if self.playing else 'ended'})"


class Stream:
    """A piece that the page plays by a media element. `time` runs on also where the page may not play yet."""

    def __init__(self, number: int, url: str, *, loop: bool, gain: float, fade: float) -> None:
        self.number, self.url, self.loop = number, url, loop
        self.time, self.length = 0.0, 0.0
        self.playing, self.started = True, False
        self.gain, self.goal, self.slope, self.ends = gain, gain, 0.0, False
        self.sent = -1.0
        if fade > 0:
            self.gain = 0.0
            self.fade(gain, fade)

    def fade(self, gain: float, seconds: float) -> None:
        """To a gain within so many seconds."""
        self.goal, self.ends = gain, False
        self.slope = (gain - self.gain) / seconds if seconds > 0 else 0.0
        if seconds == 0:
            self.gain = gain

    def stop(self, seconds: float) -> None:
        """Fades out and ends."""
        self.fade(0.0, seconds)
        self.ends = True

    def step(self, dt: float) -> None:
        """Time goes by."""
        self.time += dt
        if self.loop and self.length > 0:
            self.time %= self.length
        if self.slope:
            self.gain += self.slope * dt
            if (self.gain - self.goal) * self.slope >= 0:
                self.gain, self.slope = self.goal, 0.0
        if self.ends and not self.slope:
            self.playing = False


class Music:
    """send: an order to the page; None: there is none that streams. base_url: addresses start there."""

    def __init__(self, send: Callable[[object], None] | None, base_url: str, log: Log, buses: Buses,
                 play: Callable[..., Voice]) -> None:  # fmt: skip
        self._send, self._base_url, self._log, self._buses, self._play = send, base_url, log, buses, play
        self._streams: dict[int, Stream] = {}
        self._names: dict[int, str] = {}
        self._next = count(1)
        self.now: Track | None = None

    def change(self, given: object, fade: float, gain: float, loop: bool) -> Track | None:
        """Another piece, and the one that plays fades out meanwhile; None: none."""
        fade = checks.number("app.music fade", fade, 0, FADE_MAX_S)
        gain = checks.number("app.music gain", gain, 0, GAIN_MAX)
        loop = checks.flag("app.music loop", loop)
        made = None if given is None else self._begin(given, fade, gain, loop)
        if self.now is not None and self.now.playing:
            self.now.stop(max(fade, 0.02))
        self.now = made
        return made

    def _begin(self, given: object, fade: float, gain: float, loop: bool) -> Track:
        if isinstance(given, Sound):
            return Track(given._called, self._play(given, gain=gain, loop=loop, fade=fade), None)
        if not isinstance(given, str | PathLike):
            checks.instance("app.music url", given, (str, PathLike), "a URL (str), a pathlib.Path, a Sound, or None")
        url = checked_address(given, "app.music")
        if self._send is None:
            sound = Sound._unplayed(url)
            return Track(shown(url), self._play(sound, gain=gain, loop=loop, fade=fade), None)
        stream = Stream(next(self._next), url, loop=loop, gain=gain, fade=fade)
        self._streams[stream.number], self._names[stream.number] = stream, shown(url)
        self._send({"music": stream.number, "url": url, "base": self._base_url, "loop": loop,
                    "bus": self._buses[BUS]._index})  # fmt: skip
        return Track(shown(url), None, stream)

    def step(self, dt: float, *, can_sound: bool) -> None:
        """Once a frame."""
        for stream in list(self._streams.values()):
            stream.step(dt)
            if not stream.playing:
                self._order({"music": stream.number, "stop": True})
                del self._streams[stream.number]
            elif can_sound and (not stream.started or stream.sent != stream.gain):
                order: dict[str, object] = {"music": stream.number, "gain": stream.gain}
                if not stream.started:
                    order["play"] = stream.time
                stream.started, stream.sent = True, stream.gain
                self._order(order)

    def _order(self, order: dict[str, object]) -> None:
        if self._send is not None:
            self._send(order)

    def page_tells(self, message: dict[str, Any]) -> None:
        """Its length, its end, or what is wrong with it."""
        stream = self._streams.get(message["music"])
        if stream is None:
            return
        if "seconds" in message:
            stream.length = float(message["seconds"])
        if "error" in message:
            self._log.error(f"The music {self._names[stream.number]}: {message['error']}")
        if "error" in message or "ended" in message:
            stream.playing = False

    def close(self) -> None:
        """Ends all."""
        for number in self._streams:
            self._order({"music": number, "stop": True})
        self._streams.clear()
        self.now = None
