"""glTF materials and textures as descriptions: no handles, no GPU.

Owns: metallic-roughness with its textures, the layers on it, unlit, emissive strength, alpha modes, samplers, and the
texture transform, which is baked into the vertices' uvs.
Limits: two sets of uvs a material, with a transform for each texture.
Source: glTF 2.0, 3.8 and 3.9; KHR_texture_transform, KHR_materials_unlit, _emissive_strength, _clearcoat, _specular,
_ior, _sheen, _transmission, _diffuse_transmission, _volume, _dispersion, _anisotropy and _iridescence;
KHR_texture_basisu, EXT_texture_webp, EXT_texture_avif.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from itertools import chain

import numpy as np

from layerw.assets.gltf import Document
from layerw.assets.items import Item
from layerw.assets.pointers import UVS, painted
from layerw.base.mathx import uv_matrix
from layerw.base.ports import NO_TRANSFORM, MaterialDesc, UvMatrix
from layerw.gpu import kinds, spec

MaterialKey = tuple[int, bool]  # the file's number of the material, -1 = the default; unlit for want of normals
EMISSIVE_MAX = 65_504.0  # of a half float
ATTENUATION_M_MIN = 1e-6  # 0 would be no attenuation
COLORS = frozenset(slot.name for slot in kinds.TEXTURES if slot.srgb)
DIRECTIONS = frozenset(("normal", "clearcoat_normal"))


@dataclass(frozen=True, slots=True)
class TextureDesc:
    """An image as one material uses it; equal descriptions share one GPU texture."""

    image: int
    srgb: bool
    sampler: int  # spec.SAMPLER_*
    directions: bool = False  # of a normal map: x and y are all that the GPU needs


@dataclass(slots=True)
class MaterialPlan:
    """A material before its textures exist: `desc`'s texture handles are filled in from `textures`."""

    desc: MaterialDesc
    textures: dict[str, TextureDesc] = field(default_factory=dict)  # by the names of gpu/kinds.py
    name: str = ""
    uv_set: int = 0  # of the first texture; its transform is in the vertices
    uv_matrix: UvMatrix = NO_TRANSFORM
    uv1_set: int | None = None  # of other textures, where one has another set

    @property
    def has_uv_transform(self) -> bool:
        return self.uv_matrix != NO_TRANSFORM


def read_material(doc: Document, index: int, user: str = "The model", *, unlit: bool = False) -> MaterialPlan:
    """Material `index`; -1 is glTF's default material. Raises GltfError.

    unlit: for points and lines without normals, which nothing can light (glTF 2.0, 3.7.2.1).
    """
    item = doc.item("materials", index, user) if index >= 0 else Item({}, "The default material")
    pbr = item.object("pbrMetallicRoughness")
    moving = painted(doc).get(index, set())
    plan = MaterialPlan(_factors(item, pbr), name=item.label() or item.path)
    uses = {"base_color": pbr.optional("baseColorTexture"),
            "metallic_roughness": pbr.optional("metallicRoughnessTexture"), "normal": item.optional("normalTexture"),
            "occlusion": item.optional("occlusionTexture"), "emissive": item.optional("emissiveTexture"),
            **_add_layers(item, plan.desc)}
    if unlit:
        plan.desc.kind, plan.desc.emissive, plan.desc.emissive_strength = "unlit", (0.0, 0.0, 0.0), 0.0
    if plan.desc.kind == "unlit":
        uses = {"base_color": uses["base_color"]}
    first = True
    for slot, use in uses.items():
        if use is not None:
            first = _add_texture(doc, plan, slot, use, item, first=first, moves=UVS in moving)
    plan.desc.normal_scale = item.object("normalTexture").number("scale", 1.0)
    plan.desc.occlusion_strength = item.object("occlusionTexture").number("strength", 1.0, 0.0, 1.0)
    _add_terrain(item, plan.desc)
    _add_water(item, plan.desc)
    if plan.desc.kind == "pbr":
        layers = {row.name: math.inf if row.name in moving else getattr(plan.desc, row.name)
                  for row in kinds.PARAMETERS if row.layer}  # fmt: skip
        plan.desc.kind = kinds.drawn_as(layers, plan.textures)
    _leave_out(doc, item, plan)
    return plan


