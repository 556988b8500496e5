"""Guests: who is in a room, on the server: players with their connections, and who they are when they come back.

Owns: numbers, tokens, and who makes room for whom. A player without a connection is kept for a while (authority.py).
Does not send anything.
"""

from __future__ import annotations

import hmac
import secrets
from collections import deque
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from layerw.net.calls import Bucket
from layerw.net.chat import AT_ONCE, RATE
from layerw.net.input_queue import InputQueue
from layerw.net.interest import Interest
from layerw.net.player import Player
from layerw.net.settings import Settings
from layerw.net.transport import Transport

NUMBERS = 65_535  # of players: then they begin again at those that nobody has
MESSAGES_A_SECOND = 240.0
REFUSALS_MAX = 50  # calls that were refused, before the connection is; one a second is forgiven
WHOLE_EACH_S = 1.0  # to a client that has acknowledged nothing lately
PINGS = 16  # of which the quickest counts
TOKEN_MAX = 100  # characters


@dataclass(eq=False, slots=True)
class Guest:
    """A player, with the connection while there is one."""

    player: Player
    transport: Transport | None
    joined: int  # how many had joined the room: a number that was another's before has another token
    interest: Interest = field(default_factory=Interest)
    messages: Bucket = field(default_factory=lambda: Bucket(MESSAGES_A_SECOND))
    calls: dict[str, Bucket] = field(default_factory=dict)
    acked: int = 0  # tick
    told: dict[int, frozenset[int]] = field(default_factory=dict)  # by tick, the cells
    looks: int = 0  # how many it was told
    whole_s: float = -WHOLE_EACH_S  # when it was told everything
    refusals: Bucket = field(default_factory=lambda: Bucket(1.0, REFUSALS_MAX))
    lost_s: float = 0.0
    shown: float = 0.0  # the tick that it sees
    inputs: InputQueue = field(default_factory=InputQueue)
    names: Bucket = field(default_factory=lambda: Bucket(1.0, 3.0))
    says: Bucket = field(default_factory=lambda: Bucket(RATE, AT_ONCE))
    told_s: dict[int, float] = field(default_factory=dict)  # by tick, when
    pings: deque[float] = field(default_factory=lambda: deque(maxlen=PINGS))

    def acknowledge(self, tick: int, now_s: float) -> None:
        """It has this tick whole."""
        if tick not in self.told or tick <= self.acked:
            return
        self.acked = tick
        self.told = {one: cells for one, cells in self.told.items() if one >= tick}
        if tick in self.told_s:
            self.pings.append(now_s - self.told_s[tick])
            self.player._ping_s = min(self.pings)
        self.told_s = {one: then for one, then in self.told_s.items() if one > tick}

    def connect(self, transport: Transport) -> None:
        """A connection begins: it knows nothing."""
        self.transport, self.acked, self.looks, self.whole_s = transport, 0, 0, -WHOLE_EACH_S
        self.refusals = Bucket(1.0, REFUSALS_MAX)
        self.told.clear()
        self.told_s.clear()
        self.pings.clear()
        self.inputs.restart()
        self.player._connected = True


class Guests:
    """Those of one room, by number."""

    def __init__(self, settings: Settings) -> None:
        self.room = secrets.token_hex(8)  # of this process: what another told of its looks is forgotten
        self.by_number: dict[int, Guest] = {}
        self._settings, self._secret = settings, secrets.token_bytes(32)
        self._joined = self._number = 0

    def kept(self) -> dict[str, Any]:
        """What another process needs to know them, JSON."""
        places = {one: one.player.position for one in self.by_number.values()}
        players = [[one.player.number, one.joined, None if place is None else place.tolist(), one.player._name]
                   for one, place in places.items()]  # fmt: skip
        return {"secret": self._secret.hex(), "joined": self._joined, "number": self._number, "players": players}

    def restore(self, value: dict[str, Any], now_s: float) -> None:
        """Those that another process kept, without a connection. Raises KeyError, TypeError, ValueError."""
        self._secret = bytes.fromhex(value["secret"])
        self._joined, self._number = int(value["joined"]), int(value["number"])
        for number, joined, position, name in value["players"]:
            player = Player(number)
            player._connected, player.position, player._name = False, position, str(name)
            self.by_number[number] = Guest(player, None, joined, lost_s=now_s)

    def is_full(self) -> bool:
        """Whether as many are connected as may be."""
        return sum(one.transport is not None for one in self.by_number.values()) >= self._settings.players_max

    def crowded_out(self) -> list[Guest]:
        """Who has to leave before another comes: of those without a connection, who was lost first."""
        lost = sorted((one for one in self.by_number.values() if one.transport is None), key=lambda one: one.lost_s)
        return lost[: max(len(self.by_number) - self._settings.players_max + 1, 0)]

    def add(self, transport: Transport) -> Guest:
        """A player who was not here."""
        self._joined += 1
        self._number = self._number % NUMBERS + 1
        while self._number in self.by_number:
            self._number = self._number % NUMBERS + 1
        guest = self.by_number[self._number] = Guest(Player(self._number), transport, self._joined)
        return guest

    def token(self, guest: Guest) -> str:
        """What says that it is this one."""
        of = f"{guest.player.number} {guest.joined}"
        return f"{guest.player.number}.{hmac.new(self._secret, of.encode(), sha256).hexdigest()}"

    def returning(self, token: object) -> Guest | None:
        """Whose token that is."""
        if not isinstance(token, str) or not token.isascii() or len(token) > TOKEN_MAX:
            return None
        given = token.partition(".")[0]
        if not given.isdecimal():
            return None
        guest = self.by_number.get(int(given))
        return guest if guest is not None and hmac.compare_digest(token, self.token(guest)) else None
