"""The list of a program's files, which the page places in Pyodide's file system: /app/manifest.json.

Owns: which files of the program's folder are modules, and which others `open()` reaches there.
Limits: MODULES_MAX modules, FILES_MAX other files, DEPTH_MAX folders deep; hidden files, caches, virtual environments,
baked worlds (they are streamed) and links are passed over.
"""

from __future__ import annotations

import base64
import json
import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ..runtime.packages import NONE as NO_WHEELS
from ..runtime.packages import PageWheel, PageWheels
from .paths import is_served_name

MODULES_MAX = 500
FILES_MAX = 3000
DEPTH_MAX = 6
FOLDERS_MAX = 2000


class ManifestError(Exception):
    """The program's folder can't be listed; the text says why and what to do."""


@dataclass(frozen=True)
class Listing:
    """Files below a folder, relative with slashes, sorted."""

    modules: list[str] = field(default_factory=list)
    files: dict[str, int] = field(default_factory=dict)  # bytes by name
    left_out: int = 0  # files beyond FILES_MAX


def list_modules(folder: Path) -> list[str]:
    """Return the .py files under `folder`, relative with slashes, sorted; symlinks are passed over."""
    return list_files(folder).modules


def list_files(folder: Path) -> Listing:
    """Return what a program finds in its folder.

    Raises:
        ManifestError: more than MODULES_MAX modules or FOLDERS_MAX folders.
    """
    modules: list[str] = []
    others: dict[str, int] = {}
    seen = 0
    for visited, (current, names, files) in enumerate(os.walk(folder)):
        relative = Path(current).relative_to(folder)
        deep = len(relative.parts) >= DEPTH_MAX
        names[:] = [] if deep else [name for name in sorted(names) if _is_source_folder(Path(current, name))]
        for name in sorted(files):
            size = _plain_size(Path(current, name))
            if size is None:
                continue
            if name.endswith(".py"):
                modules.append((relative / name).as_posix())
            else:
                seen += 1
                if seen <= FILES_MAX:
                    others[(relative / name).as_posix()] = size
        if len(modules) > MODULES_MAX or visited >= FOLDERS_MAX:
            raise ManifestError(
                f"The folder {folder} holds more than {MODULES_MAX} Python files or {FOLDERS_MAX} folders; "
                "move the program into a folder of its own.")
    return Listing(sorted(modules), dict(sorted(others.items())), max(0, seen - FILES_MAX))


def build_manifest(
    program: Path, *, engine: str, folders: Mapping[str, Path] | None = None, wheels: PageWheels = NO_WHEELS,
    place: str = "",
) -> bytes:
    """Return manifest.json.

    Args:
        program: the user's .py file; its folder is what is listed.
        engine: "zip" where /engine/layerw.zip exists, "wheel" where only the runtime's is.
        folders: other folders that the program reads as NAME/; they hold no modules.
        wheels: further packages, served or written as wheels/.
        place: tells programs of one name and one address apart, for what they keep in the browser.
    """
    own = list_files(program.parent)
    modules = own.modules if program.name in own.modules else [*own.modules, program.name]
    files, left_out = dict(own.files), own.left_out
    for name, folder in sorted((folders or {}).items()):
        if not _is_source_folder(folder):
            continue
        more = list_files(folder)
        files.update({f"{name}/{inside}": size for inside, size in more.files.items()})
        left_out += more.left_out
    return dump_manifest({"program": program.name, "modules": modules, "engine": engine, "files": files,
                          **({"place": place} if place else {}),
                          **({"files_left_out": left_out} if left_out else {}),
                          **({"wheels": [_wheel(one) for one in wheels.wheels]} if wheels.wheels else {})})


def _wheel(wheel: PageWheel) -> dict[str, str]:
    digest = base64.b64encode(bytes.fromhex(wheel.sha256)).decode("ascii")
    return {"name": wheel.name, "file": wheel.file, "integrity": f"sha256-{digest}"}


def dump_manifest(document: Mapping[str, object]) -> bytes:
    """manifest.json's bytes."""
    return json.dumps(document, ensure_ascii=False, indent=1).encode("utf-8") + b"\n"


def _is_source_folder(path: Path) -> bool:
    if not is_served_name(path.name) or path.is_symlink():
        return False
    # A baked world holds thousands of tiles, which are streamed, and no modules.
    return not (path / "pyvenv.cfg").exists() and not (path / "tileset.json").exists()


def _plain_size(path: Path) -> int | None:
    """Bytes of a regular file that may be served; None for anything else."""
    if not is_served_name(path.name):
        return None
    try:
        status = path.lstat()
    except OSError:
        return None
    return status.st_size if stat.S_ISREG(status.st_mode) else None
