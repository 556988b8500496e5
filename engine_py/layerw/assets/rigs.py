"""What moves a model: its clips, skins and morph targets, planned from the JSON and read once its bytes are here.

Owns: which of them a model needs. A tile has none: its skins are posed once, while it is built (skins.py).
Limits: clips.py, numbers.py; TARGETS_MAX morph targets a mesh.
Source: glTF 2.0, 3.7.2.2 (morph targets), 3.7.3 (skins).
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from layerw.assets.accessors import Accessor, resolve_accessor
from layerw.assets.clips import ClipPlan, plan_clips, read_clips
from layerw.assets.gltf import Document
from layerw.assets.instances import Parts, read_instances
from layerw.assets.items import GltfError, Item
from layerw.assets.metadata import FeaturePlan, Table, read_features, read_tables
from layerw.assets.nodes import Tree
from layerw.assets.numbers import Numbers
from layerw.assets.solids import SolidMesh, read_solids
from layerw.assets.surfaces import SurfacePlan, read_surfaces
from layerw.base.ports import F32, F64, Rig, SkinDesc

JOINTS_MAX = 65_536
TARGETS_MAX = 512
_PARTS = (("POSITION", "position", 0), ("NORMAL", "normal", 3), ("TANGENT", "tangent", 6))  # first of nine floats


@dataclass(slots=True)
class SkinPlan:
    """The joints, as rows of Tree.nodes (-1: not in the scene), and their inverse bind matrices (None: identities)."""

    joints: list[int]
    inverse_bind: Accessor | None
    mirrors: bool = False  # most joints are mirror images


@dataclass(slots=True)
class RigPlan:
    """Everything that moves a model."""

    numbers: Numbers = field(default_factory=Numbers)
    skins: dict[int, SkinPlan] = field(default_factory=dict)  # by the file's number
    morphs: dict[int, list[list[tuple[int, Accessor]]]] = field(default_factory=dict)  # by number: targets' parts
    weights: dict[int, list[float]] = field(default_factory=dict)  # of morph targets, by the row of the node
    clips: list[ClipPlan] = field(default_factory=list)
    instances: dict[int, Parts] = field(default_factory=dict)  # of the mesh of a node's row
    tables: list[Table] = field(default_factory=list)
    features: list[FeaturePlan] = field(default_factory=list)
    owners: dict[int, int] = field(default_factory=dict)  # the node's row of a mesh that is shown by a row of its own
    solids: list[SolidMesh] = field(default_factory=list)  # meshes that bodies lie around
    surfaces: list[SurfacePlan] = field(default_factory=list)  # of a tile that was opened for them

    @property
    def is_empty(self) -> bool:
        return not (self.skins or self.morphs or self.clips or self.instances or self.tables
                    or self.features or self.solids)

    def skin(self, doc: Document, tree: Tree, number: int) -> SkinPlan:
        """A skin, read once. Raises GltfError."""
        if number not in self.skins:
            self.skins[number] = _skin(doc, tree, number, self.numbers)
        return self.skins[number]

    def targets(self, doc: Document, primitive: Item, vertices: int, *, has_normals: bool, has_tangents: bool) -> int:
        """The number of a primitive's morph targets in `morphs`; -1 where it has none. Raises GltfError."""
        targets = primitive.objects("targets")
        if not targets:
            return -1
        if len(targets) > TARGETS_MAX:
            raise primitive.error(f"has {len(targets)} morph targets; at most {TARGETS_MAX} are read.")
        found, has = [], {"normal": has_normals, "tangent": has_tangents}
        for target in targets:
            parts = []
            for name, part, first in _PARTS:
                if name not in target or not has.get(part, True):
                    continue
                accessor = resolve_accessor(doc, target.integer(name), "morph", target.at(name))
                if accessor.count != vertices:
                    raise target.error(f"has {accessor.count} elements of {name}, but there are {vertices} vertices.")
                parts.append((first, self.numbers.add(accessor)))
            found.append(parts)
        self.morphs[len(self.morphs)] = found
        return len(self.morphs) - 1


