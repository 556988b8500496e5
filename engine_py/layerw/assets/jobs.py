"""One file, one mesh build or one image decode of a Content: its transfer and the Layer bytes reserved for it.

Owns: exactly what must be given back, so that `free` may be called at any time, any number of times.
Does not: decide when; that is content.py.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass, field

from layerw.assets.materials import TextureDesc
from layerw.assets.numbers import Numbers
from layerw.assets.packed import Packed
from layerw.assets.plan import ContentPlan, ImagePlan, SourceKey, SourcePlan
from layerw.assets.primitives import MeshPlan
from layerw.base.ports import GpuStore, Ledger, Transfers

IDLE, BUSY, HELD, SHOWN, DONE = "idle", "busy", "held", "shown", "done"


@dataclass(slots=True, eq=False)
class Work:
    """States: idle (not asked for), busy (asked for), held (JavaScript holds the result), shown (some of it is on
    the GPU as well), done (freed)."""

    state: str = IDLE
    transfer: int = 0
    reserved_bytes: int = 0
    need_bytes: int = 0  # to reserve before asking

    def free(self, transfers: Transfers, ledger: Ledger) -> int:
        """Release the transfer and its reservation; returns the bytes given back."""
        freed, self.reserved_bytes = self.reserved_bytes, 0
        if self.transfer:
            transfers.release(self.transfer)
            self.transfer = 0
        if freed:
            ledger.release(freed)
        return freed


@dataclass(slots=True, eq=False)
class Source(Work):
    """A file: the model itself, an external buffer or an image. Or bytes that are unpacked out of `inputs`."""

    plan: SourcePlan = field(default_factory=lambda: SourcePlan("", 0))
    kind: int = 0  # spec.FETCH_*
    held_bytes: int = 0
    users: int = 0  # jobs, and what is unpacked, that still read it
    packed: Packed | None = None
    waits: bool = False  # for something else that is read first
    inputs: dict[int, Source] = field(default_factory=dict)  # by the number of the buffer


@dataclass(slots=True, eq=False)
class Job(Work):
    """A mesh build or an image decode. `handle` is the GPU resource once it is uploaded."""

    sources: list[Source] = field(default_factory=list)
    handle: int = 0
    a: int = 0
    b: int = 0
    payload: bytes = b""
    destroy: Callable[[int], None] | None = None

    def try_upload(self, gpu: GpuStore, done: Callable[[], None]) -> int:
        """Puts what is held on the GPU; without room for it there `handle` stays 0. Returns the bytes that it takes.
        done: called where it comes over several frames (the store's `spreads` has its handle), at the end."""
        raise NotImplementedError

    def free_upload(self) -> None:
        """Gives the GPU resource back."""
        if self.handle and self.destroy:
            self.destroy(self.handle)
            self.handle = 0


@dataclass(slots=True, eq=False)
class MeshJob(Job):
    """`plan` says what to build; `block`: where in Layer memory (its transfer frees it), 0 = outside."""

    plan: MeshPlan | None = None
    buffers: dict[int, Source] = field(default_factory=dict)
    block: int = 0

    def try_upload(self, gpu: GpuStore, done: Callable[[], None]) -> int:
        """See Job."""
        assert self.plan is not None
        topology, uv1, posed = self.plan.topology, self.plan.has_uv1, self.plan.is_posed
        self.handle = gpu.try_mesh_from_transfer(self.transfer, self.a, self.b, topology, uv1=uv1, posed=posed)
        return gpu.mesh_bytes(self.a, self.b, topology, uv1=uv1, posed=posed)


@dataclass(slots=True, eq=False)
class ReadJob(Job):
    """`numbers` says what Python reads; `payload` is that, once it is done."""

    numbers: Numbers | None = None
    buffers: dict[int, Source] = field(default_factory=dict)


@dataclass(slots=True, eq=False)
class ImageJob(Job):
    """`plan` says what to decode. The size is known once a decode was refused for it.

    A decode that scales holds the image at full size meanwhile: `is_large`. It can't be stopped; one whose content
    let go is `abandoned` and keeps what it reserved until it answers.
    """

    plan: ImagePlan | None = None
    size_known: bool = False
    is_large: bool = False
    abandoned: bool = False

    def try_upload(self, gpu: GpuStore, done: Callable[[], None]) -> int:
        """See Job."""
        assert self.plan is not None
        family, levels = struct.unpack("<II", self.payload) if len(self.payload) == 8 else (0, 0)
        self.handle = gpu.try_texture_from_transfer(self.transfer, self.a, self.b, srgb=self.plan.desc.srgb,
                                                    sampler=self.plan.desc.sampler, family=family,
                                                    levels=levels, done=done)  # fmt: skip
        return gpu.compressed_bytes(self.a, self.b, family, levels)


def packed_sources(plan: ContentPlan, sources: dict[SourceKey, Source]) -> None:
    """Adds what is unpacked to `sources`, each a user of those that it reads."""
    for key, packed in plan.packed.items():
        inputs = {buffer: sources[plan.buffers[buffer]] for buffer in packed.buffers}
        sources[key] = Source(plan=SourcePlan("", packed.out_bytes), need_bytes=packed.work_bytes, packed=packed,
                              inputs=inputs, waits=key in plan.palettes)  # fmt: skip
        for source in inputs.values():
            source.users += 1


def jobs_of(plan: ContentPlan, sources: dict[SourceKey, Source],
            gpu: GpuStore) -> tuple[list[Job], dict[TextureDesc, ImageJob]]:  # fmt: skip
    """Builds and decodes of what lies in `sources`, which count their users; and the decodes by what they are for."""
    jobs: list[Job] = []  # what Python reads comes first: colours of meshes may wait for it
    images: dict[TextureDesc, ImageJob] = {}
    if plan.rig is not None and plan.rig.numbers.size_bytes:
        buffers = {buffer: sources[plan.buffers[buffer]] for buffer in plan.rig.numbers.buffers}
        jobs.append(ReadJob(numbers=plan.rig.numbers, buffers=buffers, sources=list(dict.fromkeys(buffers.values())),
                            need_bytes=plan.rig.numbers.size_bytes))  # fmt: skip
    for mesh in plan.meshes:
        buffers = {buffer: sources[plan.buffers[buffer]] for buffer in mesh.buffers}
        jobs.append(MeshJob(plan=mesh, buffers=buffers, sources=list(dict.fromkeys(buffers.values())),
                            need_bytes=mesh.out_bytes, destroy=gpu.destroy_mesh))  # fmt: skip
    for image in plan.images:
        if image.source in sources:
            images[image.desc] = ImageJob(plan=image, sources=[sources[image.source]], destroy=gpu.destroy_texture)
    for job in [*jobs, *images.values()]:
        for source in job.sources:
            source.users += 1
    return [*jobs, *images.values()], images


def scaled_size(width: int, height: int, max_side: int) -> tuple[int, int]:
    """Size after the longer side is brought down to `max_side`; as web/transfer/decode/scaled-size.js."""
    longest = max(width, height)
    if max_side == 0 or longest <= max_side:
        return width, height
    w, h = ((2 * side * max_side + longest) // (2 * longest) for side in (width, height))
    return max(w, 1), max(h, 1)


def decode_bytes(width: int, height: int, max_side: int) -> int:
    """What a decode holds at its peak: the image, and where it is scaled the copy; as web/transfer/decode/images.js."""
    small = scaled_size(width, height, max_side)
    return 4 * width * height + (4 * small[0] * small[1] if small != (width, height) else 0)
