"""`layerw shot`: run a program for some frames in headless Chromium, print its figures, keep its picture.

Owns: one page of exactly the asked size with a virtual clock (1/60 s a frame), and the JSON object.
Does not: measure; the engine's report is what it prints (web/engine/reporter.js).
Limits: a run that takes longer than `timeout_s` ends with an error. Exit status 1 when anything logged one.
"""

from __future__ import annotations

import base64
import io
import json as json_format
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from ..http.app import create_app
from ..http.background import background_server
from ..http.serve import ServeError
from ..http.web import web_folder
from ..runtime.packages import NONE as NO_WHEELS
from ..runtime.packages import PageWheels
from .browser import PageErrors, chromium

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

BACKENDS = ("auto", "webgpu", "webgl2", "null")
QUALITIES = ("low", "medium", "high", "auto")
SIDE_PX_MAX = 8192
FRAMES_MAX = 1_000_000
FIELDS = ("backend", "frames", "frame_cpu_ms", "python_ms", "crossings_per_frame", "state_hash", "draws", "triangles",
          "entities", "tiles", "heap_bytes", "layer_bytes", "gpu_bytes", "budgets", "boot_ms", "errors")
FINISHED_JS = "document.querySelector('layer-w')?.finished !== undefined"
SCREENSHOT_TIMEOUT_MS = 10_000
READBACK_JS = """async () => {
    const { width, height, data } = await document.querySelector('layer-w').host.request('readPixels');
    let text = '';
    for (let at = 0; at < data.length; at += 32768) text += String.fromCharCode(...data.subarray(at, at + 32768));
    return { width, height, data: btoa(text) };
}"""
FILES_JS = """async () => Promise.all(document.querySelector('layer-w').host.files.map(async ({ name, bytes }) => {
    let text = '';
    for (let at = 0; at < bytes.length; at += 32768) text += String.fromCharCode(...bytes.subarray(at, at + 32768));
    return [name, btoa(text)];
}))"""
SOUND_JS = """async () => {
    const samples = await document.querySelector('layer-w').host.made('audio');
    const data = new Uint8Array(samples?.buffer ?? 0);
    let text = '';
    for (let at = 0; at < data.length; at += 32768) text += String.fromCharCode(...data.subarray(at, at + 32768));
    return btoa(text);
}"""
SOUND_RATE = 48_000
RESULT_JS = "async () => (await document.querySelector('layer-w').finished).report"


class ShotError(Exception):
    """A shot that can't be taken as asked; the text says why."""


@dataclass(frozen=True, slots=True)
class ShotOptions:
    """What to run and how."""

    backend: str = "auto"
    size: tuple[int, int] = (1080, 720)
    frames: int = 60
    settled: bool = False
    thread: str = "worker"
    timeout_s: float = 180.0
    budgets: dict[str, float] | None = None
    quality: str = "medium"
    sound: bool = False  # whether what is heard is recorded
    extra_query: dict[str, str] | None = None  # what the program reads as options()["query"]

    def check(self) -> None:
        """Raise ShotError for a value outside its limits."""
        width, height = self.size
        if self.backend not in BACKENDS:
            raise ShotError(f"The backend {self.backend!r} is none of {', '.join(BACKENDS)}.")
        if not (1 <= width <= SIDE_PX_MAX and 1 <= height <= SIDE_PX_MAX):
            raise ShotError(f"The size {width}x{height} has a side outside of 1 to {SIDE_PX_MAX} pixels.")
        if not 1 <= self.frames <= FRAMES_MAX:
            raise ShotError(f"The number of frames is {self.frames}; it is 1 to {FRAMES_MAX}.")
        if self.quality not in QUALITIES:
            raise ShotError(f"The quality {self.quality!r} is none of {', '.join(QUALITIES)}.")
        if self.thread not in ("worker", "main"):
            raise ShotError(f"The thread {self.thread!r} is neither worker nor main.")

    def query(self) -> str:
        """Return the page's query string: attributes of the element, see web/index.html."""
        width, _ = self.size
        assert width > 0
        pairs = {"backend": self.backend, "thread": self.thread, "clock": "virtual", "frames": str(self.frames),
                 "quality": self.quality}  # fmt: skip
        if self.sound:
            pairs["sound"] = "record"
        if self.settled:
            pairs["settled"] = "1"
        if self.budgets:
            pairs["budgets"] = json_format.dumps(self.budgets)
        return urlencode((self.extra_query or {}) | pairs)


