"""Clips that play now, as columns: one row a play, all of them advanced in one go.

Owns: time, fades and ends of plays. Does not: sample them (animator.py).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from layerw.base import checks
from layerw.base.errors import HandleError
from layerw.base.names import named

if TYPE_CHECKING:
    from layerw.animation.character import Character
    from layerw.animation.rig import Clip

NO_MASK = 0xFFFFFFFF
_FIELDS = np.dtype([
    ("alive", np.bool_), ("time", np.float64), ("speed", np.float64), ("length", np.float64), ("loop", np.bool_),
    ("weight", np.float64), ("share", np.float64), ("goal", np.float64), ("rate", np.float64), ("layer", np.int32),
    ("additive", np.bool_), ("ticket", np.int64), ("mask", np.uint32),
])  # fmt: skip


class Plays:
    """`rows` holds every play that there ever was room for; `owner` and `clip` are by row as well."""

    def __init__(self) -> None:
        self.rows = np.zeros(0, _FIELDS)
        self.owner: list[Character | None] = []
        self.clip: list[Clip | None] = []
        self.generation: list[int] = []
        self.revision = 0  # of which rows are alive
        self._free: list[int] = []
        self._tickets = 0

    def add(self, owner: Character, clip: Clip, *, speed: float, loop: bool, weight: float, layer: int, additive: bool,
            fade_s: float, mask: int) -> Play:  # fmt: skip
        """A play that begins now; fade_s: until it has its weight."""
        if not self._free:
            self._grow()
        row = self._free.pop()
        self._tickets += 1
        share = 0.0 if fade_s > 0 else 1.0
        start = clip.duration_s if speed < 0 else 0.0
        self.rows[row] = (True, start, speed, clip.duration_s, loop, weight, share, 1.0, _rate(fade_s), layer, additive,
                          self._tickets, mask)  # fmt: skip
        self.owner[row], self.clip[row] = owner, clip
        self.revision += 1
        return Play(self, row)

    def fade_out(self, row: int, fade_s: float) -> None:
        """Ends a play, over some seconds."""
        self.rows[row]["goal"], self.rows[row]["rate"] = 0.0, _rate(fade_s)

    def advance(self, dt_s: float) -> None:
        """Some seconds pass."""
        rows = self.rows
        alive = np.flatnonzero(rows["alive"])
        time = rows["time"][alive] + rows["speed"][alive] * dt_s
        length = rows["length"][alive]
        loops = rows["loop"][alive] & (length > 0)
        rows["time"][alive] = np.where(loops, np.mod(time, np.where(length > 0, length, 1)), np.clip(time, 0, length))
        share, goal = rows["share"][alive], rows["goal"][alive]
        step = rows["rate"][alive] * dt_s
        rows["share"][alive] = np.clip(goal, share - step, share + step)

    def sweep(self) -> None:
        """Forgets those that have faded out."""
        gone = np.flatnonzero(self.rows["alive"] & (self.rows["goal"] == 0) & (self.rows["share"] <= 0))
        for row in gone.tolist():
            self.forget(row)

    def forget(self, row: int) -> None:
        """It plays no more."""
        self.rows[row]["alive"] = False
        self.owner[row] = self.clip[row] = None
        self.generation[row] += 1
        self._free.append(row)
        self.revision += 1

    def of(self, owner: Character) -> list[int]:
        """The rows of one character."""
        return [row for row, other in enumerate(self.owner) if other is owner]

    def _grow(self) -> None:
        count = len(self.rows)
        more = max(16, count)
        self.rows = np.concatenate([self.rows, np.zeros(more, _FIELDS)])
        self.owner += [None] * more
        self.clip += [None] * more
        self.generation += [0] * more
        self._free += range(count + more - 1, count - 1, -1)


def _rate(fade_s: float) -> float:
    return 1 / fade_s if fade_s > 0 else 1e9


@named
class Play:
    """A clip that plays: what `model.play` gives. Its attributes can be written while it does."""

    __slots__ = ("_generation", "_plays", "_row", "name")

    def __init__(self, plays: Plays, row: int) -> None:
        self._plays, self._row, self._generation = plays, row, plays.generation[row]
        clip = plays.clip[row]
        self.name = "" if clip is None else clip.name

    def __repr__(self) -> str:
        return f"<Play of {self.name!r}{'' if self.active else ', over'}>"

    @property
    def active(self) -> bool:
        """Whether it still moves something: it is not stopped, or still fades out."""
        return self._plays.generation[self._row] == self._generation

    @property
    def ended(self) -> bool:
        """Whether it is over, or stands at its end because it does not loop."""
        if not self.active:
            return True
        row = self._plays.rows[self._row]
        end = row["time"] >= row["length"] if row["speed"] >= 0 else row["time"] <= 0
        return bool(not row["loop"] and end)

    @property
    def duration(self) -> float:
        """Of the clip, seconds."""
        return float(self._here("duration")["length"])

    @property
    def time(self) -> float:
        """Seconds into the clip. Writing it jumps there."""
        return float(self._here("time")["time"])

    @time.setter
    def time(self, value: float) -> None:
        self._here("time")["time"] = checks.number("Play.time", value)

    @property
    def speed(self) -> float:
        """How many of its seconds pass in a second of the program; below 0 it runs backwards."""
        return float(self._here("speed")["speed"])

    @speed.setter
    def speed(self, value: float) -> None:
        self._here("speed")["speed"] = checks.number("Play.speed", value)

    @property
    def weight(self) -> float:
        """Its share of its layer, 0 to 1, once it has faded in."""
        return float(self._here("weight")["weight"])

    @weight.setter
    def weight(self, value: float) -> None:
        self._here("weight")["weight"] = checks.number("Play.weight", value, 0.0, 1.0)

    def stop(self, fade: float = 0.3) -> None:
        """Ends it over `fade` seconds; does nothing where it is over."""
        fade_s = checks.number("Play.stop fade", fade, 0.0)
        if self.active:
            self._plays.fade_out(self._row, fade_s)

    def _here(self, name: str) -> np.void:
        if not self.active:
            raise HandleError(f"Play.{name}: the play of {self.name!r} is over; model.play({self.name!r}) begins "
                              f"another.")  # fmt: skip
        found: np.void = self._plays.rows[self._row]
        return found
