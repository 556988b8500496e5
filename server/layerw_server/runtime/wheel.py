"""The engine-only wheel that travels to the browser: `layerw/` alone, pure, requiring only numpy.

Written by hand because the project's own wheel also holds the server and requires server packages. Two builds of
the same sources are equal to the byte. Does not compile anything (runtime/prepare.py does).
Source: the wheel format, PyPA "Binary distribution format" 1.0.
"""

from __future__ import annotations

import base64
import hashlib
import importlib.util
import io
import zipfile
from pathlib import Path

from .. import __version__
from .installation import repair

STAMP = (1980, 1, 1, 0, 0, 0)
SUFFIXES = {".py", ".typed", ".json"}
KERNELS = ("inplace.wasm",)  # the other modules are fetched by the page
# What layerw run alone needs: exports are without it.
DEVELOPMENT = ("layerw/debugging/", "layerw/inspecting/", "layerw/live/")
NAME = f"layerw-{__version__}-py3-none-any.whl"


def engine_folder() -> Path:
    """The folder of the installed or checked-out `layerw` package, without importing it."""
    spec = importlib.util.find_spec("layerw")
    if spec is None or not spec.submodule_search_locations:
        raise ModuleNotFoundError(f"The package layerw is not installed; {repair()}.")
    return Path(next(iter(spec.submodule_search_locations)))


def engine_files(folder: Path | None = None) -> dict[str, bytes]:
    """Every file of the engine by its path in the wheel, sorted."""
    base = folder or engine_folder()
    paths = sorted(path for path in base.rglob("*")
                   if (path.suffix in SUFFIXES or path.name in KERNELS) and "__pycache__" not in path.parts)
    return {"layerw/" + path.relative_to(base).as_posix(): path.read_bytes() for path in paths}


def engine_digest(files: dict[str, bytes]) -> str:
    """A sum over names and bytes: equal when the wheel would be equal."""
    total = hashlib.sha256(__version__.encode())
    for name, data in files.items():
        total.update(f"{name}\0{len(data)}\0".encode() + data)
    return total.hexdigest()


def _metadata() -> dict[str, bytes]:
    info = f"layerw-{__version__}.dist-info"
    head = (f"Metadata-Version: 2.4\nName: layerw\nVersion: {__version__}\n"
            "Summary: The engine of layerw, for the browser\nRequires-Python: >=3.11\nRequires-Dist: numpy\n")
    return {f"{info}/METADATA": head.encode(),
            f"{info}/WHEEL": b"Wheel-Version: 1.0\nGenerator: layerw\nRoot-Is-Purelib: true\nTag: py3-none-any\n"}


def _record(files: dict[str, bytes]) -> bytes:
    lines = []
    for name, data in files.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
        lines.append(f"{name},sha256={digest},{len(data)}\n")
    own = f"layerw-{__version__}.dist-info/RECORD"
    return "".join([*lines, f"{own},,\n"]).encode()


def without(wheel: bytes, folders: tuple[str, ...]) -> bytes:
    """A wheel's bytes less some folders, compiled files and the record's lines included."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(wheel)) as source, zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as target:
        for one in source.infolist():
            if one.filename.startswith(folders):
                continue
            data = source.read(one)
            if one.filename.endswith(".dist-info/RECORD"):
                lines = data.decode("utf-8").splitlines(keepends=True)
                data = "".join(line for line in lines if not line.startswith(folders)).encode("utf-8")
            target.writestr(zipfile.ZipInfo(one.filename, STAMP), data)
    return out.getvalue()


def build_wheel(files: dict[str, bytes]) -> bytes:
    """The wheel's bytes, stored: the server compresses what travels."""
    members = {**files, **_metadata()}
    members[f"layerw-{__version__}.dist-info/RECORD"] = _record(members)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as target:
        for name, data in members.items():
            target.writestr(zipfile.ZipInfo(name, STAMP), data)
    return out.getvalue()
