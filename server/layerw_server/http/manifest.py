"""The list of a program's Python files, which the page writes into Pyodide's file system: /app/manifest.json.

Owns: which files of the program's folder are modules. Limits: MODULES_MAX files, DEPTH_MAX folders deep; hidden
folders, caches, virtual environments and folders without Python files are passed over.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

from .paths import is_served_name

MODULES_MAX = 500
DEPTH_MAX = 6
FOLDERS_MAX = 2000


class ManifestError(Exception):
    """The program's folder can't be listed; the text says why and what to do."""


def list_modules(folder: Path) -> list[str]:
    """Return the .py files under `folder`, relative with slashes, sorted; symlinks are passed over."""
    found: list[str] = []
    for visited, (current, names, files) in enumerate(os.walk(folder)):
        relative = Path(current).relative_to(folder)
        deep = len(relative.parts) >= DEPTH_MAX
        names[:] = [] if deep else [name for name in sorted(names) if _is_source_folder(Path(current, name))]
        found += [(relative / name).as_posix() for name in files if _is_module(Path(current, name))]
        if len(found) > MODULES_MAX or visited >= FOLDERS_MAX:
            raise ManifestError(
                f"The folder {folder} holds more than {MODULES_MAX} Python files or {FOLDERS_MAX} folders; "
                "move the program into a folder of its own.")
    return sorted(found)


def build_manifest(program: Path, *, engine: str) -> bytes:
    """Return manifest.json; `engine` is "zip" where /engine/layerw.zip exists, "wheel" where only the runtime's is."""
    modules = list_modules(program.parent)
    if program.name not in modules:
        modules.append(program.name)
    document = {"program": program.name, "modules": modules, "engine": engine}
    return json.dumps(document, indent=1).encode("utf-8") + b"\n"


def _is_source_folder(path: Path) -> bool:
    if not is_served_name(path.name) or path.is_symlink():
        return False
    # A baked world holds thousands of tiles and no modules.
    return not (path / "pyvenv.cfg").exists() and not (path / "tileset.json").exists()


def _is_module(path: Path) -> bool:
    return path.suffix == ".py" and is_served_name(path.name) and path.is_file() and not path.is_symlink()
