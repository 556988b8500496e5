"""Named times in clips: which of them passed in a frame, as a structured array.

Owns: the times. Limits: a clip that passes an event twice in one frame tells it once.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from layerw.animation.graph_layer import GraphLayer

NAME_MAX = 32
EVENT = np.dtype([("model", np.int32), ("name", f"U{NAME_MAX}"), ("weight", np.float32)])
NO_EVENTS = np.zeros(0, EVENT)


class Mark(NamedTuple):
    """A named time of a clip, by its phase."""

    name: str
    clip: str
    phase: float


def passed(layers: list[GraphLayer], marks: list[Mark]) -> npt.NDArray[np.void]:
    """What the last step passed, by model: of clips that weigh anything."""
    found = []
    for layer in layers if marks else ():
        for number, state in enumerate(layer.states):
            weights = layer.weights[:, number] * layer.share
            if not weights.any():
                continue
            for slot, clip in enumerate(state.clips):
                for mark in marks:
                    if mark.clip == clip.name:
                        own = weights * layer.mixed[:, state.first + slot]
                        rows = np.flatnonzero((own > 0) & _crossed(layer, number, mark.phase))
                        one = np.zeros(len(rows), EVENT)
                        one["model"], one["name"], one["weight"] = rows, mark.name, own[rows]
                        found.append(one)
    if not found:
        return NO_EVENTS
    every = np.concatenate(found)
    return every[np.argsort(every["model"], kind="stable")]


def _crossed(layer: GraphLayer, number: int, at: float) -> npt.NDArray[np.bool_]:
    """Whether a phase passed `at`: from the last one on, without the present one, so that each time counts once."""
    state, old, new = layer.states[number], layer.before[:, number], layer.phase[:, number]
    end = np.float32(at if at < 1 or not state.loop else 0.0)
    if state.speed < 0:
        old, new, end = 1 - old, 1 - new, 1 - end
    straight = (old <= end) & (end < new)
    if not state.loop:
        return straight | ((end >= 1) & (old < 1) & (new >= 1))
    return np.where(new >= old, straight, (old <= end) | (end < new))
