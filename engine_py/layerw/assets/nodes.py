"""The node tree of a scene: local and world transforms, checked for cycles, parents before children.

Owns: TRS and matrices (decomposed; a sheared one becomes two nodes), a b3dm's RTC_CENTER as one more root.
Does not: animate; skins.py poses what is skinned in tiles, rigs.py says what moves models.
Limits: NODES_MAX nodes, to any depth. World transforms are float64.
Source: glTF 2.0, 3.5 (scenes and nodes); KHR_node_visibility.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from layerw.assets.cameras import camera_of
from layerw.assets.gltf import NODES_MAX, Document
from layerw.assets.items import NUMBER_MAX, GltfError, Item
from layerw.assets.lights import light_of
from layerw.base.mathx import decompose
from layerw.base.ports import F64, LightDesc, NodeDesc

TILE_LIGHTS_MAX = 64
TILE_INSTANCES = "LAYERW_tile_instances"  # of a node: where and how often all below it is shown (parts.py)
BATCH = "LAYERW_batch_table"  # of a node: rows by the ids of vertices below it
SHEAR_MIN = 1e-5  # of the largest number of a matrix: less is rounding
_IDENTITY = tuple(np.eye(4).ravel())


@dataclass(slots=True)
class Tree:
    """Nodes of the default scene. `meshes` has one row for each node that shows a mesh."""

    nodes: list[NodeDesc]
    worlds: list[F64]
    meshes: list[tuple[int, int]]  # index in nodes, mesh index
    rows: dict[int, int] = field(default_factory=dict)  # index in nodes by the file's number of the node
    skins: dict[int, int] = field(default_factory=dict)  # the skin of a skinned mesh's row
    owners: dict[int, int] = field(default_factory=dict)  # the node's row of a skinned mesh's row
    items: dict[int, Item] = field(default_factory=dict)  # of the nodes that show a mesh, by that row
    groups: dict[int, tuple[int, Item]] = field(default_factory=dict)  # by such a row: the i3dm above it
    instance_lights: list[tuple[int, tuple[int, Item], LightDesc]] = field(default_factory=list)  # row, the i3dm above
    batches: dict[int, Item] = field(default_factory=dict)  # by such a row: the batch table above it
    hidden: set[int] = field(default_factory=set)  # nodes that are not shown, by themselves or by one above


def build_tree(doc: Document, scene: int | None = None, frame: F64 | None = None) -> Tree:
    """Walk a scene, None: the default one (the first; without scenes, all nodes that nobody has as a child). frame: a
    matrix above all of it, which becomes a node."""
    tree = Tree([], [], [])
    root = -1 if frame is None else _append(tree, -1, frame, Item({"matrix": ()}, "The tile"))
    rtc = doc.root.extension("CESIUM_RTC")
    if rtc is not None:
        x, y, z = rtc.numbers("center", (0.0, 0.0, 0.0))
        matrix = np.eye(4)
        matrix[:3, 3] = (x, z, -y)  # it is given in the tileset's axes, Z up
        root = _append(tree, root, matrix, rtc)
    seen: set[int] = set()
    stack: list[tuple[int, str, int, tuple[int, Item] | None, Item | None]] = [
        (index, user, root, None, None) for index, user in reversed(_roots(doc, scene))]
    while stack:
        index, user, parent, group, batch = stack.pop()
        item = doc.item("nodes", index, user)
        if index in seen:
            raise item.error("is reached twice; the nodes of a scene must be a tree without cycles.")
        if len(tree.nodes) >= NODES_MAX:
            raise GltfError(f"The scene has more than {NODES_MAX} nodes.")
        seen.add(index)
        row = tree.rows[index] = _append(tree, parent, local_matrix(item), item)
        node = tree.nodes[row]
        shown = item.extension(TILE_INSTANCES)
        group = group if shown is None else (row, shown)
        light = light_of(doc, item)
        if group is None:
            node.light = light
        elif light is not None:
            tree.instance_lights.append((row, group, light))
        node.camera, node.extras = camera_of(doc, item), item.raw("extras")
        node.visible = shows(item)
        if not node.visible or parent in tree.hidden:
            tree.hidden.add(row)
        batch = item.extension(BATCH) or batch
        _add_mesh(tree, doc, item, row, group)
        if batch is not None:
            tree.batches[row] = batch
        children = item.indices("children")
        stack.extend((child, item.at("children"), row, group, batch) for child in reversed(children))
    return tree


def tile_lights(doc: Document, tree: Tree, flatten: F64) -> list[NodeDesc]:
    """The nodes of a tile that shine, where they stand in its own frame; the rest of its nodes is in its vertices."""
    shining = [row for row, node in enumerate(tree.nodes) if node.light is not None and row not in tree.hidden]
    if len(shining) > TILE_LIGHTS_MAX:
        doc.warn(f"{len(shining) - TILE_LIGHTS_MAX} lights are left out: a tile has at most {TILE_LIGHTS_MAX}.")
    found = []
    for row in shining[:TILE_LIGHTS_MAX]:
        place, turn, _ = decompose(flatten @ tree.worlds[row])
        x, y, z = (float(value) for value in place)
        i, j, k, w = (float(value) for value in turn)
        node = tree.nodes[row]
        found.append(NodeDesc(-1, (x, y, z), (i, j, k, w), (1.0, 1.0, 1.0), node.name, node.light))
    return found


def shows(item: Item) -> bool:
    """Whether a node shows what is at it and below (KHR_node_visibility)."""
    own = item.extension("KHR_node_visibility")
    return own is None or "visible" not in own or own.flag("visible")


def _roots(doc: Document, number: int | None) -> list[tuple[int, str]]:
    """Node numbers, each with the path of what names it."""
    if doc.count("scenes"):
        scene = doc.item("scenes", doc.root.integer("scene", 0) if number is None else number, "scene")
        return [(index, scene.at("nodes")) for index in scene.indices("nodes")]
    children = {child for node in doc.root.objects("nodes") for child in node.indices("children")}
    return [(index, "nodes") for index in range(doc.count("nodes")) if index not in children]


def _append(tree: Tree, parent: int, local: F64, item: Item) -> int:
    """A row for a node, for an RTC_CENTER, or for a skinned mesh (its own transform is left out)."""
    translation, rotation, scale = decompose(local)
    if "matrix" in item:
        rebuilt = _compose(translation, rotation, scale)
        if not np.allclose(rebuilt, local, atol=SHEAR_MIN * float(np.abs(local[:3, :3]).max())):
            outer, inner = _without_shear(local)
            parent = _append(tree, parent, outer, Item({}, item.path))
            return _append(tree, parent, inner, Item({"name": item.label()}, item.path))
    elif any(name in item for name in ("translation", "rotation", "scale")):
        translation = np.array(item.numbers("translation", (0.0, 0.0, 0.0)))
        rotation = np.array(_unit(item.numbers("rotation", (0.0, 0.0, 0.0, 1.0))))
        scale = np.array(item.numbers("scale", (1.0, 1.0, 1.0)))
    tx, ty, tz = (float(v) for v in translation)
    rx, ry, rz, rw = (float(v) for v in rotation)
    sx, sy, sz = (float(v) for v in scale)
    world = local if parent < 0 else tree.worlds[parent] @ local
    if not np.abs(world).max() <= NUMBER_MAX:
        raise item.error(f"stands or scales {np.abs(world).max():g} with its parents; at most {NUMBER_MAX:g} is drawn.")
    tree.nodes.append(NodeDesc(parent, (tx, ty, tz), (rx, ry, rz, rw), (sx, sy, sz), item.label()))
    tree.worlds.append(world)
    return len(tree.nodes) - 1


def _add_mesh(tree: Tree, doc: Document, item: Item, row: int, group: tuple[int, Item] | None) -> None:
    if "mesh" not in item:
        return
    mesh, _ = doc.named(item, "mesh", "meshes")
    if "skin" in item:
        # A skinned mesh ignores its node's transform: its joints place its vertices in the scene.
        owner = row
        row = _append(tree, -1, np.eye(4), Item({"name": item.label()}, item.path))
        tree.owners[row] = owner
        tree.skins[row], _ = doc.named(item, "skin", "skins")
    tree.items[row] = item
    if group is not None:
        tree.groups[row] = group
    tree.meshes.append((row, mesh))


def _without_shear(local: F64) -> tuple[F64, F64]:
    """Two matrices without shear whose product is `local` (singular values): a turned scale, a turn inside of it."""
    left, scale, right = np.linalg.svd(local[:3, :3])
    for turn, axis in ((left, (slice(None), 2)), (right, (2, slice(None)))):
        if np.linalg.det(turn) < 0:
            turn[axis] *= -1
            scale[2] *= -1
    outer, inner = np.eye(4), np.eye(4)
    outer[:3, :3], outer[:3, 3], inner[:3, :3] = left * scale, local[:3, 3], right
    return outer, inner


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


def local_matrix(item: Item) -> F64:
    """A node's own transform as a 4x4 matrix."""
    if "matrix" in item:
        # glTF stores columns
        return np.array(item.numbers("matrix", _IDENTITY), np.float64).reshape(4, 4).T.copy()
    rotation = np.array(_unit(item.numbers("rotation", (0.0, 0.0, 0.0, 1.0))))
    return _compose(np.array(item.numbers("translation", (0.0, 0.0, 0.0))), rotation,
                    np.array(item.numbers("scale", (1.0, 1.0, 1.0))))
