"""The glTF 2.0 document: JSON in, checked items out.

Owns: parsing, versions, extensions, and lookups that fail with a sentence naming the item. Items are checked when
they are used, so that what a model doesn't need (animations) can't break it.
Does not: fetch, or touch a buffer's bytes.
Limits: NODES_MAX nodes; JSON nested NESTING_MAX deep; the JSON's size is limited where it arrives
(web/transfer/decode/containers.js).
Source: the glTF 2.0 specification and the KHR extensions named below.
"""

from __future__ import annotations

import json
from typing import Any

from layerw.assets.items import GltfError, Item, shown
from layerw.assets.packed import PACKED, Packed
from layerw.base.nesting import json_nesting

SUPPORTED_EXTENSIONS = frozenset({
    "KHR_mesh_quantization", "KHR_texture_transform", "KHR_materials_unlit", "KHR_materials_emissive_strength",
    "KHR_materials_clearcoat", "KHR_materials_specular", "KHR_materials_ior", "KHR_materials_sheen",
    "KHR_materials_transmission", "KHR_materials_volume", "KHR_materials_dispersion", "KHR_materials_anisotropy",
    "KHR_materials_iridescence", "KHR_materials_diffuse_transmission",
    "KHR_lights_punctual", "EXT_texture_webp", "EXT_texture_avif", "KHR_texture_basisu",
    "KHR_animation_pointer", "KHR_node_visibility", "KHR_materials_variants", "EXT_mesh_gpu_instancing",
    "KHR_xmp_json_ld", "KHR_xmp",
    "EXT_structural_metadata", "EXT_mesh_features",
    "KHR_physics_rigid_bodies", "KHR_implicit_shapes", "OMI_physics_body", "OMI_physics_shape",
    "EXT_meshopt_compression", "KHR_meshopt_compression", "KHR_draco_mesh_compression",
    "KHR_gaussian_splatting",
    "CESIUM_RTC",  # of glTF files that were glTF 1.0 once
})
PARTS = "layerw_parts"  # the only member of the JSON of a tile of 3D Tiles 1.0 (web/transfer/decode/tiles.js)
Outer = dict[str, dict[str, Any]]  # documents by their URI in a tile
PARTS_BEGIN = b'{"' + PARTS.encode()  # how such JSON begins, here and in hosts/tiles.py
NODES_MAX = 65_536
WARNINGS_MAX = 32
NESTING_MAX = 600  # deeper would end Pyodide


class Document:
    """A parsed document; `bin_bytes` is the size of the glb's BIN chunk, -1 where there is none."""

    def __init__(self, root: Item, bin_bytes: int = -1) -> None:
        self.root = root
        self.bin_bytes = bin_bytes
        self.warnings: list[str] = []
        self.packed: list[Packed] = []
        self._packed: dict[Packed, int] = {}
        self.painted: dict[int, set[str]] | None = None  # pointers.py, once it looked

    def unpacked(self, packed: Packed) -> int:
        """The number of the buffer that it becomes; equal ones are unpacked once."""
        if packed not in self._packed:
            self._packed[packed] = PACKED + len(self.packed)
            self.packed.append(packed)
        return self._packed[packed]

    def warn(self, text: str) -> None:
        """Keep a remark that doesn't stop the model, once."""
        if text not in self.warnings and len(self.warnings) < WARNINGS_MAX:
            self.warnings.append(text)

    def count(self, kind: str) -> int:
        """How many items of a top-level array there are."""
        return len(self.root.array(kind))

    def item(self, kind: str, index: int, user: str) -> Item:
        """Item `index` of a top-level array; `user` is the path of what names it, for the message."""
        count = self.count(kind)
        if not 0 <= index < count:
            raise GltfError(f"{user} is {shown(index)}, but {kind} has {count} items.")
        return self.root.element(kind, index)

    def named(self, holder: Item, member: str, kind: str) -> tuple[int, Item]:
        """The item of a top-level array whose number stands in a member, with that number."""
        index = holder.integer(member)
        return index, self.item(kind, index, holder.at(member))


def parse(payload: bytes, bin_bytes: int = -1, outer: Outer | None = None) -> Document:
    """Read the JSON and refuse what can't be shown. outer: models in other files that a tile names.

    Raises:
        GltfError: no JSON, another version, or a required extension that is not supported.
    """
    if json_nesting(payload, NESTING_MAX) > NESTING_MAX:
        raise GltfError(f"The glTF JSON of {len(payload)} bytes is nested too deeply: over {NESTING_MAX} levels.")
    try:
        root = json.loads(payload.decode("utf-8"), parse_constant=_refuse_constant)
    except ValueError as error:  # no UTF-8, no JSON, a number of thousands of digits
        if isinstance(error, GltfError):
            raise
        raise GltfError(f"The glTF JSON of {len(payload)} bytes can't be read: {error}.") from error
    except RecursionError as error:
        raise GltfError(f"The glTF JSON of {len(payload)} bytes is nested too deeply.") from error
    if not isinstance(root, dict):
        raise GltfError("The glTF JSON is no object.")
    doc = Document(Item(_whole(root, bin_bytes, outer or {})), bin_bytes)
    _check_version(doc.root)
    _check_extensions(doc.root)
    for name in doc.root.texts("extensionsUsed"):
        if name not in SUPPORTED_EXTENSIONS:
            doc.warn(f"The extension {name} is not supported yet; what it adds is left out.")
    return doc


def _whole(root: dict[str, Any], bin_bytes: int, outer: Outer) -> dict[str, Any]:
    """The document, also where it comes as the parts of a tile."""
    if PARTS not in root:
        return root
    from layerw.assets.parts import joined_parts  # models need it not

    return joined_parts(root, bin_bytes, outer)


def _refuse_constant(name: str) -> float:
    raise GltfError(f"The glTF JSON holds {name}, which is no JSON number.")


def _check_version(root: Item) -> None:
    asset = root.object("asset")
    if "version" not in asset:
        raise GltfError("The document has no asset.version; it is no glTF 2.0.")
    version = asset.text("version")
    needed = asset.text("minVersion", version)
    if not version.startswith("2.") or needed not in ("2.0", version):
        raise GltfError(f"The document is glTF {needed[:16]}; only 2.0 is read.")


def _check_extensions(root: Item) -> None:
    unknown = sorted(set(root.texts("extensionsRequired")) - SUPPORTED_EXTENSIONS)
    if unknown:
        raise GltfError(f"The model requires {', '.join(unknown)}, which layerw doesn't support; export it without.")
