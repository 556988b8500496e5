"""Textures that show the page: a canvas beside the same pixels from numpy, a video, what can't be shown."""

from __future__ import annotations

import base64
import json
import time
from typing import Any

import numpy as np
import pytest

from .conftest import RunProgram
from .harness import Running
from .test_exact_pictures import picture
from .test_lost_device import COUNT_LOST_JS, HANG_S

PROGRAM = """
import math
import numpy as np
import layerw as lw
app = lw.App(overlay=False)
app.camera.position = np.array((0.0, 0.0, 6.0))
app.camera.look_at((0.0, 0.0, 0.0))
app.camera.fov_y = math.radians(40)
quad = lw.Mesh([(-1, -1, 0), (1, -1, 0), (1, 1, 0), (-1, 1, 0)], [0, 1, 2, 0, 2, 3],
               uvs=[(0, 1), (1, 1), (1, 0), (0, 0)])
tv = lw.Texture.live("tv", filter="nearest", mips=False)
pixels = lw.Texture(np.zeros((4, 4, 4), np.uint8), filter="nearest", wrap="clamp", mips=False)
left = lw.Material(unlit=True, base_color_texture=pixels)
right = lw.Material(unlit=True, base_color_texture=tv)
app.spawn(quad, left, position=(-1.2, 0, 0))
app.spawn(quad, right, position=(1.2, 0, 0))

@app.frame
def update(dt):
    pass
"""
LEFT, RIGHT = (slice(55, 145), slice(65, 145)), (slice(55, 145), slice(175, 255))
# Four quarters: red, green, blue, brown.
PAINT_JS = """([red, size]) => {
  globalThis.canvas ??= Object.assign(document.createElement('canvas'), { width: size, height: size });
  if (canvas.width !== size) canvas.width = canvas.height = size;
  const context = canvas.getContext('2d');
  context.clearRect(0, 0, size, size);
  const half = size / 2;
  for (const [x, y, color] of [[0, 0, `rgb(${red} 40 20)`], [1, 0, 'rgb(10 200 30)'], [0, 1, 'rgb(20 30 220)'],
                               [1, 1, 'rgb(200 120 60)']]) {
    context.fillStyle = color;
    context.fillRect(x * half, y * half, half, half);
  }
  document.querySelector('layer-w').textures.set('tv', canvas);
}"""
SAME_PY = """import __main__ as m
a = m.np.zeros((4, 4, 4), m.np.uint8)
a[:2, :2], a[:2, 2:] = (RED, 40, 20, 255), (10, 200, 30, 255)
a[2:, :2], a[2:, 2:] = (20, 30, 220, 255), (200, 120, 60, 255)
m.pixels.pixels = a
None"""


def ask(running: Running, expression: str) -> Any:
    """What an expression of the program (m) is."""
    return json.loads(running.python(f"import json, __main__ as m\njson.dumps({expression})"))


def wait(running: Running, expression: str) -> None:
    """Wait until an expression of the program is true."""
    end = time.monotonic() + HANG_S
    while not ask(running, expression):
        assert time.monotonic() < end, (expression, ask(running, "[(k, v.state, v.error) for k, v in vars(m).items() "
                                                                 "if isinstance(v, m.lw.Texture)]"))  # fmt: skip
        running.frames(1)


def wait_state(running: Running, name: str, state: str) -> str:
    """Wait until a texture of the program is in this state; returns its error."""
    wait(running, f"m.{name}.state == {state!r}")
    return str(ask(running, f"m.{name}.error"))


def halves(running: Running) -> tuple[np.ndarray, np.ndarray]:
    running.frames(4)
    seen = picture(running)
    return seen[LEFT].astype(int), seen[RIGHT].astype(int)


def paint(running: Running, red: int, size: int = 4) -> None:
    """Both squares show four quarters, of which one is so red."""
    running.page.evaluate(PAINT_JS, [red, size])
    running.python(SAME_PY.replace("RED", str(red)))


@pytest.mark.parametrize(("backend", "thread"), [("webgpu", "worker"), ("webgl2", "main")])
def test_a_canvas_of_the_page(run_program: RunProgram, backend: str, thread: str) -> None:
    running = run_program(PROGRAM, backend=backend, thread=thread).wait_ready()
    running.baseline = None  # what the page gives later counts
    running.page.set_viewport_size({"width": 320, "height": 200})
    assert ask(running, "m.tv.state") == "loading"
    for red, size in ((250, 4), (60, 4), (200, 16)):
        paint(running, red, size)
        wait_state(running, "tv", "ready")
        ours, theirs = halves(running)
        assert np.abs(ours - theirs).max() <= 3, "the same pixels, upright, in the same colours"
    assert ours[10, 10, 0] > 100 > ours[10, 10, 2] and theirs[80, 10, 2] > 100, "blue is below"
    assert ask(running, "[m.tv.width, m.tv.height]") == [16, 16]
    running.page.evaluate(COUNT_LOST_JS)
    running.request("loseDevice")
    running.page.wait_for_function("globalThis.backSeen > 0", timeout=1000 * HANG_S)
    wait(running, "m.app.report()['lost'] == 0 and m.tv.state == 'ready'")
    ours, theirs = halves(running)
    assert np.abs(ours - theirs).max() <= 3 and theirs[80, 10, 2] > 100, "a new device shows it again"
    running.python("import __main__ as m\nm.tv.destroy()\nNone")
    assert halves(running)[1].min() > 150, "white without it"
    assert running.page.evaluate("document.querySelector('layer-w').errors") == []


