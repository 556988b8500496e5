"""Threads of Layer memory in real Chromium: the same bits with and without them, and what becomes of the workers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext

from layerw_server.http.web import web_folder
from layerw_server.tools.export import HEADERS_FILE, export_app

from .conftest import ServeProgram
from .harness import BOOT_TIMEOUT_MS, Running, open_program
from .test_export import static_server

# Every kernel that has a threaded form; the program asks for the threads that its address says.
PROGRAM = """
import hashlib
import numpy as np
import layerw as lw
from layerw.physics import Particles, ShallowWater

app = lw.App(budgets=lw.Budgets(memory_mib=64))
memory, kernels = app.memory, app.memory.kernels
memory.threads = int(app.host.options()["query"]["threads"])
fluid = Particles(memory, 2000, spacing=0.1, low=(0, 0, 0), high=(2, 2, 2))
fluid.spawn((np.argwhere(np.ones((10, 10, 10))) + 0.7) * 0.1)
lake = ShallowWater(memory, 200, 160, cell_m=1.0)
lake.depth = np.random.default_rng(1).random((160, 200)).astype(np.float32)

COUNT, GRAIN, LODS = 40_000, 1000, 4
rng = np.random.default_rng(2)
def put(array):
    block = memory.alloc(array.nbytes, region="mesh")
    block.write(np.ascontiguousarray(array))
    return block.address
def room(words):
    return memory.alloc(words * 4, region="mesh").address
view = np.zeros(64, np.float32)
args = [put(view), put(rng.uniform(-100, 100, (COUNT, 3)).astype(np.float32)), put(np.ones(COUNT, np.float32)),
        put(np.arange(COUNT, dtype=np.uint32)), COUNT, put(np.float32([20, 40, 80, 160])), LODS]
