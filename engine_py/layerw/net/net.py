"""Net: `app.net`, one program on two sides.

Owns: which side this is, and what both have: calls, settings, what is shared. The server's half is authority.py, the
client's client.py. Limits: one room an App; what is shared is what was declared when `app.connect()` is called, or the
room begins.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any, TypeVar

from layerw.base import checks
from layerw.base.errors import ConfigError, KindError
from layerw.base.settings import fixed_attributes
from layerw.frame.subsystems import SubsystemPort
from layerw.net.authority import PLAYERS_MAX, Authority
from layerw.net.calls import TO, Calls
from layerw.net.chat import Chat
from layerw.net.client import Client
from layerw.net.inputs import Inputs
from layerw.net.keeping import MAIN_ROOM, checked_room
from layerw.net.page_link import PageLink
from layerw.net.past import Rewound
from layerw.net.player import NAME_MAX, Player
from layerw.net.prediction import Prediction
from layerw.net.schema import Schema
from layerw.net.settings import TICK_RATES, Settings
from layerw.net.transport import Transport
from layerw.scene.components import PLAYER, declaration
from layerw.scene.entity import Entities

AnyCallback = TypeVar("AnyCallback", bound=Callable[..., Any])
RATE_MAX = 1000.0


@fixed_attributes
class Net:
    """`app.net`: who plays, how the connection is, and what the room is like."""

    def __init__(self, port: SubsystemPort) -> None:
        self._port, self._settings, self._calls = port, Settings(), Calls()
        self._authority: Authority | None = None
        self._client: Client | None = None
        self._page: PageLink | None = None
        self._prediction: Prediction | None = None
        self._name = ""
        self._chat = Chat(port.user, self._say)
        self._join: list[Callable[[Player], Any]] = []
        self._leave: list[Callable[[Player], Any]] = []
        self._is_server = bool(port.host.options().get("server"))
        self._room_name = str(port.host.options().get("room") or MAIN_ROOM)

    # -- what a program reads and sets -------------------------------------------------------------

    @property
    def state(self) -> str:
        """"server"; of a client "alone", "connecting", "connected", "lost" (it is tried again) or "refused"."""
        return "server" if self._is_server else "alone" if self._client is None else self._client.state

    @property
    def reason(self) -> str:
        """Why it is lost or refused; "" otherwise."""
        return "" if self._client is None else self._client.reason

    @property
    def player(self) -> Player | None:
        """Who plays here; None on the server and before the connection is there."""
        return None if self._client is None else self._client.player

    @property
    def players(self) -> list[Player]:
        """Everyone in the room, by number; on a client those that are connected."""
        if self._authority is not None:
            return self._authority.players
        return [] if self._client is None else [self._client.players[one] for one in sorted(self._client.players)]

    @property
    def room(self) -> str:
        """The name of the room: on the server the one that runs here, on a client what `app.connect` asked for."""
        return self._room_name

    @property
    def chat(self) -> Chat:
        """What players write to each other: `app.net.chat.say("hello")`, `app.net.chat.show(app.ui)`; see Chat."""
        return self._chat

    @property
    def name(self) -> str:
        """How who plays here is called, up to 32 characters; others see it as `player.name`. "": as the server says."""
        return self._name

    @name.setter
    def name(self, name: str) -> None:
        checks.instance("app.net.name", name, str, "a text (str)")
        if len(name) > NAME_MAX:
            raise ConfigError(f"app.net.name has {len(name)} characters; it takes up to {NAME_MAX}.")
        self._name = name
        if self._client is not None:
            self._client.rename(name)

    @property
    def ping_s(self) -> float:
        """Seconds to the server and back, the quickest of the last 8; 0 on the server, and before it is known."""
        return 0.0 if self._client is None else self._client.clock.ping_s

    @property
    def server_s(self) -> float:
        """The server's clock: seconds since its room began; the same everywhere, but for half of what ways differ."""
        now = self._port.now_s()
        return now if self._client is None else self._client.clock.server_s(now)

    def rewind(self, player: Player) -> Rewound:
        """Shared things as that player saw them when he did what the server hears now, up to 1 s ago: for rays and hits
        in a function of `app.rpc` or `app.predict`, on the server. See Rewound.

            @app.rpc(to="server", rate=5.0)
            def shoot(player, origin: lw.f32x3, direction: lw.f32x3):
                hit = app.net.rewind(player).ray(origin, direction, radius=0.4, height=1.8)
        """
        checks.instance("app.net.rewind player", player, Player, "a lw.Player")
        if not self._is_server:
            raise ConfigError("app.net.rewind is the server's; write it below `if app.is_server:` or in a call to it.")
        return self._room().rewind(player)

    @property
    def tick_rate(self) -> int:
        """Snapshots a second that the server sends: 5, 10, 12, 15, 20 (at first), 30 or 60."""
        return self._settings.tick_rate

    @tick_rate.setter
    def tick_rate(self, rate: int) -> None:
        if checks.whole("app.net.tick_rate", rate) not in TICK_RATES:
            raise ConfigError(f"app.net.tick_rate is {rate}; it is one of {', '.join(map(str, TICK_RATES))}.")
        self._settings.tick_rate = rate

    @property
    def cell_m(self) -> float:
        """Side of the cells by which players are told of things, metres: 32 at first."""
        return self._settings.cell_m

    @cell_m.setter
    def cell_m(self, size: float) -> None:
        self._settings.cell_m = checks.number("app.net.cell_m", size, 0.01, 1e6)

    @property
    def radius(self) -> int:
        """How many cells in each direction a player is told of, 2 at first; those leave one cell later."""
        return self._settings.radius

    @radius.setter
    def radius(self, radius: int) -> None:
        self._settings.radius = checks.whole("app.net.radius", radius, 0, 16)

    @property
    def players_max(self) -> int:
        """More are refused: 64 at first."""
        return self._settings.players_max

    @players_max.setter
    def players_max(self, count: int) -> None:
        self._settings.players_max = checks.whole("app.net.players_max", count, 1, PLAYERS_MAX)

    # -- what App hands on -------------------------------------------------------------------------

    def _connect(self, url: str | None, room: str | None) -> None:
        """See App.connect."""
        if url is not None:
            checks.text("app.connect url", url)
        if room is not None:
            self._room_name = checked_room("app.connect room", room)
            url = f"{(url or 'room').rstrip('/')}/{room}"
        if self._is_server or self._client is not None:
            return
        connector = getattr(self._port.host, "connector", None)
        if self._port.host.name == "browser":
            self._page = PageLink(self._port.send, url, self._port.log.info)
            page = self._page
            connect: Callable[[], Transport] = page.open
        elif connector is not None:
            connect = lambda: connector(url)  # noqa: E731
        else:
            self._port.log.warning("app.connect(): there is no room here; start the program with `layerw serve`.")
            return
        self._client = Client(self._port, self._calls, Schema(), connect, self._chat, self._name)
        if self._prediction is not None:
            self._client.predict(self._prediction)

    def _disconnect(self) -> None:
        """See App.disconnect."""
        client, self._client, self._page = self._client, None, None
        if client is not None:
            client.leave()

    def _on_join(self, callback: AnyCallback) -> AnyCallback:
        self._join.append(checks.callback("app.on_join's callback", callback, "player"))
        return callback

    def _on_leave(self, callback: AnyCallback) -> AnyCallback:
        self._leave.append(checks.callback("app.on_leave's callback", callback, "player"))
        return callback

    def _rpc(self, to: str, rate: float) -> Callable[[AnyCallback], AnyCallback]:
        checks.one_of("app.rpc to", to, TO)
        checks.number("app.rpc rate", rate, 0, RATE_MAX, above=True)

        def add(function: AnyCallback) -> AnyCallback:
            call = self._calls.add(function, to, rate)

            @wraps(function)
            def send(*values: Any) -> bool:
                player, values = _split(call.name, values) if to == "owner" else (None, values)
                checked = call.checked(values)
                if self._is_server:
                    return self._room().call(call, checked, player)
                if to == "owner":
                    raise ConfigError(f"{call.name} goes to a player's side; only the server calls it.")
                return self._client is not None and self._client.call(call, checked)

            return send  # type: ignore[return-value]

        return add

    def _predict(self, component: type, bounds: object) -> Callable[[Callable[..., Any]], Prediction]:
        declared = declaration(component)
        if not declared.shared or not any(field.type is PLAYER for field in declared.fields.values()):
            raise ConfigError(f"app.predict component {declared.name} says not whose it is; it is declared with "
                              "shared=True and has a field like `owner: lw.Player = None`.")  # fmt: skip
        limits = checks.mapping("app.predict bounds", bounds)
        if self._prediction is not None:
            raise ConfigError(f"app.predict was given {self._prediction._inputs.name} before; a program has one.")

        def make(function: Callable[..., Any]) -> Prediction:
            made = self._prediction = Prediction(function, Inputs(function, limits), declared, self._port.user)
            for side in (self._client, self._authority):
                if side is not None:
                    side.predict(made)
            return made

        return make

    def _check_owner(self, player: object) -> None:
        checks.instance("spawn owner", player, Player, "a lw.Player, as app.on_join gives it")

    def _own(self, entities: Entities, player: Player) -> None:
        """A spawn's owner."""
        rows = entities._numbers()
        if self._is_server:
            self._room().own(rows, self._port.table.birth[rows], player)

    def _say(self, text: str) -> bool:
        if self._is_server:
            return self._room().say(None, text)
        return self._client is not None and self._client.say(text)

    def _accept(self, transport: Transport) -> None:
        """The server's host has a new connection; from any thread."""
        self._room().arrivals.append(transport)

    def _room(self) -> Authority:
        if self._authority is None:
            self._authority = Authority(self._port, self._settings, self._calls, Schema(), self._chat)
            self._authority.on_join, self._authority.on_leave = self._join, self._leave
            if self._prediction is not None:
                self._authority.predict(self._prediction)
        return self._authority

    # -- the frame ---------------------------------------------------------------------------------

    def hooks(self) -> Mapping[str, Callable[..., Any]]:
        """For the frame: see frame/subsystems.py."""
        return {"before": self._before, "stepped": self._stepped, "after": self._after, "received": self._received,
                "report": self._report}  # fmt: skip

    def _before(self) -> None:
        if self._is_server:
            self._room().receive()
        elif (client := self._client) is not None:
            client.receive()
            client.show(self._port.dt_s())

    def _stepped(self, dt: float) -> None:
        if self._authority is not None:
            self._authority.step_fixed(dt)
        elif self._client is not None:
            self._client.step(dt)

    def _after(self, dt: float) -> None:
        if self._is_server:
            self._room().step()
        elif self._client is not None:
            self._client.catch_up()

    def _received(self, value: object) -> None:
        if self._page is not None:
            self._page.received(value)

    def _report(self) -> dict[str, Any]:
        found: dict[str, Any] = {"state": self.state, "players": len(self.players)}
        if self._authority is not None:
            found |= {"tick": self._authority.tick, "sent_bytes": self._authority.sent_bytes,
                      "snapshots": self._authority.telling.snapshots}  # fmt: skip
            found["states"] = self._authority.corrections
        elif self._prediction is not None:
            found |= {"corrections": self._prediction.corrections, "largest_m": self._prediction.largest_m}
        if self._client is not None:
            found |= {"received_bytes": self._client.received_bytes, "damaged": self._client.damaged,
                      "tick": round(self._client.shown_tick, 2)}  # fmt: skip
        return found

    def close(self) -> None:
        """The program ended."""
        if self._client is not None:
            self._client.close()
        if self._authority is not None:
            self._authority.close()


def _split(name: str, values: tuple[Any, ...]) -> tuple[Player, tuple[Any, ...]]:
    if not values or not isinstance(values[0], Player):
        given = checks.shown(values[0]) if values else "nothing"
        raise KindError(f"{name} was called with {given} first; it takes the lw.Player on whose side it shall run.")
    return values[0], values[1:]

