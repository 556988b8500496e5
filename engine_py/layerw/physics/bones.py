"""Which joints of a skin become bodies of a ragdoll, and what capsules they are.

Owns: the plan, in the model's own metres and its rest pose. Does not: make bodies (ragdoll.py).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from layerw.base import checks
from layerw.base.errors import ConfigError
from layerw.base.mathx import matrix_from_quat
from layerw.base.ports import F64, NodeDesc

if TYPE_CHECKING:
    from layerw.animation.character import Character

SHORT, SHORT_END = 0.08, 0.12  # of the skeleton's size: shorter bones, and shorter ones at an end, follow the one above
END_SHARE = 0.8  # of the bone above it: how long one at an end is, which no joint says
THIN, THICK = 0.03, 0.12  # of the skeleton's size: radius
BONES_MAX = 128


@dataclass(slots=True)
class Bone:
    """A capsule in its node's axes: `parent` among bones, -1 of the first; from the node's origin to `tip`."""

    name: str
    node: int
    parent: int
    tip: F64
    radius: float

    @property
    def length(self) -> float:
        """Metres, without caps."""
        return float(np.sqrt((self.tip**2).sum()))

    @property
    def volume(self) -> float:
        """Cubic metres."""
        return float(np.pi * self.radius**2 * (self.length + 4 / 3 * self.radius))


def rest_worlds(nodes: Sequence[NodeDesc]) -> list[F64]:
    """(4, 4) of each node in the file's pose, in the model."""
    found: list[F64] = []
    for node in nodes:
        own = np.eye(4)
        own[:3, :3] = np.asarray(matrix_from_quat(np.array(node.rotation)))[:3, :3] * np.array(node.scale)
        own[:3, 3] = node.translation
        found.append(own if node.parent < 0 else found[node.parent] @ own)
    return found


def plan_bones(nodes: Sequence[NodeDesc], character: Character, worlds: list[F64], thickness: float,
               radius: Mapping[str, float]) -> list[Bone]:  # fmt: skip
    """Bones of the largest skin, parents first. Raises ConfigError: none, or a name of `radius` that there is not."""
    skins = character.rig.rig.skins
    if not skins:
        raise ConfigError("app.physics.ragdoll model has no skin; a ragdoll is made of the joints of one.")
    number = max(skins, key=lambda one: (len(skins[one].joints), -one))
    joints = sorted({joint for joint in skins[number].joints if joint >= 0})
    above = {joint: _above(nodes, joint, set(joints)) for joint in joints}
    places = np.array([worlds[joint][:3, 3] for joint in joints])
    size = float((places.max(axis=0) - places.min(axis=0)).max()) or 1.0
    names = {joint: nodes[joint].name or f"node {joint}" for joint in joints}
    for name in radius:
        checks.one_of("app.physics.ragdoll radius, a joint,", name, list(names.values()))
    found: list[Bone] = []
    place = dict[int, int]()  # among the bones, of what each joint belongs to
    for joint in joints:
        below = [worlds[other][:3, 3] for other in joints if above[other] == joint]
        tip, is_end = _tip(joint, above[joint], below, worlds), not below
        length = float(np.sqrt((tip**2).sum()))
        if length < SHORT * size and not is_end and above[joint] >= 0:  # a head with ears
            tip, is_end = _tip(joint, above[joint], [], worlds), True
            length = float(np.sqrt((tip**2).sum()))
        is_short = length < (SHORT_END if is_end else SHORT) * size
        if is_short and found and names[joint] not in radius:
            place[joint] = place.get(above[joint], 0)
            continue
        if len(found) >= BONES_MAX:
            raise ConfigError(f"app.physics.ragdoll model has more than {BONES_MAX} bones; that many are simulated.")
        wide = min(max(thickness * length, THIN * size), THICK * size) if not is_short else THICK * size / 2
        wide = checks.number("app.physics.ragdoll radius", radius.get(names[joint], wide), 0, 1e3, above=True)
        place[joint] = len(found)
        parent = place.get(above[joint], 0 if found else -1)
        found.append(Bone(names[joint], joint, parent, tip, wide))
    return found


def _above(nodes: Sequence[NodeDesc], joint: int, joints: set[int]) -> int:
    """The nearest joint above it; -1: none."""
    at = nodes[joint].parent
    while at >= 0 and at not in joints:
        at = nodes[at].parent
    return at


def _tip(joint: int, above: int, below: list[F64], worlds: list[F64]) -> F64:
    """Where a bone ends, in its node's axes but the model's metres."""
    here = worlds[joint][:3, 3]
    if below:
        way = np.mean(below, axis=0) - here
    else:
        way = END_SHARE * (here - worlds[above][:3, 3]) if above >= 0 else np.zeros(3)
    axes = worlds[joint][:3, :3] / np.maximum(np.sqrt((worlds[joint][:3, :3] ** 2).sum(axis=0)), 1e-12)
    tip: F64 = axes.T @ way
    return tip