def _leave_out(doc: Document, item: Item, plan: MaterialPlan) -> None:
    """Textures of layers beyond those that both APIs can bind."""
    uses: dict[object, list[str]] = {}  # equal ones take one place
    for name in kinds.LAYER_TEXTURES:
        if name in plan.textures:
            use = plan.textures[name], plan.desc.uv_transforms.get(name), name in plan.desc.uv1_textures
            uses.setdefault(use, []).append(name)
    for name in chain.from_iterable(list(uses.values())[len(kinds.LAYER_PLACES) :]):
        del plan.textures[name]
        doc.warn(f"{item.path} has {len(uses)} textures beside those of metallic-roughness; {len(kinds.LAYER_PLACES)} "
                 f"are drawn, and of {name} its number alone.")


def _add_layers(item: Item, desc: MaterialDesc) -> dict[str, Item | None]:
    """Numbers of what lies on a surface and how it reflects; returns the uses of their textures."""
    uses: dict[str, Item | None] = {}
    coat = item.extension("KHR_materials_clearcoat")
    if coat is not None:
        desc.clearcoat = coat.number("clearcoatFactor", 0.0, 0.0, 1.0)
        desc.clearcoat_roughness = coat.number("clearcoatRoughnessFactor", 0.0, 0.0, 1.0)
        desc.clearcoat_normal_scale = coat.object("clearcoatNormalTexture").number("scale", 1.0)
        uses |= {"clearcoat": coat.optional("clearcoatTexture"),
                 "clearcoat_roughness": coat.optional("clearcoatRoughnessTexture"),
                 "clearcoat_normal": coat.optional("clearcoatNormalTexture")}  # fmt: skip
    shine = item.extension("KHR_materials_specular")
    if shine is not None:
        desc.specular = shine.number("specularFactor", 1.0, 0.0, 1.0)
        desc.specular_color = _color(shine, "specularColorFactor", 1.0, EMISSIVE_MAX)
        uses |= {"specular": shine.optional("specularTexture"),
                 "specular_color": shine.optional("specularColorTexture")}  # fmt: skip
    bends = item.extension("KHR_materials_ior")
    if bends is not None:
        desc.ior = bends.number("ior", 1.5, 0.0)  # 0: everything is reflected that specular_color lets
    uses |= _add_glass(item, desc) | _add_grain(item, desc)
    sheen = item.extension("KHR_materials_sheen")
    if sheen is not None:
        desc.sheen_color = _color(sheen, "sheenColorFactor", 0.0, 1.0)
        desc.sheen_roughness = sheen.number("sheenRoughnessFactor", 0.0, 0.0, 1.0)
        uses |= {"sheen_color": sheen.optional("sheenColorTexture"),
                 "sheen_roughness": sheen.optional("sheenRoughnessTexture")}  # fmt: skip
    return uses


def _add_glass(item: Item, desc: MaterialDesc) -> dict[str, Item | None]:
    """What light goes through, and what happens to it inside."""
    uses: dict[str, Item | None] = {}
    glass = item.extension("KHR_materials_transmission")
    if glass is not None and desc.kind == "pbr":
        desc.transmission = glass.number("transmissionFactor", 0.0, 0.0, 1.0)
        uses["transmission"] = glass.optional("transmissionTexture")
    inside = item.extension("KHR_materials_volume")
    if inside is not None:
        desc.thickness = inside.number("thicknessFactor", 0.0, 0.0)
        uses["thickness"] = inside.optional("thicknessTexture")
        desc.attenuation_color = _color(inside, "attenuationColor", 1.0, 1.0)
        if "attenuationDistance" in inside:  # else it is infinite
            desc.attenuation_distance = max(inside.number("attenuationDistance", 1.0, 0.0), ATTENUATION_M_MIN)
    thin = item.extension("KHR_materials_diffuse_transmission")
    if thin is not None:
        desc.diffuse_transmission = thin.number("diffuseTransmissionFactor", 0.0, 0.0, 1.0)
        desc.diffuse_transmission_color = _color(thin, "diffuseTransmissionColorFactor", 1.0, 1.0)
        uses |= {"diffuse_transmission": thin.optional("diffuseTransmissionTexture"),
                 "diffuse_transmission_color": thin.optional("diffuseTransmissionColorTexture")}  # fmt: skip
    rainbow = item.extension("KHR_materials_dispersion")
    if rainbow is not None:
        desc.dispersion = rainbow.number("dispersion", 0.0, 0.0)
    return uses


