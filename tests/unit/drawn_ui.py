"""A person in front of `app.ui` drawn by the engine, and what the tests of it look at."""

from __future__ import annotations

from typing import Any

import numpy as np

import layerw as lw
from layerw.hosts.headless import HeadlessHost
from layerw.ui.native.boxes import Box
from layerw.ui.native.screen import Drawn


class Person:
    """Who looks at the screen and uses it."""

    def __init__(self, app: lw.App) -> None:
        self.app, self.host = app, app.host

    @property
    def drawn(self) -> Drawn:
        found: Any = self.app._engine.subsystems.find("ui")
        assert found is not None
        made: Drawn = found._drawn
        return made

    def frames(self, count: int = 1) -> None:
        self.host.step(self.app, count)
        assert self.app.report()["errors"] == []

    def box(self, widget: Any, part: str = "") -> Box:
        """Where a widget is, or a part of it."""
        whole = self.drawn.box(self.drawn.items.by_number[widget._id])
        return next(box for box in whole.all() if box.part == part) if part else whole

    def middle(self, widget: Any, part: str = "") -> tuple[float, float]:
        box = self.box(widget, part)
        return box.x + box.w / 2, box.y + box.h / 2

    def press(self, x: float, y: float, down: bool = True) -> None:
        self.host.send("pointer_button", 0, int(down), x, y)

    def click(self, widget: Any, part: str = "") -> None:
        x, y = self.middle(widget, part)
        self.click_at(x, y)

    def click_at(self, x: float, y: float) -> None:
        self.host.send("pointer_move", x, y, 0.0, 0.0)
        self.press(x, y)
        self.press(x, y, down=False)
        self.frames()

    def key(self, *codes: str) -> None:
        """Presses keys, those before a "+" held."""
        for code in codes:
            *held, last = code.split("+")
            for one in (*held, last):
                self.host.key(one)
            for one in (last, *held):
                self.host.key(one, down=False)
        self.frames()

    def type(self, words: str) -> None:
        self.host.send("typed", words)
        self.frames()

    @property
    def focused(self) -> int:
        return self.drawn.state.focused


def begun() -> lw.App:
    """An app in front of which a person can sit."""
    return lw.App(host=HeadlessHost(options={"ui": "drawn"}, size=(800, 600)))


def seated(app: lw.App) -> Person:
    """One who sees its first picture."""
    found = Person(app)
    found.frames(2)  # the second one knows the canvas
    return found


def quads(app: lw.App) -> Any:
    """What is drawn, all of it."""
    drawn: Any = Person(app).drawn
    return np.concatenate([part.quads for root in drawn._shown for part in root.parts or ()])


def where(box: Box) -> tuple[float, ...]:
    return box.x, box.y, box.w, box.h
