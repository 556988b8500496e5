"""Files in memory with their compressed variants and ready-made response headers.

Owns: reading a file once, its ETag, its variants (zstd, br, gzip), the bytes budget, eviction (least recently
used). Does not know requests or paths of URLs beyond a key.
Limits: a file above `file_bytes_max` is never held, nor compressed whole; the variants count against the same budget.
A first request is answered with the plain bytes at once while the variant is made on another thread, so nobody waits
for it; what waits to be packed holds no bytes but its key.
"""

from __future__ import annotations

import asyncio
import gzip
import hashlib
import os
import stat
import time
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import BinaryIO

import brotli  # type: ignore[import-untyped]
import zstandard

DEFAULT_BUDGET_BYTES = 512 * 1024 * 1024
FILE_BYTES_MAX = 16 * 1024 * 1024  # larger ones are read from disk in blocks (big_files.py)
READ_TRIES = 5
SETTLE_S = 0.02  # file systems stamp times in steps of a few milliseconds
ENCODINGS = ("zstd", "br", "gzip")  # in the order of preference: zstd unpacks fastest
COMPRESS_BYTES_MIN = 512
_WORTH = 0.95  # a variant must be at most this share of the plain bytes
_PENDING_MAX = 512
_ACCEPT_BYTES_MAX = 512

Signature = tuple[int, ...]  # of a file: modified, changed (ns), size, inode, device
Headers = list[tuple[bytes, bytes]]


@dataclass(slots=True, eq=False, weakref_slot=True)
class Asset:
    """One representation source: plain bytes, variants, and the headers that go with each."""

    key: bytes
    data: bytes
    etag: bytes  # of the plain bytes, with quotes
    signature: Signature
    source: Callable[[], Signature]  # the signature now; raises OSError when the file is gone
    compressible: bool
    restricted: bool  # part of the user's program: only some origins may read it
    common: Headers
    page_name: str = ""  # file name, which decides the isolation headers
    variants: dict[str, bytes] = field(default_factory=dict)
    tried: set[str] = field(default_factory=set)
    headers: dict[str, Headers] = field(default_factory=dict)

    @property
    def size_bytes(self) -> int:
        """Bytes held: the plain ones and every variant."""
        return len(self.data) + sum(map(len, self.variants.values()))

    def is_fresh(self) -> bool:
        """Tell whether the source is still what was read."""
        try:
            return self.source() == self.signature
        except OSError:
            return False

    def etag_of(self, encoding: str) -> bytes:
        """Return the strong ETag of a variant; "" names the plain bytes."""
        return self.etag[:-1] + b"-" + encoding.encode("ascii") + b'"' if encoding else self.etag

    def headers_of(self, encoding: str) -> Headers:
        """Return the headers of a 200 answer; "" names the plain bytes. The list is shared: don't change it."""
        ready = self.headers.get(encoding)
        if ready is None:
            body = self.variants[encoding] if encoding else self.data
            ready = [*self.common, (b"etag", self.etag_of(encoding)),
                     (b"content-length", str(len(body)).encode("ascii"))]
            if encoding:
                ready.append((b"content-encoding", encoding.encode("ascii")))
            self.headers[encoding] = ready
        return ready


def file_signature(path: Path) -> Signature:
    """Return what changes when a file's content does, or when another file takes its path."""
    return signature_of(os.stat(path))


def signature_of(status: os.stat_result) -> Signature:
    """Return the signature of an open file."""
    return (status.st_mtime_ns, status.st_ctime_ns, status.st_size, status.st_ino, status.st_dev)


def read_regular(path: Path, bytes_max: int) -> tuple[bytes, Signature]:
    """Read a whole file and its signature, from one open descriptor; never follows a last symlink or waits on a pipe.

    A file that is written meanwhile is read again: what is returned was in the file at one moment.

    Raises:
        FileInFlux: it was being written at each of READ_TRIES tries.
        OSError: gone, no regular file, or above `bytes_max`.
    """
    for _ in range(READ_TRIES):
        with open_regular(path) as file:
            before = os.fstat(file.fileno())
            if before.st_size > bytes_max:
                raise OSError(f"{path.name} has {before.st_size} bytes; the limit is {bytes_max}.")
            data = file.read(bytes_max + 1)
            if time.time_ns() - before.st_ctime_ns < SETTLE_S * 1e9:
                time.sleep(SETTLE_S)  # a write in the same step of the clock would leave the times equal
            after = os.fstat(file.fileno())
        if signature_of(before) == signature_of(after) and len(data) == after.st_size:
            return data, signature_of(after)
    raise FileInFlux(f"{path.name} is being written: it changed during each of {READ_TRIES} reads; ask again.")


class FileInFlux(OSError):
    """A file that never stood still while it was read (503)."""


def open_regular(path: Path) -> BinaryIO:
    """Open a regular file for reading; never follows a last symlink or waits on a pipe. Raises OSError."""
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    file = open(os.open(path, flags), "rb")  # noqa: SIM115  the caller closes it
    if stat.S_ISREG(os.fstat(file.fileno()).st_mode):
        return file
    file.close()
    raise OSError(f"{path.name} is no regular file.")


def content_etag(data: bytes) -> bytes:
    """Return a strong ETag from the content."""
    return b'"' + hashlib.sha256(data).hexdigest()[:32].encode("ascii") + b'"'


