"""Bodies of a loaded model, as its file says: app.physics.add(model).

Owns: which nodes become one body, their shapes within it, and what the model is told. What the file says is read in
assets/solids.py. A node that becomes a body leaves its parent and stands in the world; what can't be made is a line in
model.warnings, and the rest is made.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from layerw.base.addresses import shown
from layerw.base.errors import BudgetError, ConfigError, LayerwError
from layerw.base.mathx import decompose, quat_rotate
from layerw.base.ports import F32, F64, U32, ColliderDesc, MeshData, NodeDesc
from layerw.frame.subsystems import SubsystemPort
from layerw.physics.body import PARTS_MAX, Body
from layerw.scene.entity import Entity
from layerw.scene.hierarchy import world_matrix
from layerw.scene.row_values import check_owner
from layerw.scene.table import Table

if TYPE_CHECKING:
    from layerw.content.models import Model

Make = Callable[[Entity, Body, MeshData | None], None]
Check = Callable[[Body, MeshData | None], object]
Shape = tuple[int, ColliderDesc]  # the node's number, and what it has
SCALE_MIN = 1e-9  # glTF: what is scaled by nothing is not there


@dataclass(slots=True)
class _Group:
    """What becomes one body: the node that it is, and the shapes of it and of what is below."""

    node: int
    kind: str
    shapes: list[Shape]


def add_model(port: SubsystemPort, model: Model, is_bare: bool, check: Check, make: Make) -> None:
    """Makes the bodies of a model once it is ready. is_bare: whether no body was given with it.

    Raises:
        ConfigError, HandleError: a body was given, or it has no nodes.
    """
    if not is_bare:
        raise ConfigError("app.physics.add was given a Model and a body; a model's nodes have those that its file "
                          "says. Give one node another: app.physics.add(model['name'], ...).")
    if model.state in ("failed", "closed"):
        raise ConfigError(f"app.physics.add was given a Model that is {model.state}; it has no nodes.")
    check_owner("app.physics.add things", model.root, port.table)
    before = list(model.warnings) if model.state == "ready" else None
    model.on_ready(lambda: add_model_bodies(port.table, model, check, make))
    if before is not None:  # else they are told with what else it is without
        for text in model.warnings:
            if text not in before:
                port.log.warning(f"{shown(model.url)}: {text}")


def add_model_bodies(table: Table, model: Model, check: Check, make: Make) -> None:
    """Makes the bodies of a model that is ready. check: raises where a body can't have its shape; make: makes it.

    Raises:
        BudgetError: the heap budget has no room; those made before stay.
    """
    entities, nodes, rig = model._described()
    groups = _groups(nodes, model)
    if not groups:
        model._note("It says of no node what body it has (KHR_physics_rigid_bodies, OMI_physics_body, "
                    "extras.collider); app.physics.add made none.")  # fmt: skip
    worlds = {number: _world(table, entities[number]) for group in groups
              for number in (group.node, *(number for number, _ in group.shapes)) if entities[number].alive}
    moved = {track.node for clip in (rig.clips if rig is not None else ()) for track in clip.tracks
             if track.kind == "node"}  # fmt: skip
    for group in groups:
        name = nodes[group.node].name or f"node {group.node}"
        entity = entities[group.node]
        if group.node not in worlds:
            continue
        try:
            body, mesh = _body(group, nodes, worlds, rig.solids if rig is not None else [], model)
            place, turn, scale = decompose(worlds[group.node])
            check(body, mesh)
            if entity.parent is not None:
                entity.parent = None
                entity.position, entity.rotation, entity.scale = place, turn, scale
            make(entity, body, mesh)
        except BudgetError:
            raise
        except LayerwError as error:
            model._note(f"The node {name!r} has no body: {error}")
            continue
        if group.node in moved:
            model._note(f"The node {name!r} has a body and is moved by a clip, which places it as if it had no parent.")
        solid = nodes[group.node].solid
        if solid is not None and body.kind != "static":
            for column, value in (("velocity", solid.velocity), ("spin", solid.spin)):
                if any(value):
                    setattr(entity.body, column, quat_rotate(turn, np.array(value)))


def _world(table: Table, entity: Entity) -> F64:
    found = np.eye(4)
    found[:3, :3], found[:3, 3] = world_matrix(table.parent, table.position, table.rotation, table.scale,
                                               entity.first_row)  # fmt: skip
    return found


def _groups(nodes: list[NodeDesc], model: Model) -> list[_Group]:
    """In the order of the nodes. A shape belongs to the nearest node above it that moves, else it is static."""
    owners: list[int] = []
    found: dict[int, _Group] = {}
    for number, node in enumerate(nodes):
        solid, owner = node.solid, owners[node.parent] if node.parent >= 0 else -1
        if solid is not None and solid.colliders and solid.colliders[0].takes is not None:
            found[number] = _Group(number, solid.kind, [(number, solid.colliders[0])])
            owners.append(owner)
            continue
        if solid is not None and solid.kind in ("dynamic", "kinematic"):
            owner = number
            found[number] = _Group(number, solid.kind, [])
        elif solid is not None and solid.kind == "static":
            owner = -1
        owners.append(owner)
        if solid is not None and solid.colliders:
            group = found[owner] if owner >= 0 else found.setdefault(number, _Group(number, "static", []))
            group.shapes.extend((number, one) for one in solid.colliders)
    for group in found.values():
        if not group.shapes:
            model._note(f"The node {nodes[group.node].name or group.node!r} moves as a body and has no collider; it "
                        "has no body.")  # fmt: skip
    return [group for group in found.values() if group.shapes]


def _body(group: _Group, nodes: list[NodeDesc], worlds: dict[int, F64], solids: list[tuple[F32, U32]],
          model: Model) -> tuple[Body, MeshData | None]:  # fmt: skip
    """A description, and the triangles that it is fitted around. Raises LayerwError."""
    first = group.shapes[0][1]
    name = nodes[group.node].name or f"node {group.node}"
    if first.takes is not None:
        return _from_settings(group.kind, first, solids)
    solid = nodes[group.node].solid
    solids_only = [shape for shape in group.shapes if not shape[1].sensor]
    if solids_only and len(solids_only) < len(group.shapes):
        model._note(f"The node {name!r} has shapes that collide and triggers; a body is one of both, so it has no "
                    "trigger.")  # fmt: skip
    shapes = solids_only or group.shapes
    settings: dict[str, Any] = {"sensor": not solids_only}
    if solid is not None and solid.kind == group.kind and group.kind == "dynamic":
        settings |= {"mass": solid.mass, "gravity": solid.gravity}
    matters = {(one.friction, one.bounce) for _, one in shapes}
    if len(matters) > 1:
        model._note(f"The node {name!r} has shapes of several materials; its body has that of the first.")
    friction, bounce = shapes[0][1].friction, shapes[0][1].bounce
    settings |= {key: value for key, value in (("friction", friction), ("bounce", bounce)) if value is not None}
    if shapes[0][1].shape == "mesh" and group.kind == "static" and shapes[0][0] == group.node and len(shapes) == 1:
        return Body("static", shape="mesh", **settings), _mesh(shapes[0][1], solids)
    if any(one.shape == "mesh" for _, one in shapes):
        model._note(f"The node {name!r} moves and collides as triangles, which have no inside; it does as their hull.")
    if (np.abs(decompose(worlds[group.node])[2]) < SCALE_MIN).any():
        raise ConfigError("it is scaled by 0.")
    own = np.linalg.inv(worlds[group.node])
    parts = [_part(one, own @ worlds[number], solids) for number, one in shapes if number in worlds]
    if len(parts) > PARTS_MAX:
        raise ConfigError(f"it has {len(parts)} shapes; a body has at most {PARTS_MAX}.")
    return Body(group.kind, parts=parts, **settings), None


def _part(collider: ColliderDesc, within: F64, solids: list[tuple[F32, U32]]) -> tuple[Any, ...]:
    """As lw.Body's parts; within: from the shape's node to the body's."""
    if collider.size is None:
        points, _ = solids[collider.mesh]
        return "hull", points @ within[:3, :3].T.astype(np.float32), within[:3, 3]
    place, turn, scale = decompose(within)
    x, y, z = (float(one) for one in np.abs(scale))
    if min(x, y, z) < SCALE_MIN:
        raise ConfigError("a shape of it is scaled by 0.")
    size: Any
    if collider.shape == "box":
        size = tuple(side * by for side, by in zip(collider.size, (x, y, z), strict=True))
    elif collider.shape == "sphere":
        size = collider.size[0] * max(x, y, z)
    else:
        radius = collider.size[0] * max(x, z)
        height = collider.size[1] * y
        size = (radius, max(height, 2 * radius) if collider.shape == "capsule" else height)
    return collider.shape, size, place, turn


def _from_settings(kind: str, collider: ColliderDesc, solids: list[tuple[F32, U32]]) -> tuple[Body, MeshData | None]:
    assert collider.takes is not None
    try:
        body = Body(kind, **collider.takes)
    except LayerwError:
        raise
    except (TypeError, ValueError) as error:
        raise ConfigError(f"extras.collider is not lw.Body's settings: {error}") from None
    return body, _mesh(collider, solids) if collider.mesh >= 0 else None


def _mesh(collider: ColliderDesc, solids: list[tuple[F32, U32]]) -> MeshData:
    points, corners = solids[collider.mesh]
    if not len(points):
        raise ConfigError("the mesh that it lies around could not be read.")
    return MeshData(points, points, corners)
