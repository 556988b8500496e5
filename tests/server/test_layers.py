"""The import contracts hold, and each of them fails on a planted fault."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PLANTED = [
    ("layerw/stream/planted.py", "import layerw.scene", "Imports point down"),
    ("layerw/memory/planted.py", "import layerw.gpu.spec as _; import layerw.assets", "Imports point down"),
    ("layerw/scene/planted.py", "import layerw.app", "Imports point down"),
    ("layerw/planted.py", "VALUE = 1", "Imports point down"),
    ("layerw/content/planted.py", "import layerw.engine", "Imports point down"),
    ("layerw/frame/planted.py", "import layerw.content.models", "Imports point down"),
    ("layerw_server/http/planted.py", "import layerw_server.tools.shot", "The server's folders point down"),
    ("layerw/scene/planted.py", "import js", "Only hosts/browser imports the browser"),
    ("layerw/base/planted.py", "import layerw_server.http.paths", "The engine never imports the server"),
]


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "engine_py/layerw", tmp_path / "layerw", ignore=ignored)
    shutil.copytree(ROOT / "server/layerw_server", tmp_path / "layerw_server", ignore=ignored)
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    code = "import sys; from importlinter.cli import lint_imports_command; sys.exit(lint_imports_command())"
    return subprocess.run([sys.executable, "-c", code, "--no-cache", "--no-logo"], cwd=folder, capture_output=True,
                          text=True, env={**os.environ, "PYTHONPATH": str(folder)}, timeout=120, check=False)


def test_contracts_hold(copy: Path) -> None:
    done = lint(copy)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(("path", "text", "contract"), PLANTED)
def test_planted_fault_is_found(path: str, text: str, contract: str, copy: Path) -> None:
    (copy / path).write_text(text + "\n")
    done = lint(copy)
    assert done.returncode != 0
    broken = [line for line in done.stdout.splitlines() if "BROKEN" in line]
    assert [line for line in broken if line.startswith(contract)] == broken
    assert broken != []
    assert "planted" in done.stdout
