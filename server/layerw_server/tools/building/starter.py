"""What players start: NAME, a shell script, or NAME.exe; both run start.py by the folder's own Python.

The .exe is distlib's launcher for windows (w64.exe, as pip puts before scripts) with a line that names the interpreter,
relative to itself, and a zip behind it.
Python's flags: -I takes nothing from the user's environment, -B writes no bytecode (the folder may be read-only and its
sums are signed), utf8 makes text files read as they do in the page.
"""

from __future__ import annotations

import io
import zipfile
from importlib import resources
from pathlib import Path

from .errors import BuildError
from .interpreter import Interpreter

FLAGS = "-I -B -X utf8"
_STAMP = (1980, 1, 1, 0, 0, 0)
_START = '''"""Starts {name}."""

import sys
from pathlib import Path

root = Path(__file__).resolve().parent
sys.path.insert(0, str(root / "packages"))

from layerw.hosts.native.shipped import main  # noqa: E402

sys.exit(main(root, {name!r}, {program!r}))
'''
_SHELL = '''#!/bin/sh
# Starts {name}; --help shows options.
here=$(dirname "$(readlink -f "$0")")
exec "$here/{python}" {flags} "$here/start.py" "$@"
'''
_IN_EXE = '''import runpy
from pathlib import Path

runpy.run_path(str(Path(__file__).resolve().parents[1] / "start.py"), run_name="__main__")
'''


def write(folder: Path, name: str, program: str, python: Interpreter, windows: bool) -> str:
    """Write both files; the name of the one that is started."""
    (folder / "start.py").write_text(_START.format(name=name, program=program), "utf-8", newline="\n")
    if not windows:
        script = folder / name
        script.write_text(_SHELL.format(name=name, python=python.program, flags=FLAGS), "utf-8", newline="\n")
        script.chmod(0o755)
        return name
    (folder / f"{name}.exe").write_bytes(_exe(python))
    return f"{name}.exe"


def _exe(python: Interpreter) -> bytes:
    try:
        launcher = (resources.files("distlib") / "w64.exe").read_bytes()
    except (ModuleNotFoundError, OSError):
        raise BuildError("A folder for Windows takes distlib's launcher; pip install 'layerw[build]' brings it."
                         ) from None
    inside = io.BytesIO()
    with zipfile.ZipFile(inside, "w") as archive:
        archive.writestr(zipfile.ZipInfo("__main__.py", _STAMP), _IN_EXE)
    line = "#!<launcher_dir>\\" + python.program.replace("/", "\\") + f" {FLAGS}\r\n"
    return launcher + line.encode() + inside.getvalue()