out, counts, chunks = room(LODS * COUNT), room(16), room(16 * COUNT // GRAIN)

def cull():
    taken = kernels.lw_cull_lods_threaded(*args, out, counts, GRAIN, chunks)
    found = np.empty(taken, np.uint32)
    memory.read(out, found)
    return hashlib.sha256(found.tobytes()).hexdigest()

class Cull:
    def state_hash(self):
        return cull()

for name, thing in (("fluid", fluid), ("lake", lake), ("cull", Cull())):
    app.watch(name, thing)
steps = 0

@app.frame
def update(dt):
    global steps
    if steps < 6 and memory.threads_running == memory.threads:
        steps += 1
        fluid.step(1 / 120)
        lake.step(1 / 60)

def figures():  # width, waits of the main thread, chunks by thread
    at = kernels.lw_raw_alloc(0, 140)
    kernels.lw_threads_figures_write(at)
    found = np.empty(35, np.uint32)
    memory.read(at, found)
    kernels.lw_raw_free(at)
    return found.tolist()

def scan():
    app.splats(rng.normal(size=(400_000, 3)).astype(np.float32))

def in_order():  # by threads, as slices make it
    clouds = app._engine.subsystems.find("splats")
    order, held = clouds._clouds[0].order, clouds._jobs._held
    if not order.sorts or not held:
        return False
    found = order.order.copy()
    for _ in order.renew(*order._sorted):
        pass
    return bool((order.order == found).all())
"""
NEVER_ASKS = """
import layerw as lw
app = lw.App()
block = app.memory.alloc(1000)
"""
LOCKS_JS = "navigator.locks.query().then(({held}) => held.filter(({name}) => name.startsWith('layerw-job-')).length)"
ENGINE = "import sys; main = sys.modules['__main__']; "
TAKES_PART = "main.cull() and main.figures()[3] > 0"  # a busy machine may let the worker come late, again and again
Open = Callable[..., Running]


@pytest.fixture
def start(tmp_path: Path, context: BrowserContext, serve_program: ServeProgram) -> Open:
    """The program above in a page."""
    (tmp_path / "main.py").write_text(PROGRAM, encoding="utf-8")
    address = serve_program(tmp_path / "main.py")
    return lambda **query: open_program(context, address, backend="null", **query)


def until(running: Running, code: str) -> None:
    """Wait for Python in the page to say so."""
    for _ in range(600):
        if running.python(ENGINE + code):
            return
        running.page.wait_for_timeout(20)
    raise AssertionError(f"{code} never came true")


def locks(running: Running, count: int) -> None:
    """Wait until the page's origin has so many living job workers."""
    for _ in range(300):
        if running.page.evaluate(LOCKS_JS) == count:
            return
        running.page.wait_for_timeout(20)
    raise AssertionError(f"{running.page.evaluate(LOCKS_JS)} job workers live, not {count}")


def test_every_threaded_kernel_gives_the_same_bits(start: Open) -> None:
    states = []
    for thread, isolate, threads, width in (("worker", "1", "2", 2), ("worker", "0", "2", 1), ("main", "1", "2", 1)):
        running = start(thread=thread, isolate=isolate, threads=threads).wait_ready()
        until(running, "main.steps == 6")
        assert running.python(ENGINE + "main.memory.threads") == width
        report = running.report(state_hash=True)
        assert report["errors"] == []
        states.append(report["states"])
        assert running.python(ENGINE + "main.figures()[1]") == 0, "the main thread never waited where it must not"
        if width == 2:
            until(running, TAKES_PART)
        assert (running.python(ENGINE + "main.figures()[3]") > 0) == (width == 2)
        assert running.request("threads") == {"workers": width - 1, "replaced": 0}
        running.page.close()
    assert states[0] == states[1] == states[2]
    assert len(set(states[0].values())) == 3


def test_a_program_that_never_asks_starts_nothing(context: BrowserContext, serve_program: ServeProgram) -> None:
    running = open_program(context, serve_program(NEVER_ASKS), backend="null").wait_ready()
    assert running.request("threads") == {"workers": 0, "replaced": 0}
    loaded = running.python("import js; ' '.join(e.name for e in js.performance.getEntriesByType('resource'))")
    assert "layer-threads.js" in loaded and "/threads.js" not in loaded and "job-worker.js" not in loaded


def test_workers_are_replaced_end_before_the_engine_and_start_again(start: Open) -> None:
    running = start(threads="2").wait_ready()
    until(running, "main.memory.threads_running == 2")
    locks(running, 1)
    running.python(ENGINE + "main.scan()")
    running.request("loseThread")
    for _ in range(300):
        if running.request("threads") == {"workers": 1, "replaced": 1}:
            break
        running.page.wait_for_timeout(20)
    until(running, "main.memory.threads_running == 2")
    until(running, TAKES_PART)
    until(running, "main.in_order()")
    assert running.report()["errors"] == []
    assert running.page.evaluate("document.querySelector('layer-w').stop()") is True, "the engine ended by itself"
    locks(running, 0)
    running.page.evaluate("document.querySelector('layer-w').start()")
    running.page.wait_for_function("document.querySelector('layer-w').host.report !== null", timeout=BOOT_TIMEOUT_MS)
    until(running, "main.memory.threads_running == 2")
    locks(running, 1)
    running.python(ENGINE + "main.memory.threads = 1")
    until(running, "main.memory.threads_running == 1")
    locks(running, 0)


def test_an_engine_that_does_not_answer_is_ended_anyway(start: Open) -> None:
    running = start(threads="2").wait_ready()
    until(running, "main.memory.threads_running == 2")
    running.page.evaluate("void document.querySelector('layer-w').host.request('python', 'while True: pass')")
    assert running.page.evaluate("document.querySelector('layer-w').stop()") is False
    locks(running, 0)


def test_an_export_has_threads_where_its_headers_are_sent(
        tmp_path: Path, runtime_dir: Path, context: BrowserContext) -> None:
    program = tmp_path / "app" / "main.py"
    program.parent.mkdir()
    program.write_text("import layerw as lw\napp = lw.App()\nmemory = app.memory\nmemory.threads = 2\n", "utf-8")
    export_app(program, tmp_path / "host", runtime=runtime_dir, web=web_folder())
    headers = dict(line.strip().split(": ") for line in HEADERS_FILE.splitlines() if line.startswith("  "))
    policy = "Document-Isolation-Policy"  # enough by itself
    for sent in ({policy: headers[policy]}, {name: value for name, value in headers.items() if name != policy}):
        with static_server(tmp_path / "host", sent) as origin:
            running = open_program(context, origin, backend="null").wait_ready()
            until(running, "main.memory.threads_running == 2")
            assert running.report()["errors"] == []
            running.page.close()
