"""The node tree of a scene: local and world transforms, checked for cycles, parents before children.

Owns: TRS and matrices (decomposed; shear is dropped with a warning), a b3dm's RTC_CENTER as one more root.
Does not: animate or skin: joints keep their rest pose.
Limits: NODES_MAX nodes, NODE_DEPTH_MAX levels. World transforms are float64.
Source: glTF 2.0, 3.5 (scenes and nodes).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from layerw.assets.gltf import NODES_MAX, Document, GltfError, Json, array, extension, numbers
from layerw.base.mathx import decompose
from layerw.base.ports import F64, NodeDesc

NODE_DEPTH_MAX = 512
_IDENTITY = tuple(np.eye(4).ravel())


@dataclass(slots=True)
class Tree:
    """Nodes of the default scene. `meshes` has one row for each node that shows a mesh."""

    nodes: list[NodeDesc]
    worlds: list[F64]
    meshes: list[tuple[int, int]]  # index in nodes, mesh index


def build_tree(doc: Document) -> Tree:
    """Walk the default scene (the first one; without scenes, all nodes that nobody has as a child)."""
    tree = Tree([], [], [])
    root = -1
    rtc = extension(doc.root, "CESIUM_RTC", "The document")
    if rtc is not None:
        x, y, z = numbers(rtc, "center", "CESIUM_RTC", (0.0, 0.0, 0.0))
        matrix = np.eye(4)
        matrix[:3, 3] = (x, z, -y)  # it is given in the tileset's axes, Z up
        root = _append(tree, doc, -1, matrix, "RTC_CENTER", {})
    seen: set[int] = set()
    stack = [(index, root, 0) for index in reversed(_roots(doc))]
    while stack:
        index, parent, depth = stack.pop()
        item = doc.item("nodes", index, "The scene")
        if index in seen:
            raise GltfError(f"Node {index} is reached twice; the nodes of a scene must be a tree without cycles.")
        if depth > NODE_DEPTH_MAX or len(tree.nodes) >= NODES_MAX:
            raise GltfError(f"The scene has more than {NODES_MAX} nodes or {NODE_DEPTH_MAX} levels.")
        seen.add(index)
        row = _append(tree, doc, parent, local_matrix(item, f"Node {index}"), str(item.get("name", "")), item)
        _add_mesh(tree, doc, index, item, row)
        children = array(item, "children", f"Node {index}")
        stack.extend((child, row, depth + 1) for child in reversed(children))
    return tree


def _roots(doc: Document) -> list[int]:
    if doc.count("scenes"):
        scene = doc.item("scenes", doc.root.get("scene", 0), "The document")
        return list(array(scene, "nodes", "The scene"))
    children = {child for node in array(doc.root, "nodes", "The document") if isinstance(node, dict)
                for child in node.get("children", ()) if isinstance(child, int)}
    return [index for index in range(doc.count("nodes")) if index not in children]


def _append(tree: Tree, doc: Document, parent: int, local: F64, name: str, item: Json) -> int:
    translation, rotation, scale = decompose(local)
    if "matrix" in item:
        rebuilt = _compose(translation, rotation, scale)
        if not np.allclose(rebuilt, local, atol=1e-4 * max(1.0, float(np.abs(local[:3, :3]).max()))):
            doc.warn(f'Node "{name}" has a sheared matrix; the shear is dropped where nodes are kept.')
    elif item:
        user = f'Node "{name}"'
        translation = np.array(numbers(item, "translation", user, (0.0, 0.0, 0.0)))
        rotation = np.array(_unit(numbers(item, "rotation", user, (0.0, 0.0, 0.0, 1.0))))
        scale = np.array(numbers(item, "scale", user, (1.0, 1.0, 1.0)))
    tx, ty, tz = (float(v) for v in translation)
    rx, ry, rz, rw = (float(v) for v in rotation)
    sx, sy, sz = (float(v) for v in scale)
    tree.nodes.append(NodeDesc(parent, (tx, ty, tz), (rx, ry, rz, rw), (sx, sy, sz), name))
    tree.worlds.append(local if parent < 0 else tree.worlds[parent] @ local)
    return len(tree.nodes) - 1


def _add_mesh(tree: Tree, doc: Document, index: int, item: Json, row: int) -> None:
    if "mesh" not in item:
        return
    mesh = item["mesh"]
    doc.item("meshes", mesh, f"Node {index}")
    if "skin" in item:
        # A skinned mesh ignores its node's transform; in the rest pose its vertices are where the scene has them.
        doc.warn("The model is rigged; it is shown in its bind pose (skinning and animation come later).")
        row = _append(tree, doc, -1, np.eye(4), str(item.get("name", "")), {})
    tree.meshes.append((row, int(mesh)))


def _unit(rotation: tuple[float, ...]) -> tuple[float, ...]:
    length = float(np.linalg.norm(rotation))
    return tuple(v / length for v in rotation) if length > 0 else (0.0, 0.0, 0.0, 1.0)


def _compose(translation: F64, rotation: F64, scale: F64) -> F64:
    x, y, z, w = rotation
    m = np.eye(4)
    m[:3, :3] = np.array([
        [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
        [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
        [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
    ]) * scale
    m[:3, 3] = translation
    return m


def local_matrix(item: Json, user: str) -> F64:
    """A node's own transform as a 4x4 matrix."""
    if "matrix" in item:
        # glTF stores columns
        return np.array(numbers(item, "matrix", user, _IDENTITY), np.float64).reshape(4, 4).T.copy()
    rotation = np.array(_unit(numbers(item, "rotation", user, (0.0, 0.0, 0.0, 1.0))))
    return _compose(np.array(numbers(item, "translation", user, (0.0, 0.0, 0.0))), rotation,
                    np.array(numbers(item, "scale", user, (1.0, 1.0, 1.0))))
