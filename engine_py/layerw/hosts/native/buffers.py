"""Buffers: vertices, indices, instance columns, visible rows, frame blocks, lights and poses.

The twin of web/backends/webgpu/buffers.js and lights.js. Owns the column buffers and, for each view, its frame block
and bind group (group 0).
"""

from __future__ import annotations

from dataclasses import dataclass

from layerw.gpu import spec
from layerw.hosts.native.bindings import POSES_BINDING
from layerw.hosts.native.records import (
    LAYOUTS,
    LIGHT_LINE_BYTES,
    LIGHT_LINES,
    BufferRecord,
    Gpu,
    MeshRecord,
    streams_of,
)

_VERTEX, _INDEX, _COPY_DST, _COPY_SRC, _STORAGE, _UNIFORM = 0x20, 0x10, 0x8, 0x4, 0x80, 0x40
_USAGES = (0, _VERTEX, _INDEX)
_SAMPLED, _WRITTEN = 0x4, 0x2
FRAME_BLOCK_BYTES = spec.block_bytes(spec.FRAME_BLOCK)
TOPOLOGY_STEP = 16  # of a variant: pipelines.py
_LINE_TEXELS = LIGHT_LINE_BYTES // 16


@dataclass(slots=True, eq=False)
class DrawnMesh:
    """What a draw needs: whole buffers with a base vertex where the offset allows, so that state changes less."""

    vertex: Gpu
    vertex_offset: int
    base_vertex: int
    index: Gpu
    format: str
    first_index: int
    elements: int
    variant: int
    streams: int
    uv1_offset: int
    posed_offset: int
    is_element: bool
    vertices: int  # of an element


