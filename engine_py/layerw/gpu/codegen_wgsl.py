"""The WGSL side of the generated code: uniform blocks, bindings of a material's textures, constants. See codegen.py.

WebGL2 has the same in GLSL: tools/shaders.mjs translates what is written here with the rest of the WGSL.
"""

from __future__ import annotations

from collections.abc import Iterable

from . import kinds, spec
from .codegen_common import MARK, pascal

TYPES = {"f32": "f32", "u32": "u32", "vec2": "vec2<f32>", "vec3": "vec3<f32>",
         "vec4": "vec4<f32>", "uvec4": "vec4<u32>", "mat4x4": "mat4x4<f32>"}
MATERIAL_GROUP = 1  # of the bindings; binding 0 is the block
CONSTANTS = ("ROWS_STEP", "DRAW_CAMERA_RELATIVE", "DRAW_MIRRORED", "CLUSTERS_ACROSS", "CLUSTERS_DOWN", "CLUSTERS_DEEP",
             "LIGHT_LIST_WIDTH")


def wgsl_type(type_: str) -> str:
    """vec4[9] -> array<vec4<f32>, 9>."""
    element, _, count = type_.rstrip("]").partition("[")
    return f"array<{TYPES[element]}, {count}>" if count else TYPES[element]


def wgsl_struct(name: str, block: Iterable[tuple[str, str]]) -> str:
    """A uniform block's struct."""
    members = "".join(f"  {member}: {wgsl_type(type_)},\n" for member, type_ in block)
    return f"struct {pascal(name.lower())} {{\n{members}}}\n"


def texture_bindings() -> str:
    """Textures, then samplers, of a material, and the bit of each that says whether it is bound."""
    names, prefix = [slot.name for slot in kinds.TEXTURES], f"@group({MATERIAL_GROUP}) @binding"
    textures = [f"{prefix}({1 + i}) var {name}_texture: texture_2d<f32>;\n" for i, name in enumerate(names)]
    samplers = [f"{prefix}({1 + len(names) + i}) var {name}_sampler: sampler;\n" for i, name in enumerate(names)]
    bits = [f"const HAS_{name.upper()} = {1 << i}u;\n" for i, name in enumerate(names)]
    return "".join([*textures, *samplers, "\n", *bits])


def blocks_wgsl() -> str:
    """web/shaders/gen/blocks.wgsl."""
    named = {"FRAME_BLOCK": spec.FRAME_BLOCK, "MATERIAL_BLOCK": kinds.MATERIAL_BLOCK, "DRAW_BLOCK": spec.DRAW_BLOCK}
    blocks = [wgsl_struct(name, block) for name, block in named.items()]
    constants = "".join(f"const {name} = {getattr(spec, name)}u;\n" for name in CONSTANTS)
    return "\n".join([f"// {MARK}", *blocks, texture_bindings(), constants])
