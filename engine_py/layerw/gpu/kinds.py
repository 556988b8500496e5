"""Materials as rows: parameters, textures and kinds, each fact once.

Owns: PARAMETERS, TEXTURES, FLAGS and KINDS. From them are generated (codegen.py): the uniform block and bindings in
WGSL, numbers in JavaScript, base/material_desc.py (what the engine hands around) and scene/material.py
(lw.Material: arguments, checks, defaults, docstring). gpu/packing.py and gpu/passes.py (what is compiled at the
start) read them as they are. Adding a parameter: a row here, its use in a shader, `make codegen`, a test.

TEXTURES may hold any number of slots; a kind lists those that it reads, and bindings, units, the bits of `bound` and
the rows of `uv` count in that list. So a kind pays nothing for what only others read.

Limits: one block serves all kinds; TEXTURES_MAX textures a kind, and a program's shader with those of pbr: both APIs
promise 16 a stage, of which lights and what passes read take four.
"""

from __future__ import annotations

from collections.abc import Container, Mapping
from typing import NamedTuple

from layerw.gpu import spec

TEXTURES_MAX = 12
Numbers = float | tuple[float, ...]


class Parameter(NamedTuple):
    """A number of a material, or a colour.

    type: f32, vec2, or a colour: rgb, rgba (linear in the block, sRGB for programs). low, high: what programs may give.
    public: the argument's name of lw.Material, "" = only files and the engine set it. given: its default there, where
    it is a colour. flag: of FLAGS, set where the number is above 0. layer: any value but the default makes a pbr
    material "layered".
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
    layer: bool = False


class Slot(NamedTuple):
    """A texture that materials may have; `srgb`: whether its numbers are colours; `layer`: as of a Parameter."""

    name: str
    srgb: bool
    doc: str
    layer: bool = False


class Flag(NamedTuple):
    """A switch of lw.Material that selects a pipeline."""

    name: str
    bit: int
    doc: str


class Kind(NamedTuple):
    """A program, what it reads, the pipelines (pass, flags) compiled at the start, and whether lw.Material has it.

    textures: in the order of their bindings; the first is base_color, whose holes the shadow pass leaves out. words:
    they hold whole numbers, which the vertex stage reads.
    """

    name: str
    parameters: tuple[str, ...]
    textures: tuple[str, ...]
    warm: tuple[tuple[str, int], ...] = ()
    public: bool = True
    words: bool = False


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
    Parameter("specular", "f32", 1.0, "how much it reflects where it is no metal.", public="specular", layer=True),
    Parameter("specular_color", "rgb", (1.0, 1.0, 1.0), "tints what `specular` reflects, but at flat angles.",
              public="specular_color", given="white", layer=True),
    Parameter("ior", "f32", 1.5, "index of refraction: 1.33 reflects as water, 2.42 as diamond.", low=1.0, high=10.0,
              public="ior", layer=True),
    Parameter("sheen_color", "rgb", (0.0, 0.0, 0.0), "what the fibres of cloth reflect, most at flat angles.",
              public="sheen_color", given="black", layer=True),
    Parameter("sheen_roughness", "f32", 0.5, "0 (velvet) to 1 (wool).", public="sheen_roughness"),
    Parameter("clearcoat", "f32", 0.0, "a clear coat over all else, as of car paint.", public="clearcoat", layer=True),
    Parameter("clearcoat_roughness", "f32", 0.0, "as `roughness`, of the coat.", public="clearcoat_roughness"),
    Parameter("clearcoat_normal_scale", "f32", 1.0, "as `normal_scale`, of the coat.", high=10.0,
              public="clearcoat_normal_scale"),
    Parameter("transmission", "f32", 0.0, "how much light goes through it: 1 is glass.", public="transmission",
              layer=True),
    Parameter("thickness", "f32", 0.0, "metres of its inside, scaled as the entity; 0: a wall that bends nothing.",
              high=1e4, public="thickness"),
    Parameter("attenuation_color", "rgb", (1.0, 1.0, 1.0), "what is left of white light after `attenuation_distance`.",
              public="attenuation_color", given="white"),
    Parameter("attenuation_distance", "f32", 0.0, "metres of its inside; 0: it swallows nothing.", high=1e6,
              public="attenuation_distance"),
    Parameter("dispersion", "f32", 0.0, "how much farther blue is bent than red: 20 / Abbe number.", high=100.0,
              public="dispersion"),
    Parameter("diffuse_transmission", "f32", 0.0, "how much of what it scatters leaves on the other side.",
              public="diffuse_transmission", layer=True),
    Parameter("diffuse_transmission_color", "rgb", (1.0, 1.0, 1.0), "of that light.",
              public="diffuse_transmission_color", given="white"),
    Parameter("anisotropy", "f32", 0.0, "how much it is brushed.", public="anisotropy", layer=True),
    Parameter("anisotropy_rotation", "f32", 0.0, "of the brushing: radians from the mesh's tangent.", low=-1e3,
              high=1e3, public="anisotropy_rotation"),
    Parameter("iridescence", "f32", 0.0, "how much of a thin film lies on it, as of soap.", public="iridescence",
              layer=True),
    Parameter("iridescence_ior", "f32", 1.3, "index of refraction of the film.", low=1.0, high=10.0,
              public="iridescence_ior"),
    Parameter("iridescence_nm", "f32", 400.0, "thickness of the film in nanometres, where its texture is 1.", high=1e5,
              public="iridescence_nm"),
    Parameter("iridescence_nm_min", "f32", 100.0, "its thickness where its texture is 0.", high=1e5,
              public="iridescence_nm_min"),
    Parameter("uv_scale", "vec2", (1.0, 1.0)),
    Parameter("wind", "f32", 0.0, "how much it sways.", public="wind", flag=spec.MATERIAL_WIND),
    Parameter("water_clarity_m", "f32", 6.0),
    Parameter("detail_strength", "f32", 0.0),
    Parameter("detail_scale_m", "f32", 4.0),
    Parameter("lit", "f32", 1.0),  # of decals: 0 shows their colour as light
)

TEXTURES: tuple[Slot, ...] = (
    Slot("base_color", True, "multiplies `color`; also one that a view draws."),
    Slot("metallic_roughness", False, "green multiplies `roughness`, blue `metallic`."),
    Slot("normal", False, "a normal in tangent space, green up."),
    Slot("occlusion", False, "red darkens light that comes from all around."),
    Slot("emissive", True, "multiplies `emissive`."),
    Slot("specular", False, "alpha multiplies `specular`.", layer=True),
    Slot("specular_color", True, "multiplies `specular_color`.", layer=True),
    Slot("sheen_color", True, "multiplies `sheen_color`."),
    Slot("sheen_roughness", False, "alpha multiplies `sheen_roughness`."),
    Slot("clearcoat", False, "red multiplies `clearcoat`."),
    Slot("clearcoat_roughness", False, "green multiplies `clearcoat_roughness`."),
    Slot("clearcoat_normal", False, "the coat's own normal; without it that of the mesh."),
    Slot("transmission", False, "red multiplies `transmission`."),
    Slot("thickness", False, "green multiplies `thickness`."),
    Slot("diffuse_transmission", False, "alpha multiplies `diffuse_transmission`."),
    Slot("diffuse_transmission_color", True, "multiplies `diffuse_transmission_color`."),
    Slot("anisotropy", False, "red and green are the direction, blue multiplies `anisotropy`."),
    Slot("iridescence", False, "red multiplies `iridescence`."),
    Slot("iridescence_thickness", False, "green: from `iridescence_nm_min` to `iridescence_nm`."),
)

FLAGS: tuple[Flag, ...] = (
    Flag("double_sided", spec.MATERIAL_DOUBLE_SIDED, "draw both sides of each triangle."),
    Flag("masked", spec.MATERIAL_MASK, "alpha is a hole or none, by `alpha_cutoff`; nothing shines through."),
)

_SURFACE = ("base_color", "metallic_roughness", "normal", "occlusion", "emissive")
_LIT = ("base_color", "emissive", "emissive_strength", "alpha_cutoff", "metallic", "roughness", "normal_scale",
        "occlusion_strength", "uv_scale", "wind")  # fmt: skip
# A layered material has any of the other textures, at places of its own: which is where is in its block (`layers`).
LAYER_TEXTURES = tuple(slot.name for slot in TEXTURES if slot.name not in _SURFACE)
LAYER_PLACES = tuple(f"layer_{n}" for n in range(TEXTURES_MAX - len(_SURFACE)))
_LAYERED = (*_LIT, "specular", "specular_color", "ior", "sheen_color", "sheen_roughness", "clearcoat",
            "clearcoat_roughness", "clearcoat_normal_scale", "diffuse_transmission", "diffuse_transmission_color",
            "thickness", "attenuation_color", "attenuation_distance", "anisotropy", "anisotropy_rotation",
            "iridescence", "iridescence_ior", "iridescence_nm", "iridescence_nm_min")  # fmt: skip
KINDS: tuple[Kind, ...] = (
    Kind("pbr", _LIT, _SURFACE, (
        ("opaque", 0), ("shadow", 0), ("opaque", spec.MATERIAL_DOUBLE_SIDED), ("opaque", spec.MATERIAL_WIND),
        ("shadow", spec.MATERIAL_WIND), ("opaque", spec.MATERIAL_MASK | spec.MATERIAL_DOUBLE_SIDED))),
    Kind("unlit", ("base_color", "emissive", "emissive_strength", "alpha_cutoff", "uv_scale", "wind"), _SURFACE),
    Kind("terrain", ("base_color", "emissive", "emissive_strength", "metallic", "roughness", "uv_scale",
                     "detail_strength", "detail_scale_m"), _SURFACE, (("opaque", 0),)),
    Kind("water", ("base_color", "roughness", "water_clarity_m"), _SURFACE, (("blend", spec.MATERIAL_BLEND),)),
    # What pbr with layers is drawn as; nobody asks for it by name.
    Kind("layered", _LAYERED, (*_SURFACE, *LAYER_PLACES), public=False),
    Kind("discs", ("base_color",), (), public=False),
    Kind("strokes", ("base_color",), (), public=False),
    # What app.decal makes of a material.
    Kind("decal", (*_LIT, "lit"), _SURFACE, public=False),
    Kind("particles", ("base_color",), ("base_color",), public=False),
    Kind("step", ("base_color",), (), public=False),
    # Words in the world; the texture has the curves of their glyphs, as numbers.
    Kind("glyphs", ("base_color",), ("base_color",), public=False),
    # What lets light through is drawn as: over a copy of the picture, where that is bent and tinted.
    Kind("glass", (*_LAYERED, "transmission", "dispersion"),
         (*_SURFACE, *LAYER_PLACES), public=False),
    # A cloud of Gaussians; the texture has them (splats/packing.py).
    Kind("splats", ("base_color",), ("base_color",), public=False, words=True),
    # What app.ui shows where the engine draws it; the texture has curves of glyphs, or is a picture.
    Kind("ui", ("base_color",), ("base_color",), public=False),
)  # fmt: skip

BLOCK_TYPES = {"rgb": "vec3", "rgba": "vec4", "f32": "f32", "vec2": "vec2"}
MATERIAL_BLOCK: tuple[tuple[str, str], ...] = (
    *((row.name, BLOCK_TYPES[row.type]) for row in PARAMETERS),
    ("bound", "u32"),  # which textures there are: bit i = the kind's i-th; written by the backend
    # Places of LAYER_TEXTURES in order, + 1 (0: there is none), four bits each.
    ("layers_low", "u32"), ("layers_high", "u32"),
    # Rows of each texture's 2x3 uv transform, two a texture (xyz); the first row's w: 1 = of the second set of uvs.
    ("uv", f"vec4[{2 * TEXTURES_MAX}]"),
)


def slots(kind: str) -> tuple[str, ...]:
    """Names of a kind's textures, in the order of their bindings."""
    return next(row.textures for row in KINDS if row.name == kind)


