"""What stands at a model's nodes beside meshes, for clips to change: what is shown, lights and cameras.

Owns: which nodes are hidden (KHR_node_visibility), and the lenses that clips change. A skinned mesh stands on no node,
as its joints place it; it is hidden with the node that has it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence

from layerw.base.colors import hex_of_linear
from layerw.base.ports import CameraDesc, NodeDesc, Rig
from layerw.scene.entity import Entity
from layerw.scene.lights import Lamp, Light

CONE_STEP = 1e-3  # radians, between the angles of a cone
FOV_MIN, HEIGHT_MIN, NEAR_MIN = 1e-3, 1e-3, 1e-3


class Stage:
    """`lenses`: of the cameras that clips changed, by node."""

    def __init__(self, entities: Sequence[Entity], nodes: Sequence[NodeDesc], owners: Mapping[int, int],
                 lamps: Iterable[Lamp]) -> None:  # fmt: skip
        self._entities, self._nodes, self._owners = entities, nodes, owners
        self.lenses: dict[int, CameraDesc] = {}
        at = {entity.first_row: number for number, entity in enumerate(entities)}
        self._lamps = {at[lamp.parent.first_row]: lamp for lamp in lamps if lamp.parent is not None}
        self._hidden = {number for number, node in enumerate(nodes) if not node.visible}
        for number in self._hidden:
            entities[number].visible = False
        self._hide_skinned()

    def show(self, node: int, visible: bool) -> None:
        """Shows or hides a node with all below it."""
        if (node in self._hidden) == (not visible):
            return
        (self._hidden.discard if visible else self._hidden.add)(node)
        if self._entities[node].alive:
            self._entities[node].visible = visible
        self._hide_skinned()

    def shine(self, node: int, name: str, values: Sequence[float]) -> None:
        """Changes a number of a light, or its colour (linear)."""
        lamp = self._lamps.get(node)
        if lamp is None or not lamp.alive:
            return
        if name == "color":
            red, green, blue = (min(value, 1.0) for value in values)
            lamp.color = hex_of_linear((red, green, blue))
        elif name in ("inner_angle", "outer_angle"):
            _bend(lamp, name, values[0])
        elif name != "range" or lamp.kind != "directional":
            setattr(lamp[Light], name, values[0])

    def see(self, node: int, name: str, value: float) -> None:
        """Changes a camera's lens."""
        lens = self.lenses.get(node) or self._nodes[node].camera
        if lens is None:
            return
        if name == "near":
            self.lenses[node] = lens._replace(near=max(value, NEAR_MIN))
        elif name == "fov_y" and lens.kind == "perspective":
            self.lenses[node] = lens._replace(size=min(max(value, FOV_MIN), math.pi - FOV_MIN))
        elif name == "half_height" and lens.kind == "orthographic":
            self.lenses[node] = lens._replace(size=max(2 * abs(value), HEIGHT_MIN))

    def _hide_skinned(self) -> None:
        for row, owner in self._owners.items():
            if self._entities[row].alive:
                self._entities[row].visible = not is_hidden(self._nodes, self._hidden, owner)


def is_hidden(nodes: Sequence[NodeDesc], hidden: set[int], node: int) -> bool:
    """Whether a node or one above it is among those that are hidden."""
    while node >= 0:
        if node in hidden:
            return True
        node = nodes[node].parent
    return False


def stage_of(entities: Sequence[Entity], nodes: Sequence[NodeDesc], rig: Rig | None,
             lamps: Iterable[Lamp]) -> Stage | None:  # fmt: skip
    """None where nothing is hidden and no clip changes anything of this."""
    kinds = {track.kind for clip in (rig.clips if rig is not None else ()) for track in clip.tracks}
    if not kinds & {"shown", "light", "camera"} and all(node.visible for node in nodes):
        return None
    return Stage(entities, nodes, rig.owners if rig is not None else {}, lamps)


def _bend(lamp: Lamp, name: str, angle: float) -> None:
    """One of the angles of a cone; the other gives way."""
    if lamp.kind != "spot":
        return
    light = lamp[Light]
    outer = min(max(angle, CONE_STEP), math.pi / 2) if name == "outer_angle" else float(light.outer_angle)
    inner = angle if name == "inner_angle" else float(light.inner_angle)
    light.outer_angle, light.inner_angle = outer, max(min(inner, outer - CONE_STEP), 0.0)
