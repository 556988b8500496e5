"""Materials as rows: parameters, textures and kinds, each fact once.

Owns: PARAMETERS, TEXTURES, FLAGS and KINDS. From them are generated (codegen.py): the uniform block and bindings in
WGSL, numbers in JavaScript, base/material_desc.py (what the engine hands around) and scene/material.py
(lw.Material: arguments, checks, defaults, docstring). gpu/packing.py and gpu/passes.py (what is compiled at the
start) read them as they are. Adding a parameter: a row here, its use in a shader, `make codegen`, a test.

Limits: one block serves all kinds; TEXTURES_MAX textures a material, those of a program's shader included: WebGPU
promises 16 a stage, of which passes and lights take the rest.
"""

from __future__ import annotations

from typing import NamedTuple

from layerw.gpu import spec

TEXTURES_MAX = 10
Numbers = float | tuple[float, ...]


class Parameter(NamedTuple):
    """A number of a material, or a colour.

    type: f32, vec2, or a colour: rgb, rgba (linear in the block, sRGB for programs). low, high: what programs may give.
    public: the argument's name of lw.Material, "" = only files and the engine set it. given: its default there, where
    it is a colour. flag: of FLAGS, set where the number is above 0.
    """

    name: str
    type: str
    default: Numbers
    doc: str = ""
    low: float = 0.0
    high: float = 1.0
    public: str = ""
    given: str = ""
    flag: int = 0


class Slot(NamedTuple):
    """A texture of a material; `srgb`: whether its numbers are colours."""

    name: str
    srgb: bool
    doc: str


class Flag(NamedTuple):
    """A switch of lw.Material that selects a pipeline."""

    name: str
    bit: int
    doc: str


class Kind(NamedTuple):
    """A program, what it reads, the pipelines (pass, flags) compiled at the start, and whether lw.Material has it."""

    name: str
    parameters: tuple[str, ...]
    textures: tuple[str, ...]
    warm: tuple[tuple[str, int], ...] = ()
    public: bool = True


PARAMETERS: tuple[Parameter, ...] = (
    Parameter("base_color", "rgba", (1.0, 1.0, 1.0, 1.0), "alpha below 1 lets through what is behind.", public="color",
              given="white"),
    Parameter("emissive", "rgb", (0.0, 0.0, 0.0), "light that the surface gives by itself.", public="emissive",
              given="black"),
    Parameter("emissive_strength", "f32", 1.0, "multiplies `emissive`: beyond 1, brighter than any colour.",
              high=1e5, public="emissive_strength"),
    Parameter("alpha_cutoff", "f32", 0.5, "with `masked`: alpha below it is a hole.", public="alpha_cutoff"),
    Parameter("metallic", "f32", 0.0, "0 (plastic, wood, stone) to 1 (metal).", public="metallic"),
    Parameter("roughness", "f32", 0.7, "0 (mirror) to 1 (chalk).", public="roughness"),
    Parameter("normal_scale", "f32", 1.0, "how much the normal texture tilts.", high=10.0, public="normal_scale"),
    Parameter("occlusion_strength", "f32", 1.0, "how much the occlusion texture darkens.", public="occlusion_strength"),
    Parameter("uv_scale", "vec2", (1.0, 1.0)),
    Parameter("wind", "f32", 0.0, "how much it sways.", public="wind", flag=spec.MATERIAL_WIND),
    Parameter("water_clarity_m", "f32", 6.0),
    Parameter("detail_strength", "f32", 0.0),
    Parameter("detail_scale_m", "f32", 4.0),
)

TEXTURES: tuple[Slot, ...] = (
    Slot("base_color", True, "multiplies `color`; also one that a view draws."),
    Slot("metallic_roughness", False, "green multiplies `roughness`, blue `metallic`."),
    Slot("normal", False, "a normal in tangent space, green up."),
    Slot("occlusion", False, "red darkens light that comes from all around."),
    Slot("emissive", True, "multiplies `emissive`."),
)

