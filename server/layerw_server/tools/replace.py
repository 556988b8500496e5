"""Putting a finished folder in the place of an older one without losing what others put there.

Owns: the list of what was written (path and SHA-256), the swap, and what becomes of foreign files.
Rules: a file that we wrote and nobody changed is replaced or removed; a changed one is kept beside the new one as
NAME.mine; what we did not write (.git, CNAME, robots.txt ...) stays where it is.
Limits: both folders lie in the same parent; after a crash in the middle, the older one is complete under a name that
starts with `.layerw-old-`.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from pathlib import Path

MARKERS = ("layerw-export.json", "layerw-build.json")  # which file lies in a folder that a command wrote
LISTS = (*MARKERS, "SHA256SUMS", "SHA256SUMS.sig")  # ours, though no list can hold its own sum
OWN_ENTRIES = frozenset({"index.html", "web", "kernels", "runtime", "app", "wheels", "_headers", "sw.js",
                         "app.webmanifest", *LISTS})


def sums(folder: Path) -> dict[str, str]:
    """SHA-256 of every file below a folder, by its relative path."""
    found = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not path.is_symlink():
            with path.open("rb") as file:
                found[path.relative_to(folder).as_posix()] = hashlib.file_digest(file, "sha256").hexdigest()
    return found


def replace(part: Path, out: Path, written: dict[str, str] | None) -> list[str]:
    """Rename `part` to `out`; returns the paths of an older `out` that are kept.

    Args:
        written: what an earlier export wrote into `out`; None when it kept no list.
    """
    part.chmod(0o755)
    if not out.exists():
        part.rename(out)
        return []
    old = Path(tempfile.mkdtemp(dir=out.parent, prefix=".layerw-old-"))
    old.rmdir()
    out.rename(old)
    try:
        part.rename(out)
    except OSError:
        old.rename(out)
        raise
    kept = _keep(old, out, written)
    shutil.rmtree(old)
    return kept


def _keep(old: Path, out: Path, written: dict[str, str] | None) -> list[str]:
    kept = []
    for entry in sorted(old.iterdir()):
        if not _is_ours(entry.name, written):
            os.rename(entry, _free(out / entry.name))
            kept.append(entry.name)
        elif written is not None:
            kept += _keep_inside(entry, old, out, written)
    return kept


def _is_ours(name: str, written: dict[str, str] | None) -> bool:
    if written is None:
        return name in OWN_ENTRIES
    return name in LISTS or any(path == name or path.startswith(f"{name}/") for path in written)


def _keep_inside(entry: Path, old: Path, out: Path, written: dict[str, str]) -> list[str]:
    kept = []
    paths = [entry] if not entry.is_dir() or entry.is_symlink() else sorted(
        Path(folder, name) for folder, _, names in os.walk(entry) for name in names)
    for path in paths:
        relative = path.relative_to(old).as_posix()
        if relative in LISTS:
            continue
        mine = relative not in written or path.is_symlink() or _sum(path) != written[relative]
        if mine:
            target = _free(out / relative)
            target.parent.mkdir(parents=True, exist_ok=True)
            os.rename(path, target)
            kept.append(target.relative_to(out).as_posix())
    return kept


def _sum(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _free(path: Path) -> Path:
    """The path, or with `.mine` where the new export has one of that name."""
    return path.with_name(path.name + ".mine") if os.path.lexists(path) else path
