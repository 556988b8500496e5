"""What a parsed model needs: files, mesh builds, images. Pure: no transfers, no budgets.

Owns: the list of sources (the glb itself, external buffers, image files) and which build reads which.
Limits: IMAGES_MAX images; see gltf.py, accessors.py and primitives.py.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from layerw.assets.accessors import buffer_bytes, resolve_view
from layerw.assets.facts import facts_of, scene_number
from layerw.assets.gaussians import SplatPlan
from layerw.assets.gltf import Document
from layerw.assets.instance_lights import InstanceLight, plan_instance_lights
from layerw.assets.items import GltfError
from layerw.assets.materials import MaterialKey, MaterialPlan, TextureDesc
from layerw.assets.metadata import plan_tables
from layerw.assets.nodes import Tree, build_tree, tile_lights
from layerw.assets.numbers import FILES
from layerw.assets.packed import PACKED, Packed
from layerw.assets.palettes import LatePalette
from layerw.assets.placements import Group
from layerw.assets.primitives import MeshPlan, Planner
from layerw.assets.rigs import RigPlan, plan_clips_of
from layerw.assets.solids import plan_solids
from layerw.assets.surfaces import plan_surfaces
from layerw.assets.uris import resolve_uri
from layerw.base.ports import F64, FileFacts, NodeDesc
from layerw.base.tile_style import TileStyle

IMAGES_MAX = 4096
MOVING_NODES_MAX = 2048  # of a tile with clips
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
    materials: dict[MaterialKey, MaterialPlan]
    images: list[ImagePlan]
    sources: dict[SourceKey, SourcePlan] = field(default_factory=dict)  # without MAIN
    buffers: dict[int, SourceKey] = field(default_factory=dict)  # where each that is read lies
    packed: dict[SourceKey, Packed] = field(default_factory=dict)  # what becomes a buffer, those before that it reads
    warnings: list[str] = field(default_factory=list)
    rig: RigPlan | None = None  # of a model that something moves
    facts: FileFacts | None = None  # of a model
    groups: list[Group] = field(default_factory=list)  # of a tile: where meshes are drawn many times
    splats: list[SplatPlan] = field(default_factory=list)
    lights: list[InstanceLight] = field(default_factory=list)  # of a tile
    moves: bool = False  # of a tile: clips move it
    palettes: dict[SourceKey, LatePalette] = field(default_factory=dict)  # of what is packed, once they are read


def image_plan(desc: TextureDesc) -> ContentPlan:
    """Of a file that is an image."""
    return ContentPlan([], [], {}, [ImagePlan(desc, MAIN, 0, 0)])


def make_plan(doc: Document, url: str, flatten: F64 | None, scene: str | int | None = None,
              style: TileStyle | None = None, *, only_surfaces: bool = False) -> ContentPlan:  # fmt: skip
    """Check what a scene uses (None: the default one) and list the work; style: of a tile; only_surfaces: of a tile
    that is not drawn. Raises GltfError."""
    number = scene_number(doc, scene)
    tree = build_tree(doc, max(number, 0))
    if only_surfaces and flatten is not None:
        return _surfaces_plan(doc, tree, url, flatten)
    in_tile = flatten is not None
    if flatten is not None and _moves(doc, tree):
        tree, flatten = build_tree(doc, max(number, 0), flatten), None  # its nodes stay, as those of a model
    planner = Planner(doc, style)
    planner.add_tree(tree, flatten, in_tile=in_tile)
    nodes = tree.nodes if flatten is None else tile_lights(doc, tree, flatten)
    plan = ContentPlan(nodes, planner.meshes, planner.materials, [], splats=planner.splats)
    if flatten is None and in_tile:
        plan_clips_of(planner.rig, doc, tree)
        plan.rig, plan.moves = planner.rig, True
    elif flatten is None:
        plan.facts = facts_of(doc, number)
        plan_clips_of(planner.rig, doc, tree)
        plan_solids(doc, tree, planner.rig.numbers, planner.rig.solids)
        planner.rig.tables = plan_tables(doc, planner.rig.numbers)
        plan.rig = None if planner.rig.is_empty and not planner.splats else planner.rig
    else:
        plan.lights = plan_instance_lights(doc, tree, flatten, planner.rig.numbers)
    if flatten is not None and (planner.groups or planner.splats or planner.palettes or plan.lights):
        plan.rig, plan.groups = planner.rig, planner.groups
    plan.palettes = {("packed", number): palette for number, palette in planner.palettes.items()}
    for buffers in (*(mesh.buffers for mesh in plan.meshes), plan.rig.numbers.buffers if plan.rig else ()):
        for buffer in sorted(buffers):
            _buffer_source(doc, plan, url, buffer)
    textures = dict.fromkeys(desc for material in plan.materials.values() for desc in material.textures.values())
    if len(textures) > IMAGES_MAX:
        raise GltfError(f"The model uses {len(textures)} textures; at most {IMAGES_MAX} are loaded.")
    for desc in textures:
        try:
            plan.images.append(_image(doc, plan, url, desc))
        except GltfError as error:
            doc.warn(left_out(plan, desc, str(error)))
    plan.warnings = doc.warnings
    return plan


def _moves(doc: Document, tree: Tree) -> bool:
    """Whether a tile has clips that are played; instances (i3dm) stand still."""
    if not doc.count("animations"):
        return False
    if tree.groups:
        doc.warn("The model of its instances has animations; they stand still.")
        return False
    if len(tree.nodes) > MOVING_NODES_MAX:
        doc.warn(f"It has animations and {len(tree.nodes)} nodes; a tile of more than {MOVING_NODES_MAX} stands still.")
        return False
    return True


def _surfaces_plan(doc: Document, tree: Tree, url: str, flatten: F64) -> ContentPlan:
    rig = RigPlan()
    rig.tables = plan_tables(doc, rig.numbers)
    rig.surfaces = plan_surfaces(doc, tree, flatten, rig.numbers)
    plan = ContentPlan([], [], {}, [], rig=rig)
    for buffer in sorted(rig.numbers.buffers):
        _buffer_source(doc, plan, url, buffer)
    plan.warnings = doc.warnings
    return plan


def identity_of(digest: bytes, plan: ContentPlan) -> str:
    """Equal where the file's bytes are equal and the files beside it have equal addresses; "" without a digest."""
    beside = [source.url for source in plan.sources.values() if not source.url.startswith("data:")]
    return "\n".join([digest.hex(), *beside]) if digest else ""


