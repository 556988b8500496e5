"""Transfers from local files, on a virtual clock of frames: the headless twin of web/transfer/fetcher.js.

Owns: what each transfer holds, lanes, latency and planted faults (faults.py). A built mesh or a decoded image is only
its size, unless a host draws (`Settings.builds`). Limits: servers are folders.
"""

from __future__ import annotations

import hashlib
import math
import struct
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from layerw.gpu import spec
from layerw.hosts import ktx2
from layerw.hosts.containers import FormatError, image_size, split_model, unrolled_count
from layerw.hosts.faults import Fault, FetchFailed, Limits, answered, waiting_s
from layerw.hosts.gzipped import unzipped
from layerw.hosts.local_files import Folders, local_size, read_local

if TYPE_CHECKING:
    from layerw.hosts.meshes.build import Built

IMAGE_SIDE_MAX = 8192
FRAMES_A_SECOND = 60
NEVER_FRAMES = 1 << 62
_BC5 = spec.TEXTURE_FAMILIES.index("bc5")


@dataclass(slots=True, eq=False)
class Transfer:
    """One transfer. `ready_at`: the frame in which it ends, -1 while it waits for a lane. `fetch_kind`: with flags."""

    handle: int
    kind: str
    url: str = ""
    fetch_kind: int = 0
    priority: float = 0.0
    max_bytes: int = 0
    sha256: str = ""
    ready_at: int = -1
    ended: bool = False
    data: bytes = b""
    held_bytes: int = 0
    size: tuple[int, int] = (0, 0)
    work: Callable[[], tuple[int, int, int, bytes]] | None = None
    fault: Fault | None = None
    block: int = 0  # of Layer memory: where a mesh is built


@dataclass(slots=True)
class Settings:
    """How the pretended network behaves. `fault(url, attempt)`: None, or how this attempt fails. `lanes`: what the
    App says where this is 0."""

    root: Path = field(default_factory=Path.cwd)
    lanes: int = 0
    latency_frames: int = 1
    decode_frames: int = 1
    fault: Callable[[str, int], Fault | None] | None = None
    builds: bool = False  # whether meshes and images are made, and not only their sizes
    folders: Folders = field(default_factory=dict)  # others, by the first part of a URL


