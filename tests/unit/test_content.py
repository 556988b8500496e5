"""Content from its URL to the GPU: order, early releases, budgets, failures, and contents that fight for bytes."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

import layerw as lw
from layerw.assets.content import GltfContent
from layerw.assets.loader import GltfLoader
from layerw.base.healing import Failure
from layerw.gpu import spec
from layerw.hosts.headless import HeadlessHost
from layerw.memory.ledger import HardLedger
from tests.unit.gltf_support import FakeGpu, FakeTransfers, File, model_file, triangle

MODELS = Path(__file__).resolve().parents[3] / "shared" / "data" / "models"


class Desk:
    """A loader on a pretended network and GPU; `run` is the frame."""

    def __init__(self, files: dict[str, File], *, layer: int = 1 << 26, gpu: int = 1 << 30, upload: int = 1 << 30,
                 seed: int = 1) -> None:  # fmt: skip
        self.ledger = HardLedger("layer", layer)
        self.transfers = FakeTransfers(files, self.ledger, seed)
        self.gpu = FakeGpu(self.transfers, gpu, upload)
        self.loader = GltfLoader(self.transfers, self.ledger, self.gpu)
        self.contents: list[GltfContent] = []

    def open(self, url: str, priority: float = 0.0, **options: int) -> GltfContent:
        content = self.loader.try_open(url, priority=priority, **options)  # type: ignore[arg-type]
        assert content is not None
        self.contents.append(content)
        return content

    def run(self, frames: int = 200) -> None:
        for _ in range(frames):
            self.transfers.step()
            self.gpu.upload_left_bytes = self.gpu.upload
            for content in self.contents:
                content.step()
            self.check()

    def check(self) -> None:
        self.ledger.check_invariants()
        large = self.loader._large
        kept = large.reserved_bytes if large is not None and large.abandoned else 0
        assert self.ledger.used_bytes == sum(content.layer_bytes for content in self.contents) + kept
        assert self.transfers.held <= self.ledger.used_bytes
        assert self.gpu.used == sum(content.gpu_bytes for content in self.contents) <= self.gpu.budget

    def nothing_left(self) -> None:
        for content in self.contents:
            content.release()
            content.release()  # twice is fine
        for _ in range(5):
            self.transfers.step()  # a decode that scales can't be stopped
            self.check()
        assert self.ledger.used_bytes == 0 and not self.transfers.live and not self.gpu.live and not self.gpu.materials
        assert not self.loader.loading


def textured(count: int, side: int = 64) -> dict[str, File]:
    """A .gltf with an external buffer and `count` image files."""
    doc = triangle(uri="m.bin", textures=count)
    files = {"m.gltf": model_file(doc), "m.bin": File(44)}
    return files | {f"t{i}.png": File(1000, image=(side, side)) for i in range(count)}


def test_a_glb_becomes_a_primitive_and_holds_nothing_afterwards() -> None:
    desk = Desk({"m.glb": model_file(triangle())})
    content = desk.open("m.glb")
    assert content.state == "loading" and content.layer_bytes > 0
    desk.run()
    assert content.state == "ready" and content.layer_bytes == 0 and desk.transfers.live == {}
    (primitive,) = content.primitives
    assert (primitive.node, primitive.center, primitive.radius, primitive.blend) == (0, (1, 0, 0), 1, False)
    assert desk.gpu.materials[primitive.material].metallic == 1
    assert content.gpu_bytes == desk.gpu.used > 0 and content.nodes[0].name == "tri"
    desk.nothing_left()


def test_external_buffers_and_images_with_unknown_sizes() -> None:
    files = textured(3, side=100)
    files["t1.png"].size = 700_000  # over the estimate: refused, then asked for again
    desk = Desk(files)
    content = desk.open("m.gltf", max_texture_side=50)
    desk.run()
    assert content.state == "ready" and len(content.primitives) == 3
    assert desk.gpu.textures == [(50, 50, True, 0)] * 3
    assert sorted(desk.transfers.fetched) == ["m.bin", "m.gltf", "t0.png", "t1.png", "t1.png", "t2.png"]
    assert all(desk.gpu.materials[p.material].base_color_texture for p in content.primitives)
    desk.nothing_left()


def test_a_file_is_released_once_all_that_reads_it_is_built() -> None:
    desk = Desk({"m.glb": model_file(triangle())}, upload=0)
    content = desk.open("m.glb")
    desk.run()
    assert content.state == "uploading"
    assert len(desk.transfers.live) == 1 and content.layer_bytes == 3 * 32 + 8  # only the built mesh
    desk.gpu.upload = 1 << 20
    desk.run(2)
    assert content.state == "ready"
    desk.nothing_left()


def test_uploads_wait_for_gpu_room() -> None:
    desk = Desk(textured(2), gpu=4 * 64 * 64 + 500)
    content = desk.open("m.gltf")
    desk.run()
    assert content.state == "uploading"
    desk.gpu.budget *= 4
    desk.run(3)
    assert content.state == "ready"
    desk.nothing_left()


@pytest.mark.parametrize(("code", "message", "failure"), [
    (spec.FAIL_NETWORK, "m.bin answered HTTP 503.", Failure.UNREACHABLE),
    (spec.FAIL_ABORTED, "A worker stopped.", Failure.UNREACHABLE),
    (spec.FAIL_TIMEOUT, "m.bin stalled.", Failure.UNREACHABLE),
    (spec.FAIL_HASH, "m.bin has another hash.", Failure.WRONG),
    (spec.FAIL_FORMAT, "The glb is cut off.", Failure.WRONG),
])  # fmt: skip
def test_a_failed_transfer_fails_the_content_and_frees_it(code: int, message: str, failure: Failure) -> None:
    files = textured(2)
    files["m.bin"].fail = [(code, 0, message)]
    desk = Desk(files)
    content = desk.open("m.gltf")
    desk.run()
    assert (content.state, content.error, content.failure) == ("failed", message, failure)
    assert content.layer_bytes == content.gpu_bytes == 0
    desk.nothing_left()


def test_a_missing_file_and_a_broken_document() -> None:
    doc = triangle()
    doc["accessors"][0]["count"] = 4
    desk = Desk({"bad.glb": model_file(doc), "good.glb": model_file(triangle())})
    missing, bad, good = desk.open("no.glb"), desk.open("bad.glb"), desk.open("good.glb")
    desk.run()
    assert missing.error == "no.glb answered HTTP 404." and missing.failure == Failure.GONE
    assert bad.error == "bad.glb: accessors[0] needs 48 bytes of its buffer view, which has 36."
    assert bad.failure == Failure.WRONG
    assert good.state == "ready"
    desk.nothing_left()


def test_a_buffer_shorter_than_it_says_and_a_huge_texture() -> None:
    files = textured(1)
    files["m.bin"].size = 40
    desk = Desk(files)
    content = desk.open("m.gltf")
    desk.run()
    assert content.error == "m.bin has 40 bytes, but the model says that it has 44."
    files = textured(1, side=65_536)
    desk = Desk(files)
    content = desk.open("m.gltf")
    desk.run()
    assert content.state == "ready" and "65536 x 65536 is too large." in content.warnings[0]
    desk.nothing_left()


def test_release_in_every_state_leaves_nothing() -> None:
    for frames in range(40):
        desk = Desk(textured(3), upload=64 * 64 * 4 + 200, seed=frames)
        desk.open("m.gltf")
        desk.run(frames)
        desk.nothing_left()
        desk.run(10)  # late answers hit nobody


def test_priorities_reach_what_is_on_its_way() -> None:
    desk = Desk(textured(1))
    content = desk.open("m.gltf", priority=1)
    content.set_priority(9)
    assert desk.transfers.priorities[1] == 9
    desk.run()
    assert set(desk.transfers.priorities.values()) == {9}


# -- budgets ---------------------------------------------------------------------------------------------------------
def test_no_room_is_none_and_more_than_the_budget_is_an_error() -> None:
    desk = Desk({"m.glb": model_file(triangle())}, layer=1 << 20)
    assert desk.ledger.try_reserve(1 << 20)
    assert desk.loader.try_open("m.glb", priority=0) is None
    desk.ledger.release(1 << 20)
    content = desk.open("m.glb", size_bytes=2 << 20)
    assert content.state == "failed"
    assert "needs 2097152 bytes; files may take 1048576 of the layer budget of 1048576" in content.error


def test_images_are_asked_for_their_size_when_room_is_short() -> None:
    # three textures of 256 KiB in a budget of 700 KiB, max side 1024: no guess of 4 MiB fits
    desk = Desk(textured(3, side=256), layer=700_000)
    content = desk.open("m.gltf")
    desk.run(400)
    assert content.state == "ready", (content.state, content.error)
    desk.nothing_left()


def test_images_that_are_scaled_are_decoded_one_at_a_time_within_the_budget() -> None:
    # Four of 1 MiB at full size, 256 KiB scaled: the budget has room for a single full one.
    desk = Desk(textured(4, side=512), layer=2_400_000, upload=0)
    content = desk.open("m.gltf", max_texture_side=256)
    desk.run(60)
    assert desk.transfers.scaling_max == 1
    desk.gpu.upload = 1 << 30
    desk.run(60)
    assert content.state == "ready", (content.state, content.error)
    assert desk.transfers.peak_held <= 2_400_000
    desk.nothing_left()


@pytest.mark.parametrize("frames", range(4, 40, 3))
def test_a_decode_whose_model_was_let_go_keeps_its_bytes_until_it_ends(frames: int) -> None:
    desk = Desk(textured(4, side=512), layer=2_400_000, seed=frames)
    desk.open("m.gltf", max_texture_side=256)
    desk.run(frames)
    desk.nothing_left()


def test_an_image_whose_decode_can_never_fit_says_so() -> None:
    desk = Desk(textured(1, side=512), layer=1_048_576 + 262_144 - 1)
    content = desk.open("m.gltf", max_texture_side=256)
    desk.run(200)
    assert content.state == "failed"
    assert content.error.startswith("Decoding an image of 512 x 512 pixels needs 1310720 bytes; files may take 1310719 "
                                    "of the layer budget of 1310719.")
    desk.nothing_left()


def test_a_model_that_only_fits_piece_by_piece() -> None:
    # 8 image files of 150 kB (1.2 MB) and textures of 256 KiB each: all at once can't be
    files = textured(8, side=256)
    for i in range(8):
        files[f"t{i}.png"].size = 150_000
    desk = Desk(files, layer=600_000)
    content = desk.open("m.gltf")
    desk.run(1500)
    assert content.state == "ready", (content.state, content.error)
    desk.nothing_left()


def test_a_model_that_can_never_fit_says_so() -> None:
    desk = Desk(textured(1, side=512), layer=1_048_576 + 500)  # 1 MiB of texels and a file of 1,000 bytes
    content = desk.open("m.gltf")
    desk.run(600)
    assert content.state == "failed" and content.failure == Failure.FINAL
    assert "needs 1048576 bytes besides the 1000 that it holds" in content.error
    desk.nothing_left()


@pytest.mark.parametrize("seed", range(12))
def test_contents_that_wait_for_each_other_all_get_there(seed: int) -> None:
    """Each holds a part of a budget that one alone fits into; nobody waits forever, and the first rank wins."""
    files: dict[str, File] = {}
    for n in range(6):
        doc = triangle(uri=f"m{n}.bin", textures=3)
        doc["images"] = [{"uri": f"t{n}_{i}.png"} for i in range(3)]
        files |= {f"m{n}.gltf": model_file(doc), f"m{n}.bin": File(44)}
        files |= {f"t{n}_{i}.png": File(200_000, image=(256, 256)) for i in range(3)}
    desk = Desk(files, layer=900_000, upload=300_000, seed=seed)
    rng = random.Random(seed)
    waiting = [(f"m{n}.gltf", rng.choice([0.0, 1.0])) for n in range(6)]
    for _ in range(3000):
        desk.run(1)
        if waiting:
            content = desk.loader.try_open(waiting[0][0], priority=waiting[0][1])
            if content is not None:
                desk.contents.append(content)
                waiting.pop(0)
    assert not waiting and [content.state for content in desk.contents] == ["ready"] * 6
    assert desk.transfers.peak_held <= 900_000
    assert len(desk.transfers.fetched) < 400  # backing off doesn't thrash
    desk.nothing_left()


def test_two_stuck_contents_the_lower_rank_backs_off() -> None:
    files = {"a.gltf": model_file(triangle(uri="a.bin")), "b.gltf": model_file(triangle(uri="b.bin"))}
    files |= {"a.bin": File(44), "b.bin": File(44)}
    desk = Desk(files, layer=1 << 20, upload=0)
    low, high = desk.open("a.gltf", priority=0), desk.open("b.gltf", priority=5)
    desk.run(40)
    assert (low.state, high.state) == ("uploading", "uploading")
    assert desk.loader.loading == [low, high] and low.layer_bytes == high.layer_bytes == 104
    # The higher one now needs more than is left: what it waits for, the lower one holds.
    high.back_off(serial=False)
    desk.ledger.budget_bytes, desk.ledger.peak_bytes = 256 * 1024 + 100, desk.ledger.used_bytes
    desk.run(40)
    assert high.state == "uploading" and desk.transfers.fetched.count("a.gltf") == 2  # the lower one began again
    desk.ledger.budget_bytes, desk.gpu.upload = 1 << 20, 1 << 20
    desk.run(60)
    assert (low.state, high.state) == ("ready", "ready")
    desk.nothing_left()


# -- real files on the headless host ---------------------------------------------------------------------------------
@pytest.mark.skipif(not MODELS.is_dir(), reason="the shared data folder is not beside this repository")
@pytest.mark.parametrize(("layer_mib", "state"), [(64, "ready"), (6, "ready"), (4, "ready"), (3, "failed")])
def test_flight_helmet_under_budgets(layer_mib: float, state: str) -> None:
    """3.2 MB of buffers, 15 textures of up to 1 MiB: 4 MiB are enough, one piece after the other; 3 can't be."""
    host = HeadlessHost(MODELS)
    app = lw.App(host=host, budgets=lw.Budgets(layer_mib=layer_mib))
    model = app.load("FlightHelmet/FlightHelmet.gltf")
    for _ in range(600):
        host.step(app)
        assert host.transfers.held_total_bytes <= app._engine.layer_ledger.held_bytes <= layer_mib * 1024 * 1024
        if model.state != "loading":
            break
    assert model.state == state, model.error
    assert app._engine.layer_ledger.used_bytes == 0 and app._engine.transfers.live_count == len(app._engine.backups)
    if state == "failed":
        assert "needs 3227148 bytes; files may take 3145728 of the layer budget of 3145728" in model.error
