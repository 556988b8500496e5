"""Navigation's module: the same yard in place (Pyodide, V8) and under wasmtime gives the same state, to the bit."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from layerw.kernels import navigation
from tests.unit.navigation_scene import HASH, PROGRAM

from .conftest import ROOT, PyodideRun
from .test_rigid import ON_A_HOST

pytestmark = pytest.mark.skipif(not navigation.is_built(), reason="layerw was built without it: `make navigation`")


def test_the_same_yard_has_the_same_hash_in_pyodide(in_pyodide: PyodideRun) -> None:
    printed = in_pyodide(ON_A_HOST + PROGRAM + "print(app.navigation.state_hash())\n")
    assert printed.split()[-1] == HASH


def test_a_build_without_the_sources_says_so_and_goes_on(tmp_path: Path) -> None:
    wrong = tmp_path / "recastnavigation_1.6.0+dfsg.orig.tar.gz"
    wrong.write_bytes(b"not it")
    environment = {**os.environ, "LAYERW_CACHE": str(tmp_path / "cache"), "LAYERW_RECAST": str(wrong)}
    for arguments, status in (([], 0), (["--strict"], 1)):
        command = [sys.executable, str(ROOT / "engine_py" / "kernels" / "navigation.py"), *arguments]
        done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=60, check=False)
        assert done.returncode == status
        assert all(words in done.stderr for words in ("Built without navigation", "was not used", "make navigation"))
