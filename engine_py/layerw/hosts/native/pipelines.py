"""Pipelines and materials: the twin of web/backends/webgpu/pipelines.js.

Owns: pipeline layouts, the pipeline cache by (pass, kind, flags, variant), material bind groups (group 1). A variant is
topology * 16 + VARIANT_FADES where the rows fade + 2 * the mesh's streams + 1 where they are mirrored. Every pipeline
is compiled when it is first needed.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from layerw.gpu import kinds, spec
from layerw.gpu.passes import PASSES, Pass, target
from layerw.hosts.native import bindings, programs
from layerw.hosts.native.bindings import FRAGMENT_STAGE, PARAMS_BINDING, READ_BINDINGS, SLOTS, WORDS, texture_binding
from layerw.hosts.native.buffers import TOPOLOGY_STEP
from layerw.hosts.native.formats import FORMATS, NOTHING
from layerw.hosts.native.own_shaders import OwnShaderError, compile_module, unfit
from layerw.hosts.native.records import LAYOUTS, Gpu, MaterialRecord
from layerw.hosts.native.textures import Textures

DRAWS = tuple(row for row in PASSES if row.kind == "draws")
VARIANT_FADES = 8
_MATERIAL_BYTES = spec.block_bytes(kinds.MATERIAL_BLOCK)
_TOPOLOGY = ("triangle-list", "line-list", "point-list")  # elements: strips
_UV1_LOCATION, _POSED_LOCATION = 6, 7
_ALWAYS = {"format": FORMATS["depth32float"], "depth_compare": "always", "depth_write_enabled": True}
_WRITE_RGB, _WRITE_ALL = 7, 15
# By kind: the first one whose textures are as many. What no kind has a program for is drawn by that of its likes.
_LIKES = tuple(next(n for n, names in enumerate(SLOTS) if len(names) == len(slots) and WORDS[n] == WORDS[kind])
               for kind, slots in enumerate(SLOTS))


@dataclass(slots=True, eq=False)
class LookLayouts:
    """What a material's group and the pipelines that draw it are laid out like."""

    material: Gpu
    textures: int
    passes: dict[str, Gpu] = field(default_factory=dict)


@dataclass(slots=True, eq=False)
class OwnShader:
    """A program's own shader, compiled."""

    module: Gpu
    layouts: LookLayouts
    pipelines: dict[tuple[int, ...], Gpu] = field(default_factory=dict)


@dataclass(slots=True, eq=False)
class DrawnMaterial:
    """Its numbers on the GPU, and its bind group."""

    buffer: Gpu
    group: Gpu


