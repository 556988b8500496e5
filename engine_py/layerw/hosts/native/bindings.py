"""Where things are bound, and bind group layouts: of a view (0), a material (1), a draw (2), what a pass reads (3).

The twin of web/backends/common/bindings.js and webgpu/layouts.js.
"""

from __future__ import annotations

from layerw.gpu.codegen_passes import READ_GROUP as READ_GROUP
from layerw.gpu.codegen_passes import bindings
from layerw.gpu.kinds import KINDS, TEXTURES_MAX, slots
from layerw.gpu.passes import Pass, target
from layerw.gpu.spec import COLUMNS, MATERIAL_KINDS
from layerw.hosts.native.formats import sample_type
from layerw.hosts.native.records import Gpu, ShaderRecord

VERTEX_STAGE, FRAGMENT_STAGE = 1, 2
BOTH_STAGES = VERTEX_STAGE | FRAGMENT_STAGE
POSES_BINDING = 12  # as shaders/posed.wgsl has it
PARAMS_BINDING = 1 + 2 * TEXTURES_MAX
READ_BINDINGS = bindings()
SLOTS = tuple(slots(kind) for kind in MATERIAL_KINDS)
WORDS = tuple(kind.words for kind in KINDS)  # whether a kind's textures hold whole numbers


def texture_binding(slot: int) -> int:
    """Of the kind's textures and then the shader's own; the sampler follows it."""
    return 1 + 2 * slot


def engine_slots(kind: int, shader: ShaderRecord | None) -> int:
    """How many textures of the engine's a material has."""
    return len(SLOTS[0 if shader is not None else kind]) if kind < len(SLOTS) else 0


def frame_layout(device: Gpu) -> Gpu:
    """Of a view."""
    rows = [{"binding": 1 + column, "visibility": VERTEX_STAGE, "buffer": {"type": "read-only-storage"}}
            for column in range(len(COLUMNS))]
    lights = {"binding": 1 + len(COLUMNS), "visibility": FRAGMENT_STAGE, "texture": {"sample_type": "uint"}}
    poses = {"binding": POSES_BINDING, "visibility": VERTEX_STAGE, "texture": {"sample_type": "unfilterable-float"}}
    return device.create_bind_group_layout(label="frame", entries=[_block(0), *rows, lights, poses])


def draw_layout(device: Gpu) -> Gpu:
    """Of a draw's flags."""
    return device.create_bind_group_layout(label="draw", entries=[_block(0, VERTEX_STAGE)])


def material_layout(device: Gpu, textures: int, is_own: bool, has_words: bool) -> Gpu:
    """textures: those of a program's shader included; is_own: of one; has_words: they hold whole numbers, which the
    vertex stage reads."""
    stage, kind = (VERTEX_STAGE, "uint") if has_words else (FRAGMENT_STAGE, "float")
    images = [entry for slot in range(textures) for entry in (
        {"binding": texture_binding(slot), "visibility": stage, "texture": {"sample_type": kind}},
        {"binding": texture_binding(slot) + 1, "visibility": FRAGMENT_STAGE, "sampler": {}})]
    params = [_block(PARAMS_BINDING)] if is_own else []
    return device.create_bind_group_layout(label="material", entries=[_block(0), *images, *params])


def input_layout(device: Gpu, row: Pass) -> Gpu:
    """Of what a pass reads, and the samplers."""
    entries = [{"binding": READ_BINDINGS[name],
                "visibility": VERTEX_STAGE if row.kind == "draws" and read in row.vertex else FRAGMENT_STAGE,
                "texture": {"sample_type": sample_type(target(read).format)}}
               for name, read in zip(row.names_read, row.targets_read, strict=True)]  # fmt: skip
    both = BOTH_STAGES if row.kind == "draws" else FRAGMENT_STAGE
    samplers = [{"binding": READ_BINDINGS[name], "visibility": stage, "sampler": {"type": kind}}
                for name, kind, stage in (("linear_sampler", "filtering", both),
                                          ("shadow_sampler", "comparison", FRAGMENT_STAGE))]
    return device.create_bind_group_layout(label=f"inputs of {row.name}", entries=entries + samplers)


def _block(binding: int, visibility: int = BOTH_STAGES) -> dict[str, object]:
    return {"binding": binding, "visibility": visibility, "buffer": {"type": "uniform"}}
