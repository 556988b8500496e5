"""What the patches of app.ui describe, as a page has elements: widgets' values, who lies in whom, and their boxes.

Owns: the items, and which of them have to be laid out or painted anew. ui/tree.py says what a patch is.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from layerw.ui.native import kinds
from layerw.ui.native.boxes import Box
from layerw.ui.native.paint import Part
from layerw.ui.native.theme import Theme, themed

USUAL: dict[str, Any] = {"visible": True, "enabled": True, "style": {}, "look": "plain", "text": "", "title": "",
                         "secret": False, "placeholder": "", "anchor": "top left"}  # fmt: skip


@dataclass(slots=True, eq=False)
class Item:
    """A widget."""

    number: int
    kind: str
    parent: Item | None
    values: dict[str, Any]
    children: list[Item] = field(default_factory=list)
    stale: bool = True  # its boxes are those of before
    box: Box | None = None
    inside: Box | None = None  # where what lies in it is
    scroll: float = 0.0
    caret: tuple[int, int] | None = None  # of what is typed into: where, and where the selection began
    size: tuple[float, float] = (0.0, 0.0)  # of a picture
    parts: list[Part] | None = None  # as it was painted; of those that lie in no other
    where: tuple[float, ...] = ()  # it was
    rows: tuple[float, float] = (0.0, 1e9)  # of the picture where it is seen, from the top; it may be larger

    def get(self, name: str) -> Any:
        """A value, or the usual one."""
        found = self.values.get(name)
        return USUAL.get(name) if found is None else found

    @property
    def enabled(self) -> bool:
        return bool(self.get("enabled"))

    @property
    def top(self) -> Item:
        """Of those that it lies in, the one that lies in no other."""
        at = self
        while at.parent is not None:
            at = at.parent
        return at

    def within(self, kind: str) -> bool:
        """Whether it lies in one of a kind."""
        at = self.parent
        while at is not None:
            if at.kind == kind:
                return True
            at = at.parent
        return False

    def all(self) -> Iterator[Item]:
        """It and what lies in it."""
        yield self
        for child in self.children:
            yield from child.all()

    @property
    def is_shown(self) -> bool:
        """With all that it lies in."""
        at: Item | None = self
        while at is not None:
            if not at.get("visible") or (at.kind == "at" and at.values.get("place") is None):
                return False
            at = at.parent
        return True


class Items:
    """All of them; `stale`: something has to be laid out."""

    def __init__(self) -> None:
        self.by_number: dict[int, Item] = {}
        self.roots: list[Item] = []  # in no other, in the order in which they were made
        self.theme = Theme()
        self.stale = False
        self.focus = 0  # who gets the keyboard by the last patch
        self.ended: list[int] = []  # since somebody looked
        self._theme: dict[str, str] = {}
        self._owned: dict[int, list[int]] = {}  # who ends with whom though it lies elsewhere

    def apply(self, patch: str) -> None:
        """A patch, JSON."""
        found = json.loads(patch)
        for number, kind, parent, values in found.get("make", ()):
            self._make(number, kind, self.by_number.get(parent), values)
        for number, values in found.get("set", {}).items():
            item = self.by_number.get(int(number))
            if item is not None:
                item.values.update(values)
                kinds.settle(item)
                self.touch(item)
        for number in found.get("drop", ()):
            self._drop(number)
        if "theme" in found:
            self._theme |= {name: value for name, value in found["theme"].items() if value}
            self._theme = {name: value for name, value in self._theme.items() if found["theme"].get(name) != ""}
            self.theme = themed(self._theme)
            for item in self.by_number.values():
                self.touch(item)
        self.focus = found.get("focus", 0)

    def resize(self, number: int, size: tuple[float, float]) -> None:
        """A picture's size is known."""
        item = self.by_number.get(number)
        if item is not None and item.size != size:
            item.size = size
            self.touch(item)

    def touch(self, item: Item) -> None:
        """It has to be made and laid out anew."""
        item.stale = True
        at: Item | None = item
        while at is not None:
            at.parts = None
            if at.box is not None:
                for box in _around(at):
                    box.measured.clear()
            at = at.parent
        self.stale = True

    def repaint(self, number: int) -> None:
        """It looks otherwise, and lies where it lay."""
        item = self.by_number.get(number)
        if item is not None:
            item.top.parts = None
            self.stale = True

    def boxes(self, root: Item) -> Box:
        """The boxes of one that lies in no other, with those of what lies in it."""
        for item in root.all():
            if item.stale:
                kinds.build(item, self.theme)
                item.stale = False
        for item in root.all():
            assert item.box is not None
            item.box.is_shown = bool(item.get("visible"))
            if item.inside is not None:
                inside = [child.box for child in item.children if child.box is not None and child.kind not in APART]
                if item.inside.children != inside:
                    item.inside.children = inside
        assert root.box is not None
        return root.box

    def _make(self, number: int, kind: str, parent: Item | None, values: dict[str, Any]) -> None:
        item = self.by_number[number] = Item(number, kind, None if kind in APART else parent, values)
        if item.parent is not None:
            item.parent.children.append(item)
        else:
            self.roots.append(item)
        if parent is not None and item.parent is None:
            self._owned.setdefault(parent.number, []).append(number)
        self.touch(item)

    def _drop(self, number: int) -> None:
        item = self.by_number.get(number)
        if item is None:
            return
        if item.parent is None:
            self.roots.remove(item)
        else:
            self.touch(item.parent)
            item.parent.children.remove(item)
        for one in list(item.all()):
            self.by_number.pop(one.number, None)
            self.ended.append(one.number)
            for other in self._owned.pop(one.number, ()):
                self._drop(other)
        self.stale = True


APART = ("dialog", "at")  # what lies in no other, wherever it was made


def _around(item: Item) -> Iterator[Box]:
    """The boxes from its own down to where its children lie."""
    waiting = [item.box]
    while waiting:
        box = waiting.pop()
        assert box is not None
        yield box
        if box is not item.inside:  # its children's boxes are theirs: many, and each comes here by itself
            waiting += box.children
