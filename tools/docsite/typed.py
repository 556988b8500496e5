"""What the gallery's editor knows of Python: basedpyright for browsers, and the sources it reads, in assets/typing.

Owns: that folder. pages/typing.js fetches it when somebody first types. The texts are packed, because few hosts do
it; a strict policy has workers of files only, so the script (3.4 MB) is none of them.
Limits: numpy's declarations are those of the numpy here, which may be another version's than the page's.
"""

from __future__ import annotations

import gzip
import json
import subprocess
from pathlib import Path

import numpy as np

import layerw

from .catalog import ROOT

WORKER = ROOT / "node_modules" / "browser-basedpyright" / "dist" / "pyright.worker.js"
LIBRARIES = "/lib"  # as in pages/typing.js
SOURCES = ((Path(layerw.__file__).parent, "*.py"), (Path(np.__file__).parent, "*.pyi"))


def write(folder: Path) -> None:
    """Write the folder.

    Raises:
        FileNotFoundError: npm has not installed basedpyright.
    """
    if not WORKER.is_file():
        raise FileNotFoundError(f"{WORKER.relative_to(ROOT)} is missing; `make docs` installs it with npm.")
    folder.mkdir(parents=True, exist_ok=True)
    command = [ROOT / "tools" / "node.sh", Path(__file__).with_name("typed.mjs"), WORKER, folder / "pyright.js"]
    declared = json.loads(subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE).stdout)
    files = json.dumps(declared | sources(), separators=(",", ":")).encode()
    (folder / "files.json.gz").write_bytes(gzip.compress(files, 9, mtime=0))
    licence = "\n".join((WORKER.parents[1] / name).read_text("utf-8")
                        for name in ("LICENSE.txt", "dist/pyright.worker.js.LICENSE.txt"))  # fmt: skip
    (folder / "LICENSE.txt").write_text(licence, "utf-8")


def sources() -> dict[str, str]:
    """Texts by their path in the worker: layerw's own, which are typed, and numpy's declarations."""
    return {f"{LIBRARIES}/{path.relative_to(package.parent).as_posix()}": path.read_text("utf-8")
            for package, pattern in SOURCES for path in sorted(package.rglob(pattern)) if "tests" not in path.parts}

