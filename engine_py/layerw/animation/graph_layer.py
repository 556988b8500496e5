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
from layerw.animation.states import State, weights_of
from layerw.base import checks
from layerw.base.errors import AttributeMissing, ConfigError, ShapeError
from layerw.base.failures import Failures
from layerw.base.ports import F32

ANY = "*"
STATES_MAX = 256
FAR = 1e9  # of parameters: mixtures square them in float32
Bools = npt.NDArray[np.bool_]


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
        self.state: npt.NDArray[np.intp] = np.zeros(count, np.intp)
        self.weights: F32 = np.zeros((count, 0), np.float32)
        self.phase: F32 = np.zeros((count, 0), np.float32)
        self.seconds: F32 = np.zeros(count, np.float32)  # since the state began
        self.rate: F32 = np.zeros(count, np.float32)  # of its fade, a second
        self.share: F32 = np.ones(count, np.float32)
        self.before: F32 = np.zeros((count, 0), np.float32)  # the phases of the last step
        self.mixed: list[F32] = []  # of each state, (n, k)

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
        self.mixed.append(np.zeros((self.count, len(clips)), np.float32))

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

    def step(self, dt_s: float, parameters: dict[str, npt.NDArray[Any]]) -> None:
        """Some seconds pass."""
        if not self.states:
            return
        self._change(parameters)
        self._fade(dt_s)
        self._advance(dt_s, parameters)
        self.seconds += np.float32(dt_s)

    def _change(self, parameters: dict[str, npt.NDArray[Any]]) -> None:
        free = np.ones(self.count, np.bool_)
        rows = np.arange(self.count)
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

    def _fade(self, dt_s: float) -> None:
        rows = np.arange(self.count)
        own = self.weights[rows, self.state]
        fading = own < 1
        if not fading.any():
            return
        gained = np.minimum(own + self.rate * np.float32(dt_s), 1)
        kept = np.where(own < 1, (1 - gained) / np.where(own < 1, 1 - own, 1), 0).astype(np.float32)
        self.weights[fading] *= kept[fading, None]
        self.weights[rows[fading], self.state[fading]] = gained[fading]

    def _advance(self, dt_s: float, parameters: dict[str, npt.NDArray[Any]]) -> None:
        np.copyto(self.before, self.phase)
        for number, state in enumerate(self.states):
            if not self.weights[:, number].any():
                self.mixed[number][:] = 0
                continue
            at = np.stack([parameters[name] for name in state.by], axis=1) if state.by else self.phase[:, :1]
            mixed = self.mixed[number] = weights_of(state, np.clip(np.nan_to_num(at), -FAR, FAR).astype(np.float32))
            length = mixed @ state.lengths
            passed = np.where(length > 0, np.float32(dt_s * state.speed) / np.where(length > 0, length, 1), 1)
            phase = self.phase[:, number] + passed
            phase = phase - np.floor(phase) if state.loop else np.clip(phase, 0, 1)
            self.phase[:, number] = np.where(self.weights[:, number] > 0, phase, self.phase[:, number])

    def amounts(self, out: F32) -> None:
        """(n, slots, 2): seconds into each clip, and what it weighs."""
        for number, state in enumerate(self.states):
            out[:, state.slots, 0] = self.phase[:, number, None] * state.lengths
            out[:, state.slots, 1] = (self.weights[:, number] * self.share)[:, None] * self.mixed[number]
