"""Sound in a page: its own graph against the mix in numpy, and what is heard before and after a gesture."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from playwright.sync_api import Browser, BrowserContext

from layerw.audio.formats import decode_wav, encode_wav
from layerw.audio.mixer import Mixer
from layerw.audio.orders import Orders, Start, Stop
from layerw_server.tools.shot import take_shot
from layerw_server.tools.shot_result import ShotOptions, write_sound

from .conftest import RunProgram, ServeProgram
from .harness import Running

RATE, BLOCK, FRAMES = 48_000, 800, 36
TONE = (0.5 * np.sin(2 * np.pi * 440 * np.arange(RATE) / RATE)).astype(np.float32)
STEP = [0.8] * 4800  # as loud at its ends as can be
# What the engine says in which frame: [stops, starts, levels].
SCRIPT: dict[int, list[Any]] = {
    0: [[], [[0, 1, 0.0, True, 1.0, 1, 0.5, 0.5, -1], [1, 2, 0.0, False, 1.0, 1, 0.4, 0.0, -1]],
        [[0, 0.5, 0.5, 1, 0], [1, 0.4, 0.0, 1, 0]]],
    8: [[], [], [[0, 0.0, 1.0, 1, 0]]],
    16: [[], [], [[0, 0.0, 1.0, 2, 0]]],
    20: [[], [[0, 1, 0.25, True, 1.0, 1, 0.1, 0.1, 1]], [[0, 0.1, 0.1, 1, 1]]],
    28: [[[0, 0.02]], [], []],
}
RENDER_JS = """async ([script, tone, step]) => {
  const { Graph } = await import('/web/page/subsystems/audio-graph.js');
  const context = new OfflineAudioContext(2, 36 * 800, 48000);
  const graph = new Graph(context);
  [tone, step].forEach((samples, index) => {
    const buffer = new AudioBuffer({ numberOfChannels: 1, length: samples.length, sampleRate: 48000 });
    buffer.copyToChannel(Float32Array.from(samples), 0);
    graph.sounds.set(index + 1, buffer);
  });
  graph.receive({ buses: [[-1, 1], [0, 1]] });
  for (const [frame, [stops, starts, levels]] of Object.entries(script)) {
    const tell = () => graph.receive({ stops, starts, levels: Float32Array.from(levels.flat()) });
    if (frame === '0') tell();
    else context.suspend(frame / 60).then(() => { tell(); context.resume(); });
  }
  const made = await context.startRendering();
  return [0, 1].map((channel) => Array.from(made.getChannelData(channel)));
}"""


# A tone that comes in pieces of a frame, in a room.
LIVE_JS = """async ([tone, answer]) => {
  const { Graph } = await import('/web/page/subsystems/audio-graph.js');
  const context = new OfflineAudioContext(2, 60 * 800, 48000);
  const graph = new Graph(context);
  graph.sounds.set(1, 1);
  graph.receive({ buses: [[-1, 1], [0, 1], [0, 1], [0, 1], [0, 1]] });
  const room = new AudioBuffer({ numberOfChannels: 2, length: answer.length, sampleRate: 48000 });
  room.copyToChannel(Float32Array.from(answer), 0);
  graph.setZone(0, room);
  const feed = (frame) => {
    const samples = Object.assign(Float32Array.from(tone.slice(frame * 800, frame * 800 + 800)), { shape: [1, 800] });
    const starts = frame === 0 ? [[0, 1, 0, true, 1, 1, 1, 1, -1]] : [];
    graph.receive({ starts, feeds: [[0, samples]], zones: frame === 30 ? [[0, 1]] : [] });
  };
  feed(0);
  for (let frame = 1; frame < 60; frame += 1) {
    context.suspend(frame / 60).then(() => { feed(frame); context.resume(); });
  }
  const made = await context.startRendering();
  return [0, 1].map((channel) => Array.from(made.getChannelData(channel)));
}"""


# Noise on the right, in front and behind, one after the other, by HRTF.
AROUND_JS = """async ([noise]) => {
  const { Graph } = await import('/web/page/subsystems/audio-graph.js');
  const context = new OfflineAudioContext(2, 3 * 9600, 48000);
  const graph = new Graph(context);
  const buffer = new AudioBuffer({ numberOfChannels: 1, length: noise.length, sampleRate: 48000 });
  buffer.copyToChannel(Float32Array.from(noise), 0);
  graph.sounds.set(1, buffer);
  const levels = Float32Array.of(0, 0.3, 0.5, 1, 0);
  const tell = (starts, way) => graph.receive({ starts, levels, around: Float32Array.of(0, ...way) });
  graph.receive({ buses: [[-1, 1], [0, 1]] });
  tell([[0, 1, 0, true, 1, 1, 0.3, 0.5, -1, true]], [1, 0, 0]);
  context.suspend(0.2).then(() => { tell([], [0, 0, -1]); context.resume(); });
  context.suspend(0.4).then(() => { tell([], [0, 0, 1]); context.resume(); });
  const made = await context.startRendering();
  return [0, 1].map((channel) => Array.from(made.getChannelData(channel)));
}"""


def mixed() -> npt.NDArray[np.float64]:
    mixer, blocks = Mixer(), []
    mixer.keep(1, TONE[None], RATE)
    mixer.keep(2, np.array([STEP], np.float32), RATE)
    mixer.buses([[-1, 1], [0, 1]])
    for frame in range(FRAMES):
        if frame in SCRIPT:
            stops, starts, levels = SCRIPT[frame]
            mixer.receive(Orders([Stop(*one) for one in stops], [Start(*one) for one in starts],
                                 np.array(levels, np.float32).reshape(-1, 5)))  # fmt: skip
        blocks.append(mixer.render(BLOCK))
    return np.concatenate(blocks)


def level(samples: npt.NDArray[np.float64], first: int, last: int) -> Any:
    return np.sqrt((samples[first * BLOCK : last * BLOCK] ** 2).mean(0) * 2)


def test_the_pages_graph_makes_the_mix_of_numpy_and_nothing_clicks(browser: Browser, origin: str) -> None:
    page = browser.new_page()
    page.goto(f"{origin}/package.json")
    made = np.array(page.evaluate(RENDER_JS, [SCRIPT, TONE.tolist(), STEP])).T
    live = np.array(page.evaluate(LIVE_JS, [TONE.tolist(), [0.0, 0.5]])).T  # the room adds half, a sample later
    page.close()
    assert np.allclose(level(live, 4, 28), 0.5, atol=0.004)
    assert np.allclose(level(live, 40, 58), (0.745, 0.5), atol=0.01), "beyond 0.8 of full scale it would be bent"
    assert np.abs(np.diff(live, axis=0, prepend=np.zeros((1, 2)))).max() < 2 * np.pi * 440 / RATE * 0.75 + 0.005
    same = mixed()
    assert made.shape == same.shape
    for first, last in ((2, 5), (6, 8), (12, 16), (18, 20), (24, 28), (31, 36)):
        assert np.allclose(level(made, first, last), level(same, first, last), atol=0.006), (first, last)
    assert not made[31 * BLOCK :].any()
    for sound in (made, same):
        steps = np.abs(np.diff(sound, axis=0, prepend=np.zeros((1, 2)))).max()
        assert steps < 2 * 2 * np.pi * 440 / RATE * 0.5 + 0.01, steps


def test_hrtf_tells_sides_and_what_is_behind_apart(browser: Browser, origin: str) -> None:
    page = browser.new_page()
    page.goto(f"{origin}/package.json")
    noise = np.random.default_rng(1).uniform(-0.3, 0.3, 9600)
    around = np.array(page.evaluate(AROUND_JS, [noise.tolist()])).T
    page.close()
    right, front, back = (around[first + 4800 : first + 9600] for first in (0, 9600, 19200))
    assert level(right, 0, 6)[1] > 1.5 * level(right, 0, 6)[0]
    for middle in (front, back):
        assert np.isclose(*level(middle, 0, 6), rtol=0.25) and 0.02 < level(middle, 0, 6)[0] < 0.5
    tones = [np.abs(np.fft.rfft(one[:, 0])) for one in (front, back)]
    assert np.abs(np.diff([one[800:].sum() / one[:400].sum() for one in tones])) > 0.1, "ears hear what is behind"


PROGRAM = """
import numpy as np
import layerw as lw
app = lw.App(overlay=False)
tone = lw.Sound.from_array(0.5 * np.sin(2 * np.pi * 440 * np.arange(48_000) / 48_000))
ramp = lw.Sound.from_array(np.linspace(0, 0.1, 48_000 * 100))
file, missing, page = lw.Sound("ding.wav"), lw.Sound("missing.ogg"), lw.Sound("main.py")
music = app.music("ding.wav", gain=0.01)
loop = ramp.play(loop=True)
early = tone.play()
"""
# Playwright's questions are gestures to a browser: this context waits for a click. `tap`: what goes to the speakers.
TAP_JS = """
addEventListener('pointerdown', (event) => { globalThis.clicked ||= event.isTrusted; }, true);
globalThis.AudioContext = class extends AudioContext {
  constructor(options) {
    super(options);
    super.suspend();
  }

  get state() { return globalThis.clicked ? super.state : 'suspended'; }

  resume() { return globalThis.clicked ? super.resume() : Promise.reject(new DOMException('', 'NotAllowedError')); }
};
const connect = AudioNode.prototype.connect;
AudioNode.prototype.connect = function (to, ...rest) {
  if (to === this.context.destination && this.context instanceof AudioContext) {
    globalThis.tap = new AnalyserNode(this.context, { fftSize: 32768 });
    connect.call(this, globalThis.tap);
  }
  return connect.call(this, to, ...rest);
};
"""
TAPPED_JS = """() => {
  const samples = new Float32Array(32768);
  globalThis.tap.getFloatTimeDomainData(samples);
  let step = 0;
  for (let i = 1; i < samples.length; i += 1) step = Math.max(step, Math.abs(samples[i] - samples[i - 1]));
  const peak = samples.reduce((most, one) => Math.max(most, Math.abs(one)), 0);
  return { peak, step, last: samples.at(-1), state: globalThis.tap.context.state };
}"""


def ask(running: Running, expression: str) -> Any:
    return json.loads(running.python(f"import json, __main__ as m\njson.dumps({expression})"))


def wait(running: Running, expression: str, seconds: float = 20.0) -> None:
    end = time.monotonic() + seconds
    while not ask(running, expression):
        assert time.monotonic() < end, (expression, running.report()["audio"])


@pytest.mark.own_profile
def test_nothing_sounds_before_a_gesture_and_loops_begin_where_they_would_be(
        context: BrowserContext, run_program: RunProgram, tmp_path: Path) -> None:
    (tmp_path / "app").mkdir()
    ding = encode_wav(np.round(TONE[:24_000, None] * 20_000).astype(np.int16), RATE)
    (tmp_path / "app" / "ding.wav").write_bytes(ding)
    context.add_init_script(TAP_JS)
    running = run_program(PROGRAM, backend="null")
    running.page.wait_for_function("document.querySelector('layer-w').host.report !== null", timeout=90_000)
    wait(running, "m.file.state == 'ready' and m.missing.state == m.page.state == 'failed'")
    assert ask(running, "[m.app.audio.locked, m.loop.audible, m.file.duration]") == [True, False, 0.5]
    errors = running.report()["errors"]
    assert len(errors) == 2 and all(name in str(errors) for name in ("missing.ogg", "main.py"))
    assert running.page.evaluate(TAPPED_JS)["peak"] == 0
    running.page.mouse.click(40, 40)
    wait(running, "m.loop.audible")
    assert ask(running, "[m.app.audio.locked, m.early.playing]") == [False, False]
    running.page.wait_for_timeout(900)
    heard = running.page.evaluate(TAPPED_JS)
    at = ask(running, "m.loop.time")
    assert heard["state"] == "running" and heard["peak"] > 0 and heard["step"] < 0.01
    assert abs(heard["last"] * 1000 - at) < 0.7 + 0.01 * 1000, "the ramp says its time, the music adds 0.01 at most"
    running.python("import __main__ as m\nm.loop.stop()\nm.app.music(None, fade=0.0)\nm.tone.play()\nNone")
    wait(running, "m.app.audio.audible == 1")
    running.page.wait_for_timeout(600)
    heard = running.page.evaluate(TAPPED_JS)
    assert abs(heard["peak"] - 0.5) < 0.02 and heard["step"] < 0.04
    running.page.evaluate("""() => {
        Object.defineProperty(document, 'hidden', { configurable: true, get: () => true });
        document.dispatchEvent(new Event('visibilitychange'));
    }""")
    running.page.wait_for_function("globalThis.tap.context.state === 'suspended'")
    assert running.page.evaluate("globalThis.tap.context.state") == "suspended"
    running.baseline = None


SHOT = """
import numpy as np
import layerw as lw
app = lw.App(overlay=False)
app.camera.position = (0, 0, 0)
tone = lw.Sound.from_array(0.5 * np.sin(2 * np.pi * 440 * np.arange(48_000) / 48_000))
tone.play(at=(2, 0, 0), loop=True)
lw.Sound("low.wav").play(pan=-1.0)
packed = lw.Sound("packed.flac", gain=0.5)

