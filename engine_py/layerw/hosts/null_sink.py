"""The null backend on CPython: keeps count of GPU resources and checks every use, draws nothing.

Owns: which handles exist in "the GPU" and what they take. A wrong use (a handle that does not exist, bytes past
a buffer's end) raises SinkError: it is an engine bug, and the tests shall see it. Limits: shaders don't run.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import numpy as np

from layerw.base.host_port import AnyArray
from layerw.gpu import kinds, spec
from layerw.gpu.passes import DRAW_PASSES, VIEW_FLAGS, flag
from layerw.gpu.records import compressed_bytes
from layerw.gpu.store import HALF_FORMAT, WORDS_FORMAT
from layerw.gpu.target_bytes import SizedView, target_bytes

COLUMN_BYTES = sum(4 * width for _, width, _ in spec.COLUMNS)
TEXEL_BYTES = {HALF_FORMAT: 8, WORDS_FORMAT: 16}  # by texture_create.format


class SinkError(AssertionError):
    """A command that no backend could carry out."""


class NullSink:
    """The backend's commands. `read(address)`: the array at an address. `image(transfer)`: (width, height)."""

    def __init__(self, read: Callable[[int], AnyArray], held: Callable[[int], int],
                 image: Callable[[int], tuple[int, int]]) -> None:  # fmt: skip
        self._read, self._held, self._image = read, held, image
        self.frames = 0
        self.rows_written = 0  # of the last frame
        self.draws = self.triangles = self.instances = self.skipped = 0  # of the last frame
        self.casts = self.cast_instances = 0  # of it, in tiles of the shadow atlas; not in the others
        self.size = self.atlas = (0, 0)
        self.is_watched = False
        self.commands: dict[str, int] = {}  # counts since the start, by name
        self.expects_begin = False  # what comes before device_begin was for a lost device
        self.pictures: dict[int, tuple[int, int]] = {}  # width and height of what waits in feeds
        self.clear()

    def lose(self) -> None:
        """The device is new: everything is gone, and what is sent is passed over until the engine knows."""
        self.clear()
        self.expects_begin = True

    def look(self) -> None:
        """There is nothing to see."""

    def picture(self) -> AnyArray | None:
        """It draws none."""
        return None

    def device_begin(self) -> None:
        self.expects_begin = False

    def passes_over(self, name: str) -> bool:
        """Whether a command is of no use now."""
        return self.expects_begin and name not in ("device_begin", "targets") and hasattr(self, name)

    def clear(self) -> None:
        """Holds nothing, as in the beginning."""
        self.buffers: dict[int, tuple[int, int]] = {}
        self.textures: dict[int, tuple[int, int, bool]] = {}  # width, height, written
        self.single_level: set[int] = set()  # of textures
        self.parts: dict[int, int] = {}  # of textures that come over several frames: texels, but of their first part
        self.texel_bytes: dict[int, int] = {}  # of textures where it is not 4
        self.compressed: dict[int, int] = {}  # bytes of those
        self.shaders: dict[int, object] = {}
        self.meshes: dict[int, tuple[Any, ...]] = {}
        self.materials: dict[int, tuple[int, ...]] = {}
        self.rows = 0
        self._visible = self._still = 0
        self._lists: list[AnyArray] = []
        self._cast_lists: list[AnyArray] = []
        self.views: dict[int, SizedView] = {}  # of the last frame
        self.view_textures: dict[int, int] = {}
        self.tiles: list[tuple[int, ...]] = []  # of the last frame: view, then as shadow_tile has them
        self.probe_texels = 0  # lines
        self.probes_written: list[AnyArray] = []
        self.picks: list[int] = []  # that wait for an answer
        self.lights: dict[int, AnyArray] = {}  # LIGHT_ROWs and cluster lists by view, as they came last
        self.light_lists: dict[int, AnyArray] = {}
        self.columns: list[AnyArray] = []
        self.pose_lines: AnyArray = np.zeros((0, 4 * spec.POSE_LINE), np.float32)

    @property
    def gpu_bytes(self) -> int:
        """What buffers, textures with mips, columns and the targets of the views take."""
        plain = ((t, w, h) for t, (w, h, _) in self.textures.items() if t not in self.compressed)
        textures = sum(self.compressed.values()) + sum(
            self.texel_bytes.get(t, 4) // 4 * (4 * w * h if t in self.single_level else _mip_bytes(w, h))
            for t, w, h in plain)
        targets = target_bytes(self.size, list(self.views.values()), self.atlas)
        lit = len(self.lights) * (16 * spec.LIGHTS_MAX * spec.LIGHT_TEXELS
                                  + 4 * spec.LIGHT_LIST_WIDTH * spec.LIGHT_LIST_LINES)  # fmt: skip
        buffers = sum(size for size, _ in self.buffers.values())
        return buffers + textures + self.rows * COLUMN_BYTES + targets + lit + self.pose_lines.nbytes

    @property
    def live_handles(self) -> int:
        return len(self.buffers) + len(self.textures) + len(self.meshes) + len(self.materials)

    # -- the frame -------------------------------------------------------------------------------

    def targets(self, width: int, height: int) -> None:
        _require(width > 0 and height > 0, f"targets of {width} x {height}")
        self.size = (width, height)

    def frame_begin(self, frame: int) -> None:
        self.draws = self.triangles = self.instances = self.skipped = self.rows_written = 0
        self.casts = self.cast_instances = 0
        self._lists, self._cast_lists = [], []
        self.views, self.view_textures = {}, {}
        self.tiles = []

    def shadow_atlas(self, width: int, height: int) -> None:
        _require((width > 0) == (height > 0), f"a shadow atlas of {width} x {height}")
        self.atlas = (width, height)

    def probe_lines(self, lines: int) -> None:
        self.probe_texels = lines

    def probe_write(self, first_line: int, lines: int, data: int) -> None:
        inside = first_line + lines <= self.probe_texels
        _require(inside, f"lines {first_line} to {first_line + lines - 1} of probes; there are {self.probe_texels}")
        self.probes_written.append(np.array(self._read(data)))

    def shadow_tile(self, x: int, y: int, side: int, matrix: int, clear: int, data: int, count: int) -> None:
        inside = side > 0 and x + side <= self.atlas[0] and y + side <= self.atlas[1]
        _require(bool(self.views) and inside, f"a shadow tile of {side} at {x}, {y} in {self.atlas}")
        _require(matrix < spec.SHADOW_MATRICES and clear in (0, 1), f"shadow_tile matrix {matrix}, clear {clear}")
        self.tiles.append((list(self.views)[-1], x, y, side, matrix, clear))
        if count:
            self._cast_lists.append(np.array(self._read(data)[:count]))

    def view(self, view: int, texture: int, x: int, y: int, width: int, height: int, drawn_width: int,
             drawn_height: int, flags: int) -> None:  # fmt: skip
        size = self.textures[texture][:2] if texture else (max(self.size[0], 1), max(self.size[1], 1))
        inside = width > 0 and height > 0 and x + width <= size[0] and y + height <= size[1]
        inside |= bool(flags & flag("probe_face"))
        _require(inside, f"view {view} past {size}")
        _require(view not in self.views and flags < 1 << len(VIEW_FLAGS), f"view {view}, flags {flags}")
        fewer = 0 < drawn_width <= width and 0 < drawn_height <= height
        is_upscaled = bool(flags & flag("upscaled"))
        _require(fewer and (is_upscaled or (drawn_width, drawn_height) == (width, height)),
                 f"view {view} of {width} x {height}, {drawn_width} x {drawn_height} drawn")  # fmt: skip
        self.views[view] = SizedView(flags, width, height, (drawn_width, drawn_height) if is_upscaled else None)
        self.view_textures[view] = texture

    def view_lut(self, texture: int) -> None:
        _require(texture in self.textures and bool(self.views), f"view_lut {texture}")

    def view_panorama(self, texture: int) -> None:
        _require(texture in self.textures and bool(self.views), f"view_panorama {texture}")

    def view_pick(self, pick: int) -> None:
        _require(list(self.views.values())[-1].flags == flag("picking"), f"view_pick {pick}")
        self.picks.append(pick)

    def view_lights(self, rows: int, count: int, lists: int, words: int) -> None:
        fits = 0 < count <= spec.LIGHTS_MAX and words % spec.LIGHT_LIST_WIDTH == 0
        _require(bool(self.views) and fits, f"view_lights of {count} lights and {words} words")
        view = list(self.views)[-1]
        self.lights[view] = np.array(self._read(rows)[:count])
        self.light_lists[view] = np.array(self._read(lists)[:words])
        _require(bool(np.isfinite(self.lights[view]).all()), "the lights hold NaN or infinity")

    def frame_block(self, data: int, size_bytes: int) -> None:
        _require(bool(self.views), "a frame block before any view")
        self.block = np.array(self._read(data))
        _require(self.block.nbytes == size_bytes == spec.block_bytes(spec.FRAME_BLOCK), "frame_block size")
        _require(bool(np.isfinite(self.block).all()), "the frame block holds NaN or infinity")

    def rows_capacity(self, rows: int) -> None:
        _require(rows > 0 and rows % spec.ROWS_STEP == 0, f"rows_capacity {rows}")
        self.rows = rows
        self.columns = [np.zeros((rows, width), np.dtype(kind.replace("f", "<f").replace("u", "<u").replace("32", "4")))
                        for _, width, kind in spec.COLUMNS]  # fmt: skip

    def rows_write(self, column: int, first_row: int, rows: int, data: int) -> None:
        _require(first_row % spec.ROWS_STEP == 0 and rows % spec.ROWS_STEP == 0 and rows > 0, "rows_write steps")
        _require(first_row + rows <= self.rows, f"rows_write past {self.rows} rows: {first_row} + {rows}")
        target = self.columns[column]
        target[first_row : first_row + rows] = self._read(data).reshape(rows, target.shape[1])
        self.rows_written += rows

    def poses(self, lines: int, first_line: int, count: int, data: int) -> None:
        if lines != len(self.pose_lines):
            self.pose_lines = np.zeros((lines, 4 * spec.POSE_LINE), np.float32)
        _require(first_line + count <= lines, f"poses past {lines} lines: {first_line} + {count}")
        if count:
            self.pose_lines[first_line : first_line + count] = self._read(data).reshape(count, -1)

    def visible_rows(self, data: int, count: int) -> None:
        self._visible = count
        if count:
            rows = self._read(data)
            _require(len(rows) == count and int(rows.max()) < self.rows, "visible_rows past the columns")

    def still_rows(self, data: int, count: int) -> None:
        self._still = count
        if count:
            rows = self._read(data)
            _require(len(rows) == count and int(rows.max()) < self.rows, "still_rows past the columns")

    def draw_list(self, pass_id: int, data: int, count: int) -> None:
        _require(pass_id < len(DRAW_PASSES) and bool(self.views), f"pass {pass_id}")
        records = np.array(self._read(data))
        _require(records.shape == (count, len(spec.DRAW_RECORD)), f"draw records {records.shape}")
        self._lists.append(records)

    def frame_end(self) -> None:
        self.draws, self.instances, self.triangles = self._drawn(self._lists)
        self.casts, self.cast_instances, _ = self._drawn(self._cast_lists)
        self.frames += 1

    def _drawn(self, lists: list[AnyArray]) -> tuple[int, int, int]:
        """Draws, instances and triangles."""
        draws = instances = triangles = 0
        for records in lists:
            for mesh, material, first, count, flags, *_ in records.tolist():
                known = self._still if flags & spec.DRAW_STILL else self._visible
                _require(first + count <= known, f"instances {first} + {count} of {known}")
                if mesh not in self.meshes or material not in self.materials:
                    self.skipped += 1
                    continue
                draws += 1
                instances += count
                triangles += self.meshes[mesh][0] // 3 * count
        return draws, instances, triangles

    # -- resources ---------------------------------------------------------------------------------

    def buffer_create(self, buffer: int, size_bytes: int, usage: int) -> None:
        _require(buffer not in self.buffers and usage in (1, 2) and size_bytes % 4 == 0 and size_bytes > 0, "buffer")
        self.buffers[buffer] = (size_bytes, usage)

    def buffer_destroy(self, buffer: int) -> None:
        _require(self.buffers.pop(buffer, None) is not None, f"buffer {buffer} does not exist")
        _require(not any(buffer in mesh[1:] for mesh in self.meshes.values()), f"buffer {buffer} still has meshes")

    def _span(self, buffer: int, offset: int, size_bytes: int) -> None:
        _require(buffer in self.buffers, f"buffer {buffer} does not exist")
        _require(offset % 4 == 0 and size_bytes % 4 == 0 and offset + size_bytes <= self.buffers[buffer][0], "span")

    def buffer_write(self, buffer: int, offset: int, data: int, size_bytes: int) -> None:
        self._span(buffer, offset, size_bytes)
        _require(self._read(data).nbytes == size_bytes, "buffer_write size")

    def buffer_upload(self, buffer: int, offset: int, transfer: int, source_offset: int, size_bytes: int) -> None:
        self._span(buffer, offset, size_bytes)
        _require(source_offset + size_bytes <= self._held(transfer), f"buffer_upload past transfer {transfer}")

    def texture_create(self, texture: int, width: int, height: int, levels: int, format: int, sampler: int) -> None:
        full = max(width, height).bit_length()
        compressed = format >= spec.COMPRESSED_FIRST
        good = levels in (1, full) or (compressed and 0 < levels < full)
        _require(texture not in self.textures and good, "texture")
        if compressed:
            family = (format - spec.COMPRESSED_FIRST) // 2 + 1
            self.compressed[texture] = compressed_bytes(width, height, family, levels)
        self.textures[texture] = (width, height, format == 2)
        if levels == 1:
            self.single_level.add(texture)
        if format in TEXEL_BYTES:
            self.texel_bytes[texture] = TEXEL_BYTES[format]

    def texture_destroy(self, texture: int) -> None:
        _require(self.textures.pop(texture, None) is not None, f"texture {texture} does not exist")
        self.single_level.discard(texture)
        self.parts.pop(texture, None)
        self.compressed.pop(texture, None)
        self.texel_bytes.pop(texture, None)

    def texture_write(self, texture: int, data: int, size_bytes: int) -> None:
        width, height, _ = self.textures[texture]
        texel_bytes = self.texel_bytes.get(texture, 4)
        _require(self._read(data).nbytes == size_bytes == texel_bytes * width * height, "texture_write size")
        self.textures[texture] = (width, height, True)

    def texture_update(self, texture: int, x: int, y: int, width: int, height: int, data: int, size_bytes: int) -> None:
        wide, high, _ = self.textures[texture]
        texel_bytes = self.texel_bytes.get(texture, 4)
        _require(x + width <= wide and y + height <= high, "texture_update place")
        _require(self._read(data).nbytes == size_bytes == texel_bytes * width * height, "texture_update size")

    def texture_upload(self, texture: int, transfer: int) -> None:
        width, height, _ = self.textures[texture]
        _require(self._image(transfer) == (width, height), f"texture {width} x {height}, image {self._image(transfer)}")
        self.textures[texture] = (width, height, True)

    def texture_part(self, texture: int, transfer: int, level: int, first: int, rows: int) -> None:
        width, height, shown = self.textures[texture]
        _require(self._image(transfer) == (width, height), f"texture {width} x {height}, image {self._image(transfer)}")
        _require(rows == 0 or (shown and first + rows <= max(height >> level, 1)), f"rows {first} + {rows}")
        self.parts[texture] = self.parts.get(texture, 0) + (rows > 0) * max(width >> level, 1) * rows
        self.textures[texture] = (width, height, True)

    def texture_feed(self, texture: int, feed: int) -> None:
        size = self.pictures.pop(feed, None)
        if not texture or size is None:
            return
        width, height, _ = self.textures[texture]
        _require(size == (width, height), f"texture {width} x {height}, picture {size}")
        self.textures[texture] = (width, height, True)

    def mesh_create(self, mesh: int, vertex_buffer: int, vertex_offset: int, vertex_count: int, index_buffer: int,
                    index_offset: int, index_count: int, index_bytes: int, topology: int,
                    streams: int) -> None:  # fmt: skip
        layout = spec.LAYOUTS[spec.TOPOLOGIES[topology]]
        _require(mesh not in self.meshes and vertex_offset % spec.VERTEX_BYTES == 0, "mesh")
        _require(not (layout.is_element and (index_count or streams)), "elements with indices or streams")
        each = layout.stride_bytes + (spec.UV1_BYTES if streams & spec.STREAM_UV1 else 0)
        each += spec.POSED_BYTES if streams & spec.STREAM_POSED else 0
        self._span(vertex_buffer, vertex_offset, vertex_count * each)
        if index_count:
            self._span(index_buffer, index_offset, index_count * index_bytes + 3 & ~3)
        corners = 6 if layout.vertices == 4 else layout.vertices  # of an element's triangles
        self.meshes[mesh] = (corners * vertex_count if layout.is_element else index_count or vertex_count,
                             vertex_buffer, index_buffer)  # fmt: skip

    def splats_sort(self, mesh: int, texture: int, count: int, texels: int, data: int) -> None:
        raise SinkError("The null backend has no compute: it can sort no splats.")

    def mesh_destroy(self, mesh: int) -> None:
        _require(self.meshes.pop(mesh, None) is not None, f"mesh {mesh} does not exist")

    def material_create(self, material: int, kind: int, flags: int, shader: int, textures: int, texture_count: int,
                        params: int, size_bytes: int) -> None:  # fmt: skip
        used = tuple(self._read(textures).view(np.uint32).tolist()) if texture_count else ()
        _require(kind < len(spec.MATERIAL_KINDS) and len(used) == texture_count, "material")
        _require(all(t == 0 or t in self.textures for t in used), f"material {material} names a missing texture")
        _require(shader == 0 or shader in self.shaders, f"material {material} names a missing shader")
        block = spec.block_bytes(kinds.MATERIAL_BLOCK)
        _require(self._read(params).nbytes == size_bytes >= block, "material params")
        self.materials[material] = used

    def shader_create(self, shader: int, data: int, size_bytes: int) -> None:
        found = json.loads(bytes(self._read(data)))
        _require(set(found) == {"wgsl", "params", "textures", "displaces"}, "shader")
        self.shaders[shader] = found

    def shader_destroy(self, shader: int) -> None:
        _require(self.shaders.pop(shader, None) is not None, f"shader {shader} does not exist")

    def material_destroy(self, material: int) -> None:
        _require(self.materials.pop(material, None) is not None, f"material {material} does not exist")

    def material_write(self, material: int, params: int, size_bytes: int) -> None:
        _require(material in self.materials, f"material {material} does not exist")


def _require(condition: bool, what: str) -> None:
    if not condition:
        raise SinkError(f"The null backend refuses a command: {what}.")


def _mip_bytes(width: int, height: int) -> int:
    size = 4 * width * height
    while width > 1 or height > 1:
        width, height = max(width // 2, 1), max(height // 2, 1)
        size += 4 * width * height
    return size
