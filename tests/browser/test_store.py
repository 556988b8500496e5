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
SEEN = ("from layerw.base.host_port import Running; s = Running.app.store; "
        "str((s['visits'], s['map'].tolist(), s.trouble, "
        "Running.app.restore('slot1')))")
DATABASES = "indexedDB.databases().then((all) => all.map(({ name }) => name))"
KEPT = """new Promise((resolve) => { const open = indexedDB.open('layerw', 1); open.onsuccess = () => {
    const all = open.result.transaction('records').objectStore('records').getAllKeys();
    all.onsuccess = () => { open.result.close(); resolve(all.result.map((key) => key[1])); }; }; })"""


@pytest.mark.own_profile
@pytest.mark.parametrize("thread", ["worker", "main"])
def test_values_are_there_after_a_reload(context: BrowserContext, serve_program: ServeProgram, thread: str) -> None:
    running = open_program(context, serve_program(PROGRAM), backend="null", thread=thread).wait_ready()
    assert running.python(SEEN) == "(1, [[1, 1, 1], [1, 1, 1]], '', 1)"
    running.page.wait_for_function(f"{KEPT}.then((keys) => keys.length === 3)")
    running.check_leaks()
    running.page.reload()
    running.page.wait_for_function(f"{HOST_JS} !== undefined")
    running.wait_ready()
    assert running.python(SEEN) == "(2, [[2, 2, 2], [2, 2, 2]], '', 2)"


@pytest.mark.own_profile
def test_a_browser_that_keeps_nothing_is_told_and_the_program_runs(context: BrowserContext,
                                                                  serve_program: ServeProgram) -> None:
    context.add_init_script("indexedDB.open = () => { throw new DOMException('no', 'SecurityError'); };")
    running = open_program(context, serve_program(PROGRAM), backend="null", thread="main")
    running.page.wait_for_function(f"{HOST_JS}.report !== null")
    running.frames(3)
    told = running.python(SEEN)
    assert told.startswith("(1, [[1, 1, 1], [1, 1, 1]], ") and "The browser did not keep" in told


@pytest.mark.own_profile
def test_a_program_that_does_not_mention_it_opens_nothing(context: BrowserContext, serve_program: ServeProgram) -> None:
    running = open_program(context, serve_program(CUBE), backend="null").wait_ready()
    assert running.page.evaluate(DATABASES) == []
