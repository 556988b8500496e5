"""All splats of a program: fetched, charged, kept on the GPU in the order in which they are drawn.

Owns: per cloud a texture with its splats, a mesh with their order and a material, and both ledgers' bytes for as
long as its entity lives, and what a frame sorts of them, which goes round. A cloud is drawn once it is in order.
Limits: files of FILE_BYTES_MAX; a new order is uploaded as a whole, 4 bytes a splat.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from layerw.base import checks
from layerw.base.addresses import checked_address, shown
from layerw.base.distinct import among
from layerw.base.errors import BudgetError, LayerwError
from layerw.base.mathx import matrix_from_quat
from layerw.base.outcomes import FAILED, READY, Outcomes
from layerw.base.ports import F32, F64, MadeSplats, MaterialDesc, SplatParts, TransferDone, TransferFailed
from layerw.drawing.watched import largest
from layerw.frame.subsystems import SubsystemPort
from layerw.gpu import spec
from layerw.scene.camera import CameraFrame
from layerw.scene.entity import Entity
from layerw.splats.eye import from_eye, seen_from
from layerw.splats.files import Arrays, SplatError, checked_count, read_splats
from layerw.splats.harmonics import DEGREE_MAX
from layerw.splats.jobs import SortJobs
from layerw.splats.order import ALLOWANCE, BYTES_EACH, SLICE, DepthOrder, sort_bytes
from layerw.splats.packing import TEXELS, new_words, pack, positions_of, size_bytes
from layerw.splats.splats import Splats, given_arrays

FILE_BYTES_MAX = 256 * 1024 * 1024
PRIORITY = 0.8e6  # after models and sounds, before tiles
REACH = 3.4  # standard deviations that a splat is seen to
TOPOLOGY = spec.TOPOLOGIES.index("splats")
FLAGS = spec.MATERIAL_NO_SHADOW | spec.MATERIAL_DOUBLE_SIDED
LINEAR, SMOOTH = 1, 2  # what shaders know of a cloud


class Cloud:
    """One, on the GPU: a texture that has its splats, a mesh that has their order. splats: as a program holds them;
    None: a model or a tile has it."""

    def __init__(self, splats: Splats | None, order: DepthOrder, degree: int, texture: int, mesh: int, material: int,
                 heap_bytes: int) -> None:  # fmt: skip
        self.splats, self.order, self.degree, self.heap_bytes = splats, order, degree, heap_bytes
        self.texture, self.mesh, self.material = texture, mesh, material
        self.count = len(order.order)
        self.on_gpu = not heap_bytes  # whether that sorts it
        self._work: Iterator[int] | None = None
        self._next = 0  # how many its next step works on

    @property
    def waits(self) -> bool:
        """Whether it is being sorted and goes on when it may."""
        return self._work is not None

    def step(self, matrix: F64, offset: F64, left: int) -> tuple[int, bool]:
        """Sorts as much as is left of a frame's ALLOWANCE; what is left then, and whether there is a new order. A step
        that is larger than the allowance has a frame to itself."""
        if self._work is None:
            if not self.order.is_stale(matrix, offset):
                return left, False
            self._work = self.order.renew(matrix, offset)
            self._next = next(self._work)
        while self._next <= left or left == ALLOWANCE:
            left = max(left - self._next, 0)
            self._next = next(self._work, 0)
            if not self._next:
                self._work = None
                return left, True
        return left, False


class Clouds:
    """The subsystem "splats"."""

    def __init__(self, port: SubsystemPort) -> None:
        self._port = port
        self._clouds: list[Cloud] = []
        self._waiting: dict[int, tuple[Splats, int]] = {}  # by transfer, with the degree of harmonics that is kept
        self._on_gpu = self._has_compute()
        self._jobs = SortJobs(port.layer, port.config.budgets.mesh_bytes // 2, port.log)
        self._restores = port.resources.store.restores
        self._scratch_bytes = 0  # of the GPU: what sorts the largest there

    def hooks(self) -> Mapping[str, Callable[..., Any]]:
        """See Subsystem."""
        return {"placed": self._placed, "report": self._report}

    def make(self, source: Any, scale: Any, rotation: Any, color: Any, harmonics: Any, degree: int) -> Splats:
        """See App.splats."""
        checks.whole("splats degree", degree, 0, DEGREE_MAX)
        if isinstance(source, np.ndarray | list | tuple):
            arrays = given_arrays(source, scale, rotation, color, harmonics, degree)
            splats = self._empty("")
            try:
                self._show(splats, arrays)
            except Exception:
                splats.destroy()
                raise
            return splats
        url = checked_address(source, "splats")
        splats = self._empty(url)
        room = max(min(FILE_BYTES_MAX, self._port.heap_ledger.left_bytes), 1)
        transfer = self._port.transfers.fetch(
            url, spec.FETCH_BYTES, max_bytes=room, priority=PRIORITY,
            on_done=self._came, on_failed=self._failed)  # fmt: skip
        self._waiting[transfer] = splats, degree
        return splats

    def _empty(self, url: str) -> Splats:
        table = self._port.table
        return Splats(Entity(table, table.spawn(1, mesh=0, material=0, radius=0.0)), url,
                      Outcomes(self._port.user.call))  # fmt: skip

    # -- files -------------------------------------------------------------------------------------

    def _came(self, event: TransferDone) -> None:
        splats, degree = self._waiting.pop(event.transfer)
        data = event.payload
        self._port.transfers.release(event.transfer)
        if not splats.alive:
            return
        try:
            with _Charged(self._port, f"Reading {shown(splats.url)}") as charged:
                arrays = read_splats(data, charged.add, degree)
            self._show(splats, arrays)
        except (LayerwError, MemoryError) as error:
            self._refuse(splats, str(error) or type(error).__name__)
        else:
            splats._outcomes.tell(READY)

    def _failed(self, event: TransferFailed) -> None:
        splats, _ = self._waiting.pop(event.transfer)
        self._port.transfers.release(event.transfer)
        text = event.message
        if event.code == spec.FAIL_TOO_LARGE:
            text = f"{text.rstrip('.')}; files of splats have at most {FILE_BYTES_MAX >> 20} MiB."
        self._refuse(splats, text)

    def _refuse(self, splats: Splats, text: str) -> None:
        if not text.endswith("."):
            text += "."
        splats._state, splats._error = "failed", f"{shown(splats.url)}: {text}"
        self._port.log.error(f"The splats {splats._error}")
        splats._outcomes.tell(FAILED)

    # -- the GPU -----------------------------------------------------------------------------------

    def _has_compute(self) -> bool:
        return self._port.host.options(again=True).get("backend") == "webgpu"

    def _may_sort(self, count: int) -> bool:
        """Whether the GPU sorts so many: there is room for what that takes."""
        if not self._on_gpu:
            return False
        more = sort_bytes(count) - self._scratch_bytes
        if more > 0:
            if not self._port.resources.store.try_charge(more):
                return False
            self._scratch_bytes += more
        return True

    def _look_again(self) -> None:
        """After a lost device: it may have come back as another one, and no order is left there."""
        store = self._port.resources.store
        if store.restores == self._restores:
            return
        self._restores, self._on_gpu = store.restores, self._has_compute()
        for cloud in self._clouds:
            if cloud.on_gpu:
                cloud.order.forget()
            if cloud.on_gpu and not self._on_gpu:
                needed = cloud.count * BYTES_EACH
                if not self._port.heap_ledger.try_reserve(needed):
                    self._port.log.error(f"There is no room to sort {cloud.count:,} splats; their order is wrong.")
                    continue
                cloud.heap_bytes, cloud.on_gpu = needed, False

    def _show(self, splats: Splats, arrays: Arrays) -> None:
        """Raises BudgetError: then nothing is kept."""
        cloud = self._made(splats, arrays)
        table, row = self._port.table, splats.entity.first_row
        table.set_material(row, cloud.material)  # the mesh follows once it is in order
        table.radius[row] = min(largest(arrays.position)[0] + REACH * float(arrays.scale.max()), 1e18)
        table.columns["scale"].touch(row, 1)
        splats._count, splats._degree, splats._state = cloud.count, cloud.degree, "ready"

    def take(self, parts: SplatParts, values: Callable[[str], F32]) -> MadeSplats:
        """Those of a model or a tile. Raises SplatError, BudgetError: then nothing is kept."""
        from layerw.splats.gltf_files import taken, taking_bytes

        checked_count(parts.count, "the file")
        self._check_room(parts, taking_bytes(parts))
        with _Charged(self._port, f"Reading {parts.count:,} splats") as charged:
            charged.add(taking_bytes(parts))
            arrays = taken(values, parts)
            cloud = self._made(None, arrays)
        low, high = arrays.position.min(axis=0).astype(np.float64), arrays.position.max(axis=0).astype(np.float64)
        x, y, z = (0.5 * (low + high)).tolist()
        radius = 0.5 * float(np.linalg.norm(high - low)) + REACH * float(arrays.scale.max())

        def end() -> None:
            if cloud in self._clouds:
                self._clouds.remove(cloud)
                self._end(cloud)

        gpu_bytes = size_bytes(cloud.count, cloud.degree) + 4 * cloud.count
        return MadeSplats(cloud.mesh, cloud.material, (x, y, z), min(radius, 1e18), gpu_bytes, end)

    def _check_room(self, parts: SplatParts, taking: int) -> None:
        """Before anything of them is made: they are asked for again each frame while the GPU has no room. Memory for
        reading them is not waited for, as nothing is put out for it. Raises BudgetError, SplatError."""
        store, heap, count = self._port.resources.store, self._port.heap_ledger, parts.count
        texture_bytes = size_bytes(count, parts.degree)
        needed = taking + 2 * texture_bytes + (4 + BYTES_EACH) * count
        if not heap.try_reserve(needed):
            raise SplatError(str(heap.no_room(needed, f"Reading {count:,} splats")))
        heap.release(needed)
        if not store.try_charge(texture_bytes):
            raise BudgetError(f"The GPU has no room for {count:,} splats.", needed_bytes=texture_bytes + 4 * count,
                              left_bytes=store.left_bytes)  # fmt: skip
        store.uncharge(texture_bytes)

    def _made(self, splats: Splats | None, arrays: Arrays) -> Cloud:
        """Raises BudgetError: then nothing is kept."""
        store, ledger = self._port.resources.store, self._port.heap_ledger
        count, degree = len(arrays.position), arrays.harmonics.degree
        # What sorts them; the store adds what it keeps.
        heap_bytes = 0 if self._may_sort(count) else count * BYTES_EACH
        mesh = material = texture = 0
        ledger.reserve(heap_bytes, f"{count:,} splats")
        try:
            with _Charged(self._port, f"{count:,} splats") as charged:
                charged.add(size_bytes(count, degree))  # until the store has it
                words = new_words(count, degree)
            for _ in pack(arrays, words, SLICE):
                pass
            order = DepthOrder(positions_of(words, count, degree))
            texture = store.create_words(words)
            elements = order.elements.view(np.uint8)
            mesh = store.create_packed((elements, np.zeros(0, np.uint8)), len(order.elements) // spec.SPLATS_EACH, 0,
                                       TOPOLOGY)  # fmt: skip
            flags = (LINEAR if arrays.is_linear else 0) | (SMOOTH if arrays.is_smooth else 0)
            material = store.create_material(MaterialDesc(
                "splats", FLAGS, base_color_texture=texture,
                numbers=(float(TEXELS[degree]), float(degree), arrays.harmonics.step, float(flags))))  # fmt: skip
        except Exception:
            self._free(mesh, material, texture)
            ledger.release(heap_bytes)
            raise
        self._port.visibility.set_list(material, ("splats", 0))
        cloud = Cloud(splats, order, degree, texture, mesh, material, heap_bytes)
        self._clouds.append(cloud)
        return cloud

    def _free(self, mesh: int, material: int, texture: int) -> None:
        store = self._port.resources.store
        if mesh:
            store.destroy_mesh(mesh)
        if material:
            store.destroy_material(material)
        if texture:
            store.destroy_texture(texture)

    def _placed(self) -> None:
        self._look_again()
        self._sweep()
        self._port.environment._has_splats = bool(self._clouds)
        if not self._clouds:
            return
        done = self._jobs.finished()
        if done is not None:
            self._has_order(done)
            self._clouds.remove(done)  # the next one's turn is before its
            self._clouds.append(done)
        camera, left, seen = self._port.camera(), ALLOWANCE, self._held()
        for at, cloud in enumerate(self._clouds):
            place = self._place(cloud, camera) if cloud.splats is not None else seen.get(cloud.mesh)
            if place is None:
                continue
            matrix, offset = place
            if not (np.isfinite(matrix).all() and np.isfinite(offset).all()):
                continue
            if cloud.on_gpu:
                self._sort(cloud, matrix, offset)
                continue
            if not cloud.waits and self._jobs.take(cloud, matrix, offset):
                continue
            left, is_new = cloud.step(matrix, offset, left)
            if is_new:
                self._has_order(cloud)
            if cloud.waits:  # it is the first of the next frame
                self._clouds = self._clouds[at:] + self._clouds[:at]
                break

    def _place(self, cloud: Cloud, camera: CameraFrame) -> tuple[F64, F64] | None:
        if cloud.splats is None or not cloud.splats.visible:
            return None
        return from_eye(self._port.placed(), cloud.splats.entity.first_row, camera)

    def _held(self) -> dict[int, tuple[F64, F64]]:
        """Where clouds of models and tiles are, by mesh; of one that is in several places, the nearest."""
        meshes = [cloud.mesh for cloud in self._clouds if cloud.splats is None]
        if not meshes:
            return {}
        camera, columns, table, tiles = self._port.camera(), self._port.placed(), self._port.table, self._port.tiles()
        rows = np.flatnonzero(among(table.mesh[: table.rows_used], meshes) & table.shown())
        found = [(int(table.mesh[row]), from_eye(columns, row, camera)) for row in rows.tolist()]
        for at in np.flatnonzero(among(tiles.mesh, meshes)).tolist():
            linear = matrix_from_quat(tiles.rotation[at]) @ np.diag(tiles.scale[at].astype(np.float64))
            found.append((int(tiles.mesh[at]), seen_from(linear, tiles.origin[at], camera)))
        nearest: dict[int, tuple[F64, F64]] = {}
        for mesh, place in found:
            if mesh not in nearest or np.linalg.norm(place[1]) < np.linalg.norm(nearest[mesh][1]):
                nearest[mesh] = place
        return nearest

    def _sort(self, cloud: Cloud, matrix: F64, offset: F64) -> None:
        if cloud.order.is_stale(matrix, offset, on_gpu=True):
            self._port.resources.store.sort_splats(cloud.mesh, cloud.texture, cloud.count, TEXELS[cloud.degree],
                                                   cloud.order.told(matrix, offset))  # fmt: skip
            self._draw(cloud)

    def _has_order(self, cloud: Cloud) -> None:
        self._port.resources.store.rewrite_mesh(cloud.mesh)  # its kept bytes are the order
        self._draw(cloud)

    def _draw(self, cloud: Cloud) -> None:
        if cloud.splats is not None:
            row = cloud.splats.entity.first_row
            if self._port.table.mesh[row] != cloud.mesh:
                self._port.table.set_mesh(row, cloud.mesh)

    def _sweep(self) -> None:
        gone = [cloud for cloud in self._clouds if cloud.splats is not None and not cloud.splats.alive]
        for cloud in gone:
            self._clouds.remove(cloud)
            self._end(cloud)
        for transfer in [one for one, (splats, _) in self._waiting.items() if not splats.alive]:
            del self._waiting[transfer]
            self._port.transfers.release(transfer)

    def _end(self, cloud: Cloud) -> None:
        self._jobs.end(cloud)
        if cloud.splats is not None:
            cloud.splats.destroy()
        self._port.visibility.set_list(cloud.material, None)
        self._free(cloud.mesh, cloud.material, cloud.texture)
        self._port.heap_ledger.release(cloud.heap_bytes)

    def _report(self) -> dict[str, int]:
        return {"clouds": len(self._clouds), "splats": sum(cloud.count for cloud in self._clouds),
                "loading": len(self._waiting), "sorts": sum(cloud.order.sorts for cloud in self._clouds),
                "on_gpu": sum(cloud.on_gpu for cloud in self._clouds)}

    def close(self) -> None:
        """See Subsystem."""
        for transfer in self._waiting:
            self._port.transfers.release(transfer)
        self._waiting.clear()
        for cloud in self._clouds:
            self._end(cloud)
        self._jobs.close()
        self._clouds.clear()
        self._port.resources.store.uncharge(self._scratch_bytes)
        self._scratch_bytes = 0
        self._port.environment._has_splats = False


class _Charged:
    """Bytes of the heap until a block ends."""

    def __init__(self, port: SubsystemPort, what: str) -> None:
        self._ledger, self._size, self._what = port.heap_ledger, 0, what

    def __enter__(self) -> _Charged:
        return self

    def add(self, size_bytes: int) -> None:
        """Raises BudgetError."""
        self._ledger.reserve(size_bytes, self._what)
        self._size += size_bytes

    def __exit__(self, *_: object) -> None:
        self._ledger.release(self._size)
