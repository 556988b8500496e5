"""`app.ui`: the widgets of a program, and its half of what the page shows.

Owns: how widgets are made, one patch a frame to web/page/subsystems/ui.js, what comes back. Headless there is no page;
everything else is the same. Does not: know HTML.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

import numpy.typing as npt

from layerw.base.errors import HandleError
from layerw.base.settings import fixed_attributes
from layerw.frame.subsystems import SubsystemPort
from layerw.scene.entity import Entity
from layerw.ui.containers import At, Column, Dialog, Grid, Panel, Row, follow
from layerw.ui.controls import Checkbox, Input, List, Select, Slider
from layerw.ui.shown import Bar, Image, Markdown
from layerw.ui.tree import Tree
from layerw.ui.values import theme
from layerw.ui.widgets import Button, Text, Widget

if TYPE_CHECKING:
    from layerw.ui.native.screen import Drawn

W = TypeVar("W", bound=Widget)
Style = Mapping[str, Any] | None


@fixed_attributes
class Ui:
    """`app.ui`: words and controls above the picture, as HTML: keyboard, touch and screen readers have them too.

    What is made lies at its `anchor`, or in the container whose `with` block runs: `with app.ui.panel("Wind"): ...`.
    `anchor` and `style` of all of them: see Widget. What is wrong raises KindError, ConfigError or ShapeError; more
    than 16,384 widgets raise LayerwError.
    """

    def __init__(self, port: SubsystemPort) -> None:
        self._port, self._tree = port, Tree()
        self._following: list[At] = []
        self._dialogs: list[Dialog] = []
        self._has_ended = False
        self._drawn: Drawn | None = None
        options = port.host.options()
        if "drawn" in (options.get("ui"), options.get("query", {}).get("layerw-ui")):
            from layerw.ui.native.screen import Drawn

            self._drawn = Drawn(port, self._receive)

    # -- words and pictures --------------------------------------------------------------------

    def text(self, text: str, *, look: str = "plain", live: bool = False, anchor: str = "top left",
             style: Style = None) -> Text:  # fmt: skip
        """Words: `label = app.ui.text("Score 0")`, later `label.text = "Score 1"`.

        Args:
            text: shown as it is, markup too.
            look: "plain", "title", "heading", "small" or "mono".
            live: screen readers say what it becomes.
            anchor, style: see Widget.
        """
        return self._add(Text, text=text, look=look, live=live, anchor=anchor, style=style)

    def markdown(self, text: str, *, anchor: str = "center", style: Style = None) -> Markdown:
        """A longer text: headings, lists, **bold**, *italic*, `code`, [links](https://...) of Markdown.

        text, anchor, style: as for `text`.
        """
        return self._add(Markdown, text=text, anchor=anchor, style=style)

    def image(self, source: str | npt.ArrayLike, text: str, *, anchor: str = "top left", style: Style = None) -> Image:
        """A picture.

        Args:
            source: a file's address, from the program's folder; or pixels, (height, width, 3 or 4) uint8, sRGB.
            text: what it shows, for those who don't see it; "" where it only decorates.
            anchor, style: see Widget.
        """
        return self._add(Image, source=source, text=text, anchor=anchor, style=style)

    def bar(self, text: str, *, value: float = 1.0, high: float = 1.0, anchor: str = "top left",
            style: Style = None) -> Bar:  # fmt: skip
        """How much there is of something: `health = app.ui.bar("health")`, later `health.value = 0.4`.

        Args:
            text: its name.
            value: 0 to high. high: what a full one is.
            anchor, style: see Widget.
        """
        return self._add(Bar, text=text, high=high, value=value, anchor=anchor, style=style)

    # -- controls ------------------------------------------------------------------------------

    def button(self, text: str, *, anchor: str = "bottom", style: Style = None) -> Button:
        """A button: `@app.ui.button("Start")` above a function that takes nothing; or look at its `clicked`.

        text, anchor, style: as for `text`.
        """
        return self._add(Button, text=text, anchor=anchor, style=style)

    def slider(self, text: str, low: float, high: float, *, value: float | None = None, step: float | None = None,
               anchor: str = "top right", style: Style = None) -> Slider:  # fmt: skip
        """A number between two others: `knob = app.ui.slider("speed", 0.0, 10.0, value=1.0)`, later `knob.value`.

        Args:
            text: its name.
            low, high: the ends.
            value: at first; None is `low`.
            step: between two values; None: 1, 0.1, 0.01 …, for at least 50 steps.
            anchor, style: see Widget.
        """
        return self._add(Slider, text=text, low=low, high=high, value=value, step=step, anchor=anchor, style=style)

    def checkbox(self, text: str, *, value: bool = False, anchor: str = "top right", style: Style = None) -> Checkbox:
        """Yes or no: `sound = app.ui.checkbox("Sound", value=True)`, later `sound.value`.

        text: its name. value: at first. anchor, style: see Widget.
        """
        return self._add(Checkbox, text=text, value=value, anchor=anchor, style=style)

    def select(self, text: str, options: Iterable[str], *, value: str | None = None, anchor: str = "top right",
               style: Style = None) -> Select:  # fmt: skip
        """One of several texts: `level = app.ui.select("level", ["easy", "hard"])`, later `level.value`.

        Args:
            text: its name.
            options: at least one text, none of them twice.
            value: at first; None is the first.
            anchor, style: see Widget.
        """
        return self._add(Select, text=text, options=options, value=value, anchor=anchor, style=style)

    def input(self, text: str, *, value: str = "", placeholder: str = "", length_max: int = 1000, secret: bool = False,
              anchor: str = "top right", style: Style = None) -> Input:  # fmt: skip
        """A line to type: `name = app.ui.input("name")`, later `name.value`; `@name.on_enter` hears Enter.

        Args:
            text: its name.
            value: at first. placeholder: what stands there while it is empty.
            length_max: the most characters. secret: they are hidden.
            anchor, style: see Widget.
        """
        return self._add(Input, text=text, length_max=length_max, value=value, placeholder=placeholder, secret=secret,
                         anchor=anchor, style=style)  # fmt: skip

    def list(self, text: str, items: Iterable[str], *, value: int | None = None, anchor: str = "left",
             style: Style = None) -> List:  # fmt: skip
        """Rows of words, of which one is chosen: `saves = app.ui.list("saves", names)`, later `saves.value`.

        Args:
            text: its name.
            items: up to 10,000 texts.
            value: the number of the chosen row, or None.
            anchor, style: see Widget.
        """
        return self._add(List, text=text, items=items, value=value, anchor=anchor, style=style)

    # -- containers ----------------------------------------------------------------------------

    def row(self, *, anchor: str = "bottom", style: Style = None) -> Row:
        """What is made in its `with` block lies beside each other. anchor, style: see Widget."""
        return self._add(Row, anchor=anchor, style=style)

    def column(self, *, anchor: str = "left", style: Style = None) -> Column:
        """What is made in its `with` block lies below each other. anchor, style: see Widget."""
        return self._add(Column, anchor=anchor, style=style)

    def grid(self, columns: int, *, anchor: str = "center", style: Style = None) -> Grid:
        """What is made in its `with` block lies in so many columns, 1 to 64. anchor, style: see Widget."""
        return self._add(Grid, columns=columns, anchor=anchor, style=style)

    def panel(self, title: str = "", *, anchor: str = "top right", style: Style = None) -> Panel:
        """A surface with a title, for what is made in its `with` block. anchor, style: see Widget."""
        return self._add(Panel, title=title, anchor=anchor, style=style)

    def dialog(self, title: str, *, visible: bool = True, style: Style = None) -> Dialog:
        """A panel before everything else, which keeps the keyboard until it is hidden or closed.

        Args:
            title: above what is made in its `with` block.
            visible: whether it is there now; `dialog.visible = True` shows it later.
            style: see Widget.
        """
        made = self._add(Dialog, title=title, visible=visible, anchor="center", style=style)
        self._dialogs.append(made)
        return made

    def at(self, entity: Entity, *, offset: npt.ArrayLike = (0.0, 0.0, 0.0), style: Style = None) -> At:
        """What is made in its `with` block stands above an entity in the picture and follows it.

        Args:
            entity: when it is despawned, this closes.
            offset: (3,) world metres from it.
            style: see Widget.

        It does not hide behind things; it is not there while the entity is out of the picture.
        """
        made = self._add(At, entity=entity, offset=offset, anchor="center", style=style)
        self._following.append(made)
        return made

    def theme(self, **values: Any) -> None:
        """Looks of all widgets: `app.ui.theme(accent="tomato", size=16)`; None takes one back.

        values: accent, on_accent (words on it), text, muted, surface, line: CSS colours; font: a family; size, radius,
        gap, blur: pixels. CSS of the page sets the same: `layer-w { --ui-accent: tomato }`.
        """
        self._tree.theme(theme("app.ui.theme", values))

    def _check_open(self) -> None:
        if self._has_ended:
            raise HandleError("app.ui ended with its App, which was closed.")

    def _add(self, kind: Callable[..., W], **values: Any) -> W:
        self._check_open()
        made = kind(self._tree, self._port.user, values)
        self._port.own(made.close, lambda: made.closed)
        return made

    # -- as a subsystem ------------------------------------------------------------------------

    def hooks(self) -> Mapping[str, Callable[..., Any]]:
        """See frame.subsystems.Subsystem."""
        drawn = self._drawn
        own: dict[str, Callable[..., Any]] = {"received": self._receive, "after": self._end_clicks,
                                              "placed": self._flush, "report": self._report}  # fmt: skip
        return own if drawn is None else own | {"events": drawn.events, "before": drawn.before}

    def close(self) -> None:
        """The program ended."""
        self._has_ended = True
        for node in self._tree.nodes.values():
            node._ended()
        if self._drawn is not None:
            self._drawn.close()

    def _receive(self, value: Any) -> None:
        """What a person did: {"id", "event", "value"}."""
        node = self._tree.nodes.get(value["id"])
        if node is not None:  # it may have been closed meanwhile
            node._heard(value["event"], value.get("value"))

    def _end_clicks(self, _: float) -> None:
        self._tree.pass_clicks()

    def _flush(self) -> None:
        if self._following:
            self._following = [at for at in self._following if not at.closed]
            follow(self._following, self._port.placed().position, self._port.camera(), self._port.input.size)
        if self._dialogs:
            self._dialogs = [dialog for dialog in self._dialogs if not dialog.closed]
            self._port.overlay.has_dialog = any(dialog.visible for dialog in self._dialogs)
        if self._drawn is None:
            self._tree.flush(self._port.send)
        else:
            self._tree.flush(self._drawn.receive)
            self._drawn.step()

    def _report(self) -> dict[str, Any]:
        return {"widgets": len(self._tree.nodes), "patches": self._tree.patches}
