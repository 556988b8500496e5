"""The sound of an App: what is played, heard from where the main view's camera is.

Owns: the voices, their buses, the music, the files, and what the page's half (web/page/subsystems/audio.js) is told:
one message a frame, and only where something changed. A recording (`layerw shot --audio`) is mixed here instead and
goes to the page as samples. Does not: choose or mix; voices.py and mixer.py do.
Limits: 256 voices, of which 32 are heard; browsers play nothing before a click or a key (`locked`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from layerw.audio.buses import GAIN_MAX, Buses
from layerw.audio.files import SoundFiles
from layerw.audio.formats import F32
from layerw.audio.live import LEAD_S, LiveFeeds
from layerw.audio.music import MUSIC_SECONDS_MAX, Music, Track
from layerw.audio.occlusion import Occlusion
from layerw.audio.orders import Orders
from layerw.audio.reverb import Zone, Zones
from layerw.audio.sound import RATE_LIMITS, SECONDS_MAX, Sound
from layerw.audio.voice import Voice
from layerw.audio.voices import VOICES_MAX, Voices
from layerw.base import checks
from layerw.base.errors import LayerwError
from layerw.base.outcomes import Callback, Outcomes
from layerw.base.ports import F64
from layerw.base.settings import fixed_attributes
from layerw.base.weak import weakly
from layerw.frame.subsystems import SubsystemPort
from layerw.scene.entity import Entities, Entity
from layerw.scene.row_values import check_owner

if TYPE_CHECKING:
    from layerw.audio.device import Speaker
    from layerw.audio.mixer import Mixer

FADE_MAX_S = 60.0
UPDATE_S = 1 / 40
PANNINGS = ("equalpower", "hrtf")
Levels = list[list[float]]
Feeds = list[tuple[int, F32]]


@fixed_attributes
class Audio:
    """`app.audio`: what is heard. Sounds are `lw.Sound`, music is `app.music(...)`, groups of them `app.buses`."""

    def __init__(self, port: SubsystemPort) -> None:
        self._port = port
        options = port.host.options()
        self._page = port.host.name == "browser" and options.get("sound") != "off"
        self._buses, self._voices = Buses(), Voices(port.table)
        self._speaker = self._open_speaker() if options.get("sound") == "play" and not self._page else None
        records = options.get("sound") == "record"
        self._mixer = self._make_mixer() if records or self._speaker is not None else None
        plays_there = self._page and self._mixer is None
        is_silent = options.get("sound") == "off"
        mixer = self._mixer
        self._files = SoundFiles(
            port, port.log, to_page=self._page, keep=mixer.keep if mixer is not None else None,
            forget=mixer.forget if mixer is not None else lambda number: None,
            ready=weakly(self._voices.sound_ready), failed=weakly(self._voices.sound_failed))  # fmt: skip
        self._music = Music(port.send if plays_there else None, str(options.get("base_url") or ""), port.log,
                            self._buses, weakly(self._play_music))  # fmt: skip
        self._zones = Zones(weakly(self._tell_zone), weakly(self._charge_zone))
        self._live = LiveFeeds(port.user.call, LEAD_S if plays_there or self._speaker is not None else 0.0)
        self._behind_s = 0.0  # of the program's time, what voices have not seen yet
        self._listener: Entity | None = None
        self._panning, self._has_gone_around = PANNINGS[0], False
        self._unlocked = Outcomes(port.user.call)
        self._state = "locked" if plays_there or is_silent else "running"
        self._makes_sound = self._page or self._mixer is not None
        self._buses_sent = -1
        self._samples = 0.0  # of a frame that no block had yet
        if self._page:
            port.send({"begin": "mix" if plays_there else "decode"})
        if mixer is not None and self._speaker is None:  # a recording begins with the frames, not with the first sound
            from layerw.audio.mixer import RATE

            port.send({"silent": round(port.now_s() * RATE)})
        if plays_there:  # before whatever leads into them
            port.send({"buses": self._buses._orders()})

    @staticmethod
    def _make_mixer() -> Mixer:
        from layerw.audio.mixer import Mixer

        return Mixer()

    def _open_speaker(self) -> Speaker | None:
        from layerw.audio.device import Speaker

        try:
            return Speaker()
        except LayerwError as error:
            self._port.log.warning(str(error))
            return None

    # -- for programs ------------------------------------------------------------------------------

    @property
    def buses(self) -> Buses:
        """See `app.buses`."""
        return self._buses

    @property
    def music(self) -> Track | None:
        """What `app.music` began last."""
        return self._music.now

    @property
    def locked(self) -> bool:
        """Whether the browser plays nothing yet, because nobody has clicked or pressed a key. Time goes on meanwhile:
        loops begin where they would be, and what is older than 0.2 s is dropped."""
        return self._state == "locked"

    def on_unlocked(self, callback: Callback) -> Callback:
        """Decorator: calls the function once the page may play (now, when it may), say to end a "click for sound"."""
        return self._unlocked.add("audio", "unlocked", "locked" if self.locked else "unlocked", callback)

    @property
    def wanted(self) -> int:
        """How many voices play, heard or not; 256 at most."""
        return self._voices.wanted

    @property
    def audible(self) -> int:
        """How many of them are heard; 32 at most."""
        return int(self._voices.audible.sum())

    @property
    def listener(self) -> Entity | None:
        """The entity that hears, say a hero seen from behind; its sides are those of the picture. None: the camera."""
        return self._listener

    @listener.setter
    def listener(self, listener: Entity | None) -> None:
        if listener is not None:
            checks.instance("audio.listener", listener, Entity, "an entity, or None: the camera")
            check_owner("audio.listener", listener, self._port.table)
        self._listener = listener

    @property
    def panning(self) -> str:
        """How a place is heard, of what begins later: "equalpower", by loudness of both sides, or "hrtf", as heads and
        ears do: above, below and behind are told apart with headphones. That costs the browser more for each sound;
        recordings and native output are always by loudness."""
        return self._panning

    @panning.setter
    def panning(self, panning: str) -> None:
        self._panning = checks.one_of("audio.panning", panning, PANNINGS)
        self._voices.goes_around = panning == "hrtf" and self._page and self._mixer is None
        self._has_gone_around |= self._voices.goes_around

    @property
    def occlusion(self) -> bool | Entities:
        """Whether what is behind something sounds quieter and dull: True (all entities cover), a group (those do), or
        False, as it is unless it is set. Loops and what begins later follow."""
        now = self._voices.occlusion
        return False if now is None else True if now.covers is None else now.covers

    @occlusion.setter
    def occlusion(self, covers: bool | Entities) -> None:
        if not isinstance(covers, Entities):
            covers = checks.flag("audio.occlusion", covers)
        else:
            check_owner("audio.occlusion", covers, self._port.table)
        group = covers if isinstance(covers, Entities) else None
        self._voices.occlusion = (
            Occlusion(self._port.nearest, self._port.table, VOICES_MAX, group) if covers is not False else None)

    def zone(self, position: npt.ArrayLike, *, size: npt.ArrayLike | None = None, radius: float | None = None,
             seconds: float = 1.5, gain: float = 0.4, edge: float = 2.0, damping: float = 0.5) -> Zone:  # fmt: skip
        """A reverb zone: while the camera is inside, what plays on "sfx" and "voice" sounds as in a hall.

        Args:
            position: (3,) world metres, of its middle.
            size: (3,) of a box along the axes; or radius: of a ball; metres.
            seconds: until an echo is 60 dB quieter, 0.1 to 8.
            gain: how loud the room answers, 0 to 4.
            edge: metres outside of it until nothing is left of it.
            damping: 0 (stone) to 1 (curtains): how much sooner high tones go.

        Returns a Zone: `gain` and `position` can be set, `remove()` ends it. Where zones overlap the last one made
        counts. Each is charged to the layer budget: 0.4 MB a second.

        Raises:
            ConfigError: neither or both of size and radius, or there are 8. BudgetError: there is no room.
        """
        made = self._zones.add(position, size, radius, seconds=seconds, gain=gain, edge=edge, damping=damping)
        self._port.own(made.remove)
        return made

    def _tell_zone(self, index: int, answer: F32 | None) -> None:
        if self._mixer is not None:
            self._mixer.zone(index, answer)
        elif self._page:
            self._port.send({"zone": index} if answer is None else {"zone": index, "answer": answer})

    def _charge_zone(self, size_bytes: int) -> None:
        if size_bytes < 0:
            self._port.layer_ledger.release(-size_bytes)
        else:
            self._port.layer_ledger.reserve(size_bytes, "A reverb zone")

    # -- for Sound and App -------------------------------------------------------------------------

    def _take(self, sound: Sound) -> int:
        return self._files.take(sound)

    def _play(self, sound: Sound, at: object, gain: float, rate: float, bus: str, loop: bool, pan: float,
              fade: float, *, seconds_max: float = SECONDS_MAX) -> Voice:  # fmt: skip
        gain = checks.number("Sound.play gain", gain, 0, GAIN_MAX)
        rate = checks.number("Sound.play rate", rate, *RATE_LIMITS)
        pan = checks.number("Sound.play pan", pan, -1, 1)
        fade = checks.number("Sound.play fade", fade, 0, FADE_MAX_S)
        loop, group = checks.flag("Sound.play loop", loop), self._buses[bus]
        row, place = self._place_of("Sound.play at", at)
        number = self._files.take(sound, seconds_max)
        if sound._fill is not None:
            self._voices.stop_sound(sound, 0.0)
            loop, rate = True, 1.0
        if sound.state == "failed":  # it was told once
            return Voice(self, 0, -1, sound)
        slot, serial = self._voices.begin(sound, group, row, place, gain=gain, rate=rate, loop=loop,
                                          pan=pan, fade=fade)  # fmt: skip
        if serial > 0 and self._files.is_told(number):
            self._voices.number[slot], self._voices.length[slot] = number, sound.duration
        voice = Voice(self, slot, serial, sound)
        if loop:
            self._port.own(lambda: voice.stop(), lambda: not voice.playing)
        return voice

    def _play_music(self, sound: Sound, *, gain: float, loop: bool, fade: float) -> Voice:
        return self._play(sound, None, gain, 1.0, "music", loop, 0.0, min(fade, FADE_MAX_S),
                          seconds_max=MUSIC_SECONDS_MAX)

    def _place_of(self, name: str, at: object) -> tuple[int, F64 | None]:
        """An entity's row or -1, and a place."""
        if at is None:
            return -1, None
        if isinstance(at, Entity):
            check_owner(name, at, self._port.table)
            return at.first_row, None
        if isinstance(at, Entities | str) or not (hasattr(type(at), "__iter__") and np.iterable(at)):
            checks.instance(name, at, Entity, "one entity, (3,) world metres, or None")
        return -1, checks.vector(name, at)  # type: ignore[arg-type]

    def _stop_all(self, sound: Sound, fade: float) -> None:
        self._voices.stop_sound(sound, fade)

    # -- the frame ---------------------------------------------------------------------------------

    def hooks(self) -> Mapping[str, Callable[..., Any]]:
        """See frame/subsystems.py."""
        return {"placed": weakly(self._step), "received": weakly(self._received), "report": weakly(self._report)}

    def _step(self) -> None:
        dt = self._behind_s + self._port.dt_s()
        if self._may_wait(dt):
            self._behind_s = dt
            return
        self._behind_s, camera = 0.0, self._port.camera()
        self._files.sweep()
        stands = self._state == "hidden"
        can_sound = self._state == "running"
        if not stands:
            self._music.step(dt, can_sound=can_sound)
        ear = self._ear(camera.position)
        head = np.stack([camera.right, camera.up, -camera.forward]) if self._has_gone_around else None
        orders = self._voices.step(dt, self._port.placed(), ear, camera.right, can_sound=can_sound, stands=stands,
                                   head=head)  # fmt: skip
        buses = self._buses._orders() if self._buses.revision != self._buses_sent else None
        self._buses_sent = self._buses.revision
        zones = self._zones.levels(ear) if self._zones else None
        feeds = self._live.step(self._voices, dt) if can_sound and self._makes_sound else []
        if self._mixer is not None:
            self._mix(self._mixer, orders, buses, zones, feeds, dt)
        elif self._page and (orders is not None or buses is not None or zones is not None or feeds):
            self._tell(orders, buses, zones, feeds)

    def _may_wait(self, dt: float) -> bool:
        """A page smooths levels itself, and without an output nobody hears them: places are looked at 30 times a
        second, what begins, ends or is set at once."""
        return (self._mixer is None and dt < UPDATE_S and self._voices.is_calm
                and self._buses.revision == self._buses_sent)  # fmt: skip

    def _ear(self, camera: F64) -> F64:
        if self._listener is None or not self._listener.alive:
            return camera
        found: F64 = self._port.placed().position[self._listener.first_row].astype(np.float64)
        return found

    def _tell(self, orders: Orders | None, buses: Levels | None, zones: Levels | None, feeds: Feeds) -> None:
        message: dict[str, object] = {} if buses is None else {"buses": buses}
        if zones is not None:
            message["zones"] = zones
        if feeds:
            message["feeds"] = feeds
        if orders is not None:
            message["levels"] = orders.levels
            if orders.around is not None:
                message["around"] = orders.around
            if orders.stops:
                message["stops"] = orders.stops
            if orders.starts:
                message["starts"] = orders.starts
        self._port.send(message)

    def _mix(self, mixer: Mixer, orders: Orders | None, buses: Levels | None, zones: Levels | None, feeds: Feeds,
             dt: float) -> None:  # fmt: skip
        from layerw.audio.mixer import RATE, as_int16

        if buses is not None:
            mixer.buses(buses)
        if zones is not None:
            mixer.zones(zones)
        if orders is not None:
            mixer.receive(orders)
        for slot, samples in feeds:
            mixer.feed(slot, samples)
        if self._speaker is not None:
            return self._speaker.write(mixer.render(self._speaker.wanted()))
        self._samples += dt * RATE
        count = round(self._samples)
        self._samples -= count
        if count > 0:
            self._port.send({"recorded": as_int16(mixer.render(count)).reshape(-1)})
        return None

    def _received(self, message: dict[str, Any]) -> None:
        if "state" in message:
            self._state = message["state"]
            self._voices.choose_now()
            if not self.locked:
                self._unlocked.tell("unlocked")
        elif "sound" in message:
            self._files.page_decoded(message)
        elif "ahead" in message:
            self._live.has(*message["ahead"])
        elif "music" in message:
            self._music.page_tells(message)

    def _report(self) -> dict[str, Any]:
        return {"state": self._state, "wanted": self.wanted, "audible": self.audible,
                "dropped": self._voices.dropped, **self._files.figures()}  # fmt: skip

    def close(self) -> None:
        """Ends all and gives everything back."""
        if self._speaker is not None:
            self._speaker.close()
        self._music.close()
        self._zones.close()
        self._voices.close()
        self._files.close()
        if self._page:
            self._port.send({"end": True})
        self._mixer, self._page = None, False  # also of a step that a live sound's function ends


