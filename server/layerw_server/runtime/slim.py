"""What exports are made of: standard library, numpy and engine compiled without docstrings, and what imports what.

Owns: the folder `slim/<key>` of the cache, made once for each engine, by node. Does not decide what a program needs
(tools/slim.py).
Limits: without a node there is none, and exports hold everything.
"""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

from . import cache, node, wheel
from .pins import CORE, NUMPY, STDLIB_MOUNT
from .prepare import (
    ENGINE_MOUNT,
    HERE,
    NUMPY_LEFT_OUT,
    SITE_PACKAGES,
    STDLIB_LEFT_OUT,
    Job,
    compile_zips,
    run_node,
    slim,
)
from .sources import all_sources, obtain

PARTS = ("stdlib.zip", "numpy.zip", "layerw.zip")
TRACE = "trace.json"
# numpy imports these when a program first says np.NAME: their own imports are compiled, so that they are traced.
NUMPY_LATER = ("random", "fft", "ma", "polynomial", "testing", "ctypeslib", "rec", "char", "strings", "typing")
FOLDERS_KEPT = 4
RECIPE = ("compile.mjs", "compile_zip.py", "expand.py", "imports.py", "pins.py", "prepare.py", "slim.py", "trace.mjs")


def ensure(runtime: Path, progress: Callable[[str, float], None]) -> Path | None:
    """The folder with PARTS and TRACE; None where there is no node to make it with.

    Args:
        runtime: a folder from build.ensure, which is booted.

    Raises:
        RuntimeUnavailable: a source is away, the cache can't be written, or node fails.

    Cost: about ten seconds for a new engine, else milliseconds.
    """
    files = wheel.engine_files()
    total = hashlib.sha256(wheel.engine_digest(files).encode())
    for name in RECIPE:
        total.update((HERE / name).read_bytes())
    target = cache.root() / "slim" / total.hexdigest()[:32]
    if (target / TRACE).is_file():
        target.touch()
        return target
    compiler = node.ensure_node()
    if compiler is None:
        return None
    progress("Compiling Python, numpy and the engine without docstrings, once", 0.02)
    with cache.lock(), tempfile.TemporaryDirectory() as folder, cache.new_folder(target) as part:
        sources = _sources(Path(folder), files)
        roots = (STDLIB_MOUNT, SITE_PACKAGES, ENGINE_MOUNT)
        compile_zips(compiler, runtime, [
            Job(str(source), str(part / name), root, beside=False, expand=name == "layerw.zip", strip=True)
            for source, name, root in zip(sources, PARTS, roots, strict=True)])
        run_node(compiler, "trace.mjs", runtime, {
            "script": str(HERE / "imports.py"), "zips": [str(source) for source in sources],
            "groups": [f"numpy.{name}" for name in NUMPY_LATER], "target": str(part / TRACE)})
    _prune(target.parent)
    return target


def _sources(folder: Path, files: dict[str, bytes]) -> list[Path]:
    places, sources = [folder / name for name in PARTS], all_sources()
    stdlib = next(pin for pin in CORE if pin.name == "python_stdlib.zip")
    places[0].write_bytes(slim(obtain(stdlib, sources)[0].read_bytes(), STDLIB_LEFT_OUT))
    places[1].write_bytes(slim(obtain(NUMPY, sources)[0].read_bytes(), NUMPY_LEFT_OUT))
    places[2].write_bytes(wheel.build_wheel(files))
    return places


def _prune(parent: Path) -> None:
    folders = sorted((path for path in parent.iterdir() if path.is_dir()), key=lambda path: path.stat().st_mtime)
    for path in folders[:-FOLDERS_KEPT]:
        shutil.rmtree(path, ignore_errors=True)
