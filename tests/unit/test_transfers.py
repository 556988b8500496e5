"""Transfers: commands out, events back, through the headless host's files."""

from __future__ import annotations

import json
import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from layerw.base.errors import ConfigError, HandleError
from layerw.base.ports import TransferDone, TransferFailed
from layerw.gpu import spec
from layerw.gpu.gen import events as ev
from layerw.gpu.submission import Submission
from layerw.hosts.containers import FormatError, image_size, split_model, unrolled_count
from layerw.hosts.event_writer import encode_event
from layerw.hosts.faults import Fault
from layerw.hosts.headless import HeadlessHost
from layerw.transfer.transfers import FrameTransfers


class Desk:
    """FrameTransfers on a headless host, with everything that ended."""

    def __init__(self, root: Path, **network: Any) -> None:
        self.host = HeadlessHost(root, **network)
        self.submission = Submission(self.host)
        self.transfers = FrameTransfers(self.submission.encoder, self.submission)
        self.done: dict[int, TransferDone] = {}
        self.failed: dict[int, TransferFailed] = {}
        self.order: list[int] = []
        self.frame = 0

    def run(self, frames: int = 1) -> None:
        for _ in range(frames):
            self.submission.end(self.host)
            self.frame += 1
            data = b"".join(encode_event(name, *values) for name, values in self.host.transfers.step(self.frame))
            for event in ev.decode_events(memoryview(data)):
                if isinstance(event, ev.TransferDone):
                    self.transfers.dispatch_done(TransferDone(*event))
                elif isinstance(event, ev.TransferFailed):
                    self.transfers.dispatch_failed(TransferFailed(*event))

    def on_done(self, done: TransferDone) -> None:
        self.done[done.transfer] = done
        self.order.append(done.transfer)

    def on_failed(self, failed: TransferFailed) -> None:
        self.failed[failed.transfer] = failed

    def fetch(self, url: str, kind: int = spec.FETCH_BYTES, *, priority: float = 0, max_bytes: int = 1 << 20,
              sha256: str = "") -> int:  # fmt: skip
        return self.transfers.fetch(url, kind, max_bytes=max_bytes, priority=priority, on_done=self.on_done,
                                    on_failed=self.on_failed, sha256=sha256)  # fmt: skip

    def decode(self, source: int, *, max_bytes: int = 1 << 30, max_side: int = 1024) -> int:
        return self.transfers.decode_image(source, offset=0, size_bytes=0, max_bytes=max_bytes, max_side=max_side,
                                           on_done=self.on_done, on_failed=self.on_failed)  # fmt: skip


def png(width: int, height: int) -> bytes:
    head = struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + b"IHDR" + head + struct.pack(">I", zlib.crc32(b"IHDR" + head))


def glb(document: dict[str, Any], binary: bytes) -> bytes:
    text = json.dumps(document).encode()
    text += b" " * (-len(text) % 4)
    binary += bytes(-len(binary) % 4)
    body = struct.pack("<II", len(text), 0x4E4F534A) + text + struct.pack("<II", len(binary), 0x004E4942) + binary
    return struct.pack("<4sII", b"glTF", 2, 12 + len(body)) + body


def test_a_fetch_brings_the_bytes_and_holds_nothing(tmp_path: Path) -> None:
    (tmp_path / "a b.json").write_bytes(b"hello")
    desk = Desk(tmp_path)
    transfer = desk.fetch("a%20b.json")
    desk.run()
    assert desk.done == {}
    desk.run()
    assert desk.done[transfer] == TransferDone(transfer, 0, 0, 0, b"hello")
    desk.transfers.release(transfer)
    desk.run()
    assert desk.host.transfers.live == {}
    assert desk.transfers.live_count == 0


