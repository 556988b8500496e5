"""Puts the runtime together: obtain, prepare, add the engine's wheel, one folder to serve.

`ensure` is the only entry point. The folder's name is a sum over everything in it, so a finished folder never
changes and several checkouts share one cache.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path

from . import cache, decoders, lockfile, node, prepare, sums, wheel
from .errors import RuntimeUnavailable
from .pins import CORE, FILES, NUMPY, NUMPY_WHEEL
from .sources import all_sources, obtain

Progress = Callable[[str, float], None]  # (what happens now, 0..1 of the whole)
FOLDERS_KEPT = 8
UNUSED_S_MIN = 7 * 24 * 3600  # a server may serve a folder for days without touching it
RECIPE = ("build.py", "compile.mjs", "compile_zip.py", "decoders.py", "expand.py", "lockfile.py", "pins.py",
          "prepare.py")


def _quiet(_text: str, _done: float) -> None:
    pass


def ensure(progress: Progress = _quiet) -> Path:
    """The folder to serve as /runtime/; makes it when it is missing.

    Args:
        progress: called with a sentence and the share done.

    Returns:
        A folder with pyodide.mjs, pyodide.asm.mjs, pyodide.asm.wasm, python_stdlib.zip, pyodide-lock.json, the
        numpy wheel, the decoders (decoders.FILES) and the engine's wheel. Treat it as read-only.

    Raises:
        RuntimeUnavailable: nothing could bring a file, or the cache can't be written; SumMismatch: a file is not the
        pinned one.

    Cost: from an empty cache about 20 MB and half a minute; milliseconds when nothing changed. What is damaged is
    made anew out of what is not: seconds.
    """
    files = wheel.engine_files()
    compiler = node.try_node()
    target = _runtime_path(files, compiled=compiler is not None)
    if compiler is not None and _is_whole(target, progress):
        return _touched(target)
    with cache.lock():
        prepared = _ensure_prepared(progress)
        target = _runtime_path(files, compiled=_is_compiled(prepared))
        if not _is_whole(target, progress):
            progress("Packing the engine for the browser", 0.92)
            _assemble(prepared, files, target)
            for kind in ("runtime", "prepared"):
                _prune(cache.root() / kind)
    progress("Runtime ready", 1.0)
    return _touched(target)


def is_precompiled(folder: Path) -> bool:
    """Whether a folder from `ensure` boots from .pyc files."""
    return folder.name.endswith("-pyc")


def is_obtained() -> bool:
    """Whether `ensure` needs no network: some version of what is served is there."""
    return any((cache.root() / "prepared").glob("*"))


def clear() -> None:
    """Forget everything that was obtained and prepared."""
    with cache.lock():
        for name in ("files", "prepared", "runtime", "node"):
            shutil.rmtree(cache.root() / name, ignore_errors=True)


def _recipe_key() -> str:
    total = hashlib.sha256()
    for name in RECIPE:
        total.update((Path(__file__).parent / name).read_bytes())
    return total.hexdigest()[:16]


def _runtime_path(files: dict[str, bytes], *, compiled: bool) -> Path:
    engine = wheel.engine_digest(files)[:16]
    return cache.root() / "runtime" / f"{_recipe_key()}-{engine}-{'pyc' if compiled else 'py'}"


def _is_compiled(prepared: Path) -> bool:
    return prepared.name.endswith("-pyc")


def check(progress: Progress = _quiet) -> int:
    """Read every finished folder of the cache and remove the damaged ones; `ensure` makes them again.

    Returns:
        How many were removed.
    """
    removed = 0
    with cache.lock():
        for folder in [path for kind in ("runtime", "prepared") for path in (cache.root() / kind).glob("*")]:
            found = sums.damage(folder, thorough=True)
            if found:
                progress(f"{folder.name} is removed: {found}", 0.5)
                shutil.rmtree(folder, ignore_errors=True)
                removed += 1
    return removed


def _is_whole(folder: Path, progress: Progress) -> bool:
    """Whether a finished folder is there and holds what it was made with; a damaged one is told."""
    if not folder.is_dir():
        return False
    found = sums.damage(folder)
    if found:
        progress(f"The runtime is damaged and made anew: {found}", 0.01)
    return not found


def _touched(folder: Path) -> Path:
    with contextlib.suppress(OSError):
        os.utime(folder)
    return folder


def _ensure_prepared(progress: Progress) -> Path:
    """The folder with core files, standard library and numpy as they are served."""
    parent = cache.root() / "prepared"
    compiled = parent / f"{_recipe_key()}-pyc"
    if _is_whole(compiled, progress):
        return _touched(compiled)
    paths = _obtain_all(progress)
    progress("Looking for node", 0.55)
    compiler = node.ensure_node()
    if compiler is None:
        progress("No node was found: serving Pyodide as shipped, which boots slower", 0.9)
        return _shipped(paths, parent / f"{_recipe_key()}-py", progress)
    progress("Precompiling the standard library and numpy", 0.6)
    with cache.new_folder(compiled) as part:
        shipped = _shipped(paths, parent / f"{_recipe_key()}-py", progress)
        prepare.precompile_core(compiler, shipped, paths[NUMPY_WHEEL], part)
        for pin in CORE:
            if not (part / pin.name).exists():
                shutil.copyfile(paths[pin.name], part / pin.name)
        decoders.write_modules(paths, part)
    return compiled


def _obtain_all(progress: Progress) -> dict[str, Path]:
    sources, paths = all_sources(), {}
    for index, pin in enumerate(FILES):
        progress(f"Obtaining {pin.name}", 0.02 + 0.5 * index / len(FILES))
        paths[pin.name], origin = obtain(pin, sources)
        progress(f"{pin.name} from {origin}", 0.02 + 0.5 * (index + 1) / len(FILES))
    return paths


def _shipped(paths: dict[str, Path], target: Path, progress: Progress) -> Path:
    if not _is_whole(target, progress):
        with cache.new_folder(target) as part:
            for pin in (*CORE, NUMPY):
                shutil.copyfile(paths[pin.name], part / pin.name)
            decoders.write_modules(paths, part)
    return target


def _assemble(prepared: Path, files: dict[str, bytes], target: Path) -> None:
    with cache.new_folder(target) as part:
        for path in prepared.iterdir():
            if path.name not in ("pyodide-lock.json", sums.SUMS):
                shutil.copyfile(path, part / path.name)
        engine_wheel = part / wheel.NAME
        engine_wheel.write_bytes(wheel.build_wheel(files))
        if _is_compiled(prepared):
            _compile_engine(prepared, engine_wheel)
        lockfile.write(prepared / "pyodide-lock.json", part / NUMPY_WHEEL, engine_wheel, part / "pyodide-lock.json")


def _compile_engine(prepared: Path, engine_wheel: Path) -> None:
    compiler = node.ensure_node()
    if compiler is None:
        return
    source = engine_wheel.with_suffix(".src")
    engine_wheel.rename(source)
    try:
        job = prepare.Job(str(source), str(engine_wheel), prepare.ENGINE_MOUNT, beside=True, expand=True)
        prepare.compile_zips(compiler, prepared, [job])
    finally:
        source.unlink()
    if not engine_wheel.is_file():
        raise RuntimeUnavailable(f"node wrote no {engine_wheel.name}.")


def _prune(parent: Path) -> None:
    """Remove folders that nobody started from for long, beyond the newest ones."""
    folders = sorted((path for path in parent.iterdir() if path.is_dir()), key=lambda path: path.stat().st_mtime)
    for path in folders[:-FOLDERS_KEPT]:
        if time.time() - path.stat().st_mtime > UNUSED_S_MIN:
            shutil.rmtree(path, ignore_errors=True)