class Buffers:
    """Of one device."""

    def __init__(self, device: Gpu, layout: Gpu) -> None:
        self.device, self.queue, self._layout = device, device.queue, layout
        self._frames: list[Gpu] = []
        self._groups: list[Gpu] = []
        self._columns: list[Gpu] = []
        self._no_lights = self._make_lights(1, 1)
        self._lights: dict[int, Gpu] = {}
        self._poses = self._make_poses(1, 1)
        self.visible = self._make_visible(spec.ROWS_STEP * 4)  # the still rows, then this frame's
        self._still_bytes = self._visible_bytes = 0
        self.rows_capacity(spec.ROWS_STEP)

    @property
    def size_bytes(self) -> int:
        """Of all that is here."""
        width, height = self._poses.size[:2]
        others = len(self._lights) * LIGHT_LINES * LIGHT_LINE_BYTES + (16 * width * height if width > 1 else 0)
        return int(others) + sum(int(buffer.size) for buffer in (*self._frames, self.visible, *self._columns))

    def create(self, record: BufferRecord) -> Gpu:
        """Of vertices or indices."""
        return self.device.create_buffer(label=f"buffer {record.handle}", size=record.size_bytes,
                                         usage=_USAGES[record.usage] | _COPY_DST)

    def write(self, buffer: Gpu, offset: int, data: memoryview) -> None:
        """At a byte of a buffer."""
        self.queue.write_buffer(buffer, offset, data)

    def create_mesh(self, mesh: MeshRecord) -> DrawnMesh:
        """Its buffers exist."""
        layout = LAYOUTS[mesh.topology]
        aligned = not layout.is_element and mesh.vertex_offset % layout.stride_bytes == 0
        before = mesh.vertex_offset // layout.stride_bytes if aligned else 0  # of which its streams have none
        uv1, posed = streams_of(mesh)
        assert mesh.vertex_buffer is not None
        return DrawnMesh(
            mesh.vertex_buffer.native, 0 if aligned else mesh.vertex_offset, before,
            mesh.index_buffer.native if mesh.index_buffer else None, "uint16" if mesh.index_bytes == 2 else "uint32",
            mesh.index_offset // mesh.index_bytes if mesh.index_buffer else 0, mesh.elements,
            mesh.topology * TOPOLOGY_STEP + mesh.streams * 2, mesh.streams, uv1 - before * spec.UV1_BYTES,
            posed - before * spec.POSED_BYTES, layout.is_element, layout.vertices)  # fmt: skip

    def rows_capacity(self, rows: int) -> None:
        """What was in the columns is lost."""
        for buffer in self._columns:
            buffer.destroy()
        self._columns = [self.device.create_buffer(label=f"rows {name}", size=rows * words * 4,
                                                   usage=_STORAGE | _COPY_DST) for name, words, _ in spec.COLUMNS]
        self._regroup()

    def rows_write(self, column: int, first_row: int, data: memoryview) -> None:
        """Whole rows of a column."""
        self.queue.write_buffer(self._columns[column], first_row * spec.COLUMNS[column][1] * 4, data)

    def _regroup(self) -> None:
        self._groups = [self._make_group(view) for view in range(len(self._frames))]

    def _make_group(self, view: int) -> Gpu:
        buffers = [{"buffer": buffer, "offset": 0, "size": buffer.size}
                   for buffer in (self._frames[view], *self._columns)]
        lights: Gpu = self._lights.get(view, self._no_lights)
        entries = [{"binding": number, "resource": one} for number, one in enumerate((*buffers, lights.create_view()))]
        poses = {"binding": POSES_BINDING, "resource": self._poses.create_view()}
        return self.device.create_bind_group(label=f"frame of view {view}", layout=self._layout,
                                             entries=[*entries, poses])

    def frame_group(self, view: int) -> Gpu:
        """The bind group of a view."""
        return self._groups[view]

    def _make_poses(self, width: int, height: int) -> Gpu:
        return self.device.create_texture(label="poses", size=(width, height, 1), format="rgba32float",
                                          usage=_SAMPLED | _WRITTEN)

    def poses(self, lines: int, first_line: int, count: int, data: memoryview) -> None:
        """Lines of what moves vertices; where `lines` differs from before, all others are zero."""
        width, height = self._poses.size[:2]
        if lines != (0 if width == 1 else height):
            self._poses.destroy()
            self._poses = self._make_poses(spec.POSE_LINE, lines) if lines else self._make_poses(1, 1)
            self._regroup()
        if count:
            self.queue.write_texture(
                {"texture": self._poses, "origin": (0, first_line, 0)}, data,
                {"offset": 0, "bytes_per_row": spec.POSE_LINE * 16, "rows_per_image": count},
                (spec.POSE_LINE, count, 1))

    def _make_visible(self, size: int) -> Gpu:
        return self.device.create_buffer(label="visible rows", size=size, usage=_VERTEX | _COPY_DST | _COPY_SRC)

    def visible_rows(self, data: memoryview) -> None:
        """Behind the still ones."""
        self._visible_bytes = len(data)
        if self._still_bytes + len(data) > self.visible.size:
            before = self.visible
            self.visible = self._make_visible(_room_for(self._still_bytes + len(data)))
            self._copy_rows(before, 0, 0, self._still_bytes)
        self.queue.write_buffer(self.visible, self._still_bytes, data)

    def still_rows(self, data: memoryview) -> None:
        """The visible rows move behind them."""
        before, at = self.visible, self._still_bytes
        self._still_bytes = len(data)
        self.visible = self._make_visible(_room_for(self._still_bytes + self._visible_bytes))
        self._copy_rows(before, at, self._still_bytes, self._visible_bytes)
        if data:
            self.queue.write_buffer(self.visible, 0, data)

    def _copy_rows(self, before: Gpu, at: int, to: int, size_bytes: int) -> None:
        if size_bytes:
            encoder = self.device.create_command_encoder()
            encoder.copy_buffer_to_buffer(before, at, self.visible, to, size_bytes)
            self.queue.submit([encoder.finish()])
        before.destroy()

    def frame_block(self, view: int, data: memoryview) -> None:
        """The uniforms of a view."""
        while len(self._frames) <= view:
            self._frames.append(self.device.create_buffer(label="frame block", size=FRAME_BLOCK_BYTES,
                                                          usage=_UNIFORM | _COPY_DST))
            self._groups.append(self._make_group(len(self._groups)))
        self.queue.write_buffer(self._frames[view], 0, data)

    def _make_lights(self, width: int, height: int) -> Gpu:
        return self.device.create_texture(label="lights", size=(width, height, 1), format="rgba32uint",
                                          usage=_SAMPLED | _WRITTEN)

    def lights(self, view: int, rows: memoryview, lists: memoryview) -> None:
        """The rows and cluster lists of a view; one that never had any gets a texel of zeros."""
        is_new = view not in self._lights
        if is_new:
            self._lights[view] = self._make_lights(_LINE_TEXELS, LIGHT_LINES)
        whole = bytes(rows) + bytes(-len(rows) % LIGHT_LINE_BYTES)
        for data, y in ((lists, 0), (whole, spec.LIGHT_LIST_LINES)):
            lines = len(data) // LIGHT_LINE_BYTES
            if lines:
                self.queue.write_texture(
                    {"texture": self._lights[view], "origin": (0, y, 0)}, data,
                    {"offset": 0, "bytes_per_row": LIGHT_LINE_BYTES, "rows_per_image": lines}, (_LINE_TEXELS, lines, 1))
        if is_new and view < len(self._groups):
            self._groups[view] = self._make_group(view)


def _room_for(size_bytes: int) -> int:
    """Of a buffer that grows seldom."""
    return 1 << (max(size_bytes, spec.ROWS_STEP * 4) - 1).bit_length()
