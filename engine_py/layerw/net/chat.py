"""Chat: what players write to each other, `app.net.chat`.

Owns: the last lines, what a line may be, and the widget that shows them. The server hands lines on, to who comes later
as well; its program may change or refuse them. Limits: TEXT_MAX characters a line, KEPT lines, RATE lines a second.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from layerw.base import checks
from layerw.base.errors import KindError
from layerw.base.names import frozen
from layerw.base.settings import fixed_attributes
from layerw.base.user_code import UserCode
from layerw.net.packing import Damaged
from layerw.net.player import NAME_MAX, Player
from layerw.net.presence import cleaned

if TYPE_CHECKING:
    from layerw.ui.containers import Panel
    from layerw.ui.ui import Ui
    from layerw.ui.widgets import Text

TEXT_MAX, KEPT = 300, 50
RATE, AT_ONCE = 1.0, 5.0  # lines a second of one player, and how many at once
SHOWN_MAX = 30
Made = TypeVar("Made", bound=Callable[..., Any])


@frozen
class ChatLine(NamedTuple):
    """One line. player: the number of who wrote it, 0: the server. name: of then. text: shown as it is, markup too."""

    player: int
    name: str
    text: str


@fixed_attributes
class Chat:
    """`app.net.chat`: `.say("hello")` to everyone, `.lines`, and `.show(app.ui)`, a panel to read and write."""

    def __init__(self, user: UserCode, send: Callable[[str], bool]) -> None:
        self._user, self._send = user, send
        self._lines: deque[ChatLine] = deque(maxlen=KEPT)
        self._on_line: list[Callable[[ChatLine], Any]] = []
        self._filter: Callable[[Player, str], Any] | None = None
        self._panels: list[_Shown] = []

    @property
    def lines(self) -> list[ChatLine]:
        """The last 50, the newest last; also those that were written before one came."""
        return list(self._lines)

    def say(self, text: str) -> bool:
        """Writes a line to everyone, of up to 300 characters; the server's own has no name. False: there is no
        connection, nothing to read in it, or it is too much at once: 5 lines, and one a second."""
        if len(checks.text("app.net.chat.say text", text)) > TEXT_MAX:
            raise KindError(f"app.net.chat.say text has {len(text)} characters; a line takes up to {TEXT_MAX}.")
        found = cleaned(text, TEXT_MAX)
        return bool(found) and self._send(found)

    def on_line(self, function: Made) -> Made:
        """Decorator: calls the function with each new ChatLine, on all sides."""
        self._on_line.append(checks.callback("app.net.chat.on_line's function", function, "line"))
        return function

    def filter(self, function: Made) -> Made:
        """Decorator, on the server: the function gets the lw.Player and his text, and gives the text that everyone
        gets; None: nobody gets it."""
        self._filter = checks.callback("app.net.chat.filter's function", function, "player", "text")
        return function

    def show(self, ui: Ui, *, anchor: str = "bottom left", lines: int = 8) -> Panel:
        """A panel with the last lines and a field to write in: `app.net.chat.show(app.ui)`. Screen readers say what
        is new.

        Args:
            ui: app.ui.
            anchor: where it lies, see Widget.
            lines: how many are seen, 1 to 30.
        """
        from layerw.ui.ui import Ui as Kit

        checks.instance("app.net.chat.show ui", ui, Kit, "app.ui")
        shown = _Shown(self, ui, anchor, checks.whole("app.net.chat.show lines", lines, 1, SHOWN_MAX))
        self._panels.append(shown)
        return shown.panel

    # -- what the network hands on -----------------------------------------------------------------

    def _line(self, player: Player | None, text: str) -> ChatLine | None:
        """On the server: the line that everyone gets."""
        if player is not None and self._filter is not None:
            came, found = self._user.ask(self._filter, player, text)
            text = cleaned(found, TEXT_MAX) if came else ""
        return ChatLine(0, "", text) if player is None else ChatLine(player.number, player.name, text) if text else None

    def _heard(self, lines: list[ChatLine]) -> None:
        """New ones."""
        self._lines += lines
        self._panels = [one for one in self._panels if one.lay(self._lines)]
        for line in lines:
            for function in list(self._on_line):
                self._user.call(function, line)

    def _taken(self, value: dict[str, Any]) -> None:
        """What the server tells a client. Raises Damaged."""
        try:
            lines = [ChatLine(int(number), cleaned(name, NAME_MAX), cleaned(text, TEXT_MAX))
                     for number, name, text in value["lines"][-KEPT:]]  # fmt: skip
        except (KeyError, TypeError, ValueError, OverflowError) as error:
            raise Damaged("Lines of the chat can't be read.") from error
        if not value.get("before"):
            return self._heard(lines)
        self._lines.clear()
        self._lines += lines
        self._panels = [one for one in self._panels if one.lay(self._lines)]


class _Shown:
    """The panel: the last line is the one that screen readers follow."""

    def __init__(self, chat: Chat, ui: Ui, anchor: str, count: int) -> None:
        self._chat = chat
        self.panel = ui.panel("Chat", anchor=anchor, style={"width": 300})
        with self.panel, ui.column():
            self._texts: list[Text] = [ui.text("", live=place + 1 == count) for place in range(count)]
            self._field = ui.input("Say", placeholder="Enter sends it", length_max=TEXT_MAX)
            self._note = ui.text("", look="small", live=True)
        self._field.on_enter(self._enter)
        self.lay(chat._lines)

    def _enter(self, text: str) -> None:
        if not text.strip():
            return
        said = self._chat.say(text)
        self._note.text = "" if said else "Not sent: not connected, or too much at once. Try again."
        if said:
            self._field.value = ""

    def lay(self, lines: deque[ChatLine]) -> bool:
        """Shows the last ones; whether it is still there."""
        if self.panel.closed:
            return False
        last = [f"{line.name}: {line.text}" if line.name else line.text for line in lines][-len(self._texts) :]
        for text, line in zip(self._texts, [""] * (len(self._texts) - len(last)) + last, strict=True):
            text.text, text.visible = line, bool(line) or text is self._texts[-1]
        return True
