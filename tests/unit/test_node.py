"""Runs the JavaScript unit tests (tests/web/*.test.mjs) with node's own test runner."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FILES = sorted((ROOT / "tests" / "web").glob("*.test.mjs"))


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.name)
def test_node(path: Path) -> None:
    node = shutil.which("node")
    if node is None:
        pytest.skip("node is not installed")
    done = subprocess.run([node, "--test", "--test-reporter=tap", str(path)], cwd=ROOT, capture_output=True, text=True,
                          timeout=120, check=False)
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    assert "\n# pass 0\n" not in done.stdout, f"{path.name} has no tests"
