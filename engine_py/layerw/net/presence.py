"""Presence: who is in the room, on all sides: numbers, names, and how long their messages take.

Owns: what names may be, and when everyone is told. Limits: names of NAME_MAX characters.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from typing import Any

from layerw.net.packing import Damaged
from layerw.net.player import NAME_MAX, Player

TOLD_S = 2.0  # between two times; of more than FEW players FAR_S
FEW, FAR_S = 64, 10.0
JOINERS = "\u200c\u200d"  # parts of words and of emoji


def cleaned(text: object, most: int) -> str:
    """One line of what people type: without control characters and what turns the order of others round."""
    if not isinstance(text, str):
        return ""
    kept = (letter if unicodedata.category(letter)[0] != "Z" else " " for letter in text[: 4 * most]
            if letter in "\t\n " + JOINERS or unicodedata.category(letter)[0] != "C")  # fmt: skip
    return " ".join("".join(kept).split())[:most]


def named(player: Player, name: object) -> None:
    """The player calls himself so; "" leaves the name as it is."""
    found = cleaned(name, NAME_MAX)
    if found:
        player._name = found


class Presence:
    """On the server: `due` says when to tell everyone `value`."""

    def __init__(self) -> None:
        self._told: tuple[tuple[int, str], ...] = ()
        self._told_s = 0.0

    def due(self, players: list[Player], now_s: float) -> bool:
        """Whether somebody came, left or has another name; or it is time to say how long messages take."""
        now = tuple((one.number, one._name) for one in players)
        if now == self._told and now_s - self._told_s < (TOLD_S if len(players) <= FEW else FAR_S):
            return False
        self._told, self._told_s = now, now_s
        return True


def value_of(players: Iterable[Player]) -> dict[str, Any]:
    """For a message."""
    some = list(players)
    return {"players": [one.number for one in some], "names": [[one.number, one._name] for one in some if one._name],
            "pings": [round(one.ping_s * 1000) for one in some]}  # fmt: skip


def learn(known: dict[int, Player], value: dict[str, Any]) -> None:
    """What such a message says. Raises Damaged."""
    numbers, names, pings = value.get("players"), value.get("names", []), value.get("pings", [])
    if not isinstance(numbers, list) or not all(type(one) is int and 0 < one < 65536 for one in numbers):
        raise Damaged("The players can't be read.")
    for number in numbers:
        known.setdefault(number, Player(number))
    for number in [one for one in known if one not in numbers]:
        known.pop(number)._connected = False
    try:
        for number, name in names:
            named(known[number], name)
        for number, ping in zip(numbers, pings, strict=False):
            known[number]._ping_s = int(ping) / 1000
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise Damaged("The names of players can't be read.") from error
