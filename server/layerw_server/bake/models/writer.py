"""The binary part of a .glb that is being made: buffer views and accessors, packed by meshoptimizer or plain.

Owns: alignment, strides, minima and maxima, what a reader without the packing extension would have to unpack.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from layerw_server.bake import codecs
from layerw_server.bake.models.gltf import TYPES, WIDTHS, Json
from layerw_server.bake.tiles import MESHOPT

COMPONENTS = {dtype: number for number, dtype in TYPES.items()}
VECTORS = {1: "SCALAR", 2: "VEC2", 3: "VEC3", 4: "VEC4"}
ARRAY_BUFFER, ELEMENT_BUFFER = 34962, 34963


class Writer:
    """Grows one BIN chunk."""

    def __init__(self, is_packed: bool) -> None:
        self.is_packed = is_packed
        self.views: list[Json] = []
        self.accessors: list[Json] = []
        self.blob = bytearray()
        self._unpacked_bytes = 0

    def bytes_(self, data: bytes) -> int:
        """A view of plain bytes."""
        self.blob += b"\0" * (-len(self.blob) % 8)
        self.views.append({"buffer": 0, "byteOffset": len(self.blob), "byteLength": len(data)})
        self.blob += data
        return len(self.views) - 1

    def vertices(self, rows: npt.NDArray[Any], *, normalized: bool = False, bounds: bool = False) -> int:
        """An accessor of vertex attributes; rows are padded to multiples of 4 bytes."""
        width = rows.shape[1]
        stride = rows.dtype.itemsize * width + -(rows.dtype.itemsize * width) % 4
        data = np.zeros((len(rows), stride), np.uint8)
        data[:, : rows.dtype.itemsize * width] = np.ascontiguousarray(rows).view(np.uint8).reshape(len(rows), -1)
        view = self._view(data.tobytes(), stride, len(rows), "ATTRIBUTES", ARRAY_BUFFER)
        return self._accessor(view, rows, VECTORS[width], normalized, bounds)

    def triangles(self, indices: npt.NDArray[Any], vertices: int) -> int:
        """An accessor of indices."""
        small = indices.astype("<u2" if vertices <= 65_535 else "<u4")
        data = small.tobytes()
        view = self._view(data, small.dtype.itemsize, len(small), "TRIANGLES", ELEMENT_BUFFER, vertices, small)
        return self._accessor(view, small.reshape(-1, 1), "SCALAR", False, False)

    def numbers(self, rows: npt.NDArray[Any], kind: str, *, normalized: bool = False, bounds: bool = False) -> int:
        """An accessor of anything else (keyframes, matrices), as tight as it is; `kind` is glTF's type."""
        return self._accessor(self.bytes_(np.ascontiguousarray(rows).tobytes()), rows, kind, normalized, bounds)

    def buffers(self) -> list[Json]:
        """What the document says of the bytes."""
        found: list[Json] = [{"byteLength": len(self.blob)}]
        if self._unpacked_bytes:
            found.append({"byteLength": self._unpacked_bytes, "extensions": {MESHOPT: {"fallback": True}}})
        return found

    @property
    def uses_packing(self) -> bool:
        """Whether a view is packed."""
        return self._unpacked_bytes > 0

    def _view(
        self, data: bytes, stride: int, count: int, mode: str, target: int, vertices: int = 0,
        indices: npt.NDArray[Any] | None = None,
    ) -> int:
        strided = {} if indices is not None else {"byteStride": stride}
        if not self.is_packed or (indices is not None and len(indices) % 3):
            number = self.bytes_(data)
            self.views[number] |= {**strided, "target": target}
            return number
        packed = codecs.pack_vertices(data, stride) if indices is None else codecs.pack_triangles(indices, vertices)
        number = self.bytes_(packed)
        start = self.views[number]["byteOffset"]
        self.views[number] = {
            "buffer": 1, "byteOffset": self._unpacked_bytes, "byteLength": len(data), **strided, "target": target,
            "extensions": {MESHOPT: {"buffer": 0, "byteOffset": start, "byteLength": len(packed),
                                     "byteStride": stride, "mode": mode, "count": count}}}
        self._unpacked_bytes += len(data) + -len(data) % 8
        return number

    def _accessor(self, view: int, rows: npt.NDArray[Any], kind: str, normalized: bool, bounds: bool) -> int:
        assert rows.shape[1] == WIDTHS[kind]
        made: Json = {"bufferView": view, "componentType": COMPONENTS[rows.dtype], "count": len(rows), "type": kind}
        if normalized:
            made["normalized"] = True
        if bounds:
            made["min"], made["max"] = (fold(rows, axis=0).tolist() for fold in (np.min, np.max))
        self.accessors.append(made)
        return len(self.accessors) - 1