MORE = """
def show(texture):
    right.base_color_texture = texture
    return texture

def wrong():
    global never, text, missing, outside
    never = left.emissive_texture = lw.Texture.live("never")
    text = left.normal_texture = lw.Texture.video("main.py")
    missing = left.occlusion_texture = lw.Texture.video("missing.webm")
    outside = left.metallic_roughness_texture = lw.Texture.live("outside")
"""
# A moment of a canvas that is red, recorded by the browser itself until it has several frames, as a data URI.
RECORD_JS = """async () => {
  const canvas = Object.assign(document.createElement('canvas'), { width: 64, height: 64 });
  const context = canvas.getContext('2d');
  const recorder = new MediaRecorder(canvas.captureStream(), { mimeType: 'video/webm;codecs=vp8' });
  const parts = [];
  recorder.ondataavailable = ({ data }) => parts.push(data);
  const stopped = new Promise((resolve) => (recorder.onstop = resolve));
  recorder.start(50);
  for (let n = 0; n < 12 || parts.reduce((sum, { size }) => sum + size, 0) < 1000; n += 1) {
    context.fillStyle = `rgb(220 ${n % 16} 20)`;
    context.fillRect(0, 0, 64, 64);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  recorder.stop();
  await stopped;
  const url = URL.createObjectURL(new Blob(parts, { type: 'video/webm' }));
  globalThis.clip = Object.assign(document.createElement('video'), { src: url, muted: true, loop: true });
  const bytes = new Uint8Array(await new Blob(parts).arrayBuffer());
  let text = '';
  for (const byte of bytes) text += String.fromCharCode(byte);
  return `data:video/webm;base64,${btoa(text)}`;
}"""
TAINT_JS = """async (url) => {
  const image = new Image();
  image.src = url;
  await image.decode();
  const canvas = Object.assign(document.createElement('canvas'), { width: 4, height: 4 });
  canvas.getContext('2d').drawImage(image, 0, 0);
  document.querySelector('layer-w').textures.set('outside', canvas);
}"""
REFUSE_JS = """() => {
  const { play } = HTMLMediaElement.prototype;
  HTMLMediaElement.prototype.play = () => Promise.reject(new DOMException('no gesture', 'NotAllowedError'));
  addEventListener('pointerdown', () => (HTMLMediaElement.prototype.play = play), { capture: true });
}"""
GIF = base64.b64decode("R0lGODlhAQABAIAAAP8AAP///yH5BAAAAAAALAAAAAABAAEAAAICRAEAOw==")


def is_red(square: np.ndarray) -> bool:
    """In its upper part: below, the page shows what went wrong."""
    red, green, blue = square[4:16, 30:50].reshape(-1, 3).mean(axis=0)
    return bool(red > 140 and green < 90 and blue < 90)


def test_videos_and_what_cannot_be_shown(run_program: RunProgram) -> None:
    running = run_program(PROGRAM + MORE, backend="webgl2", thread="worker").wait_ready()
    running.baseline = None
    running.python("import __main__ as m\nm.wrong()")
    page = running.page
    page.set_viewport_size({"width": 320, "height": 200})
    page.context.route("http://elsewhere.example/**", lambda route: route.fulfill(body=GIF, content_type="image/gif"))
    page.evaluate(TAINT_JS, "http://elsewhere.example/dot.gif")
    url = page.evaluate(RECORD_JS)
    running.python(f"import __main__ as m\nm.clip = m.show(m.lw.Texture.video({url!r}, autoplay=False))\nNone")
    wait_state(running, "clip", "ready")
    assert ask(running, "[m.clip.width, m.clip.height, m.clip.error, m.app.settled]") == [64, 64, "", True]
    assert is_red(halves(running)[1]), "its first picture is there before it plays"
    running.python("import __main__ as m\nm.clip = m.show(m.lw.Texture.live('clip'))\nNone")
    page.evaluate("document.querySelector('layer-w').textures.set('clip', clip); clip.play()")
    wait_state(running, "clip", "ready")
    assert is_red(halves(running)[1]), "a video of the page itself"

    page.evaluate(REFUSE_JS)
    running.python(f"import __main__ as m\nm.loud = m.show(m.lw.Texture.video({url!r}, muted=False))\nNone")
    wait(running, "'click or a key' in m.loud.error")
    page.mouse.click(20, 20)
    wait(running, "(m.loud.state, m.loud.error) == ('ready', '')")

    assert "can't play it" in wait_state(running, "text", "failed")
    assert "can't play it" in wait_state(running, "missing", "failed")
    assert "Access-Control-Allow-Origin" in wait_state(running, "outside", "failed")
    wait(running, "m.never.error")
    assert "element.textures.set(\"never\", canvas)" in ask(running, "m.never.error")
    told = page.evaluate("document.querySelector('layer-w').errors")
    assert sorted(text.split(":")[0] for text in told) == [
        "The texture 'outside'", "The texture main.py", "The texture missing.webm"], "each once"
    page.evaluate("document.querySelector('layer-w').textures.set('outside', clip)")
    wait_state(running, "outside", "ready")