class Pipelines:
    """Of one device."""

    def __init__(self, device: Gpu, frame: Gpu, draw: Gpu, textures: Textures) -> None:
        self.device, self.textures = device, textures
        self._frame, self._draw = frame, draw
        self._cache: dict[tuple[int, ...], Gpu] = {}
        self._looks: dict[tuple[int, bool, bool], LookLayouts] = {}
        self._modules: dict[tuple[str, bool], Gpu] = {}
        self._fullscreens: dict[tuple[str, ...], Gpu] = {}
        self._inputs: dict[str, Gpu] = {}
        self._screens: dict[str, Gpu] = {}
        self._empty = device.create_bind_group_layout(label="nothing", entries=[])
        self.nothing = device.create_bind_group(label="nothing", layout=self._empty, entries=[])
        self._compares = device.create_sampler(compare="greater-equal", mag_filter="linear", min_filter="linear")
        self._filters = device.create_sampler(mag_filter="linear", min_filter="linear")
        self._depth_resolve: tuple[Gpu, Gpu] | None = None
        self._tile_clear: Gpu = None

    # -- layouts -------------------------------------------------------------------------------------

    def _input_layout(self, row: Pass) -> Gpu:
        found = self._inputs.get(row.name)
        if found is None:
            found = self._inputs[row.name] = bindings.input_layout(self.device, row)
        return found

    def _pass_layout(self, row: Pass, material: Gpu) -> Gpu:
        inputs = [self._input_layout(row)] if row.reads else []
        groups = [self._frame, material, self._draw if row.kind == "draws" else self._empty, *inputs]
        return self.device.create_pipeline_layout(label=row.name, bind_group_layouts=groups)

    def _look_layout(self, layouts: LookLayouts, row: Pass) -> Gpu:
        """Made when it is needed: not every pass has room for the textures of every kind."""
        found = layouts.passes.get(row.name)
        if found is None:
            found = layouts.passes[row.name] = self._pass_layout(row, layouts.material)
        return found

    def layouts_of(self, textures: int, is_own: bool, has_words: bool = False) -> LookLayouts:
        """textures: of a material; is_own: of a program's shader; has_words: they hold whole numbers."""
        key = textures, is_own, has_words
        found = self._looks.get(key)
        if found is None:
            layout = bindings.material_layout(self.device, *key)
            found = self._looks[key] = LookLayouts(layout, textures)
        return found

    def input_group(self, row: Pass, views: list[Gpu]) -> Gpu:
        """What a pass reads."""
        entries = [{"binding": READ_BINDINGS[name], "resource": view}
                   for name, view in zip(row.names_read, views, strict=True)]
        samplers = [{"binding": READ_BINDINGS["linear_sampler"], "resource": self._filters},
                    {"binding": READ_BINDINGS["shadow_sampler"], "resource": self._compares}]
        return self.device.create_bind_group(label=f"inputs of {row.name}", layout=self._input_layout(row),
                                             entries=entries + samplers)

    # -- pipelines -----------------------------------------------------------------------------------

    def _module(self, program: str, posed: bool = False) -> Gpu:
        found = self._modules.get((program, posed))
        if found is None:
            code = programs.module_text(program, posed)
            found = self._modules[program, posed] = self.device.create_shader_module(label=program, code=code)
        return found

    @property
    def depth_resolve(self) -> tuple[Gpu, Gpu]:
        """Its pipeline and layout: the API resolves colour by itself, depth not."""
        if self._depth_resolve is None:
            layout = self.device.create_bind_group_layout(label="samples of depth", entries=[
                {"binding": 0, "visibility": FRAGMENT_STAGE,
                 "texture": {"sample_type": "depth", "multisampled": True}}])
            module, groups = self._module("depth_resolve"), [self._empty, self._empty, self._empty, layout]
            self._depth_resolve = self.device.create_render_pipeline(
                label="depth resolve", vertex={"module": module}, fragment={"module": module, "targets": []},
                layout=self.device.create_pipeline_layout(bind_group_layouts=groups), depth_stencil=_ALWAYS), layout
        return self._depth_resolve

    @property
    def tile_clear(self) -> Gpu:
        """Sets depth to the farthest; the API clears whole images only."""
        if self._tile_clear is None:
            layout = self.device.create_pipeline_layout(bind_group_layouts=[self._frame, self._empty, self._empty])
            self._tile_clear = self.device.create_render_pipeline(
                label="tile clear", vertex={"module": self._module("tile_clear")}, layout=layout,
                depth_stencil=_ALWAYS)
        return self._tile_clear

    def get(self, draw: int, material: MaterialRecord, variant: int) -> Gpu:
        """draw: of DRAWS."""
        own: OwnShader | None = material.shader.native if material.shader else None
        flags = material.flags & programs.PIPELINE_FLAGS
        like = 0 if own else material.kind if DRAWS[draw].shader == "" else _LIKES[material.kind]
        key, cache = (draw, like, flags, variant), own.pipelines if own else self._cache
        pipeline = cache.get(key)
        if pipeline is None:
            made = self._described(DRAWS[draw], 0 if own else material.kind, flags, variant, own)
            pipeline = cache[key] = self.device.create_render_pipeline(**made)
        material.pipelines[draw, variant] = pipeline
        return pipeline

    def _described(self, row: Pass, kind: int, flags: int, variant: int, own: OwnShader | None) -> dict[str, Any]:
        topology, streams = variant // TOPOLOGY_STEP, (variant >> 1) & 3
        posed = bool(streams & spec.STREAM_POSED)
        entry: dict[str, Any] = {}
        if own is None:
            layouts, module = self.layouts_of(len(SLOTS[kind]), False, WORDS[kind]), self._module(
                row.shader or programs.kind_name(kind), posed)
        else:
            layouts, module = own.layouts, own.module
            entry = {"entry_point": "fragment_main" if row.shader == "" else "depth_main"}
        constants = programs.overrides(kind, flags, row, own=own is not None, fades=bool(variant & VARIANT_FADES))
        return {
            "label": f"{row.name} kind {kind} flags {flags}", "layout": self._look_layout(layouts, row),
            "vertex": {"module": module, "entry_point": "vertex_posed" if posed else "vertex_main",
                       "constants": constants, "buffers": vertex_buffers(topology, streams)},
            "fragment": {"module": module, "constants": constants, "targets": _color_targets(row, kind), **entry},
            "primitive": {"topology": _TOPOLOGY[topology] if topology < len(_TOPOLOGY) else "triangle-strip",
                          "front_face": "cw" if variant & 1 else "ccw",
                          "cull_mode": "none" if flags & spec.MATERIAL_DOUBLE_SIDED else "back"},
            **_pass_state(row, programs.uses_coverage(kind, flags, row)),
        }  # fmt: skip

    def fullscreen(self, row: Pass, formats: list[str]) -> Gpu:
        """formats: of what it draws into: of textures it is another than the picture's."""
        key = (row.name, *formats)
        pipeline = self._fullscreens.get(key)
        if pipeline is None:
            module, blend = self._module(row.shader), {"blend": _BLENDS[row.blend](False, False)} if row.blend else {}
            layout = self._screens.get(row.name)
            if layout is None:
                layout = self._screens[row.name] = self._pass_layout(row, self._empty)
            pipeline = self._fullscreens[key] = self.device.create_render_pipeline(
                label=row.name, layout=layout, vertex={"module": module}, **_pass_state(row, False),
                fragment={"module": module, "constants": programs.pass_overrides(row),
                          "targets": [{"format": one, **blend} for one in formats]})  # fmt: skip
        return pipeline

    def compile_shader(self, source: dict[str, Any]) -> OwnShader:
        """Raises OwnShaderError with the program's own line."""
        module = compile_module(self.device, source, len(SLOTS[0]))
        own = OwnShader(module, self.layouts_of(len(SLOTS[0]) + len(source["textures"]), True))
        opaque = next(number for number, row in enumerate(DRAWS) if row.name == "opaque")
        try:  # what compiles may still bind what is not there, which would end every frame that draws it
            own.pipelines[opaque, 0, 0, 0] = self.device.create_render_pipeline(
                **self._described(DRAWS[opaque], 0, 0, 0, own))
        except Exception as error:  # wgpu's own kinds of it
            raise OwnShaderError(unfit(str(error))) from error
        return own

    # -- materials -----------------------------------------------------------------------------------

    def create_material(self, record: MaterialRecord) -> DrawnMaterial:
        """Every texture of it is ready."""
        size = record.block.nbytes
        own: OwnShader | None = record.shader.native if record.shader else None
        buffer = self.device.create_buffer(label=f"material {record.handle}", size=size, usage=0x40 | 0x8)
        self.device.queue.write_buffer(buffer, 0, record.block)
        layouts = own.layouts if own else self.layouts_of(bindings.engine_slots(record.kind, record.shader), False,
                                                          WORDS[record.kind])
        entries = [_part(0, buffer, 0, _MATERIAL_BYTES)]
        for slot, texture in enumerate(record.textures[: layouts.textures]):
            view = self.textures.white if texture is None else texture.native.view
            sampler = self.textures.sampler(0 if texture is None else texture.sampler)
            entries += [{"binding": texture_binding(slot), "resource": view},
                        {"binding": texture_binding(slot) + 1, "resource": sampler}]
        if own:
            start = spec.SHADER_PARAMS_BYTES if size > spec.SHADER_PARAMS_BYTES else 0
            entries.append(_part(PARAMS_BINDING, buffer, start, size - start))
        group = self.device.create_bind_group(label=f"material {record.handle}", layout=layouts.material,
                                              entries=entries)
        return DrawnMaterial(buffer, group)

    def write_material(self, record: MaterialRecord) -> None:
        """Its numbers."""
        self.device.queue.write_buffer(record.native.buffer, 0, record.block)


