"""The authority: the side that decides. It takes players in, runs what they call, and tells each what is around.

Owns: players, their connections, the tick, and which baseline each client has. Nothing that comes is trusted: sizes,
rates, who says what, and every value are checked; who breaks the rules is told why and disconnected. Does not know
sockets.
"""

from __future__ import annotations

import hmac
import secrets
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

import numpy as np

from layerw.base.errors import LayerwError
from layerw.frame.subsystems import SubsystemPort
from layerw.net import wire
from layerw.net.calls import Bucket, Call, Calls, plain
from layerw.net.interest import Interest
from layerw.net.packing import Damaged, pack_cells
from layerw.net.player import Player
from layerw.net.schema import LOOK, Schema
from layerw.net.seen import LookNumbers
from layerw.net.settings import Settings
from layerw.net.snapshots import KEPT, Cells, Ring, Snapshot, cell_of, nothing
from layerw.net.transport import Transport
from layerw.scene.components import PLAYER

PLAYERS_MAX = 1000
GREETING_S = 5.0  # in which a new connection has to say what it is
KEPT_S = 30.0  # that a player without a connection is kept
MESSAGES_A_SECOND = 240.0
REFUSALS_MAX = 50  # calls that were refused, before the connection is; one a second is forgiven
NUMBERS = 65_535  # of players: then they begin again at those that nobody has
LOOK_BYTES_A_TICK = 128 * 1024  # to one client
WHOLE_EACH_S = 1.0  # to a client that has acknowledged nothing lately


@dataclass(eq=False, slots=True)
class Client:
    """A player's connection."""

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


