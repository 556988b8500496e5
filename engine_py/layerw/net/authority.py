"""The authority: the side that decides. It takes players in, runs what they call, and tells each what is around.

Owns: the tick, whose things are, and who is heard. Nothing that comes is trusted: sizes, rates, who says what, and
every value are checked; who breaks the rules is told why and disconnected. Who is in it is guests.py's, what they are
told telling.py's. Does not know sockets.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from layerw.base.errors import LayerwError
from layerw.frame.subsystems import SubsystemPort
from layerw.net import presence, wire
from layerw.net.calls import Bucket, Call, Calls, plain
from layerw.net.chat import TEXT_MAX, Chat
from layerw.net.driving import Driving
from layerw.net.guests import MESSAGES_A_SECOND, REFUSALS_MAX, Guest, Guests
from layerw.net.packing import Damaged
from layerw.net.past import Rewound
from layerw.net.player import Player
from layerw.net.prediction import Prediction
from layerw.net.schema import Rows, Schema
from layerw.net.settings import Settings
from layerw.net.telling import Owners, Telling
from layerw.net.transport import Transport
from layerw.net.wall import Wall
from layerw.scene.components import PLAYER

PLAYERS_MAX = 1000
GREETING_S = 5.0  # in which a new connection has to say what it is
KEPT_S = 30.0  # that a player without a connection is kept


class Authority:
    """One room."""

    def __init__(self, port: SubsystemPort, settings: Settings, calls: Calls, schema: Schema, chat: Chat) -> None:
        self._port, self._settings, self._calls, self.schema, self.chat = port, settings, calls, schema, chat
        self._guests = Guests(settings)
        self.clients = self._guests.by_number
        self.telling = Telling(port, settings, schema)
        self._driving: Driving | None = None
        self._greeting: list[tuple[Transport, float]] = []
        self.tick, self._frames = 0, 0
        self.owners = np.zeros(port.table.capacity, np.uint16)  # by row, of a spawn's `owner`
        self._births = np.zeros(port.table.capacity, np.uint32)
        self.on_join: list[Callable[[Player], Any]] = []
        self.on_leave: list[Callable[[Player], Any]] = []
        self._said_bytes = 0
        self._players_changed = False
        self._presence = presence.Presence()
        self.arrivals: deque[Transport] = deque()  # other threads may append
        self._wall, self._rates_s = Wall(port.host), 0.0  # what players do a second: of theirs, if frames are behind

    @property
    def players(self) -> list[Player]:
        """Those that are kept, connected or not, by number."""
        return [self.clients[number].player for number in sorted(self.clients)]

    @property
    def sent_bytes(self) -> int:
        """To everyone, since the room began."""
        driven = 0 if self._driving is None else self._driving.sent_bytes
        return self._said_bytes + self.telling.sent_bytes + driven

    @property
    def corrections(self) -> int:
        """How many states were told, of players whose side came to something else."""
        return 0 if self._driving is None else self._driving.corrections

    def predict(self, prediction: Prediction) -> None:
        """Players' things move by this. Raises ConfigError."""
        self._driving = Driving(self._port, prediction, self.schema, self.clients, self._owners_of)

    # -- before the program ----------------------------------------------------------------------

    def receive(self) -> None:
        """Takes in what came."""
        now = self._port.now_s()
        self._rates_s = max(now, self._wall.seconds() or 0.0)
        while self.arrivals:
            self._greeting.append((self.arrivals.popleft(), now))
        for client in list(self.clients.values()):
            with self._alone(client.transport):
                self._hear(client, now)
        for greeting in list(self._greeting):
            with self._alone(greeting[0]):
                self._greet(*greeting, now)
        here = [one.player for one in self.clients.values() if one.player.connected]
        if self._presence.due(here, now) or self._players_changed:
            self._players_changed = False
            self._say(list(self.clients.values()), wire.PLAYERS, presence.value_of(here))

    @contextmanager
    def _alone(self, transport: Transport | None) -> Iterator[None]:
        """What goes wrong with one connection ends that one: everyone else is heard."""
        try:
            yield
        except Exception as error:
            self._port.log.error(f"A connection was ended, the server could not take what it sent: {error!r}")
            if transport is not None:
                transport.close("The server could not take what it sent.")

    def _greet(self, transport: Transport, since_s: float, now: float) -> None:
        data = transport.take()
        if not data and not transport.closed and now - since_s <= GREETING_S:
            return
        self._greeting.remove((transport, since_s))
        if not data or transport.closed:
            return transport.close("It did not say what it is.")
        try:
            if not data[0] or data[0][0] != wire.HELLO or len(data[0]) > wire.CLIENT_BYTES_MAX:
                raise Damaged("The first message is no greeting.")
            hello = wire.read_value(data[0])[1]
            if not isinstance(hello, dict):
                raise Damaged("The greeting is none.")
        except Damaged as error:
            return transport.close(str(error))
        reason = self._refusal(hello)
        if reason:
            transport.send(wire.value_message(wire.REFUSED, {"reason": reason}), reliable=True)
            return transport.close(reason)
        self._join(transport, hello)

    def _refusal(self, hello: dict[str, Any]) -> str:
        theirs, ours = hello.get("schema"), self.schema.hash
        if theirs != ours:
            return (f"This program shares other components than the server's ({str(theirs)[:32]!r}, and the server has "
                    f"{ours!r}): one of them is older. Reload the page.")  # fmt: skip
        if self._guests.is_full() and self._guests.returning(hello.get("token")) is None:
            return f"The room is full: it has {self._settings.players_max} players."
        return ""

    def _join(self, transport: Transport, hello: dict[str, Any]) -> None:
        client = self._guests.returning(hello.get("token"))
        new = client is None
        if client is None:
            for lost in self._guests.crowded_out():
                self._leave(lost)
            client = self._guests.add(transport)
        elif client.transport is not None:
            client.transport.close("The player connected again from elsewhere.")
        client.connect(transport)
        presence.named(client.player, hello.get("name"))
        number = client.player.number
        self._say([client], wire.WELCOME, {"player": number, "token": self._guests.token(client),
                                         "room": self._guests.room, "tick_rate": self._settings.tick_rate})  # fmt: skip
        if self.chat.lines:
            self._say([client], wire.LINES, {"lines": [list(line) for line in self.chat.lines], "before": True})
        self._players_changed = True
        if new:
            for callback in list(self.on_join):
                self._port.user.call(callback, client.player)

    def _hear(self, client: Guest, now: float) -> None:
        transport = client.transport
        if transport is None:
            if now - client.lost_s > KEPT_S:
                self._leave(client)
            return
        for data in transport.take():
            if data[:1] == bytes([wire.BYE]):
                transport.close("The player left.")
                return self._leave(client)
            try:
                if not client.messages.take(self._rates_s):
                    raise Damaged(f"It sent more than {MESSAGES_A_SECOND:.0f} messages a second.")
                self._take(client, data, now)
            except Damaged as error:
                self._port.log.warning(f"Player {client.player.number} was disconnected: {error}")
                transport.close(str(error))
                break
        if transport.closed:
            client.transport, client.lost_s = None, now
            client.player._connected = False
            self._players_changed = True

    def _take(self, client: Guest, data: bytes, now: float) -> None:
        kind = data[0] if data else 0
        if len(data) > wire.CLIENT_BYTES_MAX:
            raise Damaged(f"A message has {len(data)} bytes; at most {wire.CLIENT_BYTES_MAX} are taken.")
        if kind == wire.ACK:
            tick, client.shown = wire.read_ack(data)
            client.acknowledge(tick, now)
        elif kind == wire.INPUTS and self._driving is not None:
            self._driving.hear(client, data)
        elif kind == wire.CALL:
            self._called(client, data)
        elif kind == wire.PING:
            self._send(client, wire.pong_message(data, now))
        elif kind == wire.SAY:
            self._says(client, wire.read_value(data)[1])
        elif kind == wire.NAME:
            self._named(client, wire.read_value(data)[1])
        else:
            raise Damaged(f"A message begins with {kind}, which no client's does.")

    def _named(self, client: Guest, value: object) -> None:
        if client.names.take(self._rates_s):
            presence.named(client.player, value.get("name") if isinstance(value, dict) else None)
        elif not client.refusals.take(self._rates_s):
            raise Damaged("It has another name all the time.")

    def _says(self, client: Guest, value: object) -> None:
        text = presence.cleaned(value.get("text") if isinstance(value, dict) else None, TEXT_MAX)
        if client.says.take(self._rates_s) and text:
            self.say(client.player, text)
        elif not client.refusals.take(self._rates_s):
            raise Damaged("It writes more to the chat than anybody reads.")

    def say(self, player: Player | None, text: str) -> bool:
        """A line of the chat, to everyone; None: the server's own."""
        line = self.chat._line(player, text)
        if line is None:
            return False
        self._say(list(self.clients.values()), wire.LINES, {"lines": [list(line)]})
        self.chat._heard([line])
        return True

    def _called(self, client: Guest, data: bytes) -> None:
        try:
            value = wire.read_value(data)[1]
            call, values, _ = self._calls.received(value, ("server", "all"))
            if isinstance(value, dict) and type(shown := value.get("shown")) is int:
                client.shown = shown / 1000
            bucket = client.calls.setdefault(call.name, Bucket(call.rate))
            if not bucket.take(self._rates_s):
                raise Damaged(f"{call.name} was called more than {call.rate:g} times a second.")
        except LayerwError as error:
            if not client.refusals.take(self._rates_s):
                raise Damaged(f"More than {REFUSALS_MAX} calls were refused, the last one: {error}") from error
            return
        if call.to == "server":
            self._port.user.call(call.function, client.player, *values)
        else:
            self.call(call, values, client.player)

    def _leave(self, client: Guest) -> None:
        del self.clients[client.player.number]
        for callback in list(self.on_leave):
            self._port.user.call(callback, client.player)
        rows = np.flatnonzero(self._owned() == client.player.number)
        if len(rows):
            self._port.table.despawn_rows(rows)
        self._players_changed = True

    # -- calls -----------------------------------------------------------------------------------

    def call(self, call: Call, values: list[Any], player: Player | None) -> bool:
        """Runs it where it belongs. player: who calls, or whose side it shall run on. False: nobody was there."""
        message = {"call": call.name, "values": plain(values), "player": 0 if player is None else player.number}
        if call.to == "server":
            return self._port.user.call(call.function, player, *values)
        known = None if player is None else self.clients.get(player.number)
        to = list(self.clients.values()) if call.to == "all" else [] if known is None else [known]
        return self._say(to, wire.CALL, message)

    def _send(self, client: Guest, data: bytes) -> None:
        if client.transport is not None:
            client.transport.send(data, reliable=False)
            self._said_bytes += len(data)

    def rewind(self, player: Player) -> Rewound:
        """What that player saw when he said what was heard last."""
        guest = self.clients.get(player.number)
        shown = 0.0 if guest is None else guest.shown
        return self.telling.past.at(shown, self._settings.tick_rate, player.number)

    def _say(self, to: list[Guest], kind: int, value: object) -> bool:
        """Sends a value, packed once; whether there was anybody."""
        data, told = wire.value_message(kind, value), 0
        for client in to:
            if client.transport is not None:
                client.transport.send(data, reliable=True)
                told += 1
        self._said_bytes += told * len(data)
        return told > 0

    # -- after the program -----------------------------------------------------------------------

    def own(self, rows: Any, births: Any, player: Player) -> None:
        """A spawn's `owner`."""
        self.owners[rows], self._births[rows] = player.number, births

    def _owned(self) -> Owners:
        """By row, whose it is now; 0: nobody's, or the row is another entity's."""
        table = self._port.table
        return np.where((self._births == table.birth) & (table.birth != 0), self.owners, 0)

    def _owners_of(self, rows: Rows) -> Owners:
        births = self._port.table.birth[rows]
        return np.where((self._births[rows] == births) & (births != 0), self.owners[rows], 0)

    def step_fixed(self, dt: float) -> None:
        """A fixed step, after everything else's."""
        if self._driving is not None:
            self._driving.step(dt)

    def step(self) -> None:
        """The program ran a frame: a tick each so many."""
        self._frames += 1
        if self._frames % self._settings.frames_a_tick == 0:
            self._tick()
        else:
            self.telling.go_on()

    def _tick(self) -> None:
        self.tick += 1
        table = self._port.table
        rows = self.schema.rows(table)
        rows = rows[table.serial[rows] != 0]
        owned = self._owned()
        self._write_owners(rows, owned)
        if all(one.transport is None for one in self.clients.values()):
            return
        self.telling.tell(self.tick, rows, owned[rows], self.clients.values())
        if self._driving is not None:
            self._driving.tell(self.tick)

    def _write_owners(self, rows: Any, owned: Any) -> None:
        """Fields of players that say nobody get the spawn's owner."""
        for one, part in self.schema.parts():
            attached = self._port.table.components.find(one.declared)
            if part.field.type is PLAYER and attached is not None:
                column = attached.columns[part.field.name].array
                unset = rows[(column[rows] == 0) & (owned[rows] != 0) & attached.present[rows]]
                column[unset] = owned[unset]

    def close(self) -> None:
        """The room ends."""
        for client in self.clients.values():
            if client.transport is not None:
                client.transport.close("The room ended.")
        for transport, _ in self._greeting:
            transport.close("The room ended.")
        self.clients.clear()
        self._greeting.clear()
