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


def on_threads(folder: Path, threads: int, *more: str) -> list[str]:
    """What the scene says at its end: threads, whether they are still asked, and the hash."""
    begin, end = PROGRAM.split("\nfill()\n")
    script = folder / "script.py"
    script.write_text(ON_THREADS + begin + "\n" + STARTS % threads + "\n".join(more) + "\nfill()\n" + end
                      + "found = app.physics._report()\n"
                        "print(found['threads'], app.physics._world._threads is not None, app.physics.state_hash())\n")
    program = node.try_node()
    assert program is not None
    done = subprocess.run([program, HERE / "run_far.mjs", runtime.ensure(), ROOT / "engine_py" / "layerw", script,
                           str(threads), *(["dying"] if not more else [])], capture_output=True, text=True, timeout=120,
                          check=False)  # fmt: skip
    assert done.returncode == 0, (done.stdout + done.stderr)[-4000:]
    return done.stdout.split()[-3:]


def test_threads_of_node_give_the_same_hash(tmp_path: Path) -> None:
    assert on_threads(tmp_path, 2, "pass") == ["2", "True", HASH]


def test_a_thread_that_is_ended_between_steps_changes_nothing(tmp_path: Path) -> None:
    assert on_threads(tmp_path, 3, "node_threads.lose()")[1:] == ["True", HASH]


def test_threads_that_die_within_a_step_are_not_waited_for_long(tmp_path: Path) -> None:
    assert on_threads(tmp_path, 2)[:2] == ["1", "False"]