def test_a_missing_file_a_large_one_and_a_wrong_hash_fail_with_their_codes(tmp_path: Path) -> None:
    (tmp_path / "big").write_bytes(bytes(100))
    desk = Desk(tmp_path)
    missing, large, wrong = desk.fetch("no"), desk.fetch("big", max_bytes=99), desk.fetch("big", sha256="00ff")
    desk.run(2)
    codes = [(desk.failed[t].code, desk.failed[t].a) for t in (missing, large, wrong)]
    assert codes == [(spec.FAIL_NETWORK, 404), (spec.FAIL_TOO_LARGE, 100), (spec.FAIL_HASH, 0)]
    assert desk.host.transfers.held_total_bytes == 0


def test_a_released_transfer_never_calls_back(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"x")
    desk = Desk(tmp_path, latency_frames=3)
    transfer = desk.fetch("a")
    desk.run(2)
    desk.transfers.dispatch_done(TransferDone(transfer, 0, 0, 0, b"x"))
    desk.transfers.release(transfer)
    desk.transfers.dispatch_done(TransferDone(transfer, 0, 0, 0, b"x"))  # was on its way already
    desk.run(4)
    assert (desk.order, desk.transfers.stale_count) == ([transfer], 1)
    with pytest.raises(HandleError):
        desk.transfers.release(transfer)
    with pytest.raises(HandleError):
        desk.transfers.set_priority(transfer, 1)


def test_lanes_are_never_passed_and_higher_priority_goes_first(tmp_path: Path) -> None:
    for name in "abcdef":
        (tmp_path / name).write_bytes(b"x")
    desk = Desk(tmp_path, lanes=2, latency_frames=2)
    handles = {name: desk.fetch(name, priority=n) for n, name in enumerate("abcdef")}
    desk.transfers.set_priority(handles["a"], 100)
    for _ in range(12):
        desk.run()
        assert desk.host.transfers.in_flight() <= 2
    assert "".join(desk.host.transfers.fetched_urls) == "afedcb"


def test_a_callback_that_raises_does_not_stop_the_others(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"x")
    desk = Desk(tmp_path)

    def broken(done: TransferDone) -> None:
        raise RuntimeError("planted")

    desk.transfers.fetch("a", 0, max_bytes=9, priority=0, on_done=broken, on_failed=desk.on_failed)
    good = desk.fetch("a")
    desk.run(2)
    assert good in desk.done
    assert "planted" in desk.transfers.take_errors()[0]
    assert desk.transfers.take_errors() == []


def test_planted_faults_fail_the_attempts_that_they_name(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"x")

    def fault(url: str, attempt: int) -> Fault | None:
        return Fault("status", 503) if attempt == 1 else None

    desk = Desk(tmp_path, fault=fault)
    first = desk.fetch("a")
    desk.run(2)
    second = desk.fetch("a")
    desk.run(2)
    assert (desk.failed[first].a, desk.done[second].payload) == (503, b"x")


def test_a_model_is_split_and_its_mesh_and_image_have_sizes(tmp_path: Path) -> None:
    (tmp_path / "m.glb").write_bytes(glb({"asset": {}}, bytes(12 * 4 + 12)))
    (tmp_path / "i.png").write_bytes(png(2048, 1024))
    desk = Desk(tmp_path)
    model, blob = desk.fetch("m.glb", spec.FETCH_MODEL), desk.fetch("i.png", spec.FETCH_BLOB)
    desk.run(2)
    assert (desk.done[model].held_bytes, desk.done[model].a) == (60, 1)
    assert json.loads(desk.done[model].payload) == {"asset": {}}
    image = desk.decode(blob)
    mesh = desk.transfers.build_mesh(descriptor(model, 4, 6), on_done=desk.on_done, on_failed=desk.on_failed)
    desk.run(2)
    assert (desk.done[image].a, desk.done[image].b, desk.done[image].held_bytes) == (1024, 512, 4 * 1024 * 512)
    assert (desk.done[mesh].a, desk.done[mesh].b, desk.done[mesh].held_bytes) == (4, 6, 4 * 32 + 12)
    for handle in (model, blob, image, mesh):
        desk.transfers.release(handle)
    desk.run()
    assert desk.host.transfers.held_total_bytes == 0