def _add_grain(item: Item, desc: MaterialDesc) -> dict[str, Item | None]:
    """What is brushed, and what lies on it as a thin film."""
    uses: dict[str, Item | None] = {}
    brushed = item.extension("KHR_materials_anisotropy")
    if brushed is not None:
        desc.anisotropy = brushed.number("anisotropyStrength", 0.0, 0.0, 1.0)
        desc.anisotropy_rotation = brushed.number("anisotropyRotation", 0.0)
        uses["anisotropy"] = brushed.optional("anisotropyTexture")
    film = item.extension("KHR_materials_iridescence")
    if film is not None:
        desc.iridescence = film.number("iridescenceFactor", 0.0, 0.0, 1.0)
        desc.iridescence_ior = film.number("iridescenceIor", 1.3, 1.0, 10.0)
        desc.iridescence_nm = film.number("iridescenceThicknessMaximum", 400.0, 0.0, 1e5)
        desc.iridescence_nm_min = film.number("iridescenceThicknessMinimum", 100.0, 0.0, 1e5)
        uses |= {"iridescence": film.optional("iridescenceTexture"),
                 "iridescence_thickness": film.optional("iridescenceThicknessTexture")}  # fmt: skip
    return uses


def _color(item: Item, name: str, default: float, high: float) -> tuple[float, float, float]:
    r, g, b = (min(max(v, 0.0), high) for v in item.numbers(name, (default,) * 3))
    return r, g, b


def _add_terrain(item: Item, desc: MaterialDesc) -> None:
    """`extras.layerw.terrain` of a baked tile: other viewers pass it over, here noise refines the ground."""
    if desc.kind != "pbr" or not item.holds_objects("extras", "layerw", "terrain"):
        return
    terrain = item.object("extras").object("layerw").object("terrain")
    desc.kind = "terrain"
    desc.detail_strength = terrain.number("detailStrength", 0.5, 0.0, 2.0)
    desc.detail_scale_m = terrain.number("detailScale", 4.0, 0.01, 1000.0)


def _add_water(item: Item, desc: MaterialDesc) -> None:
    """`extras.layerw.water` of a baked lake or river: others blend a plain surface, here it has waves."""
    if desc.kind != "pbr" or not item.holds_objects("extras", "layerw", "water"):
        return
    desc.kind = "water"
    desc.water_clarity_m = item.object("extras").object("layerw").object("water").number("clarity", 2.5, 0.05, 1000.0)
    desc.flags |= spec.MATERIAL_BLEND | spec.MATERIAL_NO_SHADOW


def _factors(item: Item, pbr: Item) -> MaterialDesc:
    mode = item.choice("alphaMode", "OPAQUE", ("OPAQUE", "MASK", "BLEND"))
    flags = {"OPAQUE": 0, "MASK": spec.MATERIAL_MASK, "BLEND": spec.MATERIAL_BLEND}[mode]
    if item.flag("doubleSided"):
        flags |= spec.MATERIAL_DOUBLE_SIDED
    glow = item.extension("KHR_materials_emissive_strength")
    strength = 1.0 if glow is None else glow.number("emissiveStrength", 1.0, 0.0, EMISSIVE_MAX)
    unlit = item.extension("KHR_materials_unlit") is not None
    if unlit:
        strength = 0.0  # the extension's text: the base colour only
    brightest = 0.0 if unlit else EMISSIVE_MAX / max(strength, 1.0)
    r, g, b = (min(max(v, 0.0), brightest) for v in item.numbers("emissiveFactor", (0.0, 0.0, 0.0)))
    base = [min(max(v, 0.0), 1.0) for v in pbr.numbers("baseColorFactor", (1.0, 1.0, 1.0, 1.0))]
    return MaterialDesc(
        kind="unlit" if unlit else "pbr",
        base_color=(base[0], base[1], base[2], base[3]), emissive=(r, g, b), emissive_strength=strength,
        metallic=pbr.number("metallicFactor", 1.0, 0.0, 1.0), roughness=pbr.number("roughnessFactor", 1.0, 0.0, 1.0),
        alpha_cutoff=item.number("alphaCutoff", 0.5, 0.0), flags=flags)


