"""Builders of small glTF files, and pretended transfers and GPU with hard checks, for the asset tests."""

from __future__ import annotations

import base64
import json
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from layerw.base.ports import U32, MaterialDesc, OnDone, OnFailed, TransferDone, TransferFailed
from layerw.gpu import spec

Json = dict[str, Any]

# 8 x 8 pixels of (200, 40, 30)
AVIF = base64.b64decode(
    "AAAAIGZ0eXBhdmlmAAAAAGF2aWZtaWYxbWlhZk1BMUIAAADrbWV0YQAAAAAAAAAhaGRscgAAAAAAAAAAcGljdAAAAAAAAAAAAAAAAAAA"
    "AAAOcGl0bQAAAAAAAQAAAB5pbG9jAAAAAEQAAAEAAQAAAAEAAAETAAAAJQAAAChpaW5mAAAAAAABAAAAGmluZmUCAAAAAAEAAGF2MDFD"
    "b2xvcgAAAABqaXBycAAAAEtpcGNvAAAAFGlzcGUAAAAAAAAACAAAAAgAAAAQcGl4aQAAAAADCAgIAAAADGF2MUOBAAwAAAAAE2NvbHJu"
    "Y2x4AAEADQAGgAAAABdpcG1hAAAAAAAAAAEAAQQBAoMEAAAALW1kYXQSAAoIGAi/aICGg0IyFxxHh4Xd0000wsAAAJA1jjx+49sJ4EGE")
WEBP = base64.b64decode(
    "UklGRjQAAABXRUJQVlA4ICgAAACQAQCdASoIAAgABABoJaACdLoAA5gA/ug4vXeLSjX/xDnQ50OagAAA")


def triangle(*, vertices: int = 3, uri: str | None = None, textures: int = 0) -> Json:
    """A document with one triangle mesh of float positions and u16 indices, and image files as textures."""
    buffer: Json = {"byteLength": 12 * vertices + 8}
    if uri:
        buffer["uri"] = uri
    doc: Json = {
        "asset": {"version": "2.0"}, "scene": 0, "scenes": [{"nodes": [0]}], "nodes": [{"mesh": 0, "name": "tri"}],
        "meshes": [{"primitives": [{"attributes": {"POSITION": 0}, "indices": 1, "material": 0}]}],
        "accessors": [
            {"bufferView": 0, "componentType": 5126, "count": vertices, "type": "VEC3", "min": [0, 0, 0],
             "max": [1, 2, 0]},
            {"bufferView": 1, "componentType": 5123, "count": 3, "type": "SCALAR"},
        ],
        "bufferViews": [{"buffer": 0, "byteLength": 12 * vertices},
                        {"buffer": 0, "byteOffset": 12 * vertices, "byteLength": 6}],
        "buffers": [buffer], "materials": [{}],
    }  # fmt: skip
    if textures:
        doc["images"] = [{"uri": f"t{i}.png"} for i in range(textures)]
        doc["textures"] = [{"source": i} for i in range(textures)]
        doc["materials"] = [{"pbrMetallicRoughness": {"baseColorTexture": {"index": i}}} for i in range(textures)]
        doc["meshes"] = [{"primitives": [{"attributes": {"POSITION": 0}, "indices": 1, "material": i}
                                         for i in range(textures)]}]
    return doc


def newer_textures(uri: str) -> Json:
    """The triangle with a texture that only EXT_texture_webp gives, and one that only EXT_texture_avif gives."""
    doc = triangle(uri=uri, textures=2)
    doc["accessors"].append({"bufferView": 0, "componentType": 5126, "count": 3, "type": "VEC2"})
    for primitive in doc["meshes"][0]["primitives"]:
        primitive["attributes"]["TEXCOORD_0"] = 2
    for index, kind in enumerate(("webp", "avif")):
        doc["images"][index] = {"uri": f"picture.{kind}"}
        doc["textures"][index] = {"extensions": {f"EXT_texture_{kind}": {"source": index}}}
    return doc | {"extensionsRequired": ["EXT_texture_webp", "EXT_texture_avif"]}


def payload(doc: Json) -> bytes:
    """The document as it arrives from JavaScript."""
    return json.dumps(doc).encode()


@dataclass
class File:
    """A file of the pretended network: a model (JSON and BIN size), a blob, or an image of a size."""

    size: int
    json: bytes = b""
    bin: int = 0
    image: tuple[int, int] = (0, 0)
    fail: list[tuple[int, int, str]] = field(default_factory=list)  # planted failures, first come first


