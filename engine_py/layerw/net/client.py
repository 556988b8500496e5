"""A client: it shows what the authority says, a little in the past, so that there is a next snapshot to blend to.

Owns: the connection and its coming back, the snapshots of the last second, and the rows of what they tell. Does not
decide anything. What can't be read is told and left out: the next snapshot is then a difference to an older one.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from layerw.base.errors import LayerwError
from layerw.base.program_clock import FIXED_S, FIXED_STEPS_MAX, ROUNDING
from layerw.frame.subsystems import SubsystemPort
from layerw.net import presence, wire
from layerw.net.calls import Bucket, Call, Calls, plain
from layerw.net.chat import AT_ONCE, RATE, Chat
from layerw.net.clock import ServerClock
from layerw.net.input_queue import CREDIT_MAX
from layerw.net.packing import CellRows, Damaged, Ids, unpack_cell
from layerw.net.player import Player
from layerw.net.prediction import Prediction
from layerw.net.predictor import Predictor
from layerw.net.schema import LOOK, Schema, Words
from layerw.net.seen import KnownLooks
from layerw.net.shown import ShownRows
from layerw.net.snapshots import KEPT
from layerw.net.transport import Transport
from layerw.net.wall import Wall

BEHIND_S = 0.1  # what is shown is so much older than what has come
RETRY_S = (0.5, 1.0, 2.0, 4.0, 8.0)
UNPACKED_WORDS_MAX = 1 << 20
DRIFT = 0.002  # seconds a second by which the server's clock is believed to have moved
SILENT_S = 2.0  # of frames: a line that loses messages is told of no end where the room's process dies
COUNTED_S = 0.1  # of a frame that took longer: what came meanwhile is not read before the next
RECENT = 2  # snapshots in a row later than LATE_S: the server stood still or is slow, and its clock is believed anew
OF_A_FRAME = 0.25  # that catching up may take
LATE_S, SLOWER = 0.025, 0.5  # and meanwhile what is shown runs so much slower
Cells = dict[int, CellRows]


@dataclass(frozen=True, slots=True)
class Known:
    """A snapshot as the client has it."""

    tick: int
    cells: Cells
    ids: Ids
    words: Words


class Client:
    """One connection after the other to one room."""

    def __init__(self, port: SubsystemPort, calls: Calls, schema: Schema, connect: Callable[[], Transport],
                 chat: Chat, name: str) -> None:  # fmt: skip
        self._port, self._calls, self.schema, self._connect = port, calls, schema, connect
        self.state, self.reason = "connecting", ""
        self.player: Player | None = None
        self.players: dict[int, Player] = {}
        self.tick_rate = 20
        self._transport: Transport | None = connect()
        self._token, self._room, self._tries, self._retry_s = "", "", 0, 0.0
        self._looks = KnownLooks(port)
        self._rows = ShownRows(port.table, schema, self._looks)
        self._known: dict[int, Known] = {}
        self._ahead_s: float | None = None  # the clock here less the server's, with the quickest way here
        self._late_s: deque[float] = deque(maxlen=RECENT)  # the same of each of the last snapshots
        self._scratch = np.empty(UNPACKED_WORDS_MAX, np.uint32)
        self._buckets: dict[str, Bucket] = {}
        self.shown_tick = 0.0
        self._predictor: Predictor | None = None
        self.received_bytes = self.damaged = 0
        self._chat, self._says = chat, Bucket(RATE, AT_ONCE)
        self.name, self._greeted, self.clock = name, name, ServerClock()
        self._wall, self._frame_s, self._stepped = Wall(port.host), 0.0, 0
        self._rest_s = self._silent_s = 0.0
        self._at_s = self._wall.seconds() or 0.0
        self._hello()

    def rename(self, name: str) -> None:
        """The player is called so."""
        self.name = name
        if self.state == "connected" and self._transport is not None:
            self._transport.send(wire.value_message(wire.NAME, {"name": name}), reliable=True)

    def say(self, text: str) -> bool:
        """A line to everyone; False: not connected, or too much."""
        if self.state != "connected" or self._transport is None or not self._says.take(self._port.now_s()):
            return False
        self._transport.send(wire.value_message(wire.SAY, {"text": text}), reliable=True)
        return True

    def _hello(self) -> None:
        assert self._transport is not None
        self._greeted = self.name
        hello = {"schema": self.schema.hash, "token": self._token, "name": self.name}
        self._transport.send(wire.value_message(wire.HELLO, hello), reliable=True)

    def receive(self) -> None:
        """Takes in what came, and connects again where it has to."""
        now, wall = self._port.now_s(), self._wall.seconds() or 0.0
        self._frame_s, self._at_s, self._stepped = wall - self._at_s, wall, 0
        if self._transport is None:
            if self.state == "lost" and now >= self._retry_s:
                self._transport, self._silent_s = self._connect(), 0.0
                self._hello()
            return
        self._silent_s += min(self._frame_s, COUNTED_S)
        for data in self._transport.take():
            self._silent_s = 0.0
            if self._transport is None:
                return  # the program left, of what a message made it do
            self.received_bytes += len(data)
            try:
                self._take(data, now)
            except Damaged as error:
                self.damaged += 1
                if self.damaged == 1:
                    self._port.log.warning(f"A message of the server is left out: {error}")
        if self.state == "connected" and self._transport is not None and self.clock.due(now):
            self._transport.send(wire.ping_message(now), reliable=False)
        if self._transport is not None and self._transport.loses and self._silent_s > SILENT_S:
            self._transport.close(f"The room said nothing for {SILENT_S:g} s.")
        if self._transport is not None and self._transport.closed:
            self._lost(now)

    def _lost(self, now: float) -> None:
        assert self._transport is not None
        why, self._transport = self._transport.closed, None
        if self.state == "refused":
            return
        wait = RETRY_S[min(self._tries, len(RETRY_S) - 1)]
        if self.state != "lost":
            self._port.log.warning(f"The connection to the room is lost ({why}); it is tried again.")
        self.state, self.reason, self._retry_s, self._tries = "lost", why, now + wait, self._tries + 1

    def _take(self, data: bytes, now: float) -> None:
        kind = data[0] if data else 0
        if kind == wire.SNAPSHOT:
            return self._take_snapshot(data, now)
        if kind == wire.STATE and self._predictor is not None:
            return self._predictor.correct(data)
        if kind == wire.PONG:
            return self.clock.heard(*wire.read_pong(data), now)
        value = wire.read_value(data)[1]
        if not isinstance(value, dict):
            raise Damaged("A value is none.")
        if kind == wire.WELCOME:
            self._welcome(value)
        elif kind == wire.REFUSED:
            self.state, self.reason = "refused", str(value.get("reason"))
            self._port.log.error(f"The server refused: {self.reason}")
        elif kind == wire.LOOKS:
            self._looks.learn(value)
        elif kind == wire.CALL:
            self._called(value)
        elif kind == wire.LINES:
            self._chat._taken(value)
        elif kind == wire.PLAYERS:
            presence.learn(self.players, value)
        else:
            raise Damaged(f"A message begins with {kind}.")

    def _welcome(self, value: dict[str, Any]) -> None:
        try:
            number, rate = int(value["player"]), int(value["tick_rate"])
            self._token = str(value["token"])
            room = str(value["room"])
            assert rate > 0
        except (KeyError, TypeError, ValueError, OverflowError, AssertionError) as error:
            raise Damaged("The welcome can't be read.") from error
        if room != self._room:
            self._room = room
            self._looks.forget()
            self._rows.clear()
            self.players.clear()
        self.player = self.players.setdefault(number, Player(number))
        self.tick_rate, self.state, self.reason, self._tries = rate, "connected", "", 0
        self._known.clear()
        if self._predictor is not None:
            self._predictor.restart()
        self._late_s.clear()
        self._ahead_s = None
        if self.name != self._greeted:
            self.rename(self.name)

    def _called(self, value: dict[str, Any]) -> None:
        try:
            call, values, number = self._calls.received(value, ("all", "owner"))
        except LayerwError as error:
            raise Damaged(str(error)) from error
        player = self.player if call.to == "owner" else self.players.get(number)
        self._port.user.call(call.function, player, *values)

    def call(self, call: Call, values: list[Any]) -> bool:
        """Sends it to the server; False: not connected, or too often."""
        bucket = self._buckets.setdefault(call.name, Bucket(call.rate))
        if self.state != "connected" or self._transport is None or not bucket.take(self._port.now_s()):
            return False
        message = {"call": call.name, "values": plain(values), "shown": int(self.shown_tick * 1000)}
        self._transport.send(wire.value_message(wire.CALL, message), reliable=True)
        return True

    # -- the player's own ------------------------------------------------------------------------

    def predict(self, prediction: Prediction) -> None:
        """The player's things move by this. Raises ConfigError."""
        self._predictor = Predictor(self._port, prediction, self.schema)

    def step(self, dt: float) -> None:
        """A fixed step, after everything else's."""
        self._stepped += 1
        transport = self._transport
        if self._predictor is not None and self.state == "connected" and transport is not None:
            self._predictor.step(dt, self.shown_tick, self.clock.ping_s,
                                 lambda data: transport.send(data, reliable=False), loses=transport.loses)  # fmt: skip

    def catch_up(self) -> None:
        """The fixed steps of a frame were run. Where it took longer than they are, as a page's that loads something,
        the player's own goes on for all of it, as far as the server makes up for; the program does not."""
        if self._predictor is None or self._stepped < FIXED_STEPS_MAX:
            self._rest_s = 0.0
            return
        begun, due_s = self._wall.seconds() or 0.0, self._frame_s + self._rest_s
        due = int(due_s / FIXED_S + ROUNDING)
        self._rest_s = max(due_s - due * FIXED_S, 0.0)  # for the next frame, if that is as long
        for _ in range(min(due, CREDIT_MAX) - self._stepped):
            self.step(FIXED_S)
            if (self._wall.seconds() or 0.0) - begun > OF_A_FRAME * self._frame_s:
                return  # steps so slow would make every frame longer than the one before

    # -- snapshots -------------------------------------------------------------------------------

    def _take_snapshot(self, data: bytes, now: float) -> None:
        head, blocks = wire.read_snapshot(data)
        newest = max(self._known, default=0)
        if head.tick in self._known or head.tick <= newest - KEPT:
            return
        base: Cells = {}
        if head.base:
            known = self._known.get(head.base)
            if known is None:
                return  # it came before what it is a difference to was read, or after that was forgotten
            base = known.cells
        cells = dict(base)
        nothing = CellRows(np.zeros(0, np.uint32), np.zeros((0, self.schema.width), np.uint32))
        for cell, kind, block in blocks:
            if kind == wire.DROPPED:
                cells.pop(cell, None)
            else:
                before = nothing if kind == wire.WHOLE else cells.get(cell, nothing)
                cells[cell] = unpack_cell(block, before, self.schema.width, self._scratch)
        ids = np.concatenate([one.ids for one in cells.values()] or [np.zeros(0, np.uint32)])
        words = np.concatenate([one.words for one in cells.values()] or [nothing.words])
        order = np.argsort(ids, kind="stable")
        ids, words = ids[order], words[order]
        if len(ids) > 1 and (ids[1:] == ids[:-1]).any():
            raise Damaged("An entity is in two cells.")
        if not self._looks.knows(words[:, LOOK]):
            return  # what tells it is on its way
        self._known[head.tick] = Known(head.tick, cells, ids, words)
        for old in [tick for tick in self._known if tick <= max(newest, head.tick) - KEPT]:
            del self._known[old]
        self._time(now - head.tick / self.tick_rate)
        if self._predictor is not None:
            self._predictor.acknowledge(head.inputs)
        if self._transport is not None:
            self._transport.send(wire.ack_message(head.tick, self.shown_tick), reliable=False)

    @property
    def behind_s(self) -> float:
        """What is shown is so much older than what has come: two ticks at least."""
        return max(BEHIND_S, 2 / self.tick_rate)

    def _time(self, late_s: float) -> None:
        """What the server's clock is, from one more snapshot."""
        self._late_s.append(late_s)
        self._ahead_s = late_s if self._ahead_s is None else min(late_s, self._ahead_s)

    def _wait(self, now: float, dt: float) -> None:
        """Where all the last snapshots were late, what is shown stops at the newest and lets it run ahead again: it
        never goes back."""
        assert self._ahead_s is not None
        if len(self._late_s) == RECENT and (least := min(self._late_s)) > self._ahead_s + LATE_S:
            at_newest = now - self.behind_s - max(self._known) / self.tick_rate
            self._ahead_s = min(least, max(self._ahead_s + SLOWER * dt, at_newest))

    def show(self, dt: float) -> None:
        """Brings what is shown up to this frame."""
        if not self._known or self._ahead_s is None:
            return
        now = self._port.now_s()
        self._ahead_s += DRIFT * dt
        self._wait(now, dt)
        wanted = (now - self._ahead_s - self.behind_s) * self.tick_rate
        ticks = sorted(self._known)
        past = [tick for tick in ticks if tick <= wanted]
        one = self._known[past[-1] if past else ticks[0]]
        later = [tick for tick in ticks if tick > one.tick]
        other = self._known[later[0]] if later else one
        share = 0.0 if other is one else min(max((wanted - one.tick) / (other.tick - one.tick), 0.0), 1.0)
        self.shown_tick = one.tick + share * (other.tick - one.tick)
        self._rows.show((one.ids, one.words, one.tick), (other.ids, other.words), share)
        if self._predictor is not None and self.player is not None:
            self._predictor.claim(self.player, self._rows.numbers)
            self._predictor.show(dt)
            self._rows.held = self._predictor.declared, np.array(self._predictor.serials, np.uint32)

    def leave(self) -> None:
        """Ends it for good: the player does not come back, and what was told goes."""
        if self._transport is not None:
            self._transport.send(bytes([wire.BYE]), reliable=True)
        self.close()
        self._known.clear()
        self._rows.clear()
        if self._predictor is not None:
            self._predictor.forget()

    def close(self) -> None:
        """Ends it."""
        if self._transport is not None:
            self._transport.close("The program ended.")
        self._transport = None

