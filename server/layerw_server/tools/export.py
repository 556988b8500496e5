"""Export: a static folder that plays one program on any web host and makes no external request.

Owns: what is copied, and the refusal to overwrite anything that is no export. Does not bake, choose (slim.py) or
compress (packing.py).
Layout: index.html, sw.js, app.webmanifest, web/, kernels/, runtime/ (with the engine's wheel, and the decoders that
files need), app/ (with manifest.json), wheels/, `_headers`.
Limits: only files of the program's folder that may be served (no hidden ones, no caches, no links out of it). What
only a development server needs (reload, debugger) stays behind.
"""

from __future__ import annotations

import hashlib
import html
import json
import os
import re
import shutil
import tempfile
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .. import __version__
from ..http.manifest import build_manifest
from ..http.paths import is_served_name
from ..runtime import decoders
from ..runtime.packages import NONE as NO_WHEELS
from ..runtime.packages import PageWheels
from ..runtime.wheel import DEVELOPMENT, engine_folder, without
from . import offline, packing, slim
from .program_checks import check_program
from .program_files import copy, copy_program, served_files
from .replace import replace, sums

MARKER = "layerw-export.json"
RUNTIME_FILES = ("pyodide.mjs", "pyodide.asm.mjs", "pyodide.asm.wasm", "python_stdlib.zip")
PACKAGES = ("layerw", "numpy")
FAULTS_SHOWN = 5
# Of web/, what layerw run alone needs.
DEVELOPMENT_WEB = frozenset({"page/developing.js", "page/debugging.js", "page/debug-panel.js", "page/live.js",
                             "page/reload.js", "engine/debugging.js", "engine/inspecting.js", "engine/live.js",
                             "page/inspecting.js"})
DEVELOPMENT_FOLDERS = ("inspector/",)
_FOREIGN = re.compile(rb"https?://[^\s\"']+\.(?:glb|gltf|json|ktx2)", re.IGNORECASE)
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
    start_bytes: int = 0  # of Python, numpy and the engine, as they travel where the host negotiates brotli
    left_out: list[str] = field(default_factory=list)  # entries of the program's folder that nothing names
    kept: list[str] = field(default_factory=list)  # files of an older export that were not its own
    notes: list[str] = field(default_factory=list)  # what may be wrong on the page


@dataclass(frozen=True)
class ExportOptions:
    """What an export takes along, and how its page starts."""

    everything: bool = False  # the whole folder of the program, also what its sources never name
    folders: Mapping[str, Path] = field(default_factory=dict)  # other folders, as app/NAME/
    wheels: PageWheels = NO_WHEELS
    attributes: Mapping[str, str] = field(default_factory=dict)  # of <layer-w>; the address overrides them
    unchecked: bool = False  # write it also when the checks find a fault
    poster: tuple[str, bytes] | None = None  # shown until the first frame: suffix and bytes
    parts: Path | None = None  # of runtime/slim.py; None: Python, numpy and the engine as they are in the runtime


DEFAULTS = ExportOptions()


def export_app(program: Path, out: Path, *, runtime: Path, web: Path, options: ExportOptions = DEFAULTS,
               progress: Progress | None = None) -> ExportReport:
    """Write a program as a static folder; what an older export in `out` wrote is replaced, everything else stays.

    Args:
        program: the user's .py file.
        out: the folder to write; must be missing, empty, or an export.
        runtime: the prepared runtime, as `layerw runtime` makes it.
        web: the JavaScript folder.
        options: see ExportOptions.
        progress: called with a sentence and the share done.

    Raises:
        ExportError: the program or the runtime is incomplete, a check finds a fault, or `out` holds something else.
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
        poster = _write_poster(part, options)
        _copy_web(web, part, {**options.attributes, "offline": "", **({"poster": poster} if poster else {})})
        offline.write_manifest(part, offline.title_of(program), poster)
        _copy_kernels(part / "kernels")
        _copy_runtime(runtime, lock, part / "runtime")
        say("Copying the program's folder", 0.4)
        _copy_app(program, part, report, options, skipped=(out, part))
        _copy_decoders(runtime, part)
        _run_checks(part / "app" / program.name, report, options)
        if options.parts is not None:
            say("Leaving out what the program does not import", 0.5)
            slim.write(options.parts, _sources(part, options), part / "runtime", lock)
        _pack(part, lock, report, say)
        written = _written(out)
        _write_notes(program, part)
        _count(part, report)
        say("Moving the export into place", 0.95)
        report.kept = replace(part, out, written)
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


def _run_checks(program: Path, report: ExportReport, options: ExportOptions) -> None:
    """Raise ExportError for faults, unless they are wanted; the rest becomes notes."""
    files = {path.relative_to(program.parent).as_posix() for path in program.parent.rglob("*") if path.is_file()}
    provided = {module for wheel in options.wheels.wheels for module in wheel.modules}
    findings = check_program(program, files, provided)
    faults = [one.text for one in findings if one.fault]
    if faults and not options.unchecked:
        more = f"; and {len(faults) - FAULTS_SHOWN} more" if len(faults) > FAULTS_SHOWN else ""
        why = "".join(f" {note}." for note in report.notes)
        raise ExportError(f"The program would fail on the page: {'; '.join(faults[:FAULTS_SHOWN])}{more}.{why} "
                          "--unchecked writes it all the same.")
    report.notes += [one.text for one in findings]


def _written(out: Path) -> dict[str, str] | None:
    """What an older export wrote, by its own list."""
    try:
        files: Any = json.loads((out / MARKER).read_bytes())["files"]
        return {str(name): str(digest) for name, digest in files.items()}
    except (OSError, ValueError, KeyError, AttributeError, TypeError):
        return None


def _copy_web(web: Path, part: Path, attributes: Mapping[str, str]) -> None:
    index = web / "index.html"
    if not index.is_file():
        raise ExportError(f"The folder {web} has no index.html; the installation is incomplete.")
    data = "".join(f' data-{name}="{html.escape(value)}"' for name, value in attributes.items())
    text = index.read_text("utf-8")
    (part / "index.html").write_text(text.replace("<body>", f"<body{data}>", 1), "utf-8")
    for path in served_files(web, ()):
        is_test = path.name.endswith((".test.js", ".test.mjs"))
        name = path.relative_to(web).as_posix()
        is_ours = name in DEVELOPMENT_WEB or name.startswith(DEVELOPMENT_FOLDERS)
        if path.suffix in _WEB_SUFFIXES and not is_test and not is_ours:
            copy(path, part / "web" / path.relative_to(web))


def _write_poster(part: Path, options: ExportOptions) -> str:
    """The poster's name in the export, '' without one."""
    if options.poster is None:
        return ""
    suffix, data = options.poster
    if suffix not in offline.POSTER_SUFFIXES:
        raise ExportError(f"The poster is a {suffix or 'file without a suffix'}; "
                          f"a page shows {', '.join(offline.POSTER_SUFFIXES)}.")
    name = f"poster{suffix}"
    (part / name).write_bytes(data)
    return name


