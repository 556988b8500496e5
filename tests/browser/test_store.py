"""The store in a page: values from visit to visit, a browser that keeps nothing, and starts that wait for nothing."""

from __future__ import annotations

import pytest
from playwright.sync_api import BrowserContext

from .conftest import ServeProgram
from .harness import CUBE, HOST_JS, open_program

PROGRAM = CUBE + """
import numpy as np
visits = app.store.get("visits", 0) + 1
app.store["visits"] = visits
app.store["map"] = np.full((2, 3), visits, np.int16)
@lw.component
class Health:
    hp: lw.f32 = 100.0
crowd = app.spawn_many(lw.Mesh.box(), 100).add(Health)
level = app.restore("slot1") if "slot1" in app.saves else 0
crowd[Health].hp[:] -= 1
app.save("slot1", level + 1)
"""
DESK = CUBE + """
import builtins
builtins.SEEN = SEEN = []
async def take():
    file = await app.files.open(".json")
    SEEN.append((file.name, file.data))
async def copy():
    await app.clipboard.write("Hello")
    SEEN.append(await app.clipboard.read())
@app.frame
def exchange(dt):
    if app.input.pressed("KeyO"):
        app.start(take())
    if app.input.pressed("KeyE"):
        app.files.save("copy.txt", "Grüße")
    if app.input.pressed("KeyC"):
        app.start(copy())
"""
SEEN = ("from layerw.base.host_port import Running; s = Running.app.store; "
        "str((s['visits'], s['map'].tolist(), s.trouble, "
        "Running.app.restore('slot1')))")
DATABASES = "indexedDB.databases().then((all) => all.map(({ name }) => name))"
KEPT = """new Promise((resolve) => { const open = indexedDB.open('layerw', 1); open.onsuccess = () => {
    const all = open.result.transaction('records').objectStore('records').getAllKeys();
    all.onsuccess = () => { open.result.close(); resolve(all.result.map((key) => key[1])); }; }; })"""


@pytest.mark.parametrize("thread", ["worker", "main"])  # in a profile on disk, which a reload keeps
def test_values_are_there_after_a_reload(context: BrowserContext, serve_program: ServeProgram, thread: str) -> None:
    running = open_program(context, serve_program(PROGRAM), backend="null", thread=thread).wait_ready()
    assert running.python(SEEN) == "(1, [[1, 1, 1], [1, 1, 1]], '', 1)"
    running.page.wait_for_function(f"{KEPT}.then((keys) => keys.length === 3)")
    running.check_leaks()
    running.page.reload()
    running.page.wait_for_function(f"{HOST_JS} !== undefined")
    running.wait_ready()
    assert running.python(SEEN) == "(2, [[2, 2, 2], [2, 2, 2]], '', 2)"


def test_a_browser_that_keeps_nothing_is_told_and_the_program_runs(context: BrowserContext,
                                                                  serve_program: ServeProgram) -> None:
    refuse = "indexedDB.open = () => { throw new DOMException('no', 'SecurityError'); };"
    running = open_program(context, serve_program(PROGRAM), init=refuse, backend="null", thread="main")
    running.page.wait_for_function(f"{HOST_JS}.report !== null")
    running.frames(3)
    told = running.python(SEEN)
    assert told.startswith("(1, [[1, 1, 1], [1, 1, 1]], ") and "The browser did not keep" in told


@pytest.mark.own_profile
def test_a_program_that_does_not_mention_it_opens_nothing(context: BrowserContext, serve_program: ServeProgram) -> None:
    running = open_program(context, serve_program(CUBE), backend="null").wait_ready()
    assert running.page.evaluate(DATABASES) == []


@pytest.mark.own_profile
def test_files_and_the_clipboard(context: BrowserContext, serve_program: ServeProgram) -> None:
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    running = open_program(context, serve_program(DESK), backend="null").wait_ready()
    page = running.page
    with page.expect_file_chooser() as choosing:
        page.keyboard.press("o")
    choosing.value.set_files([{"name": "level.json", "mimeType": "application/json", "buffer": b"[1]"}])
    with page.expect_download() as saving:
        page.keyboard.press("e")
    assert saving.value.suggested_filename == "copy.txt"
    assert saving.value.path().read_text() == "Grüße"
    page.keyboard.press("c")
    for _ in range(20):
        running.frames(2)
        if running.python("len(SEEN)") == 2:
            break
    assert running.python("str(SEEN)") == "[('level.json', b'[1]'), 'Hello']"
    running.check_leaks()
