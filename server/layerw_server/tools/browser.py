"""Headless Chromium for `layerw shot`, the browser tests and the benchmarks.

Owns: which program, which flags, and errors that the page logged.
Does not: download a browser, ever.
Limits: the default flags draw on the SwiftShader rasteriser, so that pictures are equal on every machine;
LAYERW_CHROMIUM_FLAGS replaces them (a real GPU), LAYERW_CHROMIUM names another program.
"""

from __future__ import annotations

import os
import shlex
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Browser, ConsoleMessage, Page

PROGRAMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
BASE_FLAGS = ("--no-sandbox", "--disable-quic", "--no-first-run", "--disable-background-networking",
              "--disable-component-update", "--disable-sync")
SWIFTSHADER_FLAGS = ("--enable-unsafe-webgpu", "--enable-features=Vulkan", "--use-vulkan=swiftshader",
                     "--use-angle=swiftshader")
MESSAGES_MAX = 200
GL_MARKS = ("GL ERROR", "GL_INVALID", "WebGL: INVALID")


class BrowserMissing(Exception):
    """No Chromium or no Playwright; the text says what to install."""


def find_chromium() -> str:
    """Return the Chromium to run: LAYERW_CHROMIUM, else an installed one."""
    named = os.environ.get("LAYERW_CHROMIUM", "")
    if named:
        if Path(named).is_file():
            return named
        raise BrowserMissing(f"LAYERW_CHROMIUM names {named}, which is not a file.")
    for name in PROGRAMS:
        found = shutil.which(name)
        if found:
            return found
    raise BrowserMissing("No Chromium is installed; on Debian `apt-get install chromium` brings one, elsewhere set "
                         "LAYERW_CHROMIUM to the program.")


def chromium_flags() -> list[str]:
    """Return the command line flags; LAYERW_CHROMIUM_FLAGS replaces those that pick the rasteriser."""
    own = os.environ.get("LAYERW_CHROMIUM_FLAGS")
    return [*BASE_FLAGS, *(SWIFTSHADER_FLAGS if own is None else shlex.split(own))]


@contextmanager
def chromium(flags: Sequence[str] | None = None) -> Iterator[Browser]:
    """Run headless Chromium until the block ends. flags: all there are, by default those of `chromium_flags`."""
    try:
        from playwright.sync_api import sync_playwright
    except ImportError as error:
        raise BrowserMissing("The package playwright is missing; `pip install 'layerw[shot]'` brings it.") from error
    program = find_chromium()
    with sync_playwright() as playwright:
        arguments = chromium_flags() if flags is None else list(flags)
        browser = playwright.chromium.launch(executable_path=program, args=arguments)
        try:
            yield browser
        finally:
            browser.close()


class PageErrors:
    """Everything a page reported as an error: console errors, uncaught exceptions, a crash, and what WebGL refuses
    (which Chromium only warns of)."""

    def __init__(self, page: Page) -> None:
        self.texts: list[str] = []
        page.on("console", self._console)
        page.on("pageerror", lambda error: self._add(f"Uncaught in the page: {error}"))
        page.on("crash", lambda _page: self._add("The page crashed."))

    def _console(self, message: ConsoleMessage) -> None:
        if message.type == "error" or (message.type == "warning" and any(mark in message.text for mark in GL_MARKS)):
            place = message.location.get("url", "")
            is_load = message.text.startswith("Failed to load resource")
            self._add(f"{message.text} ({place})" if is_load and place else message.text)

    def _add(self, text: str) -> None:
        if len(self.texts) < MESSAGES_MAX:
            self.texts.append(text)