class Authority:
    """One room."""

    def __init__(self, port: SubsystemPort, settings: Settings, calls: Calls, schema: Schema) -> None:
        self._port, self._settings, self._calls, self.schema = port, settings, calls, schema
        self._secret, self.room = secrets.token_bytes(32), secrets.token_hex(8)
        self.clients: dict[int, Client] = {}
        self._greeting: list[tuple[Transport, float]] = []
        self._joined = self._number = 0
        self.tick, self._frames = 0, 0
        self._ring, self._cells = Ring(), Cells(port.table.capacity)
        self._cell_m = settings.cell_m
        self._looks = LookNumbers(port)
        self.owners = np.zeros(port.table.capacity, np.uint16)  # by row, of a spawn's `owner`
        self._births = np.zeros(port.table.capacity, np.uint32)
        self.on_join: list[Callable[[Player], Any]] = []
        self.on_leave: list[Callable[[Player], Any]] = []
        self.sent_bytes = self.snapshots = 0
        self._players_changed = False
        self.arrivals: deque[Transport] = deque()  # other threads may append

    @property
    def players(self) -> list[Player]:
        """Those that are kept, connected or not, by number."""
        return [self.clients[number].player for number in sorted(self.clients)]

    # -- before the program ----------------------------------------------------------------------

    def receive(self) -> None:
        """Takes in what came."""
        now = self._port.now_s()
        while self.arrivals:
            self._greeting.append((self.arrivals.popleft(), now))
        for client in list(self.clients.values()):
            with self._alone(client.transport):
                self._hear(client, now)
        for greeting in list(self._greeting):
            with self._alone(greeting[0]):
                self._greet(*greeting, now)
        if self._players_changed:
            self._players_changed = False
            self._tell_players()

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
        self._join(transport, hello.get("token"))

    def _refusal(self, hello: dict[str, Any]) -> str:
        theirs, ours = hello.get("schema"), self.schema.hash
        if theirs != ours:
            return (f"This program shares other components than the server's ({str(theirs)[:32]!r}, and the server has "
                    f"{ours!r}): one of them is older. Reload the page.")  # fmt: skip
        here = sum(one.transport is not None for one in self.clients.values())
        if here >= self._settings.players_max and self._returning(hello.get("token")) is None:
            return f"The room is full: it has {self._settings.players_max} players."
        return ""

    def _join(self, transport: Transport, token: object) -> None:
        client = self._returning(token)
        new = client is None
        if client is None:
            client = self._new(transport)
        elif client.transport is not None:
            client.transport.close("The player connected again from elsewhere.")
        client.transport, client.acked, client.looks, client.whole_s = transport, 0, 0, -WHOLE_EACH_S
        client.refusals = Bucket(1.0, REFUSALS_MAX)
        client.told.clear()
        client.player._connected = True
        number = client.player.number
        self._say([client], wire.WELCOME, {"player": number, "token": self._token(client), "room": self.room,
                                         "tick_rate": self._settings.tick_rate})  # fmt: skip
        self._players_changed = True
        if new:
            for callback in list(self.on_join):
                self._port.user.call(callback, client.player)

    def _new(self, transport: Transport) -> Client:
        """A player who was not here. Where the room is full of those who are, who was lost first leaves."""
        while len(self.clients) >= self._settings.players_max:
            lost = [one for one in self.clients.values() if one.transport is None]
            self._leave(min(lost, key=lambda one: one.lost_s))
        self._joined += 1
        self._number = self._number % NUMBERS + 1
        while self._number in self.clients:
            self._number = self._number % NUMBERS + 1
        client = self.clients[self._number] = Client(Player(self._number), transport, self._joined)
        return client

    def _token(self, client: Client) -> str:
        of = f"{self.room} {client.player.number} {client.joined}"
        return f"{client.player.number}.{hmac.new(self._secret, of.encode(), sha256).hexdigest()}"

    def _returning(self, token: object) -> Client | None:
        if not isinstance(token, str) or not token.isascii() or len(token) > 100:
            return None
        given = token.partition(".")[0]
        if not given.isdecimal():
            return None
        client = self.clients.get(int(given))
        return client if client is not None and hmac.compare_digest(token, self._token(client)) else None

    def _hear(self, client: Client, now: float) -> None:
        transport = client.transport
        if transport is None:
            if now - client.lost_s > KEPT_S:
                self._leave(client)
            return
        for data in transport.take():
            try:
                if not client.messages.take(now):
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

    def _take(self, client: Client, data: bytes, now: float) -> None:
        kind = data[0] if data else 0
        if len(data) > wire.CLIENT_BYTES_MAX:
            raise Damaged(f"A message has {len(data)} bytes; at most {wire.CLIENT_BYTES_MAX} are taken.")
        if kind == wire.ACK:
            tick, client.shown = wire.read_ack(data)
            if tick in client.told and tick > client.acked:
                client.acked = tick
                client.told = {one: cells for one, cells in client.told.items() if one >= tick}
        elif kind == wire.CALL:
            self._called(client, data, now)
        else:
            raise Damaged(f"A message begins with {kind}, which no client's does.")

    def _called(self, client: Client, data: bytes, now: float) -> None:
        try:
            call, values, _ = self._calls.received(wire.read_value(data)[1], ("server", "all"))
            bucket = client.calls.setdefault(call.name, Bucket(call.rate))
            if not bucket.take(now):
                raise Damaged(f"{call.name} was called more than {call.rate:g} times a second.")
        except LayerwError as error:
            if not client.refusals.take(now):
                raise Damaged(f"More than {REFUSALS_MAX} calls were refused, the last one: {error}") from error
            return
        if call.to == "server":
            self._port.user.call(call.function, client.player, *values)
        else:
            self.call(call, values, client.player)

    def _leave(self, client: Client) -> None:
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

    def _say(self, to: list[Client], kind: int, value: object) -> bool:
        """Sends a value, packed once; whether there was anybody."""
        data, told = wire.value_message(kind, value), 0
        for client in to:
            if client.transport is not None:
                client.transport.send(data, reliable=True)
                told += 1
        self.sent_bytes += told * len(data)
        return told > 0

    def _tell_players(self) -> None:
        players = [one.player.number for one in self.clients.values() if one.player.connected]
        self._say(list(self.clients.values()), wire.PLAYERS, {"players": players})

    # -- after the program -----------------------------------------------------------------------

    def own(self, rows: Any, births: Any, player: Player) -> None:
        """A spawn's `owner`."""
        self.owners[rows], self._births[rows] = player.number, births

    def _owned(self) -> np.ndarray[Any, np.dtype[np.uint16]]:
        """By row, whose it is now; 0: nobody's, or the row is another entity's."""
        table = self._port.table
        return np.where((self._births == table.birth) & (table.birth != 0), self.owners, 0)

    def step(self) -> None:
        """The program ran a frame: a tick each so many."""
        self._frames += 1
        if self._frames % self._settings.frames_a_tick == 0:
            self._tick()

    def _tick(self) -> None:
        self.tick += 1
        table, schema = self._port.table, self.schema
        rows = schema.rows(table)
        rows = rows[table.serial[rows] != 0]
        owned = self._owned()
        self._write_owners(rows, owned)
        if self._cell_m != self._settings.cell_m:
            self._cell_m = self._settings.cell_m
            self._cells.forget()
            for client in self.clients.values():
                client.interest.forget()
        if all(one.transport is None for one in self.clients.values()):
            return
        position = table.position[rows]
        cells = self._cells.place(rows, table.birth[rows], position[:, 0], position[:, 2], self._cell_m)
        keys = cells << np.uint64(32) | table.serial[rows].astype(np.uint64)
        order = np.argsort(keys, kind="stable")
        words = schema.read(table, rows)
        words[:, LOOK] = self._looks.of(rows)
        now = Snapshot(self.tick, keys[order], words[order])
        self._ring.put(now)
        owners = owned[rows]
        mine = np.flatnonzero(owners)
        _, first = np.unique(owners[mine], return_index=True)
        places = {int(owners[mine[one]]): position[mine[one]] for one in first.tolist()}
        packed: dict[int, dict[int, bytes]] = {}
        for client in self.clients.values():
            if client.transport is not None and client.transport.waiting_bytes == 0:
                self._tell(client, now, packed, places.get(client.player.number))

    def _write_owners(self, rows: Any, owned: Any) -> None:
        """Fields of players that say nobody get the spawn's owner."""
        for one, part in self.schema.parts():
            attached = self._port.table.components.find(one.declared)
            if part.field.type is PLAYER and attached is not None:
                column = attached.columns[part.field.name].array
                unset = rows[(column[rows] == 0) & (owned[rows] != 0) & attached.present[rows]]
                column[unset] = owned[unset]

    def _tell(self, client: Client, now: Snapshot, packed: dict[int, dict[int, bytes]], place: Any) -> None:
        """One client's snapshot, of blocks that others get as well."""
        transport = client.transport
        assert transport is not None
        self._tell_looks(client, transport)
        position = client.player.position if client.player.position is not None else place
        column, row = (0, 0) if position is None else cell_of(float(position[0]), float(position[2]), self._cell_m)
        cells = client.interest.look(column, row, self._settings.radius)
        base = self._ring.find(client.acked)
        had = client.told.get(client.acked) if base is not None else None
        if base is None or had is None:
            clock = self._port.now_s()
            if client.looks < len(self._looks.messages) or clock - client.whole_s < WHOLE_EACH_S:
                return  # it could not show it, or it has not had the time to say that it has it
            base, had, client.whole_s = nothing(self.schema.width), frozenset(), clock
        delta = self._packed(packed, now, base)
        blocks = [wire.CellBlock(cell, wire.DELTA, delta[cell]) for cell in delta.keys() & cells & had]
        if cells - had:
            whole = self._packed(packed, now, nothing(self.schema.width))
            blocks += [wire.CellBlock(cell, wire.WHOLE, whole[cell]) for cell in whole.keys() & (cells - had)]
        blocks += [wire.CellBlock(cell, wire.DROPPED, b"") for cell in had - cells]
        large = {block.cell for block in blocks if len(block.data) > wire.BLOCK_BYTES_MAX}
        if large:
            self._port.log.warning(f"A cell takes more than {wire.BLOCK_BYTES_MAX} bytes and is not told; make "
                                   f"app.net.cell_m smaller, it is {self._cell_m:g}.")  # fmt: skip
            blocks = [block for block in blocks if block.cell not in large]
            blocks += [wire.CellBlock(cell, wire.DROPPED, b"") for cell in large & had]
            cells = cells - large
        client.told = {tick: told for tick, told in client.told.items() if tick > now.tick - KEPT}
        client.told[now.tick] = cells
        data = wire.snapshot_message(wire.SnapshotHead(now.tick, base.tick, 0), blocks)
        self.sent_bytes += len(data)
        self.snapshots += 1
        transport.send(data, reliable=False)

    def _tell_looks(self, client: Client, transport: Transport) -> None:
        """Those that it was not told of yet, as many as go in one tick."""
        left = LOOK_BYTES_A_TICK
        while left > 0 and client.looks < len(self._looks.messages):
            data = self._looks.messages[client.looks]
            transport.send(data, reliable=True)
            client.looks += 1
            left -= len(data)
            self.sent_bytes += len(data)

    def _packed(self, packed: dict[int, dict[int, bytes]], now: Snapshot, base: Snapshot) -> dict[int, bytes]:
        found = packed.get(base.tick)
        if found is None:
            found = packed[base.tick] = pack_cells(now, base)
        return found

    def close(self) -> None:
        """The room ends."""
        for client in self.clients.values():
            if client.transport is not None:
                client.transport.close("The room ended.")
        for transport, _ in self._greeting:
            transport.close("The room ended.")
        self.clients.clear()
        self._greeting.clear()
