"""The compiled modules: reproducible, current, and usable in all three placements; headers are a checked grammar."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from layerw.kernels import files, inplace
from layerw.kernels.wasmtime_host import WasmtimeModule

from .conftest import ROOT, PyodideRun

SOURCES = ROOT / "engine_py" / "kernels"


def load(name: str) -> ModuleType:
    """A build script by path, as the build hook runs it."""
    spec = importlib.util.spec_from_file_location(f"kernels_{name}", SOURCES / f"{name}.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def test_a_build_is_equal_to_the_byte_to_what_is_installed(tmp_path: Path) -> None:
    """Made elsewhere, at another time, by another process: whoever builds gets these bytes."""
    built = {path.name: path.read_bytes() for path in load("build").build(tmp_path / "again")}
    assert {path.name: path.read_bytes() for path in files.FOLDER.glob("*.wasm")} == built
    assert {"inplace.wasm", "side.wasm", "worker.wasm"} <= set(built)


def test_side_works_on_its_own_memory(side: WasmtimeModule) -> None:
    side.grow(1)
    values = side.view(side.heap_base, 5, np.float32)
    values[:] = (1, 2, 3, 4, 0.5)
    assert side.lw_sum(side.heap_base, 5) == 10.5
    with pytest.raises(IndexError, match="leaves the memory"):
        side.view(0xFFFFFFF0, 8, np.uint32)


def test_inplace_reads_numpys_bytes_where_they_lie(in_pyodide: PyodideRun) -> None:
    printed = in_pyodide("""
import numpy as np
from layerw.kernels import inplace
k = inplace.load()
a = np.arange(10, dtype=np.float32)
assert k.lw_sum(a, 10) == 45.0
assert k.lw_sum(a.__array_interface__["data"][0], 4) == 6.0
assert k.lw_sum(None, 0) == 0.0
for call, kind in ((lambda: k.lw_sum(a), TypeError), (lambda: k.lw_sum(a[::2], 2), (BufferError, ValueError)),
                   (lambda: k.lw_sum(a, -1), OverflowError), (lambda: k.lw_sum("x", 1), TypeError),
                   (lambda: k.link(b"12345"), TypeError)):
    try:
        call()
    except kind as error:
        print(type(error).__name__, error)
    else:
        raise AssertionError("no error")
import time
start = time.perf_counter()
for _ in range(100000):
    k.lw_version()
print("us a call", (time.perf_counter() - start) * 10)
""")
    assert "lw_sum takes 2 arguments, but 1 were given." in printed


def test_without_pyodide_there_is_no_inplace_module() -> None:
    assert inplace.load() is None


def test_a_missing_module_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(files, "FOLDER", tmp_path)
    with pytest.raises(files.KernelsMissing, match=r"side\.wasm is missing; build it with `make kernels`"):
        files.path_of("side")


@pytest.mark.parametrize(("text", "said"), [
    ("// Doc.\nLW_KERNEL uint32_t a_ptr(void);", "ends with _ptr"),
    ("LW_KERNEL uint32_t a(void);", "has no documentation"),
    ("// Doc.\nLW_KERNEL short a(void);", "returns short"),
    ("// Doc.\nLW_KERNEL uint32_t a(short b);", "b is a short"),
    ("// Doc.\nLW_KERNEL void a(uint32_t from);", "from is a word of Python"),
    ("// Doc.\nLW_EPHEMERAL(heap) const void *a(void);", "use blob or text"),
])
def test_a_header_outside_the_grammar_is_refused(text: str, said: str) -> None:
    headers = load("headers")
    with pytest.raises(headers.HeaderError, match=said):
        list(headers.read_header(text, "x.h"))
