"""Physics in the page, in a worker: the 600 steps that CPython takes, to the bit."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext

from layerw.kernels import rigid
from tests.unit.physics_scene import HASH, PROGRAM

from .conftest import ServeProgram
from .harness import open_program, write_program

pytestmark = pytest.mark.skipif(not rigid.is_built(), reason="layerw was built without physics: `make physics`")


def test_the_page_and_cpython_agree(context: BrowserContext, serve_program: ServeProgram, tmp_path: Path) -> None:
    address = serve_program(write_program(tmp_path, PROGRAM))
    running = open_program(context, address, backend="null").wait_ready()
    report = running.report(state_hash=True)
    assert report["errors"] == [] and report["physics"]["steps"] == 600
    assert report["states"]["physics"] == HASH


# The workers come once the program has begun: their steps wait for them.
ON_THREADS = PROGRAM.replace("lw.App()\n", "lw.App()\napp.physics.threads = 2\n").replace("\nfill()\n", """
told = []

@app.frame
def later(dt):
    if not told and app.physics._report()["threads"] == app.physics.threads:
        fill()
        told.append(app.physics.threads)

""")


@pytest.mark.parametrize(("isolate", "thread", "threads"), [("1", "worker", 2), ("1", "main", 1)])
def test_steps_on_two_threads_are_those_on_one(context: BrowserContext, serve_program: ServeProgram, tmp_path: Path,
                                               isolate: str, thread: str, threads: int) -> None:
    address = serve_program(write_program(tmp_path, ON_THREADS))
    running = open_program(context, address, backend="null", isolate=isolate, thread=thread).wait_ready()
    for _ in range(300):
        if running.python("import sys; len(sys.modules['__main__'].told)"):
            break
        running.page.wait_for_timeout(50)
    report = running.report(state_hash=True)
    assert report["errors"] == [] and report["physics"]["steps"] == 600
    assert report["physics"]["threads"] == threads
    assert report["states"]["physics"] == HASH
