"""What a finished folder of the cache holds, written beside its files, so that damage is seen before it is served.

Owns: SUMS, the list of sizes, times and sha256 sums. A start compares sizes and times only; a file whose time differs
is read and summed. Limit: a byte that a disk flips without touching the time is seen by `layerw runtime --check` only.
"""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path

SUMS = "sums.json"


def write_sums(folder: Path) -> None:
    """List every file of the folder."""
    found = {path.name: _entry(path) for path in sorted(folder.iterdir()) if path.is_file() and path.name != SUMS}
    (folder / SUMS).write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


def damage(folder: Path, *, thorough: bool = False) -> str:
    """What is wrong with a folder that `write_sums` listed, as a clause; empty where nothing is.

    Args:
        thorough: read every file, also those whose size and time are as listed.
    """
    try:
        listed = json.loads((folder / SUMS).read_text("utf-8"))
        entries = {str(name): (int(size), int(time), str(digest)) for name, (size, time, digest) in listed.items()}
    except (OSError, ValueError, AttributeError, TypeError):
        return f"{SUMS} is missing or damaged"
    for name, (size, time_ns, digest) in entries.items():
        path = folder / name
        try:
            status = os.stat(path)
            if status.st_size != size:
                return f"{name} has {status.st_size} bytes instead of {size}"
            if (thorough or status.st_mtime_ns != time_ns) and _digest(path) != digest:
                return f"{name} has other content than it was made with"
        except OSError as error:
            return f"{name} can't be read ({error.strerror})"
    return ""


def _entry(path: Path) -> tuple[int, int, str]:
    status = os.stat(path)
    return status.st_size, status.st_mtime_ns, _digest(path)


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
