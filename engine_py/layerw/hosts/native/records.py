"""What the backend keeps about each resource, and the checks that come before any call of the API.

The twin of web/backends/common/resources.js. A record whose state is "failed" or "pending" is alive (its handle
counts), but draws that use it are skipped.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from layerw.gpu import spec
from layerw.gpu.records import compressed_bytes

State = Literal["pending", "ready", "failed"]
Gpu = Any  # an object of wgpu-py, which has no types
U8 = npt.NDArray[np.uint8]
TARGET_FORMAT = 2  # of texture_create
_TEXEL_BYTES = {3: 8, 4: 16}  # half floats, whole numbers
LAYOUTS = tuple(spec.LAYOUTS.values())
LIGHT_LINE_BYTES = 4 * spec.LIGHT_LIST_WIDTH
LIGHT_LINES = spec.LIGHT_LIST_LINES + spec.LIGHTS_MAX * spec.LIGHT_TEXELS * 16 // LIGHT_LINE_BYTES
_TRIANGLES = 0


class CommandError(AssertionError):
    """A command that can't be carried out: a bug of the engine."""


class Limits(NamedTuple):
    """What the device takes. compressed: spec.COMPRESSED_*."""

    buffer_bytes: int
    texture_side: int
    rows: int
    compressed: int


@dataclass(slots=True, eq=False)
class BufferRecord:
    """usage: 1 vertex, 2 index."""

    handle: int
    size_bytes: int
    usage: int
    state: State = "failed"
    native: Gpu = None
    users: set[MeshRecord] = field(default_factory=set)


@dataclass(slots=True, eq=False)
class TextureRecord:
    """As texture_create has it."""

    handle: int
    width: int
    height: int
    levels: int
    format: int
    sampler: int
    size_bytes: int = 0
    state: State = "failed"
    native: Gpu = None
    users: set[MaterialRecord] = field(default_factory=set)


@dataclass(slots=True, eq=False)
class MeshRecord:
    """elements: what one instance draws: indices, or vertices without them, or quads."""

    handle: int
    vertex_buffer: BufferRecord | None
    vertex_offset: int
    vertex_count: int
    index_buffer: BufferRecord | None
    index_offset: int
    index_count: int
    index_bytes: int
    topology: int
    streams: int
    elements: int = 0
    triangles: int = 0
    ready: bool = False
    native: Gpu = None


@dataclass(slots=True, eq=False)
class ShaderRecord:
    """A program's own shader. source: the newest text; native: of the last one that compiled."""

    handle: int
    source: dict[str, Any]
    state: State = "pending"
    native: Gpu = None
    users: set[MaterialRecord] = field(default_factory=set)


@dataclass(slots=True, eq=False)
class MaterialRecord:
    """block: MATERIAL_BLOCK, then the shader's own parameters. pipelines: by draw pass and variant."""

    handle: int
    kind: int
    flags: int
    textures: list[TextureRecord | None]
    shader: ShaderRecord | None
    block: U8
    ready: bool = False
    native: Gpu = None
    pipelines: dict[tuple[int, int], Gpu] = field(default_factory=dict)


def check_buffer(size_bytes: int, usage: int, limits: Limits) -> str:
    """What is wrong, or ""."""
    if usage not in (1, 2):
        return f"Its usage is {usage}; use 1 (vertex) or 2 (index), never both."
    if size_bytes == 0 or size_bytes % 4:
        return f"Its size is {size_bytes} bytes; use a positive multiple of 4."
    if size_bytes > limits.buffer_bytes:
        return (f"Its size is {size_bytes / 2**20:.1f} MiB, but this device's limit is "
                f"{limits.buffer_bytes / 2**20:.1f} MiB; use several buffers.")  # fmt: skip
    return ""


def full_chain(width: int, height: int) -> int:
    """Levels down to one texel."""
    return max(width, height).bit_length()


def texel_bytes(format_: int) -> int:
    """Of plain textures."""
    return _TEXEL_BYTES.get(format_, 4)


def family_of(format_: int) -> int:
    """An index in TEXTURE_FAMILIES, 0 = not compressed."""
    return 0 if format_ < spec.COMPRESSED_FIRST else 1 + (format_ - spec.COMPRESSED_FIRST) // 2


class Level(NamedTuple):
    """A level of a compressed texture in its bytes; sides of whole blocks."""

    width: int
    height: int
    row_bytes: int
    offset: int
    size_bytes: int


