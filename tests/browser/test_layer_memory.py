"""Layer memory in real Chromium: linked into Python's table in a worker and on the page's thread, shared or not."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext

from layerw_server.http.web import web_folder
from layerw_server.tools.export import export_app

from .conftest import ServeProgram
from .harness import Running, open_program
from .test_export import static_server

PROGRAM = """
import time
import numpy as np
import layerw as lw
from layerw.memory.errors import DoubleFree, OutOfBudget

app = lw.App(budgets=lw.Budgets(memory_mib=8))
memory = app.memory
block = memory.alloc(100_000, region="mesh", tier="near")
values = np.random.default_rng(1).random(12_500)
block.write(values)
assert (block.read(np.float64) == values).all()
assert block.view() is None, "two memories have no common view"
other = memory.alloc(64)
other.free()
for call, kind in ((other.free, DoubleFree), (lambda: memory.alloc(9 << 20), OutOfBudget)):
    try:
        call()
    except kind as error:
        assert "limit" in str(error), error
    else:
        raise AssertionError(kind)
found = memory.statistics()
assert found.memory_bytes <= found.budget_bytes and found.regions["logic"].limit_bytes == 8 << 20
assert found.regions["mesh"].live_bytes["near"] >= 100_000
ROUNDS = 2000
small = np.zeros(64, np.uint8)
copy, address = memory.kernels.lw_stm_copy, block.address
start = time.perf_counter()
for _ in range(ROUNDS):
    copy(small, address, 64)
app._engine.log.info(f"a 64-byte copy takes {(time.perf_counter() - start) / ROUNDS * 1e6:.3f} us")

@app.frame
def update(dt):
    block.write(values)
    assert memory.alloc(2000, tier="far").read(count=1).size == 1
    block.read()
"""


ONE_MEMORY_ONLY = """
const validate = WebAssembly.validate;
WebAssembly.validate = (bytes) => bytes.byteLength !== 15 && validate(bytes);  // what bridge.js asks with
"""


def uses_layer_memory(running: Running, *, shared: bool) -> None:
    """The program's own checks passed, and nothing crossed between the languages for it."""
    report = running.report()
    assert report["errors"] == []
    assert report["crossings_per_frame"] == {"py_to_js": 1, "js_to_py": 1}
    assert report["layer_bytes"] >= 8 << 20, "what the memory may take is charged"
    assert report["memory"]["regions"]["mesh"]["near"] >= 100_000
    assert running.page.evaluate("crossOriginIsolated") is shared
    running.page.evaluate("document.querySelector('layer-w').host.showOverlay(true)")
    running.page.wait_for_function("document.querySelector('layer-w').host.overlay.text.innerText.includes('fragmented')")


@pytest.mark.parametrize(("thread", "isolate"), [("worker", "1"), ("worker", "0"), ("main", "1"), ("main", "0")])
def test_python_uses_layer_memory_without_crossing(
        tmp_path: Path, context: BrowserContext, serve_program: ServeProgram, thread: str, isolate: str) -> None:
    (tmp_path / "main.py").write_text(PROGRAM, encoding="utf-8")
    running = open_program(context, serve_program(tmp_path / "main.py"), backend="null", thread=thread,
                           isolate=isolate).wait_ready()
    uses_layer_memory(running, shared=isolate == "1")


@pytest.mark.parametrize("isolate", ["1", "0"])
@pytest.mark.own_profile
def test_without_multi_memory_the_fallback_does_the_same(
        tmp_path: Path, context: BrowserContext, serve_program: ServeProgram, isolate: str) -> None:
    context.add_init_script(ONE_MEMORY_ONLY)  # not in workers, so the engine is on the page's thread
    asked: list[str] = []
    context.on("request", lambda request: asked.append(request.url.rpartition("/")[2]))
    (tmp_path / "main.py").write_text(PROGRAM, encoding="utf-8")
    running = open_program(context, serve_program(tmp_path / "main.py"), backend="null", thread="main",
                           isolate=isolate).wait_ready()
    uses_layer_memory(running, shared=isolate == "1")
    bridges = {name.partition("?")[0] for name in asked if "bridge" in name and ".wasm" in name}
    assert bridges == {"bridge_fb.wasm"}


@pytest.mark.parametrize("thread", ["worker", "main"])
def test_an_export_has_layer_memory_on_a_plain_static_host(
        tmp_path: Path, runtime_dir: Path, context: BrowserContext, thread: str) -> None:
    program = tmp_path / "app" / "main.py"
    program.parent.mkdir()
    program.write_text(PROGRAM, encoding="utf-8")
    export_app(program, tmp_path / "host" / "some" / "base", runtime=runtime_dir, web=web_folder())
    with static_server(tmp_path / "host") as origin:
        running = open_program(context, f"{origin}some/base/", backend="null", thread=thread).wait_ready()
        uses_layer_memory(running, shared=False)
        running.check_leaks()
        running.page.close()
