"""`lw.show` in a real notebook: JupyterLab from PyPI, in an environment of its own that is made once."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import socket
import subprocess
import sys
import sysconfig
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Frame, Page

ROOT = Path(__file__).resolve().parents[2]
WANTED = ("jupyterlab==4.6.6", "anywidget==0.11.0", "ipykernel>=6")
SLOW_S, PLAYS_MS = 400, 120_000
READY_JS = "window.jupyterapp?.shell.currentWidget?.context?.isReady === true"
RUN_JS = """async () => {
    await jupyterapp.shell.currentWidget.sessionContext.ready; // cells that run before are lost
    await jupyterapp.commands.execute('notebook:run-all-cells');
}"""
pytestmark = [pytest.mark.network, pytest.mark.own_profile]
CELLS = ("""import numpy as np
import layerw as lw
points = np.random.default_rng(1).normal(0, 3, (1_000_000, 3)).astype(np.float32)
few = points[:500]
def many(of):
    return len(of)""", """app = lw.App()
app.spawn_many(lw.Mesh.box(0.1), many(few), position=few)
@app.page.on("more")
def more(given):
    app.page.send("came", {"rows": len(given), "sum": float(given.sum()), "back": given[:2]})
view = lw.show(app, backend="null", height=120)
@view.on("came")
def came(value):
    global answer
    answer = value | {"ms": 1000 * (time.perf_counter() - begun)}
view""")  # fmt: skip

@pytest.fixture(scope="module")
def python() -> Path:
    """An environment with the notebooks, in which layerw is this checkout."""
    key = hashlib.sha256(" ".join([*WANTED, sys.version, str(ROOT)]).encode()).hexdigest()[:12]
    folder = Path.home() / ".cache/layerw-tests" / f"notebooks-{key}"
    if not (folder / "done").exists():
        shutil.rmtree(folder, ignore_errors=True)
        pip = [folder / "bin/python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        for command in ([sys.executable, "-m", "venv", folder], [*pip, *WANTED]):
            subprocess.run([str(part) for part in command], check=True, timeout=SLOW_S)
        packages = sysconfig.get_path("purelib", vars={"base": str(folder)})
        ours = [str(ROOT / "engine_py"), str(ROOT / "server"), sysconfig.get_path("purelib")]
        Path(packages, "layerw-checkout.pth").write_text("\n".join(ours) + "\n")
        (folder / "done").touch()
    return folder / "bin/python"


@contextmanager
def served(command: list[str | Path], cwd: Path, address: str) -> Iterator[str]:
    """A notebook's server, until the block ends."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "VIRTUAL_ENV"))}
    log = cwd / "server.log"
    with log.open("w") as out, subprocess.Popen([str(part) for part in command], cwd=cwd, stdout=out, stderr=out,
                                                env=environment) as server:  # fmt: skip
        try:
            for _ in range(600):
                try:
                    urllib.request.urlopen(address, timeout=5).close()
                    break
                except (urllib.error.URLError, OSError):
                    assert server.poll() is None, log.read_text()
                    time.sleep(0.1)
            yield address
        finally:
            server.terminate()
            server.wait(30)


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def played(page: Page) -> Frame:
    """The frame of the view, once the program in it runs."""
    page.wait_for_selector('iframe[title="A program of layerw"]', timeout=PLAYS_MS)
    end = time.monotonic() + PLAYS_MS / 1000
    while time.monotonic() < end:
        found = next((frame for frame in page.frames if "notebook=" in frame.url), None)
        if found is not None:
            found.wait_for_function("document.querySelector('layer-w')?.report?.entities > 0", timeout=PLAYS_MS)
            return found
        page.wait_for_timeout(100)
    raise AssertionError("no frame of the program came")


def code(text: str) -> dict[str, object]:
    return {"cell_type": "code", "execution_count": None, "id": hashlib.sha256(text.encode()).hexdigest()[:8],
            "metadata": {}, "outputs": [], "source": text}  # fmt: skip


def test_jupyterlab_plays_a_cell(python: Path, tmp_path: Path, context: BrowserContext) -> None:
    document = {"cells": [code(text) for text in CELLS], "nbformat": 4, "nbformat_minor": 5,
                "metadata": {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}}
    (tmp_path / "play.ipynb").write_text(json.dumps(document))
    port = free_port()
    command = [python, "-m", "jupyter", "lab", "--no-browser", "--allow-root", f"--port={port}",
               "--expose-app-in-browser", "--IdentityProvider.token=", f"--ServerApp.root_dir={tmp_path}"]  # fmt: skip
    page = context.new_page()
    page.set_viewport_size({"width": 1000, "height": 900})  # frames out of view draw nothing
    with served(command, tmp_path, f"http://127.0.0.1:{port}/api"):
        page.goto(f"http://127.0.0.1:{port}/lab/tree/play.ipynb?reset")
        page.wait_for_function(READY_JS, timeout=PLAYS_MS)
        page.evaluate(RUN_JS)
        frame = played(page)
        assert frame.evaluate("document.querySelector('layer-w').report.entities") == 500
        assert frame.evaluate("document.querySelector('layer-w').errors") == []
    page.close()