def model_file(doc: Json) -> File:
    """A glb of the document, or a .gltf where its buffers are external."""
    text = payload(doc)
    binary = 0 if "uri" in doc["buffers"][0] else doc["buffers"][0]["byteLength"]
    return File(len(text) + binary, text, binary)


@dataclass
class Waiting:
    """One transfer on its way: what to do when it is due."""

    due: int
    on_done: OnDone
    on_failed: OnFailed
    answer: Callable[[], TransferDone | TransferFailed]


class FakeTransfers:
    """ports.Transfers over a table of files; answers after a random number of frames, in random order.

    Checks that everything held was reserved, that no handle is used after its release, and counts requests.
    """

    def __init__(self, files: dict[str, File], ledger: Any, seed: int = 1) -> None:
        self.files, self.ledger = files, ledger
        self.random = random.Random(seed)
        self.frame = self.last = 0
        self.waiting: dict[int, Waiting] = {}
        self.live: dict[int, tuple[File | None, int]] = {}  # handle -> (file, held bytes)
        self.fetched: list[str] = []
        self.priorities: dict[int, float] = {}
        self.peak_held = self.scaling_max = 0
        self.scaling: dict[int, int] = {}  # decodes that scale, and the bytes of the image at full size
        self.release_order: list[int] = []

    def _open(self, file: File | None, on_done: OnDone, on_failed: OnFailed,
              answer: Callable[[int], TransferDone | TransferFailed]) -> int:  # fmt: skip
        self.last += 1
        handle = self.last
        self.live[handle] = (file, 0)
        self.waiting[handle] = Waiting(self.frame + self.random.randint(1, 4), on_done, on_failed,
                                       lambda: answer(handle))
        return handle

    def fetch(self, url: str, kind: int, *, max_bytes: int, priority: float, on_done: OnDone, on_failed: OnFailed,
              sha256: str = "", flags: int = 0) -> int:  # fmt: skip
        self.fetched.append(url)
        file = self.files.get(url)

        def answer(handle: int) -> TransferDone | TransferFailed:
            if file is None:
                return TransferFailed(handle, spec.FAIL_NETWORK, 404, 0, f"{url} answered HTTP 404.")
            if file.fail:
                code, a, message = file.fail.pop(0)
                return TransferFailed(handle, code, a, 0, message)
            if file.size > max_bytes:
                return TransferFailed(handle, spec.FAIL_TOO_LARGE, file.size, 0, f"{url} needs {file.size} bytes.")
            model = kind == spec.FETCH_MODEL
            return self._hold(handle, file, file.bin if model else file.size, payload=file.json if model else b"")

        handle = self._open(file, on_done, on_failed, answer)
        self.priorities[handle] = priority
        return handle

    def build_mesh(self, descriptor: U32, *, block: int = 0, on_done: OnDone, on_failed: OnFailed) -> int:
        attributes, vertices, indices = (int(v) for v in descriptor[:3])
        sources = {int(w[1]) for w in descriptor[20 : 20 + 8 * (attributes + 1)].reshape(-1, 8) if w[1]}

        def answer(handle: int) -> TransferDone | TransferFailed:
            assert all(self.live[source][1] for source in sources), "a source was released before its build ended"
            size = vertices * 32 + ((indices * (2 if vertices <= 65535 else 4) + 3) & ~3)
            bounds = np.array([0, 0, 0, 2, 0, 0, 1], np.float32).tobytes()
            return self._hold(handle, None, size, vertices, indices, bounds)

        return self._open(None, on_done, on_failed, answer)

    def read(self, ranges: U32, *, on_done: OnDone, on_failed: OnFailed) -> int:
        def answer(handle: int) -> TransferDone | TransferFailed:
            assert all(self.live[int(source)][1] for source in ranges[:, 0]), "a source was released before it was read"
            return TransferDone(handle, 0, 0, 0, bytes(int(ranges[:, 2].sum())))

        return self._open(None, on_done, on_failed, answer)

    def decode_image(self, source: int, *, offset: int, size_bytes: int, max_bytes: int, max_side: int,
                     on_done: OnDone, on_failed: OnFailed, directions: bool = False) -> int:  # fmt: skip
        file = self.live[source][0]
        assert file is not None
        longest = max(file.image)
        full_bytes = 4 * file.image[0] * file.image[1]

        def answer(handle: int) -> TransferDone | TransferFailed:
            assert handle in self.live, "a decode that nobody waits for answered"
            width, height = file.image
            if max(width, height) > 8192:
                return TransferFailed(handle, spec.FAIL_TOO_LARGE, width, height, f"{width} x {height} is too large.")
            scale = min(1.0, max_side / max(width, height)) if max_side else 1.0
            w, h = int(width * scale), int(height * scale)
            if 4 * w * h + (full_bytes if (w, h) != (width, height) else 0) > max_bytes:
                return TransferFailed(handle, spec.FAIL_TOO_LARGE, width, height, "over max_bytes")
            assert self.held + 4 * w * h <= self.ledger.used_bytes, "more than is reserved"
            self.scaling.pop(handle, None)
            return self._hold(handle, None, 4 * w * h, w, h)

        handle = self._open(None, on_done, on_failed, answer)
        if max_side < longest <= 8192 and full_bytes < max_bytes:  # the browser has it at full size until it answers
            self.scaling[handle] = full_bytes
            self.scaling_max = max(self.scaling_max, len(self.scaling))
        return handle

    def set_priority(self, transfer: int, priority: float) -> None:
        assert transfer in self.live
        self.priorities[transfer] = priority

    def release(self, transfer: int) -> None:
        del self.live[transfer]  # KeyError: released twice
        assert transfer not in self.scaling, "its bytes are given back while the browser still holds the image"
        self.waiting.pop(transfer, None)
        self.release_order.append(transfer)

    def _hold(self, handle: int, file: File | None, size: int, a: int = 0, b: int = 0,
              payload: bytes = b"") -> TransferDone:  # fmt: skip
        self.live[handle] = (file or self.live[handle][0], size)
        self.peak_held = max(self.peak_held, self.held)
        assert self.held <= self.ledger.used_bytes, (self.held, self.ledger.used_bytes)
        return TransferDone(handle, size, a, b, payload)

    @property
    def held(self) -> int:
        return sum(size for _, size in self.live.values()) + sum(self.scaling.values())

    def step(self) -> None:
        """One frame: answers what is due."""
        self.frame += 1
        due = [handle for handle, item in self.waiting.items() if item.due <= self.frame]
        self.random.shuffle(due)
        for handle in due:
            item = self.waiting.pop(handle, None)
            if item is None:
                continue  # released by another's callback
            event = item.answer()
            if isinstance(event, TransferDone):
                item.on_done(event)
            else:
                item.on_failed(event)