@app.after(2.0)
def later():
    packed.play(pan=-1.0, loop=True)
"""


def flac(samples: npt.NDArray[np.int16]) -> bytes:
    """A FLAC file that packs nothing: whole blocks of 4,096 samples at 48 kHz, one channel (RFC 9639)."""
    def crc(data: bytes, poly: int, bits: int) -> bytes:
        value = 0
        for byte in data:
            value ^= byte << bits - 8
            for _ in range(8):
                value = (value << 1 ^ (poly if value >> bits - 1 else 0)) & (1 << bits) - 1
        return value.to_bytes(bits // 8, "big")

    size = (4096).to_bytes(2, "big") * 2 + bytes(6)
    info = size + (RATE << 44 | 15 << 36 | len(samples)).to_bytes(8, "big") + bytes(16)
    made = b"fLaC\x80" + len(info).to_bytes(3, "big") + info
    for number, block in enumerate(samples.reshape(-1, 4096)):
        head = bytes((0xFF, 0xF8, 0xCA, 0x08, number))
        frame = head + crc(head, 0x07, 8) + b"\x02" + block.astype(">i2").tobytes()
        made += frame + crc(frame, 0x8005, 16)
    return made


def test_a_shot_records_what_is_heard(context: BrowserContext, serve_program: ServeProgram, tmp_path: Path) -> None:
    (tmp_path / "app").mkdir()
    low = np.round(8000 * np.sin(2 * np.pi * 220 * np.arange(RATE // 2) / RATE)).astype(np.int16)
    (tmp_path / "app" / "low.wav").write_bytes(encode_wav(low[:, None], RATE))
    (tmp_path / "app" / "packed.flac").write_bytes(flac(np.resize(low, 4 * 4096) * 2))
    taken = take_shot(context, serve_program(SHOT), ShotOptions("null", (96, 64), 180, thread="main", sound=True))
    assert taken.errors == []
    write_sound(taken, tmp_path / "out.wav")
    samples, rate = decode_wav((tmp_path / "out.wav").read_bytes())
    assert rate == RATE and samples.shape == (2, 180 * BLOCK) and taken.report["sound"]["seconds"] == 3.0
    assert abs(samples[1].max() - 0.25) < 0.01
    left = np.abs(samples[0])
    assert 0 < np.argmax(left > 0.01) < 4 * BLOCK, "virtual time waits for the file"
    assert abs(left[: 30 * BLOCK].max() - 8000 / 32768) < 0.01 and left[40 * BLOCK : 119 * BLOCK].max() < 0.01
    assert abs(left[130 * BLOCK :].max() - 8000 / 32768) < 0.01, "what the page decoded"
