"""What one program needs of Python, numpy and the engine: kept in the export's three zips, the rest beside them.

Owns: the choice, and both halves of each zip. A module of the rest is fetched when something imports it
(layerw/hosts/rest.py), so a wrong choice costs time, never an error.
Does not: run the program. Kept are what Python's and numpy's own start imports, as it was traced, and what the program,
its packages and the engine's modules import, as it is read from their sources.
Limits: a module that is only named at run time is in the rest.
"""

from __future__ import annotations

import base64
import hashlib
import json
import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import layerw

from ..runtime.imports import Code, closure, module_of, parents, reach, read_source, sources_of
from ..runtime.pins import NUMPY_WHEEL
from ..runtime.slim import NUMPY_LATER, TRACE
from ..runtime.wheel import DEVELOPMENT, engine_folder
from ..runtime.wheel import NAME as ENGINE_WHEEL

# Imported by every page, though by no import statement that is read: by Python's codecs, or by JavaScript.
START = ("encodings.ascii", "encodings.latin_1", "encodings.cp437", "encodings.idna", "layerw", "layerw.hosts.browser",
         "layerw.hosts.program", "layerw.hosts.archive", "layerw.hosts.rest", "layerw.base.expanded",
         "layerw.scene.air",         "layerw.scene.overcast", "layerw.scene.daytime")
_FILES = ("layerw.assets.loader", "layerw.content.retries", "layerw.content.staged", "layerw.animation.animator",
          "layerw.stream.retry")
_DRAWN = ("layerw.drawing.drawings", "layerw.drawing.labelling")
_PICKED = ("layerw.pointing.picker", "layerw.scene.trees", "layerw.scene.chunk_tree")
# What the engine imports for a word of the program in a function of another name.
SAID = {
    "load": _FILES, "group": _FILES, "crowd": _FILES, "stream": (*_FILES, "layerw.content.worlds",
                                                                   "layerw.stream.streamer", "layerw.stream.config"),
    **dict.fromkeys(("points", "lines", "line", "debug", "Points", "Lines", "Label", "label", "text", "watch"), _DRAWN),
    **dict.fromkeys(("particles", "mesh_particles", "decal", "weather", "rain", "snow", "Emitter", "Decal"),
                    ("layerw.effects.effects",)),
    **dict.fromkeys(("pick", "ray", "raycast", "pointer", "hover", "click", "hit", "on_click", "under"), _PICKED),
    **dict.fromkeys(("Sound", "music", "buses", "sound", "play"), ("layerw.audio.audio",)),
    **dict.fromkeys(("fixed", "interpolate", "physics", "body"), ("layerw.scene.interpolation",)),
    **dict.fromkeys(("connect", "rpc", "is_server", "on_join", "shared", "predict"),
                    ("layerw.net.net", "layerw.net.page_link")),
    **dict.fromkeys(("save", "restore"), ("layerw.saves.saves", "layerw.saves.store")),
    **dict.fromkeys(("water", "pool", "particles"), ("layerw.physics",)),
}
IMPORTER = "layerw/hosts/archive.py"  # the page runs its source, as IMPORTER in web/engine/boot.js
STAMP = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True)
class Half:
    """One zip of the export and what is in it."""

    name: str  # in the runtime folder
    rest: str  # the other half's
    modules: list[str]  # of the rest


def chosen(program: Iterable[Path], trace: Mapping[str, Any]) -> set[str]:
    """The modules of Python, numpy and the engine that a program needs.

    Args:
        program: its sources, and those of its packages.
        trace: what runtime/slim.py wrote.
    """
    code = _read(program)
    sources = sources_of(trace["sources"])
    boot = set(trace["boot"])
    for module in boot & set(sources):
        sources[module].top = Code()  # its imports are known: they are in the trace
    ours = {module: one for module, one in sources.items() if module.partition(".")[0] == "layerw"
            and not f"{module.replace('.', '/')}/".startswith(DEVELOPMENT)}
    said = {module for word in code.words & set(SAID) for module in SAID[word]}
    later: dict[str, str] = vars(layerw)["_LATER"]
    start = {*START, *said, *(module for word, module in later.items() if word in code.words)}
    engine = reach({name for name in start | code.imports if name in ours}, code.words, ours)
    wanted = {name for module in engine for name in ours[module].everything().imports} | code.imports | start
    groups = {f"numpy.{name}" for name in NUMPY_LATER if name in code.words or f"numpy.{name}" in wanted}
    groups.add("numpy.ma")  # np.unique imports it, which the engine calls
    wanted |= {name for group in groups for name in [group, *trace["groups"][group]]}
    return engine | boot | closure({name for name in wanted if name.partition(".")[0] != "layerw"}, sources)


