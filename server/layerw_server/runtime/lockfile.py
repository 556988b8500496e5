"""Writes pyodide-lock.json with exactly two packages: numpy and layerw.

Two ways, same result (a test compares them): pyodide-lock's own API where it can be imported (Python 3.12+),
plain JSON elsewhere (the last pyodide-lock for 3.11 can't read this lock file).
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from .cache import sha256_of
from .errors import RuntimeUnavailable
from .pins import NUMPY_VERSION


def package_entry(name: str, version: str, wheel: Path, imports: list[str], depends: list[str]) -> dict[str, Any]:
    """One package in the lock file's own words."""
    return {"name": name, "version": version, "file_name": wheel.name, "install_dir": "site",
            "sha256": sha256_of(wheel.read_bytes()), "package_type": "package", "imports": imports,
            "depends": depends, "unvendored_tests": False}


def write_plain(shipped: Path, numpy_wheel: Path, layerw_wheel: Path, target: Path) -> None:
    """Write the lock file without any library."""
    lock = json.loads(shipped.read_text(encoding="utf-8"))
    version = layerw_wheel.name.split("-")[1]
    lock["packages"] = {
        "layerw": package_entry("layerw", version, layerw_wheel, ["layerw"], ["numpy"]),
        "numpy": package_entry("numpy", NUMPY_VERSION, numpy_wheel, ["numpy"], []),
    }
    target.write_text(json.dumps(lock, sort_keys=True), encoding="utf-8")


def write_with_library(shipped: Path, numpy_wheel: Path, layerw_wheel: Path, target: Path) -> None:
    """Write the lock file through pyodide-lock, which reads the wheel's own metadata."""
    from pyodide_lock import PyodideLockSpec
    from pyodide_lock.utils import add_wheels_to_spec

    spec = PyodideLockSpec.from_json(shipped)
    numpy = spec.packages["numpy"]
    numpy.sha256 = sha256_of(numpy_wheel.read_bytes())
    spec.packages = {"numpy": numpy}
    spec = add_wheels_to_spec(spec, [layerw_wheel], base_path=layerw_wheel.parent)
    if set(spec.packages) != {"numpy", "layerw"}:
        raise RuntimeUnavailable(f"pyodide-lock listed {sorted(spec.packages)}, expected layerw and numpy.")
    spec.to_json(target)


def write(shipped: Path, numpy_wheel: Path, layerw_wheel: Path, target: Path) -> None:
    """Write the lock file, through the library where it is usable."""
    way = write_with_library if has_library() else write_plain
    way(shipped, numpy_wheel, layerw_wheel, target)


def has_library() -> bool:
    """Whether pyodide-lock with wheel support is installed, on a Python that it supports."""
    if sys.version_info < (3, 12):
        return False
    try:
        import packaging  # noqa: F401  (pyodide-lock's extra "wheel")
        import pyodide_lock.utils  # noqa: F401
    except ImportError:
        return False
    return True
