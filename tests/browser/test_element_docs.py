"""docs/element.md: its snippets run as they stand, and its lists are whole."""

from __future__ import annotations

import re
from pathlib import Path

from playwright.sync_api import BrowserContext

from .conftest import ServeProgram
from .harness import BOOT_TIMEOUT_MS

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "element.md").read_text("utf-8")


def snippets(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)


def test_the_snippets_run(context: BrowserContext, serve_program: ServeProgram) -> None:
    (program, screen), (script, show) = snippets("python"), snippets("js")
    start, styled, _elsewhere = snippets("html")
    address = serve_program({"main.py": program, "screen.py": screen})
    html = start.replace("<layer-w ", '<layer-w backend="null" ') + f"<script type=module>{script}</script>"
    context.route(f"{address}embed.html", lambda route: route.fulfill(body=html, content_type="text/html"))
    context.route(f"{address}styled.html", lambda route: route.fulfill(
        body=snippets("html")[0].split("\n")[0] + styled, content_type="text/html"))
    page = context.new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text) if message.type == "log" else None)
    page.goto(f"{address}embed.html")
    page.wait_for_function("document.querySelector('layer-w').host?.drawn", timeout=BOOT_TIMEOUT_MS)
    for _ in range(100):
        if len(said) >= 2:
            break
        page.wait_for_timeout(50)
    assert said[:2] == ["12", "[4, 3]"]
    html = start.replace('src="app/main.py"', 'src="screen.py" backend="null"') + f"<script type=module>{show}</script>"
    context.route(f"{address}screen.html", lambda route: route.fulfill(body=html, content_type="text/html"))
    page.goto(f"{address}screen.html")
    page.wait_for_function("document.querySelector('layer-w').host?.drawn", timeout=BOOT_TIMEOUT_MS)
    state = "document.querySelector('layer-w').host.request('python', 'import __main__ as m\\nm.tv.state')"
    for _ in range(100):
        if page.evaluate(state) == "ready":
            break
        page.wait_for_timeout(50)
    assert page.evaluate(state) == "ready"
    page.goto(f"{address}styled.html")
    page.wait_for_function("document.querySelector('layer-w').host !== null")
    assert page.evaluate("getComputedStyle(document.querySelector('layer-w').host.notices.note).display") == "none"
    assert page.evaluate("document.querySelector('layer-w').getBoundingClientRect().width") == 320


def test_attributes_events_and_parts_are_all_told() -> None:
    attributes = (ROOT / "web/page/attributes.js").read_text("utf-8")
    lists = re.findall(r"^export const (?:STARTING|LIVE) = \[(.*?)\]", attributes, re.MULTILINE)
    names = re.findall(r"'(\w+)'", "".join(lists))
    assert len(names) == 15
    host = (ROOT / "web/page/host.js").read_text("utf-8")
    events = set(re.findall(r"#emit\('(layerw-\w+)'", host))
    assert len(events) == 6
    parts = ["canvas", "stage", "poster", "progress", "note", "error", "log", "overlay"]
    for name in [*names, *events, *parts]:
        assert f"`{name}`" in PAGE, name
