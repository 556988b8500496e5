"""The executor: draws the graph's groups, shows the picture, reads it back; the twin of web/backends/webgpu/passes.js.

Owns: the picture (so that it can be read at any time; a canvas gets a copy), the draw loop, and the bind groups of what
passes read. Knows no pass by name: rows say what is drawn, into what and how.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from layerw.gpu import spec
from layerw.gpu.passes import TARGETS, Pass, target
from layerw.hosts.native.bindings import READ_GROUP
from layerw.hosts.native.buffers import Buffers, DrawnMesh
from layerw.hosts.native.formats import FORMATS, NOTHING, PICTURE
from layerw.hosts.native.pipelines import VARIANT_FADES, Pipelines
from layerw.hosts.native.plan import Group
from layerw.hosts.native.records import Gpu
from layerw.hosts.native.runs import Run, Runs
from layerw.hosts.native.targets import Drawn, Image, Native, Natives
from layerw.hosts.native.view import Tile, View

if TYPE_CHECKING:
    from layerw.hosts.native.canvas import Canvas

_COPY_SRC, _COPY_DST, _SAMPLED, _DRAWN = 0x01, 0x02, 0x04, 0x10
_BUFFER_UNIFORM, _BUFFER_COPY_DST, _BUFFER_COPY_SRC = 0x40, 0x08, 0x04
_DRAW_FLAGS = spec.DRAW_CAMERA_RELATIVE | spec.DRAW_MIRRORED
_TEXEL_BYTES, _HALF_TEXEL_BYTES, _ROW_BYTES = 8, 8, 256
_CLEARS = {one.name: one.clear for one in TARGETS}


class Executor:
    """Of one device. canvas: where the picture is shown; None: nowhere."""

    def __init__(self, device: Gpu, buffers: Buffers, pipelines: Pipelines, draw_layout: Gpu,
                 canvas: Canvas | None) -> None:  # fmt: skip
        self.device, self.buffers, self.pipelines, self.canvas = device, buffers, pipelines, canvas
        self.picture: Native | None = None
        self._draw_groups = [self._make_draw_group(draw_layout, n & 3, n >> 2) for n in range(spec.SHADOW_MATRICES * 4)]
        self._blank: dict[str, Native] = {}  # what passes read where nobody drew it, by format
        self._inputs: dict[tuple[str, tuple[int, ...]], Gpu] = {}
        self._encoder: Gpu = None
        self._pass: Gpu = None
        self._formats: list[str] = []  # of the group's colours

    def _make_draw_group(self, layout: Gpu, flags: int, matrix: int) -> Gpu:
        buffer = self.device.create_buffer(label=f"draw flags {flags}", size=16,
                                           usage=_BUFFER_UNIFORM | _BUFFER_COPY_DST)
        self.device.queue.write_buffer(buffer, 0, struct.pack("<4I", flags, matrix, 0, 0))
        return self.device.create_bind_group(layout=layout, entries=[
            {"binding": 0, "resource": {"buffer": buffer, "offset": 0, "size": 16}}])

    # -- targets -------------------------------------------------------------------------------------

    def create_target(self, image: Image) -> Native:
        """An image that passes draw into."""
        usage = _DRAWN | (_SAMPLED if image.samples == 1 or image.format == "depth32float" else 0)
        usage |= _COPY_SRC if image.format == "rg32uint" or image.copied else 0
        return self._make(image, FORMATS[image.format], usage | (_COPY_DST if image.copied else 0))

    def _make(self, image: Image, format_: str, usage: int) -> Native:
        texture = self.device.create_texture(
            label=f"target {image.format}", size=(image.width, image.height, 1), format=format_,
            sample_count=image.samples, usage=usage, mip_level_count=image.levels)
        view = texture.create_view()
        drawn = texture.create_view(mip_level_count=1) if image.levels > 1 else view
        return Native(texture, view, drawn, image)

    def destroy_target(self, native: Native) -> None:
        """It is of no use any more."""
        native.texture.destroy()
        self._inputs.clear()

    def resize(self, width: int, height: int) -> None:
        """Of the picture."""
        if self.picture is not None:
            self.picture.texture.destroy()
        self.picture = self._make(Image("picture", 1, width, height), PICTURE, _DRAWN | _COPY_SRC | _SAMPLED)

    def outside(self, name: str, view: View) -> Drawn | None:
        """The image of a target that the graph does not allocate."""
        if name in ("lut", "panorama"):
            record = view.lut if name == "lut" else view.panorama
            return None if record is None else record.native
        if view.texture is None and self.picture is None:
            self.resize(1, 1)  # until a command says its size
        return self.picture if view.texture is None else view.texture.native

    # -- a frame -------------------------------------------------------------------------------------

    def begin_frame(self) -> None:
        """All that follows is one submit."""
        self._encoder = self.device.create_command_encoder()

    def begin_group(self, view: View, group: Group, natives: Natives, clears: list[bool]) -> None:
        """clears: which colours begin anew."""
        colors = []
        self._formats = []
        for number, color in enumerate(natives.colors):
            into = natives.resolves[number]
            shown = color if color is not None else self._nothing()
            is_kept = color is not None and group.keeps_colors[number]
            colors.append({
                "view": shown.drawn, "resolve_target": None if into is None else into.view,
                "load_op": "clear" if clears[number] or color is None else "load",
                "store_op": "store" if is_kept else "discard", "clear_value": _CLEARS.get(group.colors[number])
                or (0, 0, 0, 0)})  # fmt: skip
            self._formats.append(shown.texture.format)
        drawing = self._encoder.begin_render_pass(color_attachments=colors, depth_stencil_attachment=(
            None if natives.depth is None else {
                "view": natives.depth.view, "depth_clear_value": 0.0,
                "depth_load_op": "clear" if group.clears_depth else "load",
                "depth_store_op": "store" if group.keeps_depth else "discard"}))  # fmt: skip
        if "picture" in group.colors:
            drawing.set_viewport(view.x, view.y, view.width, view.height, 0, 1)
            drawing.set_scissor_rect(view.x, view.y, view.width, view.height)
        drawing.set_bind_group(0, self.buffers.frame_group(view.index))
        self._pass = drawing

    def _nothing(self) -> Native:
        native = self._blank.get(NOTHING)
        if native is None:
            native = self._blank[NOTHING] = self._make(Image("picture", 1, 1, 1), NOTHING, _DRAWN)
        return native

    def end_group(self) -> None:
        """No more of it."""
        self._pass.end()
        self._pass = None

    def resolve_depth(self, source: Drawn | None, into: Drawn | None) -> None:
        """The depth of the first sample."""
        assert source is not None and into is not None
        pipeline, layout = self.pipelines.depth_resolve
        key = ("depth", (source.number,))
        group = self._inputs.get(key)
        if group is None:
            group = self._inputs[key] = self.device.create_bind_group(
                layout=layout, entries=[{"binding": 0, "resource": source.view}])
        drawing = self._encoder.begin_render_pass(color_attachments=[], depth_stencil_attachment={
            "view": into.view, "depth_clear_value": 0.0, "depth_load_op": "clear", "depth_store_op": "store"})
        drawing.set_pipeline(pipeline)
        for nothing in range(READ_GROUP):
            drawing.set_bind_group(nothing, self.pipelines.nothing)
        drawing.set_bind_group(READ_GROUP, group)
        drawing.draw(3)
        drawing.end()

    def mips(self, native: Drawn | None) -> None:
        """Makes the smaller levels."""
        assert native is not None
        self.pipelines.textures.draw_levels(self._encoder, native.texture)

    def begin_tile(self, tile: Tile) -> None:
        """Of the group's depth: what is drawn goes there."""
        self._pass.set_viewport(tile.x, tile.y, tile.side, tile.side, 0, 1)
        self._pass.set_scissor_rect(tile.x, tile.y, tile.side, tile.side)
        if tile.clear:
            self._pass.set_pipeline(self.pipelines.tile_clear)
            for group in range(1, READ_GROUP):
                self._pass.set_bind_group(group, self.pipelines.nothing)
            self._pass.draw(3)

    def copy_texel(self, native: Native) -> Gpu:
        """The first texel of a target of integers, in the middle of a frame."""
        buffer = self.device.create_buffer(label="texel", size=_ROW_BYTES, usage=_BUFFER_COPY_DST | _BUFFER_COPY_SRC)
        self._encoder.copy_texture_to_buffer(
            {"texture": native.texture, "mip_level": 0, "origin": (0, 0, 0)},
            {"buffer": buffer, "offset": 0, "bytes_per_row": _ROW_BYTES, "rows_per_image": 1}, (1, 1, 1))
        return buffer

    def read_texel(self, buffer: Gpu) -> tuple[int, float]:
        """Row + 1 and depth of what copy_texel gave, once the frame has ended."""
        data = bytes(self.device.queue.read_buffer(buffer, size=_TEXEL_BYTES))
        buffer.destroy()
        row, depth = struct.unpack("<If", data)
        return row, depth

    def end_frame(self) -> None:
        """Hands all of it to the GPU, and the picture to the canvas."""
        if self.canvas is not None and self.picture is not None:
            self.canvas.show(self._encoder, self.picture)
        self.device.queue.submit([self._encoder.finish()])
        self._encoder = None

    # -- steps ---------------------------------------------------------------------------------------

    def fullscreen(self, row: Pass, reads: list[Drawn | None]) -> int:
        """A triangle; gives the draws."""
        self._pass.set_pipeline(self.pipelines.fullscreen(row, self._formats))
        if row.region:
            self._pass.set_viewport(*row.region, 0, 1)
        self._pass.set_bind_group(1, self.pipelines.nothing)
        self._pass.set_bind_group(2, self.pipelines.nothing)
        self._bind_reads(row, reads)
        self._pass.draw(3)
        return 1

    def _bind_reads(self, row: Pass, reads: list[Drawn | None]) -> None:
        if not reads:
            return
        natives = [self._blank_of(name) if one is None else one
                   for name, one in zip(row.targets_read, reads, strict=True)]
        key = (row.name, tuple(one.number for one in natives))
        group = self._inputs.get(key)
        if group is None:
            group = self._inputs[key] = self.pipelines.input_group(row, [one.view for one in natives])
        self._pass.set_bind_group(READ_GROUP, group)

    def _blank_of(self, name: str) -> Native:
        """One texel of zeros, for a target that nobody drew."""
        format_ = target(name).format
        native = self._blank.get(format_)
        if native is None:
            native = self._blank[format_] = self._make(Image(format_, 1, 1, 1), FORMATS[format_], _SAMPLED | _DRAWN)
        return native

    def draws(self, row: Pass, draw: int, runs: Runs, reads: list[Drawn | None], matrix: int) -> int:
        """The draw loop: sets only what changed. matrix: of a shadow tile; gives the draws."""
        if not runs.all:
            return 0
        drawing = self._pass
        self._bind_reads(row, reads)
        pipeline = material = mesh_before = None
        group = -1
        for run in runs.all:
            mesh: DrawnMesh = run.mesh.native
            kind = spec.MATERIAL_KINDS[run.material.kind]
            if (mesh.is_element and row.shader == "depth") or (row.only and kind != row.only) or kind == row.but:
                continue  # points and lines have no depth of their own
            variant = mesh.variant + (run.flags & spec.DRAW_MIRRORED > 0) + (
                VARIANT_FADES if run.flags & spec.DRAW_FADES else 0)
            following = run.material.pipelines.get((draw, variant)) or self.pipelines.get(draw, run.material, variant)
            if following is not pipeline:
                pipeline = following
                drawing.set_pipeline(pipeline)
            if run.material is not material:
                material = run.material
                drawing.set_bind_group(1, material.native.group)
            if run.flags != group:
                group = run.flags
                drawing.set_bind_group(2, self._draw_groups[matrix * 4 + (group & _DRAW_FLAGS)])
            self._draw(run, mesh, mesh is mesh_before)
            mesh_before = mesh
        return len(runs.all)

    def _draw(self, run: Run, mesh: DrawnMesh, is_bound: bool) -> None:
        drawing, visible = self._pass, self.buffers.visible
        if mesh.is_element:
            drawing.set_vertex_buffer(0, mesh.vertex, mesh.vertex_offset)
            for instance in range(run.first, run.first + run.instances):
                drawing.set_vertex_buffer(1, visible, 4 * instance)
                drawing.draw(mesh.vertices, mesh.elements)
            return
        if not is_bound:
            drawing.set_vertex_buffer(0, mesh.vertex, mesh.vertex_offset)
            drawing.set_vertex_buffer(1, visible, 0)
            slot = 2
            if mesh.streams & spec.STREAM_UV1:
                drawing.set_vertex_buffer(slot, mesh.vertex, mesh.uv1_offset)
                slot += 1
            if mesh.streams & spec.STREAM_POSED:
                drawing.set_vertex_buffer(slot, mesh.vertex, mesh.posed_offset)
            if mesh.index is not None:
                drawing.set_index_buffer(mesh.index, mesh.format)
        if mesh.index is None:
            drawing.draw(mesh.elements, run.instances, mesh.base_vertex, run.first)
        else:
            drawing.draw_indexed(mesh.elements, run.instances, mesh.first_index, mesh.base_vertex, run.first)

    # -- what the CPU writes and reads ---------------------------------------------------------------

    def write_lines(self, native: Native, width: int, y: int, lines: int, data: memoryview) -> None:
        """Lines of half floats."""
        self.device.queue.write_texture(
            {"texture": native.texture, "origin": (0, y, 0)}, data,
            {"offset": 0, "bytes_per_row": _HALF_TEXEL_BYTES * width, "rows_per_image": lines}, (width, lines, 1))

    def read(self) -> npt.NDArray[np.uint8] | None:
        """What was drawn last, (height, width, 4) uint8, opaque; None where nothing was."""
        if self.picture is None:
            return None
        width, height = self.picture.image.width, self.picture.image.height
        row_bytes = -(-4 * width // _ROW_BYTES) * _ROW_BYTES
        data = self.device.queue.read_texture(
            {"texture": self.picture.texture, "mip_level": 0, "origin": (0, 0, 0)},
            {"offset": 0, "bytes_per_row": row_bytes, "rows_per_image": height}, (width, height, 1))
        lines = np.frombuffer(data, np.uint8).reshape(height, -1)[:, : 4 * width]
        pixels = lines.reshape(height, width, 4).copy()
        pixels[..., 3] = 255
        return pixels
