"""Stand-ins for streaming tests: transfers and contents with latency, sizes and failures that a seed decides."""

from __future__ import annotations

import json
import math
import random
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from layerw.base.healing import Failure
from layerw.base.ports import NodeDesc, OnDone, OnFailed, Primitive, TransferDone, TransferFailed
from layerw.gpu.spec import FAIL_HASH, FAIL_NETWORK, FAIL_TOO_LARGE
from layerw.memory.ledger import HardLedger


@dataclass
class Camera:
    """Satisfies StreamCamera."""

    position: Any
    forward: Any
    planes: Any
    focal_px: float


def look(position: Any, target: Any, *, fov_y: float = math.radians(60), aspect: float = 1.6, height: int = 720,
         up: Any = (0.0, 1.0, 0.0)) -> Camera:
    position = np.asarray(position, np.float64)
    forward = np.asarray(target, np.float64) - position
    forward = forward / np.linalg.norm(forward)
    right = np.cross(forward, np.asarray(up, np.float64))
    right = right / np.linalg.norm(right)
    above = np.cross(right, forward)
    ty = math.tan(fov_y / 2)
    tx = ty * aspect
    sides = [right + forward * tx, -right + forward * tx, above + forward * ty, -above + forward * ty, forward]
    planes = np.zeros((5, 4))
    planes[:, :3] = [side / np.linalg.norm(side) for side in sides]
    planes[4, 3] = -0.1
    return Camera(position, forward, planes, height / (2 * ty))


class FakeTransfers:
    """Files by URL; results arrive `latency` ticks later."""

    def __init__(self, files: dict[str, bytes], latency: int = 2) -> None:
        self.files, self.latency = files, latency
        self.waiting: dict[int, tuple[int, str, int, OnDone, OnFailed]] = {}
        self.live: set[int] = set()
        self.fail_once: set[str] = set()
        self.asked: list[str] = []
        self.frame = 0
        self.hashes: dict[str, str] = {}
        self.flags: dict[str, int] = {}

    def fetch(self, url: str, kind: int, *, max_bytes: int, priority: float, on_done: OnDone, on_failed: OnFailed,
              sha256: str = "", flags: int = 0) -> int:
        handle = len(self.asked) + 1
        self.asked.append(url)
        self.hashes[url], self.flags[url] = sha256, flags
        self.waiting[handle] = (self.frame + self.latency, url, max_bytes, on_done, on_failed)
        self.live.add(handle)
        return handle

    def build_mesh(self, *_: Any, **__: Any) -> int:
        raise AssertionError("not used by streaming")

    decode_image = build_mesh

    def set_priority(self, transfer: int, priority: float) -> None:
        assert transfer in self.live

    def release(self, transfer: int) -> None:
        self.live.remove(transfer)
        self.waiting.pop(transfer, None)

    def tick(self) -> None:
        self.frame += 1
        for handle, (due, url, max_bytes, done, failed) in list(self.waiting.items()):
            if due > self.frame:
                continue
            del self.waiting[handle]
            data = self.files.get(url)
            if data is None or url in self.fail_once:
                self.fail_once.discard(url)
                failed(TransferFailed(handle, FAIL_NETWORK, 404, 0, f"{url}: HTTP 404."))
            elif len(data) > max_bytes:
                failed(TransferFailed(handle, FAIL_TOO_LARGE, len(data), 0, f"{url}: too large."))
            elif data.startswith(b"wrong hash"):
                failed(TransferFailed(handle, FAIL_HASH, 0, 0, f"{url}: the hash differs."))
            else:
                done(TransferDone(handle, 0, 0, 0, data))


@dataclass
class FakeContent:
    """A content whose life a FakeLoader decides."""

    world: FakeLoader
    url: str
    priority: float
    flatten: Any
    gpu_need: int
    layer_need: int
    ready_frame: int
    fails: Failure = Failure.NONE
    state: str = "loading"
    error: str = ""
    failure: Failure = Failure.NONE
    layer_bytes: int = 0
    asset: int = -1
    gpu_bytes: int = 0
    waits_for_gpu: int = 0
    primitives: list[Primitive] = field(default_factory=list)
    nodes: list[NodeDesc] = field(default_factory=list)
    rig: None = None
    released: bool = False

    def step(self) -> None:
        assert not self.released
        if self.state == "loading" and self.world.frame >= self.ready_frame:
            if self.fails:
                self.drop()
                self.state, self.failure = "failed", self.fails
                self.error = f"{self.url}: {self.fails.name.lower()}."
                return
            self.state = "uploading"
        if self.state == "uploading":
            self.upload()

    def upload(self) -> None:
        world = self.world
        if world.uploads_left <= 0 or world.gpu.used_bytes + self.gpu_need > world.committed_bytes:
            return
        if not world.gpu.try_reserve(self.gpu_need - self.gpu_bytes):
            return
        self.world.uploads_left -= 1
        self.gpu_bytes = self.gpu_need
        self.world.layer.release(self.layer_bytes)
        self.layer_bytes = 0
        self.state = "ready"
        self.world.next_mesh += 1
        self.primitives = [Primitive(self.world.next_mesh, 1, -1, (0.0, 0.0, 0.0), 1.0)]

    def set_priority(self, priority: float) -> None:
        self.priority = priority

    def drop(self) -> None:
        self.world.layer.release(self.layer_bytes)
        self.world.gpu.release(self.gpu_bytes)
        self.layer_bytes = self.gpu_bytes = 0

    def release(self) -> None:
        assert not self.released, self.url
        self.released = True
        self.drop()
        self.world.live.discard(id(self))