def compress(data: bytes, encoding: str) -> bytes:
    """Compress at a level whose cost suits a server that runs beside the browser."""
    if encoding == "zstd":
        return zstandard.ZstdCompressor(level=9 if len(data) < 1 << 20 else 3).compress(data)
    if encoding == "br":
        return bytes(brotli.compress(data, quality=5))
    return gzip.compress(data, 6, mtime=0)


@lru_cache(maxsize=256)
def accepted_encodings(header: bytes) -> tuple[str, ...]:
    """Return which of ENCODINGS an Accept-Encoding header allows, best first (RFC 9110 section 12.5.3)."""
    if len(header) > _ACCEPT_BYTES_MAX:
        return ()
    weights: dict[str, float] = {}
    for item in header.decode("latin-1").lower().split(","):
        name, _, parameter = item.partition(";")
        weights[name.strip()] = _quality(parameter)
    other = weights.get("*", 0.0)
    wanted = [(weights.get(name, other), name) for name in ENCODINGS]
    return tuple(name for weight, name in sorted(wanted, key=lambda pair: -pair[0]) if weight > 0)


def _quality(parameter: str) -> float:
    name, _, value = parameter.strip().partition("=")
    if name.strip() != "q":
        return 1.0
    try:
        return min(1.0, max(0.0, float(value)))
    except ValueError:
        return 0.0


class AssetCache:
    """Assets by key, least recently used out first, never above the budget."""

    def __init__(self, budget_bytes: int = DEFAULT_BUDGET_BYTES) -> None:
        self.budget_bytes = budget_bytes
        self.file_bytes_max = min(budget_bytes // 4, FILE_BYTES_MAX)
        self.held_bytes = 0
        self._assets: OrderedDict[bytes, Asset] = OrderedDict()
        self._loading: dict[bytes, asyncio.Task[Asset]] = {}
        self._readers = ThreadPoolExecutor(4, "layerw-read")
        self._packer = ThreadPoolExecutor(1, "layerw-pack")
        self._queue: OrderedDict[tuple[bytes, str], None] = OrderedDict()  # to be packed, by key and encoding
        self._packing: asyncio.Task[None] | None = None

    def __len__(self) -> int:
        return len(self._assets)

    def try_get(self, key: bytes) -> Asset | None:
        """Return the asset if it is held and still what the source holds."""
        asset = self._assets.get(key)
        if asset is None:
            return None
        if not asset.is_fresh():
            self._drop(asset)
            return None
        self._assets.move_to_end(key)
        return asset

    async def ensure(self, key: bytes, load: Callable[[], Asset]) -> Asset:
        """Return the asset, loading it on a reader thread; requests for the same key share one load."""
        asset = self.try_get(key)
        if asset is not None:
            return asset
        task = self._loading.get(key)
        if task is None:
            task = asyncio.create_task(self._load(key, load))
            self._loading[key] = task
            task.add_done_callback(lambda done: self._loaded(key, done))
        return await asyncio.shield(task)

    def _loaded(self, key: bytes, done: asyncio.Task[Asset]) -> None:
        del self._loading[key]
        if not done.cancelled():
            done.exception()  # seen here too, in case every client has gone meanwhile

    async def _load(self, key: bytes, load: Callable[[], Asset]) -> Asset:
        asset = await asyncio.get_running_loop().run_in_executor(self._readers, load)
        if key in self._assets:
            self._drop(self._assets[key])
        if asset.size_bytes <= self.file_bytes_max:
            self._assets[key] = asset
            self._charge(asset.size_bytes)
        return asset

    def choose(self, asset: Asset, accept: bytes) -> str:
        """Return the encoding to answer with now ("" = plain), and have the best one made for the next time."""
        if not asset.compressible or not accept:
            return ""
        wanted = accepted_encodings(accept)
        if wanted and wanted[0] not in asset.tried:
            self._pack_later(asset, wanted[0])
        return next((name for name in wanted if name in asset.variants), "")

    def _pack_later(self, asset: Asset, encoding: str) -> None:
        if len(self._queue) >= _PENDING_MAX or len(asset.data) < COMPRESS_BYTES_MIN:
            return
        asset.tried.add(encoding)
        self._queue[asset.key, encoding] = None
        if self._packing is None or self._packing.done():
            self._packing = asyncio.get_running_loop().create_task(self._pack_all())

    async def _pack_all(self) -> None:
        """One variant at a time; an asset that was dropped since it was queued is passed over."""
        loop = asyncio.get_running_loop()
        while self._queue:
            (key, encoding), _ = self._queue.popitem(last=False)
            asset = self._assets.get(key)
            if asset is None:
                continue
            try:
                body = await loop.run_in_executor(self._packer, compress, asset.data, encoding)
            except (MemoryError, RuntimeError):  # no room, or the server ends
                continue
            if self._assets.get(key) is asset:
                self._packed(asset, encoding, body)

    def _packed(self, asset: Asset, encoding: str, body: bytes) -> None:
        if len(body) <= _WORTH * len(asset.data):
            asset.variants[encoding] = body
            self._charge(len(body))
        else:
            asset.compressible = False

    def _charge(self, size_bytes: int) -> None:
        self.held_bytes += size_bytes
        while self.held_bytes > self.budget_bytes:
            self._drop(next(iter(self._assets.values())))

    def _drop(self, asset: Asset) -> None:
        if self._assets.get(asset.key) is asset:
            del self._assets[asset.key]
            self.held_bytes -= asset.size_bytes

    def close(self) -> None:
        """Stop the threads; what is queued is given up."""
        self._queue.clear()
        self._readers.shutdown(wait=False, cancel_futures=True)
        self._packer.shutdown(wait=False, cancel_futures=True)
