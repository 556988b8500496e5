"""glTF materials and textures as descriptions: no handles, no GPU.

Owns: metallic-roughness with its textures, unlit, emissive strength, alpha modes, samplers, and the texture
transform, which is baked into the vertices' uvs.
Limits: one set of uvs and one transform a material (the base colour's; a warning says so where they differ).
Source: glTF 2.0, 3.8 and 3.9; KHR_texture_transform, KHR_materials_unlit, KHR_materials_emissive_strength.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from layerw.assets.gltf import Document, GltfError, Json, extension, integer, member, number, numbers
from layerw.base.ports import MaterialDesc
from layerw.gpu import spec

UvMatrix = tuple[float, float, float, float, float, float]  # 2x3, row-major
_NO_TRANSFORM: UvMatrix = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)
SLOTS = ("base_color", "metallic_roughness", "normal", "occlusion", "emissive")


@dataclass(frozen=True, slots=True)
class TextureDesc:
    """An image as one material uses it; equal descriptions share one GPU texture."""

    image: int
    srgb: bool
    sampler: int  # spec.SAMPLER_*


@dataclass(slots=True)
class MaterialPlan:
    """A material before its textures exist: `desc`'s texture handles are filled in from `textures`."""

    desc: MaterialDesc
    textures: dict[str, TextureDesc] = field(default_factory=dict)  # by SLOTS
    uv_set: int = 0
    uv_matrix: UvMatrix = _NO_TRANSFORM

    @property
    def has_uv_transform(self) -> bool:
        return self.uv_matrix != _NO_TRANSFORM


def read_material(doc: Document, index: int) -> MaterialPlan:
    """Material `index`; -1 is glTF's default material. Raises GltfError."""
    name = f"Material {index}"
    item: Json = doc.item("materials", index, "A primitive") if index >= 0 else {}
    pbr = member(item, "pbrMetallicRoughness", name)
    plan = MaterialPlan(_factors(item, pbr, name))
    uses = {"base_color": pbr.get("baseColorTexture"), "metallic_roughness": pbr.get("metallicRoughnessTexture"),
            "normal": item.get("normalTexture"), "occlusion": item.get("occlusionTexture"),
            "emissive": item.get("emissiveTexture")}
    if plan.desc.kind == "unlit":
        uses = {"base_color": uses["base_color"]}
    first = True
    for slot, use in uses.items():
        if isinstance(use, dict):
            first = _add_texture(doc, plan, slot, use, name, first)
    normal, occlusion = member(item, "normalTexture", name), member(item, "occlusionTexture", name)
    plan.desc.normal_scale = number(normal, "scale", name, 1.0)
    plan.desc.occlusion_strength = number(occlusion, "strength", name, 1.0)
    _add_terrain(item, plan.desc, name)
    return plan


def _add_terrain(item: Json, desc: MaterialDesc, name: str) -> None:
    """`extras.layerw.terrain` of a baked tile: other viewers pass it over, here noise refines the ground."""
    own = item.get("extras")
    own = own.get("layerw") if isinstance(own, dict) else None
    if not isinstance(own, dict) or not isinstance(own.get("terrain"), dict) or desc.kind != "pbr":
        return
    desc.kind = "terrain"
    desc.detail_strength = min(max(number(own["terrain"], "detailStrength", name, 0.5), 0.0), 2.0)
    desc.detail_scale_m = min(max(number(own["terrain"], "detailScale", name, 4.0), 0.01), 1000.0)


def _factors(item: Json, pbr: Json, name: str) -> MaterialDesc:
    mode = item.get("alphaMode", "OPAQUE")
    if mode not in ("OPAQUE", "MASK", "BLEND"):
        raise GltfError(f"{name} has the alpha mode {mode!r}; it must be OPAQUE, MASK or BLEND.")
    flags = {"OPAQUE": 0, "MASK": spec.MATERIAL_MASK, "BLEND": spec.MATERIAL_BLEND}[mode]
    if item.get("doubleSided") is True:
        flags |= spec.MATERIAL_DOUBLE_SIDED
    strength = number(extension(item, "KHR_materials_emissive_strength", name) or {}, "emissiveStrength", name, 1.0)
    r, g, b = (strength * v for v in numbers(item, "emissiveFactor", name, (0.0, 0.0, 0.0)))
    base = numbers(pbr, "baseColorFactor", name, (1.0, 1.0, 1.0, 1.0))
    return MaterialDesc(
        kind="unlit" if extension(item, "KHR_materials_unlit", name) is not None else "pbr",
        base_color=(base[0], base[1], base[2], base[3]), emissive=(r, g, b),
        metallic=number(pbr, "metallicFactor", name, 1.0), roughness=number(pbr, "roughnessFactor", name, 1.0),
        alpha_cutoff=number(item, "alphaCutoff", name, 0.5), flags=flags)


def _add_texture(doc: Document, plan: MaterialPlan, slot: str, use: Json, name: str, first: bool) -> bool:
    """Returns whether the next texture is still the first one, which decides the uvs."""
    texture = doc.item("textures", use.get("index"), name)
    if "source" not in texture:
        doc.warn(f"Texture {use.get('index')} has no image that layerw reads; {name} is shown without it.")
        return first
    sampler = _sampler(doc, texture)
    source = integer(texture, "source", f"Texture {use.get('index')}")
    doc.item("images", source, f"Texture {use.get('index')}")
    plan.textures[slot] = TextureDesc(source, slot in ("base_color", "emissive"), sampler)
    uv_set, matrix = _uv_use(use, name)
    if first:
        plan.uv_set, plan.uv_matrix = uv_set, matrix
    elif (uv_set, matrix) != (plan.uv_set, plan.uv_matrix):
        doc.warn(f"The textures of {name} use different uvs or transforms; all use those of the first one.")
    return False


def _sampler(doc: Document, texture: Json) -> int:
    if "sampler" not in texture:
        return 0
    item = doc.item("samplers", texture["sampler"], "A texture")
    bits = {33071: (spec.SAMPLER_CLAMP_S, spec.SAMPLER_CLAMP_T), 33648: (spec.SAMPLER_MIRROR_S, spec.SAMPLER_MIRROR_T)}
    s = bits.get(item.get("wrapS", 10497), (0, 0))[0]
    t = bits.get(item.get("wrapT", 10497), (0, 0))[1]
    return s | t | (spec.SAMPLER_NEAREST if item.get("magFilter") == 9728 else 0)


def _uv_use(use: Json, name: str) -> tuple[int, UvMatrix]:
    uv_set = integer(use, "texCoord", name, 0)
    transform = extension(use, "KHR_texture_transform", name)
    if transform is None:
        return uv_set, _NO_TRANSFORM
    ox, oy = numbers(transform, "offset", name, (0.0, 0.0))
    sx, sy = numbers(transform, "scale", name, (1.0, 1.0))
    angle = number(transform, "rotation", name, 0.0)
    c, s = math.cos(angle), math.sin(angle)
    uv_set = integer(transform, "texCoord", name, uv_set)
    # translation * rotation * scale, as the extension's text writes it
    return uv_set, (c * sx, s * sy, ox, -s * sx, c * sy, oy)
