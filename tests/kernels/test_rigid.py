"""Physics' module: the same scene in place (Pyodide, V8) and under wasmtime gives the same state, to the bit."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from layerw.kernels import rigid
from layerw_server import runtime
from layerw_server.runtime import node
from tests.unit.physics_scene import HASH, PROGRAM

from .conftest import HERE, ROOT, PyodideRun

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


ON_THREADS = """
import json
import node_threads
from layerw.hosts.headless import HeadlessHost

class NodeThreads:
    def set(self, count):
        return count

class Host(HeadlessHost):
    def open_far(self, module, names):
        return json.loads(node_threads.open(json.dumps(names))), NodeThreads()

import layerw.app
host = Host()
layerw.app.default_host = lambda: host
"""
STARTS = "app.physics.threads = %d\nawait node_threads.up()\n"


@pytest.mark.parametrize("threads", [2, 3])
def test_threads_of_node_give_the_same_hash_also_when_one_is_killed(tmp_path: Path, threads: int) -> None:
    begin, end = PROGRAM.split("\nfill()\n")
    lost = "node_threads.lose()\n" if threads == 3 else ""
    source = (ON_THREADS + begin + "\n" + STARTS % threads + lost + "fill()\n" + end
              + "print(app.physics._report()['threads'], app.physics.state_hash())\n")
    script = tmp_path / "script.py"
    script.write_text(source, "utf-8")
    program = node.try_node()
    assert program is not None
    done = subprocess.run([program, HERE / "run_far.mjs", runtime.ensure(), ROOT / "engine_py" / "layerw", script,
                           str(threads)], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, (done.stdout + done.stderr)[-4000:]
    assert done.stdout.split()[-1] == HASH
    assert threads == 3 or done.stdout.split()[-2] == "2"
