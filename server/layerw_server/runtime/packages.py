"""Python packages for the page: resolved by pip, checked, kept as wheels named by their content.

Owns: the folder of wheels for one set of requirements in the user's cache, and the sentence for what has no wheel.
Does not: build anything. Only wheels that run in the page are taken: pure ones, and those compiled for Pyodide's
        platform (PEP 783).
Limits: pip evaluates environment markers (`; sys_platform == ...`) with this machine's Python, not the page's.
        A resolved set is used again for FRESH_S, and without a network for ever.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import subprocess
import sys
import tempfile
import time
import zipfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from . import cache
from .errors import PackagesUnavailable
from .pins import PYODIDE_VERSION
from .requirements import PROVIDED, normalised

PLATFORM = "pyemscripten_2026_0_wasm32"
PYTHON, ABI = "314", "cp314"
FRESH_S = 24 * 3600.0
PIP_TIMEOUT_S = 300
WHEEL_BYTES_MAX = 256 << 20
_NETWORK_WORDS = ("Retrying (", "connection", "Connection", "timed out", "Temporary failure", "Could not fetch URL")


@dataclass(frozen=True)
class PageWheel:
    """One wheel as the page fetches it."""

    name: str
    version: str
    file: str  # in the set's folder; holds a part of the sum
    sha256: str
    size_bytes: int
    modules: list[str]  # top-level names that it brings


@dataclass(frozen=True)
class PageWheels:
    """The wheels of one program, all in one folder."""

    folder: Path
    wheels: tuple[PageWheel, ...]


NONE = PageWheels(Path(), ())


def resolve(requirements: list[str], runtime: Path) -> PageWheels:
    """Wheels for the requirements and all that they depend on; numpy and layerw come from `runtime`.

    Raises:
        PackagesUnavailable: a package has no wheel for the page, or pip can't reach its index; one sentence.
    """
    if not requirements:
        return NONE
    key = hashlib.sha256(json.dumps([PYODIDE_VERSION, *sorted(requirements)]).encode()).hexdigest()[:24]
    folder = cache.root() / "wheels" / key
    kept = _load(folder)
    if kept is not None and time.time() - (folder / "wheels.json").stat().st_mtime < FRESH_S:
        return kept
    try:
        return _obtain(requirements, runtime, folder)
    except _Offline:
        if kept is not None:
            return kept
        raise


class _Offline(PackagesUnavailable):
    """The index can't be reached."""


def _load(folder: Path) -> PageWheels | None:
    """A set that is complete, byte for byte; else None."""
    try:
        raw: Any = json.loads((folder / "wheels.json").read_bytes())
        wheels = tuple(PageWheel(**one) for one in raw)
        for wheel in wheels:
            if hashlib.sha256((folder / wheel.file).read_bytes()).hexdigest() != wheel.sha256:
                return None
    except (OSError, ValueError, TypeError):
        return None
    return PageWheels(folder, wheels)


def _obtain(requirements: list[str], runtime: Path, folder: Path) -> PageWheels:
    folder.parent.mkdir(parents=True, exist_ok=True)
    part = Path(tempfile.mkdtemp(dir=folder.parent, prefix=".part-"))
    try:
        _pip_download(requirements, runtime, part)
        wheels = tuple(_kept(path) for path in sorted(part.glob("*.whl"))
                       if normalised(path.name.split("-")[0]) not in PROVIDED)
        for path in part.glob("*.whl"):
            if path.name not in {wheel.file for wheel in wheels}:
                path.unlink()
        (part / "wheels.json").write_text(json.dumps([asdict(wheel) for wheel in wheels]), "utf-8")
        with cache.lock():
            shutil.rmtree(folder, ignore_errors=True)
            part.rename(folder)
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return PageWheels(folder, wheels)


def _pip_download(requirements: list[str], runtime: Path, target: Path) -> None:
    done = _pip("download", "--only-binary", ":all:", "--platform", PLATFORM, "--python-version", PYTHON,
                "--implementation", "cp", "--abi", ABI, "--find-links", str(runtime), "--dest", str(target),
                "--", *requirements)
    if done.returncode != 0:
        raise _sentence(done.stderr, requirements)


def _pip(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pip", arguments[0], "--disable-pip-version-check", "--no-input", "--quiet",
               "--retries", "1", "--timeout", "15", *arguments[1:]]
    try:
        return subprocess.run(command, capture_output=True, text=True, timeout=PIP_TIMEOUT_S, check=False)
    except subprocess.TimeoutExpired:
        raise _Offline(f"pip found no packages within {PIP_TIMEOUT_S} s; is the network slow or away?") from None


def _sentence(errors: str, requirements: list[str]) -> PackagesUnavailable:
    if "No module named pip" in errors:
        return PackagesUnavailable("Packages for the page are resolved by pip, which this Python does not have; "
                                   "`python -m ensurepip` adds it.")
    if any(word in errors for word in _NETWORK_WORDS):
        return _Offline(f"pip can't reach its package index for {', '.join(requirements)}; with a network it is done "
                        "once and kept.")
    missing = re.search(r"No matching distribution found for ([^\s(]+)", errors)
    if missing is None:
        lines = [line.removeprefix("ERROR: ") for line in errors.splitlines() if line.startswith("ERROR: ")]
        return PackagesUnavailable(f"pip can't resolve {', '.join(requirements)}: {(lines or ['no reason given'])[-1]}")
    return PackagesUnavailable(_no_wheel(missing[1]))


def _no_wheel(requirement: str) -> str:
    name = re.split(r"[^A-Za-z0-9._-]", requirement, maxsplit=1)[0]
    if _pip("index", "versions", name).returncode != 0:
        return f"There is no package {name} (or none of that version) in pip's index."
    return (f"{requirement} has no wheel that runs in the page: it is compiled, and no file of it is pure Python or "
            f"built for {PLATFORM} and {ABI} (scipy and pandas have none either). Use numpy or a pure package there, "
            "or do that work before and load its result.")


def _kept(path: Path) -> PageWheel:
    """Read a wheel's facts and give it its final name."""
    data = path.read_bytes()
    if len(data) > WHEEL_BYTES_MAX:
        raise PackagesUnavailable(f"{path.name} has {len(data):,} bytes, but the limit is {WHEEL_BYTES_MAX:,}.")
    digest = hashlib.sha256(data).hexdigest()
    name, version = path.name.split("-")[:2]
    file = f"{name}-{version}.{digest[:16]}.whl"
    path.rename(path.with_name(file))
    try:
        with zipfile.ZipFile(path.with_name(file)) as archive:
            names = archive.namelist()
    except zipfile.BadZipFile as error:
        raise PackagesUnavailable(f"{path.name} is no readable wheel ({error}).") from None
    return PageWheel(name, version, file, digest, len(data), sorted(_top_level(names)))


def _top_level(names: list[str]) -> set[str]:
    tops = set()
    for name in names:
        first, slash, _ = name.partition("/")
        if first.endswith((".dist-info", ".data", ".libs")):
            continue
        if slash or first.endswith((".py", ".so")):
            tops.add(first.split(".")[0])
    return tops
