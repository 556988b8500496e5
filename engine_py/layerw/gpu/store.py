"""GPU resources by handle, charged to the GPU ledger. Implements ports.GpuStore.

Owns: meshes, textures, materials, the big buffers that meshes share, this frame's upload allowance, and what
is needed to make everything again after a lost device. Does not draw, and knows no file format.

Limits: the ledger holds the sum of all resources; `committed` holds the buffers and targets behind them. Both
have the GPU budget and are hard. Resources made from Python data are kept (in the heap) and made again after
a device loss; those from transfers where a backup was kept. The rest is lost: `restore()` says so, and their
owners load them again. A restore uploads everything in one frame, past the allowance.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal, TypeVar

import numpy as np

from layerw.base.errors import BudgetError, ShapeError
from layerw.base.handles import HandlePool
from layerw.base.ports import F32, U32, MaterialDesc, MeshData, Primitive
from layerw.gpu import packing, records, spec
from layerw.gpu.materials import Materials
from layerw.gpu.pages import USAGE_INDEX, USAGE_VERTEX, BufferPages, Place
from layerw.gpu.records import F16, U8, MaterialRecord, MeshRecord, TextureRecord, placed_bytes, vertex_bytes
from layerw.gpu.shaders import Shaders
from layerw.gpu.spec import POSED_BYTES, STREAM_POSED, STREAM_UV1, UV1_BYTES, VERTEX_BYTES
from layerw.gpu.spreading import SPREAD_BYTES_MIN, Spread
from layerw.gpu.submission import Submission
from layerw.gpu.upload_pace import UploadPace
from layerw.memory.backups import Backups
from layerw.memory.ledger import HardLedger

TEXTURE_SIDE_MAX = 8192
TARGET_FORMAT, HALF_FORMAT, WORDS_FORMAT = 2, 3, 4  # texture_create.format
WIDE_FORMATS = {np.float16: HALF_FORMAT, np.uint32: WORDS_FORMAT}  # by what a texel has four of
MIB = 1 << 20
ROWS_BYTES_MIN = 32 * 1024  # of a large texture: less is not worth a call
Kind = Literal["mesh", "texture"]
T = TypeVar("T")


class Store:
    """See ports.GpuStore. `create_` raises BudgetError where the budget has no room, `try_` returns 0."""

    def __init__(self, submission: Submission, ledger: HardLedger, heap: HardLedger,
                 pace: UploadPace, backups: Backups | None = None) -> None:  # fmt: skip
        self.ledger = ledger
        self.backups = backups
        self.committed = HardLedger("gpu", ledger.budget_bytes)
        self.pace = pace
        self.upload_left_bytes = pace.bytes_per_frame
        self.meshes: dict[int, MeshRecord] = {}
        self.textures: dict[int, TextureRecord] = {}
        self.pools = {kind: HandlePool(kind) for kind in ("buffer", "mesh", "texture", "material", "shader")}
        self.shaders = Shaders(submission, self.pools["shader"])
        self._materials = Materials(submission, self.pools)
        self._submission = submission
        self.heap = heap
        self._uploaded = False  # in this frame
        self.restores = 0  # lost devices
        self.spreads: dict[int, Spread] = {}  # by texture: those that come over several frames, the oldest first
        page = max(1 * MIB, min(16 * MIB, ledger.budget_bytes // 32))
        self._vertices = self._buffer_pages(USAGE_VERTEX, VERTEX_BYTES, page)
        self._indices = self._buffer_pages(USAGE_INDEX, 4, page // 4)

    def _buffer_pages(self, usage: int, unit_bytes: int, page_bytes: int) -> BufferPages:
        return BufferPages(usage, unit_bytes, page_bytes, handles=self.pools["buffer"], committed=self.committed,
                           submission=self._submission)  # fmt: skip

    # -- sizes and the upload allowance ------------------------------------------------------

    def mesh_bytes(self, vertex_count: int, index_count: int, topology: int = 0, *, uv1: bool = False,
                   posed: bool = False) -> int:  # fmt: skip
        """What a mesh takes of the GPU budget."""
        vertices = placed_bytes(vertex_bytes(vertex_count, uv1=uv1, posed=posed, topology=topology))
        return vertices + packing.index_bytes(vertex_count, index_count)

    def texture_bytes(self, width: int, height: int, *, texel_bytes: int = 4, mips: bool = True) -> int:
        """What a texture takes, with all its mip levels."""
        return records.texture_bytes(width, height, texel_bytes, mips=mips)

    def compressed_bytes(self, width: int, height: int, family: int, levels: int) -> int:
        """What a compressed texture takes; family: of spec.TEXTURE_FAMILIES, 0 = it is none."""
        return records.compressed_bytes(width, height, family, levels) if family else self.texture_bytes(width, height)

    def begin_frame(self) -> None:
        """Renews the upload allowance."""
        self.upload_left_bytes = self.pace.bytes_per_frame
        self._uploaded = False

    def spread(self) -> None:
        """What this frame's other uploads left is for large textures that come over several frames; once a frame."""
        while self.spreads and (not self._uploaded or self.upload_left_bytes >= ROWS_BYTES_MIN):
            self._send_part(next(iter(self.spreads)))

    def _may_upload(self, size_bytes: int) -> bool:
        return not self._uploaded or size_bytes <= self.upload_left_bytes

    def _count_upload(self, size_bytes: int) -> None:
        self._uploaded = True
        self.upload_left_bytes = max(self.upload_left_bytes - size_bytes, 0)

    # -- fixed costs: render targets, instance columns ----------------------------------------

    def try_charge(self, size_bytes: int) -> bool:
        """Charges memory that backends allocate by themselves (render targets, instance columns)."""
        if not self.ledger.try_reserve(size_bytes):
            return False
        if self._commit(size_bytes):
            return True
        self.ledger.release(size_bytes)
        return False

    @property
    def left_bytes(self) -> int:
        """Bytes of the budget that nothing has."""
        return min(self.ledger.left_bytes, self.committed.left_bytes)

    def uncharge(self, size_bytes: int) -> None:
        self.ledger.release(size_bytes)
        self.committed.release(size_bytes)

    def _commit(self, size_bytes: int) -> bool:
        return self.committed.try_reserve(size_bytes) or (self.trim() > 0 and self.committed.try_reserve(size_bytes))

    def trim(self) -> int:
        """Gives up empty buffers; returns their bytes."""
        return self._vertices.trim() + self._indices.trim()

    # -- meshes ----------------------------------------------------------------------------------

    def create_mesh(self, data: MeshData) -> int:
        """A mesh from arrays, uploaded with this frame; raises BudgetError or ShapeError."""
        return self.create_packed(packing.pack_mesh(data), len(data.positions), len(data.indices),
                                  uv1=data.uvs1 is not None)  # fmt: skip

    def create_packed(self, packed: tuple[U8, U8], vertex_count: int, index_count: int, topology: int = 0, *,
                      uv1: bool = False) -> int:  # fmt: skip
        """A mesh of bytes as spec.LAYOUTS says; they are kept, and may be changed: see `rewrite_mesh`."""
        size = packed[0].nbytes + packed[1].nbytes
        self.heap.reserve(size, "Keeping a mesh for a lost device")
        mesh = self._try_mesh(vertex_count, index_count, topology, packed, uv1=uv1)
        if not mesh:
            self.heap.release(size)
            raise self._no_room("A mesh", size)
        self._write_mesh(self.meshes[mesh])
        self._create_mesh_command(mesh)
        self._count_upload(size)
        return mesh

    def rewrite_mesh(self, mesh: int, size_bytes: int | None = None) -> None:
        """Uploads the bytes of its vertices that are kept again, the first `size_bytes` or all."""
        record = self.meshes[mesh]
        if record.kept is None:
            raise ShapeError("A mesh that came from a transfer can't be written again.")
        data = record.kept[0] if size_bytes is None else record.kept[0][:size_bytes]
        self._submission.encoder.buffer_write(record.vertex.page.buffer, record.vertex.offset_bytes,
                                              self._submission.keep(data), data.nbytes)  # fmt: skip
        self._count_upload(data.nbytes)

    def sort_splats(self, mesh: int, texture: int, count: int, texels: int, given: F32) -> None:
        """The GPU puts a mesh of splats in order; what is kept of it stays as it is. given: as spec says."""
        self._submission.encoder.splats_sort(mesh, texture, count, texels, self._submission.keep(given))

    def try_mesh_from_transfer(self, transfer: int, vertex_count: int, index_count: int, topology: int = 0, *,
                               uv1: bool = False, posed: bool = False) -> int:  # fmt: skip
        """A mesh from a built transfer's bytes; 0 when the budget or this frame's uploads have no room."""
        size = self.mesh_bytes(vertex_count, index_count, topology, uv1=uv1, posed=posed)
        if not self._may_upload(size):
            return 0
        mesh = self._try_mesh(vertex_count, index_count, topology, None, uv1=uv1, posed=posed)
        if not mesh:
            return 0
        self._upload_mesh(self.meshes[mesh], transfer)
        self._create_mesh_command(mesh)
        self._count_upload(size)
        return mesh

    def _upload_mesh(self, record: MeshRecord, transfer: int) -> None:
        encoder, size_bytes = self._submission.encoder, record.vertex_bytes
        encoder.buffer_upload(record.vertex.page.buffer, record.vertex.offset_bytes, transfer, 0, size_bytes)
        if record.index is not None:
            encoder.buffer_upload(record.index.page.buffer, record.index.offset_bytes, transfer, size_bytes,
                                  packing.index_bytes(record.vertex_count, record.index_count))  # fmt: skip

    def _try_mesh(self, vertex_count: int, index_count: int, topology: int, kept: tuple[U8, U8] | None, *,
                  uv1: bool, posed: bool = False) -> int:  # fmt: skip
        if vertex_count < 1:
            raise ShapeError(f"A mesh of {vertex_count} vertices was asked for; it needs at least 1.")
        stride_bytes = spec.LAYOUTS[spec.TOPOLOGIES[topology]].stride_bytes + (UV1_BYTES if uv1 else 0)
        stride_bytes += POSED_BYTES if posed else 0
        sizes = placed_bytes(vertex_count * stride_bytes), packing.index_bytes(vertex_count, index_count)
        size = sum(sizes)
        if not self.ledger.try_reserve(size):
            return 0
        places = self._try_places(*sizes)
        if places is None:
            self.ledger.release(size)
            return 0
        mesh = self.pools["mesh"].alloc()
        self.meshes[mesh] = MeshRecord(*places, vertex_count, index_count, topology, size, kept, uv1=uv1,
                                       posed=posed)  # fmt: skip
        return mesh

    def _try_places(self, vertex_bytes: int, index_bytes: int) -> tuple[Place, Place | None] | None:
        vertex = self._vertices.try_place(vertex_bytes) or self._trimmed(self._indices, self._vertices, vertex_bytes)
        if vertex is None:
            return None
        if not index_bytes:
            return vertex, None
        index = self._indices.try_place(index_bytes) or self._trimmed(self._vertices, self._indices, index_bytes)
        if index is None:
            self._vertices.free(vertex)
            return None
        return vertex, index

    @staticmethod
    def _trimmed(other: BufferPages, pages: BufferPages, size_bytes: int) -> Place | None:
        """Tries again with the room that empty pages (of both kinds) took."""
        return pages.try_place(size_bytes) if other.trim() + pages.trim() else None

    def _write_mesh(self, record: MeshRecord) -> None:
        assert record.kept is not None
        for place, data in zip((record.vertex, record.index), record.kept, strict=True):
            if place is not None:
                address = self._submission.keep(data)
                self._submission.encoder.buffer_write(place.page.buffer, place.offset_bytes, address, data.nbytes)

    def _create_mesh_command(self, mesh: int) -> None:
        r = self.meshes[mesh]
        index = (r.index.page.buffer, r.index.offset_bytes) if r.index is not None else (0, 0)
        self._submission.encoder.mesh_create(
            mesh, r.vertex.page.buffer, r.vertex.offset_bytes, r.vertex_count, *index, r.index_count,
            packing.index_item_bytes(r.vertex_count), r.topology,
            (STREAM_UV1 if r.uv1 else 0) | (STREAM_POSED if r.posed else 0),
        )  # fmt: skip

    def destroy_mesh(self, mesh: int) -> None:
        """Ends the handle and frees what it took."""
        record = self._pop("mesh", self.meshes, mesh)
        if not record.lost:
            self._submission.encoder.mesh_destroy(mesh)
        self._vertices.free(record.vertex)
        if record.index is not None:
            self._indices.free(record.index)
        self.ledger.release(record.size_bytes)
        if record.kept is not None:
            self.heap.release(sum(data.nbytes for data in record.kept))

    # -- textures --------------------------------------------------------------------------------

    def create_texture(self, rgba: U8 | F16, *, srgb: bool, sampler: int = 0, mips: bool = True) -> int:
        """A texture from (height, width, 4) uint8, or float16 (linear), uploaded with this frame."""
        if rgba.ndim != 3 or rgba.shape[2] != 4 or rgba.dtype not in (np.uint8, np.float16):
            raise ShapeError(f"A texture has shape {rgba.shape} and dtype {rgba.dtype}; it must be (height, width, 4) "
                             f"uint8 or float16.")  # fmt: skip
        height, width = rgba.shape[:2]
        self.heap.reserve(rgba.nbytes, "Keeping a texture for a lost device")
        texture = self._try_texture(width, height, srgb, sampler, rgba.copy("C"), mips=mips)
        if not texture:
            self.heap.release(rgba.nbytes)
            size = self.texture_bytes(width, height, texel_bytes=4 * rgba.itemsize, mips=mips)
            raise self._no_room(f"A texture of {width} x {height}", size)
        self._create_texture_command(texture)
        self._write_texture(texture)
        self._count_upload(rgba.nbytes)
        return texture

    def create_words(self, words: U32) -> int:
        """A texture of whole numbers from (height, width, 4) uint32, which is kept; uploaded with this frame."""
        height, width = words.shape[:2]
        self.heap.reserve(words.nbytes, "Keeping a texture for a lost device")
        texture = self._try_texture(width, height, False, spec.SAMPLER_NEAREST, words, mips=False)
        if not texture:
            self.heap.release(words.nbytes)
            raise self._no_room(f"A texture of {width} x {height} x 16 bytes", words.nbytes)
        self._create_texture_command(texture)
        self._write_texture(texture)
        self._count_upload(words.nbytes)
        return texture

    def create_target(self, width: int, height: int, sampler: int) -> int:
        """A texture of one level that views draw; made again, black, after a lost device. Raises BudgetError."""
        return self.create_empty(width, height, srgb=True, sampler=sampler, mips=False, is_target=True)

    def create_empty(self, width: int, height: int, *, srgb: bool, sampler: int, mips: bool,
                     is_target: bool = False) -> int:  # fmt: skip
        """A texture whose pixels come later (`fill_texture`, views); lost with the device. Raises BudgetError."""
        texture = self._try_texture(width, height, srgb, sampler, None, mips=mips)
        if not texture:
            raise self._no_room(f"A texture of {width} x {height}", self.texture_bytes(width, height, mips=mips))
        self.textures[texture].is_target = is_target
        self._create_texture_command(texture)
        return texture

    def fill_texture(self, texture: int, feed: int) -> None:
        """Its pixels are the picture that waits in a feed of the page, of the same size."""
        record = self.textures[texture]
        self._submission.encoder.texture_feed(texture, feed)
        self._count_upload(4 * record.width * record.height)

    def try_texture_from_transfer(self, transfer: int, width: int, height: int, *, srgb: bool, sampler: int,
                                  family: int = 0, levels: int = 0,
                                  done: Callable[[], None] | None = None) -> int:  # fmt: skip
        """A texture from a decoded image; 0 when the budget or this frame's uploads have no room. family: of
        spec.TEXTURE_FAMILIES, of a compressed one with its levels. done: given, it may come over several frames, the
        smallest levels first; called once the transfer isn't read any more, if that is later than now."""
        size = records.compressed_bytes(width, height, family, levels) if family else 4 * width * height
        spread = None
        if done is not None and size > max(self.upload_left_bytes, SPREAD_BYTES_MIN):
            spread = Spread(transfer, width, height, family, levels, done)
        if not self._may_upload(size if spread is None else spread.first_bytes):
            return 0
        texture = self._try_texture(width, height, srgb, sampler, None, family=family, levels=levels)
        if texture:
            self._create_texture_command(texture)
            if spread is None:
                self._submission.encoder.texture_upload(texture, transfer)
                self._count_upload(size)
            else:
                self.spreads[texture] = spread
                self._send_part(texture)
        return texture

    def _send_part(self, texture: int) -> None:
        """What comes next of a texture that comes over several frames."""
        spread = self.spreads[texture]
        part = spread.take(self.upload_left_bytes)
        self._submission.encoder.texture_part(texture, spread.transfer, part.level, part.first, part.rows)
        self._count_upload(part.size_bytes)
        if spread.is_over:
            del self.spreads[texture]
            spread.done()

    def _try_texture(self, width: int, height: int, srgb: bool, sampler: int, kept: U8 | F16 | U32 | None, *,
                     mips: bool = True, family: int = 0, levels: int = 0) -> int:  # fmt: skip
        if not (1 <= width <= TEXTURE_SIDE_MAX and 1 <= height <= TEXTURE_SIDE_MAX):
            raise ShapeError(f"A texture of {width} x {height} was asked for; a side must be 1 to {TEXTURE_SIDE_MAX}.")
        texel_bytes = 4 if kept is None else 4 * kept.itemsize
        size = self.texture_bytes(width, height, texel_bytes=texel_bytes, mips=mips)
        size = records.compressed_bytes(width, height, family, levels) if family else size
        if not self.try_charge(size):
            return 0
        texture = self.pools["texture"].alloc()
        self.textures[texture] = TextureRecord(width, height, srgb, sampler, size, kept, mips=mips, family=family,
                                               levels=levels)  # fmt: skip
        return texture

    def _create_texture_command(self, texture: int) -> None:
        r = self.textures[texture]
        levels = 1 if r.is_target or not r.mips else max(r.width, r.height).bit_length()
        wide = None if r.kept is None else WIDE_FORMATS.get(r.kept.dtype.type)
        format = TARGET_FORMAT if r.is_target else int(not r.srgb) if wide is None else wide
        if r.family:
            levels, format = r.levels, spec.COMPRESSED_FIRST + 2 * (r.family - 1) + int(not r.srgb)
        self._submission.encoder.texture_create(texture, r.width, r.height, levels, format, r.sampler)

    def _write_texture(self, texture: int) -> None:
        kept = self.textures[texture].kept
        assert kept is not None
        self._submission.encoder.texture_write(texture, self._submission.keep(kept), kept.nbytes)

    def update_texture(self, texture: int, x: int, y: int, rgba: U8 | F16) -> None:
        """A rectangle of a texture that was made from pixels; what is kept for a lost device follows."""
        self.pools["texture"].check(texture)
        record = self.textures[texture]
        assert record.kept is not None
        height, width = rgba.shape[:2]
        record.kept[y : y + height, x : x + width] = rgba
        if record.lost:
            return
        sent = np.array(rgba, order="C")
        self._submission.encoder.texture_update(texture, x, y, width, height, self._submission.keep(sent), sent.nbytes)
        self._count_upload(sent.nbytes)

    def destroy_texture(self, texture: int) -> None:
        """Ends the handle and frees what it took."""
        record = self._pop("texture", self.textures, texture)
        self.spreads.pop(texture, None)
        if not record.lost:
            self._submission.encoder.texture_destroy(texture)
        self.uncharge(record.size_bytes)
        if record.kept is not None:
            self.heap.release(record.kept.nbytes)

    # -- materials -------------------------------------------------------------------------------

    @property
    def materials(self) -> dict[int, MaterialRecord]:
        """By handle."""
        return self._materials.records

    @property
    def has_glass(self) -> bool:
        """Whether any material lets light through."""
        return bool(self._materials.glass)

    def create_material(self, desc: MaterialDesc) -> int:
        """A material; its textures and its shader must be live handles or 0."""
        return self._materials.create(desc)

    def write_material(self, material: int, desc: MaterialDesc) -> None:
        """Replaces a material's numbers, and makes it anew where anything else differs."""
        self._materials.write(material, desc)

    def destroy_material(self, material: int) -> None:
        """Ends the handle."""
        self._materials.destroy(material)

    def _pop(self, kind: Kind, records: dict[int, T], handle: int) -> T:
        self.pools[kind].free(handle)
        if self.backups:
            self.backups.drop(kind, handle)
        return records.pop(handle)

    def _no_room(self, what: str, size_bytes: int) -> BudgetError:
        left = self.left_bytes
        return BudgetError(
            f"{what} needs {size_bytes} bytes, but the GPU budget of {self.ledger.budget_bytes} bytes has {left} left; "
            f"raise it with lw.App(budgets=lw.Budgets(gpu_mib=...)) or despawn and destroy something.",
            needed_bytes=size_bytes, left_bytes=left,
        )  # fmt: skip

    # -- a lost device ---------------------------------------------------------------------------

    def restore(self) -> int:
        """Makes everything again that can be; the rest is marked as lost. Returns how many are lost."""
        self.restores += 1
        self._vertices.restore()
        self._indices.restore()
        for texture, image in self.textures.items():
            spread = self.spreads.get(texture)
            transfer = spread.transfer if spread is not None else self._backup("texture", texture)
            image.lost = image.kept is None and not transfer and not image.is_target
            if image.lost:
                continue
            self._create_texture_command(texture)
            if image.is_target:
                continue
            if transfer:
                self._submission.encoder.texture_upload(texture, transfer)
            else:
                self._write_texture(texture)
        for mesh, record in self.meshes.items():
            transfer = self._backup("mesh", mesh)
            record.lost = record.kept is None and not transfer
            if record.lost:
                continue
            if transfer:
                self._upload_mesh(record, transfer)
            else:
                self._write_mesh(record)
            self._create_mesh_command(mesh)
        self.shaders.restore()
        self._materials.restore(self.textures)
        spreads, self.spreads = self.spreads, {}
        for spread in spreads.values():  # in one go now
            spread.done()
        return self.lost_count

    def _backup(self, kind: Kind, resource: int) -> int:
        return self.backups.try_get(kind, resource) if self.backups else 0

    def is_lost(self, primitives: Sequence[Primitive]) -> bool:
        """Whether one of them can't be drawn any more, since the device was lost."""
        return any(self.meshes[p.mesh].lost or self.materials[p.material].lost for p in primitives)

    @property
    def lost_count(self) -> int:
        """Resources whose contents went with the device and whose owners have not let go yet."""
        groups: tuple[dict[int, MeshRecord] | dict[int, TextureRecord] | dict[int, MaterialRecord], ...]
        groups = (self.meshes, self.textures, self.materials)
        return sum(record.lost for group in groups for record in group.values())

    def check_invariants(self) -> None:
        """Raises AssertionError where ledgers, pages and records contradict one another."""
        for part in (self.ledger, self.committed, self._vertices, self._indices):
            part.check_invariants()
