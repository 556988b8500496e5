"""The commands to the GPU: handles, states, checks, statistics; the twin of web/backends/common/core.js.

Owns: the handle tables and what the frame's commands collected. `read(address)` gives the engine's array; what it
points at is copied or drawn before the submit ends.
"""

from __future__ import annotations

import json
from collections.abc import Callable

import numpy as np

from layerw.base.host_port import AnyArray
from layerw.gpu import spec
from layerw.gpu.passes import DRAW_PASSES
from layerw.hosts.native.buffers import FRAME_BLOCK_BYTES
from layerw.hosts.native.device import Driver
from layerw.hosts.native.handles import HandleTable
from layerw.hosts.native.images import Images, Sources
from layerw.hosts.native.looks import Looks
from layerw.hosts.native.records import (
    BufferRecord,
    CommandError,
    MeshRecord,
    TextureRecord,
    check_buffer,
    check_mesh,
    check_write,
    triangles_of,
)
from layerw.hosts.native.runs import Known, Records
from layerw.hosts.native.view import Tile, View

VIEWS_MAX = 64
Send = Callable[..., None]


class Core:
    """The sink of GPU commands. send: queues an event for the engine's next frame."""

    def __init__(self, make: Callable[[], Driver], read: Callable[[int], AnyArray], sources: Sources,
                 send: Send) -> None:  # fmt: skip
        self._make, self._read, self._sources, self._send = make, read, sources, send
        self.driver = make()
        self.expects_begin = False  # what comes before device_begin was for a lost device
        self.commands: dict[str, int] = {}  # counts since the start, by name
        self.picks: list[int] = []  # answers are sent by themselves
        self.pictures: dict[int, tuple[int, int]] = {}
        self.frames = self.draws = self.triangles = 0
        self.is_watched = True
        self._is_asked = False  # this frame's picture
        self._clear()

    def _clear(self) -> None:
        self.buffers: HandleTable[BufferRecord] = HandleTable("buffer")
        self.meshes: HandleTable[MeshRecord] = HandleTable("mesh")
        self.images = Images(lambda handle, problem: self._failed("texture", handle, problem), self._has_pixels)
        self.looks = Looks(self.images.table, self._failed)
        self.buffer_bytes = 0
        self._views: dict[int, View] = {}
        self._shown: list[View] = []
        self._atlas = (0, 0)
        self._rows = self._visible = self._still = 0

    def passes_over(self, name: str) -> bool:
        """Whether a command is of no use now."""
        return self.expects_begin and name not in ("device_begin", "targets") and hasattr(self, name)

    def lose(self) -> None:
        """The device is gone, and everything with it; there is a new one."""
        self.driver.destroy()
        self.driver = self._make()
        self._clear()
        self.expects_begin = True

    @property
    def gpu_bytes(self) -> int:
        """Of all that is on the GPU."""
        resources = self.buffer_bytes + self.images.size_bytes
        return resources + self.driver.buffers.size_bytes + self.driver.graph.size_bytes

    def _failed(self, kind: str, handle: int, problem: str) -> None:
        text = problem if kind == "shader" else f"The {kind} {handle} could not be made. {problem}"
        self._send("resource_failed", spec.RESOURCE_KINDS.index(kind), handle, text)

    def _has_pixels(self, texture: TextureRecord) -> None:
        for material in texture.users:
            self.looks.refresh(material, self.driver)

    def _bytes(self, address: int, size_bytes: int) -> memoryview:
        array = self._read(address)
        data = memoryview(np.ascontiguousarray(array).reshape(-1).view(np.uint8).data)
        if len(data) < size_bytes:
            raise CommandError(f"{size_bytes} bytes are read of an array of {len(data)}.")
        return data[:size_bytes]

    def _records(self, address: int, count: int) -> Records | None:
        if count == 0:
            return None
        width = len(spec.DRAW_RECORD)
        return np.frombuffer(self._bytes(address, 4 * count * width), np.uint32).reshape(count, width)

    def device_begin(self) -> None:
        self.expects_begin = False

    def targets(self, width: int, height: int) -> None:
        self.driver.graph.resize(max(1, width), max(1, height))

    # -- the frame -----------------------------------------------------------------------------------

    def frame_begin(self, frame: int) -> None:
        self._shown = []

    def view(self, view: int, texture: int, x: int, y: int, width: int, height: int, drawn_width: int,
             drawn_height: int, flags: int) -> None:  # fmt: skip
        if view >= VIEWS_MAX:
            raise CommandError(f"There is no view {view}; use 0 to {VIEWS_MAX - 1}.")
        found = self._views.setdefault(view, View(view))
        found.begin(self.images.table.get(texture) if texture else None, (x, y, width, height),
                    (drawn_width, drawn_height), flags)
        self._shown.append(found)

    @property
    def _current(self) -> View:
        if not self._shown:
            raise CommandError("No view has begun in this frame; a view command comes first.")
        return self._shown[-1]

    def view_lut(self, texture: int) -> None:
        self._current.lut = self.images.table.get(texture) if texture else None

    def view_panorama(self, texture: int) -> None:
        self._current.panorama = self.images.table.get(texture)

    def view_pick(self, pick: int) -> None:
        self._current.pick = pick

    def view_lights(self, rows: int, count: int, lists: int, words: int) -> None:
        if count > spec.LIGHTS_MAX or words % spec.LIGHT_LIST_WIDTH or (
                words > spec.LIGHT_LIST_WIDTH * spec.LIGHT_LIST_LINES):
            raise CommandError(f"{count} lights and {words} words of lists came.")
        self.driver.buffers.lights(self._current.index, self._bytes(rows, 16 * spec.LIGHT_TEXELS * count),
                                   self._bytes(lists, 4 * words))

    def frame_block(self, data: int, size_bytes: int) -> None:
        if size_bytes != FRAME_BLOCK_BYTES:
            raise CommandError(f"The frame block has {size_bytes} bytes, expected {FRAME_BLOCK_BYTES}.")
        self.driver.buffers.frame_block(self._current.index, self._bytes(data, size_bytes))
        self._current.has_block = True

    def rows_capacity(self, rows: int) -> None:
        limit = self.driver.limits.rows
        if rows == 0 or rows % spec.ROWS_STEP or rows > limit:
            raise CommandError(f"The rows' capacity is {rows}; use a positive multiple of {spec.ROWS_STEP}, at most "
                               f"{limit}.")
        self.driver.buffers.rows_capacity(rows)
        self._rows = rows

    def rows_write(self, column: int, first_row: int, rows: int, data: int) -> None:
        if first_row % spec.ROWS_STEP or rows % spec.ROWS_STEP or first_row + rows > self._rows:
            raise CommandError(f"Rows {first_row} to {first_row + rows} are written; there are {self._rows}.")
        if rows:
            self.driver.buffers.rows_write(column, first_row, self._bytes(data, rows * spec.COLUMNS[column][1] * 4))

    def poses(self, lines: int, first_line: int, count: int, data: int) -> None:
        if first_line + count > lines or lines > self.driver.limits.texture_side:
            raise CommandError(f"Lines {first_line} to {first_line + count} of {lines} of poses are written.")
        self.driver.buffers.poses(lines, first_line, count,
                                  self._bytes(data, count * spec.POSE_LINE * 16) if count else memoryview(b""))

    def visible_rows(self, data: int, count: int) -> None:
        self._visible = count
        if count:
            self.driver.buffers.visible_rows(self._bytes(data, 4 * count))

    def still_rows(self, data: int, count: int) -> None:
        self._still = count
        self.driver.buffers.still_rows(self._bytes(data, 4 * count) if count else memoryview(b""))

    def draw_list(self, pass_id: int, data: int, count: int) -> None:
        if pass_id >= len(DRAW_PASSES):
            raise CommandError(f"There is no draw pass {pass_id}; use 0 to {len(DRAW_PASSES) - 1}.")
        self._current.lists[pass_id] = self._records(data, count)

    def shadow_atlas(self, width: int, height: int) -> None:
        self._atlas = (width, height)
        self.driver.graph.resize_atlas(width, height)

    def probe_lines(self, lines: int) -> None:
        self.driver.graph.grow(lines)

    def probe_write(self, first_line: int, lines: int, data: int) -> None:
        self.driver.graph.write_lines(first_line, lines, self._bytes(data, self._read(data).nbytes))

    def splats_sort(self, mesh: int, texture: int, count: int, texels: int, data: int) -> None:
        raise CommandError("Natively a thread sorts splats.")

    def shadow_tile(self, x: int, y: int, side: int, matrix: int, clear: int, data: int, count: int) -> None:
        width, height = self._atlas
        if side == 0 or x + side > width or y + side > height:
            raise CommandError(f"A shadow tile of {side} texels at {x}, {y} lies outside of the atlas of {width} x "
                               f"{height}.")
        self._current.add_tile(Tile(x, y, side, matrix, clear != 0, self._records(data, count)))

    def frame_end(self) -> None:
        self.frames += 1
        self.draws = self.triangles = outside = 0
        views = [view for view in self._shown if view.has_block]
        known = Known(self._visible, self._still) if self._rows else Known(0, 0)
        for view in views:
            triangles, skipped = view.collect(self.meshes.live, self.looks.materials.live, known)
            self.triangles, outside = self.triangles + triangles, outside + skipped
        if not views:
            return
        seen, self._is_asked = self.is_watched or self._is_asked, False
        self.draws = self.driver.graph.draw_frame(views, seen=seen)
        for copy in self.driver.graph.copies:
            self._send("picked", copy.pick, *self.driver.graph.executor.read_texel(copy.native))
        if outside:
            raise CommandError(f"{outside} draws index past the {self._visible} visible or {self._still} still rows "
                               "and were skipped.")

    def look(self) -> None:
        """The picture of the frame that is being made is read."""
        self._is_asked = True

    def picture(self) -> AnyArray | None:
        """What was drawn last, (height, width, 4) uint8."""
        return self.driver.graph.executor.read()

    # -- resources -----------------------------------------------------------------------------------

    def buffer_create(self, buffer: int, size_bytes: int, usage: int) -> None:
        record = BufferRecord(buffer, size_bytes, usage)
        self.buffers.create(record)
        problem = check_buffer(size_bytes, usage, self.driver.limits)
        if problem:
            return self._failed("buffer", buffer, problem)
        try:
            record.native = self.driver.buffers.create(record)
        except Exception as error:  # of wgpu: no room
            return self._failed("buffer", buffer, str(error))
        record.state = "ready"
        self.buffer_bytes += size_bytes

    def buffer_destroy(self, buffer: int) -> None:
        record = self.buffers.remove(buffer)
        for mesh in record.users:
            mesh.ready = False
        if record.native is not None:
            record.native.destroy()
            self.buffer_bytes -= record.size_bytes

    def buffer_write(self, buffer: int, offset: int, data: int, size_bytes: int) -> None:
        self._write_buffer(buffer, offset, self._bytes(data, size_bytes))

    def buffer_upload(self, buffer: int, offset: int, transfer: int, source_offset: int, size_bytes: int) -> None:
        data = self._sources.bytes_of(transfer)
        if source_offset + size_bytes > len(data):
            raise CommandError(f"Bytes up to {source_offset + size_bytes} are read, but transfer {transfer} holds "
                               f"{len(data)} bytes.")
        self._write_buffer(buffer, offset, data[source_offset : source_offset + size_bytes])

    def _write_buffer(self, buffer: int, offset: int, data: memoryview) -> None:
        record = self.buffers.get(buffer)
        check_write(record, offset, len(data))
        if record.state != "failed" and len(data):
            self.driver.buffers.write(record.native, offset, data)

    def texture_create(self, texture: int, width: int, height: int, levels: int, format: int, sampler: int) -> None:
        self.images.create(self.driver, TextureRecord(texture, width, height, levels, format, sampler))

    def texture_destroy(self, texture: int) -> None:
        self.images.destroy(texture)

    def texture_write(self, texture: int, data: int, size_bytes: int) -> None:
        self.images.write(self.driver, texture, self._bytes(data, size_bytes))

    def texture_update(self, texture: int, x: int, y: int, width: int, height: int, data: int, size_bytes: int) -> None:
        self.images.update(self.driver, texture, (x, y, width, height), self._bytes(data, size_bytes))

    def texture_upload(self, texture: int, transfer: int) -> None:
        self.images.upload(self.driver, texture, transfer, self._sources)

    def texture_part(self, texture: int, transfer: int, level: int, first: int, rows: int) -> None:
        """All of it with the first part: what a window's GPU takes at once need not be spread over frames."""
        if rows == 0:
            self.images.upload(self.driver, texture, transfer, self._sources)

    def texture_feed(self, texture: int, feed: int) -> None:
        """No page sends pictures here."""

    def mesh_create(self, mesh: int, vertex_buffer: int, vertex_offset: int, vertex_count: int, index_buffer: int,
                    index_offset: int, index_count: int, index_bytes: int, topology: int,
                    streams: int) -> None:  # fmt: skip
        elements = index_count if index_buffer else vertex_count
        record = MeshRecord(mesh, self.buffers.live.get(vertex_buffer), vertex_offset, vertex_count,
                            self.buffers.live.get(index_buffer), index_offset, index_count, index_bytes, topology,
                            streams, elements, triangles_of(topology, elements))
        self.meshes.create(record)
        problem = check_mesh(record)
        if not problem and index_buffer and record.index_buffer is None:
            problem = "Its index buffer does not exist."
        if problem:
            return self._failed("mesh", mesh, problem)
        used = [buffer for buffer in (record.vertex_buffer, record.index_buffer) if buffer is not None]
        if any(buffer.state == "failed" for buffer in used):
            return  # it has been reported; the mesh just stays not ready
        for buffer in used:
            buffer.users.add(record)
        record.native = self.driver.buffers.create_mesh(record)
        record.ready = elements > 0

    def mesh_destroy(self, mesh: int) -> None:
        record = self.meshes.remove(mesh)
        record.ready = False
        for buffer in (record.vertex_buffer, record.index_buffer):
            if buffer is not None:
                buffer.users.discard(record)

    def material_create(self, material: int, kind: int, flags: int, shader: int, textures: int, texture_count: int,
                        params: int, size_bytes: int) -> None:  # fmt: skip
        handles = np.frombuffer(self._bytes(textures, 4 * texture_count), np.uint32).tolist() if texture_count else []
        self.looks.create(self.driver, material, kind, flags, shader, handles, self._bytes(params, size_bytes))

    def material_write(self, material: int, params: int, size_bytes: int) -> None:
        self.looks.write(self.driver, material, self._bytes(params, size_bytes))

    def material_destroy(self, material: int) -> None:
        self.looks.destroy(material)

    def shader_create(self, shader: int, data: int, size_bytes: int) -> None:
        self.looks.create_shader(self.driver, shader, json.loads(bytes(self._bytes(data, size_bytes))))

    def shader_destroy(self, shader: int) -> None:
        self.looks.destroy_shader(shader)
