"""Compressed forms of an export's files: NAME.gz and NAME.br beside NAME, made once and kept in the user's cache.

Hosts that negotiate send one of them in NAME's place; where a host does not, the page fetches NAME.gz and inflates it
(web/engine/packed.js).
Limits: files of PACKED_SUFFIXES from BYTES_MIN on, where it saves a tenth. Brotli at its best takes half a minute for
Python's ten megabytes: only files that are the same in every export get that.
"""

from __future__ import annotations

import gzip
import hashlib
import zlib
from collections.abc import Callable, Iterable
from pathlib import Path

import brotli  # type: ignore[import-untyped]

from ..runtime import cache
from ..runtime.pins import CORE

PACKED_SUFFIXES = frozenset({".wasm", ".mjs", ".js", ".zip", ".whl", ".json", ".css", ".html", ".py", ".glsl", ".wgsl",
                             ".svg"})
BYTES_MIN = 1024
SAVED_MIN = 0.1
KEPT_BYTES_MIN = 1 << 18  # larger ones stay in the cache
BEST = frozenset(pin.name for pin in CORE) - {"python_stdlib.zip", "pyodide-lock.json"}
FORMS = (".gz", ".br")


def pack(paths: Iterable[Path], progress: Callable[[str, float], None]) -> dict[Path, int]:
    """Write the compressed forms beside some files; returns each one's bytes as .gz."""
    found: dict[Path, int] = {}
    wanted = [path for path in paths if path.suffix in PACKED_SUFFIXES and path.stat().st_size >= BYTES_MIN]
    for at, path in enumerate(wanted):
        data = path.read_bytes()
        if len(zlib.compress(data, 1)) > (1 - SAVED_MIN) * len(data):
            continue
        if len(data) > KEPT_BYTES_MIN:
            progress(f"Compressing {path.name}", at / len(wanted))
        for form in FORMS:
            packed = _packed(data, form, best=path.name in BEST)
            path.with_name(path.name + form).write_bytes(packed)
            if form == ".gz":
                found[path] = len(packed)
    return found


def packed_size(path: Path) -> int:
    """Bytes of a file as it travels where the host negotiates: its .br, where it has one."""
    brotlied = path.with_name(path.name + ".br")
    return (brotlied if brotlied.is_file() else path).stat().st_size


def _packed(data: bytes, form: str, *, best: bool) -> bytes:
    kept = cache.root() / "packed" / (hashlib.sha256(data).hexdigest() + form)
    if len(data) > KEPT_BYTES_MIN and kept.is_file():
        return kept.read_bytes()
    if form == ".gz":
        packed = gzip.compress(data, 9, mtime=0)
    else:
        packed = brotli.compress(data, quality=11 if best else 9, lgwin=24)
    if len(data) > KEPT_BYTES_MIN:
        cache.write(kept, packed)
    return packed
