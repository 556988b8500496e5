"""The user cache: where it lies, one writer at a time, whole files only, sums checked.

Layout below `root()`:
    files/<sha256>/<name>     pinned files as obtained
    prepared/<key>/           stored zips made from them (precompiled or shipped)
    runtime/<key>/            folders to serve, copies out of the two above: damage in one stays there
    slim/<key>/               the same without docstrings and with what imports what, for exports
    packed/<sha256>.gz|.br    compressed forms of files of exports
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

from .errors import RuntimeUnavailable, SumMismatch
from .pins import Pin
from .sums import write_sums


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
    """Hold the cache for one process; the others wait. No-op where the platform has no flock.

    What a killed process left half-made is removed first: nobody else is writing.

    Raises:
        RuntimeUnavailable: the cache can't be written, at any time while it is held.
    """
    try:
        root().mkdir(parents=True, exist_ok=True)
        with open(root() / "lock", "w", encoding="ascii") as handle:
            try:
                import fcntl
            except ImportError:
                yield
                return
            fcntl.flock(handle, fcntl.LOCK_EX)
            _remove_parts()
            yield
    except OSError as error:
        raise RuntimeUnavailable(f"The cache folder {root()} can't be used: {error.strerror or error} "
                                 f"({error.filename or root()}); make room or rights there, or set LAYERW_CACHE to "
                                 f"another folder.") from error  # fmt: skip


def _remove_parts() -> None:
    """Removes what `write` and `new_folder` of a killed process left."""
    for pattern in ("files/*/.part-*", "prepared/.part-*", "runtime/.part-*", "slim/.part-*"):
        for path in root().glob(pattern):
            if path.is_dir():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink(missing_ok=True)


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
    """The cached file, or None. A damaged one is removed: it is obtained again."""
    path = file_path(pin)
    try:
        check(pin, path.read_bytes(), f"the cache ({path})")
    except OSError:
        return None
    except SumMismatch:
        path.unlink(missing_ok=True)
        return None
    return path


def write(path: Path, data: bytes) -> Path:
    """Write a whole file or nothing: a crash leaves no half file behind."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".part-")
    try:
        with os.fdopen(handle, "wb") as out:
            out.write(data)
        os.chmod(name, 0o644)
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    return path


@contextlib.contextmanager
def new_folder(target: Path) -> Iterator[Path]:
    """Fill a folder beside `target`, then rename it there; on an error nothing remains."""
    target.parent.mkdir(parents=True, exist_ok=True)
    part = Path(tempfile.mkdtemp(dir=target.parent, prefix=".part-"))
    try:
        yield part
        write_sums(part)
        part.chmod(0o755)
        if target.exists():
            shutil.rmtree(target)
        os.rename(part, target)
    finally:
        shutil.rmtree(part, ignore_errors=True)
