"""Bytes that a decoder makes before anything reads them: meshopt views, Draco meshes, sparse accessors.

Owns: the orders to unpack (gpu/spec.py's UNPACK), checked against the file. Each is a buffer of its own, numbered from
PACKED on, so that accessors name it as any other. Does not: decode (web/transfer/decode/unpack.js).
Source: EXT_meshopt_compression, KHR_meshopt_compression, KHR_draco_mesh_compression, glTF 2.0, 3.6.2.3.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from layerw.base.ports import U32
from layerw.gpu import spec

PACKED = 1 << 40  # the first number of such a buffer
ZEROS = -1  # the buffer of accessors without a buffer view
NO_PART = (ZEROS, 0, 0)


@dataclass(frozen=True, slots=True)
class Packed:
    """What to unpack. source, index, value: buffer, byte offset and size; the last two of a sparse accessor."""

    kind: str  # of spec.UNPACK_KINDS
    source: tuple[int, int, int]
    out_bytes: int
    numbers: tuple[int, int, int]  # a, b, c of spec.UNPACK_HEAD
    rows: tuple[tuple[int, ...], ...] = ()  # spec.DRACO_ATTRIBUTEs
    index: tuple[int, int, int] = NO_PART
    index_bytes: int = 0
    value: tuple[int, int, int] = NO_PART

    def with_rows(self, rows: tuple[tuple[int, ...], ...]) -> Packed:
        """The same with other rows."""
        return Packed(self.kind, self.source, self.out_bytes, self.numbers, rows, self.index, self.index_bytes,
                      self.value)  # fmt: skip

    @property
    def buffers(self) -> list[int]:
        """That it reads."""
        return [part[0] for part in dict.fromkeys((self.source, self.index, self.value)) if part[0] != ZEROS]

    @property
    def work_bytes(self) -> int:
        """What a decoder holds at most while it works: the result, and in its own memory that again with its input."""
        return self.out_bytes if self.kind in ("sparse", "palette") else 3 * self.out_bytes + self.source[2]


def unpack_words(packed: Packed, transfers: dict[int, int]) -> U32:
    """The words of an UNPACK; `transfers` has the transfer that holds each buffer."""
    def place(part: tuple[int, int, int]) -> tuple[int, int]:
        return (0, 0) if part[0] == ZEROS else (transfers[part[0]], part[1])

    words = [spec.UNPACK_KINDS.index(packed.kind), *place(packed.source), packed.source[2], packed.out_bytes,
             *packed.numbers, *(word for row in packed.rows for word in row)]  # fmt: skip
    if packed.kind == "sparse":
        words += [*place(packed.index), packed.index_bytes, *place(packed.value)]
    return np.array(words, np.uint32)