class FileTransfers:
    """Commands 32 to 40. `step(frame)` gives the events of the transfers that ended."""

    def __init__(self, settings: Settings, read: Callable[[int, int], bytes],
                 free_block: Callable[[int], None] = lambda _: None,
                 view_block: Callable[[int, int], memoryview] | None = None) -> None:  # fmt: skip
        self.settings = settings
        self.frame = 0
        self.live: dict[int, Transfer] = {}
        self.fetched_urls: list[str] = []  # in the order of their start
        self.peak_held_bytes = 0
        self.held_total_bytes = 0
        self._read, self._free_block, self._view_block = read, free_block, view_block
        self._attempts: dict[str, int] = {}
        self._limits, self._lanes = Limits(), settings.lanes or 6

    def in_flight(self) -> int:
        """Fetches that have a lane now."""
        return sum(t.kind == "fetch" and t.ready_at >= 0 and not t.ended for t in self.live.values())

    def held_bytes(self, handle: int) -> int:
        """Bytes that the transfer holds; 0 for one that does not exist."""
        found = self.live.get(handle)
        return found.held_bytes if found else 0

    def image(self, handle: int) -> tuple[int, int]:
        """Size of a decoded image; (0, 0) for one that does not exist."""
        found = self.live.get(handle)
        return found.size if found else (0, 0)

    def bytes_of(self, handle: int) -> memoryview:
        """What a finished transfer holds; where `builds`, a mesh's or an image's too."""
        found = self.live.get(handle)
        if found is not None and found.block and self._view_block is not None:
            return self._view_block(found.block, found.held_bytes)
        return memoryview(found.data if found else b"")

    # -- commands ----------------------------------------------------------------------------------

    def fetch(self, transfer: int, kind: int, priority: float, max_bytes: int, url: int, url_bytes: int, sha256: int,
              sha256_bytes: int) -> None:  # fmt: skip
        text = self._read(url, url_bytes).decode()
        expected = self._read(sha256, sha256_bytes).decode() if sha256_bytes else ""
        self.live[transfer] = Transfer(transfer, "fetch", text, kind, priority, max_bytes, expected)

    def fetch_limits(self, lanes: int, first_byte_ms: float, stall_ms: float, bytes_per_s_min: float) -> None:
        self._lanes = self.settings.lanes or lanes
        self._limits = Limits(first_byte_ms / 1e3, stall_ms / 1e3, bytes_per_s_min)

    def mesh_build(self, transfer: int, data: int, size_bytes: int) -> None:
        self.mesh_build_in(transfer, data, size_bytes, 0)

    def mesh_build_in(self, transfer: int, data: int, size_bytes: int, block: int) -> None:
        words = np.frombuffer(self._read(data, size_bytes), np.uint32)
        work = Transfer(transfer, "mesh", block=block)
        work.work = lambda: self._build(work, words) if self.settings.builds else self._mesh(words)
        self._queue(work)

    def image_decode(self, transfer: int, source: int, offset: int, size_bytes: int, max_bytes: int,
                     max_side: int, directions: int) -> None:  # fmt: skip
        work = Transfer(transfer, "image", max_bytes=max_bytes)
        work.work = lambda: self._image(work, source, offset, size_bytes, max_side, bool(directions))
        self._queue(work)

    def bytes_read(self, transfer: int, data: int, size_bytes: int) -> None:
        ranges = np.frombuffer(self._read(data, size_bytes), np.uint32).reshape(-1, len(spec.READ_RANGE)).tolist()
        self._queue(Transfer(transfer, "read", work=lambda: (0, 0, 0, b"".join(self._part(*one) for one in ranges))))

    def unpack(self, transfer: int, data: int, size_bytes: int) -> None:
        words = np.frombuffer(self._read(data, size_bytes), np.uint32).tolist()
        work = Transfer(transfer, "unpack")
        work.work = lambda: self._unpack(work, words)
        self._queue(work)

    def _unpack(self, t: Transfer, words: list[int]) -> tuple[int, int, int, bytes]:
        from layerw.hosts.unpack import unpack  # few models need it

        t.data = unpack(words, lambda source: self.live[source].data if source in self.live else b"")
        return len(t.data), 0, 0, b""

    def _part(self, source: int, offset: int, size_bytes: int) -> bytes:
        data = self.live[source].data if source in self.live else b""
        if offset + size_bytes > len(data):
            raise FormatError(f"Bytes up to {offset + size_bytes} are read, but their buffer has {len(data)}.")
        return data[offset : offset + size_bytes]

    def transfer_priority(self, transfer: int, priority: float) -> None:
        if transfer in self.live:
            self.live[transfer].priority = priority

    def transfer_release(self, transfer: int) -> None:
        found = self.live.pop(transfer)
        if found.block:
            self._free_block(found.block)
        else:
            self.held_total_bytes -= found.held_bytes

    def _queue(self, transfer: Transfer) -> None:
        transfer.ready_at = self.frame + self.settings.decode_frames
        self.live[transfer.handle] = transfer

    # -- the clock ---------------------------------------------------------------------------------

    def step(self, frame: int) -> list[tuple[str, tuple[int | float | str | bytes, ...]]]:
        """Starts fetches on free lanes and ends what is due; returns events (name, values)."""
        self.frame = frame
        self._start_fetches()
        due = [t for t in self.live.values() if not t.ended and 0 <= t.ready_at <= frame]
        return [self._end(t) for t in due]

    def _start_fetches(self) -> None:
        waiting = [t for t in self.live.values() if t.kind == "fetch" and t.ready_at < 0]
        waiting.sort(key=lambda t: -t.priority)
        for transfer in waiting[: max(self._lanes - self.in_flight(), 0)]:
            self.fetched_urls.append(transfer.url)
            attempt = self._attempts[transfer.url] = self._attempts.get(transfer.url, 0) + 1
            transfer.fault = self.settings.fault(transfer.url, attempt) if self.settings.fault else None
            transfer.ready_at = self.frame + self.settings.latency_frames + self._late_frames(transfer)

    def _late_frames(self, transfer: Transfer) -> int:
        size = local_size(self.settings.root, transfer.url, self.settings.folders)
        late_s = waiting_s(transfer.fault, size, self._limits_of(transfer))
        return math.ceil(late_s * FRAMES_A_SECOND) if math.isfinite(late_s) else NEVER_FRAMES

    def _limits_of(self, transfer: Transfer) -> Limits:
        return self._limits.patient() if transfer.fetch_kind & spec.FETCH_PATIENT else self._limits

    def _end(self, transfer: Transfer) -> tuple[str, tuple[int | float | str | bytes, ...]]:
        transfer.ended = True
        work = transfer.work or (lambda: self._load(transfer))
        try:
            held, a, b, payload = work()
        except FetchFailed as failure:
            return "transfer_failed", (transfer.handle, failure.code, failure.a, failure.b, failure.message)
        except (FormatError, struct.error) as error:
            return "transfer_failed", (transfer.handle, spec.FAIL_FORMAT, 0, 0, str(error))
        transfer.held_bytes = held
        self.held_total_bytes += 0 if transfer.block else held
        self.peak_held_bytes = max(self.peak_held_bytes, self.held_total_bytes)
        return "transfer_done", (transfer.handle, held, a, b, payload)

    # -- the work ----------------------------------------------------------------------------------

    def _load(self, t: Transfer) -> tuple[int, int, int, bytes]:
        data = read_local(self.settings.root, t.url, t.max_bytes, self.settings.folders)
        data = answered(t.fault, t.url, data, t.max_bytes, self._limits_of(t))
        digest = hashlib.sha256(data)
        if not digest.hexdigest().startswith(t.sha256):
            found = digest.hexdigest()
            raise FetchFailed(spec.FAIL_HASH, 0, 0, f"{t.url} has the hash {found[:16]}, expected {t.sha256[:16]}.")
        data = unzipped(data, t.url, t.max_bytes)
        kind = t.fetch_kind & spec.FETCH_KIND_MASK
        if kind == spec.FETCH_BYTES:
            return 0, 0, 0, data
        if kind == spec.FETCH_BLOB:
            t.data = data
            return len(data), 0, 0, b""
        text, t.data, container = split_model(data)
        return len(t.data), container, 0, (digest.digest() if t.fetch_kind & spec.FETCH_DIGEST else b"") + text

    def _built(self, words: np.ndarray[tuple[int, ...], np.dtype[np.uint32]]) -> Built:
        from layerw.hosts.meshes.build import build_mesh  # only where somebody draws, or joints move vertices

        return build_mesh(words, lambda source: self.live[source].data if source in self.live else b"")

    def _build(self, t: Transfer, words: np.ndarray[tuple[int, ...], np.dtype[np.uint32]]
               ) -> tuple[int, int, int, bytes]:  # fmt: skip
        built = self._built(words)
        if t.block and self._view_block is not None:
            self._view_block(t.block, len(built.data))[:] = built.data
        else:
            t.data = built.data
        return len(built.data), built.vertices, built.indices, built.payload

    def _mesh(self, words: np.ndarray[tuple[int, ...], np.dtype[np.uint32]]) -> tuple[int, int, int, bytes]:
        attributes, vertices, indices, flags, mode = (int(w) for w in words[:5])
        end = 8 + 12 + len(spec.ACCESSOR) * (attributes + 1)
        joints = 12 * int(words[5]) if flags & spec.MESH_BUILD_SKIN else 0
        if len(words) != end + joints + (6 if flags & spec.MESH_BUILD_UV_TRANSFORM else 0):
            raise FormatError(f"A mesh of {attributes} attributes has a descriptor of {len(words)} words.")
        accessors = words[8 + 12 : end].reshape(-1, len(spec.ACCESSOR))
        for accessor in accessors.tolist():
            self._check_accessor(accessor)
        if flags & spec.MESH_BUILD_DISCS:
            return spec.LAYOUTS["discs"].stride_bytes * vertices, vertices, 0, b""
        read = int(accessors[0][7]) if accessors[0][1] else int(accessors[1][7])
        count = unrolled_count(spec.GLTF_MODES[mode], read)
        expected = count if flags & spec.MESH_BUILD_FLAT_NORMALS else int(accessors[1][7])
        if (vertices, indices) != (expected, count):
            raise FormatError(f"A mesh was planned with {vertices} vertices and {indices} indices, but its accessors "
                              f"give {expected} and {count}.")  # fmt: skip
        index_bytes = (count * (2 if vertices <= 65_535 else 4) + 3) & ~3
        has_uv1 = spec.SEMANTICS.index("uv1") in accessors[1:, 0]
        vertex_bytes = spec.VERTEX_BYTES + (spec.UV1_BYTES if has_uv1 else 0)
        vertex_bytes += spec.POSED_BYTES if flags & spec.MESH_BUILD_POSED else 0
        payload = self._built(words).payload if flags & spec.MESH_BUILD_POSED else b""  # how far joints reach
        return vertices * vertex_bytes + index_bytes, vertices, count, payload

    def _check_accessor(self, accessor: list[int]) -> None:
        _, transfer, offset, stride, component, components, _, count = accessor
        if transfer == 0:
            return
        source = self.live.get(transfer)
        width = {5120: 1, 5121: 1, 5122: 2, 5123: 2, 5125: 4, 5126: 4}.get(component, 0) * components
        end = offset + (stride or width) * (count - 1) + width
        if source is None or not width or end > len(source.data):
            here = len(source.data) if source else 0
            raise FormatError(f"An accessor ends at byte {end}, but its buffer has {here}.")

    def _image(self, t: Transfer, source: int, offset: int, size_bytes: int,
               max_side: int, directions: bool) -> tuple[int, int, int, bytes]:  # fmt: skip
        data = self.live[source].data if source in self.live else b""
        end = offset + size_bytes if size_bytes else len(data)
        if source not in self.live or end > len(data):
            raise FormatError(f"An image ends at byte {end}, but its buffer has {len(data)}.")
        if data[offset : offset + 12] == ktx2.MAGIC:
            return self._ktx2(t, data[offset:end], max_side, directions)
        width, height = image_size(data[offset:end])
        if max(width, height) > IMAGE_SIDE_MAX or min(width, height) < 1:
            raise FetchFailed(spec.FAIL_TOO_LARGE, width, height, f"The image is {width} x {height}; each side must be "
                           f"1 to {IMAGE_SIDE_MAX}.")  # fmt: skip
        full = (width, height)
        scale = min(1.0, max_side / max(width, height)) if max_side else 1.0
        width, height = max(round(width * scale), 1), max(round(height * scale), 1)
        needed = 4 * full[0] * full[1] + (4 * width * height if full != (width, height) else 0)
        if needed > t.max_bytes:
            raise FetchFailed(spec.FAIL_TOO_LARGE, *full, f"Decoding the image of {full[0]} x {full[1]} takes {needed} "
                           f"bytes; at most {t.max_bytes} were allowed.")  # fmt: skip
        t.size = (width, height)
        if self.settings.builds:
            from layerw.hosts.pictures import decode_image

            t.data = decode_image(data[offset:end], full, width, height)
        return 4 * width * height, width, height, b""

    def _ktx2(self, t: Transfer, data: bytes, max_side: int, directions: bool) -> tuple[int, int, int, bytes]:
        header = ktx2.read_header(data)
        width, height, family, levels = header.kept(max_side, directions=directions, plain=self.settings.builds)
        kept = ktx2.texels_bytes(width, height, family, levels)
        needed = max(kept, 4 * width * height) if family == _BC5 else kept  # made of plain texels
        if needed > t.max_bytes:
            raise FetchFailed(spec.FAIL_TOO_LARGE, header.width, header.height, f"The KTX2 file of {header.width} x "
                           f"{header.height} texels needs {needed} bytes; {t.max_bytes} were allowed.")  # fmt: skip
        t.size = (width, height)
        if self.settings.builds:
            from layerw.hosts.pictures import decode_ktx2

            t.data = decode_ktx2(data, header.first_level(max_side), width, height)
        return kept, width, height, struct.pack("<II", family, levels)
