"""`layerw bake --probes`: run a program in headless Chromium until its light probes have looked around, and keep what
they know in a file that `app.light_probes(file=...)` reads.

Owns: the page, and the file. Does not: capture (engine_py/layerw/frame/probes.py), or know the format
(engine_py/layerw/scene/probe_files.py). Limits: a run that takes longer than `timeout_s` ends with an error.
"""

from __future__ import annotations

import base64
import io
import json
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import numpy as np
import numpy.typing as npt

from layerw.scene import probe_files

from ..http.app import create_app
from ..http.background import background_server
from ..http.web import web_folder
from ..runtime import cache
from ..runtime.packages import NONE as NO_WHEELS
from ..runtime.packages import PageWheels
from .browser import PageErrors, chromium

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

WIDTH, HEIGHT = 128, 72  # of a canvas that nobody sees
HOST_JS = "document.querySelector('layer-w').host"
READY_JS = "(() => { const h = document.querySelector('layer-w')?.host; return h && (h.report || h.errors.length); })()"
STATE_PY = ("from layerw.base.host_port import Running\nfrom layerw.frame.probe_light import bake_state\n"
            "engine = Running.app._engine\n"
            "bake_state(engine._probes, settled=engine.contents.settled, begins={begins})")  # fmt: skip
LINES_JS = f"""async () => {{
    const {{ width, height, isHalf, data }} = await {HOST_JS}.request('readProbes');
    let text = '';
    for (let at = 0; at < data.length; at += 32768) text += String.fromCharCode(...data.subarray(at, at + 32768));
    return {{ width, height, isHalf, data: btoa(text) }};
}}"""


class ProbeError(Exception):
    """Probes that can't be baked; the text says why."""


def bake_probes(program: Path, out: Path, *, backend: str = "auto", quality: str = "medium", runtime: Path,
                timeout_s: float = 600.0, wheels: PageWheels = NO_WHEELS) -> list[probe_files.Baked]:  # fmt: skip
    """Captures anew what `program`'s light probes know, and writes it; returns what was written.

    Raises:
        ProbeError: it has none, it failed, or it took too long.
    """
    server = create_app(program=program.resolve(), runtime=runtime, web=web_folder(), wheels=wheels)
    with background_server(server) as address, chromium() as browser:
        found = captured(browser, address, backend=backend, quality=quality, timeout_s=timeout_s)
    file = io.BytesIO()
    probe_files.write(file, found)
    cache.write(out, file.getvalue())
    return found


def captured(browser: Browser, address: str, *, backend: str, quality: str,
             timeout_s: float) -> list[probe_files.Baked]:  # fmt: skip
    """What the light probes of the program that `address` serves know once all of them have looked around."""
    query = urlencode({"backend": backend, "quality": quality})
    context = browser.new_context(viewport={"width": WIDTH, "height": HEIGHT})
    try:
        page = context.new_page()
        page.set_default_timeout(timeout_s * 1000)
        errors = PageErrors(page)
        page.goto(f"{address}?{query}")
        grids = _wait(page, errors, time.monotonic() + timeout_s)
        return known(page, grids)
    finally:
        context.close()


def known(page: Page, grids: list[dict[str, Any]]) -> list[probe_files.Baked]:
    """What lies on the page's GPU now, of grids as frame/probe_light.py tells them."""
    lines = page.evaluate(LINES_JS)
    data = np.frombuffer(base64.b64decode(lines["data"]), np.float16 if lines["isHalf"] else np.float32)
    return [_grid(data.reshape(lines["height"], lines["width"], 4), grid) for grid in grids]


def _grid(texels: npt.NDArray[Any], grid: dict[str, Any]) -> probe_files.Baked:
    light = probe_files.light_of(texels[grid["line"] :], tuple(grid["counts"]))
    return probe_files.Baked(np.array(grid["center"]), np.array(grid["size"]), light)


def _wait(page: Page, errors: PageErrors, deadline: float) -> list[dict[str, Any]]:
    """Waits until all is loaded, then until all is captured; where the grids lie."""
    from playwright.sync_api import Error

    try:
        page.wait_for_function(READY_JS)
        has_begun = False
        while time.monotonic() < deadline:
            if problems := [*page.evaluate(f"{HOST_JS}.errors"), *errors.texts]:
                raise ProbeError(f"The program failed: {problems[0]}")
            state = json.loads(page.evaluate(f"code => {HOST_JS}.request('python', code)",
                                             STATE_PY.format(begins=False)))  # fmt: skip
            if has_begun and state["progress"] >= 1:
                return list(state["grids"])
            if not has_begun and state["settled"]:
                if not state["grids"]:
                    raise ProbeError("The program has no light probes; it makes them with app.light_probes(...).")
                page.evaluate(f"code => {HOST_JS}.request('python', code)", STATE_PY.format(begins=True))
                has_begun = True
            page.wait_for_timeout(100)
    except Error as error:
        raise ProbeError(f"The page ended: {error.message.splitlines()[0]}") from None
    raise ProbeError("The probes were not captured in time; give --timeout-s more seconds, or wider spacing.")
