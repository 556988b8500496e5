"""A layer of a graph: which state each member is in, how far, and what still fades out, as columns.

Owns: states, transitions and their fades. Does not: know models, or blend poses (graph.py, animator.py).
A member's state gains weight, what it was in before loses as much in proportion: a change in the midst of a fade is
smooth. All states of a mixture of clips have one phase, so that feet of a walk and a run touch the ground together.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from layerw.animation.rig import RATE_MAX, Clip
from layerw.animation.states import State, around
from layerw.base import checks
from layerw.base.errors import AttributeMissing, ConfigError, ShapeError
from layerw.base.failures import Failures
from layerw.base.ports import F32, U32
from layerw.kernels.animation import ANIMATION

ANY = "*"
STATES_MAX = 256
FAR = 1e9  # of parameters: mixtures square them in float32
Bools = npt.NDArray[np.bool_]
_MEMBER = np.dtype([("state", np.int32), ("seconds", np.float32), ("rate", np.float32), ("share", np.float32)])
_ONE, _ALONG, _GIVEN = range(3)  # how clips of a state share: see kernels/animation/graph.h


class Parameters(NamedTuple):
    """columns: by name, (n,); numbers: those that are no flags, one after another."""

    columns: dict[str, npt.NDArray[Any]]
    numbers: F32

    def first(self, name: str) -> int:
        """Where a column begins among the numbers."""
        numbers = [key for key, column in self.columns.items() if column.dtype != np.bool_]
        return numbers.index(name) * len(self.columns[name])


class Transition(NamedTuple):
    """source: -1 = any other. on: a parameter that it clears; at: from this phase on."""

    source: int
    target: int
    when: Callable[[Any], Any] | None
    on: str | None
    at: float | None
    fade_s: float


class Now:
    """What a transition's `when` is given: the parameters as attributes, (n,) each; `phase`: of the state, 0 to 1;
    `time`: seconds since it began."""

    OWN = ("phase", "time")
    __slots__ = ("_parameters", *OWN)

    def __init__(self, parameters: dict[str, npt.NDArray[Any]], phase: F32, time: F32) -> None:
        self._parameters, self.phase, self.time = parameters, phase, time

    def __getattr__(self, name: str) -> npt.NDArray[Any]:
        if name in self._parameters:
            return self._parameters[name]
        raise AttributeMissing(f"There is no parameter {name!r}.{checks.did_you_mean(name, self._parameters)}")


class GraphLayer:
    """`weights`, `phase`: (n, states); `state`: (n,) which one each is in; `share`: (n,) of the layer."""

    def __init__(self, name: str, count: int, mask: tuple[str, ...] | None, failures: Failures, *,
                 additive: bool) -> None:  # fmt: skip
        self.name, self.mask, self.additive = name, mask, additive
        self.states: list[State] = []
        self.transitions: list[Transition] = []
        self.count, self._failures = count, failures
        self.slots = 0
        self._members = np.zeros(count, _MEMBER)
        self.state: npt.NDArray[np.int32] = self._members["state"]
        self.seconds: F32 = self._members["seconds"]  # since the state began
        self.rate: F32 = self._members["rate"]  # of its fade, a second
        self.share: F32 = self._members["share"]
        self.share[:] = 1
        self.weights: F32 = np.zeros((count, 0), np.float32)
        self.phase: F32 = np.zeros((count, 0), np.float32)
        self.before: F32 = np.zeros((count, 0), np.float32)  # the phases of the last step
        self.mixed: F32 = np.zeros((count, 0), np.float32)  # (n, slots)
        self._states: U32 = np.zeros((0, 8), np.uint32)
        self._clips: F32 = np.zeros((0, 2), np.float32)
        self._rows = np.arange(count)

    def add(self, name: str, clips: Sequence[Clip], points: F32, by: tuple[str, ...], *, column: int, speed: float,
            loop: bool) -> None:  # fmt: skip
        """A state; the first is the one that all begin in. column: where its parameter begins among all."""
        if name in [state.name for state in self.states] or name == ANY:
            raise ConfigError(f"There is a state {name!r} already." if name != ANY else "'*' stands for any state.")
        if len(self.states) == STATES_MAX:
            raise ConfigError(f"A layer has {STATES_MAX} states at most.")
        self.states.append(State(name, tuple(clips), points, by, speed, loop, self.slots))
        kind = _ONE if len(clips) == 1 else _ALONG if len(by) == 1 else _GIVEN
        words = np.array([(self.slots, len(clips), kind, loop, column, 0, 0, 0)], np.uint32)
        words[:, 5] = np.float32(speed).view(np.uint32)
        self._states = np.concatenate([self._states, words])
        places = points[:, :1] if kind == _ALONG else np.zeros((len(clips), 1), np.float32)
        self._clips = np.concatenate([self._clips, np.stack([self.states[-1].lengths, places[:, 0]], axis=1)])
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

    def step(self, dt_s: float, parameters: Parameters, amounts: F32, first: int) -> None:
        """Some seconds pass. amounts: (n, slots of all layers, 2), seconds into each clip and what it weighs; `first`:
        of this layer's."""
        if not self.states:
            return
        self._change(parameters.columns)
        for number, state in enumerate(self.states):
            if len(state.by) == 2 and self.weights[:, number].any():
                at = np.stack([parameters.columns[name] for name in state.by], axis=1)
                safe = np.clip(np.nan_to_num(at), -FAR, FAR).astype(np.float32)
                self.mixed[:, state.slots] = around(state.points, safe)
        layout = np.array((self.count, len(self.states), self.slots, amounts.shape[1], first), np.uint32)
        ANIMATION.lw_graph_step(layout, self._states, self._clips, parameters.numbers, self._members, self.weights,
                                self.phase, self.before, self.mixed, amounts,
                                np.array((dt_s,), np.float32))  # fmt: skip

    def _change(self, parameters: dict[str, npt.NDArray[Any]]) -> None:
        free = np.ones(self.count, np.bool_)
        rows = self._rows
        for one in self.transitions:
            which = free & (self.state != one.target if one.source < 0 else self.state == one.source)
            if one.on is not None:
                which &= parameters[one.on] != 0
            if one.at is not None:
                which &= self.phase[rows, self.state] >= one.at
            if one.when is not None and which.any():
                source = ANY if one.source < 0 else self.states[one.source].name
                with self._failures.alone(f"The transition {source} -> {self.states[one.target].name}") as asked:
                    which &= self._asked(one.when, Now(parameters, self.phase[rows, self.state], self.seconds))
                if asked.failed:
                    continue
            if which.any():
                free &= ~which
                self.enter(one.target, which, one.fade_s)
                if one.on is not None:
                    parameters[one.on][which] = 0

    def _asked(self, when: Callable[[Any], Any], now: Now) -> Bools:
        found = np.asarray(when(now))
        if found.dtype != np.bool_ or found.shape not in ((), (self.count,)):
            raise ShapeError(f"A transition's `when` gave {checks.shown(found)}; it gives True or False, one or "
                             f"{self.count}: join conditions of arrays with & and |.")  # fmt: skip
        return np.broadcast_to(found, (self.count,))