FLAGS: tuple[Flag, ...] = (
    Flag("double_sided", spec.MATERIAL_DOUBLE_SIDED, "draw both sides of each triangle."),
    Flag("masked", spec.MATERIAL_MASK, "alpha is a hole or none, by `alpha_cutoff`; nothing shines through."),
)

_ALL = tuple(slot.name for slot in TEXTURES)
_LIT = ("base_color", "emissive", "emissive_strength", "alpha_cutoff", "metallic", "roughness", "normal_scale",
        "occlusion_strength", "uv_scale", "wind")  # fmt: skip
KINDS: tuple[Kind, ...] = (
    Kind("pbr", _LIT, _ALL, (
        ("opaque", 0), ("shadow", 0), ("opaque", spec.MATERIAL_DOUBLE_SIDED), ("opaque", spec.MATERIAL_WIND),
        ("shadow", spec.MATERIAL_WIND), ("opaque", spec.MATERIAL_MASK | spec.MATERIAL_DOUBLE_SIDED))),
    Kind("unlit", ("base_color", "emissive", "emissive_strength", "alpha_cutoff", "uv_scale", "wind"), _ALL),
    Kind("terrain", ("base_color", "emissive", "emissive_strength", "metallic", "roughness", "uv_scale",
                     "detail_strength", "detail_scale_m"), _ALL, (("opaque", 0),)),
    Kind("water", ("base_color", "roughness", "water_clarity_m"), _ALL, (("blend", spec.MATERIAL_BLEND),)),
    Kind("discs", ("base_color",), (), public=False),
    Kind("strokes", ("base_color",), (), public=False),
)  # fmt: skip

BLOCK_TYPES = {"rgb": "vec3", "rgba": "vec4", "f32": "f32", "vec2": "vec2"}
MATERIAL_BLOCK: tuple[tuple[str, str], ...] = (
    *((row.name, BLOCK_TYPES[row.type]) for row in PARAMETERS),
    ("bound", "u32"),  # which textures there are: bit i = TEXTURES[i]; written by the backend
    # Rows of each texture's 2x3 uv transform, two a texture (xyz); the first row's w: 1 = of the second set of uvs.
    ("uv", f"vec4[{2 * len(TEXTURES)}]"),
)


def warm_up() -> tuple[tuple[str, str, int], ...]:
    """(pass, kind, flags) of what is compiled at the start."""
    return tuple((row, kind.name, flags) for kind in KINDS for row, flags in kind.warm)


def validate() -> None:
    """Raises ValueError where the rows contradict each other."""
    if tuple(kind.name for kind in KINDS) != spec.MATERIAL_KINDS:
        raise ValueError(f"KINDS are {[kind.name for kind in KINDS]}, but spec.MATERIAL_KINDS {spec.MATERIAL_KINDS}.")
    if _ALL != spec.MATERIAL_TEXTURES:
        raise ValueError(f"TEXTURES are {_ALL}, but spec.MATERIAL_TEXTURES is {spec.MATERIAL_TEXTURES}.")
    if spec.block_bytes(MATERIAL_BLOCK) > spec.SHADER_PARAMS_BYTES:
        raise ValueError(f"MATERIAL_BLOCK has {spec.block_bytes(MATERIAL_BLOCK)} bytes, but a shader's own parameters "
                         f"begin at {spec.SHADER_PARAMS_BYTES}.")
    parameters = {row.name: row for row in PARAMETERS}
    for kind in KINDS:
        for name in kind.parameters:
            if name not in parameters:
                raise ValueError(f"Kind {kind.name} has the parameter {name}, which is not in PARAMETERS.")
        for name in kind.textures:
            if name not in _ALL:
                raise ValueError(f"Kind {kind.name} has the texture {name}, which is not in TEXTURES.")
    for row in PARAMETERS:
        if row.type not in BLOCK_TYPES:
            raise ValueError(f"Parameter {row.name} has type {row.type}; use one of {', '.join(BLOCK_TYPES)}.")
