"""app.physics.debug: the outlines of bodies as lines, in colours of what they do."""

from __future__ import annotations

import numpy as np

from layerw.frame.subsystems import SubsystemPort
from layerw.physics.forms import Forms
from layerw.physics.rigid_world import STATIC, RigidWorld

BODIES_MAX = 1000  # nearest the camera: debug drawing takes 65,536 segments
STILL, AWAKE, ASLEEP, SENSOR = "#4a90d9", "#4cd964", "#8a8f98", "#e0c341"


def draw_bodies(world: RigidWorld, forms: Forms, port: SubsystemPort) -> None:
    """Static ones blue, awake ones green, sleeping ones grey, sensors yellow."""
    bodies = world.bodies
    slots = bodies.living()
    slots = slots[forms.wires[slots] > 0]
    if not len(slots):
        return
    state = world.state(slots)
    if len(slots) > BODIES_MAX:
        away = ((state[:, :3] - np.asarray(port.camera().position, np.float32)) ** 2).sum(axis=1)
        near = np.sort(np.argsort(away, kind="stable")[:BODIES_MAX])
        slots, state = slots[near], state[near]
    still, sensor, awake = bodies.kind[slots] == STATIC, bodies.sensor[slots], state[:, 14] > 0
    for which, color in ((sensor, SENSOR), (still & ~sensor, STILL), (~still & awake & ~sensor, AWAKE),
                         (~still & ~awake & ~sensor, ASLEEP)):  # fmt: skip
        if which.any():
            port.draw(forms.segments(slots[which], state[which]), color)