def left_out(plan: ContentPlan, desc: TextureDesc, reason: str) -> str:
    """The warning about an image that could not be shown: which one, of which material, and why."""
    uses = [f"the {slot.replace('_', ' ')} of material {material.name!r}"
            for material in plan.materials.values() for slot, used in material.textures.items() if used == desc]
    return f"images[{desc.image}], {', '.join(uses[:4]) or 'of no material'}, is left out: {reason}"


def _buffer_source(doc: Document, plan: ContentPlan, url: str, buffer: int) -> SourceKey:
    if buffer >= FILES:
        image: SourceKey = ("image", buffer - FILES)
        plan.buffers[buffer] = image
        if image not in plan.sources:
            plan.sources[image] = SourcePlan(resolve_uri(url, doc.item("images", buffer - FILES, "A feature id")), 0)
        return image
    if buffer >= PACKED:
        return _packed_source(doc, plan, url, buffer)
    item = doc.item("buffers", buffer, "A buffer view")
    key = plan.buffers[buffer] = ("buffer", buffer) if "uri" in item else MAIN
    if key != MAIN and key not in plan.sources:
        plan.sources[key] = SourcePlan(resolve_uri(url, item), buffer_bytes(doc, buffer, item))
    return key


def _packed_source(doc: Document, plan: ContentPlan, url: str, buffer: int) -> SourceKey:
    key: SourceKey = ("packed", buffer - PACKED)
    plan.buffers[buffer] = key
    packed = doc.packed[buffer - PACKED]
    for part in packed.buffers:
        _buffer_source(doc, plan, url, part)
    plan.packed[key] = packed
    return key


def _image(doc: Document, plan: ContentPlan, url: str, desc: TextureDesc) -> ImagePlan:
    item = doc.item("images", desc.image, "A texture's source")
    if "bufferView" in item:
        buffer, offset, length, _ = resolve_view(doc, item)
        return ImagePlan(desc, _buffer_source(doc, plan, url, buffer), offset, length)
    key: SourceKey = ("image", desc.image)
    if key not in plan.sources:
        plan.sources[key] = SourcePlan(resolve_uri(url, item), 0)
    return ImagePlan(desc, key, 0, 0)
