"""A layer of a graph: which state each member is in, how far, and what still fades out, as columns.

Owns: states, transitions and their fades. Does not: know models, or blend poses (graph.py, animator.py).
A member's state gains weight, what it was in before loses as much in proportion: a change in the midst of a fade is
smooth. All states of a mixture of clips have one phase, so that feet of a walk and a run touch the ground together.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from layerw.animation.conditions import Ask, Bools, Columns, When, asks_of
from layerw.animation.graph_parameters import JoinedParameters, ParameterColumns
from layerw.animation.rig import RATE_MAX, Clip
from layerw.animation.states import State, around
from layerw.base import checks
from layerw.base.errors import ConfigError
from layerw.base.failures import Failures
from layerw.base.ports import F32, U32
from layerw.kernels.animation import ANIMATION

ANY = "*"
STATES_MAX = 256
FAR = 1e9  # of parameters: mixtures square them in float32
_MEMBER = np.dtype([("state", np.int32), ("seconds", np.float32), ("rate", np.float32), ("share", np.float32)])
_COLUMNS = ("weights", "phase", "before", "mixed")
_ONE, _ALONG, _GIVEN = range(3)  # how clips of a state share: see kernels/animation/graph.h


class Transition(NamedTuple):
    """source: -1 = any other. on: a parameter that it clears; at: from this phase on."""

    source: int
    target: int
    when: When | None
    on: str | None
    at: float | None
    fade_s: float


class GraphLayer:
    """Of a graph, or of all that are alike. `weights`, `phase`: (n, states); `state`: (n,) which one each is in;
    `share`: (n,) of the layer."""

    def __init__(self, name: str, count: int, mask: tuple[str, ...] | None, failures: Failures, *,
                 additive: bool) -> None:  # fmt: skip
        self.name, self.mask, self.additive = name, mask, additive
        self.states: list[State] = []
        self.transitions: list[Transition] = []
        self.count, self._failures = count, failures
        self.slots = 0
        self._hold(np.zeros(count, _MEMBER))
        self.share[:] = 1
        self.weights: F32 = np.zeros((count, 0), np.float32)
        self.phase: F32 = np.zeros((count, 0), np.float32)
        self.before: F32 = np.zeros((count, 0), np.float32)  # the phases of the last step
        self.mixed: F32 = np.zeros((count, 0), np.float32)  # (n, slots)
        self._states: U32 = np.zeros((0, 8), np.uint32)
        self._clips: F32 = np.zeros((0, 2), np.float32)
        self._asks: list[list[Ask]] = []
        self._rows = np.arange(count)

    def _hold(self, members: npt.NDArray[np.void]) -> None:
        self._members = members
        self.state: npt.NDArray[np.int32] = members["state"]
        self.seconds: F32 = members["seconds"]  # since the state began
        self.rate: F32 = members["rate"]  # of its fade, a second
        self.share: F32 = members["share"]

    # -- setup ------------------------------------------------------------------------------------

    @property
    def likeness(self) -> object:
        """Equal for layers that can be one; what `when` asks may differ."""
        states = tuple((state.name, *map(id, state.clips), state.points.tobytes(), state.by, state.speed, state.loop)
                       for state in self.states)
        ways = tuple(way._replace(when=None) if way.when is None else (way._replace(when=None), True)
                     for way in self.transitions)  # fmt: skip
        return self.name, self.mask, self.additive, states, ways

    @staticmethod
    def joined(parts: Sequence[GraphLayer], parameters: JoinedParameters) -> GraphLayer:
        """One layer in place of some that are alike: what each of them holds is a part of its columns from now on."""
        whole = first = parts[0]
        if len(parts) > 1:
            whole = GraphLayer(first.name, sum(part.count for part in parts), first.mask, first._failures,
                               additive=first.additive)  # fmt: skip
            whole.states, whole.transitions, whole.slots = [*first.states], [*first.transitions], first.slots
            whole._hold(np.concatenate([part._members for part in parts]))
            for column in _COLUMNS:
                setattr(whole, column, np.concatenate([getattr(part, column) for part in parts]))
        begin, rows = 0, []
        for part in parts:
            own = slice(begin, begin := begin + part.count)
            rows.append(own)
            if whole is not part:
                part._hold(whole._members[own])
                for column in _COLUMNS:
                    setattr(part, column, getattr(whole, column)[own])
        whole._lay_out(parameters)
        whole._asks = [asks_of([(own, when) for own, part in zip(rows, parts, strict=True)
                                if (when := part.transitions[number].when) is not None])
                       for number in range(len(whole.transitions))]  # fmt: skip
        return whole

    def _lay_out(self, parameters: JoinedParameters) -> None:
        """States and clips as the kernel takes them."""
        words, clips = [], [np.zeros((0, 2), np.float32)]
        for state in self.states:
            kind = _ONE if len(state.clips) == 1 else _ALONG if len(state.by) == 1 else _GIVEN
            column = parameters.place(state.by[0]) if kind == _ALONG else 0
            speed = int(np.float32(state.speed).view(np.uint32))
            words.append((state.first, len(state.clips), kind, state.loop, column, speed, 0, 0))
            places = state.points[:, 0] if kind == _ALONG else np.zeros(len(state.clips), np.float32)
            clips.append(np.stack([state.lengths, places], axis=1))
        self._states = np.array(words, np.uint32).reshape(-1, 8)
        self._clips = np.concatenate(clips)

    def add(self, name: str, clips: Sequence[Clip], points: F32, by: tuple[str, ...], *, speed: float,
            loop: bool) -> None:  # fmt: skip
        """A state; the first is the one that all begin in."""
        if name in [state.name for state in self.states] or name == ANY:
            raise ConfigError(f"There is a state {name!r} already." if name != ANY else "'*' stands for any state.")
        if len(self.states) == STATES_MAX:
            raise ConfigError(f"A layer has {STATES_MAX} states at most.")
        self.states.append(State(name, tuple(clips), points, by, speed, loop, self.slots))
        self.slots += len(clips)
        first = float(len(self.states) == 1)
        self.weights = np.concatenate([self.weights, np.full((self.count, 1), first, np.float32)], axis=1)
        self.phase = np.concatenate([self.phase, np.zeros((self.count, 1), np.float32)], axis=1)
        self.before = self.phase.copy()
        self.mixed = np.concatenate([self.mixed, np.zeros((self.count, len(clips)), np.float32)], axis=1)

    def number(self, name: str, value: object) -> int:
        """Of a state, by its name; `name`: of the argument. Raises KindError, ConfigError."""
        return [state.name for state in self.states].index(checks.one_of(name, value, [s.name for s in self.states]))

    def enter(self, target: int, which: Bools, fade_s: float) -> None:
        """Members go over to a state, from its begin."""
        self.state[which] = target
        self.seconds[which] = 0
        if fade_s > 0:
            self.phase[which & (self.weights[:, target] <= 0), target] = 0
            self.rate[which] = min(1 / fade_s, RATE_MAX)
        else:
            self.phase[which, target] = 0
            self.weights[which] = 0
            self.weights[which, target] = 1

    def step(self, dt_s: float, parameters: JoinedParameters, amounts: F32, first: int) -> None:
        """Some seconds pass. amounts: (n, slots of all layers, 2), seconds into each clip and what it weighs; `first`:
        of this layer's."""
        if not self.states:
            return
        self._change(parameters.columns)
        if len(self._states) != len(self.states):
            return  # a condition added states: from the next frame on
        for number, state in enumerate(self.states):
            if len(state.by) == 2 and self.weights[:, number].any():
                at = np.stack([parameters.columns[name] for name in state.by], axis=1)
                safe = np.clip(np.nan_to_num(at), -FAR, FAR).astype(np.float32)
                self.mixed[:, state.slots] = around(state.points, safe)
        layout = np.array((self.count, len(self.states), self.slots, amounts.shape[1], first), np.uint32)
        ANIMATION.lw_graph_step(layout, self._states, self._clips, parameters.numbers, self._members, self.weights,
                                self.phase, self.before, self.mixed, amounts,
                                np.array((dt_s,), np.float32))  # fmt: skip

    def _change(self, parameters: ParameterColumns) -> None:
        free = np.ones(self.count, np.bool_)
        rows = self._rows
        for one, asks in zip(self.transitions, self._asks, strict=False):  # those of this frame
            which = free & (self.state != one.target if one.source < 0 else self.state == one.source)
            if one.on is not None:
                which &= parameters[one.on] != 0
            if one.at is not None:
                which &= self.phase[rows, self.state] >= one.at
            if one.when is not None and which.any():
                source = ANY if one.source < 0 else self.states[one.source].name
                what = f"The transition {source} -> {self.states[one.target].name}"
                now = Columns(parameters, self.phase[rows, self.state], self.seconds)
                found = np.zeros(self.count, np.bool_)
                for ask in asks:
                    ask.answer(which, now, found, self._failures, what)
                which &= found
            if which.any():
                free &= ~which
                self.enter(one.target, which, one.fade_s)
                if one.on is not None:
                    parameters[one.on][which] = 0
