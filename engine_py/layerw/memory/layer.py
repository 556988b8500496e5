"""Layer memory: blocks outside of Python's heap, by purpose and lifetime, behind handles that survive moving.

Owns: the Python face of the allocator (engine_py/kernels/memory/walloc.h). Does not copy on its own: a port moves
bytes between this memory and numpy arrays. Limits: a block has 1 to 2^32 - 1 bytes; a new one's contents are undefined.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import numpy.typing as npt

from layerw.base import checks
from layerw.base.errors import ConfigError, ShapeError
from layerw.base.names import frozen
from layerw.base.settings import fixed_attributes
from layerw.memory.errors import LayerMemoryError, error_of
from layerw.memory.statistics import MemoryStatistics, RingStatistics, parse_ring, parse_statistics
from layerw.memory.threads import OneThread, ThreadPort

if TYPE_CHECKING:
    from layerw.kernels.gen.api import LayerKernels

REGIONS = ("logic", "mesh", "texture", "scratch")
TIERS = ("pinned", "visible", "near", "far")
THREADS_MAX = 33  # of the kernels' table
_CONTEXT = 0  # of the ephemeral results that this module reads
_HEADER_BYTES = 16
Array = npt.NDArray[Any]


class MemoryPort(Protocol):
    """Copies between Layer memory and numpy; False where either end leaves its memory."""

    def read(self, address: int, out: Array) -> bool: ...
    def write(self, address: int, data: Array) -> bool: ...
    def try_view(self, address: int, size_bytes: int) -> Array | None: ...


@frozen
@dataclass(frozen=True, slots=True)
class Block:
    """A living block: its handle and the bytes that were asked for. Use it until `free`."""

    memory: LayerMemory
    handle: int
    size_bytes: int

    @property
    def address(self) -> int:
        """Where it is now; defragmenting may move it."""
        return self.memory._checked(self.memory.kernels.lw_address(self.handle))

    def write(self, data: Array, offset: int = 0) -> None:
        """Copies an array's bytes into the block."""
        self.memory.write(self._at(offset, data.nbytes), data)

    def read(self, dtype: npt.DTypeLike = np.uint8, count: int = -1, offset: int = 0) -> Array:
        """A copy of `count` elements (-1: all that fit)."""
        kind = np.dtype(dtype)
        out = np.empty((self.size_bytes - offset) // kind.itemsize if count < 0 else count, kind)
        self.memory.read(self._at(offset, out.nbytes), out)
        return out

    def view(self, dtype: npt.DTypeLike = np.uint8) -> Array | None:
        """The block itself as an array where the host can (CPython), else None. Ends when the block moves."""
        raw = self.memory.port.try_view(self.address, self.size_bytes - self.size_bytes % np.dtype(dtype).itemsize)
        return None if raw is None else raw.view(dtype)

    def set_tier(self, tier: str) -> None:
        """How long it is likely to be needed: pinned, visible, near, far."""
        self.memory._checked(self.memory.kernels.lw_set_tier(self.handle, _index(TIERS, tier, "tier")))

    def free(self) -> None:
        """Gives the block back; the handle ends."""
        self.memory._checked(self.memory.kernels.lw_free(self.handle, 255))

    def _at(self, offset: int, size_bytes: int) -> int:
        if not 0 <= offset <= self.size_bytes - size_bytes:
            raise ShapeError(f"{size_bytes} bytes at offset {offset} leave the block of {self.size_bytes} bytes.")
        return self.address + offset


@fixed_attributes
class LayerMemory:
    """The memory of one app."""

    def __init__(self, kernels: LayerKernels, port: MemoryPort, threads: ThreadPort | None = None) -> None:
        self.kernels = kernels
        self.port = port
        self._thread_port = threads or OneThread()
        self._threads = 1

    @property
    def threads(self) -> int:
        """How many threads shall work on kernels that have a threaded form (particles, shallow water, culling, the
        order of splats), the caller's among them: 1 until a program sets it, and never more than `threads_max`.
        Results do not depend on it.
        """
        return self._threads

    @threads.setter
    def threads(self, count: int) -> None:
        if isinstance(count, bool) or not isinstance(count, int) or not 1 <= count <= THREADS_MAX:
            raise ConfigError(f"threads is {count!r}; it must be a whole number from 1 to {THREADS_MAX}.")
        self._threads = self._thread_port.set(count)

    @property
    def threads_max(self) -> int:
        """One a core, 9 at most; 1 where threads can't share memory (docs/memory.md, Threads)."""
        return self._thread_port.count_max

    @property
    def threads_running(self) -> int:
        """How many take part right now: others start some milliseconds after `threads` is set."""
        return self.kernels.lw_threads_running()

    def alloc(self, size_bytes: int, *, region: str = "logic", tier: str = "near") -> Block:
        """A block of at least `size_bytes`, 16-byte aligned.

        Args:
            size_bytes: 1 or more.
            region: by purpose: logic, mesh, texture, scratch.
            tier: pinned, visible, near, far; pinned blocks are never moved.

        Raises:
            OutOfBudget: region or budget has no room.
        """
        size_bytes = checks.whole("alloc size_bytes", size_bytes)
        if not 0 < size_bytes < 2**32:
            raise ShapeError(f"A block of {size_bytes} bytes was asked for; it must have 1 to {2**32 - 1}.")
        where, how = _index(REGIONS, region, "region"), _index(TIERS, tier, "tier")
        handle = self._checked(self.kernels.lw_alloc(where, size_bytes, how))
        return Block(self, handle, size_bytes)

    def try_alloc(self, size_bytes: int, *, region: str = "logic", tier: str = "near") -> Block | None:
        """As `alloc`; None where there is no room."""
        try:
            return self.alloc(size_bytes, region=region, tier=tier)
        except MemoryError:
            return None

    def limit_region(self, region: str, limit_bytes: int) -> None:
        """How many bytes a region may take from now on; what lives in it stays."""
        self._checked(self.kernels.lw_region_limit(_index(REGIONS, region, "region"), limit_bytes))

    def defragment(self, region: str, bytes_max: int) -> int:
        """Moves large blocks together, at most `bytes_max` bytes; returns the bytes moved."""
        return self.kernels.lw_defragment(_index(REGIONS, region, "region"), bytes_max)

    def statistics(self) -> MemoryStatistics:
        """What lives where."""
        return parse_statistics(self.ephemeral(self.kernels.lw_statistics(_CONTEXT)))

    def ring_statistics(self) -> RingStatistics:
        """What the upload ring holds."""
        return parse_ring(self.ephemeral(self.kernels.lw_ring_statistics(_CONTEXT)))

    def ephemeral(self, payload: int) -> Array:
        """A copy of the result at `payload` (uint8), taken at once: the next call into its context overwrites it."""
        self._checked(payload)
        header = np.empty(4, np.uint32)
        self.read(payload - _HEADER_BYTES, header)
        out = np.empty(int(header[0]), np.uint8)
        self.read(payload, out)
        return out

    def end_context(self, context: int) -> None:
        """Gives back what a context's results take; the last one ends."""
        self._checked(self.kernels.lw_context_end(context))

    def read(self, address: int, out: Array) -> None:
        """Copies bytes at an address into a C-contiguous array."""
        if not self.port.read(address, _flat(out)):
            raise ShapeError(f"{out.nbytes} bytes at address {address} leave Layer memory.")

    def write(self, address: int, data: Array) -> None:
        """Copies a C-contiguous array to an address."""
        if not self.port.write(address, _flat(data)):
            raise ShapeError(f"{data.nbytes} bytes at address {address} leave Layer memory.")

    def error(self) -> LayerMemoryError:
        """The last error as an exception."""
        code = self.kernels.lw_error_code()
        return error_of(code, bytes(self.ephemeral(self.kernels.lw_error_text(_CONTEXT))).decode())

    def _checked(self, result: int) -> int:
        if result == 0:
            raise self.error()
        return result


def _index(names: tuple[str, ...], name: str, what: str) -> int:
    if name not in names:
        raise ShapeError(f"There is no {what} {name!r}; use one of {', '.join(names)}.")
    return names.index(name)


def _flat(array: Array) -> Array:
    if not array.flags.c_contiguous:
        raise ShapeError(f"An array of shape {array.shape} is not C-contiguous; pass numpy.ascontiguousarray(...).")
    return array