def descriptor(transfer: int, vertices: int, indices: int, *, offset: int = 0) -> np.ndarray[Any, np.dtype[np.uint32]]:
    words = np.zeros(8 + 12 + 16, np.uint32)
    words[:5] = (1, vertices, indices, 0, spec.GLTF_MODES.index("triangles"))
    words[20:28] = (0, transfer, vertices * 12, 0, 5123, 1, 0, indices)
    words[28:36] = (1, transfer, offset, 0, 5126, 3, 0, vertices)
    return words


def test_an_accessor_outside_of_its_buffer_fails_and_says_by_how_much(tmp_path: Path) -> None:
    (tmp_path / "m.glb").write_bytes(glb({}, bytes(60)))
    desk = Desk(tmp_path)
    model = desk.fetch("m.glb", spec.FETCH_MODEL)
    desk.run(2)
    mesh = desk.transfers.build_mesh(descriptor(model, 4, 6, offset=16), on_done=desk.on_done, on_failed=desk.on_failed)
    desk.run(2)
    assert (desk.failed[mesh].code, desk.failed[mesh].message) == (
        spec.FAIL_FORMAT, "An accessor ends at byte 64, but its buffer has 60.")  # fmt: skip


def test_huge_images_are_refused_by_their_header(tmp_path: Path) -> None:
    (tmp_path / "i.png").write_bytes(png(65_536, 65_536))
    (tmp_path / "s.png").write_bytes(png(64, 64))
    desk = Desk(tmp_path)
    huge, small = desk.fetch("i.png", spec.FETCH_BLOB), desk.fetch("s.png", spec.FETCH_BLOB)
    desk.run(2)
    image, tight = desk.decode(huge), desk.decode(small, max_bytes=64 * 64 * 4 - 1)
    desk.run(2)
    assert (desk.failed[image].code, desk.failed[image].a) == (spec.FAIL_TOO_LARGE, 65_536)
    assert desk.failed[tight].code == spec.FAIL_TOO_LARGE


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "neither"),
        (b"glTF" + bytes(4), "no whole header"),
        (struct.pack("<4sII", b"glTF", 1, 20) + bytes(8), "version 1"),
        (struct.pack("<4sII", b"glTF", 2, 99) + bytes(8), "at most 20"),
        (struct.pack("<4sIIII", b"glTF", 2, 20, 100, 0x4E4F534A), "ends past"),
        (struct.pack("<4sIIII", b"glTF", 2, 20, 0, 7), "not JSON"),
        (b"b3dm" + bytes(8), "header alone needs 16"),
        (b"b3dm" + struct.pack("<6I", 1, 28, 1 << 30, 1 << 30, 0, 0), "past its 28"),
    ],
)
def test_broken_containers_are_refused(data: bytes, message: str) -> None:
    with pytest.raises(FormatError, match=message):
        split_model(data)


def test_containers_and_images_of_the_shared_data_are_read() -> None:
    data = Path(__file__).parents[3] / "shared" / "data"
    if not data.is_dir():
        pytest.skip("../shared/data is not here")
    text, binary, container = split_model((data / "tilesets/TilesetWithDiscreteLOD/dragon_low.b3dm").read_bytes())
    assert container == 2 and json.loads(text)["layerw_parts"][0]["gltf"]["meshes"] and binary
    assert image_size((data / "models/FlightHelmet/FlightHelmet_Materials_LensesMat_Normal.png").read_bytes()) == (
        32, 32)  # fmt: skip


def test_every_gltf_mode_becomes_a_list() -> None:
    counts = {mode: unrolled_count(mode, 7) for mode in spec.GLTF_MODES}
    assert counts == {"points": 7, "lines": 6, "line_loop": 14, "line_strip": 12, "triangles": 6, "triangle_strip": 15,
                      "triangle_fan": 15}  # fmt: skip


def test_an_empty_url_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="0 bytes"):
        Desk(tmp_path).fetch("")