def compressed_levels(texture: TextureRecord) -> list[Level]:
    """All of them, the largest first."""
    block = spec.TEXTURE_BLOCK_BYTES[family_of(texture.format)]
    found, offset = [], 0
    for level in range(texture.levels):
        across, down = (-(-max(1, side >> level) // 4) for side in (texture.width, texture.height))
        found.append(Level(4 * across, 4 * down, across * block, offset, across * down * block))
        offset += across * down * block
    return found


def texture_bytes(width: int, height: int, levels: int, format_: int) -> int:
    """Of all its levels."""
    family = family_of(format_)
    if family:
        return compressed_bytes(width, height, family, levels)
    return texel_bytes(format_) * sum(max(1, width >> n) * max(1, height >> n) for n in range(levels))


def check_texture(width: int, height: int, levels: int, format_: int, limits: Limits) -> str:
    """What is wrong, or ""."""
    limit, chain, family = limits.texture_side, full_chain(width, height), family_of(format_)
    if width == 0 or height == 0:
        return f"Its size is {width} x {height}; both sides must be at least 1."
    if max(width, height) > limit:
        return (f"Its size is {width} x {height}, but this device's limit is {limit} a side; "
                "scale the image down.")  # fmt: skip
    if family >= len(spec.TEXTURE_FAMILIES):
        return f"Its format is {format_}, which does not exist."
    if family and (width % 4 or height % 4 or not 1 <= levels <= chain):
        return (f"It is compressed and has {levels} levels of {width} x {height} texels; both sides must be multiples "
                "of 4.")  # fmt: skip
    if not family and levels not in (1, chain):
        return f"It has {levels} levels; use 1 or the full chain of {chain}."
    return ""


def _streams_bytes(streams: int) -> int:
    return (spec.UV1_BYTES if streams & spec.STREAM_UV1 else 0) + (
        spec.POSED_BYTES if streams & spec.STREAM_POSED else 0)


def streams_of(mesh: MeshRecord) -> tuple[int, int]:
    """Where its second uvs and its posed stream begin in its vertex buffer, or would."""
    uv1 = mesh.vertex_offset + mesh.vertex_count * LAYOUTS[mesh.topology].stride_bytes
    return uv1, uv1 + mesh.vertex_count * _streams_bytes(mesh.streams & spec.STREAM_UV1)


def triangles_of(topology: int, elements: int) -> int:
    """Of one instance."""
    if topology < len(LAYOUTS) and LAYOUTS[topology].is_element:
        vertices = LAYOUTS[topology].vertices
        return elements * (2 if vertices == 4 else vertices // 3)
    return elements // 3 if topology == _TRIANGLES else 0


def _check_range(what: str, offset: int, count: int, stride_bytes: int, buffer: BufferRecord) -> str:
    end = offset + count * stride_bytes
    return "" if end <= buffer.size_bytes else (
        f"Its {count} {what} end at byte {end}, but the buffer has {buffer.size_bytes} bytes.")


def check_mesh(mesh: MeshRecord) -> str:
    """What is wrong, or ""."""
    vertices = mesh.vertex_buffer
    if vertices is None or vertices.usage != 1:
        return "Its vertex buffer does not exist or has not usage 1."
    if mesh.topology >= len(spec.TOPOLOGIES) or mesh.vertex_offset % 4:
        return f"Its topology is {mesh.topology} and its vertex offset {mesh.vertex_offset}, which is no multiple of 4."
    layout = LAYOUTS[mesh.topology]
    each = layout.stride_bytes + _streams_bytes(mesh.streams)
    problem = _check_range("vertices", mesh.vertex_offset, mesh.vertex_count, each, vertices)
    indices = mesh.index_buffer
    if problem or indices is None:
        return problem
    if layout.is_element or indices.usage != 2 or mesh.index_bytes not in (2, 4):
        return f"Its indices have {mesh.index_bytes} bytes, or no index buffer, or it is of elements, which have none."
    if mesh.index_offset % mesh.index_bytes:
        return f"Its index offset is {mesh.index_offset}; use a multiple of {mesh.index_bytes}."
    return _check_range("indices", mesh.index_offset, mesh.index_count, mesh.index_bytes, indices)


def check_write(record: BufferRecord, offset: int, size_bytes: int) -> None:
    """Raises CommandError where a write leaves its buffer."""
    if offset % 4 or size_bytes % 4:
        raise CommandError(f"{size_bytes} bytes are written at offset {offset}; both must be multiples of 4.")
    if offset + size_bytes > record.size_bytes:
        raise CommandError(f"The write ends at byte {offset + size_bytes}; the buffer has {record.size_bytes} bytes.")