class FakeGpu:
    """ports.GpuStore with a budget and an upload allowance a frame."""

    def __init__(self, transfers: FakeTransfers, budget: int = 1 << 30, upload: int = 1 << 30) -> None:
        self.transfers, self.budget, self.upload = transfers, budget, upload
        self.upload_left_bytes = upload
        self.live: dict[int, int] = {}
        self.materials: dict[int, MaterialDesc] = {}
        self.textures: list[tuple[int, int, bool, int]] = []
        self.spreads: dict[int, object] = {}
        self.last = 0

    @property
    def used(self) -> int:
        return sum(self.live.values())

    def mesh_bytes(self, vertex_count: int, index_count: int, topology: int = 0, *, uv1: bool = False,
                   posed: bool = False) -> int:  # fmt: skip
        return 32 * vertex_count + 4 * index_count

    def texture_bytes(self, width: int, height: int) -> int:
        return 4 * width * height

    def _try(self, transfer: int, size: int) -> int:
        assert self.transfers.live[transfer][1], "uploaded from a transfer that holds nothing"
        if self.used + size > self.budget or size > self.upload_left_bytes:
            return 0
        self.upload_left_bytes -= size
        self.last += 1
        self.live[self.last] = size
        return self.last

    def try_mesh_from_transfer(self, transfer: int, vertex_count: int, index_count: int, topology: int = 0, *,
                               uv1: bool = False, posed: bool = False) -> int:  # fmt: skip
        return self._try(transfer, self.mesh_bytes(vertex_count, index_count))

    def compressed_bytes(self, width: int, height: int, family: int, levels: int) -> int:
        return self.texture_bytes(width, height)

    def try_texture_from_transfer(self, transfer: int, width: int, height: int, *, srgb: bool, sampler: int,
                                  family: int = 0, levels: int = 0, done: Any = None) -> int:  # fmt: skip
        handle = self._try(transfer, self.texture_bytes(width, height))
        if handle:
            self.textures.append((width, height, srgb, sampler))
        return handle

    def create_mesh(self, data: Any) -> int:
        raise NotImplementedError

    def create_texture(self, rgba: Any, *, srgb: bool, sampler: int = 0) -> int:
        raise NotImplementedError

    def create_material(self, desc: MaterialDesc) -> int:
        self.last += 1
        self.materials[self.last] = desc
        return self.last

    def destroy_mesh(self, mesh: int) -> None:
        del self.live[mesh]

    def destroy_texture(self, texture: int) -> None:
        del self.live[texture]

    def destroy_material(self, material: int) -> None:
        del self.materials[material]
