"""Physics' module: the same scene in place (Pyodide, V8) and under wasmtime gives the same state, to the bit."""

from __future__ import annotations

import pytest

from layerw.kernels import rigid
from tests.unit.physics_scene import HASH, PROGRAM

from .conftest import PyodideRun

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