@dataclass(slots=True)
class Shot:
    """A finished run: the engine's report with every error, the picture (none for the null backend), and the files
    that the program made (app.screenshot)."""

    report: dict[str, Any]
    png: bytes | None = None
    errors: list[str] = field(default_factory=list)
    files: dict[str, bytes] = field(default_factory=dict)
    sound: bytes = b""  # a recording: int16, left and right, SOUND_RATE


def parse_size(text: str) -> tuple[int, int]:
    """Read `1080x720`."""
    width, cross, height = text.lower().partition("x")
    if not (cross and width.isascii() and width.isdigit() and height.isascii() and height.isdigit()):
        raise ShotError(f"The size {text!r} is not WIDTHxHEIGHT, for example 1080x720.")
    return int(width), int(height)


def take_shot(browser: Browser, address: str, options: ShotOptions) -> Shot:
    """Run the program that `address` serves; nothing is printed."""
    options.check()
    width, height = options.size
    context = browser.new_context(viewport={"width": width, "height": height}, device_scale_factor=1)
    try:
        page = context.new_page()
        page.set_default_timeout(options.timeout_s * 1000)
        errors = PageErrors(page)
        report = _run(page, f"{address}?{options.query()}", errors, options.timeout_s)
        png = _picture(page, report) if report.get("backend") in ("webgpu", "webgl2") else None
        files = {name: base64.b64decode(data) for name, data in page.evaluate(FILES_JS)} if report else {}
        taken = _joined(report, png, errors.texts, files)
        if options.sound and report:
            taken.sound = base64.b64decode(page.evaluate(SOUND_JS)) or bytes(4 * SOUND_RATE * options.frames // 60)
        return taken
    finally:
        context.close()


def _run(page: Page, url: str, errors: PageErrors, timeout_s: float) -> dict[str, Any]:
    from playwright.sync_api import Error

    try:
        page.goto(url)
        page.wait_for_function(FINISHED_JS)
        page.evaluate("() => { document.querySelector('layer-w').finished.then((r) => (globalThis.layerwResult = r)) }")
        page.wait_for_function("globalThis.layerwResult !== undefined")
        report: dict[str, Any] = page.evaluate(RESULT_JS)
        return report
    except Error as error:
        errors.texts.append(f"The run did not end within {timeout_s:.0f} s: {error.message.splitlines()[0]}")
        return {}


def _picture(page: Page, report: dict[str, Any]) -> bytes:
    """Return the page as a PNG; `picture` in the report says how it was taken.

    A screenshot never ended in some runs of WebGPU on the rasteriser: then the engine's own target is read back,
    which holds the same pixels.
    """
    from playwright.sync_api import Error

    try:
        report["picture"] = "screenshot"
        return page.screenshot(type="png", timeout=SCREENSHOT_TIMEOUT_MS)
    except Error:
        report["picture"] = "readback"
        pixels = page.evaluate(READBACK_JS)
    from PIL import Image

    image = Image.frombytes("RGBA", (pixels["width"], pixels["height"]), base64.b64decode(pixels["data"]))
    buffer = io.BytesIO()
    image.convert("RGB").save(buffer, "PNG")
    return buffer.getvalue()


def _joined(report: dict[str, Any], png: bytes | None, page_errors: list[str], files: dict[str, bytes]) -> Shot:
    texts = list(report.get("errors") or [])
    # The page also prints the engine's errors on the console: once is enough.
    texts += [text for text in page_errors if not any(text in known or known in text for known in texts)]
    full = {name: report.get(name) for name in FIELDS} | report | {"errors": texts}
    return Shot(full, png, texts, files)


def write_sound(taken: Shot, path: Path) -> None:
    """Write the recording as a WAV file of 16 bits; `sound` in the report says how long and how loud it is."""
    import array
    import wave

    with wave.open(str(path), "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(SOUND_RATE)
        file.writeframes(taken.sound)
    samples = array.array("h", taken.sound)
    if sys.byteorder == "big":
        samples.byteswap()
    taken.report["sound"] = {"file": str(path), "seconds": len(samples) / 2 / SOUND_RATE,
                             "peak": max((abs(value) for value in samples), default=0) / 32768}  # fmt: skip


def write_files(files: dict[str, bytes], folder: Path) -> list[Path]:
    """Write what the program made below `folder`; return the paths.

    Raises:
        ShotError: a name that leaves the folder; nothing is written then. (The page refuses such names too.)
    """
    paths = [folder / name for name in files]
    for name, path in zip(files, paths, strict=True):
        if not path.resolve().is_relative_to(folder.resolve()) or path.suffix.lower() != ".png":
            raise ShotError(f"The program made a file named {name!r}; it must end with .png and stay in its folder.")
    for path, data in zip(paths, files.values(), strict=True):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return paths


def shot(app: Path, *, backend: str = "auto", size: tuple[int, int] = (1080, 720), frames: int = 60,
         out: Path | None = None, settled: bool = False, json: bool = False, thread: str = "worker",
         runtime: Path | None = None, web: Path | None = None, timeout_s: float = 180.0,
         budgets: dict[str, float] | None = None, quality: str = "medium", query: dict[str, str] | None = None,
         audio: Path | None = None, folders: dict[str, Path] | None = None, wheels: PageWheels = NO_WHEELS) -> int:
    """Take one shot of a program and print it; returns the exit status, 0 or 1.

    Args:
        app: the program, a .py file.
        backend: auto, webgpu, webgl2 or null (which writes no picture).
        size: of the canvas in pixels.
        frames: how many, at 1/60 s each.
        out: the PNG to write; its folder must exist. What the program itself makes (app.screenshot) is written beside
            it, or in the current folder without it.
        settled: after `frames`, go on until no tile is wanted.
        json: print the whole report as one JSON object instead of a summary.
        thread: worker or main.
        runtime: a prepared Pyodide; by default the user cache's, obtained when missing.
        web: the JavaScript to serve; by default the installed one.
        timeout_s: most seconds for the whole run.
        budgets: MiB by name (heap, layer, gpu) instead of the program's.
        quality: what app.quality is at first: low, medium, high or auto.
        audio: the WAV to write: what the program plays, mixed on the same clock; its folder must exist.
        folders: other folders that the program reads as /app/NAME/.
        wheels: further packages of the program.
        query: parameters of the page's address that the program reads.
    """
    options = ShotOptions(backend, size, frames, settled, thread, timeout_s, budgets, quality,
                          audio is not None, query)
    options.check()
    if not app.is_file():
        raise ServeError(f"There is no program {app}; give the path of a .py file.")
    server = create_app(program=app.resolve(), runtime=runtime or _runtime(), web=web or web_folder(),
                        folders=folders, wheels=wheels)
    with background_server(server) as address, chromium() as browser:
        taken = take_shot(browser, address, options)
    return deliver(taken, out=out, audio=audio, json=json)


def deliver(taken: Shot, *, out: Path | None, audio: Path | None, json: bool) -> int:
    """Write what a shot made and print it; the exit status."""
    if out and taken.png:
        out.write_bytes(taken.png)
    if audio and not taken.errors:
        write_sound(taken, audio)
    made = write_files(taken.files, out.parent if out else Path.cwd())
    taken.report["files"] = [str(path) for path in made]
    print(json_format.dumps(taken.report) if json else summary(taken, out))
    for text in taken.errors:
        print(text, file=sys.stderr)
    return 1 if taken.errors else 0


def _runtime() -> Path:
    from ..runtime import ensure

    return ensure()


def summary(taken: Shot, out: Path | None) -> str:
    """Return a few lines for a person."""
    report = taken.report
    cpu = report["frame_cpu_ms"] or {"p50": 0, "p99": 0}
    lines = [f"{report['backend']}: {report['frames']} frames, CPU {cpu['p50']:.2f} ms (p99 {cpu['p99']:.2f}), "
             f"{report['draws']} draws, {report['triangles']} triangles, first frame after {report['boot_ms']} ms"]
    if taken.png and out:
        lines.append(f"picture: {out}")
    if "sound" in report:
        sound = report["sound"]
        lines.append(f"sound: {sound['file']}, {sound['seconds']:.2f} s, at most {sound['peak']:.2f} of full scale")
    lines += [f"screenshot: {path}" for path in report.get("files") or []]
    return "\n".join(lines)
