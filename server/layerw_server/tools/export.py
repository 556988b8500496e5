"""Export: a static folder that plays one program on any web host and makes no external request.

Owns: what is copied, and the refusal to overwrite anything that is no export. Does not bake or compress.
Layout: index.html, web/, kernels/, runtime/ (with the engine's wheel), app/ (with manifest.json), `_headers`.
Limits: only files of the program's folder that may be served (no hidden ones, no caches, no links out of it).
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .. import __version__
from ..http.manifest import build_manifest
from ..http.paths import PathNotFound, PathRefused, is_served_name, resolve
from ..runtime.wheel import engine_folder
from .needs import needed_entries

MARKER = "layerw-export.json"
RUNTIME_FILES = ("pyodide.mjs", "pyodide.asm.mjs", "pyodide.asm.wasm", "python_stdlib.zip")
PACKAGES = ("layerw", "numpy")
_WEB_SUFFIXES = (".js", ".mjs", ".css", ".wgsl", ".glsl", ".wasm", ".png", ".svg", ".json")
Progress = Callable[[str, float], None]

HEADERS_FILE = """\
# Netlify, Cloudflare Pages and some others read this file; elsewhere it does nothing. The export runs without it.
# With it the page is cross-origin isolated, which lets the engine share memory between threads.
# Document-Isolation-Policy alone is enough for Chromium and leaves links to other windows as they are.
/*
  Document-Isolation-Policy: isolate-and-require-corp
  Cross-Origin-Opener-Policy: same-origin
  Cross-Origin-Embedder-Policy: require-corp
  Cross-Origin-Resource-Policy: cross-origin
  X-Content-Type-Options: nosniff
"""


class ExportError(Exception):
    """The export can't be made; the text says why and what to do."""


@dataclass
class ExportReport:
    """What an export holds."""

    folder: Path
    files: int = 0
    size_bytes: int = 0
    left_out: list[str] = field(default_factory=list)  # entries of the program's folder that nothing names


def export_app(program: Path, out: Path, *, runtime: Path, web: Path, everything: bool = False,
               progress: Progress | None = None) -> ExportReport:
    """Write a program as a static folder; an older export in `out` is replaced as a whole.

    Args:
        program: the user's .py file.
        out: the folder to write; must be missing, empty, or an export.
        runtime: the prepared runtime, as `layerw runtime` makes it.
        web: the JavaScript folder.
        everything: take the whole folder of the program, also what its sources never name.
        progress: called with a sentence and the share done.

    Raises:
        ExportError: the program or the runtime is incomplete, or `out` holds something else.
    """
    say = progress or (lambda text, done: None)
    program, out = program.resolve(), out.resolve()
    _check(program, out)
    lock = _local_lock(runtime)
    report = ExportReport(out)
    out.parent.mkdir(parents=True, exist_ok=True)
    part = Path(tempfile.mkdtemp(dir=out.parent, prefix=".layerw-export-"))
    try:
        say("Copying the page and the runtime", 0.1)
        _copy_web(web, part)
        _copy_kernels(part / "kernels")
        _copy_runtime(runtime, lock, part / "runtime")
        say("Copying the program's folder", 0.4)
        report.left_out = _copy_app(program, part, skipped=(out, part), everything=everything)
        _write_notes(program, part)
        _count(part, report)
        say("Moving the export into place", 0.95)
        _replace(part, out)
    finally:
        shutil.rmtree(part, ignore_errors=True)
    say("Export ready", 1.0)
    return report


def _check(program: Path, out: Path) -> None:
    if not program.is_file() or program.suffix != ".py":
        raise ExportError(f"There is no program {program}; give the path of a .py file.")
    if program.is_relative_to(out):
        raise ExportError(f"The folder {out} holds the program itself; give another one to write to.")
    if not out.exists():
        return
    if not out.is_dir():
        raise ExportError(f"{out} is a file; give a folder to write to.")
    if any(out.iterdir()) and not (out / MARKER).is_file():
        raise ExportError(f"The folder {out} is not empty and no earlier export ({MARKER} is missing in it); "
                          "give another one, or empty it.")


def _local_lock(runtime: Path) -> dict[str, Any]:
    """Return the lock file with only the packages that lie in the runtime folder: nothing is fetched elsewhere."""
    for name in (*RUNTIME_FILES, "pyodide-lock.json"):
        if not (runtime / name).is_file():
            raise ExportError(f"The runtime folder {runtime} has no {name}; run layerw runtime.")
    lock: dict[str, Any] = json.loads((runtime / "pyodide-lock.json").read_text("utf-8"))
    lock["packages"] = {name: entry for name, entry in lock["packages"].items()
                        if _is_plain_name(entry["file_name"]) and (runtime / entry["file_name"]).is_file()}
    for name in PACKAGES:
        if name not in lock["packages"]:
            raise ExportError(f"The runtime folder {runtime} has no wheel of {name}; run layerw runtime.")
    return lock


def _is_plain_name(name: str) -> bool:
    return name == os.path.basename(name) and is_served_name(name) and "\\" not in name and ":" not in name


def _copy_web(web: Path, part: Path) -> None:
    index = web / "index.html"
    if not index.is_file():
        raise ExportError(f"The folder {web} has no index.html; the installation is incomplete.")
    shutil.copyfile(index, part / "index.html")
    for path in _served_files(web, ()):
        if path.suffix in _WEB_SUFFIXES and not path.name.endswith((".test.js", ".test.mjs")):
            _copy(path, part / "web" / path.relative_to(web))


def _copy_kernels(target: Path) -> None:
    for path in sorted((engine_folder() / "_kernels").glob("*.wasm")):
        _copy(path, target / path.name)


def _copy_runtime(runtime: Path, lock: dict[str, Any], target: Path) -> None:
    for name in (*RUNTIME_FILES, *(entry["file_name"] for entry in lock["packages"].values())):
        _copy(runtime / name, target / name)
    (target / "pyodide-lock.json").write_text(json.dumps(lock), "utf-8")


def _copy_app(program: Path, part: Path, *, skipped: tuple[Path, ...], everything: bool) -> list[str]:
    folder = program.parent
    entries, left_out = needed_entries(program)
    if everything:
        entries, left_out = sorted([*entries, *left_out]), []
    for entry in entries:
        files = _served_files(entry, skipped) if entry.is_dir() else iter([entry])
        for path in files:
            relative = path.relative_to(folder)
            try:
                real = resolve(folder, relative.as_posix())
            except (PathNotFound, PathRefused):
                continue  # a link out of the folder, or no plain file
            _copy(real, part / "app" / relative)
    (part / "app" / "manifest.json").write_bytes(build_manifest(part / "app" / program.name, engine="wheel"))
    return [entry.name for entry in left_out if entry not in skipped and not (entry / MARKER).exists()]


def _served_files(folder: Path, skipped: tuple[Path, ...]) -> Iterator[Path]:
    """Yield the files below a folder that may be served; other exports inside of it are passed over."""
    for current, names, files in os.walk(folder):
        if Path(current) in skipped or MARKER in files:
            names.clear()
            continue
        names[:] = sorted(name for name in names if is_served_name(name))
        yield from (Path(current, name) for name in sorted(files) if is_served_name(name))


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)


def _write_notes(program: Path, part: Path) -> None:
    (part / "_headers").write_text(HEADERS_FILE, "utf-8")
    (part / MARKER).write_text(json.dumps({"layerw": __version__, "program": program.name}) + "\n", "utf-8")


def _count(folder: Path, report: ExportReport) -> None:
    for path in folder.rglob("*"):
        if path.is_file():
            report.files += 1
            report.size_bytes += path.stat().st_size


def _replace(part: Path, out: Path) -> None:
    part.chmod(0o755)
    if out.exists():
        shutil.rmtree(out)
    os.rename(part, out)