def _skin(doc: Document, tree: Tree, number: int, numbers: Numbers) -> SkinPlan:
    item = doc.item("skins", number, "A node's skin")
    names = item.indices("joints")
    if not 1 <= len(names) <= JOINTS_MAX:
        raise item.error(f"has {len(names)} joints; 1 to {JOINTS_MAX} are posed.")
    for name in names:
        doc.item("nodes", name, item.at("joints"))
        if name not in tree.rows:
            doc.warn(f"{item.path} has the joint nodes[{name}], which is not in the scene; it stands at the origin.")
    user = "inverseBindMatrices"
    inverse = resolve_accessor(doc, item.integer(user), "inverse_bind", item.at(user)) if user in item else None
    if inverse is not None and inverse.count < len(names):
        raise item.error(f"has {len(names)} joints, but {inverse.count} inverse bind matrices.")
    rows = [tree.rows.get(name, -1) for name in names]
    mirrored = sum(is_mirror(tree.worlds[row]) for row in rows if row >= 0)
    return SkinPlan(rows, inverse and numbers.add(inverse), 2 * mirrored > len(rows))


def is_mirror(matrix: F64) -> bool:
    """Whether it makes mirror images."""
    return bool(np.linalg.det(matrix[:3, :3]) < 0)


def weights_of(node: Item, mesh: Item, count: int) -> list[float]:
    """What a node's morph targets weigh at first: its own weights, else its mesh's, else nothing."""
    holder = node if "weights" in node else mesh
    if "weights" not in holder:
        return [0.0] * count
    return list(holder.numbers("weights", (0.0,) * count))


def plan_clips_of(rig: RigPlan, doc: Document, tree: Tree) -> None:
    """After the meshes: what they may be moved by."""
    if doc.count("animations"):
        rig.clips = plan_clips(doc, tree, {row: len(weights) for row, weights in rig.weights.items()}, rig.numbers)


def read_rig(plan: RigPlan, payload: bytes, warnings: list[str]) -> Rig:
    """What was planned, with its numbers; what is wrong with those goes to `warnings`."""
    skins = {}
    for number, skin in plan.skins.items():
        inverse = np.tile(np.eye(4, dtype=np.float32)[:3].ravel(), (len(skin.joints), 1))
        if skin.inverse_bind is not None:
            columns = plan.numbers.read(skin.inverse_bind, payload)[: len(skin.joints)].reshape(-1, 4, 4)
            if np.isfinite(columns).all():
                inverse = np.ascontiguousarray(columns.transpose(0, 2, 1)[:, :3].reshape(-1, 12))
            else:
                warnings.append(f"skins[{number}] has inverse bind matrices that are not finite; they are left out.")
        skins[number] = SkinDesc(tuple(skin.joints), inverse)
    instances = {}
    for row, parts in plan.instances.items():
        try:
            instances[row] = read_instances(parts, plan.numbers, payload)
        except GltfError as error:
            warnings.append(f"{error} The mesh is shown once.")
    morphs = {number: _deltas(number, targets, plan, payload, warnings) for number, targets in plan.morphs.items()}
    tables = read_tables(plan.tables, plan.numbers, payload, warnings)
    return Rig(read_clips(plan.clips, plan.numbers, payload, warnings), skins, morphs,
               {row: np.array(weights, np.float32) for row, weights in plan.weights.items()}, plan.owners, instances,
               tables,
               read_features(plan.features, plan.tables, plan.numbers, payload),
               read_solids(plan.solids, plan.numbers, payload, warnings),
               read_surfaces(plan.surfaces, plan.tables, tables, plan.numbers, payload, warnings))


def _deltas(number: int, targets: list[list[tuple[int, Accessor]]], plan: RigPlan, payload: bytes,
            warnings: list[str]) -> F32:  # fmt: skip
    vertices = max((accessor.count for parts in targets for _, accessor in parts), default=0)
    found = np.zeros((len(targets), vertices, 9), np.float32)
    for target, parts in zip(found, targets, strict=True):
        for first, accessor in parts:
            values = plan.numbers.read(accessor, payload)
            if np.isfinite(values).all():
                target[:, first : first + 3] = values
            else:
                warnings.append(f"A morph target of primitive {number} has numbers that are not finite; they are left "
                                f"out.")  # fmt: skip
    return found


def rig_error(error: GltfError) -> str:
    """The warning about what could not be read."""
    return f"{error} It is shown without."
