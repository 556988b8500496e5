"""The user cache: where it lies, one writer at a time, whole files only, sums checked.

Layout below `root()`:
    files/<sha256>/<name>     pinned files as obtained
    prepared/<key>/           stored zips made from them (precompiled or shipped)
    runtime/<key>/            folders to serve, hard links into the two above
    node/                     node and npm from PyPI, where the machine has none
Does not fetch anything.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from .errors import SumMismatch
from .pins import Pin


def root() -> Path:
    """The cache folder: LAYERW_CACHE, else the platform's user cache."""
    if chosen := os.environ.get("LAYERW_CACHE"):
        return Path(chosen).expanduser().absolute()
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "layerw"
    if os.name == "nt":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local") / "layerw" / "cache"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "layerw"


@contextlib.contextmanager
def lock() -> Iterator[None]:
    """Hold the cache for one process; the others wait. No-op where the platform has no flock."""
    root().mkdir(parents=True, exist_ok=True)
    with open(root() / "lock", "w", encoding="ascii") as handle:
        try:
            import fcntl
        except ImportError:
            yield
            return
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def sha256_of(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def check(pin: Pin, data: bytes, origin: str) -> bytes:
    """Return `data` if it is what `pin` says; else raise SumMismatch naming file, expected and found."""
    found = sha256_of(data)
    if found != pin.sha256:
        raise SumMismatch(pin.name, origin, pin.sha256, found)
    return data


def file_path(pin: Pin) -> Path:
    return root() / "files" / pin.sha256 / pin.name


def try_load(pin: Pin) -> Path | None:
    """The cached file, or None. A damaged one is an error, as every mismatch is; `--fresh` clears it."""
    path = file_path(pin)
    if not path.is_file():
        return None
    check(pin, path.read_bytes(), f"the cache ({path})")
    return path


def write(path: Path, data: bytes) -> Path:
    """Write a whole file or nothing: a crash leaves no half file behind."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".part-")
    with os.fdopen(handle, "wb") as out:
        out.write(data)
    os.chmod(name, 0o644)
    os.replace(name, path)
    return path


def link(source: Path, target: Path) -> None:
    """Hard link, or a copy where the file system has none."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)


@contextlib.contextmanager
def new_folder(target: Path) -> Iterator[Path]:
    """Fill a folder beside `target`, then rename it there; on an error nothing remains."""
    target.parent.mkdir(parents=True, exist_ok=True)
    part = Path(tempfile.mkdtemp(dir=target.parent, prefix=".part-"))
    try:
        yield part
        part.chmod(0o755)
        if target.exists():
            shutil.rmtree(target)
        os.rename(part, target)
    finally:
        shutil.rmtree(part, ignore_errors=True)
