"""What KHR_animation_pointer may point at: places in the JSON as the numbers of layerw that they change.

Owns: the table of pointers. A pointer at a light, a camera or a mesh's weights changes what stands at every node that
has it. Does not: read keys (clips.py) or write numbers (animation/painting.py).
Source: KHR_animation_pointer, the glTF 2.0 Asset Object Model; KHR_node_visibility, KHR_lights_punctual.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from layerw.assets.gltf import Document
from layerw.assets.items import GltfError, Item, shown
from layerw.assets.lights import EXTENSION as LIGHTS
from layerw.assets.nodes import Tree

POINTER = "KHR_animation_pointer"
TRANSFORM = "KHR_texture_transform"
PATHS = {"translation": 3, "rotation": 4, "scale": 3, "weights": 0}
_PARTS = {"offset": 2, "rotation": 1, "scale": 2}  # of a texture's transform
_PBR, _KHR = "pbrMetallicRoughness/", "extensions/KHR_materials_"
_NUMBERS = {  # of MaterialDesc, and how many
    f"{_PBR}baseColorFactor": ("base_color", 4), f"{_PBR}metallicFactor": ("metallic", 1),
    f"{_PBR}roughnessFactor": ("roughness", 1), "emissiveFactor": ("emissive", 3), "alphaCutoff": ("alpha_cutoff", 1),
    "normalTexture/scale": ("normal_scale", 1), "occlusionTexture/strength": ("occlusion_strength", 1),
    **{_KHR + path: (name, wide) for path, name, wide in (
        ("emissive_strength/emissiveStrength", "emissive_strength", 1), ("ior/ior", "ior", 1),
        ("clearcoat/clearcoatFactor", "clearcoat", 1),
        ("clearcoat/clearcoatRoughnessFactor", "clearcoat_roughness", 1),
        ("clearcoat/clearcoatNormalTexture/scale", "clearcoat_normal_scale", 1),
        ("sheen/sheenColorFactor", "sheen_color", 3), ("sheen/sheenRoughnessFactor", "sheen_roughness", 1),
        ("specular/specularFactor", "specular", 1), ("specular/specularColorFactor", "specular_color", 3),
        ("transmission/transmissionFactor", "transmission", 1), ("volume/thicknessFactor", "thickness", 1),
        ("volume/attenuationDistance", "attenuation_distance", 1),
        ("diffuse_transmission/diffuseTransmissionFactor", "diffuse_transmission", 1),
        ("diffuse_transmission/diffuseTransmissionColorFactor", "diffuse_transmission_color", 3),
        ("volume/attenuationColor", "attenuation_color", 3), ("dispersion/dispersion", "dispersion", 1),
        ("anisotropy/anisotropyStrength", "anisotropy", 1),
        ("anisotropy/anisotropyRotation", "anisotropy_rotation", 1),
        ("iridescence/iridescenceFactor", "iridescence", 1), ("iridescence/iridescenceIor", "iridescence_ior", 1),
        ("iridescence/iridescenceThicknessMaximum", "iridescence_nm", 1),
        ("iridescence/iridescenceThicknessMinimum", "iridescence_nm_min", 1))},
}
TEXTURES = {  # where a material's JSON has the use of each texture
    f"{_PBR}baseColorTexture": "base_color", f"{_PBR}metallicRoughnessTexture": "metallic_roughness",
    "normalTexture": "normal", "occlusionTexture": "occlusion", "emissiveTexture": "emissive",
    **{_KHR + path: name for path, name in (
        ("clearcoat/clearcoatTexture", "clearcoat"), ("clearcoat/clearcoatRoughnessTexture", "clearcoat_roughness"),
        ("clearcoat/clearcoatNormalTexture", "clearcoat_normal"), ("sheen/sheenColorTexture", "sheen_color"),
        ("sheen/sheenRoughnessTexture", "sheen_roughness"), ("specular/specularTexture", "specular"),
        ("specular/specularColorTexture", "specular_color"), ("transmission/transmissionTexture", "transmission"),
        ("diffuse_transmission/diffuseTransmissionTexture", "diffuse_transmission"),
        ("diffuse_transmission/diffuseTransmissionColorTexture", "diffuse_transmission_color"),
        ("volume/thicknessTexture", "thickness"), ("anisotropy/anisotropyTexture", "anisotropy"),
        ("iridescence/iridescenceTexture", "iridescence"),
        ("iridescence/iridescenceThicknessTexture", "iridescence_thickness"))},
}
_LAMPS = {"color": ("color", 3), "intensity": ("intensity", 1), "range": ("range", 1),
          "spot/innerConeAngle": ("inner_angle", 1), "spot/outerConeAngle": ("outer_angle", 1)}  # fmt: skip
_LENSES = {"perspective/yfov": "fov_y", "perspective/znear": "near", "orthographic/ymag": "half_height",
           "orthographic/znear": "near"}  # fmt: skip
# The picture's own sides and no far plane are what is drawn: these change nothing.
_NOTHING = frozenset({"perspective/aspectRatio", "perspective/zfar", "orthographic/xmag", "orthographic/zfar"})
_NODE = re.compile(r"/nodes/(\d{1,9})/(translation|rotation|scale|weights)")
_WEIGHT = re.compile(r"/(nodes|meshes)/(\d{1,9})/weights(?:/(\d{1,9}))?")
_VISIBLE = re.compile(r"/nodes/(\d{1,9})/extensions/KHR_node_visibility/visible")
_MATERIAL = re.compile(r"/materials/(\d{1,9})/(.+)")
_LIGHT = re.compile(rf"/extensions/{LIGHTS}/lights/(\d{{1,9}})/(.+)")
_CAMERA = re.compile(r"/cameras/(\d{1,9})/(.+)")


@dataclass(frozen=True, slots=True)
class Target:
    """What a channel changes, as TrackDesc says it. width: numbers of a key; 0: as many as the mesh has morphs."""

    kind: str
    number: int  # of the file's node or material; else a row of Tree.nodes
    path: str
    width: int
    first: int = 0
    rest: tuple[float, ...] = ()


class Pointers:
    """The pointers of a document whose scene is `tree`."""

    def __init__(self, doc: Document, tree: Tree) -> None:
        self._doc, self._tree = doc, tree
        self._users: dict[str, dict[int, list[int]]] = {}  # nodes by what they have, by its kind

    def targets(self, held: Item) -> list[Target]:
        """What a pointer changes, nothing where nothing of it is drawn. Raises GltfError where layerw can't."""
        pointer = held.text("pointer")
        for pattern, read in ((_NODE, self._node), (_VISIBLE, self._visible), (_WEIGHT, self._weight),
                              (_MATERIAL, self._material), (_LIGHT, self._light), (_CAMERA, self._camera)):  # fmt: skip
            found = pattern.fullmatch(pointer)
            targets = read(found) if found is not None else None
            if targets is not None:
                return targets
        raise held.error(f"points at {shown(pointer)}; layerw moves and shows nodes, and changes numbers of materials, "
                         f"texture transforms, lights and cameras.")  # fmt: skip

    def _node(self, found: re.Match[str]) -> list[Target]:
        return [Target("node", int(found[1]), found[2], PATHS[found[2]])]

    def _visible(self, found: re.Match[str]) -> list[Target]:
        row = self._tree.rows.get(int(found[1]))
        return [] if row is None else [Target("shown", row, "visible", 1)]

    def _weight(self, found: re.Match[str]) -> list[Target]:
        number, first, width = int(found[2]), int(found[3] or 0), 0 if found[3] is None else 1
        if found[1] == "nodes":
            return [Target("node", number, "weights", width, first)]
        return [Target("node", node, "weights", width, first) for node in self._used("mesh").get(number, ())
                if "weights" not in self._doc.item("nodes", node, "nodes")]  # fmt: skip

    def _material(self, found: re.Match[str]) -> list[Target] | None:
        number, path = int(found[1]), found[2]
        item = self._doc.item("materials", number, "A pointer")
        if path in _NUMBERS:
            return [Target("material", number, *_NUMBERS[path])]
        place, _, part = path.rpartition(f"/extensions/{TRANSFORM}/")
        if place not in TEXTURES or part not in _PARTS:
            return None
        for name in place.split("/"):
            item = item.object(name)
        own = item.extension(TRANSFORM) or Item({})
        rest = (*own.numbers("offset", (0.0, 0.0)), own.number("rotation", 0.0), *own.numbers("scale", (1.0, 1.0)))
        return [Target("texture", number, f"{TEXTURES[place]} {part}", _PARTS[part], 0, rest)]

    def _light(self, found: re.Match[str]) -> list[Target] | None:
        if found[2] not in _LAMPS:
            return None
        return [Target("light", self._tree.rows[node], *_LAMPS[found[2]])
                for node in self._used("light").get(int(found[1]), ())]  # fmt: skip

    def _camera(self, found: re.Match[str]) -> list[Target] | None:
        if found[2] in _NOTHING:
            return []
        if found[2] not in _LENSES:
            return None
        return [Target("camera", self._tree.rows[node], _LENSES[found[2]], 1)
                for node in self._used("camera").get(int(found[1]), ())]  # fmt: skip

    def _used(self, kind: str) -> dict[int, list[int]]:
        """Nodes of the scene by the number of their mesh, camera or light."""
        if kind not in self._users:
            users: dict[int, list[int]] = {}
            for node in self._tree.rows:
                item = self._doc.item("nodes", node, "nodes")
                holder = (item.extension(LIGHTS) or Item({})) if kind == "light" else item
                if kind in holder:
                    users.setdefault(holder.integer(kind), []).append(node)
            self._users[kind] = users
        return self._users[kind]


UVS = "uvs"  # among the names of `painted`: a transform of a texture


def painted(doc: Document) -> dict[int, set[str]]:
    """What the animations of a file change of its materials, by number: names in MaterialDesc, UVS. Such a material is
    drawn as what has these numbers, and its transforms are not in the vertices."""
    if doc.painted is None:
        doc.painted = {}
        for pointer in _pointers(doc):
            found = _MATERIAL.fullmatch(pointer)
            if found is not None and found[2] in _NUMBERS:
                doc.painted.setdefault(int(found[1]), set()).add(_NUMBERS[found[2]][0])
            elif found is not None and TRANSFORM in found[2]:
                doc.painted.setdefault(int(found[1]), set()).add(UVS)
    return doc.painted


def _pointers(doc: Document) -> list[str]:
    """All of a file; what is wrong there is told where the clips are read."""
    found = []
    try:
        for animation in doc.root.objects("animations"):
            for channel in animation.objects("channels"):
                held = channel.object("target").extension(POINTER)
                if held is not None:
                    found.append(held.text("pointer"))
    except GltfError:
        pass
    return found
