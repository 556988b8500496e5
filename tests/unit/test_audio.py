"""Sound, heard by rendering it: levels, sides, distance, fades, ends, and that nothing clicks."""

from __future__ import annotations

import math
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

import layerw as lw
from layerw.audio.mixer import bent
from layerw.audio.voices import Voices
from layerw.hosts.headless import HeadlessHost
from layerw.messages.codec import encode_own

RATE, BLOCK = 48_000, 800  # samples a second, a frame
FULL = 32_767
CALLS_MAX = 64  # 46 as it is: none of them by sound


def recording() -> tuple[lw.App, HeadlessHost]:
    host = HeadlessHost(options={"sound": "record"})
    app = lw.App(host=host)
    app.camera = lw.Camera((0, 0, 0))  # along -z; +x is on the right
    return app, host


def tone(seconds: float = 1.0, size: float = 0.5, hertz: float = 440.0) -> npt.NDArray[np.float32]:
    return (size * np.sin(2 * math.pi * hertz * np.arange(int(seconds * RATE)) / RATE)).astype(np.float32)


def heard(host: HeadlessHost) -> npt.NDArray[np.float64]:
    return host.recorded.astype(float) / FULL


def level(samples: npt.NDArray[np.float64]) -> Any:
    """(2,) the amplitude of a sine on each side."""
    return np.sqrt((samples**2).mean(0) * 2)


def step_max(samples: npt.NDArray[np.float64]) -> float:
    """The largest from one sample to the next, silence before the first."""
    return float(np.abs(np.diff(samples, axis=0, prepend=np.zeros((1, 2)))).max())


SMOOTH = 2 * math.pi * 440 / RATE  # the largest step of a sine of 440 Hz and size 1


def test_a_sound_is_as_loud_as_it_is_and_ends_by_itself() -> None:
    app, host = recording()
    voice = lw.Sound.from_array(tone(0.25)).play()
    host.step(app, 10)
    assert voice.playing and voice.audible and 0.15 < voice.time < 0.18
    host.step(app, 10)
    assert not voice.playing and app.audio.wanted == 0
    found = heard(host)
    assert len(found) == 20 * BLOCK
    assert np.allclose(level(found[BLOCK : 14 * BLOCK]), 0.5, atol=0.005)
    assert not found[15 * BLOCK + 1 :].any(), "0.25 s are 15 frames"