def _copy_kernels(target: Path) -> None:
    folder = engine_folder() / "_kernels"
    alone = [path for name in ("rigid", "navigation") for path in folder.glob(f"{name}/*") if "_side" not in path.name]
    for path in sorted((*folder.glob("*.wasm"), *alone)):
        copy(path, target / path.relative_to(folder))


def _copy_runtime(runtime: Path, lock: dict[str, Any], target: Path) -> None:
    for name in (*RUNTIME_FILES, *(entry["file_name"] for entry in lock["packages"].values())):
        copy(runtime / name, target / name)
    entry = lock["packages"]["layerw"]
    engine = without((runtime / entry["file_name"]).read_bytes(), DEVELOPMENT)
    (target / entry["file_name"]).write_bytes(engine)
    entry["sha256"] = hashlib.sha256(engine).hexdigest()
    (target / "pyodide-lock.json").write_text(json.dumps(lock), "utf-8")


def _sources(part: Path, options: ExportOptions) -> list[Path]:
    """Everything in Python that will run."""
    with_wheels = part / ".wheels"
    for wheel in options.wheels.wheels:
        with zipfile.ZipFile(options.wheels.folder / wheel.file) as archive:
            archive.extractall(with_wheels, [name for name in archive.namelist() if name.endswith(".py")])
    return [*(part / "app").rglob("*.py"), *with_wheels.rglob("*.py")]


def _pack(part: Path, lock: dict[str, Any], report: ExportReport, say: Progress) -> None:
    """Compress, and tell the page in the runtime's lock file which of its files have such a form."""
    shutil.rmtree(part / ".wheels", ignore_errors=True)
    found = packing.pack([path for path in sorted(part.rglob("*")) if path.is_file() and path.parent.name != "app"],
                         lambda text, done: say(text, 0.6 + 0.3 * done))
    runtime = part / "runtime"
    start = [*RUNTIME_FILES, *(lock["packages"][name]["file_name"] for name in PACKAGES)]
    lock["layerw"] = {"start": start, "gz": {path.name: [path.stat().st_size, size] for path, size in found.items()
                             if path.parent == runtime}}
    (runtime / "pyodide-lock.json").write_text(json.dumps(lock), "utf-8")
    report.start_bytes = sum(packing.packed_size(runtime / name) for name in start)


def _copy_decoders(runtime: Path, part: Path) -> None:
    """Those that a file of the program needs; all, where it loads from other servers, whose files nobody has seen."""
    files = [path for path in (part / "app").rglob("*") if path.is_file()]
    foreign = any(path.suffix == ".py" and _FOREIGN.search(path.read_bytes()) for path in files)
    for name in decoders.FILES if foreign else sorted(decoders.used_by(files)):
        copy(runtime / name, part / "runtime" / name)


def _copy_app(
    program: Path, part: Path, report: ExportReport, options: ExportOptions, *, skipped: tuple[Path, ...],
) -> None:
    copied = copy_program(program, part / "app", everything=options.everything, folders=options.folders,
                          skipped=skipped)
    report.left_out, report.notes = copied.left_out, [*report.notes, *copied.notes]
    for wheel in options.wheels.wheels:
        copy(options.wheels.folder / wheel.file, part / "wheels" / wheel.file)
    manifest = build_manifest(part / "app" / program.name, engine="wheel", wheels=options.wheels)
    (part / "app" / "manifest.json").write_bytes(manifest)


def _write_notes(program: Path, part: Path) -> None:
    (part / "_headers").write_text(HEADERS_FILE, "utf-8")
    digests = sums(part)
    version = offline.write_service_worker(part, digests)
    document = {"layerw": __version__, "program": program.name, "version": version, "files": sums(part)}
    (part / MARKER).write_text(json.dumps(document, indent=1) + "\n", "utf-8")


def _count(folder: Path, report: ExportReport) -> None:
    for path in folder.rglob("*"):
        if path.is_file():
            report.files += 1
            report.size_bytes += path.stat().st_size
