"""`<layer-w>` as an element: attributes, properties, events, messages, poster, sizes, several on a page, moves, CSP."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page

from layerw_server.http.app import create_app
from layerw_server.http.background import background_server
from layerw_server.http.web import web_folder
from layerw_server.tools.browser import PageErrors

from .conftest import RunProgram, ServeProgram
from .harness import BOOT_TIMEOUT_MS, CUBE, HOST_JS, Running, open_program, write_program
from .workers import wait_workers

counted = pytest.mark.usefixtures("counted_workers")
PICTURE = "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' width='4' height='3'/%3E"
TALKING = CUBE + """
import numpy as np
heard = []

@app.page.on("add")
def add(value):
    heard.append(value)
    app.page.send("sum", {"rows": len(value["points"]), "total": float(value["points"].sum()), "text": value["text"]})

@app.page.on("picture")
def picture():
    app.page.send("pixels", np.arange(12, dtype=np.uint8).reshape(2, 3, 2))
    app.page.send("nothing")
"""
STRICT = "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'"
ALIVE_JS = "[...document.querySelectorAll('layer-w')].filter((one) => one.host !== null).length"


@contextmanager
def a_page(html: str, policy: str = "") -> Iterator[str]:
    """Serve one page of the embedder's own."""
    headers = [(b"content-type", b"text/html"), *([(b"content-security-policy", policy.encode())] if policy else [])]

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            await send({"type": "http.response.start", "status": 200, "headers": headers})
            await send({"type": "http.response.body", "body": html.encode()})

    with background_server(app) as address:
        yield address


def embedded(engine: str, elements: str, head: str = "") -> str:
    """A page with elements whose script lies on the program's server."""
    return (f'<!doctype html><meta charset="utf-8"><link rel=icon href="data:,">{head}'
            f'<script type=module src="{engine}web/layer-w.js"></script>{elements}')


@pytest.mark.parametrize("thread", ["worker", "main"])
def test_values_go_both_ways_and_cross_with_the_frame(run_program: RunProgram, thread: str) -> None:
    running = run_program(TALKING, backend="null", thread=thread)
    found = running.page.evaluate("""async () => {
        const element = document.querySelector('layer-w');
        const next = (name) => new Promise((resolve) => document.addEventListener(name, resolve, { once: true }));
        const sum = next('sum'), pixels = next('pixels'), nothing = next('nothing');
        element.send('add', { points: new Float32Array([1, 2, 3.5]), text: 'größe' });  // before the program runs
        element.send('picture');
        const { detail } = await pixels;
        return [(await sum).detail, detail.constructor.name, [...detail], detail.shape, (await nothing).detail,
                (await sum).composed];
    }""")
    assert found == [{"rows": 3, "total": 6.5, "text": "größe"}, "Uint8Array", list(range(12)), [2, 3, 2], None, True]
    running.wait_ready()
    assert running.report()["crossings_per_frame"] == {"py_to_js": 1, "js_to_py": 1}
    assert "TypeError: The value sent has a Map" in running.page.evaluate("""() => {
        try { document.querySelector('layer-w').send('add', new Map()) } catch (error) { return String(error) } }""")


@counted
def test_a_changed_attribute_starts_again_in_place_and_properties_reflect(run_program: RunProgram) -> None:
    program = CUBE + "app.page.on('ask', lambda: app.page.send('query', app.host.options()['query']))\n"
    running = run_program(program, backend="null").wait_ready()
    page = running.page
    page.evaluate("""() => { globalThis.element = document.querySelector('layer-w'); globalThis.first = element.host;
        globalThis.starts = 0; element.addEventListener('layerw-ready', () => (starts += 1));
        element.thread = 'main'; element.query = { level: 3 }; element.setAttribute('budgets', '{"gpu_mib": 64}'); }""")
    page.wait_for_function("starts === 1 && element.host !== first", timeout=BOOT_TIMEOUT_MS)
    wait_workers(page, 0, "engine-worker")
    running.wait_ready()
    report = running.report()
    assert report["thread"] == "main"
    assert report["budgets"]["gpu"] == 64 * 2**20
    assert page.evaluate("""() => new Promise((resolve) => {
        element.addEventListener('query', ({ detail }) => resolve(detail)); element.send('ask') })""") == {"level": "3"}
    assert page.evaluate("[element.getAttribute('thread'), element.backend, element.budgets, element.frames]") == [
        "main", "null", {"gpu_mib": 64}, 0]
    page.evaluate("element.setAttribute('thread', 'main'); element.wheel = 'page'")
    page.wait_for_timeout(300)
    assert page.evaluate("[starts, element.errors]") == [1, []], "the same value, and `wheel`, start nothing"


