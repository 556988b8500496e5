"""Primitives as mesh builds: which accessors, how many vertices come out, and the descriptor's words.

Owns: the MESH_BUILD descriptor (gpu/spec.py), result sizes, and shared meshes (one build for all nodes that show
it with the same skin). Does not: see any vertex; indices, NaN and real bounds come from the builder.
Limits: 2^24 vertices a primitive, PRIMITIVES_MAX primitives a model.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from layerw.assets.accessors import COMPONENT_BYTES, ELEMENTS_MAX, ZEROS, Accessor, resolve_accessor
from layerw.assets.draco import draco_of, unpacked_by_draco
from layerw.assets.facts import VARIANTS, variants_of
from layerw.assets.gaussians import EXTENSION, SplatPlan, plan_splats
from layerw.assets.gltf import Document
from layerw.assets.instances import INSTANCES_MAX, instances_of
from layerw.assets.items import GltfError, Item
from layerw.assets.materials import MaterialKey, MaterialPlan, read_material
from layerw.assets.metadata import FEATURES, Table, plan_features, plan_tables
from layerw.assets.nodes import Tree
from layerw.assets.packed import PACKED, Packed
from layerw.assets.palettes import FEATURES_MAX, LatePalette
from layerw.assets.placements import Group, plan_parts, plan_tile_places
from layerw.assets.point_clouds import SRGB
from layerw.assets.rigs import RigPlan, SkinPlan, is_mirror, weights_of
from layerw.assets.skins import Pose, read_pose
from layerw.base.ports import F64, NO_TRANSFORM, U32, MaterialDesc, UvMatrix
from layerw.base.tile_style import TileStyle
from layerw.gpu import spec

PRIMITIVES_MAX = 65_536
Key = tuple[int, int, int | None, bool]  # mesh, primitive, skin, whether that mirrors
_RESULT_TOPOLOGY = {"points": 2, "lines": 1, "line_loop": 1, "line_strip": 1}
_TRIANGLES = 4  # the first mode of triangles in spec.GLTF_MODES
POINTS = 1 << 32  # added to the numbers of materials that points of tiles have
_DISC_FLAGS = spec.MATERIAL_METRES | spec.MATERIAL_NO_SHADOW | spec.MATERIAL_DOUBLE_SIDED


@dataclass(slots=True, eq=False)
class MeshPlan:
    """One mesh to build, and the nodes that show it."""

    accessors: dict[str, Accessor]  # by spec.SEMANTICS
    mode: int
    flags: int
    vertex_count: int
    index_count: int
    material: MaterialKey
    uv_matrix: UvMatrix
    pose: Pose | None = None  # of a skinned mesh: where its joints are, with the matrix
    matrix: F64 | None = None  # baked into the vertices
    nodes: list[int] = field(default_factory=list)  # rows of Tree.nodes; [-1] where the matrix is baked
    skin: int = -1  # of the rig: what moves it while it is drawn
    joint_count: int = 0  # of that skin
    morph: int = -1  # of the rig
    variants: dict[int, MaterialKey] = field(default_factory=dict)  # by the number of a variant
    group: int = -1  # of Planner.groups: where it is drawn; -1: once
    srgb_colors: bool = False
    path: str = ""  # in the file, for messages

    @property
    def buffers(self) -> set[int]:
        return {accessor.buffer for accessor in self.accessors.values()} - {ZEROS}

    @property
    def topology(self) -> int:
        if self.flags & spec.MESH_BUILD_DISCS:
            return spec.TOPOLOGIES.index("discs")
        return _RESULT_TOPOLOGY.get(spec.GLTF_MODES[self.mode], 0)

    @property
    def has_uv1(self) -> bool:
        return "uv1" in self.accessors

    @property
    def is_posed(self) -> bool:
        return self.flags & spec.MESH_BUILD_POSED != 0

    @property
    def out_bytes(self) -> int:
        index_bytes = 2 if self.vertex_count <= 65_535 else 4
        vertex_bytes = spec.LAYOUTS[spec.TOPOLOGIES[self.topology]].stride_bytes
        vertex_bytes += spec.UV1_BYTES if self.has_uv1 else 0
        vertex_bytes += spec.POSED_BYTES if self.is_posed else 0
        return self.vertex_count * vertex_bytes + (self.index_count * index_bytes + 3 & ~3)


def list_count(mode: int, count: int) -> int:
    """Indices of the list that `count` indices of a mode unroll to."""
    name = spec.GLTF_MODES[mode]
    if name == "points":
        return count
    if name in ("lines", "triangles"):
        return count - count % (2 if name == "lines" else 3)
    if count < (3 if mode > _TRIANGLES else 2):
        return 0
    return {"line_loop": 2 * count, "line_strip": 2 * (count - 1)}.get(name, 3 * (count - 2))


class Planner:
    """Collects the builds of a document; reads each material once."""

    def __init__(self, doc: Document, style: TileStyle | None = None) -> None:
        self.doc, self._style = doc, style
        self._batch: Item | None = None  # of the mesh that is planned
        self._palettes: dict[tuple[int, bool], tuple[tuple[int, ...], ...]] = {}
        self._tables: list[Table] | None = None  # with the style's column alone
        self.palettes: dict[int, LatePalette] = {}  # by the number of what is unpacked
        self.meshes: list[MeshPlan] = []
        self.materials: dict[MaterialKey, MaterialPlan] = {}
        self.rig = RigPlan()
        self.splats: list[SplatPlan] = []
        self._splats_by: dict[tuple[int, int], SplatPlan] = {}  # of a model, by mesh and primitive
        self.groups: list[Group] = []  # of a tile
        self._tile_groups: dict[int, int] = {}  # by the row of the i3dm, where nothing else has places
        self._is_tile = False
        self._places = 0  # of all groups
        self._shared: dict[Key, MeshPlan] = {}

    def add_tree(self, tree: Tree, flatten: F64 | None, *, in_tile: bool = False) -> None:
        """Every primitive of every node; with `flatten` the node transforms go into the vertices."""
        self._is_tile = in_tile
        for node, mesh in tree.meshes:
            if flatten is not None and tree.owners.get(node, node) in tree.hidden:
                continue  # nothing shows it later
            matrix = None if flatten is None else flatten @ tree.worlds[node]
            group = -1
            self._batch = tree.batches.get(node)
            if flatten is not None:
                matrix, group = self._grouped(tree, node, flatten)
            skin = tree.skins.get(node)
            pose = None if skin is None or flatten is None else self._pose(tree, skin, flatten)
            item = self.doc.item("meshes", mesh, "A node's mesh")
            joints = None if skin is None or flatten is not None else self._skin(tree, skin)
            primitives = item.objects("primitives")
            targets = max((len(primitive.array("targets")) for primitive in primitives), default=0)
            if targets and flatten is not None:
                self.doc.warn("The model has morph targets; it is shown without them.")
            elif targets:
                self.rig.weights[tree.owners.get(node, node)] = weights_of(tree.items[node], item, targets)
            if flatten is None:
                self._instances(tree.items[node], node)
            for number, primitive in enumerate(primitives):
                if flatten is None:
                    self.rig.features += plan_features(self.doc, primitive, tree.owners.get(node, node), number,
                                                       self.rig.numbers)  # fmt: skip
                mirrors = joints is not None and joints.mirrors != is_mirror(tree.worlds[node])
                self._add(primitive, (mesh, number, skin, mirrors), node, matrix, pose, joints, group)
        self.rig.owners = tree.owners

    def _grouped(self, tree: Tree, node: int, flatten: F64) -> tuple[F64, int]:
        """What is baked into a tile's mesh, and the group that says where it is drawn then, -1: nowhere else."""
        world, above = tree.worlds[node], tree.groups.get(node)
        try:
            parts = plan_parts(self.doc, tree.items[node], self.rig.numbers)
        except GltfError as error:
            self.doc.warn(f"{error} The mesh is shown once.")
            parts = ()
        if above is None:
            if not parts:
                return flatten @ world, -1
            self._count_places(parts[0][2].count)
            self.groups.append(Group(flatten @ world, None, np.eye(4), parts))
            return np.eye(4), len(self.groups) - 1
        row, item = above
        inner = np.linalg.inv(tree.worlds[row]) @ world
        if not parts and row in self._tile_groups:
            return inner, self._tile_groups[row]
        places = plan_tile_places(self.doc, item, self.rig.numbers)
        self._count_places(places.count * (parts[0][2].count if parts else 1))
        self.groups.append(Group(flatten @ tree.worlds[row], places, inner, parts))
        if parts:
            return np.eye(4), len(self.groups) - 1
        self._tile_groups[row] = len(self.groups) - 1
        return inner, self._tile_groups[row]

    def _count_places(self, count: int) -> None:
        self._places += count
        if self._places > INSTANCES_MAX:
            raise GltfError(f"The tile shows its meshes {self._places} times or more; at most {INSTANCES_MAX} "
                            "instances of a tile are drawn.")  # fmt: skip

    def _instances(self, item: Item, node: int) -> None:
        try:
            parts = instances_of(self.doc, item, self.rig.numbers)
        except GltfError as error:
            self.doc.warn(f"{error} The mesh is shown once.")
            return
        if parts:
            self.rig.instances[node] = parts

    def _variants(self, plan: MeshPlan, primitive: Item) -> None:
        """Other materials that a program may choose; one that needs other vertices is left out."""
        try:
            count = len((self.doc.root.extension(VARIANTS) or Item({})).array("variants"))
            for variant, index in variants_of(self.doc, primitive, count).items():
                key = (index, plan.material[1])
                if key not in self.materials:
                    self.materials[key] = read_material(self.doc, index, primitive.at("material"), unlit=key[1])
                own, other = self.materials[plan.material], self.materials[key]
                if other.textures and (own.uv_set, own.uv_matrix, own.uv1_set) != (
                        other.uv_set, other.uv_matrix, other.uv1_set) and own.textures:  # fmt: skip
                    self.doc.warn(f"{primitive.path} has a variant whose textures lie differently; it may look wrong.")
                plan.variants[variant] = key
        except GltfError as error:
            self.doc.warn(f"Variants are left out: {error}")

    def _skin(self, tree: Tree, skin: int) -> SkinPlan | None:
        """None where the skin can't be read: a warning says why."""
        try:
            return self.rig.skin(self.doc, tree, skin)
        except GltfError as error:
            self.doc.warn(f"{error} What is rigged to it is shown as it was modelled.")
            return None

    def _pose(self, tree: Tree, skin: int, flatten: F64 | None) -> Pose | None:
        """None where the skin can't be read: a warning says why."""
        try:
            return read_pose(self.doc, tree, skin, flatten)
        except GltfError as error:
            self.doc.warn(f"{error} What is rigged to it is shown as it was modelled.")
            return None

    def _add(self, primitive: Item, key: Key, node: int, matrix: F64 | None, pose: Pose | None,
             joints: SkinPlan | None, group: int) -> None:  # fmt: skip
        shared = self._shared.get(key) if matrix is None else None
        if shared is not None:
            shared.nodes.append(node)
            return
        gaussians = primitive.extension(EXTENSION)
        if gaussians is not None and group < 0:
            return self._gaussians(primitive, gaussians, key[:2], node, matrix)
        if len(self.meshes) >= PRIMITIVES_MAX:
            raise GltfError(f"The model has more than {PRIMITIVES_MAX} primitives.")
        plan = self._plan(primitive, pose, joints)
        if plan is None:
            return
        if matrix is None:
            self._variants(plan, primitive)
            self._move(plan, primitive, key[2], joints)
            if key[3] and plan.skin >= 0:
                plan.flags |= spec.MESH_BUILD_MIRRORED
        plan.matrix, plan.group = matrix, group
        if plan.pose is not None:
            plan.flags |= spec.MESH_BUILD_SKIN
        elif matrix is not None:
            plan.flags |= spec.MESH_BUILD_TRANSFORM
        plan.nodes.append(node if matrix is None else -1)
        self.meshes.append(plan)
        if matrix is None:
            self._shared[key] = plan

    def _move(self, plan: MeshPlan, primitive: Item, skin: int | None, joints: SkinPlan | None) -> None:
        """What moves it while it is drawn."""
        if joints is not None and skin is not None and "joints" in plan.accessors:
            plan.skin, plan.joint_count = skin, len(joints.joints)
            if joints.inverse_bind is not None:
                plan.accessors["inverse_bind"] = joints.inverse_bind
        try:
            plan.morph = self.rig.targets(self.doc, primitive, plan.accessors["position"].count,
                                          has_normals="normal" in plan.accessors,
                                          has_tangents="tangent" in plan.accessors)  # fmt: skip
        except GltfError as error:
            self.doc.warn(f"{error} It is shown without morph targets.")
        if plan.skin >= 0 or plan.morph >= 0:
            plan.flags |= spec.MESH_BUILD_POSED

    def _gaussians(self, primitive: Item, shown: Item, key: tuple[int, int], node: int, matrix: F64 | None) -> None:
        """Splats, drawn as such."""
        plan = self._splats_by.get(key) if matrix is None else None
        if plan is None:
            try:
                plan = plan_splats(self.doc, primitive, shown)
                for accessor in plan.accessors.values():
                    self.rig.numbers.add(accessor)
            except GltfError as error:
                self.doc.warn(f"Its Gaussian splats are left out: {error}")
                return
            plan.matrix = matrix
            self._splats_by[key] = plan
            self.splats.append(plan)
        plan.nodes.append(node if matrix is None else -1)

    def _plan(self, primitive: Item, pose: Pose | None, joints: SkinPlan | None) -> MeshPlan | None:
        attributes = primitive.object("attributes")
        if "POSITION" not in attributes:
            self.doc.warn(f"{primitive.path} has no POSITION and is not shown.")
            return None
        mode = primitive.integer("mode", _TRIANGLES)
        if mode >= len(spec.GLTF_MODES):
            raise primitive.error(f"has mode {mode}; the modes are 0 to {len(spec.GLTF_MODES) - 1}.")
        index = primitive.integer("material") if "material" in primitive else -1
        if self._is_tile and spec.GLTF_MODES[mode] == "points":
            return self._discs(primitive, attributes, index)
        own = (index, mode < _TRIANGLES and "NORMAL" not in attributes)
        if own not in self.materials:
            self.materials[own] = read_material(self.doc, index, primitive.at("material"), unlit=own[1])
        if (pose or joints) and not ("JOINTS_0" in attributes and "WEIGHTS_0" in attributes):
            self.doc.warn(f"{primitive.path} has a skin, but no JOINTS_0 and WEIGHTS_0; it is shown as it is.")
            pose = joints = None
        posed = pose is not None or joints is not None
        if posed and "JOINTS_1" in attributes:
            of = " of the first eight" if "JOINTS_2" in attributes else ""
            self.doc.warn(f"{primitive.path} has more than four joints a vertex; the strongest four{of} move it.")
        accessors = self._accessors(primitive, attributes, self.materials[own], posed=posed)
        return self._counted(accessors, mode, own, pose, primitive)

    def _discs(self, primitive: Item, attributes: Item, index: int) -> MeshPlan:
        """Points of a tile: round spots in their own colours, as large as they lie apart."""
        own = (POINTS + index, True)
        if own not in self.materials:
            desc = read_material(self.doc, index, primitive.at("material"), unlit=True).desc
            self.materials[own] = MaterialPlan(MaterialDesc("discs", _DISC_FLAGS, desc.base_color))
        found = {"position": self._points_of(primitive, attributes, "POSITION", "position")}
        if "COLOR_0" in attributes:
            kind = self.doc.item("accessors", attributes.integer("COLOR_0"), attributes.at("COLOR_0")).text("type")
            found["color"] = self._points_of(primitive, attributes, "COLOR_0",
                                             "rgb565" if kind == "SCALAR" else "color")  # fmt: skip
        draco = draco_of(self.doc, primitive, attributes)
        if draco is None:
            self._styled(primitive, attributes, found, linear=primitive.extension(SRGB) is None)
        else:
            names = {"position": "POSITION", "color": "COLOR_0"}
            found = unpacked_by_draco(self.doc, primitive, draco, found, names)
        count = found["position"].count
        if any(accessor.count != count for accessor in found.values()):
            raise primitive.error(f"has {count} positions but {found['color'].count} colours.")
        return MeshPlan(found, 0, spec.MESH_BUILD_DISCS, count, 0, own, NO_TRANSFORM,
                        srgb_colors=primitive.extension(SRGB) is not None)  # fmt: skip

    def _styled(self, primitive: Item, attributes: Item, found: dict[str, Accessor], *,
                linear: bool) -> dict[str, Accessor]:  # fmt: skip
        """With the colours of a style, where the tile has a batch table and its vertices have ids."""
        if self._style is None:
            return found
        if self._batch is None or "_BATCHID" not in attributes:
            return self._styled_by_table(primitive, attributes, found, linear=linear)
        key = (id(self._batch), linear)
        if key not in self._palettes:
            count = min(self._batch.integer("count"), FEATURES_MAX)
            colors = self._style.palette(self._batch.raw("columns") or {}, count, linear=linear)
            self._palettes[key] = tuple((int(color),) for color in colors)
        self._color(attributes, "_BATCHID", found, self._palettes[key])
        return found

    def _styled_by_table(self, primitive: Item, attributes: Item, found: dict[str, Accessor], *,
                         linear: bool) -> dict[str, Accessor]:  # fmt: skip
        """The same for ids of vertices and a property table of the file, whose column is read first."""
        assert self._style is not None
        held = primitive.extension(FEATURES)
        ids = next((one for one in (held.objects("featureIds") if held is not None else ())
                    if "attribute" in one and "propertyTable" in one), None)  # fmt: skip
        if ids is None or "propertyTable" not in ids:
            return found
        if self._tables is None:
            self._tables = plan_tables(self.doc, self.rig.numbers, only=self._style.column)
        number, name = ids.integer("propertyTable"), f"_FEATURE_ID_{ids.integer('attribute')}"
        table = self._tables[number] if number < len(self._tables) else None
        if table is None or self._style.column not in table.columns:  # then nothing is read
            others = self._style.palette({}, 1 if table is None else min(table.count, FEATURES_MAX), linear=linear)
            self._color(attributes, name, found, tuple((int(color),) for color in others))
            return found
        made = self._color(attributes, name, found, ())
        if made:
            self.palettes[made - PACKED] = LatePalette(table, self._style, linear)
        return found

    def _color(self, attributes: Item, name: str, found: dict[str, Accessor],
               palette: tuple[tuple[int, ...], ...]) -> int:  # fmt: skip
        """Makes colours of ids; the buffer of the colours, 0 where the ids can't be read so."""
        ids = resolve_accessor(self.doc, attributes.integer(name), "feature_id", attributes.at(name))
        if ids.sparse is not None or ids.buffer == ZEROS:
            return 0
        size = COMPONENT_BYTES[ids.component_type]
        stride = ids.byte_stride or size
        made = self.doc.unpacked(Packed(
            "palette", (ids.buffer, ids.byte_offset, (ids.count - 1) * stride + size), 4 * ids.count,
            (ids.component_type, stride, ids.count), palette))  # fmt: skip
        found["color"] = Accessor(made, 0, 0, 5121, 4, True, ids.count, (), ())
        return made

    def _points_of(self, primitive: Item, attributes: Item, name: str, semantic: str) -> Accessor:
        draco = draco_of(self.doc, primitive, attributes)
        return resolve_accessor(self.doc, attributes.integer(name), semantic, attributes.at(name),
                                unpacked=draco is not None and name in draco.object("attributes"))  # fmt: skip

    def _accessors(self, primitive: Item, attributes: Item, material: MaterialPlan, *,
                   posed: bool) -> dict[str, Accessor]:  # fmt: skip
        names = {"position": "POSITION", "normal": "NORMAL", "tangent": "TANGENT", "color": "COLOR_0"}
        if posed:
            names |= {"joints": "JOINTS_0", "weights": "WEIGHTS_0"}
            if "JOINTS_1" in attributes and "WEIGHTS_1" in attributes:
                names |= {"joints1": "JOINTS_1", "weights1": "WEIGHTS_1"}
        if material.textures or primitive.extension(VARIANTS) is not None:
            names["uv"] = f"TEXCOORD_{material.uv_set}"
        if material.uv1_set is not None:
            names["uv1"] = f"TEXCOORD_{material.uv1_set}"
        draco = draco_of(self.doc, primitive, attributes)
        found = {semantic: resolve_accessor(self.doc, attributes.integer(name), semantic, attributes.at(name),
                                            unpacked=draco is not None and name in draco.object("attributes"))
                 for semantic, name in names.items() if name in attributes}  # fmt: skip
        if "normal" not in found:
            found.pop("tangent", None)  # the specification says so
        vertices = found["position"].count
        for semantic, accessor in found.items():
            if accessor.count != vertices:
                raise primitive.error(f"has {vertices} positions but {accessor.count} elements of {semantic}.")
        if "indices" in primitive:
            found["index"] = resolve_accessor(self.doc, primitive.integer("indices"), "index", primitive.at("indices"),
                                              unpacked=draco is not None)  # fmt: skip
        if draco is not None:
            return unpacked_by_draco(self.doc, primitive, draco, found, names)
        return self._styled(primitive, attributes, found, linear=True)

    def _counted(self, accessors: dict[str, Accessor], mode: int, own: MaterialKey, pose: Pose | None,
                 primitive: Item) -> MeshPlan | None:  # fmt: skip
        material = self.materials[own]
        vertices = accessors["position"].count
        count = list_count(mode, accessors["index"].count if "index" in accessors else vertices)
        flags = 0
        if "normal" not in accessors and mode >= _TRIANGLES and material.desc.kind != "unlit":
            flags |= spec.MESH_BUILD_FLAT_NORMALS
            vertices = count
        if vertices > ELEMENTS_MAX or count > 3 * ELEMENTS_MAX:
            raise primitive.error(f"becomes {vertices} vertices and {count} indices; at most {ELEMENTS_MAX} and "
                            f"{3 * ELEMENTS_MAX} are built.")
        if count == 0:
            self.doc.warn(f"{primitive.path} has too few indices for one element and is not shown.")
            return None
        if material.has_uv_transform and "uv" in accessors:
            flags |= spec.MESH_BUILD_UV_TRANSFORM
        if pose is not None and pose.inverse_bind is not None:
            accessors["inverse_bind"] = pose.inverse_bind
        return MeshPlan(accessors, mode, flags, vertices, count, own, material.uv_matrix, pose,
                        path=primitive.path)  # fmt: skip


