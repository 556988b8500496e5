"""What a parsed model needs: files, mesh builds, images. Pure: no transfers, no budgets.

Owns: the list of sources (the glb itself, external buffers, image files) and which build reads which.
Limits: IMAGES_MAX images; see gltf.py, accessors.py and primitives.py.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from layerw.assets.accessors import buffer_bytes, resolve_view
from layerw.assets.gltf import Document, GltfError
from layerw.assets.materials import MaterialPlan, TextureDesc
from layerw.assets.nodes import build_tree
from layerw.assets.primitives import MeshPlan, Planner
from layerw.assets.uris import resolve_uri
from layerw.base.ports import F64, NodeDesc

IMAGES_MAX = 4096
MAIN = "main"  # the key of the file itself in SourcePlan maps
SourceKey = str | tuple[str, int]


@dataclass(frozen=True, slots=True)
class SourcePlan:
    """A file beside the glTF: an external buffer or an image. `size_bytes` 0 = not known."""

    url: str
    size_bytes: int


@dataclass(frozen=True, slots=True)
class ImagePlan:
    """An image in a source; `size_bytes` 0 = the whole source."""

    desc: TextureDesc
    source: SourceKey
    offset: int
    size_bytes: int


@dataclass(slots=True)
class ContentPlan:
    """Everything to fetch, build and decode for a model."""

    nodes: list[NodeDesc]
    meshes: list[MeshPlan]
    materials: dict[int, MaterialPlan]
    images: list[ImagePlan]
    sources: dict[SourceKey, SourcePlan] = field(default_factory=dict)  # without MAIN
    warnings: list[str] = field(default_factory=list)


def make_plan(doc: Document, url: str, flatten: F64 | None) -> ContentPlan:
    """Check what the default scene uses and list the work. Raises GltfError."""
    tree = build_tree(doc)
    planner = Planner(doc)
    planner.add_tree(tree, flatten)
    plan = ContentPlan([] if flatten is not None else tree.nodes, planner.meshes, planner.materials, [])
    for mesh in plan.meshes:
        for buffer in sorted(mesh.buffers):
            _buffer_source(doc, plan, url, buffer)
    textures = dict.fromkeys(desc for material in plan.materials.values() for desc in material.textures.values())
    if len(textures) > IMAGES_MAX:
        raise GltfError(f"The model uses {len(textures)} textures; at most {IMAGES_MAX} are loaded.")
    plan.images = [_image(doc, plan, url, desc) for desc in textures]
    plan.warnings = doc.warnings
    return plan


def buffer_key(doc: Document, buffer: int) -> SourceKey:
    """The source that holds a buffer."""
    return ("buffer", buffer) if "uri" in doc.item("buffers", buffer, "The model") else MAIN


def _buffer_source(doc: Document, plan: ContentPlan, url: str, buffer: int) -> SourceKey:
    key = buffer_key(doc, buffer)
    if key != MAIN and key not in plan.sources:
        uri = doc.item("buffers", buffer, "The model").get("uri")
        plan.sources[key] = SourcePlan(resolve_uri(url, uri, f"Buffer {buffer}"), buffer_bytes(doc, buffer))
    return key


def _image(doc: Document, plan: ContentPlan, url: str, desc: TextureDesc) -> ImagePlan:
    name = f"Image {desc.image}"
    item = doc.item("images", desc.image, "A texture")
    if item.get("mimeType") == "image/ktx2":
        raise GltfError(f"{name} is a KTX2 file, which layerw doesn't read yet; use PNG, JPEG or WebP.")
    if "bufferView" in item:
        buffer, offset, length, _ = resolve_view(doc, item["bufferView"], name)
        return ImagePlan(desc, _buffer_source(doc, plan, url, buffer), offset, length)
    key: SourceKey = ("image", desc.image)
    if key not in plan.sources:
        plan.sources[key] = SourcePlan(resolve_uri(url, item.get("uri"), name), 0)
    return ImagePlan(desc, key, 0, 0)
