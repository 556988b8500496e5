"""A file's rig as the arrays that kernels read: rest pose, hierarchy, and the keys of all its clips.

Owns: the layout of a character's pose (kernels/animation/blend.h). One for each file, however many models show it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from layerw.base.distinct import distinct
from layerw.base.ports import F32, U32, NodeDesc, Rig, TrackDesc

NODE_FLOATS = 10
SPEED_MAX = 1e4  # of clips, seconds in a second
RATE_MAX = 1e6  # of fades, a second
_FIRST = {"translation": 0, "rotation": 3, "scale": 7}
_ROTATION = 4
I32 = npt.NDArray[np.int32]


class Clip(NamedTuple):
    """A clip: where its tracks are among the rig's, which nodes they move (rows of NodeDesc), and whose morphs."""

    name: str
    duration_s: float
    first: int
    tracks: int
    nodes: npt.NDArray[np.intp]
    morphs: frozenset[int]


class RigColumns:
    """`rest`: the pose without clips; `morph_first`: where in it the morph weights of a node begin;
    `morphs_begin`: those of all."""

    def __init__(self, rig: Rig, nodes: Sequence[NodeDesc]) -> None:
        self.rig, self.count = rig, len(nodes)
        self.parents: I32 = np.array([node.parent for node in nodes], np.int32)
        rest = [np.array([(*node.translation, *node.rotation, *node.scale) for node in nodes], np.float32).ravel()]
        self.morph_first: dict[int, int] = {}
        self.morphs_begin = size = NODE_FLOATS * self.count
        for node, weights in rig.weights.items():
            self.morph_first[node] = size
            rest.append(weights)
            size += len(weights)
        self.rest: F32 = np.concatenate(rest).astype(np.float32)
        self.clips: dict[str, Clip] = {}
        self.painted: dict[str, tuple[TrackDesc, ...]] = {}  # what clips do but move nodes
        self._read_clips()

    def _read_clips(self) -> None:
        rows: list[tuple[int, ...]] = []
        times: list[F32] = []
        values: list[F32] = []
        keys = floats = 0
        for clip in self.rig.clips:
            first = len(rows)
            moving = [track for track in clip.tracks if track.kind == "node"]
            self.painted[clip.name] = tuple(track for track in clip.tracks if track.kind != "node")
            for track in moving:
                at = (self.morph_first[track.node] + track.first if track.path == "weights"
                      else NODE_FLOATS * track.node + _FIRST[track.path])  # fmt: skip
                mode = track.mode | (_ROTATION if track.path == "rotation" else 0)
                rows.append((at, track.width, mode, track.node, keys, len(track.times), floats, 0))
                times.append(track.times)
                values.append(track.values)
                keys, floats = keys + len(track.times), floats + len(track.values)
            moved = distinct(np.array([track.node for track in moving if track.path != "weights"], np.intp))
            morphs = frozenset(track.node for track in moving if track.path == "weights")
            self.clips[clip.name] = Clip(clip.name, clip.duration_s, first, len(rows) - first, moved, morphs)
        none = np.zeros(0, np.float32)
        self.tracks: U32 = np.array(rows, np.uint32).reshape(-1, 8)
        self.times: F32 = np.concatenate([none, *times])
        self.values: F32 = np.concatenate([none, *values])


class Bank:
    """The tracks of every rig that is in use, one behind another."""

    def __init__(self) -> None:
        self.tracks: U32 = np.zeros((0, 8), np.uint32)
        self.times: F32 = np.zeros(0, np.float32)
        self.values: F32 = np.zeros(0, np.float32)
        self.first: dict[RigColumns, int] = {}  # track

    def fill(self, rigs: Sequence[RigColumns]) -> None:
        """Holds these, and no others."""
        self.first = {}
        tracks, keys, floats, count = [], 0, 0, 0
        for rig in rigs:
            moved = rig.tracks.copy()
            moved[:, 4] += np.uint32(keys)
            moved[:, 6] += np.uint32(floats)
            tracks.append(moved)
            self.first[rig] = count
            keys, floats, count = keys + len(rig.times), floats + len(rig.values), count + len(moved)
        self.tracks = np.concatenate([np.zeros((0, 8), np.uint32), *tracks])
        self.times = np.concatenate([np.zeros(0, np.float32), *(rig.times for rig in rigs)])
        self.values = np.concatenate([np.zeros(0, np.float32), *(rig.values for rig in rigs)])
