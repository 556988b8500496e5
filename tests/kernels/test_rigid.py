"""Physics' module: the same scene in place (Pyodide, V8) and under wasmtime gives the same state, to the bit."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from layerw.kernels import rigid
from tests.unit.physics_scene import HASH, PROGRAM

from .conftest import ROOT, PyodideRun

pytestmark = pytest.mark.skipif(not rigid.is_built(), reason="layerw was built without physics: `make physics`")

ON_A_HOST = """
import layerw.app
from layerw.hosts.headless import HeadlessHost
host = HeadlessHost()
layerw.app.default_host = lambda: host
"""


def test_the_same_scene_has_the_same_hash_in_pyodide(in_pyodide: PyodideRun) -> None:
    printed = in_pyodide(ON_A_HOST + PROGRAM + "print(app.physics.state_hash())\n")
    assert printed.split()[-1] == HASH


def test_a_build_without_the_sources_says_so_and_goes_on(tmp_path: Path) -> None:
    wrong = tmp_path / "robox3d-0.1.0.tar.gz"
    wrong.write_bytes(b"not it")
    environment = {**os.environ, "LAYERW_CACHE": str(tmp_path / "cache"), "LAYERW_BOX3D": str(wrong)}
    for arguments, status in (([], 0), (["--strict"], 1)):
        command = [sys.executable, str(ROOT / "engine_py" / "kernels" / "rigid.py"), *arguments]
        done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=60, check=False)
        assert done.returncode == status
        assert all(words in done.stderr for words in ("Built without physics", "was not used", "make physics"))
