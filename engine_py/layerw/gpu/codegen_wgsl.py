"""The WGSL side of the generated code: uniform blocks, bindings of a material's textures, constants. See codegen.py.

WebGL2 has the same in GLSL: tools/shaders.mjs translates what is written here with the rest of the WGSL.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from . import air, kinds, spec
from .codegen_common import MARK, pascal

TYPES = {"f32": "f32", "u32": "u32", "vec2": "vec2<f32>", "vec3": "vec3<f32>",
         "vec4": "vec4<f32>", "uvec4": "vec4<u32>", "mat4x4": "mat4x4<f32>"}
MATERIAL_GROUP = 1  # of the bindings; binding 0 is the block
CONSTANTS = ("ROWS_STEP", "SPLAT_LINE", "NO_SPLAT", "PARTICLE_UNIT", "DRAW_CAMERA_RELATIVE", "DRAW_MIRRORED",
             "FADE_ARRIVES", "FADE_LEAVES", "FADE_STEPS", "POSE_LINE", "CLUSTERS_ACROSS", "CLUSTERS_DOWN",
             "CLUSTERS_DEEP", "LIGHT_LIST_WIDTH", "LIGHT_LIST_LINES", "SHADOW_BLOCK", "SHADOW_CASCADES", "UI_PICTURE",
             "UI_SHADOW")


def wgsl_type(type_: str) -> str:
    """vec4[9] -> array<vec4<f32>, 9>."""
    element, _, count = type_.rstrip("]").partition("[")
    return f"array<{TYPES[element]}, {count}>" if count else TYPES[element]


def wgsl_struct(name: str, block: Iterable[tuple[str, str]]) -> str:
    """A uniform block's struct."""
    members = "".join(f"  {member}: {wgsl_type(type_)},\n" for member, type_ in block)
    return f"struct {pascal(name.lower())} {{\n{members}}}\n"


def slots_wgsl(names: Sequence[str]) -> str:
    """web/shaders/gen/slots_KIND.wgsl: each texture of a kind with its sampler, the bit of `material.bound` that says
    whether it is there, and its place in `material.uv`."""
    prefix = f"@group({MATERIAL_GROUP}) @binding"
    bindings = [f"{prefix}({1 + 2 * i}) var {name}_texture: texture_2d<f32>;\n"
                f"{prefix}({2 + 2 * i}) var {name}_sampler: sampler;\n" for i, name in enumerate(names)]
    places = [f"const HAS_{name.upper()} = {1 << i}u;\nconst UV_{name.upper()} = {2 * i}u;\n"
              for i, name in enumerate(names)]
    layers = [f"const LAYER_{name.upper()} = {n}u;\n" for n, name in enumerate(kinds.LAYER_TEXTURES)]
    return "".join([f"// {MARK.replace('spec.py', 'kinds.py')}\n", *bindings, "\n", *places,
                    *(layers if set(kinds.LAYER_PLACES) <= set(names) else ())])  # fmt: skip


def air_wgsl() -> str:
    """web/shaders/gen/air.wgsl: what air is made of, and its tables."""
    lines = [f"// {MARK.replace('spec.py', 'air.py')}\n"]
    for name, value in vars(air).items():
        if not name.isupper() or name.endswith("_AT"):
            continue
        if isinstance(value, tuple):
            kind, size = f"vec{len(value)}<f32>", "_SIZE" if isinstance(value[0], int) else ""
            lines.append(f"const {name}{size} = {kind}({', '.join(str(float(v)) for v in value)});\n")
        else:
            lines.append(f"const {name} = {value};\n")
    return "".join(lines)


def blocks_wgsl() -> str:
    """web/shaders/gen/blocks.wgsl."""
    named = {"FRAME_BLOCK": spec.FRAME_BLOCK, "MATERIAL_BLOCK": kinds.MATERIAL_BLOCK, "DRAW_BLOCK": spec.DRAW_BLOCK}
    blocks = [wgsl_struct(name, block) for name, block in named.items()]
    values = {name: getattr(spec, name) for name in CONSTANTS}
    constants = "".join(f"const {name} = {value}{'u' if isinstance(value, int) else ''};\n"
                        for name, value in values.items())
    return "\n".join([f"// {MARK}", *blocks, constants])
