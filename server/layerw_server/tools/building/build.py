"""A program as a folder that is given away: what `layerw build` does.

Owns: the layout and the order. Natively: NAME or NAME.exe (starts it), start.py, python/, packages/ (the engine and
wheels), app/ (the program), layerw-build.json (versions and sums); for the web: an export. Both: SHA256SUMS, and
SHA256SUMS.sig with a key.
Does not: overwrite anything that is no earlier build; run the program.
"""

from __future__ import annotations

import errno
import json
import platform
import re
import shutil
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

from ... import __version__
from ...runtime import decoders
from ...runtime.requirements import requirements
from ..program_files import copy_program
from ..replace import MARKERS, replace, sums
from . import interpreter, starter, wheels
from .contents import compile_all, copy_engine, prune
from .errors import BuildError
from .libraries import glibc_of, lacking
from .seal import check_key, seal

MARKER = MARKERS[1]
NAME_CHARS_MAX = 60
_NAME = re.compile(r"[0-9A-Za-z](?:[0-9A-Za-z ._-]*[0-9A-Za-z_-])?")
_DEVICES = re.compile(r"(?:con|prn|aux|nul|com\d|lpt\d)(?:\..*)?", re.IGNORECASE)  # of Windows
_OWN = frozenset({"start.py", "python", "packages", "app", "wheels", "web", "kernels", "runtime"})
Progress = Callable[[str, float], None]


class Target(StrEnum):
    """What a folder is for."""

    LINUX = "linux"
    WINDOWS = "windows"
    WEB = "web"


@dataclass(frozen=True)
class BuildOptions:
    """What a build takes along, and what it is called."""

    name: str = ""  # "" = the program's, or its folder's where it is main.py
    everything: bool = False  # the whole folder of the program, also what its sources never name
    folders: Mapping[str, Path] = field(default_factory=dict)  # other folders, as NAME/
    packages: Sequence[str] = ()  # further requirements
    python: Path | None = None  # None = this machine's (Linux)
    key: Path | None = None  # an SSH key that signs


@dataclass
class BuildReport:
    """What was written."""

    folder: Path
    start: str = ""  # what players start
    files: int = 0
    size_bytes: int = 0
    python: str = ""
    glibc: str | None = None
    kept: list[str] = field(default_factory=list)  # files that an older build did not write
    left_out: list[str] = field(default_factory=list)  # entries of the program's folder that nothing names
    notes: list[str] = field(default_factory=list)


def build_app(program: Path, target: Target, out: Path, options: BuildOptions, *,
              export: Callable[[Path], Any] | None = None,
              progress: Progress | None = None) -> BuildReport:  # fmt: skip
    """Write a program as a folder; what an older build in `out` wrote is replaced, everything else stays.

    Args:
        program: the user's .py file.
        target: what it is for.
        out: the folder to write; must be missing, empty, or an earlier build.
        options: see BuildOptions.
        export: for the web: writes an export to the folder that it is given, and gives export.py's report.
        progress: called with a sentence and the share done.

    Raises:
        BuildError: something is missing or in the way; the text says what to do. Nothing was changed then.
        ExportError: the same, for the web.
    """
    say = progress or (lambda text, done: None)
    program, out = program.resolve(), out.resolve()
    name = _named(program, options.name)
    _check(program, out)
    check_key(options.key)
    report = BuildReport(out)
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        part = Path(tempfile.mkdtemp(dir=out.parent, prefix=".layerw-build-"))
        try:
            document: dict[str, Any] = {"layerw": __version__, "program": program.name, "name": name,
                                        "target": target.value}
            if target is Target.WEB:
                assert export is not None
                made = export(part)
                report.start, report.notes, report.left_out = "index.html", list(made.notes), list(made.left_out)
            else:
                document |= _native(program, name, target, part, options, report, say, skipped=(out, part))
            say("Summing and signing", 0.9)
            _finish(part, document, options.key, report)
            say("Moving the folder into place", 0.95)
            report.kept = replace(part, out, _written(out))
        finally:
            shutil.rmtree(part, ignore_errors=True)
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        free = shutil.disk_usage(out.parent).free
        raise BuildError(f"The disk of {out.parent} is full ({free / 1e6:.0f} MB are free again); nothing was changed. "
                         "Make room, or give another OUT.") from None
    say("Build ready", 1.0)
    return report


