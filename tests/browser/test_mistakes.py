"""Programs that do what programs do: await at the top level, tasks that fail, loops that never end, a strict policy."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import BrowserContext

from layerw_server.http.app import create_app
from layerw_server.http.background import background_server
from layerw_server.http.web import web_folder

from .conftest import RunProgram, ServeProgram
from .harness import BOOT_TIMEOUT_MS, HOST_JS, open_program, write_program

COROUTINES = """
import asyncio
import sys
import layerw as lw

await asyncio.sleep(0)  # before there is an App
app = lw.App()
cube = app.spawn(lw.Mesh.box(), lw.Material(color="tomato"))
begun, ended, plain, loop = [], [], [], []

@app.frame
async def update(dt):
    begun.append(dt)
    await asyncio.sleep(0.05)
    ended.append(len(begun))

@app.frame
def count(dt):
    plain.append(dt)

async def task():
    await asyncio.sleep(0.01)
    raise ValueError("boom in a task")  # line 23

async def leave():
    sys.exit("no lives left")

kept = asyncio.ensure_future(task())
while len(loop) < 10_000:  # a loop of its own, beside the frames
    loop.append(1)
    await asyncio.sleep(0.01)
"""
LOOP = """
import layerw as lw
app = lw.App()
while True:
    pass
"""


def test_coroutines_run_beside_the_frames_and_fail_alone(run_program: RunProgram) -> None:
    running = run_program(COROUTINES, backend="null")
    running.page.wait_for_function(f"{HOST_JS}.errors.length > 0", timeout=BOOT_TIMEOUT_MS)
    running.page.wait_for_timeout(500)
    errors = running.page.evaluate(f"{HOST_JS}.errors")
    assert len(errors) == 1 and "ValueError: boom in a task" in errors[0], errors
    assert re.search(r"main\.py", errors[0])
    counts = [running.python("import __main__\n[len(x) for x in (__main__.begun, __main__.ended, __main__.plain, "
                             "__main__.loop)].__repr__()") for _ in range(2)]  # fmt: skip
    begun, ended, plain, loop = eval(counts[-1])
    assert begun - ended in (0, 1) and 1 < begun < plain and loop > 3
    running.python("import asyncio, __main__\n__main__.leaving = asyncio.ensure_future(__main__.leave())\nNone")
    running.page.wait_for_timeout(300)
    assert "no lives left" in running.report()["ended"]
    assert running.page.evaluate(f"{HOST_JS}.errors") == errors


def test_a_loop_at_the_top_level_is_told(context: BrowserContext, serve_program: ServeProgram) -> None:
    running = open_program(context, serve_program(LOOP), backend="null")
    text = running.wait_error()
    assert "has not come back from its top level" in text and "@app.frame" in text
    assert re.search(r"line \d+ of main\.py: `(while True:|pass)`", text)
    running.page.close()


@pytest.mark.parametrize("thread", ["worker", "main"])
def test_a_policy_without_webassembly_is_named(context: BrowserContext, runtime_dir: Path, tmp_path: Path,
                                               thread: str) -> None:  # fmt: skip
    app = create_app(program=write_program(tmp_path, LOOP), runtime=runtime_dir, web=web_folder())

    async def strict(scope: Any, receive: Any, send: Any) -> None:
        async def add(message: Any) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], (b"content-security-policy", b"default-src 'self'")]
            await send(message)

        await app(scope, receive, add)

    page, texts = context.new_page(), []
    with background_server(strict) as address:
        page.goto(f"{address}?backend=null&thread={thread}")
        for _ in range(BOOT_TIMEOUT_MS // 500):  # Playwright's own waiting evaluates a text, which the policy refuses
            texts = page.evaluate("document.querySelector('layer-w')?.host?.errors ?? []")
            if texts:
                break
            page.wait_for_timeout(500)
    assert "'wasm-unsafe-eval'" in texts[0] and "script-src" in texts[0] and "Content-Security-Policy" in texts[0]


@pytest.mark.parametrize("name", ["python_stdlib.zip", "numpy-", "pyodide.asm.wasm"])
def test_a_damaged_file_of_the_runtime_is_told(context: BrowserContext, serve_program: ServeProgram,
                                               name: str) -> None:  # fmt: skip
    context.route(re.compile(f"/{re.escape(name)}"), lambda route: route.fulfill(body="junk", status=200))
    running = open_program(context, serve_program(LOOP), backend="null")
    text = running.wait_error()
    assert "damaged" in text or "numpy did not load" in text
    running.page.close()
