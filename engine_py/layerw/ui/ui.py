"""`app.ui`: the widgets of a program, and its half of what the page shows.

Owns: how widgets are made, one patch a frame to web/page/subsystems/ui.js, what comes back. Headless there is no page;
everything else is the same. Does not: know HTML.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from layerw.base.settings import fixed_attributes
from layerw.frame.subsystems import SubsystemPort
from layerw.ui.tree import Tree
from layerw.ui.values import theme
from layerw.ui.widgets import Button, Slider, Text, Widget

W = TypeVar("W", bound=Widget)


@fixed_attributes
class Ui:
    """`app.ui`: words and controls above the picture, as HTML: keyboard, touch and screen readers have them too.

    What is made lies at its `anchor`; see Widget for what all of them have.
    """

    def __init__(self, port: SubsystemPort) -> None:
        self._port, self._tree = port, Tree()

    def text(self, text: str, *, anchor: str = "top left", style: Mapping[str, Any] | None = None) -> Text:
        """Words: `label = app.ui.text("Score 0")`, later `label.text = "Score 1"`.

        Args:
            text: shown as it is, markup too.
            anchor, style: see Widget.

        Raises:
            KindError, ConfigError: an argument is not what it should be. LayerwError: there are too many widgets.
        """
        return self._add(Text, text=text, anchor=anchor, style=style)

    def button(self, text: str, *, anchor: str = "bottom", style: Mapping[str, Any] | None = None) -> Button:
        """A button: `@app.ui.button("Start")` above a function that takes nothing; or look at its `clicked`.

        text, anchor, style: as for `text`.
        """
        return self._add(Button, text=text, anchor=anchor, style=style)

    def slider(self, text: str, low: float, high: float, *, value: float | None = None, step: float | None = None,
               anchor: str = "top right", style: Mapping[str, Any] | None = None) -> Slider:  # fmt: skip
        """A number between two others: `knob = app.ui.slider("speed", 0.0, 10.0, value=1.0)`, later `knob.value`.

        Args:
            text: its name.
            low, high: the ends.
            value: at first; None is `low`.
            step: between two values; None: 1, 0.1, 0.01 …, for at least 50 steps.
            anchor, style: as for `text`.
        """
        return self._add(Slider, text=text, low=low, high=high, value=value, step=step, anchor=anchor, style=style)

    def theme(self, **values: Any) -> None:
        """Looks of all widgets: `app.ui.theme(accent="tomato", size=16)`; None takes one back.

        values: accent, on_accent (words on it), text, muted, surface, line: CSS colours; font: a family; size, radius,
        gap, blur: pixels. CSS of the page sets the same: `layer-w { --ui-accent: tomato }`.
        """
        self._tree.theme(theme("app.ui.theme", values))

    def _add(self, kind: Callable[..., W], **values: Any) -> W:
        made = kind(self._tree, self._port.user, 0, values)
        self._port.own(made.close, lambda: made.closed)
        return made

    # -- as a subsystem ------------------------------------------------------------------------

    def hooks(self) -> Mapping[str, Callable[..., Any]]:
        """See frame.subsystems.Subsystem."""
        return {"received": self._receive, "after": self._end_clicks, "placed": self._flush, "report": self._report}

    def close(self) -> None:
        """The program ended."""
        for node in self._tree.nodes.values():
            node._ended()

    def _receive(self, value: Any) -> None:
        """What a person did: {"id", "event", "value"}."""
        node = self._tree.nodes.get(value["id"])
        if node is not None:  # it may have been closed meanwhile
            node._heard(value["event"], value.get("value"))

    def _end_clicks(self, _: float) -> None:
        self._tree.pass_clicks()

    def _flush(self) -> None:
        self._tree.flush(self._port.send)

    def _report(self) -> dict[str, Any]:
        return {"widgets": len(self._tree.nodes), "patches": self._tree.patches}