def test_budgets_that_are_no_json_are_a_visible_error(context: BrowserContext, serve_program: ServeProgram) -> None:
    address = serve_program(CUBE)
    for text, told in [("{gpu", "no JSON"), ("[3]", "JSON object"), ('{"gpu_mib": "x"}', "gpu_mib")]:
        running = open_program(context, address, backend="null", budgets=text)
        assert told in running.wait_error()
        running.page.close()


@counted
def test_events_bubble_out_of_shadow_trees(context: BrowserContext, serve_program: ServeProgram) -> None:
    engine = serve_program(CUBE + "print('he', end='')\nprint('llo')\ntry:\n    input()\nexcept EOFError:\n"
                           "    print('no terminal')\nprint('no newline', end='')\n")  # fmt: skip
    html = embedded(engine, """<div id=outer></div><script>
        globalThis.seen = {};
        for (const name of ['progress', 'ready', 'report', 'log', 'error']) {
          document.addEventListener('layerw-' + name, ({ detail, target }) => {
            (seen[name] ??= []).push(detail); globalThis.seenTarget = target.id; });
        }
        const root = outer.attachShadow({ mode: 'open' });
        root.innerHTML = '<layer-w backend="null" style="width: 80px; height: 60px"></layer-w>';
        globalThis.element = root.firstChild;
    </script>""")
    with a_page(html) as address:
        page = context.new_page()
        page.goto(address)
        page.wait_for_function("seen.ready && seen.report && seen.log?.length >= 3", timeout=BOOT_TIMEOUT_MS)
        seen = page.evaluate("seen")
        assert seen["ready"] == [{"backend": "null", "note": "forced", "thread": "worker"}]
        assert seen["progress"][-1] == {"stage": "running", "fraction": 1}
        assert [entry["text"] for entry in seen["log"]] == ["hello", "no terminal", "no newline"]
        assert "error" not in seen
        assert page.evaluate("seenTarget") == "outer"
        assert page.evaluate("(async () => (await element.ready) === element)()") is True
        page.evaluate("element.remove()")
        wait_workers(page, 0)


@counted
def test_size_poster_and_parts(context: BrowserContext, serve_program: ServeProgram) -> None:
    """Without any CSS an element is as wide as its parent, 16:9; every line of these is a box."""
    engine = serve_program(CUBE)
    elements = f"""<body style="margin: 0"><layer-w id=plain loading=lazy poster="{PICTURE}"></layer-w>
        <layer-w id=wide style="width: 160px" loading=lazy></layer-w>
        <layer-w id=both style="width: 50px; height: 40px" loading=lazy></layer-w>
        <div style="height: 77px; width: 90px"><layer-w id=filled loading=lazy></layer-w></div>
        <div style="height: 3000px"></div><layer-w id=far loading=lazy backend="null"></layer-w>"""
    with a_page(embedded(engine, elements, "<style>layer-w::part(poster) { opacity: 0.5 }</style>")) as address:
        page = context.new_page()
        page.set_viewport_size({"width": 320, "height": 300})
        page.goto(address)
        page.wait_for_function("customElements.get('layer-w') !== undefined && plain.shadowRoot !== null")
        box = "(id) => { const { width, height } = document.getElementById(id).getBoundingClientRect(); " \
            "return [width, height] }"
        assert {name: page.evaluate(box, name) for name in ("plain", "wide", "both", "filled")} == {
            "plain": [320, 180], "wide": [160, 90], "both": [50, 40], "filled": [90, 77]}
        assert page.evaluate("getComputedStyle(plain.shadowRoot.querySelector('img')).opacity") == "0.5"
        page.wait_for_function("plain.host !== null")
        page.evaluate("plain.remove(), wide.remove(), both.remove(), filled.remove()")
        assert page.evaluate("far.host") is None, "out of view: not started"
        page.evaluate("far.scrollIntoView()")
        page.wait_for_function("far.host?.drawn === true", timeout=BOOT_TIMEOUT_MS)
        parts = page.evaluate("[...far.shadowRoot.querySelectorAll('[part]')].map((one) => one.part.value).sort()")
        assert parts == ["canvas", "error", "log", "note", "overlay", "progress", "stage"]
        page.evaluate("far.remove()")
        wait_workers(page, 0)


