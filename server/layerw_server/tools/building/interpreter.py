"""The Python of a built folder: this machine's, made to run wherever it lies, or one that the author gives.

Owns: what of a Python travels: the interpreter and the standard library, without tests, headers, Tk, terminal modules
and other people's packages.
Does not: download one. For Windows that is python.org's "embeddable package"; standalone builds (folder, .zip, .tar.gz)
do as well, for both systems.
Limits: this machine's Python is Linux's with glibc; what its modules need of the system except glibc comes along.
"""

from __future__ import annotations

import os
import platform
import re
import shutil
import stat
import sys
import sysconfig
import tarfile
import tempfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from .errors import BuildError
from .libraries import bring_along

OLDEST = (3, 11)
_LEFT_OUT = ("__pycache__", "site-packages", "dist-packages", "test", "tests", "idlelib", "tkinter", "turtledemo",
             "ensurepip", "lib2to3", "pydoc_data", "include", "libs", "tcl", "share", "Scripts", "Doc", "Tools")
_LEFT_OUT_FILES = re.compile(r"_tkinter|turtle\.py|_?xx|_test|_ctypes_test|readline|_curses|_dbm|_gdbm|nis\."
                             r"|.*\.(?:a|pdb|whl)$")


@dataclass(frozen=True)
class Interpreter:
    """Where the target's Python lies in the folder, and which one it is."""

    program: str  # relative, with slashes
    version: str  # as 3.11


def of_this_machine(target: Path) -> Interpreter:
    """Copy the Python that runs this to `target`/python."""
    if sys.platform != "linux" or platform.libc_ver()[0] != "glibc":
        raise BuildError("A folder for Linux is made of this machine's Python only on Linux with glibc; --python names "
                         "one for Linux: the archive of a standalone build.")
    version = f"{sys.version_info[0]}.{sys.version_info[1]}"
    home = target / "python"
    library = home / "lib" / f"python{version}"
    _copy_tree(Path(sysconfig.get_path("stdlib")), library)
    modules = Path(sysconfig.get_path("platstdlib")) / "lib-dynload"
    if not (library / "lib-dynload").is_dir() and modules.is_dir():
        _copy_tree(modules, library / "lib-dynload")
    binary = home / "bin" / f"python{version}"
    binary.parent.mkdir(parents=True)
    original = Path(os.path.realpath(getattr(sys, "_base_executable", sys.executable)))
    shutil.copyfile(original, binary)
    binary.chmod(0o755)
    compiled = {path: modules / path.name for path in sorted((library / "lib-dynload").glob("*.so"))}
    bring_along({binary: original, **compiled}, home)
    return Interpreter(f"python/bin/python{version}", version)


def given(source: Path, target: Path, windows: bool) -> Interpreter:
    """Copy a Python that the author gives to `target`/python.

    Args:
        source: a folder, .zip (also .nupkg) or .tar.gz with one.
        windows: which system it must be for.
    """
    if source.is_dir():
        return _taken(source, target, windows)
    if not source.is_file():
        raise BuildError(f"There is no Python {source}; {_which(windows)}.")
    with tempfile.TemporaryDirectory(dir=target, prefix=".python-") as folder:
        _unpack(source, Path(folder), windows)
        return _taken(Path(folder), target, windows)


def _which(windows: bool) -> str:
    return ("give python.org's embeddable package (python-3.x.y-embed-amd64.zip) or a folder with python.exe" if windows
            else "give the archive of a standalone build, or a folder with bin/python3")


def _unpack(source: Path, folder: Path, windows: bool) -> None:
    try:
        if zipfile.is_zipfile(source):
            with zipfile.ZipFile(source) as archive:
                archive.extractall(folder)  # zipfile itself keeps members inside
        else:
            with tarfile.open(source) as archive:
                archive.extractall(folder, filter="data")
    except (tarfile.TarError, zipfile.BadZipFile, EOFError) as error:
        raise BuildError(f"{source} is no archive that can be unpacked ({error}); {_which(windows)}.") from None


def _taken(source: Path, target: Path, windows: bool) -> Interpreter:
    pattern, version_of = ("python.exe", _windows_version) if windows else ("bin/python3.*", _linux_version)
    found = sorted((path for path in source.rglob(pattern) if path.is_file() and version_of(path)),
                   key=lambda path: (len(path.parts), path.name))  # fmt: skip
    if not found:
        raise BuildError(f"There is no Python for {'Windows' if windows else 'Linux'} in {source}; {_which(windows)}.")
    binary = found[0]
    version = version_of(binary)
    assert version is not None
    if tuple(int(part) for part in version.split(".")) < OLDEST:
        raise BuildError(f"{source} holds Python {version}, but layerw needs {OLDEST[0]}.{OLDEST[1]} or newer.")
    root = binary.parent if windows else binary.parent.parent
    if not windows:
        _copy_tree(root / "lib", target / "python" / "lib")
        (target / "python" / "bin").mkdir(parents=True)
        shutil.copyfile(os.path.realpath(binary), target / "python" / "bin" / binary.name)
        (target / "python" / "bin" / binary.name).chmod(0o755)
        return Interpreter(f"python/bin/{binary.name}", version)
    _copy_tree(root, target / "python")
    return Interpreter("python/pythonw.exe" if (root / "pythonw.exe").is_file() else "python/python.exe", version)


def _windows_version(binary: Path) -> str | None:
    for path in binary.parent.glob("python3*.dll"):
        if match := re.fullmatch(r"python3(\d+)\.dll", path.name):
            return f"3.{match[1]}"
    return None


def _linux_version(binary: Path) -> str | None:
    match = re.fullmatch(r"python(3\.\d+)", binary.name)
    return match[1] if match else None


def _copy_tree(source: Path, target: Path) -> None:
    if not source.is_dir():
        raise BuildError(f"This Python lacks its folder {source}.")
    for path in _travelling(source):
        to = target / path.relative_to(source)
        to.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, to)
        to.chmod(0o755 if path.stat().st_mode & stat.S_IXUSR else 0o644)


def _travelling(source: Path) -> Iterator[Path]:
    for current, folders, files in os.walk(source):
        folders[:] = sorted(name for name in folders if name not in _LEFT_OUT and not name.startswith("config-"))
        yield from (Path(current, name) for name in sorted(files)
                    if not _LEFT_OUT_FILES.match(name) and Path(current, name).is_file())  # fmt: skip
