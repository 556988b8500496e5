"""What a glTF file says of itself beside its picture: names, extras, scenes, variants, XMP. Nothing here fails a model.

Source: glTF 2.0, 3.5 and 3.14; KHR_materials_variants, KHR_xmp_json_ld, KHR_xmp.
"""

from __future__ import annotations

from layerw.assets.gltf import Document
from layerw.assets.items import GltfError, Item
from layerw.base.ports import FileFacts

VARIANTS = "KHR_materials_variants"
XMP = (("KHR_xmp_json_ld", "packets"), ("KHR_xmp", "packets"))


def facts_of(doc: Document, scene: int) -> FileFacts:
    """The facts of a document of which one scene is shown; -1: it has none."""
    root = doc.root
    names = [item.label() or f"scene {number}" for number, item in enumerate(root.objects("scenes"))]
    asset = root.object("asset")
    shown = root.element("scenes", scene) if scene >= 0 else Item({})
    packets = [packet for name, member in XMP if (held := root.extension(name)) is not None
               for packet in held.array(member)]  # fmt: skip
    return FileFacts(names, scene, _variants(doc), root.raw("extras"), shown.raw("extras"),
                     {name: asset.raw(name) for name in ("copyright", "generator", "version") if name in asset},
                     packets)  # fmt: skip


def _variants(doc: Document) -> list[str]:
    held = doc.root.extension(VARIANTS)
    return [] if held is None else [item.label() or f"variant {number}"
                                    for number, item in enumerate(held.objects("variants"))]  # fmt: skip


def variants_of(doc: Document, primitive: Item, count: int) -> dict[int, int]:
    """Material numbers of a primitive by the variants that give it another one."""
    held = primitive.extension(VARIANTS)
    found: dict[int, int] = {}
    for mapping in held.objects("mappings") if held is not None else ():
        material, _ = doc.named(mapping, "material", "materials")
        for variant in mapping.indices("variants"):
            if not 0 <= variant < count:
                raise GltfError(f"{mapping.at('variants')} names variant {variant} of {count}.")
            found[variant] = material
    return found


def scene_number(doc: Document, wanted: str | int | None) -> int:
    """Which scene is shown: by name or number, or the file's default one; -1 where there are none.

    Raises:
        GltfError: there is no such scene; the message names those that are.
    """
    names = [item.label() for item in doc.root.objects("scenes")]
    if wanted is None:
        return doc.root.integer("scene", 0) if names else -1
    if isinstance(wanted, str) and wanted in names:
        return names.index(wanted)
    if isinstance(wanted, int) and 0 <= wanted < len(names):
        return wanted
    raise GltfError(f"It has no scene {wanted!r}; its scenes are "
                    f"{', '.join(repr(name or number) for number, name in enumerate(names)) or 'none'}.")