def descriptor(plan: MeshPlan, transfers: dict[int, int]) -> U32:
    """The words of a MESH_BUILD; `transfers` has the transfer that holds each buffer."""
    attributes = [(name, accessor) for name, accessor in plan.accessors.items() if name != "index"]
    joints = np.zeros(0, np.float32) if plan.pose is None else plan.pose.joints.ravel()
    head = [len(attributes), plan.vertex_count, plan.index_count, plan.flags, plan.mode,
            plan.joint_count or len(joints) // 12, int(plan.srgb_colors), 0]  # fmt: skip
    matrix = np.eye(4) if plan.matrix is None else plan.matrix
    parts = [np.array(head, np.uint32), matrix[:3].astype(np.float32).ravel().view(np.uint32)]
    index = plan.accessors.get("index")
    parts.append(_accessor_words("index", index, transfers) if index else np.zeros(len(spec.ACCESSOR), np.uint32))
    parts.extend(_accessor_words(name, accessor, transfers) for name, accessor in attributes)
    if plan.flags & spec.MESH_BUILD_UV_TRANSFORM:
        parts.append(np.array(plan.uv_matrix, np.float32).view(np.uint32))
    parts.append(joints.view(np.uint32))
    return np.concatenate(parts)


def _accessor_words(semantic: str, accessor: Accessor, transfers: dict[int, int]) -> U32:
    transfer = 0 if accessor.buffer == ZEROS else transfers[accessor.buffer]
    return np.array([spec.SEMANTICS.index(semantic), transfer, accessor.byte_offset,
                     accessor.byte_stride, accessor.component_type, accessor.components, int(accessor.normalized),
                     accessor.count], np.uint32)