def _named(program: Path, name: str) -> str:
    name = name or (program.parent.name if program.stem == "main" else program.stem)
    if not _NAME.fullmatch(name) or len(name) > NAME_CHARS_MAX or _DEVICES.fullmatch(name) or name.lower() in _OWN:
        raise BuildError(f"The name {name!r} can't be a program's on every system; --name gives another one: letters, "
                         f"digits, space, dot, - and _, at most {NAME_CHARS_MAX}.")
    return name


def _check(program: Path, out: Path) -> None:
    if not program.is_file() or program.suffix != ".py":
        raise BuildError(f"There is no program {program}; give the path of a .py file.")
    if program.is_relative_to(out):
        raise BuildError(f"The folder {out} holds the program itself; give another one to write to.")
    if out.exists() and not out.is_dir():
        raise BuildError(f"{out} is a file; give a folder to write to.")
    if out.is_dir() and any(out.iterdir()) and not any((out / marker).is_file() for marker in MARKERS):
        raise BuildError(f"The folder {out} is not empty and no earlier build ({MARKER} is missing in it); give "
                         "another one, or empty it.")


def _written(out: Path) -> dict[str, str] | None:
    for marker in MARKERS:
        try:
            files: Any = json.loads((out / marker).read_bytes())["files"]
            return {str(path): str(digest) for path, digest in files.items()}
        except (OSError, ValueError, KeyError, AttributeError, TypeError):
            continue
    return None


def _native(program: Path, name: str, target: Target, part: Path, options: BuildOptions, report: BuildReport,
            say: Progress, *, skipped: tuple[Path, ...]) -> dict[str, Any]:  # fmt: skip
    """Fill a folder; what its marker says of it."""
    windows = target is Target.WINDOWS
    say("Copying Python", 0.05)
    if options.python is not None:
        python = interpreter.given(options.python, part, windows)
    elif windows:
        raise BuildError("A folder for Windows needs a Python for Windows; get python.org's embeddable package "
                         "(python-3.x.y-embed-amd64.zip) and give it: --python FILE.")
    else:
        python = interpreter.of_this_machine(part)
    say("Copying the program's folder", 0.2)
    copied = copy_program(program, part / "app", everything=options.everything, folders=options.folders,
                          skipped=skipped)
    report.left_out, report.notes = copied.left_out, list(copied.notes)
    say("Obtaining packages", 0.3)
    textures = any("basis" in file for file in decoders.used_by([p for p in (part / "app").rglob("*") if p.is_file()]))
    wanted = [*wheels.engine_requirements(textures), *requirements(program, options.packages)]
    machine = wheels.WINDOWS if windows else wheels.linux(platform.machine())
    versions = wheels.install(wanted, python.version, machine, part / "packages")
    copy_engine(part / "packages")
    say("Compiling", 0.7)
    prune(part / "packages")
    compile_all(part, python)
    report.start = starter.write(part, name, program.name, python, windows)
    report.python = python.version
    document: dict[str, Any] = {"python": python.version, "packages": versions}
    if windows:
        report.notes += [f"{library} is neither in the folder nor of Windows, but {', '.join(users)} needs it"
                         for library, users in lacking(part).items()]
    else:
        report.glibc = document["glibc"] = glibc_of(part)
    return document


def _finish(part: Path, document: dict[str, Any], key: Path | None, report: BuildReport) -> None:
    marker = part / (MARKER if document["target"] != Target.WEB else MARKERS[0])
    if document["target"] == Target.WEB:
        document = json.loads(marker.read_bytes()) | document  # an export lists its files itself
    else:
        document |= {"files": sums(part)}
    marker.write_text(json.dumps(document, indent=1) + "\n", "utf-8")
    seal(part, key)
    for path in part.rglob("*"):
        if path.is_file():
            report.files += 1
            report.size_bytes += path.stat().st_size