def test_poster_goes_with_the_first_frame(run_program: RunProgram) -> None:
    running = run_program(CUBE, backend="null")
    running.page.evaluate("(url) => (document.querySelector('layer-w').poster = url)", PICTURE)
    poster = "document.querySelector('layer-w').shadowRoot.querySelector('.poster') !== null"
    assert running.page.evaluate(poster) is True
    running.wait_ready()
    running.page.wait_for_function(f"!({poster})")


@counted
def test_several_elements_end_with_all_their_workers(context: BrowserContext, serve_program: ServeProgram) -> None:
    engine = serve_program(CUBE)
    elements = '<layer-w backend="null" style="width: 40px; height: 30px"></layer-w>' * 3
    with a_page(embedded(engine, elements)) as address:
        page = context.new_page()
        page.goto(address)
        page.wait_for_function(f"{ALIVE_JS} === 3")
        page.evaluate("document.querySelector('layer-w').remove()")  # while it starts
        page.wait_for_function("[...document.querySelectorAll('layer-w')].every((one) => one.host.drawn)",
                               timeout=BOOT_TIMEOUT_MS)
        each = 1 + (2 if page.evaluate("navigator.hardwareConcurrency") >= 4 else 1)  # those that decode
        wait_workers(page, 2 * each)  # the first one ends when it can
        page.evaluate("for (const one of document.querySelectorAll('layer-w')) one.remove()")  # while they run
        wait_workers(page, 0)


def test_a_move_in_the_document_keeps_the_program(run_program: RunProgram) -> None:
    running = run_program(CUBE, backend="null").wait_ready()
    page = running.page
    page.evaluate("""() => { globalThis.element = document.querySelector('layer-w'); globalThis.host = element.host;
        globalThis.box = document.body.appendChild(document.createElement('div')); }""")
    for move in ("box.append(element)", "document.body.insertBefore(element, box)",
                 "box.moveBefore ? box.moveBefore(element, null) : box.append(element)"):
        before = running.report()["frame"]
        page.evaluate(move)
        page.wait_for_timeout(300)
        assert page.evaluate("element.host === host && element.shadowRoot.activeElement === host.notices.stage")
        assert running.report()["frame"] > before
    assert running.report()["input_dropped"] == 0


@pytest.mark.parametrize("thread", ["worker", "main"])
def test_the_page_runs_under_a_strict_policy(context: BrowserContext, runtime_dir: Path, tmp_path: Path,
                                             thread: str) -> None:
    app = create_app(program=write_program(tmp_path, CUBE), runtime=runtime_dir, web=web_folder())

    async def strict(scope: Any, receive: Any, send: Any) -> None:
        async def add(message: Any) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], (b"content-security-policy", STRICT.encode())]
            await send(message)

        await app(scope, receive, add)

    page = context.new_page()
    errors = PageErrors(page)
    with background_server(strict) as address:
        page.goto(f"{address}?backend=webgl2&thread={thread}")
        look_at_strict(page, errors)


def look_at_strict(page: Page, errors: PageErrors) -> None:
    for _ in range(BOOT_TIMEOUT_MS // 500):  # Playwright's own waiting evaluates a text, which the policy refuses
        if page.evaluate("document.querySelector('layer-w')?.host.drawn"):
            break
        page.wait_for_timeout(500)
    box = page.evaluate("(({ width, height }) => [width, height])(document.querySelector('layer-w')"
                        ".shadowRoot.querySelector('canvas').getBoundingClientRect())")
    assert box == [160, 120]
    assert page.evaluate(f"[{HOST_JS}.drawn, {HOST_JS}.errors]") == [True, []]
    assert errors.texts == []


def test_what_is_sent_before_the_start_waits(context: BrowserContext, serve_program: ServeProgram) -> None:
    engine = serve_program(TALKING)
    with a_page(embedded(engine, "")) as address:
        page = context.new_page()
        running = Running(page, errors=None)  # type: ignore[arg-type]
        page.goto(address)
        page.wait_for_function("customElements.get('layer-w') !== undefined")
        total = page.evaluate("""async () => {
            const element = document.createElement('layer-w');
            element.backend = 'null';
            element.style.width = '40px';
            element.send('add', { points: new Int32Array([4, 5]), text: '' });
            const sum = new Promise((resolve) => element.addEventListener('sum', resolve));
            document.body.append(element);
            return (await sum).detail.total;
        }""")
        assert total == 9
        assert running.page.evaluate("document.querySelector('layer-w').errors") == []
