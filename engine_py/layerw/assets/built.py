"""What the builder of a mesh says about it: its bounds, how far joints reach, and joints that there are not.

Owns: reading the payload (web/transfer/decode/mesh.js): seven numbers of bounds, one a joint of a posed mesh, and three
about strays where there are any. A host that builds no meshes says nothing; then the accessors' min and max are taken.
"""

from __future__ import annotations

import numpy as np

from layerw.assets.primitives import MeshPlan
from layerw.base.ports import F32


def result_reach(plan: MeshPlan, payload: bytes) -> F32 | None:
    """How far from each joint what follows it lies, of a skinned mesh; None where nobody said."""
    if plan.skin < 0 or len(payload) < 28 + 4 * plan.joint_count:
        return None
    return np.frombuffer(payload, "<f4", plan.joint_count, 28).copy()


def result_strays(plan: MeshPlan, payload: bytes) -> str:
    """The warning about vertices that follow joints which their skin has not; "" where there are none."""
    joints = plan.joint_count if plan.pose is None else len(plan.pose.joints)
    begin = 28 + 4 * joints * plan.is_posed
    if not joints or len(payload) != begin + 12:
        return ""
    vertex, joint, count = (int(value) for value in np.frombuffer(payload, "<f4", 3, begin))
    others = f", as {count - 1} others do such joints" if count > 1 else ""
    return (f"{plan.path}: vertex {vertex} follows joint {joint}, but its skin has {joints} joints{others}; what there "
            "is of its joints moves it, or else the first.")


def result_half(plan: MeshPlan, payload: bytes) -> tuple[float, float, float]:
    """Half the sides of a built mesh's box, about the centre that result_sphere gives; zeros where nobody said."""
    if len(payload) >= 28:
        values = np.frombuffer(payload, "<f4", 6).astype(np.float64)
        x, y, z = ((values[3:6] - values[:3]) / 2).tolist()
        return x, y, z
    position = plan.accessors["position"]
    if plan.matrix is not None or plan.pose is not None or not position.low or not position.high:
        return 0.0, 0.0, 0.0
    x, y, z = ((high - low) / 2 for low, high in zip(position.low, position.high, strict=True))
    return x, y, z


def result_sphere(plan: MeshPlan, payload: bytes) -> tuple[tuple[float, float, float], float]:
    """Centre and radius of a built mesh: from the builder's payload, else from the accessor's min and max."""
    if len(payload) >= 28:
        values = np.frombuffer(payload, "<f4", 7).astype(np.float64)
        center = (values[:3] + values[3:6]) / 2
        return (float(center[0]), float(center[1]), float(center[2])), float(values[6])
    position = plan.accessors["position"]
    if plan.pose is not None or not position.low or not position.high:
        return (0.0, 0.0, 0.0), 1e9  # unknown: never culled
    low, high = np.array(position.low), np.array(position.high)
    corners = np.array([[(low, high)[i >> axis & 1][axis] for axis in range(3)] + [1.0] for i in range(8)])
    if plan.matrix is not None:
        corners = corners @ plan.matrix.T
    points = corners[:, :3]
    center = (points.min(axis=0) + points.max(axis=0)) / 2
    radius = float(np.sqrt(((points - center) ** 2).sum(axis=1).max()))
    return (float(center[0]), float(center[1]), float(center[2])), radius
