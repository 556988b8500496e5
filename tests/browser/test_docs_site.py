"""The documentation's site, built small: in one page an example runs, is changed, shared and opened again.

The host sends a strict policy, compresses nothing, and has the site below a path; nothing else is reached.
"""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tools.docsite import build, catalog

from .conftest import ROOT, BrowserContext
from .test_export_hosts import _Strict, host

CONFIG = f"""
INHERIT: {ROOT}/mkdocs.yml
docs_dir: pages
hooks: [{ROOT}/tools/docsite/gallery.py]
plugins: [search]
nav: [Start: index.md]
"""
CHANGED = "import layerw as lw\nprint('größer', 6 * 7)\napp = lw.App()\napp.spawn(lw.Mesh.sphere())\n"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, runtime_dir: Path) -> Path:
    """Below docs/, with two examples that run."""
    folder = tmp_path_factory.mktemp("site")
    (folder / "pages").mkdir()
    (folder / "pages" / "index.md").write_text("# Turnips\n\nA page about turnips.\n", "utf-8")
    (folder / "mkdocs.yml").write_text(CONFIG, "utf-8")
    wanted = [example for example in catalog.catalog() if example.name in ("hello", "draw")]
    build.build(folder / "docs", wanted, config=folder / "mkdocs.yml", pictures=False, whole=True)
    return folder


def said(page: Page, text: str) -> None:
    expect(page.locator(".lw-said")).to_contain_text(text, timeout=120_000)


def paste(page: Page, text: str) -> None:
    """As a person does. `fill` has the browser insert the text, with styles that the policy refuses."""
    editor = page.locator(".cm-content")
    editor.press("Control+A")
    editor.evaluate("""(editor, text) => {
        const clipboardData = new DataTransfer();
        clipboardData.setData('text/plain', text);
        editor.dispatchEvent(new ClipboardEvent('paste', { clipboardData, bubbles: true, cancelable: true }));
    }""", text)


def completed(page: Page, typed: str, wanted: str) -> None:
    """What is typed at the text's end is completed to what only basedpyright knows, once its workers have started."""
    page.locator(".cm-content").press("Control+End")
    page.keyboard.type(typed)
    offered = page.locator(".cm-tooltip-autocomplete [aria-selected=true]", has_text=wanted)
    for _ in range(60):
        page.keyboard.press("Control+Space")
        with suppress(AssertionError):
            expect(offered).to_be_visible(timeout=1000)
            return
    raise AssertionError(f"{wanted} was not offered for {typed}")


@pytest.mark.own_profile
def test_an_example_runs_is_changed_and_shared(site: Path, context: BrowserContext) -> None:
    with host(_Strict, site) as (origin, served):
        page = context.new_page()
        asked: list[str] = []
        refused: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.on("console", lambda line: refused.append(line.text) if "Security Policy" in line.text else None)
        page.goto(f"{origin}docs/gallery/hello.html?backend=null")
        page.locator(".lw-run").click()
        said(page, "Drawn by null")
        assert [url for url in asked if "/typing/" in url] == [], "basedpyright comes when somebody types"

        paste(page, CHANGED)
        page.keyboard.press("Control+Enter")
        said(page, "größer 42")
        completed(page, "app.spawn_m", "spawn_many")
        expect(page.locator(".cm-completionInfo")).to_contain_text("mesh: Mesh", timeout=30_000)  # its signature
        page.keyboard.press("Escape")
        page.keyboard.type("any(0)\nturnips")
        expect(page.locator(".cm-lintRange-error")).to_have_text("turnips", timeout=30_000)
        paste(page, CHANGED)
        page.get_by_role("button", name="Share").click()
        said(page, "The link is in the")
        link = page.url
        paste(page, "import layerw as lw\n\napp = lw.App()\napp.spam()\n")
        page.locator(".lw-run").click()
        said(page, "has no attribute 'spam'")
        expect(page.locator(".cm-activeLine")).to_have_text("app.spam()")

        page.goto("about:blank")
        page.goto(link)
        said(page, "Read it before you run it")
        assert page.locator("iframe").count() == 0, "a program of a link runs when somebody says so"
        expect(page.locator(".cm-content")).to_contain_text("6 * 7")
        page.goto("about:blank")
        page.goto(link[:-9])
        said(page, "damaged")
        expect(page.locator(".cm-content")).to_contain_text("tomato")

        page.goto(f"{origin}docs/index.html")
        page.locator("input[data-md-component=search-query]").press_sequentially("turnips")
        expect(page.locator(".md-search-result__item").first).to_contain_text("Turnips", timeout=60_000)
        assert refused == []
        assert [url for url in asked if not url.startswith((origin, "blob:", "data:", "about:"))] == []
        assert sum(path.endswith("/pyodide.asm.mjs") for path, _ in served) <= 3  # one for all examples
        page.close()
