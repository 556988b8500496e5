"""Large clouds in order by the threads of Layer memory, while frames go on: kernels/threads/splat_sort.c.

Owns: the jobs of one sort at a time, and a block a cloud (its places, keys, and the order to come), which stays until
the cloud ends and no thread is at it. Blocks are pinned, so they never move. What can't be (no threads, no room, a job
that failed) says no, and the cloud is sorted in slices. Limits: half of the meshes' Layer memory (lw.Budgets:
mesh_mib).
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import numpy as np

from layerw.base.log import Log
from layerw.base.ports import F64
from layerw.memory import Block, LayerMemory
from layerw.memory.app_memory import AppMemory
from layerw.splats.order import SLICE, DepthOrder

if TYPE_CHECKING:
    from layerw.splats.clouds import Cloud

COUNT_MIN = SLICE + 1  # fewer are in order within a frame anyway
FILL = 4 * SLICE  # places that a frame brings to Layer memory
CLOSE_S_MAX = 0.2
_TABLE_BYTES, _STATE_BYTES, _TOLD_BYTES = 4 << 20, 128, 64
_PLACE, _INDEX, _KEY = 12, 4, 2  # bytes of a splat
_DONE, _FAILED = 4, 5  # kernels/threads/jobs.h


class _Held:
    """What threads have of a cloud."""

    def __init__(self, block: Block, order: DepthOrder) -> None:
        self.block, self.order, self.filled = block, order, 0
        self.count = len(order.order)
        self.places = block.address
        self.indices = self.places + _PLACE * self.count
        self.keys = self.indices + _INDEX * self.count

    def fill(self, memory: LayerMemory) -> bool:
        """Brings some of its places there; whether all are."""
        some = np.ascontiguousarray(self.order.position[self.filled : self.filled + FILL])
        if len(some):
            memory.write(self.places + _PLACE * self.filled, some)
            self.filled += len(some)
        return self.filled == self.count


class SortJobs:
    """Of one app."""

    def __init__(self, layer: AppMemory, share_bytes: int, log: Log) -> None:
        self._layer, self._left_bytes, self._log = layer, share_bytes, log
        self._held: dict[Cloud, _Held] = {}
        self._shared: Block | None = None  # tables, state of the jobs, what they are told
        self._cloud: Cloud | None = None  # whose turn it is
        self._is_running = False  # jobs are started, for that one or for one that ended meanwhile
        self._place: tuple[F64, F64]
        self._ended: list[Block] = []  # that a thread may still be at
        self._refused: set[Cloud] = set()  # their job failed

    def take(self, cloud: Cloud, matrix: F64, offset: F64) -> bool:
        """Whether threads have this cloud in order, or will when it is its turn."""
        if self._cloud is cloud:
            self._place = matrix, offset
            return True
        if cloud.count < COUNT_MIN or cloud in self._refused or not self._has_threads():
            return False
        if self._is_running or self._cloud is not None or not cloud.order.is_stale(matrix, offset):
            return True
        if not self._has_room(cloud):
            return False
        self._cloud, self._place = cloud, (matrix, offset)
        self._go_on()
        return True

    def finished(self) -> Cloud | None:
        """Once a frame: the cloud that has a new order since the last one."""
        if not self._is_running:
            if self._cloud is not None:
                self._go_on()
            return None
        memory, cloud = self._memory(), self._cloud
        if memory.threads_running == 1:  # they were given back, or one is being replaced
            memory.kernels.lw_jobs_poll(1)
        state = _DONE if cloud is None else memory.kernels.lw_splat_sort_state(self._state())
        if state < _DONE or not memory.kernels.lw_splat_sort_end(self._state()):
            return None
        self._cloud, self._is_running = None, False
        for block in self._ended:
            self._free(block)
        self._ended.clear()
        if cloud is None:
            return None
        if state >= _FAILED:
            self._log.warning(f"A thread failed at the order of {cloud.count:,} splats; they are sorted without "
                              "threads from now on.")  # fmt: skip
            cloud.order.forget()
            self._refused.add(cloud)
            self._give_back(cloud)
            return None
        memory.read(self._held[cloud].indices, cloud.order.order)
        cloud.order.came(memory.kernels.lw_splat_sort_nearest(self._state()))
        return cloud

    def end(self, cloud: Cloud) -> None:
        """The cloud is no more; also where a thread is at it."""
        self._refused.discard(cloud)
        if self._cloud is cloud:
            self._cloud = None
            if self._is_running:
                self._memory().kernels.lw_splat_sort_end(self._state())
                self._ended.append(self._held.pop(cloud).block)
                return
        self._give_back(cloud)

    def close(self) -> None:
        """Ends all; waits for the chunks that threads are at, some milliseconds."""
        if self._cloud is not None:
            self.end(self._cloud)
        end = time.monotonic() + CLOSE_S_MAX
        while self._is_running and time.monotonic() < end:
            self.finished()
            if self._is_running:
                time.sleep(0.001)
        for cloud in list(self._held):
            self._give_back(cloud)
        if self._shared is not None and not self._is_running:
            self._free(self._shared)
            self._shared = None

    def _has_threads(self) -> bool:
        memory = self._layer.memory
        return memory is not None and memory.threads > 1 and memory.threads_running > 1

    def _memory(self) -> LayerMemory:
        assert self._layer.memory is not None, "jobs run in it"
        return self._layer.memory

    def _state(self) -> int:
        assert self._shared is not None
        return self._shared.address + _TABLE_BYTES

    def _has_room(self, cloud: Cloud) -> bool:
        if self._shared is None:
            self._shared = self._alloc(_TABLE_BYTES + _STATE_BYTES + _TOLD_BYTES)
        if self._shared is not None and cloud not in self._held:
            block = self._alloc((_PLACE + _INDEX + _KEY) * cloud.count)
            if block is not None:
                self._held[cloud] = _Held(block, cloud.order)
        return cloud in self._held

    def _alloc(self, size_bytes: int) -> Block | None:
        if size_bytes > self._left_bytes or self._layer.for_meshes() is None:
            return None
        block = self._memory().try_alloc(size_bytes, region="mesh", tier="pinned")
        if block is not None:
            self._left_bytes -= size_bytes
        return block

    def _free(self, block: Block) -> None:
        block.free()
        self._left_bytes += block.size_bytes

    def _give_back(self, cloud: Cloud) -> None:
        held = self._held.pop(cloud, None)
        if held is not None:
            self._free(held.block)

    def _go_on(self) -> None:
        """Brings places there; when all are, starts the jobs."""
        cloud, memory = self._cloud, self._memory()
        assert cloud is not None
        held = self._held[cloud]
        if not held.fill(memory):
            return
        told = self._state() + _STATE_BYTES
        memory.write(told, cloud.order.begun(*self._place))
        self._is_running = bool(memory.kernels.lw_splat_sort_start(
            self._state(), held.places, held.count, told, held.keys, held.indices,
            self._state() - _TABLE_BYTES))  # fmt: skip
        if not self._is_running:  # the kernels' table of jobs is full: again with the next frame
            cloud.order.forget()
            self._cloud = None
