"""What bodies look like: their boxes and volumes by slot, for water and for debug drawing.

Owns: columns that grow with the world's slots, and the wires of each list of shapes. Hulls and meshes are drawn as
boxes.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from layerw.base.mathx import quat_rotate
from layerw.base.ports import F32, U32
from layerw.drawing import wires
from layerw.physics.shapes import BOX, CAPSULE, SPHERE, Shapes

NONE = 0  # the wires of a body without any


class Forms:
    """`add` bodies as they are made; columns `half`, `middle` (local metres) and `volume` by slot."""

    def __init__(self) -> None:
        self.half: F32 = np.zeros((256, 3), np.float32)
        self.middle: F32 = np.zeros((256, 3), np.float32)
        self.scale: F32 = np.ones((256, 3), np.float32)
        self.volume: F32 = np.zeros(256, np.float32)
        self.wires = np.zeros(256, np.int32)
        self._numbers: dict[bytes, int] = {}
        self._lines: list[F32] = [np.zeros((0, 2, 3), np.float32)]

    def add(self, slots: U32, records: F32, scale: F32, shapes: Shapes) -> None:
        """Bodies of one list of shapes."""
        self._reserve(int(slots.max()) + 1)
        low, high, volume = shapes.bounds(records)
        self.half[slots] = (high - low) / 2 * scale
        self.middle[slots] = (high + low) / 2 * scale
        self.scale[slots] = scale
        self.volume[slots] = volume * scale.prod(axis=1)
        key = records.tobytes()
        if key not in self._numbers:
            self._numbers[key] = len(self._lines)
            self._lines.append(np.concatenate([_lines(one, shapes) for one in records]).astype(np.float32))
        self.wires[slots] = self._numbers[key]

    def _reserve(self, slots: int) -> None:
        more = max(1 << (slots - 1).bit_length(), 256) - len(self.volume)
        if more > 0:
            for name in ("half", "middle", "scale", "volume", "wires"):
                old = getattr(self, name)
                setattr(self, name, np.concatenate([old, np.zeros((more, *old.shape[1:]), old.dtype)]))

    def segments(self, slots: npt.NDArray[np.integer], poses: F32) -> F32:
        """(n, 2, 3) the wires of bodies where they are."""
        parts = [np.zeros((0, 2, 3), np.float32)]
        for number in np.unique(self.wires[slots]).tolist():
            mine = np.flatnonzero(self.wires[slots] == number)
            lines = self._lines[number]
            if number == NONE or not len(lines):
                continue
            local = lines[None] * self.scale[slots[mine], None, None]
            turned = _turned(poses[mine, 3:7], local.reshape(len(mine), -1, 3))
            parts.append((turned + poses[mine, None, :3]).reshape(-1, 2, 3))
        return np.concatenate(parts).astype(np.float32)


def _turned(q: F32, points: F32) -> F32:
    """(n, k, 3) points, each row by its quaternion."""
    axis, w = q[:, None, :3], q[:, None, 3:]
    twice = 2 * np.cross(axis, points)
    found: F32 = points + w * twice + np.cross(axis, twice)
    return found


def _lines(record: F32, shapes: Shapes) -> F32:
    kind, sizes, at, turn = int(record[0]), record[2:5], record[5:8], record[8:12]
    if kind == BOX:
        local = wires.unit_box() * (2 * sizes)
    elif kind == SPHERE:
        local = wires.unit_sphere() * sizes[0]
    elif kind == CAPSULE:
        ball, up = wires.unit_sphere() * sizes[0], np.array((0, sizes[1], 0), np.float32)
        sides = np.array([((x, -sizes[1], z), (x, sizes[1], z)) for x, z in
                          ((sizes[0], 0), (-sizes[0], 0), (0, sizes[0]), (0, -sizes[0]))], np.float32)  # fmt: skip
        local = np.concatenate([ball + up, ball - up, sides])
    else:
        low, high, _ = shapes.bounds(record[None])
        return (wires.unit_box() * (high - low) + (high + low) / 2).astype(np.float32)
    return (quat_rotate(turn.astype(np.float64), local) + at).astype(np.float32)
