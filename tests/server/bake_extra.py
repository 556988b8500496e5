"""The encoders of `layerw[bake]` for tests: those that are installed, or else fetched once into the user's cache."""

from __future__ import annotations

import importlib
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from layerw_server.bake import codecs

ROOT = Path(__file__).resolve().parents[2]
FOLDER = Path.home() / ".cache/layerw-tests/bake"


def need_encoders() -> None:
    """Make both importable, or skip the test with the reason."""
    if codecs.has_ktx2() and codecs.has_meshopt():
        return
    wanted = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]["bake"]
    target = FOLDER / f"{sys.version_info[0]}.{sys.version_info[1]}" / "_".join(wanted)
    if not target.is_dir():
        command = [sys.executable, "-m", "pip", "install", "-qq", "--no-deps", "--target", str(target), *wanted]
        done = subprocess.run(command, capture_output=True, text=True, timeout=300)
        if done.returncode:
            pytest.skip(f"layerw[bake] can't be installed here: {done.stderr.strip()[-300:]}")
    sys.path.append(str(target))
    importlib.invalidate_caches()
    assert codecs.has_ktx2() and codecs.has_meshopt()
