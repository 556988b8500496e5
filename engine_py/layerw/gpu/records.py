"""What the GPU store keeps of each mesh, texture and material: enough to free it, and to make it again."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from layerw.base.ports import U32, MaterialDesc
from layerw.gpu.pages import Place
from layerw.gpu.spec import LAYOUTS, POSED_BYTES, TEXTURE_BLOCK_BYTES, TOPOLOGIES, UV1_BYTES, VERTEX_BYTES

U8 = npt.NDArray[np.uint8]
F16 = npt.NDArray[np.float16]


@dataclass(slots=True, eq=False)
class MeshRecord:
    """A mesh in the shared buffers. `kept`: its packed bytes, None when they came from a transfer."""

    vertex: Place
    index: Place | None
    vertex_count: int
    index_count: int
    topology: int
    size_bytes: int
    kept: tuple[U8, U8] | None
    lost: bool = False
    uv1: bool = False
    posed: bool = False

    @property
    def vertex_bytes(self) -> int:
        """Of its vertices, with the streams behind them."""
        return vertex_bytes(self.vertex_count, uv1=self.uv1, posed=self.posed, topology=self.topology)


@dataclass(slots=True, eq=False)
class TextureRecord:
    """A texture with its full mip chain."""

    width: int
    height: int
    srgb: bool
    sampler: int
    size_bytes: int
    kept: U8 | F16 | U32 | None
    lost: bool = False
    is_target: bool = False  # views draw it
    mips: bool = True
    family: int = 0  # of spec.TEXTURE_FAMILIES
    levels: int = 0  # of a compressed one


@dataclass(slots=True, eq=False)
class MaterialRecord:
    """A material; lost with the textures that it needs."""

    desc: MaterialDesc
    lost: bool = False


def vertex_bytes(vertex_count: int, *, uv1: bool, posed: bool = False, topology: int = 0) -> int:
    """Of a mesh's vertices, or elements."""
    stride_bytes = LAYOUTS[TOPOLOGIES[topology]].stride_bytes
    return vertex_count * (stride_bytes + (UV1_BYTES if uv1 else 0) + (POSED_BYTES if posed else 0))


def placed_bytes(size_bytes: int) -> int:
    """What that many bytes take of a vertex buffer: places are whole vertices."""
    return -(-size_bytes // VERTEX_BYTES) * VERTEX_BYTES


def texture_bytes(width: int, height: int, texel_bytes: int, *, mips: bool) -> int:
    """Of a texture, with all its mip levels."""
    size = 0
    while True:
        size += texel_bytes * width * height
        if width == height == 1 or not mips:
            return size
        width, height = max(width // 2, 1), max(height // 2, 1)


def compressed_bytes(width: int, height: int, family: int, levels: int) -> int:
    """Of the levels of a compressed texture."""
    block = TEXTURE_BLOCK_BYTES[family]
    return sum(block * (-(-max(width >> level, 1) // 4)) * (-(-max(height >> level, 1) // 4))
               for level in range(levels))  # fmt: skip