def _add_texture(doc: Document, plan: MaterialPlan, slot: str, use: Item, material: Item, *, first: bool,
                 moves: bool) -> bool:  # fmt: skip
    """Returns whether the next texture is still the first one, which decides the uvs. moves: transforms change."""
    _, texture = doc.named(use, "index", "textures")
    holder = _image_holder(texture)
    if holder is None:
        doc.warn(f"{texture.path} has no image that layerw reads; {material.path} is shown without it.")
        return first
    sampler = sampler_of(doc, texture)
    source, _ = doc.named(holder, "source", "images")
    directions = slot in DIRECTIONS and texture.extension("KHR_texture_basisu") is not None  # others stay one texture
    plan.textures[slot] = TextureDesc(source, slot in COLORS, sampler, directions)
    uv_set, matrix = uv_use(use)
    if first and moves:
        plan.uv_set = uv_set
        plan.desc.uv_transforms[slot] = _after(NO_TRANSFORM, matrix)
    elif first:
        plan.uv_set, plan.uv_matrix = uv_set, matrix
    elif uv_set != plan.uv_set and plan.uv1_set not in (None, uv_set):
        doc.warn(f"The textures of {material.path} use more than two sets of uvs; the {slot} texture uses those of the "
                 f"first one.")
    elif uv_set != plan.uv_set:
        plan.uv1_set = uv_set
        plan.desc.uv1_textures |= {slot}
        plan.desc.uv_transforms[slot] = _after(NO_TRANSFORM, matrix)
    elif matrix != plan.uv_matrix:
        plan.desc.uv_transforms[slot] = _after(plan.uv_matrix, matrix)
    return False


def _after(baked: UvMatrix, own: UvMatrix) -> UvMatrix:
    """A texture's transform of the uvs of the vertices, where `baked` is in already."""
    inner, outer = np.eye(3), np.eye(3)
    inner[:2], outer[:2] = np.reshape(baked, (2, 3)), np.reshape(own, (2, 3))
    a, b, c, d, e, f = (float(v) for v in (outer @ np.linalg.pinv(inner))[:2].ravel())
    return a, b, c, d, e, f


def _image_holder(texture: Item) -> Item | None:
    """What names the image: an extension with a smaller format, which every browser reads, else the texture itself."""
    for name in ("KHR_texture_basisu", "EXT_texture_avif", "EXT_texture_webp"):
        newer = texture.extension(name)
        if newer is not None and "source" in newer:
            return newer
    return texture if "source" in texture else None


def sampler_of(doc: Document, texture: Item) -> int:
    """Its SAMPLER_* bits."""
    if "sampler" not in texture:
        return 0
    _, item = doc.named(texture, "sampler", "samplers")
    bits = {33071: (spec.SAMPLER_CLAMP_S, spec.SAMPLER_CLAMP_T), 33648: (spec.SAMPLER_MIRROR_S, spec.SAMPLER_MIRROR_T)}
    s = bits.get(item.integer("wrapS", 10497), (0, 0))[0]
    t = bits.get(item.integer("wrapT", 10497), (0, 0))[1]
    return s | t | (spec.SAMPLER_NEAREST if item.integer("magFilter", 0) == 9728 else 0)


def uv_use(use: Item) -> tuple[int, UvMatrix]:
    """The set of uvs, and their transform (KHR_texture_transform)."""
    uv_set = use.integer("texCoord", 0)
    transform = use.extension("KHR_texture_transform")
    if transform is None:
        return uv_set, NO_TRANSFORM
    ox, oy = transform.numbers("offset", (0.0, 0.0))
    sx, sy = transform.numbers("scale", (1.0, 1.0))
    angle = transform.number("rotation", 0.0)
    return transform.integer("texCoord", uv_set), uv_matrix(ox, oy, angle, sx, sy)
