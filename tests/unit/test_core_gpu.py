"""The GPU store, packing and the frame block, checked through the null backend."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from layerw.base.errors import BudgetError, ConfigError, HandleError, ShapeError
from layerw.base.ports import MaterialDesc, MeshData
from layerw.gpu import packing, spec
from layerw.gpu.frame_block import FrameBlock
from layerw.gpu.store import MIB, Store
from layerw.gpu.submission import Submission
from layerw.gpu.upload_pace import UploadPace
from layerw.hosts.headless import HeadlessHost
from layerw.memory.ledger import HardLedger


class Bench:
    """A store on a headless host."""

    def __init__(self, gpu_mib: float = 64, upload_bytes: int = 4 * MIB) -> None:
        self.host = HeadlessHost()
        self.submission = Submission(self.host)
        self.ledger = HardLedger("gpu", int(gpu_mib * MIB))
        self.heap = HardLedger("heap", 256 * MIB)
        self.store = Store(self.submission, self.ledger, self.heap, UploadPace(2.0, upload_bytes))
        self.host.sink._held = lambda transfer: 1 << 30  # any transfer holds enough
        self.host.sink._image = lambda transfer: (transfer >> 16, transfer & 0xFFFF)

    def submit(self) -> None:
        self.submission.end(self.host)
        self.store.begin_frame()


def triangle(count: int = 1, seed: int = 0) -> MeshData:
    random = np.random.default_rng(seed)
    return MeshData(random.random((3 * count, 3), np.float32), np.tile((0.0, 1.0, 0.0), (3 * count, 1)).astype("f4"),
                    np.arange(3 * count, dtype=np.uint32))  # fmt: skip


class StoreAgainstItsBackend(RuleBasedStateMachine):
    """Whatever is created and destroyed: budgets hold, the backend has exactly what the store has."""

    def __init__(self) -> None:
        super().__init__()
        self.bench = Bench(gpu_mib=5, upload_bytes=600_000)
        self.meshes: list[int] = []
        self.textures: list[int] = []
        self.refused = 0

    @rule(vertices=st.integers(1, 30_000), indices=st.integers(0, 90_000))
    def mesh(self, vertices: int, indices: int) -> None:
        mesh = self.bench.store.try_mesh_from_transfer(1, vertices, indices)
        if mesh:
            self.meshes.append(mesh)

    @rule(triangles=st.integers(1, 3000))
    def made_mesh(self, triangles: int) -> None:
        try:
            self.meshes.append(self.bench.store.create_mesh(triangle(triangles)))
        except BudgetError:
            self.refused += 1

    @rule(width=st.integers(1, 600), height=st.integers(1, 600))
    def texture(self, width: int, height: int) -> None:
        texture = self.bench.store.try_texture_from_transfer(width << 16 | height, width, height, srgb=True, sampler=0)
        if texture:
            self.textures.append(texture)

    @precondition(lambda self: self.meshes)
    @rule(index=st.integers(0, 1 << 16))
    def destroy_mesh(self, index: int) -> None:
        self.bench.store.destroy_mesh(self.meshes.pop(index % len(self.meshes)))

    @precondition(lambda self: self.textures)
    @rule(index=st.integers(0, 1 << 16))
    def destroy_texture(self, index: int) -> None:
        self.bench.store.destroy_texture(self.textures.pop(index % len(self.textures)))

    @rule()
    def lose_device(self) -> None:
        self.bench.submit()
        self.bench.host.sink.clear()
        self.bench.store.restore()

    @invariant()
    def agrees(self) -> None:
        store, sink = self.bench.store, self.bench.host.sink
        self.bench.submit()
        store.check_invariants()
        lost_bytes = sum(r.size_bytes for r in store.textures.values() if r.lost)  # charged until their owners let go
        assert sink.gpu_bytes + lost_bytes == store.committed.used_bytes <= store.committed.budget_bytes
        assert set(sink.meshes) == {m for m, r in store.meshes.items() if not r.lost}
        assert set(sink.textures) == {t for t, r in store.textures.items() if not r.lost}
        assert all(written for _, _, written in sink.textures.values())

    def teardown(self) -> None:
        for mesh in self.meshes:
            self.bench.store.destroy_mesh(mesh)
        for texture in self.textures:
            self.bench.store.destroy_texture(texture)
        assert self.bench.ledger.used_bytes == 0
        assert self.bench.heap.used_bytes == 0
        assert all(pool.live_count == 0 for kind, pool in self.bench.store.pools.items() if kind != "buffer")


TestStore = StoreAgainstItsBackend.TestCase
TestStore.settings = settings(max_examples=40, stateful_step_count=25, deadline=None)


def test_uploads_are_limited_but_the_first_of_a_frame_always_passes() -> None:
    store = Bench(upload_bytes=100_000).store
    big = 100_000 // spec.VERTEX_BYTES + 1
    assert store.try_mesh_from_transfer(1, big, 0)
    assert store.upload_left_bytes == 0
    assert store.try_mesh_from_transfer(1, 1, 0) == 0
    store.begin_frame()
    assert store.try_mesh_from_transfer(1, 1, 0)
    assert store.try_mesh_from_transfer(1, big, 0) == 0


def test_procedural_resources_come_back_after_a_lost_device_and_loaded_ones_are_lost() -> None:
    bench = Bench()
    store, sink = bench.store, bench.host.sink
    mesh = store.create_mesh(triangle())
    loaded = store.try_mesh_from_transfer(1, 3, 3)
    image = store.create_texture(np.zeros((4, 4, 4), np.uint8), srgb=True)
    fetched = store.try_texture_from_transfer(8 << 16 | 8, 8, 8, srgb=True, sampler=0)
    plain = store.create_material(MaterialDesc(base_color_texture=image))
    lost = store.create_material(MaterialDesc(base_color_texture=fetched))
    bench.submit()
    sink.clear()
    assert store.restore() == 3 == store.lost_count
    bench.submit()
    assert (set(sink.meshes), set(sink.textures), set(sink.materials)) == ({mesh}, {image}, {plain})
    store.destroy_material(lost)  # their owners let go
    store.destroy_texture(fetched)
    store.destroy_mesh(loaded)
    bench.submit()
    assert store.lost_count == 0


def test_a_create_that_does_not_fit_names_both_numbers_and_changes_nothing() -> None:
    bench = Bench(gpu_mib=1)
    with pytest.raises(BudgetError, match=r"needs \d+ bytes, but the GPU budget of 1048576 bytes has 1048576 left"):
        bench.store.create_mesh(triangle(20_000))
    assert (bench.ledger.used_bytes, bench.heap.used_bytes, len(bench.store.meshes)) == (0, 0, 0)


def test_stale_handles_and_unknown_kinds_are_errors() -> None:
    store = Bench().store
    mesh = store.create_mesh(triangle())
    store.destroy_mesh(mesh)
    with pytest.raises(HandleError):
        store.destroy_mesh(mesh)
    with pytest.raises(HandleError):
        store.create_material(MaterialDesc(normal_texture=77))
    with pytest.raises(ConfigError, match="pbr, unlit, terrain, water"):
        store.create_material(MaterialDesc(kind="gold"))


@pytest.mark.parametrize("size", [(0, 4), (8193, 1)])
def test_texture_sizes_are_checked_before_anything_is_asked_for(size: tuple[int, int]) -> None:
    with pytest.raises(ShapeError, match="a side must be 1 to 8192"):
        Bench().store.try_texture_from_transfer(1, *size, srgb=True, sampler=0)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"indices": np.array([0, 1, 3], np.uint32)}, "index 3, but only 3 vertices"),
        ({"normals": np.zeros((2, 3), np.float32)}, "normals have shape"),
        ({"indices": np.array([0, 1], np.uint32)}, r"\(3 \* triangles,\)"),
        ({"positions": np.full((3, 3), np.nan, np.float32)}, "finite"),
    ],
)
def test_broken_meshes_are_refused(change: dict[str, np.ndarray], message: str) -> None:
    data = triangle()
    for name, value in change.items():
        setattr(data, name, value)
    with pytest.raises(ShapeError, match=message):
        Bench().store.create_mesh(data)


def test_octahedral_normals_decode_to_where_they_pointed() -> None:
    random = np.random.default_rng(3)
    normals = random.normal(size=(2000, 3))
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    packed = packing.octahedral(normals.astype(np.float32)) / 32767.0
    decoded = np.concatenate([packed, 1 - np.abs(packed).sum(axis=1, keepdims=True)], axis=1)
    fold = np.maximum(-decoded[:, 2:], 0)
    decoded[:, :2] += np.where(decoded[:, :2] >= 0, -fold, fold)
    decoded /= np.linalg.norm(decoded, axis=1, keepdims=True)
    assert np.abs(decoded - normals).max() < 1e-3
    assert packing.octahedral(np.zeros((1, 3), np.float32)).tolist() == [[0, 0]]


def test_vertices_lie_as_the_spec_says() -> None:
    data = triangle()
    data.colors = np.arange(12, dtype=np.uint8).reshape(3, 4)
    vertices, indices = packing.pack_mesh(data)
    assert vertices.nbytes == 3 * spec.VERTEX_BYTES and indices.nbytes == 8
    assert vertices[:12].view(np.float32).tolist() == data.positions[0].tolist()
    assert vertices[28:32].tolist() == [0, 1, 2, 3]
    assert indices.view(np.uint16).tolist() == [0, 1, 2, 0]


def test_large_meshes_take_4_byte_indices() -> None:
    assert packing.index_bytes(65_535, 3) == 8
    assert packing.index_bytes(65_536, 3) == 12


def test_the_frame_block_splits_the_camera_so_that_the_parts_add_up() -> None:
    block = FrameBlock()
    camera = np.array((6_378_137.123456, -12.5, 3_000_000.000789))
    block.write_camera(camera)
    whole = block.read("camera_hi")[:3].astype(np.float64) + block.read("camera_lo")[:3].astype(np.float64)
    assert np.abs(whole - camera).max() < 1e-6
    with pytest.raises(ShapeError, match="takes 4 numbers, not 5"):
        block.write("viewport", (1, 2, 3, 4, 5))
    assert block.array.size == spec.block_bytes(spec.FRAME_BLOCK) // 4
