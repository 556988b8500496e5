"""Numbers of a file that Python itself reads: keys of animations, inverse bind matrices, morph targets, splats.

Owns: which bytes are asked for (one request for all of a model), and what they are as float32.
Limits: NUMBERS_BYTES_MAX of a model; more are left out by whoever asked last.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from layerw.assets.accessors import COMPONENT_BYTES, ZEROS, Accessor
from layerw.assets.items import GltfError
from layerw.base.ports import F32, U32

FILES = 1 << 41  # the first number of a "buffer" that is an image's own file, as large as it turns out to be
NUMBERS_BYTES_MAX = 128 << 20
_TYPES = {5120: "<i1", 5121: "<u1", 5122: "<i2", 5123: "<u2", 5125: "<u4", 5126: "<f4"}
_SCALES = {5120: 127.0, 5121: 255.0, 5122: 32767.0, 5123: 65535.0}


class Numbers:
    """`add` accessors, ask for `ranges`, then `read` them from what came."""

    def __init__(self) -> None:
        self.size_bytes = 0
        self._parts: list[Accessor] = []
        self._starts: dict[Accessor, int] = {}  # in what comes
        self._files: dict[int, int] = {}  # whole ones, which come behind it, by their size

    def add(self, accessor: Accessor) -> Accessor:
        """Will be read. Raises GltfError where that is too much."""
        for part in (accessor, *(accessor.sparse or ())):
            if part.buffer == ZEROS or part in self._starts:
                continue
            size = _span_bytes(part)
            if self.size_bytes + size > NUMBERS_BYTES_MAX:
                raise GltfError(f"Animations, morphs and splats take more than {NUMBERS_BYTES_MAX} bytes.")
            self._starts[part] = self.size_bytes
            self._parts.append(part)
            self.size_bytes += size
        return accessor

    def add_file(self, image: int) -> int:
        """The whole file of an image beside the model will be read; returns its number as a buffer."""
        self._files[FILES + image] = 0
        return FILES + image

    def hold(self, sizes: dict[int, int]) -> int:
        """All buffers are here, of these sizes; returns how many bytes will come. Raises GltfError."""
        self._files = {number: sizes[number] for number in self._files}
        whole = self.size_bytes + sum(self._files.values())
        if whole > NUMBERS_BYTES_MAX:
            raise GltfError(f"What Python reads of it takes {whole} bytes; at most {NUMBERS_BYTES_MAX} are read.")
        return whole

    def file(self, number: int, payload: bytes) -> bytes:
        """The bytes of a file that was added."""
        start = self.size_bytes + sum(size for other, size in self._files.items() if other < number)
        return payload[start : start + self._files[number]]

    @property
    def buffers(self) -> set[int]:
        """Of the file, that it reads."""
        return {part.buffer for part in self._parts} | self._files.keys()

    def ranges(self, transfers: dict[int, int]) -> U32:
        """READ_RANGEs (gpu/spec.py); `transfers` has the transfer that holds each buffer."""
        rows = [(transfers[part.buffer], part.byte_offset, _span_bytes(part)) for part in self._parts]
        rows += [(transfers[number], 0, self._files[number]) for number in sorted(self._files)]
        return np.array(rows, np.uint32).reshape(-1, 3)

    def read(self, accessor: Accessor, payload: bytes) -> F32:
        """(count, components) of an accessor that was added, from all that came. Raises GltfError."""
        found = self._plain(accessor, payload).astype(np.float32)
        if accessor.sparse is not None:
            at = self._items(accessor.sparse[0], payload).astype(np.int64)[:, 0]
            if int(at.max()) >= accessor.count:
                raise GltfError(f"A sparse accessor changes element {at.max()} of {accessor.count}.")
            found[at] = self._plain(accessor.sparse[1], payload)
        return found

    def raw(self, accessor: Accessor, payload: bytes) -> bytes:
        """The bytes of an accessor that was added."""
        start = self._starts[accessor]
        return payload[start : start + _span_bytes(accessor)]

    def _plain(self, accessor: Accessor, payload: bytes) -> F32:
        items = self._items(accessor, payload)
        if accessor.normalized and accessor.component_type in _SCALES:
            values: F32 = np.maximum(items / np.float32(_SCALES[accessor.component_type]), np.float32(-1))
            return values
        return items.astype(np.float32)

    def _items(self, accessor: Accessor, payload: bytes) -> npt.NDArray[Any]:
        if accessor.buffer == ZEROS:
            return np.zeros((accessor.count, accessor.components), np.float32)
        size = COMPONENT_BYTES[accessor.component_type]
        step = accessor.byte_stride or size * accessor.components
        start = self._starts[accessor]
        if start + _span_bytes(accessor) > len(payload):
            raise GltfError(f"{len(payload)} bytes of numbers came; {start + _span_bytes(accessor)} were asked for.")
        return np.ndarray((accessor.count, accessor.components), _TYPES[accessor.component_type], payload, start,
                          (step, size))  # fmt: skip


def _span_bytes(accessor: Accessor) -> int:
    size = COMPONENT_BYTES[accessor.component_type] * accessor.components
    return (accessor.count - 1) * (accessor.byte_stride or size) + size