def _part(binding: int, buffer: Gpu, offset: int, size: int) -> dict[str, Any]:
    return {"binding": binding, "resource": {"buffer": buffer, "offset": offset, "size": size}}


def vertex_buffers(topology: int, streams: int) -> list[dict[str, Any]]:
    """Vertices, the number of each instance's row, then the streams that the mesh has. Elements step by instance
    themselves, and all of a mesh have one row; without second uvs the first are those as well."""
    layout = LAYOUTS[topology]
    attributes = [{"shader_location": number, "offset": offset, "format": format_}
                  for number, (_, offset, format_) in enumerate(layout.attributes)]
    vertices = {"array_stride": layout.stride_bytes, "step_mode": "instance" if layout.is_element else "vertex",
                "attributes": attributes}
    row = {"array_stride": 0 if layout.is_element else 4, "step_mode": "instance",
           "attributes": [{"shader_location": spec.ROW_LOCATION, "offset": 0, "format": "uint32"}]}
    buffers = [vertices, row]
    if layout.is_element:
        return buffers
    own = bool(streams & spec.STREAM_UV1)
    at = 0 if own else next((offset for name, offset, _ in layout.attributes if name == "uv"), 0)
    uv1 = {"shader_location": _UV1_LOCATION, "offset": at, "format": "float32x2"}
    if own:
        buffers.append({"array_stride": spec.UV1_BYTES, "step_mode": "vertex", "attributes": [uv1]})
    else:
        attributes.append(uv1)
    if streams & spec.STREAM_POSED:
        posed = [{"shader_location": _POSED_LOCATION + number, "offset": offset, "format": format_}
                 for number, (_, offset, format_) in enumerate(spec.POSED)]
        buffers.append({"array_stride": spec.POSED_BYTES, "step_mode": "vertex", "attributes": posed})
    return buffers


