"""What browser tests share: a served program in a real page, and the leak check around it.

Owns: one page per program, its errors, and questions to its engine (web/engine/requests.js).
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import numpy as np
from PIL import Image
from playwright.sync_api import BrowserContext, Page

from layerw_server.tools.browser import GL_MARKS, PageErrors
from layerw_server.tools.shot import SILENT

SIZE = {"width": 160, "height": 120}
BOOT_TIMEOUT_MS = 240_000  # two processes that draw in software and compile wait for each other
SWEEP_FRAMES = 4
LEAK_KEYS = ("handles", "transfers", "proxies", "frame_callbacks")
HOST_JS = "document.querySelector('layer-w').host"

CUBE = """
import layerw as lw
app = lw.App()
cube = app.spawn(lw.Mesh.box(), lw.Material(color="tomato"))
@app.frame
def update(dt):
    cube.rotate(y=dt)
"""


def write_program(folder: Path, files: dict[str, str] | str) -> Path:
    """Write a program (one text, or texts by name with main.py among them) and return its path."""
    texts = {"main.py": files} if isinstance(files, str) else files
    for name, text in texts.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder / "main.py"


@dataclass
class Running:
    """A program that runs in a page."""

    page: Page
    errors: PageErrors
    baseline: dict[str, int] | None = None

    def wait_ready(self) -> Running:
        """Wait for the first frames, then remember the live counts that the test must end with."""
        wrong = f"{HOST_JS}.errors.some((text) => !text.includes({SILENT!r}))"
        script = f"({HOST_JS}.report !== null && {HOST_JS}.errors.length === 0) || {wrong}"
        self.page.wait_for_function(script, timeout=BOOT_TIMEOUT_MS)
        assert self.page.evaluate(f"{HOST_JS}.errors") == [], self.page.evaluate(f"{HOST_JS}.errors")
        self.frames(3)
        self.baseline = self.counts()
        return self

    def wait_error(self) -> str:
        """Wait for the error panel; returns its text."""
        self.page.wait_for_function("document.querySelector('layer-w').errors.length > 0", timeout=BOOT_TIMEOUT_MS)
        return self.panel()

    def panel(self) -> str:
        """Return the text of the error panel, '' where it is hidden."""
        return str(self.page.evaluate(f"(({HOST_JS}.notices.error.hidden) ? '' : {HOST_JS}.notices.error.innerText)"))

    def request(self, what: str, argument: Any = None) -> Any:
        """Ask the engine; see web/engine/requests.js."""
        return self.page.evaluate(f"([what, argument]) => {HOST_JS}.request(what, argument)", [what, argument])

    def report(self, *, state_hash: bool = False) -> dict[str, Any]:
        """Return a fresh report, from Python's next frame."""
        return dict(self.request("report", 1 if state_hash else 0))

    def python(self, code: str) -> Any:
        """Evaluate Python in the page, outside of a frame; the last expression's value if it is plain."""
        return self.request("python", code)

    def frames(self, count: int) -> None:
        """Wait until `count` more frames ran."""
        for _ in range(count):
            self.report()

    def picture(self) -> np.ndarray:
        """(h, w, 3) int16 of what the element shows, less the note on the backend, which ends by the clock."""
        png = self.page.locator("layer-w").screenshot(style=".note { display: none !important; }")
        return np.asarray(Image.open(io.BytesIO(png)).convert("RGB")).astype(np.int16)

    def counts(self) -> dict[str, int]:
        """Return the live handles, transfers and proxies."""
        return dict(self.request("counts"))

    def check_gpu(self) -> None:
        """Fail where WebGL refused a call."""
        refused = [text for text in self.errors.texts if any(mark in text for mark in GL_MARKS)]
        assert not refused, f"WebGL refused {len(refused)} calls, first: {refused[0]}"

    def _leaked(self) -> dict[str, tuple[int, int]]:
        now, before = self.counts(), self.baseline or {}
        return {key: (before[key], now[key]) for key in LEAK_KEYS if now[key] != before[key]}

    def check_leaks(self) -> None:
        """Fail where more is alive than after the first frames."""
        if self.baseline is None:
            return
        leaked = self._leaked()
        for _ in range(SWEEP_FRAMES):  # what the test dropped last is freed in the frames after it
            if not leaked:
                return
            self.frames(1)
            leaked = self._leaked()
        assert not leaked, f"Live objects changed over the test (before, after): {leaked}."


def open_program(context: BrowserContext, address: str, *, init: str = "", **query: str) -> Running:
    """Open the page of a served program; attributes of the element as keywords. Quality stays: software draws.

    init: a script that runs in this page ahead of its own, and in no worker.
    """
    query = {"quality": "medium", **query}
    page = context.new_page()
    if init:
        page.add_init_script(init)
    running = Running(page, PageErrors(page))
    page.goto(f"{address}?{urlencode(query)}")
    page.wait_for_function(f"{HOST_JS} !== undefined")
    return running
