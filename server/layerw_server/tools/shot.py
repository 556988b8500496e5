"""`layerw shot`: run a program for some frames in headless Chromium, print its figures, keep its picture.

Owns: one page of exactly the asked size with a virtual clock (1/60 s a frame).
Does not: measure; the engine's report is what it prints (web/engine/reporter.js).
Limits: a run that takes longer than `timeout_s` ends with an error. Exit status 1 when anything logged one.
"""

from __future__ import annotations

import base64
import io
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..http.app import create_app
from ..http.background import background_server
from ..http.serve import ServeError
from ..http.web import web_folder
from ..runtime.packages import NONE as NO_WHEELS
from ..runtime.packages import PageWheels
from .browser import PageErrors, chromium
from .shot_result import FIELDS, SOUND_RATE, Shot, ShotOptions, deliver

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

FINISHED_JS = "document.querySelector('layer-w')?.finished !== undefined"
SCREENSHOT_TIMEOUT_MS = 10_000
SILENT = "has not come back from"  # web/page/silence.js; taken back where it came, as it does that compiles shaders
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
RESULT_JS = "async () => (await document.querySelector('layer-w').finished).report"


def take_shot(browser: Browser | BrowserContext, address: str, options: ShotOptions) -> Shot:
    """Run the program that `address` serves; nothing is printed.

    browser: or a context of it, of one device pixel a pixel; the page then finds what the context keeps, compiled
        WebAssembly and shaders above all.
    """
    from playwright.sync_api import Browser

    options.check()
    width, height = options.size
    own = browser.new_context(device_scale_factor=1) if isinstance(browser, Browser) else None
    page = browser.new_page() if own is None else own.new_page()
    try:
        page.set_viewport_size({"width": width, "height": height})
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
        page.close() if own is None else own.close()


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
    texts = [text for text in texts if not report or SILENT not in text]
    full = {name: report.get(name) for name in FIELDS} | report | {"errors": texts}
    return Shot(full, png, texts, files)


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


def _runtime() -> Path:
    from ..runtime import ensure

    return ensure()
