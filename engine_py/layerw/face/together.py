"""Several players in one world."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from layerw.face.part import Part

if TYPE_CHECKING:  # imported where they are first used
    from layerw.net.net import Net
    from layerw.net.prediction import Prediction

AnyCallback = TypeVar("AnyCallback", bound=Callable[[Any], Any])
Rpc = TypeVar("Rpc", bound=Callable[..., Any])


class Together(Part):
    """Several players in one world."""

    __slots__ = ()

    @property
    def is_server(self) -> bool:
        """Whether this is the side that decides: `layerw serve` runs it; in a page False."""
        return bool(self._engine.host.options().get("server"))

    @property
    def net(self) -> Net:
        """Who plays, and how the connection is: `app.net.player`, `.players`, `.state`; see Net."""
        return self._net()

    def connect(self, url: str | None = None, *, room: str | None = None) -> None:
        """Joins a room; what is shared there is shown here from then on. Nothing on the server. See app.net.state.

        url: of another server, "wss://…/room"; None: the room of the server that the program came from. room: its name,
        of small letters, digits, - and _, where the server has several (`layerw serve --rooms`).
        """
        self.net._connect(url, room)

    def disconnect(self) -> None:
        """Leaves the room: what was told of it goes here, and the player's things there. `app.connect()` joins anew."""
        self.net._disconnect()

    def on_join(self, callback: AnyCallback) -> AnyCallback:
        """Decorator: calls the function on the server with the lw.Player who joined, once for each."""
        return self.net._on_join(callback)

    def on_leave(self, callback: AnyCallback) -> AnyCallback:
        """As `on_join`, with who left, 30 s after the connection was lost; then the player's entities are despawned."""
        return self.net._on_leave(callback)

    def rpc(self, to: str = "server", *, rate: float = 10.0) -> Callable[[Rpc], Rpc]:
        """Decorator: a function that runs on another side when it is called.

            @app.rpc(to="server", rate=5.0)
            def shoot(player, direction: lw.f32x3): ...

            shoot((0, 0, -1))      # on a client: the server runs it

        Args:
            to: "server"; "all": every client, also where a client calls it; "owner": the client of the lw.Player that
                is given first, called by the server.
            rate: calls a second that one player may make, above 0; more are dropped.

        `player` is who called it, None where the server did; with "owner" the player on whose side it runs. All other
        arguments have an annotation (float, int, bool, str, lw.f32x3 …), which is checked on both sides. The call gives
        False where nobody got it.
        """
        return self.net._rpc(to, rate)

    def predict(self, component: type, *,
                bounds: Mapping[str, Any] | None = None) -> Callable[[Callable[..., Any]], Prediction]:  # fmt: skip
        """Decorator: a function that moves what a player owns, at once where he plays and with the same inputs on the
        server, in steps of 1/60 s.

            @app.predict(Hero, bounds={"move": (-1, 1)})
            def walk(hero, dt, move: lw.f32x2, jump: bool):
                hero.move((4 * move[0], 0, -4 * move[1]), jump=jump)

            @walk.begin            # on both sides: what `hero` is
            def begin(entity): return lw.Character(app, entity)

            @walk.input            # where somebody plays
            def wish(): return stick.value, space.pressed

        Args:
            component: a shared one with a field `owner: lw.Player`; whoever has it and is a player's is moved by that
                player's inputs alone. All its fields are predicted, and a Character that `begin` gives.
            bounds: (lowest, highest) of inputs by name; what is beyond is brought within, on both sides.

        Inputs have annotations as arguments of `app.rpc`, but no texts. Where the server comes to something else, its
        state counts: the player's side goes on from there, and shows it going over in 0.1 s. See Prediction.
        """
        return self.net._predict(component, bounds)
