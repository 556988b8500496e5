"""Root motion: what a clip moves its root node along the ground moves the model instead.

Owns: the way of the node in each clip. Does not: blend poses. It is what the base layer's clips do, each by its share.
Limits: the nodes above the root node stand as in the file; a clip that passes its end twice in a frame counts once.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from layerw.animation.bake import BakedClip, models_of
from layerw.animation.graph_layer import GraphLayer
from layerw.animation.rig import NODE_FLOATS, Clip, RigColumns
from layerw.base.mathx import quat_from_matrix, quat_multiply, quat_rotate
from layerw.base.ports import F32, F64
from layerw.scene.table import Table

POSES_A_SECOND = 60.0
_UP = np.array((0.0, 1.0, 0.0))


class RootMotion:
    """`step` after the graph's layers; `take_out` of the poses after they are blended."""

    def __init__(self, rig: RigColumns, node: int, count: int, *, turn: bool) -> None:
        self.node, self._turn, self._rig = node, turn, rig
        self._ways: dict[str, F64] = {}  # (poses, 4): place in the model and radians about +Y, by clip
        above = int(rig.parents[node])
        rest = np.eye(4)
        if above >= 0:
            still = BakedClip("", 0, 1, 0.0, 0.0)
            rest[:3] = models_of(rig, None, still)[above].reshape(3, 4)
        self._to_parent = np.asarray(np.linalg.inv(rest[:3, :3]), np.float64)
        self._parent_turn = quat_from_matrix(rest[:3, :3] / np.maximum(np.linalg.norm(rest[:3, :3], axis=0), 1e-12))
        self._out = np.zeros((count, 4))  # what is in the poses and not in the model: metres and radians

    def step(self, layer: GraphLayer) -> F64:
        """(n, 4): how far each went in this step, in its own axes, and turned about +Y."""
        moved, self._out[:] = np.zeros((layer.count, 4)), 0
        total = np.zeros((layer.count, 1))
        for number, state in enumerate(layer.states):
            weights = layer.weights[:, number]
            if not weights.any():
                continue
            old, new = layer.before[:, number], layer.phase[:, number]
            for slot, clip in enumerate(state.clips):
                share = (weights * layer.mixed[:, state.first + slot])[:, None].astype(np.float64)
                way = self._way(clip)
                was, now = _at(way, old), _at(way, new)
                gone = now - was
                if state.loop:
                    wraps = (new < old) if state.speed > 0 else (new > old)
                    gone += wraps[:, None] * (way[-1] - way[0]) * (1 if state.speed > 0 else -1)
                moved += share * _turned_back(gone, was[:, 3])
                self._out += share * (now - way[0])
                total += share
        scale = np.where(total > 1e-6, 1 / np.maximum(total, 1e-6), 0)
        moved[:, 1] = 0
        self._out[:, 1] = 0
        return moved * scale

    def move(self, moved: F64, table: Table, roots: npt.NDArray[np.intp]) -> None:
        """The models' roots go that far."""
        turns, scales = table.rotation[roots].astype(np.float64), table.scale[roots].astype(np.float64)
        table.position[roots] += quat_rotate(turns, moved[:, :3] * scales).astype(np.float32)
        table.columns["position"].touch_rows(roots)
        if self._turn:
            table.rotation[roots] = quat_multiply(turns, _about_up(moved[:, 3])).astype(np.float32)
            table.columns["rotation"].touch_rows(roots)

    def take_out(self, pose: F32, firsts: npt.NDArray[np.intp], members: npt.NDArray[np.intp]) -> None:
        """The root node stays where its clips begin. firsts: of the poses; members: whose they are."""
        at = firsts[:, None] + NODE_FLOATS * self.node
        out = self._out[members]
        pose[at + np.arange(3)] -= (out[:, :3] @ self._to_parent.T).astype(np.float32)
        if self._turn:
            turned = at + np.arange(3, 7)
            back = np.broadcast_to(self._parent_turn, (len(out), 4))
            away = quat_multiply(_conjugate(back), quat_multiply(_about_up(-out[:, 3]), back))
            pose[turned] = quat_multiply(away, pose[turned].astype(np.float64)).astype(np.float32)

    def _way(self, clip: Clip) -> F64:
        found = self._ways.get(clip.name)
        if found is None:
            poses = max(2, int(np.ceil(clip.duration_s * POSES_A_SECOND)) + 1)
            models = models_of(self._rig, clip, BakedClip(clip.name, 0, poses, 0.0, clip.duration_s))
            own = models[:-1].reshape(poses, self._rig.count, 3, 4)[:, self.node].astype(np.float64)
            angle = np.unwrap(np.arctan2(own[:, 0, 2], own[:, 2, 2])) if self._turn else np.zeros(poses)
            found = self._ways[clip.name] = np.concatenate([own[:, :, 3], angle[:, None]], axis=1)
        return found


def _at(way: F64, phase: F32) -> F64:
    at = np.linspace(0, 1, len(way))
    return np.stack([np.interp(phase, at, way[:, column]) for column in range(4)], axis=1)


def _turned_back(gone: F64, angle: F64) -> F64:
    """In the axes of what was turned by an angle about +Y."""
    c, s = np.cos(angle), np.sin(angle)
    return np.stack([c * gone[:, 0] - s * gone[:, 2], gone[:, 1], s * gone[:, 0] + c * gone[:, 2], gone[:, 3]], axis=1)


def _about_up(angle: F64) -> F64:
    found = np.zeros((len(angle), 4))
    found[:, 1], found[:, 3] = np.sin(angle / 2), np.cos(angle / 2)
    return found


def _conjugate(q: F64) -> F64:
    found: F64 = q * np.array((-1.0, -1.0, -1.0, 1.0))
    return found