# What a program's shader reads, before its own textures; and how many of those it may have.
SHADER_SLOTS = slots("pbr")
SHADER_TEXTURES_MAX = TEXTURES_MAX - len(SHADER_SLOTS)


def drawn_as(values: Mapping[str, Numbers], textures: Container[str]) -> str:
    """The kind that a pbr material of these values and textures is drawn as."""
    if values.get("transmission", 0.0) != 0.0:
        return "glass"
    return "layered" if _has_layers(values, textures) else "pbr"


def _has_layers(values: Mapping[str, Numbers], textures: Container[str]) -> bool:
    return (any(row.layer and values.get(row.name, row.default) != row.default for row in PARAMETERS)
            or any(slot.layer and slot.name in textures for slot in TEXTURES))  # fmt: skip


def slot_lists() -> dict[str, tuple[str, ...]]:
    """The different lists of textures, each by the first kind that has it."""
    lists: dict[tuple[str, ...], str] = {}
    for kind in KINDS:
        if kind.textures and not kind.words:
            lists.setdefault(kind.textures, kind.name)
    return {name: names for names, name in lists.items()}


def warm_up() -> tuple[tuple[str, str, int], ...]:
    """(pass, kind, flags) of what is compiled at the start."""
    return tuple((row, kind.name, flags) for kind in KINDS for row, flags in kind.warm)


