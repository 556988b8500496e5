"""What lies in packages/ beside the wheels: the engine; without what nothing runs; with bytecode."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from ...http.web import web_folder
from ...runtime.wheel import engine_folder
from ..program_files import copy, served_files
from .errors import BuildError
from .interpreter import Interpreter

_ENGINE_SUFFIXES = (".py", ".typed", ".json", ".wasm", ".txt")


def copy_engine(packages: Path) -> None:
    """The engine, its kernels and its shaders: no server."""
    source = engine_folder()
    for path in sorted(source.rglob("*")):
        if path.suffix in _ENGINE_SUFFIXES and "__pycache__" not in path.parts:
            copy(path, packages / "layerw" / path.relative_to(source))
    shaders = web_folder() / "shaders"
    for path in served_files(shaders, ()):
        if path.suffix == ".wgsl" or path.name == "programs.json":
            copy(path, packages / "layerw_server" / "web" / "shaders" / path.relative_to(shaders))


def prune(packages: Path) -> None:
    """Leave out what no program runs: commands of packages, their tests and headers."""
    for path in sorted(packages.rglob("*"), reverse=True):
        inside = path.relative_to(packages).parts
        if path.is_dir() and (inside in (("bin",), ("Scripts",), ("share",), ("include",)) or path.name == "__pycache__"
                              or (path.name in ("tests", "include") and inside[0] == "numpy")):  # fmt: skip
            shutil.rmtree(path)
        elif path.is_file() and (path.suffix in (".pyi", ".pyx", ".pxd", ".a") or path.name == "direct_url.json"):
            path.unlink()


def compile_all(part: Path, python: Interpreter) -> None:
    """Bytecode beside the sources, so that the first start is as quick as the others and nothing is written later."""
    here = f"{sys.version_info[0]}.{sys.version_info[1]}"
    own = part / python.program
    runs = sys.platform == "linux" and not python.program.endswith(".exe")
    if not runs and python.version != here:
        return  # its Python does it at every start
    command = [str(own) if runs else sys.executable, "-I", "-m", "compileall", "-q", "--invalidation-mode",
               "unchecked-hash", "-s", str(part), str(part / "packages"), str(part / "python")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)
    if done.returncode not in (0, 1) or "Traceback" in done.stderr:  # 1: a file that is no Python of this version
        raise BuildError(f"The Python of the folder does not start: {(done.stderr or done.stdout).strip()[-500:]}")
