"""The kernels that sample, blend and place characters and choose the poses of crowds: in place where there is Pyodide,
else numpy. As geometry.py.

The contracts are in engine_py/kernels/animation/*.h.
"""

from __future__ import annotations

from typing import Any, Protocol

from layerw.kernels import inplace

Address = Any


class AnimationKernels(Protocol):
    """The part of gen.api.Kernels that animation needs."""

    def lw_pose_blend(self, plays: Address, amounts: Address, count: int, tracks: Address, times: Address,
                      values: Address, masks: Address, pose: Address, scratch: Address) -> None: ...
    def lw_pose_rows(self, pose: Address, floats: Address, rows: Address, count: int, position: Address,
                     rotation: Address, scale: Address) -> None: ...
    def lw_pose_models(self, rows: Address, parents: Address, count: int, position: Address, rotation: Address,
                       scale: Address, matrices: Address) -> None: ...
    def lw_pose_joints(self, joints: Address, reach: Address, mesh: Address, count: int, matrices: Address,
                       inverse: Address, texels: Address, spheres: Address) -> None: ...
    def lw_pose_reach(self, limbs: Address, goals: Address, poles: Address, count: int, parents: Address,
                      position: Address, rotation: Address, scale: Address) -> None: ...
    def lw_pose_look(self, rows: Address, goals: Address, gazes: Address, count: int, parents: Address,
                     position: Address, rotation: Address, scale: Address) -> None: ...
    def lw_crowd_step(self, members: Address, count: int, clips: Address, clip_count: int,
                      seconds: Address) -> None: ...
    def lw_crowd_heads(self, members: Address, count: int, clips: Address, clip_count: int, layout: Address,
                       heads: Address, fades: Address) -> int: ...
    def lw_graph_step(self, layout: Address, states: Address, clips: Address, parameters: Address, members: Address,
                      weights: Address, phase: Address, before: Address, mixed: Address, amounts: Address,
                      seconds: Address) -> None: ...
    def lw_pose_morphs(self, morphs: Address, count: int, weights: Address, shown: Address, deltas: Address,
                       far: Address, texels: Address, line: Address, changed: Address, reach: Address) -> int: ...
    def lw_pose_begin(self, wholes: Address, count: int, rest: Address, start: Address, goal: Address) -> None: ...
    def lw_pose_between(self, wholes: Address, shares: Address, count: int, start: Address, goal: Address,
                        pose: Address) -> None: ...


def _chosen() -> AnimationKernels:
    found = inplace.load()
    if found is not None:
        return found
    from layerw.kernels.twins.animation import NumpyAnimationKernels

    return NumpyAnimationKernels()


ANIMATION: AnimationKernels = _chosen()
