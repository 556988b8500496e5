"""`app.ui` drawn by the engine: takes the patches that a page would get, and tells what a page would tell.

Owns: where what lies in no other is (nine regions, places that follow things, dialogs), and when anything is laid out
and painted: only where something changed. Does not: hear a person; hands.py and keys.py do.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from layerw.base.failures import Alone
from layerw.frame.subsystems import SubsystemPort
from layerw.ui.native.boxes import Box
from layerw.ui.native.hands import Hands
from layerw.ui.native.items import Item, Items
from layerw.ui.native.keys import Keys
from layerw.ui.native.layout import outer, place
from layerw.ui.native.pads import Pads
from layerw.ui.native.paint import Letters, Painter, Part, State
from layerw.ui.native.pictures import Pictures
from layerw.ui.native.regions import arrange
from layerw.ui.values import ANCHORS

Tell = Callable[[dict[str, Any]], None]
PAGE = "page"


class Drawn:
    """`receive` what the page would; `step` once a frame, before the picture."""

    def __init__(self, port: SubsystemPort, tell: Tell) -> None:
        """tell: hears what a person did, {"id", "event", "value"}."""
        self._port = port
        self.items, self.state = Items(), State()
        self.pictures = Pictures(port, letters := Letters(self._tell_missing), self.items.resize)
        self._letters = letters
        self._told: set[str] = set()
        self._scrolled: dict[str, float] = {}  # regions, and the page of all: pixels
        self._is_page = False  # whether the regions are one page
        self._screen: tuple[float, ...] = ()
        self._shown: list[Item] = []  # those that lie in no other, from behind to the front
        self.keys = Keys(self, tell)
        self.hands = Hands(self, tell)
        self.pads = Pads(self, port.input)

    # -- what the program says -----------------------------------------------------------------

    def receive(self, value: Any) -> None:
        """A patch (JSON), or pixels of pictures."""
        if isinstance(value, str):
            before = self.dialog()
            self.items.apply(value)
            for item in self.items.by_number.values():
                if item.kind == "image" and item.stale:
                    self.pictures.load(item.number, item.values.get("source", ""))
            for number in self.items.ended:
                self.pictures.drop(number)
            self.keys.after_patch(before)
            self.hands.after_patch()
            self.items.ended.clear()
            return
        for number, pixels in value:
            self.pictures.paint(number, np.ascontiguousarray(pixels))

    # -- what a person does --------------------------------------------------------------------

    def events(self, events: list[Any]) -> list[Any]:
        """Hears them, and returns those that are the program's."""
        return [event for event in events if not (self.hands.hears(event) or self.keys.hears(event))]

    def before(self) -> None:
        """Once a frame, after the events."""
        self.keys.step(self._port.now_s())
        self.pads.step(self._port.now_s())

    # -- a frame -------------------------------------------------------------------------------

    @property
    def size(self) -> tuple[float, float]:
        """Pixels of the page."""
        ratio = self._port.overlay.pixel_ratio
        width, height = self._port.overlay.size
        return width / ratio, height / ratio

    def step(self) -> None:
        """Lays out and paints what changed, if anything did."""
        ratio = self._port.overlay.pixel_ratio
        screen = (*self.size, ratio)
        if screen != self._screen:
            self._screen = screen
            for item in self.items.roots:
                item.parts = None
            self.items.stale = True
        if not self.items.stale:
            return
        self.items.stale = False
        self._lay_out()
        clip = (0.0, 0.0, *self.size)
        parts: list[Part] = []
        for root in self._shown:
            with self._alone(root):
                if root.parts is None:
                    painter = Painter(self._letters, self.items.theme, self.state, ratio)
                    seen = max(root.rows[0], 0.0), min(root.rows[1], clip[3])
                    painter.paint(self.items.boxes(root), (clip[0], seen[0], clip[2], seen[1]))
                    root.parts = painter.finish()
                parts += root.parts
        popup = self.hands.popup
        if popup is not None:
            painter = Painter(self._letters, self.items.theme, self.state, ratio)
            painter.paint(popup, clip)
            parts += painter.finish()
        self._port.resources.flush()  # new letters, for this frame
        self.pictures.show(parts)

    def close(self) -> None:
        """The program ended."""
        self.pictures.close()

    def dialog(self) -> Item | None:
        """The one on top: nothing else can be used."""
        found = [item for item in self.items.roots if item.kind == "dialog" and item.get("visible")]
        return found[-1] if found else None

    def from_front(self) -> list[Item]:
        """Those that lie in no other and can be used, the first in front."""
        top = self.dialog()
        return [top] if top is not None else self._shown[::-1]

    def box(self, item: Item) -> Box:
        """Of an item, where it was laid out last."""
        if item.box is None:
            self.items.boxes(item.top)
        assert item.box is not None
        return item.box

    def field(self, item: Item) -> Box:
        """Of an input, where it is typed."""
        return next(box for box in self.box(item).all() if box.part == "field")

    @property
    def now_s(self) -> float:
        """Seconds, whether the program's time stands or not."""
        return self._port.now_s()

    @property
    def is_locked(self) -> bool:
        """Whether the program has the pointer for itself."""
        return self._port.input.pointer_locked

    def scroll_region(self, item: Item, by: float) -> None:
        """What lies in the region of an item goes up by so many pixels."""
        what = PAGE if self._is_page else item.top.get("anchor")
        self._scrolled[what] = self._scrolled.get(what, 0.0) + by
        self.items.stale = True

    def reveal(self, item: Item) -> None:
        """Scrolls to one that has the keyboard now, as far as it lies outside of where it is seen."""
        if item.box is None or item.top.kind in ("dialog", "at"):
            return
        first, last = max(item.top.rows[0], 0.0), min(item.top.rows[1], self.size[1])
        over, under = first - item.box.y, item.box.y + item.box.h - last
        if over > 0 or under > 0:
            self.scroll_region(item, -over if over > 0 else under)

    # -- where everything lies -----------------------------------------------------------------

    def _lay_out(self) -> None:
        roots = [item for item in self.items.roots if item.is_shown]
        ats = [item for item in roots if item.kind == "at"]
        dialogs = [item for item in roots if item.kind == "dialog"]
        regions: dict[str, list[Item]] = {anchor: [] for anchor in ANCHORS}
        for item in roots:
            if item.kind not in ("at", "dialog"):
                regions[item.get("anchor")].append(item)
        width, height = self.size
        for item in ats:
            with self._alone(item):
                wide, tall = outer(self._boxes(item), width)
                x, y = item.values["place"]
                self._put(item, (x - wide / 2, y - tall / 2, wide, tall))
        self._put_regions({anchor: items for anchor, items in regions.items() if items})
        for item in dialogs:
            with self._alone(item):
                self._put(item, (0.0, 0.0, width, height))
        shown = [*ats, *(item for items in regions.values() for item in items), *dialogs]
        self._shown = [item for item in shown if item.box is not None]  # None: it failed

    def _put_regions(self, regions: dict[str, list[Item]]) -> None:
        """Those of each anchor below each other; what is higher than its place scrolls."""
        width, height = self.size
        gap = self.items.theme.gap
        pad = 1.5 * gap
        sizes = {anchor: [self._size(item, max(width - 2 * pad, 0.0)) for item in items]
                 for anchor, items in regions.items()}  # fmt: skip
        whole = {anchor: (max(w for w, _ in found) + gap, sum(h for _, h in found) + gap * len(found))
                 for anchor, found in sizes.items()}  # with half a gap around: what two have between them is one
        places, reach = arrange(whole, max(width - 2 * gap, 0.0), max(height - 2 * gap, 0.0))
        all_up = self._scroll(PAGE, reach + 2 * gap - height)
        for anchor, items in regions.items():
            place = places[anchor]
            first = place.top - all_up
            rows = first, first + place.bottom - place.top + 2 * gap
            y = first + pad - self._scroll(anchor, whole[anchor][1] - (place.bottom - place.top))
            for item, (wide, high) in zip(items, sizes[anchor], strict=True):
                x = pad if "left" in anchor else width - pad - wide if "right" in anchor else (width - wide) / 2
                with self._alone(item):
                    if item.rows != rows:
                        item.rows, item.parts = rows, None
                    self._put(item, (x, y, wide, high))
                y += high + gap
        self._is_page = reach + 2 * gap > height + 0.5
        for anchor in set(self._scrolled) - set(places) - {PAGE}:
            del self._scrolled[anchor]

    def _scroll(self, what: str, most: float) -> float:
        """How far a region, or the page of all, is scrolled: no farther than it goes on."""
        found = self._scrolled[what] = min(max(self._scrolled.get(what, 0.0), 0.0), max(most, 0.0))
        return found

    def _size(self, item: Item, room: float) -> tuple[float, float]:
        """With its margin; nothing where that fails."""
        found = 0.0, 0.0
        with self._alone(item):
            found = outer(self._boxes(item), room)
        return found

    def _alone(self, item: Item) -> Alone:
        """What fails of one is told, and the others are shown."""
        return self._port.failures.alone(f"The widget {item.kind} {item.number}")

    def _boxes(self, item: Item) -> Box:
        """Of one that lies in no other, made anew where something in it changed."""
        return item.box if item.parts is not None and item.box is not None else self.items.boxes(item)

    def _put(self, item: Item, where: tuple[float, float, float, float]) -> None:
        if item.parts is not None and item.where == where:
            return
        item.parts, item.where = None, where
        box = self.items.boxes(item)
        top, right, bottom, left = box.look.margin
        place(box, where[0] + left, where[1] + top, where[2] - left - right, where[3] - top - bottom)
        for one in item.all():
            if one.kind == "list" and one.box is not None:
                one.scroll = next(each.scroll for each in one.box.all() if each.scrolls)

    def _tell_missing(self, characters: set[str]) -> None:
        new = sorted(characters - self._told)
        self._told |= characters
        if new:
            shown = " ".join(f"{one!r} (U+{ord(one):04X})" for one in new[:8])
            self._port.log.warning(f"The font of the drawn app.ui has no {shown}; a mark stands there.")
