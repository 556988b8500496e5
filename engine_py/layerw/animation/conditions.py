"""What transitions ask of programs: many graphs at once, where one function answers for all of them.

Owns: what `when` is given, and which answers hold for more than one graph. A function is asked once for many graphs if
it calls nothing and takes each model's numbers for themselves: then each answer is what that graph alone would get.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import FunctionType
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from numpy.lib.mixins import NDArrayOperatorsMixin

from layerw.base import checks
from layerw.base.errors import AttributeMissing, KindError, ShapeError
from layerw.base.failures import Failures
from layerw.base.ports import F32

Bools = npt.NDArray[np.bool_]
When = Callable[[Any], Any]


class Now:
    """What a transition's `when` is given: the parameters as attributes, (n,) each; `phase`: of the state, 0 to 1;
    `time`: seconds since it began."""

    OWN = ("phase", "time")
    __slots__ = ("_parameters", *OWN)

    def __init__(self, parameters: Mapping[str, Any], phase: Any, time: Any) -> None:
        self._parameters, self.phase, self.time = parameters, phase, time

    def __getattr__(self, name: str) -> Any:
        if name in self._parameters:
            return self._parameters[name]
        raise AttributeMissing(f"There is no parameter {name!r}.{checks.did_you_mean(name, self._parameters)}")


class Each(NDArrayOperatorsMixin):
    """A column of many graphs. It takes operators with numbers and with others of its kind, and nothing that would
    bring rows together: that raises, and the graphs are asked one by one."""

    __slots__ = ("values",)

    def __init__(self, values: npt.NDArray[Any]) -> None:
        self.values = values

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *given: Any, **more: Any) -> Any:
        if method != "__call__" or more or ufunc.nout != 1 or ufunc.signature is not None:
            return NotImplemented
        if any(np.ndim(one) for one in given if not isinstance(one, Each)):
            return NotImplemented
        return Each(ufunc(*(one.values if isinstance(one, Each) else one for one in given)))

    def __bool__(self) -> bool:
        raise KindError("It is many models' at once.")


class Columns(NamedTuple):
    """Of all graphs that are asked: their parameters, phases and seconds in the state."""

    parameters: Mapping[str, npt.NDArray[Any]]
    phase: F32
    time: F32

    def of(self, rows: slice) -> Now:
        """Of one graph."""
        return Now({name: column[rows] for name, column in self.parameters.items()}, self.phase[rows], self.time[rows])

    def each_of(self, rows: slice) -> Now:
        """Of several."""
        return Now({name: Each(column[rows]) for name, column in self.parameters.items()}, Each(self.phase[rows]),
                   Each(self.time[rows]))  # fmt: skip


@dataclass(slots=True)
class Ask:
    """Graphs whose function is the same. parts: the rows of each, and its own one; once: whether they are asked so."""

    rows: slice
    parts: list[tuple[slice, When]]
    once: bool

    def answer(self, which: Bools, now: Columns, out: Bools, failures: Failures, what: str) -> None:
        """out: True where it is so. which: rows that it is asked for; a function that fails says no, and is told."""
        if self.once:
            with np.errstate(all="ignore"):
                found = _tried(self.parts[0][1], now.each_of(self.rows))
            if found is not None and len(found) == self.rows.stop - self.rows.start:
                out[self.rows] = found
                return
            self.once = False
        for rows, when in self.parts:
            if which[rows].any():
                with failures.alone(what):
                    out[rows] = _checked(when(now.of(rows)), rows.stop - rows.start)


def asks_of(parts: Sequence[tuple[slice, When]]) -> list[Ask]:
    """Neighbours that have the same function are asked together."""
    found: list[Ask] = []
    before: object = None
    for rows, when in parts:
        key = _sameness(when)
        if found and key is not None and key == before:
            last = found[-1]
            last.rows, last.once = slice(last.rows.start, rows.stop), True
            last.parts.append((rows, when))
        else:
            found.append(Ask(rows, [(rows, when)], once=False))
        before = key
    return found


def _tried(when: When, now: Now) -> Bools | None:
    try:
        found = when(now)
    except Exception:  # each is asked alone then, and its own failure told
        return None
    return found.values if isinstance(found, Each) and found.values.dtype == np.bool_ else None


def _checked(answer: Any, count: int) -> Bools:
    found = np.asarray(answer)
    if found.dtype != np.bool_ or found.shape not in ((), (count,)):
        raise ShapeError(f"A transition's `when` gave {checks.shown(found)}; it gives True or False, one or "
                         f"{count}: join conditions of arrays with & and |.")  # fmt: skip
    return np.broadcast_to(found, (count,))


def _sameness(when: When) -> object:
    """Equal for functions that answer alike; None where that is not known: they may be random, or count."""
    if not isinstance(when, FunctionType) or when.__kwdefaults__ or _calls(when):
        return None
    kept = (*(when.__defaults__ or ()), *(when.__closure__ or ()))
    return when.__code__, id(when.__globals__), *map(id, kept)


def _calls(when: FunctionType) -> bool:
    import dis

    return any("CALL" in one.opname for one in dis.get_instructions(when.__code__))