def validate() -> None:
    """Raises ValueError where the rows contradict each other."""
    if tuple(kind.name for kind in KINDS) != spec.MATERIAL_KINDS:
        raise ValueError(f"KINDS are {[kind.name for kind in KINDS]}, but spec.MATERIAL_KINDS {spec.MATERIAL_KINDS}.")
    if spec.block_bytes(MATERIAL_BLOCK) > spec.SHADER_PARAMS_BYTES:
        raise ValueError(f"MATERIAL_BLOCK has {spec.block_bytes(MATERIAL_BLOCK)} bytes, but a shader's own parameters "
                         f"begin at {spec.SHADER_PARAMS_BYTES}.")
    parameters = {row.name: row for row in PARAMETERS}
    known = {slot.name for slot in TEXTURES}
    for kind in KINDS:
        if len(kind.textures) > TEXTURES_MAX:
            raise ValueError(f"Kind {kind.name} has {len(kind.textures)} textures; it takes at most {TEXTURES_MAX}.")
        if kind.textures and kind.textures[0] != "base_color":
            raise ValueError(f"Kind {kind.name}'s first texture is {kind.textures[0]}; it has to be base_color.")
        for name in kind.parameters:
            if name not in parameters:
                raise ValueError(f"Kind {kind.name} has the parameter {name}, which is not in PARAMETERS.")
        for name in kind.textures:
            if name not in known and name not in LAYER_PLACES:
                raise ValueError(f"Kind {kind.name} has the texture {name}, which is not in TEXTURES.")
    for row in PARAMETERS:
        if row.type not in BLOCK_TYPES:
            raise ValueError(f"Parameter {row.name} has type {row.type}; use one of {', '.join(BLOCK_TYPES)}.")
