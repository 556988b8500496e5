"""Buses: groups of sounds with one gain. Each leads into another, all into "main".

Owns: names, gains and what leads where. Does not: mix; the page's half and mixer.py do, by the same numbers.
"""

from __future__ import annotations

from collections.abc import Iterator

from layerw.base import checks
from layerw.base.checks import did_you_mean
from layerw.base.errors import ConfigError, KeyMissing
from layerw.base.settings import fixed_attributes

MAIN = "main"
FIRST = (MAIN, "sfx", "music", "voice", "ui")
GAIN_MAX = 16.0
BUSES_MAX = 64


@fixed_attributes
class Bus:
    """A group of sounds: `app.buses["music"].gain = 0.5`. Changes take 10 ms or so, without a click."""

    FIXED = ("name", "parent")

    def __init__(self, buses: Buses, index: int, name: str, parent: str) -> None:
        self.name, self.parent = name, parent
        self._buses, self._index = buses, index
        self._gain, self._muted = 1.0, False

    @property
    def gain(self) -> float:
        """How loud: 1.0 as the sounds are, 0 to 16."""
        return self._gain

    @gain.setter
    def gain(self, gain: float) -> None:
        self._gain = checks.number("Bus.gain", gain, 0, GAIN_MAX)
        self._buses.revision += 1

    @property
    def muted(self) -> bool:
        """Whether it is silent; its gain stays what it is."""
        return self._muted

    @muted.setter
    def muted(self, muted: bool) -> None:
        self._muted = checks.flag("Bus.muted", muted)
        self._buses.revision += 1

    @property
    def _applied(self) -> float:
        return 0.0 if self._muted else self._gain

    def __repr__(self) -> str:
        return f"Bus({self.name!r}, gain={self._gain:g}{', muted' if self._muted else ''})"


@fixed_attributes
class Buses:
    """`app.buses["sfx"]`: "main", and "sfx", "music", "voice" and "ui", which lead into it; `add` makes more."""

    def __init__(self) -> None:
        self._all: dict[str, Bus] = {}
        self.revision = 0
        for name in FIRST:
            self._make(name, "" if name == MAIN else MAIN)

    def add(self, name: str, into: str = MAIN) -> Bus:
        """Another one, for example `app.buses.add("engines", into="sfx")`.

        Raises:
            ConfigError: there is one of that name, or there are 64. KeyMissing: no bus `into`.
        """
        checks.text("buses.add name", name)
        parent = self[into]
        if name in self._all:
            raise ConfigError(f"There is a bus {name!r} already: app.buses[{name!r}].")
        if len(self._all) >= BUSES_MAX:
            raise ConfigError(f"There are {BUSES_MAX} buses, and no more can be made.")
        return self._make(name, parent.name)

    def _make(self, name: str, parent: str) -> Bus:
        self._all[name] = Bus(self, len(self._all), name, parent)
        self.revision += 1
        return self._all[name]

    def __getitem__(self, name: str) -> Bus:
        if isinstance(name, str) and name in self._all:
            return self._all[name]
        near = did_you_mean(name, self._all) if isinstance(name, str) else ""
        raise KeyMissing(f"There is no bus {checks.shown(name)}; there are {', '.join(self._all)}, and "
                         f"app.buses.add(name) makes more.{near}")  # fmt: skip

    def __contains__(self, name: object) -> bool:
        return name in self._all

    def __iter__(self) -> Iterator[str]:
        return iter(self._all)

    def __len__(self) -> int:
        return len(self._all)

    def _orders(self) -> list[list[float]]:
        """[parent's number or -1, gain] of each, in the order in which they were made: parents first."""
        return [[self._all[bus.parent]._index if bus.parent else -1, bus._applied] for bus in self._all.values()]