class FakeLoader:
    """Opens FakeContents. `broken`: how URLs fail; `failure_rate`: of others, at random."""

    def __init__(self, layer: HardLedger, gpu: HardLedger, *, seed: int = 1, latency: tuple[int, int] = (1, 12),
                 failure_rate: float = 0.0, gpu_bytes: tuple[int, int] = (1000, 1000)) -> None:
        self.layer, self.gpu = layer, gpu
        self.random = random.Random(seed)
        self.latency, self.failure_rate, self.gpu_range = latency, failure_rate, gpu_bytes
        self.broken: dict[str, Failure] = {}
        self.opened: list[FakeContent] = []
        self.live: set[int] = set()
        self.frame = 0
        self.uploads_per_frame = 2
        self.uploads_left = 2
        self.next_mesh = 0
        self.committed_bytes = 1 << 60  # a second limit below the ledger's: holes in the buffers
        self.sizes: dict[str, int] = {}

    def tick(self) -> None:
        self.frame += 1
        self.uploads_left = self.uploads_per_frame

    def place(self, assets: Any, distance_radii: Any, seen: Any) -> None:
        self.placed = (assets, distance_radii, seen)

    def try_open(self, url: str, *, priority: float, flatten: Any = None, size_bytes: int = 0,
                 max_texture_side: int = 1024, sha256: str = "", flags: int = 0,
                 style: Any = None) -> FakeContent | None:
        gpu_need = self.sizes.setdefault(url, self.random.randint(*self.gpu_range))
        layer_need = gpu_need // 2
        if not self.layer.try_reserve(layer_need):
            return None
        fails = self.broken.get(url, Failure.NONE)
        if not fails and self.random.random() < self.failure_rate:
            fails = Failure.UNREACHABLE
        content = FakeContent(self, url, priority, flatten, gpu_need, layer_need,
                              self.frame + self.random.randint(*self.latency), fails, layer_bytes=layer_need)
        content.sha256, content.flags = sha256, flags  # type: ignore[attr-defined]
        self.opened.append(content)
        self.live.add(id(content))
        return content


def quadtree(levels: int, *, size_m: float = 4096.0, height_m: float = 100.0, refine: str = "REPLACE",
             error_m: float = 64.0, hashed: bool = False) -> dict[str, Any]:
    """A tileset.json of a full quadtree on the ground, Z-up."""

    def tile(level: int, x: int, y: int) -> dict[str, Any]:
        side = size_m / (1 << level)
        half = side / 2
        made: dict[str, Any] = {
            "boundingVolume": {"box": [-size_m / 2 + (x + 0.5) * side, -size_m / 2 + (y + 0.5) * side, height_m / 2,
                                       half, 0, 0, 0, half, 0, 0, 0, height_m / 2]},
            "geometricError": error_m / (1 << level) if level + 1 < levels else 0,
            "content": {"uri": f"t/{level}-{x}-{y}{'.0123456789abcdef' if hashed else ''}.glb"}}
        if level + 1 < levels:
            made["children"] = [tile(level + 1, 2 * x + dx, 2 * y + dy) for dy in (0, 1) for dx in (0, 1)]
        return made

    root = tile(0, 0, 0)
    root["refine"] = refine
    return {"asset": {"version": "1.1"}, "geometricError": 2 * error_m, "root": root}


def read_all(tree: Any) -> None:
    """Makes rows of all tiles of a tileset.json at once."""
    read = 0
    while read < tree.count:
        rows = np.arange(read, read := tree.count)
        tree.read(rows[tree.child_count[rows] > 0])


def encoded(document: Any) -> bytes:
    return json.dumps(document).encode()


class Rig:
    """A streamer with its fakes."""

    def __init__(self, files: dict[str, Any], *, layer: int = 1 << 30, gpu: int = 1 << 30, url: str = "w/tileset.json",
                 config: Any = None, **loader: Any) -> None:
        from layerw.stream.streamer import Streamer

        self.layer, self.gpu = HardLedger("layer", layer), HardLedger("gpu", gpu)
        self.transfers = FakeTransfers({name: data if isinstance(data, bytes) else encoded(data)
                                        for name, data in files.items()})
        self.loader = FakeLoader(self.layer, self.gpu, **loader)
        self.streamer = Streamer(url, transfers=self.transfers, loader=self.loader, layer_ledger=self.layer,
                                 gpu_ledger=self.gpu, config=config)

    def step(self, camera: Camera) -> None:
        self.transfers.tick()
        self.loader.tick()
        self.streamer.step(camera)
        self.layer.check_invariants()
        self.gpu.check_invariants()

    def settle(self, camera: Camera, frames: int = 12_000) -> int:
        for frame in range(frames):
            self.step(camera)
            if self.streamer.settled:
                return frame
        raise AssertionError(f"not settled after {frames} frames: {self.streamer.counts()}")

    def rest(self, camera: Camera) -> None:
        """Until what is loaded ahead is here as well."""
        self.settle(camera)
        for _ in range(12_000):
            if not self.streamer._loads.loads:
                return
            self.step(camera)
        raise AssertionError("something loads for ever")

    def drawn(self) -> list[int]:
        return [int(row) for row in self.streamer.residency.rows.drawn]

    def drawn_urls(self) -> set[str]:
        return {self.streamer.tree.content_of(row)[0][0] for row in self.drawn()}
