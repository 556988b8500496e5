"""The engine's sources as one zip, for development: the page imports from it (layerw/hosts/archive.py).

Owns: which files travel and the bytes (the same sources give the same bytes). Stored, not deflated: HTTP
compresses it. While the runtime's wheel holds the very same sources, it is sent in their place: it is compiled.
Does not exist in an export, where that wheel is all there is.
"""

from __future__ import annotations

import io
import os
import zipfile
from collections.abc import Iterator
from pathlib import Path

from .paths import is_served_name

_SUFFIXES = (".py", ".json", ".typed")
_KERNELS = ("inplace.wasm",)  # the other modules are fetched by the page, from /kernels/


def engine_files(package: Path) -> Iterator[Path]:
    """Yield the files of the engine package that the browser needs, in a stable order."""
    for folder, names, files in os.walk(package):
        names[:] = sorted(name for name in names if is_served_name(name))
        for name in sorted(files):
            if (name.endswith(_SUFFIXES) or name in _KERNELS) and is_served_name(name):
                yield Path(folder, name)


def engine_signature(package: Path) -> tuple[int, int, int]:
    """Return what changes when any of the files does."""
    newest = total = count = 0
    for path in engine_files(package):
        status = path.stat()
        newest, total, count = max(newest, status.st_mtime_ns), total + status.st_size, count + 1
    return (newest, total, count)


def engine_zip(package: Path, runtime: Path) -> bytes:
    """Return the runtime's wheel while its sources are the package's, else a zip of those."""
    data = build_engine_zip(package)
    for wheel in runtime.glob("layerw-*.whl"):
        try:
            compiled = wheel.read_bytes()
            if _sources(compiled) == _sources(data):
                return compiled
        except (OSError, zipfile.BadZipFile):
            continue  # an older Python's, or being replaced
    return data


def _sources(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()
                if not name.endswith(".pyc") and ".dist-info/" not in name}


def build_engine_zip(package: Path) -> bytes:
    """Return a zip of the package, with names like `layerw/app.py`."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for path in engine_files(package):
            name = f"{package.name}/{path.relative_to(package).as_posix()}"
            archive.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), path.read_bytes())
    return buffer.getvalue()