def _read(paths: Iterable[Path]) -> Code:
    found = Code()
    for path in paths:
        try:
            one = read_source(path.read_bytes(), path.stem, is_package=False).everything()
        except (SyntaxError, ValueError, OSError):
            continue  # program_checks says so
        found.imports |= one.imports
        found.words |= one.words
    found.imports |= {name for one in set(found.imports) for name in parents(one)}
    return found


def write(parts: Path, program: Iterable[Path], target: Path, lock: dict[str, Any]) -> list[Half]:
    """Write the zips that a program needs into a runtime folder, with their rests, and put their sums into its lock.

    Args:
        parts: the folder of runtime/slim.py.
    """
    kept = chosen(program, json.loads((parts / TRACE).read_bytes()))
    halves = [
        _split(parts / "stdlib.zip", target, "python_stdlib.zip", "rest-python.zip", kept),
        _split(parts / "numpy.zip", target, NUMPY_WHEEL, "rest-numpy.zip", _with_groups(kept)),
    ]
    engine = _split(parts / "layerw.zip", target, ENGINE_WHEEL, "rest-layerw.zip", kept)
    index = {half.rest: " ".join(half.modules) for half in (*halves, engine)}
    with zipfile.ZipFile(target / ENGINE_WHEEL, "a", zipfile.ZIP_STORED) as archive:
        archive.writestr(zipfile.ZipInfo(IMPORTER, STAMP), (engine_folder().parent / IMPORTER).read_bytes())
        archive.writestr(zipfile.ZipInfo("layerw/rest.json", STAMP), json.dumps(index))
    for name, wheel in (("numpy", NUMPY_WHEEL), ("layerw", ENGINE_WHEEL)):
        lock["packages"][name]["sha256"] = hashlib.sha256((target / wheel).read_bytes()).hexdigest()
    return [*halves, engine]


def _with_groups(kept: set[str]) -> set[str]:
    """A compiled module's own imports can't be read: numpy's lazy packages are kept whole."""
    return kept | {f"numpy.{name}.*" for name in NUMPY_LATER if f"numpy.{name}" in kept}


def _split(source: Path, target: Path, name: str, rest: str, kept: set[str]) -> Half:
    modules: list[str] = []
    record: list[str] = []
    packages = {module_of(name) for name in zipfile.ZipFile(source).namelist() if "/__init__." in name}
    with (zipfile.ZipFile(source) as whole, zipfile.ZipFile(target / name, "w", zipfile.ZIP_STORED) as near,
          zipfile.ZipFile(target / rest, "w") as far):
        for info in whole.infolist():
            if info.filename.startswith(DEVELOPMENT):
                continue
            data, module = whole.read(info), module_of(info.filename)
            if info.filename.endswith("/RECORD"):
                record.append(info.filename)
            elif _is_near(info.filename, module, kept, packages):
                near.writestr(zipfile.ZipInfo(info.filename, STAMP), data)
            else:
                far.writestr(zipfile.ZipInfo(info.filename, STAMP), data, zipfile.ZIP_DEFLATED, 9)
                if info.filename.endswith((".pyc", ".py", ".so")):
                    modules.append(module)
        for path in record:
            near.writestr(zipfile.ZipInfo(path, STAMP), _record(near, path))
    return Half(name, rest, sorted(modules))


def _is_near(member: str, module: str, kept: set[str], packages: set[str]) -> bool:
    """A data file goes with its package: alone in a folder it would make an empty one of that name."""
    if ".dist-info/" in member:
        return "licenses" not in member
    if module in kept or any(f"{package}.*" in kept for package in parents(module)):
        return True
    if member.endswith((".pyc", ".py", ".so")):
        return False
    package = next((one for one in parents(module) if one in packages), "")
    return package in kept or not package


def _record(archive: zipfile.ZipFile, own: str) -> str:
    lines = []
    for info in archive.infolist():
        data = archive.read(info)
        digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
        lines.append(f"{info.filename},sha256={digest},{len(data)}\n")
    return "".join([*lines, f"{own},,\n"])