def test_a_recording_begins_with_the_frames_also_where_the_first_sound_comes_later() -> None:
    app, host = recording()
    app.after(0.5, lambda: lw.Sound.from_array(tone(0.25)).play())
    host.step(app, 60)
    samples = heard(host)
    assert len(samples) == 60 * BLOCK
    assert abs(int(np.flatnonzero(np.abs(samples[:, 0]) > 0.01)[0]) - RATE // 2) <= 2 * BLOCK


def test_what_is_loud_at_its_ends_does_not_click() -> None:
    app, host = recording()
    lw.Sound.from_array(np.full(4800, 0.8)).play()  # steps from 0 to 0.8 and back
    loop = lw.Sound.from_array(np.full(4800, 0.1)).play(loop=True)
    host.step(app, 12)
    loop.stop()
    host.step(app, 4)
    found = heard(host)
    assert found.max() > 0.8 and not found[-1].any()
    assert step_max(found) < 0.02


@pytest.mark.parametrize(("place", "left", "right"), [
    ((0, 0, -1), 1.0, 1.0), ((0, 0, -4), 0.25, 0.25), ((2, 0, 0), 0.0, 0.5), ((-10, 0, 0), 0.1, 0.0),
    ((0.5, 0, 0), math.sqrt(0.5), 1.0), ((0, 0, -100), 0.0, 0.0)])  # fmt: skip
def test_sides_and_distance(place: tuple[float, float, float], left: float, right: float) -> None:
    app, host = recording()
    lw.Sound.from_array(tone()).play(at=place)
    host.step(app, 20)
    assert np.allclose(level(heard(host)[4 * BLOCK :]), (0.5 * left, 0.5 * right), atol=0.004)


@pytest.mark.parametrize(("model", "distance", "gain"), [
    ("linear", 5.5, 0.5), ("linear", 12.0, 0.0), ("exponential", 2.0, 0.5), ("inverse", 2.0, 0.5)])  # fmt: skip
def test_distance_models_are_those_of_web_audio(model: str, distance: float, gain: float) -> None:
    app, host = recording()
    lw.Sound.from_array(tone(), range=10.0, distance_model=model).play(at=(0, 0, -distance))
    host.step(app, 20)
    edge = 1.0 if model == "linear" else max(1 - (distance / 10) ** 4, 0.0)
    assert np.allclose(level(heard(host)[4 * BLOCK :]), 0.5 * gain * edge, atol=0.004)


def test_it_goes_along_with_an_entity_and_its_loop_ends_with_it() -> None:
    app, host = recording()
    ship = app.spawn(lw.Mesh.box(), position=(-3, 0, 0))
    voice = lw.Sound.from_array(tone()).play(at=ship, loop=True)
    host.step(app, 20)
    ship.position = (3, 0, 0)
    host.step(app, 20)
    found = heard(host)
    assert np.allclose(level(found[4 * BLOCK : 20 * BLOCK]), (0.5 / 3, 0), atol=0.004)
    assert np.allclose(level(found[24 * BLOCK :]), (0, 0.5 / 3), atol=0.004)
    assert step_max(found) < SMOOTH / 3 + 0.01, "it moved 6 m in a frame"
    ship.despawn()
    host.step(app, 10)
    assert not voice.playing and not heard(host)[-1].any()


def test_the_listener_is_far_from_the_origin() -> None:
    app, host = recording()
    app.camera.position = (1e7, 0, 0)
    lw.Sound.from_array(tone()).play(at=(1e7 + 2, 0, 0))
    host.step(app, 20)
    assert np.allclose(level(heard(host)[4 * BLOCK :]), (0, 0.25), atol=0.004)


def test_an_entity_hears() -> None:
    app, host = recording()
    hero = app.spawn(lw.Mesh.box(), position=(0, 0, -9))
    app.audio.listener = hero
    lw.Sound.from_array(tone()).play(at=(2, 0, -9))
    host.step(app, 20)
    assert np.allclose(level(heard(host)[4 * BLOCK :]), (0, 0.25), atol=0.004)
    hero.despawn()
    host.step(app, 10)
    assert level(heard(host)[-4 * BLOCK :]).max() < 0.06, "the camera hears again"
    with pytest.raises(lw.KindError):
        app.audio.listener = (0, 0, 0)  # type: ignore[assignment]
    assert app.report()["errors"] == []


def test_gain_rate_and_pan() -> None:
    app, host = recording()
    voice = lw.Sound.from_array(tone(2.0), gain=0.5).play(gain=0.5, rate=2.0, pan=1.0)
    host.step(app, 30)
    found = heard(host)[3 * BLOCK :]
    assert np.allclose(level(found), (0, 0.125), atol=0.002)
    spectrum = np.abs(np.fft.rfft(found[:, 1]))
    assert abs(np.argmax(spectrum) * RATE / len(found) - 880) < 3
    voice.gain, voice.rate = 0.0, 1.0
    host.step(app, 2)
    assert not heard(host)[-1].any()
    voice.gain = 1.0
    host.step(app, 40)
    assert voice.playing and voice.gain == 1.0 and step_max(heard(host)) < 2 * SMOOTH * 0.125 + 0.01
    assert abs(voice.time - (31 / 60 * 2 + 41 / 60)) < 0.04


def test_buses_are_groups_and_groups_of_groups() -> None:
    app, host = recording()
    app.buses.add("engines", into="sfx").gain = 0.5
    lw.Sound.from_array(tone(3.0)).play(bus="engines")
    host.step(app, 20)
    app.buses["sfx"].gain = 0.5
    host.step(app, 20)
    app.buses["main"].muted = True
    host.step(app, 20)
    found = heard(host)
    for frames, size in ((slice(4, 20), 0.25), (slice(24, 40), 0.125), (slice(42, 60), 0.0)):
        assert np.allclose(level(found[frames.start * BLOCK : frames.stop * BLOCK]), size, atol=0.003)
    assert step_max(found) < 0.03
    with pytest.raises(lw.KeyMissing, match="Did you mean 'music'"):
        app.buses["musik"]


def test_fades_of_voices_and_of_music() -> None:
    app, host = recording()
    first, second = lw.Sound.from_array(tone(9.0, 0.4)), lw.Sound.from_array(tone(9.0, 0.2, 660.0))
    app.music(first, fade=0.0)
    host.step(app, 30)
    track = app.music(second, fade=1.0)
    assert track is app.audio.music
    host.step(app, 30)
    middle = heard(host)[-2 * BLOCK :]
    assert 0.2 < np.abs(middle).max() < 0.32, "half of both"
    host.step(app, 40)
    assert np.allclose(level(heard(host)[-6 * BLOCK :]), 0.2, atol=0.01)
    assert app.audio.wanted == 1, "the first has ended"
    assert app.music(None, fade=0.5) is None
    host.step(app, 40)
    assert not heard(host)[-1].any() and not track.playing
    assert step_max(heard(host)) < 0.05


def test_32_are_heard_of_256_by_priority_and_distance() -> None:
    app, host = recording()
    hum = lw.Sound.from_array(tone(1.0, 0.01))
    near = [hum.play(at=(0, 0, -1 - number * 0.1), loop=True) for number in range(100)]
    alarm = lw.Sound.from_array(tone(1.0, 0.01), priority=5.0).play(at=(0, 0, -90), loop=True)
    host.step(app, 3)
    audible = [voice for voice in near if voice.audible]
    assert audible == near[:31] and alarm.audible and app.audio.audible == 32 and app.audio.wanted == 101
    more = [hum.play(loop=True) for _ in range(200)]
    host.step(app, 1)
    assert app.audio.wanted == 256 and app.report()["audio"]["dropped"] == 45
    assert alarm.audible, "it matters most"
    for voice in (*more, *near[:50]):
        voice.stop()
    host.step(app, 2)
    left = [voice for voice in near if voice.playing]
    assert all(voice.audible for voice in left[:31]), "those that were too far take the free places"
    assert abs(near[60].time - 6 / 60) < 0.02 or not near[60].playing, "time went on unheard"


def test_nothing_before_the_unlock_and_loops_begin_where_they_would_be() -> None:
    app, host = recording()
    page = app._engine.page
    ramp = np.linspace(0, 0.9, RATE)  # the value says the time
    page._receive(encode_own("audio", {"state": "locked"}))
    app.audio  # noqa: B018  it hears the page only once there is one
    page._receive(encode_own("audio", {"state": "locked"}))
    loop = lw.Sound.from_array(ramp).play(loop=True)
    old = lw.Sound.from_array(tone()).play()
    host.step(app, 30)
    assert app.audio.locked and not heard(host).any()
    unlocked: list[int] = []
    app.audio.on_unlocked(lambda: unlocked.append(1))
    young = lw.Sound.from_array(tone(1.0, 0.01)).play()
    host.step(app, 6)
    assert not heard(host).any()
    page._receive(encode_own("audio", {"state": "running"}))
    host.step(app, 3)
    assert unlocked == [1] and app.audio.on_unlocked(lambda: unlocked.append(2)) and unlocked == [1, 2]
    assert not old.playing and young.playing and loop.audible
    last = heard(host)[-1].mean()
    assert abs(last - 0.9 * (39 / 60)) < 0.05, "0.65 s into it"


def test_what_begins_far_away_is_heard_when_one_comes_near() -> None:
    app, host = recording()
    speech = lw.Sound.from_array(tone(5.0), range=10.0).play(at=(0, 0, -50))
    host.step(app, 60)
    assert speech.playing and not speech.audible
    app.camera.position = (0, 0, -49)
    host.step(app, 10)
    assert speech.audible and abs(speech.time - 70 / 60) < 0.02
    assert np.allclose(level(heard(host)[-BLOCK:]), 0.5, atol=0.02)


def test_a_hidden_page_holds_what_plays() -> None:
    app, host = recording()
    voice = lw.Sound.from_array(tone(3.0)).play(loop=True)
    host.step(app, 6)
    page, before = app._engine.page, voice.time
    page._receive(encode_own("audio", {"state": "hidden"}))
    late = lw.Sound.from_array(tone(3.0)).play()
    host.step(app, 60)
    assert voice.time == before and voice.playing
    page._receive(encode_own("audio", {"state": "running"}))
    host.step(app, 2)
    assert voice.time > before and not late.playing, "what came while nobody looked is not caught up"


def test_loud_sums_are_bent_not_cut() -> None:
    app, host = recording()
    sound = lw.Sound.from_array(tone(1.0, 0.9))
    for _ in range(4):
        sound.play()
    host.step(app, 10)
    found = heard(host)
    assert 0.95 < found.max() <= 1.0
    assert np.allclose(bent(np.array([-0.5, 0.79, 100.0])), (-0.5, 0.79, 1.0))


def test_a_scene_ends_its_loops() -> None:
    app, host = recording()
    hum = lw.Sound.from_array(tone())

    class Menu(lw.Scene):
        def enter(self) -> None:
            self.hum = hum.play(loop=True)

    menu = Menu()
    app.enter(menu)
    host.step(app, 2)
    assert menu.hum.playing
    app.enter(None)
    host.step(app, 2)
    assert not menu.hum.playing


def test_without_a_recording_voices_live_the_same_life_and_memory_is_given_back() -> None:
    host = HeadlessHost()
    app = lw.App(host=host)
    used = app._engine.heap_ledger.used_bytes
    sound = lw.Sound.from_array(tone(0.5))
    voice = sound.play()
    assert app._engine.heap_ledger.used_bytes == used + 4 * RATE // 2
    host.step(app, 20)
    assert voice.playing
    host.step(app, 20)
    assert not voice.playing
    del sound, voice
    host.step(app, 1)
    assert app._engine.heap_ledger.used_bytes == used
    kept = lw.Sound.from_array(tone(0.5))
    kept.play()
    app.close()
    assert app._engine.heap_ledger.used_bytes <= used
    assert kept.state == "ready"


def test_a_program_without_sound_imports_nothing_of_it() -> None:
    code = """
import sys, layerw as lw
app = lw.App()
app.frame_step(0.0, 1 / 60, 0, 0)
print([m for m in sys.modules if m.startswith("layerw.audio")])
"""
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"


def test_what_is_behind_a_wall_is_quieter_and_dull() -> None:
    app, host = recording()
    app.audio.occlusion = True
    wall = app.spawn(lw.Mesh.box(4, 4, 0.5), position=(0, 0, -2))
    speaker = app.spawn(lw.Mesh.box(0.5), position=(0, 0, -4))
    part = app.spawn(lw.Mesh.box(1.0), parent=speaker)  # covers nothing of its own
    sound = lw.Sound.from_array(tone(4.0, hertz=2000.0))
    sound.play(at=part, loop=True)
    host.step(app, 20)
    behind = level(heard(host)[8 * BLOCK :]).max()
    assert 0.001 < behind < 0.125 * 0.5 * 0.3, "12 dB an octave from 900 Hz on, from the first sample on"
    assert step_max(heard(host)) < 0.02
    wall.position = (10, 0, -2)
    host.step(app, 30)
    assert np.allclose(level(heard(host)[-8 * BLOCK :]), 0.125, atol=0.004)
    assert step_max(heard(host)) < 2 * math.pi * 2000 / RATE * 0.125 + 0.01
    door = app.spawn_many(lw.Mesh.box(4, 4, 0.2), 2, position=[(0, 0, -1), (0, 5, 0)])
    app.audio.occlusion = door[1:]
    host.step(app, 30)
    assert np.allclose(level(heard(host)[-8 * BLOCK :]), 0.125, atol=0.004), "others than the group cover nothing"
    assert app.audio.occlusion == door[1:]
    app.audio.occlusion = False
    with pytest.raises(lw.KindError):
        app.audio.occlusion = "walls"  # type: ignore[assignment]


def test_a_reverb_zone_answers_while_the_camera_is_inside() -> None:
    app, host = recording()
    used = app._engine.layer_ledger.used_bytes
    hall = app.audio.zone((0, 0, 0), size=(10, 4, 10), seconds=0.5, gain=0.5)
    click = lw.Sound.from_array(tone(0.05))
    click.play()
    host.step(app, 60)
    found = heard(host)
    tail = [float(np.sqrt((found[k * BLOCK : (k + 2) * BLOCK] ** 2).mean())) for k in (6, 12, 24, 50)]
    assert tail[0] > 0.01 and tail[1] < tail[0] / 3 and tail[2] < tail[0] / 50 and tail[3] < 1e-4
    before = len(found)
    app.camera.position = (20, 0, 0)
    host.step(app, 2)
    click.play()
    host.step(app, 30)
    assert not heard(host)[before + 8 * BLOCK :].any(), "outside it is dry"
    app.camera.position = (0, 0, 0)
    host.step(app, 5)
    click.play()
    host.step(app, 6)
    hall.remove()
    hall.remove()
    host.step(app, 1)
    assert heard(host)[-BLOCK:].any(), "it dies away"
    assert step_max(heard(host)) < 0.2 * SMOOTH * 5
    host.step(app, 60)
    assert not heard(host)[-1].any()
    assert app._engine.layer_ledger.used_bytes == used
    for bad in ({"size": (1, 1)}, {}, {"size": (1, 1, 1), "radius": 2.0}, {"radius": -1}, {"radius": 1, "seconds": 9},
                {"radius": 1, "gain": 5}, {"radius": 1, "edge": 0}, {"radius": 1, "damping": 2}):  # fmt: skip
        with pytest.raises(lw.LayerwError):
            app.audio.zone((0, 0, 0), **bad)  # type: ignore[arg-type]
    for _ in range(8):
        app.audio.zone((0, 0, 0), radius=1.0, seconds=0.1)
    with pytest.raises(lw.ConfigError, match="8 reverb zones"):
        app.audio.zone((0, 0, 0), radius=1.0)


def test_a_function_makes_a_sound_while_it_plays() -> None:
    app, host = recording()
    made = [0]

    def engine(samples: npt.NDArray[np.float32]) -> None:
        samples[:] = 0.5 * np.sin(2 * math.pi * 440 * (made[0] + np.arange(len(samples))) / RATE)
        made[0] += len(samples)

    sound = lw.Sound.live(engine)
    voice = sound.play(at=(0, 0, -2))
    host.step(app, 20)
    found = heard(host)
    assert np.allclose(level(found[4 * BLOCK :]), 0.25, atol=0.004) and step_max(found) < SMOOTH * 0.25 + 0.003
    assert made == [20 * BLOCK] and voice.playing and voice.time > 0.3
    again = sound.play()
    host.step(app, 2)
    assert again.playing and not voice.playing, "once at a time"
    again.stop()
    host.step(app, 4)
    assert not heard(host)[-1].any() and made == [22 * BLOCK]

    wrong = lw.Sound.live(lambda samples: 1 / 0, channels=2).play()
    host.step(app, 3)
    assert not wrong.playing and "division by zero" in str(app.report()["errors"])
    for bad in ({"fill": 3}, {"fill": lambda: 0}, {"fill": engine, "channels": 3}, {"fill": engine, "gain": -1}):
        with pytest.raises(lw.LayerwError):
            lw.Sound.live(**bad)  # type: ignore[arg-type]


BAD_PLAYS: list[tuple[str, list[Any]]] = [
    ("at", [3, "x", (1, 2), (math.nan, 0, 0)]), ("gain", [None, "a", -1, 17, math.nan]), ("rate", [None, 0, -1, 65]),
    ("bus", [None, 3, "sfxx"]), ("loop", [None, 1]), ("pan", [None, 2, -2]), ("fade", [None, -1, 61])]


@pytest.mark.parametrize(("name", "values"), BAD_PLAYS)
def test_play_refuses_what_it_cannot_take(name: str, values: list[Any]) -> None:
    app, _ = recording()
    sound = lw.Sound.from_array(tone(0.1))
    for value in values:
        with pytest.raises(lw.LayerwError, match=r"Sound\.play|no bus"):
            sound.play(**{name: value})
    voice = sound.play(loop=True)
    for act in (lambda: setattr(voice, "gain", -1), lambda: setattr(voice, "rate", 0), lambda: voice.move("x"),
                lambda: voice.stop(-1), lambda: voice.fade(1, -1), lambda: sound.stop(None),  # type: ignore[arg-type]
                lambda: setattr(voice, "gian", 1), lambda: setattr(app.audio, "oclusion", True),
                lambda: sound.play(at=app.spawn_many(lw.Mesh.box(), 2)), lambda: lw.Sound(np.zeros(4)),  # type: ignore[arg-type]
                lambda: setattr(sound, "rnage", 1)):  # fmt: skip
        with pytest.raises(lw.LayerwError):
            act()
    assert app.audio.wanted == 1


def test_a_destroyed_sound_and_a_despawned_place_are_refused() -> None:
    app, host = recording()
    sound, box = lw.Sound.from_array(tone()), app.spawn(lw.Mesh.box())
    voice = sound.play(loop=True)
    box.despawn()
    with pytest.raises(lw.HandleError):
        sound.play(at=box)
    sound.destroy()
    host.step(app, 2)
    assert not voice.playing and sound.state == "destroyed"
    with pytest.raises(lw.HandleError, match="destroyed"):
        sound.play()


def calls_of(function: Callable[[], object]) -> int:
    """How many functions of Python and of C it calls."""
    count = 0

    def note(_: object, event: str, __: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    sys.setprofile(note)
    try:
        function()
    finally:
        sys.setprofile(None)
    return count


def test_places_are_looked_at_30_times_a_second_and_what_is_set_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    host = HeadlessHost()
    app = lw.App(host=host)
    voice = lw.Sound.from_array(tone(9.0)).play(at=(3, 0, 0), loop=True)
    host.step(app, 4)
    looks: list[float] = []
    step = Voices.step
    monkeypatch.setattr(Voices, "step", lambda self, dt, *a, **b: looks.append(dt) or step(self, dt, *a, **b))
    host.step(app, 60)
    assert len(looks) <= 45 and sum(looks) == pytest.approx(1.0, abs=0.05)
    for _ in range(10):
        looks.clear()
        voice.gain = 0.5
        host.step(app, 1)
        assert looks
    assert voice.time == pytest.approx(74 / 60, abs=0.03)


def test_what_moving_sounds_cost_python_is_the_same_for_any_number(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("layerw.audio.audio.UPDATE_S", 0.0)
    calls = []
    for number in (50, 100, 200):
        host = HeadlessHost()
        app = lw.App(host=host)
        crowd = app.spawn_many(lw.Mesh.box(), number, position=np.random.default_rng(1).normal(size=(number, 3)) * 20)
        hum = lw.Sound.from_array(tone(1.0))
        for one in crowd:
            hum.play(at=one, loop=True)
        found = []
        for _ in range(20):
            crowd.position += 0.01
            app._engine.shown.columns = app._engine.table.update()
            found.append(calls_of(app.audio._step))
        assert app.audio.audible == 32
        calls.append(min(found))
        app.close()
    assert len(set(calls)) == 1 and calls[0] < CALLS_MAX, calls


def test_a_live_function_may_close_the_app() -> None:
    host = HeadlessHost(options={"sound": "record"})
    app = lw.App(host=host)
    lw.Sound.live(lambda samples: app.close()).play()
    host.step(app, 5)
    assert app.report()["errors"] == []


def test_places_around_the_head() -> None:
    host = HeadlessHost(options={"sound": "record"})
    app = lw.App(host=host)
    hum = lw.Sound.from_array(tone(1.0), reference=2.0)
    for place in ((11, 2, 3), (1, 2, 13), (1, 3, 3)):
        hum.play(at=place, loop=True)
    hum.play(loop=True)  # nowhere
    host.step(app, 2)
    voices = app.audio._voices
    found = voices.places.around(np.arange(4), np.array((1.0, 2.0, 3.0)), np.eye(3))
    assert np.allclose(found, [(0, 1, 0, 0), (1, 0, 0, 1), (2, 0, 0.5, -0.5)], atol=1e-6)
    app.audio.panning = "hrtf"
    assert app.audio.panning == "hrtf" and not voices.goes_around, "a recording is by loudness"
    with pytest.raises(lw.ConfigError, match="equalpower"):
        app.audio.panning = "surround"
    app.close()


def test_what_begins_with_hrtf_is_told_which_way_of_the_head_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    """The whole way to the orders: the camera's right, up and back are the head's axes."""
    app, host = recording()
    audio, told = app.audio, []
    voices, step = audio._voices, audio._voices.step
    monkeypatch.setattr(voices, "step", lambda *a, **k: told.append(step(*a, **k)) or told[-1])
    hum = lw.Sound.from_array(tone(1.0))
    hum.play(at=(0, 0, -5), loop=True)
    host.step(app, 5)
    assert told[-1] is None and all(order is None or order.around is None for order in told)
    voices.goes_around = audio._has_gone_around = True  # as on a page with panning = "hrtf"
    app.camera.position = (10, 0, 0)
    app.camera.look_at((20, 0, 0))  # to +x: its right is +z, its back -x
    for place in ((15, 0, 0), (5, 0, 0), (10, 0, 5), (10, 5, 0), None):
        hum.play(at=place, loop=True)
    told.clear()
    host.step(app, 1)
    begun, = (order for order in told if order is not None and order.starts)
    assert [(one.slot, one.around) for one in begun.starts] == [(1, True), (2, True), (3, True), (4, True), (5, False)]
    ways = {int(slot): way for slot, *way in begun.around.tolist()}
    assert sorted(ways) == [0, 1, 2, 3, 4], "what has no place is nowhere around"
    found = [ways[slot] for slot in (1, 2, 3, 4)]
    assert np.allclose(found, [(0, 0, -1), (0, 0, 1), (1, 0, 0), (0, 1, 0)], atol=1e-6)
    app.camera.look_at((0, 0, 0))  # turned about: what was in front is behind
    told.clear()
    host.step(app, 1)
    turned = {int(slot): way for slot, *way in told[-1].around.tolist()}
    assert np.allclose([turned[slot] for slot in (1, 2, 3)], [(0, 0, 1), (0, 0, -1), (-1, 0, 0)], atol=1e-6)
    app.close()