def _pass_state(row: Pass, coverage: bool) -> dict[str, Any]:
    """What a pipeline takes from its pass. coverage: alpha says which samples."""
    samples = target(next((name for name in row.colors if name), row.depth)).samples
    state: dict[str, Any] = {"multisample": {"count": samples, "alpha_to_coverage_enabled": coverage}}
    if row.depth:
        state["depth_stencil"] = {"format": FORMATS[target(row.depth).format], "depth_write_enabled": row.depth_write,
                                  "depth_compare": row.depth_test or "always"}
    return state


def _factors(source: str, destination: str) -> dict[str, str]:
    return {"src_factor": source, "dst_factor": destination, "operation": "add"}


_BLENDS = {  # what `blend` of a row means, by whether colours are shown as given, and are premultiplied
    "over": lambda given, premultiplied: {
        "color": _factors("one" if premultiplied else "src-alpha", "one-minus-src-alpha"),
        "alpha": _factors("one" if given else "zero", "one-minus-src-alpha")},
    "premultiplied": lambda *_: {part: _factors("one", "one-minus-src-alpha") for part in ("color", "alpha")},
    "weighted": lambda *_: {"color": _factors("one", "one"), "alpha": _factors("zero", "one-minus-src-alpha")},
    "shade": lambda *_: {"color": _factors("zero", "one-minus-src-alpha"), "alpha": _factors("zero", "one")},
}  # fmt: skip


def _color_targets(row: Pass, kind: int) -> list[dict[str, Any]]:
    """Alpha is the share of colours that are shown as given: what is lit writes none."""
    given, name = programs.is_given(kind), programs.kind_name(kind)
    if row.blend:
        state: dict[str, Any] = {"blend": _BLENDS[row.blend](given, name == "particles")}
    else:
        state = {"write_mask": _WRITE_ALL if given or name == "step" or row.shader else _WRITE_RGB}
    return [{"format": FORMATS[target(color).format], **state} if color else {"format": NOTHING, "write_mask": 0}
            for color in row.colors]  # fmt: skip
