"""Bodies that a glTF file gives its nodes: which shapes, how they move, and which meshes they lie around.

Owns: what is read of them; physics makes the bodies (physics/models.py). Nothing here fails a model: what is wrong or
unknown is left out with a warning.
Source: KHR_physics_rigid_bodies and KHR_implicit_shapes (drafts), OMI_physics_body and OMI_physics_shape, and
`extras.collider` of a node: a shape's name or settings of lw.Body.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from layerw.assets.accessors import Accessor, resolve_accessor
from layerw.assets.gltf import Document
from layerw.assets.items import GltfError, Item
from layerw.assets.nodes import Tree, local_matrix
from layerw.assets.numbers import Numbers
from layerw.base.ports import F32, F64, U32, ColliderDesc, SolidDesc

FORMS = (("KHR_physics_rigid_bodies", "KHR_implicit_shapes"), ("OMI_physics_body", "OMI_physics_shape"))
SHAPES = ("box", "sphere", "capsule", "cylinder")
MESHES = {"convex": "hull", "trimesh": "mesh"}  # lw.Body's names
ZERO = (0.0, 0.0, 0.0)
_TRIANGLES = 4


@dataclass(slots=True)
class SolidMesh:
    """Parts of a mesh, each with its place within, its positions and its indices (None: one after another)."""

    path: str
    parts: list[tuple[F64, Accessor, Accessor | None]] = field(default_factory=list)


def plan_solids(doc: Document, tree: Tree, numbers: Numbers, solids: list[SolidMesh]) -> None:
    """Gives the nodes of a scene what the file says of their bodies."""
    reader = _Reader(doc, numbers, solids)
    for index, row in tree.rows.items():
        node = doc.item("nodes", index, "nodes")
        try:
            tree.nodes[row].solid = reader.solid(node, index)
        except GltfError as error:
            doc.warn(f"A body is left out: {error}")


class _Reader:
    def __init__(self, doc: Document, numbers: Numbers, solids: list[SolidMesh]) -> None:
        self._doc, self._numbers, self._solids = doc, numbers, solids
        self._known: dict[tuple[str, int], int] = {}  # numbers of solids, by array and number

    def solid(self, node: Item, index: int) -> SolidDesc | None:
        """What a node is. Raises GltfError."""
        for form, shapes in FORMS:
            body = node.extension(form) if "extensions" in node else None
            if body is not None:
                return self._body(body, form, shapes)
        extras = node.raw("extras")
        if isinstance(extras, dict) and extras.get("collider") is not None:
            return self._shorthand(node, index, extras["collider"])
        return None

    def _shorthand(self, node: Item, index: int, said: object) -> SolidDesc:
        takes = {"shape": said} if isinstance(said, str) else said
        if not isinstance(takes, dict):
            raise node.object("extras").wrong("collider", "the name of a shape or settings of lw.Body")
        takes = {str(name): value for name, value in takes.items()}
        if isinstance(takes.get("shape"), str):
            takes["shape"] = MESHES.get(takes["shape"], takes["shape"])
        kind = str(takes.pop("kind", "static"))
        mesh = -1
        if not {"size", "points", "parts"} & takes.keys():
            if "mesh" not in node:
                raise node.error("has extras.collider without a size and no mesh that it would lie around.")
            mesh = self._mesh(node.integer("mesh"), node.at("mesh"))
        return SolidDesc(kind, (ColliderDesc("", mesh=mesh, takes=takes),))

    def _body(self, body: Item, form: str, shapes: str) -> SolidDesc | None:
        self._tell_unknown(body, ("motion", "collider", "trigger", "extensions", "extras"))
        found = []
        for name in ("collider", "trigger"):
            if name in body:
                collider = self._collider(body.object(name), form, shapes, sensor=name == "trigger")
                found += [collider] if collider is not None else []
        motion = body.optional("motion")
        if motion is None:
            return SolidDesc("", tuple(found)) if found else None
        self._tell_unknown(motion, ("type", "isKinematic", "mass", "gravityFactor", "linearVelocity", "angularVelocity",
                                    "extensions", "extras"))  # fmt: skip
        is_omi = "type" in motion
        kind = (motion.choice("type", "", ("static", "kinematic", "dynamic")) if is_omi
                else "kinematic" if motion.flag("isKinematic") else "dynamic")  # fmt: skip
        mass = motion.number("mass", 1.0) if "mass" in motion or is_omi else None
        if mass is not None and mass < 0:
            raise motion.wrong("mass", "0 or more kilograms")
        if mass == 0 and kind == "dynamic":
            kind = "kinematic"  # KHR: an infinite mass
        return SolidDesc(kind, tuple(found), mass or None, motion.number("gravityFactor", 1.0, -100, 100),
                         motion.numbers("linearVelocity", ZERO), motion.numbers("angularVelocity", ZERO))

    def _tell_unknown(self, item: Item, known: Sequence[str]) -> None:
        for name in item.names():
            if name not in known:
                self._doc.warn(f"{item.at(name)} is not read; the body is made without.")

    def _collider(self, item: Item, form: str, shapes: str, *, sensor: bool) -> ColliderDesc | None:
        self._tell_unknown(item, ("geometry", "shape", "physicsMaterial", "nodes", "extensions", "extras"))
        if "nodes" in item:  # a trigger whose shapes are those of other nodes, which say so themselves
            return None
        geometry = item.object("geometry") if "geometry" in item else item
        friction, bounce = self._material(item, form)
        if "shape" in geometry:
            shape, size, mesh = self._shape(geometry, shapes)
        elif "node" in geometry:
            number, _ = self._doc.named(geometry, "node", "nodes")
            shape = "hull" if geometry.flag("convexHull") else "mesh"
            size, mesh = None, self._below(number, geometry.at("node"))
        else:
            raise geometry.error("has neither a shape nor a node.")
        return ColliderDesc(shape, size, mesh, friction, bounce, sensor)

    def _shape(self, user: Item, extension: str) -> tuple[str, tuple[float, ...] | None, int]:
        index = user.integer("shape")
        held = self._doc.root.extension(extension) or Item({}, f"extensions.{extension}")
        count = len(held.array("shapes"))
        if index >= count:
            raise GltfError(f"{user.at('shape')} is {index}, but {held.at('shapes')} has {count} items.")
        item = held.element("shapes", index)
        kind = item.choice("type", "", (*SHAPES, *MESHES))
        sizes = item.object(kind)
        if kind in MESHES:
            number, _ = self._doc.named(sizes, "mesh", "meshes")
            return MESHES[kind], None, self._mesh(number, sizes.at("mesh"))
        return kind, _size(kind, sizes, is_omi=extension.startswith("OMI")), -1

    def _material(self, item: Item, form: str) -> tuple[float | None, float | None]:
        if "physicsMaterial" not in item:
            return None, None
        index = item.integer("physicsMaterial")
        held = self._doc.root.extension(form) or Item({}, f"extensions.{form}")
        if index >= len(held.array("physicsMaterials")):
            raise GltfError(f"{item.at('physicsMaterial')} is {index}, but {held.at('physicsMaterials')} has "
                            f"{len(held.array('physicsMaterials'))} items.")
        material = held.element("physicsMaterials", index)
        self._tell_unknown(material, ("staticFriction", "dynamicFriction", "restitution", "name", "extras"))
        friction = material.number("dynamicFriction", material.number("staticFriction", 0.6), 0, 10)
        return friction, material.number("restitution", 0.0, 0, 1)

    # -- meshes ----------------------------------------------------------------------------------

    def _mesh(self, number: int, user: str) -> int:
        key = ("meshes", number)
        if key not in self._known:
            solid = SolidMesh(self._doc.item("meshes", number, user).path)
            self._add_mesh(solid, number, user, np.eye(4))
            self._known[key] = self._keep(solid)
        return self._known[key]

    def _below(self, number: int, user: str) -> int:
        """The meshes of a node and of all below it, as it sees them."""
        key = ("nodes", number)
        if key not in self._known:
            solid = SolidMesh(self._doc.item("nodes", number, user).path)
            seen, stack = set[int](), [(number, np.eye(4))]
            while stack:
                index, matrix = stack.pop()
                if index in seen:
                    raise GltfError(f"{user} is nodes[{number}], which is below itself.")
                seen.add(index)
                node = self._doc.item("nodes", index, user)
                if "mesh" in node:
                    self._add_mesh(solid, node.integer("mesh"), node.at("mesh"), matrix)
                for child in node.indices("children"):
                    stack.append((child, matrix @ local_matrix(self._doc.item("nodes", child, node.at("children")))))
            self._known[key] = self._keep(solid)
        return self._known[key]

    def _keep(self, solid: SolidMesh) -> int:
        if not solid.parts:
            raise GltfError(f"{solid.path} has no mesh that a body could lie around.")
        self._solids.append(solid)
        return len(self._solids) - 1

    def _add_mesh(self, solid: SolidMesh, number: int, user: str, matrix: F64) -> None:
        for primitive in self._doc.item("meshes", number, user).objects("primitives"):
            attributes = primitive.object("attributes")
            if "POSITION" not in attributes or primitive.integer("mode", _TRIANGLES) != _TRIANGLES:
                self._doc.warn(f"{primitive.path} is no list of triangles; bodies pass through it.")
                continue
            if primitive.extension("KHR_draco_mesh_compression") is not None:
                self._doc.warn(f"{primitive.path} is packed by Draco; bodies pass through it.")
                continue
            points = resolve_accessor(self._doc, attributes.integer("POSITION"), "morph", attributes.at("POSITION"))
            corners = (resolve_accessor(self._doc, primitive.integer("indices"), "feature_id", primitive.at("indices"))
                       if "indices" in primitive else None)  # fmt: skip
            solid.parts.append((matrix, self._numbers.add(points), corners and self._numbers.add(corners)))


def _size(kind: str, sizes: Item, *, is_omi: bool) -> tuple[float, ...]:
    """As of lw.Body. Of capsules KHR's height lies between the middles of the caps, OMI's is all of it."""
    if kind == "box":
        found = sizes.numbers("size", (1.0, 1.0, 1.0))
    elif kind == "sphere":
        found = (sizes.number("radius", 0.5),)
    else:
        radius, height = (0.5, 2.0) if is_omi else (0.25, 0.5)
        radius = sizes.number("radius", radius)
        radius = max(sizes.number("radiusTop", radius), sizes.number("radiusBottom", radius))
        height = sizes.number("height", height)
        found = radius, height + 2 * radius if kind == "capsule" and not is_omi else height
    if not all(one > 0 for one in found):
        raise sizes.error(f"has the sizes {', '.join(f'{one:g}' for one in found)}; they must be above 0.")
    return found


def read_solids(plans: Sequence[SolidMesh], numbers: Numbers, payload: bytes,
                warnings: list[str]) -> list[tuple[F32, U32]]:  # fmt: skip
    """Points and corners of each; none of those that can't be read, which `warnings` says."""
    found = []
    for plan in plans:
        try:
            found.append(_read(plan, numbers, payload))
        except GltfError as error:
            warnings.append(f"{error} Bodies pass through it.")
            found.append((np.zeros((0, 3), np.float32), np.zeros(0, np.uint32)))
    return found


def _read(plan: SolidMesh, numbers: Numbers, payload: bytes) -> tuple[F32, U32]:
    points, corners, count = [], [], 0
    for matrix, positions, indices in plan.parts:
        own = numbers.read(positions, payload)
        if not np.isfinite(own).all():
            raise GltfError(f"{plan.path} has positions that are not finite.")
        order = (np.arange(len(own)) if indices is None else numbers.read(indices, payload)[:, 0].astype(np.int64))
        order = order[: len(order) - len(order) % 3]
        if len(order) and int(order.max()) >= len(own):
            raise GltfError(f"{plan.path} has the index {order.max()}, but {len(own)} vertices.")
        points.append(own @ matrix[:3, :3].T.astype(np.float32) + matrix[:3, 3].astype(np.float32))
        corners.append(order + count)
        count += len(own)
    return np.concatenate(points).astype(np.float32), np.concatenate(corners).astype(np.uint32)
