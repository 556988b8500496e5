"""Clips made into poses beforehand: where every joint of a skin is, 30 times a second or less often.

Owns: what crowds are drawn from. Does not: choose poses (crowds.py), or put them into texels.
Limits: between two poses matrices are mixed, not turns; morphs stay as the file has them. A file without clips has one
pose, its own.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from layerw.animation.plays import NO_MASK
from layerw.animation.rig import NODE_FLOATS, Clip, RigColumns
from layerw.base.ports import F32, SkinDesc
from layerw.kernels.animation import ANIMATION

POSES_A_SECOND = 30.0
RATES = (POSES_A_SECOND, 15.0, 7.5)  # the first that has room
MATRIX_BYTES = 48


class BakedClip(NamedTuple):
    """`first`: of its poses among those of all clips; `rate`: poses a second, so that the last is at its end."""

    name: str
    first: int
    poses: int
    rate: float
    duration_s: float


class BakedSkin(NamedTuple):
    """matrices: (poses, joints, 12), 3x4 row by row. radius: around the model's origin, of all that follows a joint in
    any pose; None: how far that reaches is not known."""

    matrices: F32
    radius: float | None

    def radius_of(self, modelled: float) -> float:
        """As `radius`; modelled: that of the mesh as it was modelled."""
        if self.radius is not None:
            return self.radius
        turned, moved = self.matrices.reshape(-1, 3, 4)[:, :, :3], self.matrices.reshape(-1, 3, 4)[:, :, 3]
        stretched = np.sqrt((turned**2).sum(axis=(1, 2)))  # no less than any direction is
        return float((stretched * modelled + np.sqrt((moved**2).sum(axis=1))).max())


def planned(rig: RigColumns, poses_a_second: float = POSES_A_SECOND) -> list[BakedClip]:
    """The clips as they will be baked: in the file's order, one without a name where the file has none."""
    found: list[BakedClip] = []
    first = 0
    for name, duration in [(clip.name, clip.duration_s) for clip in rig.clips.values()] or [("", 0.0)]:
        poses = math.ceil(duration * poses_a_second) + 1
        rate = (poses - 1) / duration if poses > 1 else 0.0
        found.append(BakedClip(name, first, poses, rate, duration))
        first += poses
    return found


def baked_bytes(rig: RigColumns, clips: list[BakedClip], skins: list[int]) -> int:
    """What the poses of these skins take."""
    joints = sum(len(rig.rig.skins[number].joints) for number in skins)
    return MATRIX_BYTES * joints * sum(clip.poses for clip in clips)


def bake(rig: RigColumns, clips: list[BakedClip], reaches: dict[int, F32 | None]) -> dict[int, BakedSkin]:
    """Every pose of some skins, by number. reaches: of each skin's joints, as Primitive.reach; None: not known."""
    found: dict[int, list[BakedSkin]] = {number: [] for number in reaches}
    for clip in clips:
        models = models_of(rig, rig.clips.get(clip.name), clip)
        for number, reach in reaches.items():
            found[number].append(_matrices(rig.rig.skins[number], reach, models, rig.count, clip.poses))
    return {number: BakedSkin(np.concatenate([part.matrices for part in parts]),
                              None if reaches[number] is None else max(part.radius or 0.0 for part in parts))
            for number, parts in found.items()}  # fmt: skip


def models_of(rig: RigColumns, clip: Clip | None, baked: BakedClip) -> F32:
    """(poses * nodes + 1, 12): where all nodes are in each pose; the last is for joints outside of the scene."""
    poses, nodes, size = baked.poses, rig.count, len(rig.rest)
    pose = np.tile(rig.rest, poses)
    if clip is not None:
        plays = np.zeros((poses, 8), np.uint32)
        plays[:, 0] = np.arange(poses) * size
        plays[:, 1:5] = nodes, size, clip.first, clip.tracks
        plays[:, 7] = NO_MASK
        amounts = np.ones((poses, 2), np.float32)
        amounts[:, 0] = np.linspace(0, baked.duration_s, poses)
        ANIMATION.lw_pose_blend(plays, amounts, poses, rig.tracks, rig.times, rig.values, np.zeros(0, np.float32), pose,
                                np.zeros(2 * size, np.float32))  # fmt: skip
    own = pose.reshape(poses, size)[:, : NODE_FLOATS * nodes].reshape(-1, NODE_FLOATS)
    first = np.arange(poses, dtype=np.int32)[:, None] * nodes
    parents = np.where(rig.parents < 0, -1, rig.parents + first).astype(np.int32).ravel()
    models = np.zeros((poses * nodes + 1, 12), np.float32)
    models[-1] = np.eye(4)[:3].ravel()
    ANIMATION.lw_pose_models(np.arange(poses * nodes, dtype=np.uint32), parents, poses * nodes,
                             np.ascontiguousarray(own[:, :3]), np.ascontiguousarray(own[:, 3:7]),
                             np.ascontiguousarray(own[:, 7:]), models)  # fmt: skip
    return models


def _matrices(skin: SkinDesc, reach: F32 | None, models: F32, nodes: int, poses: int) -> BakedSkin:
    count = len(skin.joints)
    own = np.array(skin.joints, np.int64)
    at = np.where(own < 0, len(models) - 1, own + np.arange(poses)[:, None] * nodes)
    joints = np.stack([at, np.broadcast_to(np.arange(count), at.shape)], axis=2).astype(np.uint32).reshape(-1, 2)
    far = np.full(count, -1, np.float32) if reach is None else reach
    texels, spheres = np.zeros((poses, count, 12), np.float32), np.zeros(1, np.float32)
    ANIMATION.lw_pose_joints(joints, np.tile(far, poses), np.zeros(len(joints), np.uint32), len(joints), models,
                             skin.inverse, texels, spheres)  # fmt: skip
    return BakedSkin(texels, float(spheres[0]))
