"""Graphs that are set up alike step as one: their columns lie beside each other, and each kernel is called once.

Owns: which are alike, and the plays that kernels blend for them. Does not: hold what programs said (graph.py), or
change states (graph_layer.py). Limits: graphs of one file whose parameters lie in one block (graph_parameters.py).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from layerw.animation.character import Character
from layerw.animation.events import passed
from layerw.animation.graph_layer import GraphLayer
from layerw.animation.graph_parameters import JoinedParameters
from layerw.animation.playing import shares_of
from layerw.animation.plays import NO_MASK
from layerw.base.ports import F32, U32
from layerw.scene.table import Table

if TYPE_CHECKING:
    from layerw.animation.graph import AnimationGraph


def groups_of(graphs: Sequence[AnimationGraph]) -> list[GraphGroup]:
    """Those that are alike together, in the order in which they began."""
    found: dict[object, list[AnimationGraph]] = {}
    for graph in graphs:
        found.setdefault(graph._likeness, []).append(graph)
    return [GraphGroup(alike) for alike in found.values()]


class GraphGroup:
    """`used`: who is moved now, by graph and member."""

    def __init__(self, graphs: list[AnimationGraph]) -> None:
        first = graphs[0]
        self.rig, self.by_distance = first._rig, first._by_distance
        self._graphs = graphs
        self._parameters = JoinedParameters([graph._parameters for graph in graphs])
        self._layers = [GraphLayer.joined([graph._layers[number] for graph in graphs], self._parameters)
                        for number in range(len(first._layers))]  # fmt: skip
        slots = sum(layer.slots for layer in self._layers)
        self._amounts: F32 = np.zeros((self._parameters.count, slots, 2), np.float32)
        self._marked = [graph for graph in graphs if graph._marks]
        self._find_used()

    def _find_used(self) -> None:
        self.used: list[Character] = []
        self._rooted: list[tuple[AnimationGraph, slice]] = []
        members, begin = [np.zeros(0, np.intp)], 0
        for graph in self._graphs:
            own = slice(len(self.used), len(self.used) + len(graph._members))
            self.used += graph._used
            members.append(graph._members + begin)
            begin += len(graph)
            if graph._root is not None:
                self._rooted.append((graph, own))
        self._members = np.concatenate(members)

    def step(self, dt_s: float) -> None:
        """Some seconds of the program pass."""
        first = 0
        self._parameters.begin()
        for layer in self._layers:
            layer.step(dt_s, self._parameters, self._amounts, first)
            first += layer.slots
        self._parameters.end()
        for graph in self._marked:
            graph._events = passed(graph._layers, graph._marks)

    def nodes(self, graph_nodes: Callable[[Character, set[int]], None]) -> set[int]:
        """Calls with each character and the nodes that are moved; gives the nodes whose morphs clips move."""
        clips = [clip for layer in self._layers for state in layer.states for clip in state.clips]
        of_clips = {node for clip in clips for node in clip.nodes.tolist()}
        for graph in self._graphs:
            found = graph._own_nodes | of_clips
            for one in graph._used:
                graph_nodes(one, found)
        return {node for clip in clips for node in clip.morphs}

    def move_roots(self, table: Table, pose: F32, due: npt.NDArray[np.bool_] | None) -> None:
        """After poses are blended. due: of `used`, whose poses are new; None = all."""
        for graph, own in self._rooted:
            graph._move_roots(table, pose, None if due is None else due[own])

    def plays(self, first_track: int, mask_of: Callable[[Character, F32], int]) -> U32:
        """(used * slots, 8) as kernels/animation/blend.h has them."""
        rows = []
        for number, layer in enumerate(self._layers):
            mask = NO_MASK
            if layer.mask is not None and self.used:
                mask = mask_of(self.used[0], self._shares(layer.mask))
            rows += [(0, self.rig.count, len(self.rig.rest), first_track + clip.first, clip.tracks, number,
                      int(layer.additive), mask) for state in layer.states for clip in state.clips]  # fmt: skip
        own = np.array(rows, np.uint32).reshape(-1, 8)
        first = np.array([one.pose_first for one in self.used], np.uint32)
        found = np.tile(own, (len(first), 1))
        found[:, 0] = np.repeat(first, len(own))
        return found

    def _shares(self, mask: tuple[str, ...]) -> F32:
        for graph in self._graphs:
            for model, one in zip(graph._models, graph._characters, strict=True):
                if one is not None:
                    return shares_of(model, one, mask)
        raise AssertionError("nobody is used")

    def amounts(self) -> F32:
        """(used, slots, 2), of the same."""
        whole = len(self._members) == len(self._amounts)
        return self._amounts if whole else self._amounts[self._members]
