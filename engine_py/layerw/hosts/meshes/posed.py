"""Meshes that joints move: while they are built (the twin of skin.js), or while they are drawn (of posed.js).

Linear blend skinning, four joints a vertex; a vertex without weights follows its first joint.
Source: glTF 2.0, 3.7.3.3: sum of weight * joint matrix * inverse bind matrix; normals by its cofactors.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from layerw.gpu import spec
from layerw.hosts.meshes.descriptor import F64, Plan, Source
from layerw.hosts.meshes.vertices import cofactors, determinant

POSED = np.dtype({"names": ["joints", "joint_weights", "source"], "offsets": [0, 8, 12],
                  "formats": [("<u2", 4), ("<u1", 4), "<u4"], "itemsize": spec.POSED_BYTES})  # fmt: skip


def _inverses(inverse: Source, count: int) -> F64:
    """(count, 4, 4), of column-major ones."""
    found: F64 = inverse.floats[:count].reshape(-1, 4, 4).transpose(0, 2, 1)
    return found


def mirrors(inverse: Source) -> bool:
    """Whether most of them make mirror images."""
    matrices = _inverses(inverse, len(inverse.items))
    return bool(2 * int((determinant(matrices[:, :3]) < 0).sum()) > len(matrices))


def _shares(weights: F64) -> F64:
    """Of four joints; they add up to one."""
    found = np.where(weights > 0, weights, 0.0)
    total = found.sum(1, keepdims=True)
    good = (total > 0) & np.isfinite(total)
    shares: F64 = np.where(good, np.divide(found, total, out=np.zeros_like(found), where=good), np.eye(4)[0])
    return shares


def _followed(joints: F64, shares: F64) -> npt.NDArray[np.int64]:
    return np.where(shares > 0, joints, 0).astype(np.int64)


def pose(plan: Plan) -> bool:
    """Replaces positions, normals and tangents by posed ones; whether that mirrors the mesh."""
    assert plan.joint_matrices is not None
    matrices = np.concatenate([plan.joint_matrices, np.tile((0.0, 0.0, 0.0, 1.0), (len(plan.joint_matrices), 1, 1))], 1)
    inverse = plan.attributes.get("inverse_bind")
    if inverse is not None:
        matrices = matrices @ _inverses(inverse, len(matrices))
    shares = _shares(plan.attributes["weights"].floats)
    joints = _followed(plan.attributes["joints"].floats, shares)
    blended = (matrices[joints, :3] * shares[:, :, None, None]).sum(1).astype(np.float32).astype(np.float64)
    sign = np.where(determinant(blended) < 0, -1.0, 1.0)
    _replace(plan, "position", blended, 1.0)
    turn = cofactors(blended) * sign[:, None, None]
    _replace(plan, "normal", np.concatenate([turn, np.zeros((len(turn), 3, 1))], 2), 0.0)
    _replace(plan, "tangent", blended, 0.0)
    return bool(sign.sum() < 0)


def _replace(plan: Plan, name: str, matrices: F64, w: float) -> None:
    source = plan.attributes.get(name)
    if source is None:
        return
    values = source.floats
    made = np.einsum("nij,nj->ni", matrices[:, :, :3], values[:, :3]) + matrices[:, :, 3] * w
    kept = np.concatenate([made, values[:, 3:]], 1).astype(np.float32)
    plan.attributes[name] = Source(kept, False)


def write_posed(plan: Plan, positions: npt.NDArray[np.float32],
                numbers: npt.NDArray[np.int64]) -> tuple[npt.NDArray[Any], npt.NDArray[np.float32]]:  # fmt: skip
    """The POSED stream, and how far from each joint vertices that follow it lie (-1: none does).

    numbers: which vertex of the file each of the result is.
    """
    out = np.zeros(len(numbers), POSED)
    out["source"] = numbers
    reach = np.full(plan.joints, -1.0, np.float32)
    if not plan.joints or "joints" not in plan.attributes or "weights" not in plan.attributes:
        return out, reach
    shares = _shares(plan.attributes["weights"].floats).astype(np.float32).astype(np.float64)
    joints = _followed(plan.attributes["joints"].floats, shares)
    shares, joints = shares[numbers], joints[numbers]
    out["joints"], out["joint_weights"] = joints, _packed(shares)
    points = np.repeat(positions.astype(np.float64)[:, None], 4, 1)
    inverse = plan.attributes.get("inverse_bind")
    if inverse is not None:
        matrices = _inverses(inverse, plan.joints)[joints]
        points = np.einsum("nkij,nkj->nki", matrices[:, :, :3, :3], points) + matrices[:, :, :3, 3]
    squares = (points**2).sum(2)
    used = shares > 0
    farthest = np.full(plan.joints, -1.0)
    np.maximum.at(farthest, joints[used], squares[used])
    return out, np.where(farthest < 0, -1.0, np.sqrt(np.maximum(farthest, 0))).astype(np.float32)


def _packed(shares: F64) -> npt.NDArray[np.uint8]:
    """Bytes that add up to 255: the largest takes the rest."""
    made = np.floor(shares * 255 + 0.5).astype(np.int64)
    rows, largest = np.arange(len(shares)), shares.argmax(1)
    made[rows, largest] = 0
    made[rows, largest] = np.maximum(255 - made.sum(1), 0)
    return made.astype(np.uint8)
