"""The rest pose of skinned meshes: where each joint stands, for the mesh builder, which blends the vertices.

Owns: which joints and inverse bind matrices a skinned mesh needs. Does not: animate; the pose is the file's own.
Limits: JOINTS_MAX joints a skin, four a vertex (JOINTS_0).
Source: glTF 2.0, 3.7.3 (skins).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from layerw.assets.accessors import Accessor, resolve_accessor
from layerw.assets.gltf import Document
from layerw.assets.nodes import Tree
from layerw.base.ports import F32, F64

JOINTS_MAX = 4096


@dataclass(slots=True, eq=False)
class Pose:
    """`joints`: (n, 3, 4), from each joint's space to the scene's; `inverse_bind`: None = identities."""

    joints: F32
    inverse_bind: Accessor | None


def read_pose(doc: Document, tree: Tree, skin: int, placed: F64 | None) -> Pose:
    """The rest pose of skin `skin`; `placed` moves the scene. Raises GltfError."""
    item = doc.item("skins", skin, "A node's skin")
    names = item.indices("joints")
    if not 1 <= len(names) <= JOINTS_MAX:
        raise item.error(f"has {len(names)} joints; 1 to {JOINTS_MAX} are posed.")
    joints = np.zeros((len(names), 3, 4), np.float32)
    for number, name in enumerate(names):
        doc.item("nodes", name, item.at("joints"))
        if name not in tree.rows:
            doc.warn(f"{item.path} has the joint nodes[{name}], which is not in the scene; it stands at the origin.")
        world = tree.worlds[tree.rows[name]] if name in tree.rows else np.eye(4)
        joints[number] = (world if placed is None else placed @ world)[:3]
    user = "inverseBindMatrices"
    inverse = resolve_accessor(doc, item.integer(user), "inverse_bind", item.at(user)) if user in item else None
    if inverse is not None and inverse.count < len(names):
        raise item.error(f"has {len(names)} joints, but {inverse.count} inverse bind matrices.")
    return Pose(joints, inverse)
