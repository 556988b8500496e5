"""Content: one model from its URL to the GPU. Implements ports.Content; loader.py makes it.

Owns: the transfers, Layer bytes and GPU handles of one model, in every state. Never blocks: `step()` does what
can be done now. Every byte that JavaScript will hold is reserved first: files before they are fetched (their
size, or an estimate that grows when it was too small), meshes by their exact size, images by what their decode
holds: the full size as well where they are scaled. Each is given back as early as can be: a file once nothing reads
it any more, a built mesh or decoded image once it is uploaded (then it may stay as a backup, memory/backups.py).

    file --fetched, parsed--> buffers, images --held--> builds, decodes --held--> uploads --> ready
                              (a large texture's smallest levels are enough; its others follow, gpu/spreading.py)
      ^-- backed off: everything given back, from the start (loader.py says when)

Images beside a model are no part of it: it shares them with others, and is shown without those that fail (borrowed.py).
Limits: what gltf.py, accessors.py and primitives.py say; images up to IMAGE_SIDE_MAX on a side.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import TYPE_CHECKING

from layerw.assets import gltf
from layerw.assets.borrowed import Borrowed, BorrowedImages
from layerw.assets.held import Held
from layerw.assets.instance_lights import read_instance_lights
from layerw.assets.jobs import (
    BUSY,
    DONE,
    HELD,
    IDLE,
    SHOWN,
    ImageJob,
    Job,
    MeshJob,
    ReadJob,
    Source,
    Work,
    decode_bytes,
    jobs_of,
    packed_sources,
)
from layerw.assets.materials import MaterialKey, TextureDesc
from layerw.assets.nodes import TILE_LIGHTS_MAX
from layerw.assets.packed import unpack_words
from layerw.assets.plan import MAIN, ContentPlan, SourceKey, SourcePlan, identity_of, image_plan, left_out, make_plan
from layerw.assets.primitives import descriptor
from layerw.assets.results import (
    places_of,
    primitives_of,
    splat_primitives,
    splat_values,
    too_large,
    with_textures,
)
from layerw.assets.rigs import read_rig
from layerw.base.errors import BudgetError, LayerwError
from layerw.base.healing import Failure, failure_of
from layerw.base.ports import (
    F64,
    FileFacts,
    MadeSplats,
    NodeDesc,
    OpenImage,
    Primitive,
    Rig,
    SharedImage,
    TransferDone,
    TransferFailed,
)
from layerw.base.tile_style import TileStyle
from layerw.gpu import spec

if TYPE_CHECKING:
    from layerw.assets.loader import GltfLoader
    from layerw.assets.outer_models import OuterModels

ESTIMATE_BYTES = 256 * 1024  # of a file whose size nobody said
IMAGE_SIDE_MAX = 8192
URL_CHARS = 96  # of a URL in messages


class GltfContent:
    """See ports.Content. Made by GltfLoader.try_open."""

    def __init__(self, loader: GltfLoader, url: str, *, priority: float, flatten: F64 | None, size_bytes: int,
                 max_texture_side: int, sha256: str, flags: int, ticket: int, image: TextureDesc | None,
                 open_image: OpenImage | None, scene: str | int | None = None,
                 style: TileStyle | None = None, only_surfaces: bool = False) -> None:  # fmt: skip
        self.url, self.priority, self.ticket = url, priority, ticket
        self.state, self.error, self.failure, self.identity = "loading", "", Failure.NONE, ""
        self._held = Held(loader.transfers, loader.ledger, loader.backups)
        self._own_gpu_bytes = 0
        self.primitives: list[Primitive] = []
        self.nodes: list[NodeDesc] = []
        self.rig: Rig | None = None
        self.facts: FileFacts | None = None
        self.materials: dict[str, int] = {}
        self.material_numbers: dict[int, list[int]] = {}
        self._scene, self._style, self._only_surfaces = scene, style, only_surfaces
        self.warnings: list[str] = []
        self.serial = False  # one job at a time: the last try before "does not fit"
        self.waits_for_bytes = 0  # the last reservation that was refused in this step
        self.waits_for_gpu = 0  # bytes of the last upload that was refused in this step
        self._loader, self._flatten, self._sha256 = loader, flatten, sha256
        self._flags, self._image = flags, image
        self._max_side = max_texture_side
        self._main = Source(plan=SourcePlan(url, size_bytes), kind=spec.FETCH_BLOB if image else spec.FETCH_MODEL,
                            need_bytes=size_bytes or ESTIMATE_BYTES)  # fmt: skip
        self._payload: bytes | None = None
        self._outer: OuterModels | None = None  # of a tile
        self._plan: ContentPlan | None = None
        self._sources: dict[SourceKey, Source] = {MAIN: self._main}
        self._jobs: list[Job] = []
        self._textures: dict[TextureDesc, ImageJob] = {}
        self._borrowed = BorrowedImages(open_image, max_texture_side)
        self._materials: dict[MaterialKey, int] = {}
        self._splats: list[MadeSplats] = []
        self._open = True

    # -- ports.Content ---------------------------------------------------------------------------

    def step(self) -> None:
        """Do what can be done now."""
        if not self._open or self.state == "failed":
            return
        if self.state == "ready":
            return self._heal()
        self.waits_for_bytes = self.waits_for_gpu = 0
        try:
            if self._plan is None:
                self._open_file()
                if self.identity:  # before any work: whoever asked for it may hold the same file already
                    return
            if self._plan is not None:
                self._work()
        except LayerwError as error:
            self.fail(f"{self.url[:URL_CHARS]}: {error}", self._broken)
        except Exception as error:  # a mistake of the engine's: this content's alone
            self.fail(f"{self.url[:URL_CHARS]}: layerw could not read it ({error!r}).", self._broken)
        if self.waits_for_bytes and self.state == "loading":
            self._loader.starved(self)

    def set_priority(self, priority: float) -> None:
        """Of the fetches that have not ended, and of those to come."""
        changed, self.priority = priority != self.priority, priority
        for source in self._sources.values():
            if changed and source.state == BUSY:
                self._loader.transfers.set_priority(source.transfer, priority)

    def release(self) -> None:
        """Free everything; the content is of no use afterwards."""
        if self._open:
            self._open = False
            self._drop()
            self._loader.forget(self)

    @property
    def layer_bytes(self) -> int:
        """Reserved now."""
        return self._held.bytes

    @property
    def asset(self) -> int:
        """What its backups belong to."""
        return self._held.asset

    @property
    def gpu_bytes(self) -> int:
        """Charged now, for images that it shares as well."""
        return self._own_gpu_bytes + self._borrowed.gpu_bytes

    @property
    def missing(self) -> list[SharedImage]:
        """The images beside it that it is shown without."""
        return self._borrowed.missing if self.state == "ready" else []

    @property
    def progress(self) -> float:
        """See ports.GpuContent; the file itself counts as one."""
        if self.state == "ready":
            return 1.0
        work = self._all_work()
        return sum(one.state in (HELD, SHOWN, DONE) for one in work) / len(work) if self._plan is not None else 0.0

    @property
    def rests(self) -> bool:
        """Whether it waits for nothing but images that it shares, and so has nothing to give back."""
        return self._plan is not None and not self.layer_bytes and all(job.state == DONE for job in self._jobs)

    @property
    def picture(self) -> tuple[int, int, int]:
        """Of a file that is an image, once it is ready: its texture's handle, width and height."""
        job = next(iter(self._textures.values()))
        return job.handle, job.a, job.b

    # -- for the loader --------------------------------------------------------------------------

    @property
    def rank(self) -> tuple[float, int]:
        """Who goes first: higher priority, then who came first."""
        return self.priority, -self.ticket

    @property
    def in_flight(self) -> bool:
        """Whether something was asked for that has not answered yet."""
        return any(work.state == BUSY for work in self._all_work())

    def back_off(self, *, serial: bool) -> None:
        """Give everything back and start again when there is room."""
        self.serial = serial
        self._drop()
        self._main.state, self._main.users, self._payload, self._plan = IDLE, 0, None, None
        self._outer = None
        self._sources, self._jobs, self._textures = {MAIN: self._main}, [], {}
        self.state, self.identity = "loading", ""

    @property
    def _broken(self) -> Failure:
        """What a fault in the bytes means: those that a hash proves are the right ones, and never get better."""
        return Failure.FINAL if self._sha256 and len(self._sources) == 1 else Failure.WRONG

    def fail(self, error: str, failure: Failure) -> None:
        """Free everything and keep the reason."""
        self.state, self.error, self.failure = "failed", error, failure
        self._drop()
        self._loader.forget(self)

    def try_start_file(self) -> bool:
        """The first reservation and the fetch; False when there is no room now."""
        return self._try_fetch(self._main, self._sha256)

    # -- the steps -------------------------------------------------------------------------------

    def _open_file(self) -> None:
        if self._main.state == IDLE and self._loader.may_begin(self):
            self._try_fetch(self._main, self._sha256)
        if self._payload is None:
            return
        if self._image is None and not self._outer_are_here(self._payload[self._json_from:]):
            return
        payload, self._payload = self._payload, None
        if self._image is not None:
            self._plan = plan = image_plan(self._image)
        else:
            json_from, outer = self._json_from, self._outer.documents() if self._outer else None
            doc = gltf.parse(payload[json_from:], self._main.held_bytes or -1, outer)
            plan = make_plan(doc, self.url, self._flatten, self._scene, self._style,
                             only_surfaces=self._only_surfaces)  # fmt: skip
            self._plan, self.warnings, self.identity = plan, plan.warnings, identity_of(payload[:json_from], plan)
        for key, source in plan.sources.items():
            if self._borrowed.takes(plan, key):
                continue
            if self._outer is not None and source.url in self._outer.sources:
                self._sources[key] = self._outer.sources[source.url]
                continue
            need = source.size_bytes or ESTIMATE_BYTES
            self._sources[key] = Source(plan=source, kind=spec.FETCH_BLOB, need_bytes=need)
        packed_sources(plan, self._sources)
        self._jobs, self._textures = jobs_of(plan, self._sources, self._loader.gpu)
        for fetched in (self._main, *(self._outer.sources.values() if self._outer else ())):
            if fetched.users == 0:
                self._held.free(fetched)

    @property
    def _json_from(self) -> int:
        """Where the JSON begins in what came."""
        return spec.DIGEST_BYTES if self._flags & spec.FETCH_DIGEST else 0

    def _outer_are_here(self, payload: bytes) -> bool:
        """Whether all that is in other files is here of what a tile's instances are made of; else it is fetched."""
        if not payload.startswith(gltf.PARTS_BEGIN):
            return True
        if self._outer is None:
            from layerw.assets.outer_models import OuterModels  # tiles of 3D Tiles 1.0 alone need it

            self._outer = OuterModels(self.url, payload, ESTIMATE_BYTES)
            self._sources.update({("outer", number): source
                                  for number, source in enumerate(self._outer.sources.values())})  # fmt: skip
        for source in self._outer.sources.values():
            self._try_source(source)
        return self.state == "loading" and all(source.state == HELD for source in self._outer.sources.values())

    def _work(self) -> None:
        open_jobs = [job for job in self._jobs if job.state not in (SHOWN, DONE)]
        for job in open_jobs[:1] if self.serial else open_jobs:
            for source in job.sources:
                self._try_source(source)
            if job.state == IDLE and all(source.state == HELD for source in job.sources):
                self._try_job(job)
            if job.state == HELD:
                self._try_upload(job)
            if not self._open or self.state == "failed":
                return
        self._borrowed.step(self.priority)
        if all(job.state in (SHOWN, DONE) for job in self._jobs) and self._borrowed.are_over:
            self._finish()
        elif all(job.state in (HELD, SHOWN, DONE) for job in self._jobs):
            self.state = "uploading"

    def _try_source(self, source: Source) -> None:
        """Begins to get a file, or what is unpacked, once what it reads is here."""
        if source.state != IDLE or source.waits:
            return
        if source.packed is None:
            self._try_fetch(source, "")
            return
        for part in source.inputs.values():
            self._try_source(part)
        ready = all(part.state == HELD for part in source.inputs.values())
        if self.state == "failed" or not ready or not self._reserve(source, source.need_bytes):
            return
        words = unpack_words(source.packed, {buffer: part.transfer for buffer, part in source.inputs.items()})
        source.state = BUSY
        source.transfer = self._loader.transfers.unpack(words, on_done=partial(self._unpacked, source),
                                                        on_failed=partial(self._unpack_failed, source))  # fmt: skip

    def _try_fetch(self, source: Source, sha256: str) -> bool:
        if not self._reserve(source, source.need_bytes):
            return False
        source.state = BUSY
        source.transfer = self._loader.transfers.fetch(
            source.plan.url, source.kind, max_bytes=source.reserved_bytes, priority=self.priority, sha256=sha256,
            flags=self._flags,
            on_done=partial(self._fetched, source), on_failed=partial(self._fetch_failed, source))  # fmt: skip
        return True

    def _try_job(self, job: Job) -> None:
        need = job.need_bytes
        if isinstance(job, ImageJob) and job.is_large and not self._loader.may_decode_large(job):
            return
        if isinstance(job, ImageJob) and not job.size_known:
            # Ask with a guess where there is plenty of room; else only ask for the size.
            guess = 4 * self._max_side * self._max_side
            need = guess if guess and self._loader.left_bytes() >= 4 * guess else 0
        transfers = self._loader.transfers
        done, failed = partial(self._job_done, job), partial(self._job_failed, job)
        if isinstance(job, MeshJob) and job.plan is not None:
            words = descriptor(job.plan, {buffer: source.transfer for buffer, source in job.buffers.items()})
            job.block = self._loader.try_block(need)
            if not job.block and not self._reserve(job, need):
                return
            job.state = BUSY
            job.transfer = transfers.build_mesh(words, block=job.block, on_done=done, on_failed=failed)
        elif isinstance(job, ReadJob) and job.numbers is not None:
            if not self._reserve(job, job.numbers.hold({buffer: source.held_bytes for buffer, source in
                                                        job.buffers.items()})):  # fmt: skip
                return
            job.state = BUSY
            ranges = job.numbers.ranges({buffer: source.transfer for buffer, source in job.buffers.items()})
            job.transfer = transfers.read(ranges, on_done=done, on_failed=failed)
        elif isinstance(job, ImageJob) and job.plan is not None:
            if not self._reserve(job, need):
                return
            job.state = BUSY
            job.transfer = transfers.decode_image(
                job.sources[0].transfer, offset=job.plan.offset, size_bytes=job.plan.size_bytes, max_bytes=need,
                max_side=self._max_side, directions=job.plan.desc.directions, on_done=done,
                on_failed=failed)  # fmt: skip

    def _try_upload(self, job: Job) -> None:
        size = job.try_upload(self._loader.gpu, partial(self._whole, job))
        if job.handle:
            self._own_gpu_bytes += size
            if job.handle in self._loader.gpu.spreads:
                job.state = SHOWN
            else:
                self._held.keep(job)
            self._loader.progressed()
        else:
            self.waits_for_gpu = size

    def _whole(self, job: Job) -> None:
        """A large texture has come to its last row."""
        if job.state == SHOWN:
            self._held.keep(job)
            self._loader.progressed()

    def _finish(self) -> None:
        plan, gpu = self._plan, self._loader.gpu
        assert plan is not None
        payload = next((job.payload for job in self._jobs if isinstance(job, ReadJob)), b"")
        if plan.splats and not self._make_splats(plan, payload):
            return
        for index, material in plan.materials.items():
            self._materials[index] = gpu.create_material(with_textures(material, self._shown_textures))
        self.primitives = primitives_of(plan, self._jobs, self._materials, places_of(plan, payload, self.warnings),
                                        self.warnings)  # fmt: skip
        self.primitives += splat_primitives(plan, self._splats)
        self.nodes, self.facts = plan.nodes, plan.facts
        if plan.lights:
            assert plan.rig is not None
            room = max(TILE_LIGHTS_MAX - len(self.nodes), 0)
            self.nodes = self.nodes + read_instance_lights(plan.lights, plan.rig.numbers, payload, room, self.warnings)
        for (number, _), material in plan.materials.items():
            self.materials.setdefault(material.name or f"material {number}", self._materials[number, _])
            self.material_numbers.setdefault(number, []).append(self._materials[number, _])
        if plan.rig is not None and (self._flatten is None or self._only_surfaces or plan.moves):
            self.rig = read_rig(plan.rig, payload, self.warnings)
        self.warnings += self._borrowed.warnings
        self.state = "ready"
        self._loader.forget(self)

    def _make_splats(self, plan: ContentPlan, payload: bytes) -> bool:
        """Once there is room for them; whether all are there."""
        assert plan.rig is not None
        while len(self._splats) < len(plan.splats):
            one = plan.splats[len(self._splats)]
            try:
                made = self._loader.make_splats(one, splat_values(one, plan.rig.numbers, payload))
            except BudgetError as error:
                self.state, self.waits_for_gpu = "uploading", max(error.needed_bytes, 1)
                return False
            self._splats.append(made)
            self._own_gpu_bytes += made.gpu_bytes
            self._loader.progressed()
        return True

    @property
    def _shown_textures(self) -> dict[TextureDesc, ImageJob | Borrowed]:
        return {**self._textures, **self._borrowed.shown}

    def _heal(self) -> None:
        """Shows images that came after it was shown without them."""
        healed = self._borrowed.step(self.priority)
        if healed and self._plan is not None:
            self.warnings = [text for text in self.warnings if text not in healed]
            for index, material in self._plan.materials.items():
                self._loader.gpu.write_material(self._materials[index], with_textures(material, self._shown_textures))

    # -- answers ---------------------------------------------------------------------------------

    def _fetched(self, source: Source, event: TransferDone) -> None:
        self._loader.progressed()
        source.state, source.held_bytes = HELD, event.held_bytes
        self._held.shrink(source, event.held_bytes)
        if source is self._main:
            self._payload = event.payload
        elif source.kind == spec.FETCH_MODEL and self._outer is not None:
            self._outer.take(source, event.payload[self._json_from:])
        elif source.plan.size_bytes > event.held_bytes:
            self.fail(f"{source.plan.url[:200]} has {event.held_bytes} bytes, but the model says that it has "
                      f"{source.plan.size_bytes}.", Failure.WRONG)  # fmt: skip

    def _fetch_failed(self, source: Source, event: TransferFailed) -> None:
        self._loader.progressed()
        asked = source.reserved_bytes
        known = source is self._main and self._sha256 and source.plan.size_bytes  # a larger one is another file
        if event.code == spec.FAIL_TOO_LARGE and event.a > asked and not known:
            self._held.free(source)
            source.state, source.need_bytes = IDLE, event.a
            return self._check_fits(event.a, source.plan.url[:200], Failure.WRONG)
        images = [job for job in self._jobs if isinstance(job, ImageJob) and source in job.sources]
        if images and source is not self._main and self._may_leave_out(event):
            for job in images:
                self._leave_out(job, event.message)
            return
        name = source.plan.url[:200]
        text = event.message or f"{name} failed with code {event.code}."
        of_another = self._outer is not None and source is not self._main and name not in text
        self.fail(f"{name}: {text}" if of_another else text, failure_of(event.code, event.a))

    def _unpacked(self, source: Source, event: TransferDone) -> None:
        self._loader.progressed()
        source.state, source.held_bytes = HELD, event.held_bytes
        self._held.shrink(source, event.held_bytes)
        self._let_go(source.inputs.values())

    def _unpack_failed(self, source: Source, event: TransferFailed) -> None:
        self._loader.progressed()
        unreachable = event.code in (spec.FAIL_ABORTED, spec.FAIL_NETWORK)
        self.fail(f"{self.url[:URL_CHARS]}: {event.message}", Failure.UNREACHABLE if unreachable else self._broken)

    def _job_done(self, job: Job, event: TransferDone) -> None:
        self._loader.progressed()
        if self._ended_unwanted(job):
            return
        job.state, job.a, job.b, job.payload = HELD, event.a, event.b, event.payload
        self._held.shrink(job, event.held_bytes)
        if isinstance(job, ReadJob):
            self._held.free(job)  # it is Python's now
            self._color(event.payload)
        self._let_go(job.sources)

    def _color(self, payload: bytes) -> None:
        """What is coloured by columns goes on, now that they are read."""
        plan = self._plan
        for key, palette in plan.palettes.items() if plan is not None else ():
            assert plan is not None and plan.rig is not None
            source = self._sources[key]
            assert source.packed is not None
            source.packed = source.packed.with_rows(palette.rows(plan.rig.numbers, payload, self.warnings))
            source.waits = False

    def _ended_unwanted(self, job: Job) -> bool:
        """Whether an abandoned decode ended just now: it gives back what it kept."""
        if not isinstance(job, ImageJob) or not job.abandoned:
            return False
        job.free(self._loader.transfers, self._loader.ledger)
        job.state = DONE
        return True

    def _job_failed(self, job: Job, event: TransferFailed) -> None:
        self._loader.progressed()
        if self._ended_unwanted(job):
            return
        job.state = IDLE
        if event.code == spec.FAIL_TOO_LARGE and isinstance(job, ImageJob) and max(event.a, event.b) <= IMAGE_SIDE_MAX:
            need = decode_bytes(event.a, event.b, self._max_side)
            if need > job.reserved_bytes:
                self._held.free(job)
                job.state, job.size_known, job.need_bytes = IDLE, True, need
                job.is_large = need > 4 * event.a * event.b
                self._check_fits(need, f"Decoding an image of {event.a} x {event.b} pixels", self._broken)
                return
        if isinstance(job, ImageJob) and self._may_leave_out(event):
            return self._leave_out(job, event.message)
        self.fail(event.message or f"Decoding failed with code {event.code}.",
                  Failure.UNREACHABLE if event.code == spec.FAIL_ABORTED else self._broken)  # fmt: skip

    def _may_leave_out(self, event: TransferFailed) -> bool:
        """Whether it shows without an image: a model does; a tile asks again, where another answer could heal it."""
        if self._image is not None:
            return False
        if self._flatten is None:
            return event.code != spec.FAIL_ABORTED
        return event.code in (spec.FAIL_FORMAT, spec.FAIL_TOO_LARGE) and self._broken is Failure.FINAL

    def _leave_out(self, job: ImageJob, reason: str) -> None:
        """Goes on without an image that can't be shown; `warnings` says which."""
        assert self._plan is not None and job.plan is not None
        self.warnings.append(left_out(self._plan, job.plan.desc, reason or "it can't be decoded."))
        self._textures.pop(job.plan.desc, None)
        self._held.free(job)
        self._let_go(job.sources)

    def _let_go(self, sources: Iterable[Source]) -> None:
        """Files that nothing reads any more are given back."""
        for source in sources:
            source.users -= 1
            if source.users == 0:
                self._held.free(source)

    # -- bytes -----------------------------------------------------------------------------------

    def _reserve(self, work: Work, size_bytes: int) -> bool:
        self._check_fits(size_bytes, self.url, Failure.WRONG)
        if self.state == "failed":
            return False
        if not self._held.try_reserve(work, size_bytes):
            self.waits_for_bytes = size_bytes
            return False
        return True

    def _check_fits(self, size_bytes: int, what: str, failure: Failure) -> None:
        if size_bytes > self._loader.ledger.open_bytes:
            self.fail(too_large(what, size_bytes, self._loader.ledger), failure)

    def _all_work(self) -> list[Work]:
        return [*self._sources.values(), *self._jobs]

    def _drop(self) -> None:
        for work in self._all_work():
            self._held.free(work)
        gpu = self._loader.gpu
        for material in self._materials.values():
            gpu.destroy_material(material)
        for job in self._jobs:
            job.free_upload()
        self._materials.clear()
        for made in self._splats:
            made.end()
        self._splats.clear()
        self._borrowed.release()
        self.primitives, self.nodes, self.rig, self.facts = [], [], None, None
        self.materials.clear()
        self.material_numbers = {}
        self._own_gpu_bytes = 0
        self._held.close_asset()
        self._loader.progressed()
