"""The widgets as the program has them, and what of them the page does not know yet.

Owns: their numbers, who lies in whom, and one patch a frame: {"make", "set", "drop", "theme", "focus"}.
Does not: know kinds.
Limits: WIDGETS_MAX at a time. A patch is one text, because the codec of messages walks every value in Python.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import ClassVar, Protocol

import numpy as np
import numpy.typing as npt

from layerw.base.errors import LayerwError

WIDGETS_MAX = 16_384


class Node(Protocol):
    """A widget, to the tree."""

    KIND: ClassVar[str]

    def _sent(self) -> dict[str, object]:
        """Its values as the page gets them, JSON."""
        ...

    def _heard(self, event: str, value: object) -> None:
        """What a person did with it."""
        ...

    def _passed(self) -> None:
        """The frame that saw its click is over."""
        ...

    def _ended(self) -> None:
        """It, or what it lies in, was closed."""
        ...


class Tree:
    """All widgets of a program."""

    def __init__(self) -> None:
        self.nodes: dict[int, Node] = {}
        self.parents: dict[int, int] = {}  # 0: it lies at its anchor
        self.clicked: list[Node] = []  # since the last frame
        self.inside: list[int] = []  # whose `with` block runs, the innermost last
        self.focused = 0  # who gets the keyboard with this frame
        self.pixels: dict[int, npt.NDArray[np.uint8]] = {}  # new ones of pictures, by number
        self.patches = 0
        self._last = 0
        self._made: dict[int, Node] = {}
        self._set: dict[int, dict[str, object]] = {}
        self._dropped: list[int] = []
        self._theme: dict[str, str] = {}

    def add(self, node: Node) -> int:
        """Its number; it lies in the container whose block runs. Raises LayerwError where there are too many."""
        parent = self.inside[-1] if self.inside else 0
        if parent and parent not in self.nodes:
            raise LayerwError("The container of this `with` block was closed; make a new one.")
        if len(self.nodes) >= WIDGETS_MAX:
            raise LayerwError(f"There are {WIDGETS_MAX} widgets already; close some, or show many rows as one "
                              "app.ui.list.")
        self._last += 1
        self.nodes[self._last] = self._made[self._last] = node
        self.parents[self._last] = parent
        return self._last

    def changed(self, number: int, name: str, value: object) -> None:
        """A value of it is another; value: JSON."""
        if number in self._made:
            return  # it goes whole
        found = self._set.get(number)
        if found is None:
            self._set[number] = {name: value}
        else:
            found[name] = value

    def drop(self, number: int) -> None:
        """It and what lies in it end."""
        ended, front = {number}, {number}
        while front:
            front = {child for child, parent in self.parents.items() if parent in front}
            ended |= front
        if number not in self._made:
            self._dropped.append(number)  # the page drops what lies in it as well
        for one in ended:
            node = self.nodes.pop(one)
            self.parents.pop(one)
            self._made.pop(one, None)
            self._set.pop(one, None)
            self.pixels.pop(one, None)
            node._ended()

    def pass_clicks(self) -> None:
        """The program has seen this frame's."""
        clicked, self.clicked = self.clicked, []
        for node in clicked:
            node._passed()

    def theme(self, values: dict[str, str]) -> None:
        """CSS variables of all widgets, "" takes one away."""
        self._theme |= values

    def flush(self, send: Callable[[object], None]) -> None:
        """Sends what is new, if anything is."""
        if self.focused or self._made or self._set or self._dropped or self._theme:
            self._send_patch(send)
        if self.pixels:
            send([[number, pixels] for number, pixels in self.pixels.items()])
            self.pixels = {}

    def _send_patch(self, send: Callable[[object], None]) -> None:
        patch: dict[str, object] = {}
        if self._made:
            patch["make"] = [(number, node.KIND, self.parents[number], node._sent())
                             for number, node in self._made.items()]  # fmt: skip
        if self._set:
            patch["set"] = self._set
        if self._dropped:
            patch["drop"] = self._dropped
        if self._theme:
            patch["theme"] = self._theme
        if self.focused:
            patch["focus"] = self.focused
        send(json.dumps(patch, separators=(",", ":")))
        self.patches += 1
        self._made, self._set, self._dropped, self._theme, self.focused = {}, {}, [], {}, 0
