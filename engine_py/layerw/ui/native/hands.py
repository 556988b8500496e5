"""Pointer, wheel and touch on what is drawn: who is under them, what a press does.

Owns: what is held, what is under the pointer, the open choices of a select. An event on a widget is its own; all others
are the program's, as in a page.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from layerw.ui.native import kinds
from layerw.ui.native.boxes import CHOICES, COLUMN, ROWS, Box, Look
from layerw.ui.native.css import Length
from layerw.ui.native.items import Item
from layerw.ui.native.layout import measure, place, row_height

if TYPE_CHECKING:
    from layerw.ui.native.screen import Drawn

DRAG_PX = 8.0  # a finger that moved farther scrolls
Tell = Callable[[dict[str, Any]], None]


class Hands:
    """`hears(event)` is true where it is no business of the program's."""

    def __init__(self, screen: Drawn, tell: Tell) -> None:
        self._screen, self._tell = screen, tell
        self.popup: Box | None = None  # a select's choices
        self._held: tuple[Item, Box] | None = None  # since the pointer went down
        self._begun = (0.0, 0.0)
        self._last = (0.0, 0.0)
        self._finger: int | None = None
        self._scrolls = False  # the finger
        self.pointer = (0.0, 0.0)
        self._theirs: set[int] = set()  # buttons that the program saw go down
        self._doing = {"PointerMove": self._move, "PointerButton": self._button, "Wheel": self._wheel,
                       "Touch": self._touch}  # fmt: skip

    def hears(self, event: Any) -> bool:
        """Of gpu/gen/events.py."""
        act = self._doing.get(type(event).__name__)
        return act is not None and act(event)

    # -- who is there --------------------------------------------------------------------------

    def hit(self, x: float, y: float) -> tuple[Item, Box] | None:
        """What is in front there, as far as it takes the pointer."""
        items = self._screen.items
        if self.popup is not None:
            found = _deepest(self.popup, x, y)
            if found is not None:
                return items.by_number[found.owner], found
        for root in self._screen.from_front():
            found = _deepest(self._screen.box(root), x, y) if root.rows[0] <= y < root.rows[1] else None
            if found is not None and found.owner in items.by_number:
                return items.by_number[found.owner], found
        return None

    def open(self, item: Item) -> None:
        """Shows a select's choices, or hides them."""
        if self.popup is not None:
            return self.shut()
        theme = self._screen.items.theme
        field = next(box for box in self._screen.box(item).all() if box.part == "field")
        options = tuple(item.values.get("options", ()))
        size, radius = field.look.size, 0.6 * theme.radius
        value = item.values.get("value")
        chosen = options.index(value) if value in options else -1
        rows = Box(ROWS, Look(color=theme.text, size=size, radius=radius), owner=item.number, part=CHOICES,
                   rows=options, chosen=chosen, takes=True)  # fmt: skip
        look = Look(fill=(*theme.surface[:3], 245), line=theme.line, line_px=1.0, radius=radius, soft=10.0,
                    padding=(3.0, 3.0, 3.0, 3.0), height_max=Length(14 * size))  # fmt: skip
        self.popup = Box(COLUMN, look, [rows], owner=item.number, scrolls=True, takes=True)
        tall = measure(self.popup, field.w)[1]
        height = self._screen.size[1]
        below = field.y + field.h + 4
        y = below if below + tall <= height else max(field.y - tall - 4, 0.0)
        self.popup.scroll = max(rows.chosen - 3, 0) * row_height(rows.look)
        place(self.popup, field.x, y, field.w, min(tall, height))
        self._screen.items.stale = True

    def shut(self) -> None:
        """Hides the choices."""
        if self.popup is not None:
            self.popup = None
            self._screen.items.stale = True

    def after_patch(self) -> None:
        """Choices that are open and are not those of the select any more are hidden."""
        if self.popup is None:
            return
        now = self._screen.items.by_number[self.popup.owner].values["options"]
        if self.popup.children[0].rows != tuple(now):
            self.shut()

    def ended(self, number: int) -> None:
        """A widget is no more, or can't be used any more."""
        if self._held is not None and self._held[0].number == number:
            self._held = None
        if self.popup is not None and self.popup.owner == number:
            self.shut()

    # -- events --------------------------------------------------------------------------------

    def _move(self, event: Any) -> bool:
        self.pointer = x, y = event.x, event.y
        if self._screen.is_locked or self._theirs:
            return False
        if self._held is not None:
            self._drag(x, y)
            return True
        found = self.hit(x, y)
        self._hover(found, y)
        return found is not None

    def _button(self, event: Any) -> bool:
        if event.down:
            found = None if self._screen.is_locked else self.hit(event.x, event.y)
            if found is None:
                self.shut()
                self._screen.keys.leave_for(None)
                self._theirs.add(event.button)
                return False
            if event.button == 0:
                self._press(found, event.x, event.y)
            return True
        if event.button in self._theirs:
            self._theirs.discard(event.button)
            return False
        if event.button == 0:
            self._release(event.x, event.y)
        return True

    def _wheel(self, event: Any) -> bool:
        where = self.pointer if self._held is None and not self._screen.is_locked else None
        return where is not None and self._scroll(*where, event.dy)

    def _touch(self, event: Any) -> bool:
        x, y = event.x, event.y
        if event.phase == 0:
            found = self.hit(x, y)
            if found is None:
                self.shut()
                self._screen.keys.leave_for(None)
                return False
            if self._finger is None:
                self._finger, self._scrolls = event.touch, False
                self._press(found, x, y)
            return True
        if event.touch != self._finger:
            return False
        if event.phase == 1:
            self._finger_moved(x, y)
        else:
            self._finger = None
            if event.phase == 2:
                self._release(x, y)
            self._held = None
            self._hover(None, y)
        return True

    def _finger_moved(self, x: float, y: float) -> None:
        far = max(abs(x - self._begun[0]), abs(y - self._begun[1])) > DRAG_PX
        slides = self._held is not None and self._held[1].part in ("range", "field")
        if slides:
            self._drag(x, y)
        elif far or self._scrolls:
            self._scrolls = True
            self._held = None
            self._scroll(*self._begun, self._last[1] - y)
        self._last = x, y

    # -- what they do --------------------------------------------------------------------------

    def _press(self, found: tuple[Item, Box], x: float, y: float) -> None:
        item, box = found
        self._begun = self._last = x, y
        if self.popup is not None and box.part != CHOICES and box is not self.popup:
            was = self.popup.owner
            self.shut()
            if was == item.number:
                return
        self._held = found
        self._hover(found, y)
        self._screen.keys.leave_for(item)
        if not item.enabled:
            self._held = None
        elif item.kind == "button":
            self._screen.state.pressed = item.number
        elif box.part == "range":
            self._drag(x, y)
        elif item.kind == "input":
            self._screen.keys.give(item)
            if box.part == "field":
                self._screen.keys.caret_at(item, x, keeps=self._screen.keys.shift)

    def _drag(self, x: float, y: float) -> None:
        assert self._held is not None
        item, box = self._held
        if item.kind == "slider" and box.part == "range":
            thumb = 16.0
            now = next((one for one in self._screen.box(item).all() if one.part == "range"), box)
            share = min(max((x - now.x - thumb / 2) / max(now.w - thumb, 1.0), 0.0), 1.0)
            low, high = item.values["low"], item.values["high"]
            self.slide(item, low + share * (high - low))
        elif item.kind == "input" and box.part == "field":
            self._screen.keys.caret_at(item, x, keeps=True)

    def _release(self, x: float, y: float) -> None:
        held, self._held = self._held, None
        self._screen.state.pressed = 0
        found = self.hit(x, y)
        if held is None or found is None or found[0] is not held[0] or not held[0].enabled:
            return self._hover(found, y)
        item, box = held
        if box.part in ("rows", CHOICES):
            row = int((y - found[1].y) / row_height(found[1].look)) if found[1].part == box.part else -1
            self.choose(item, row)
        elif item.kind in ("button", "checkbox"):
            self.click(item)
        elif item.kind == "select" and box is not self.popup:
            self._screen.keys.give(item)
            self.open(item)

    def click(self, item: Item) -> None:
        """What a press of a button or a checkbox does."""
        if item.kind == "button":
            self._tell({"id": item.number, "event": "click", "value": None})
        elif item.kind == "checkbox":
            self.change(item, not item.values.get("value"))
        elif item.kind == "select":
            self.open(item)

    def choose(self, item: Item, row: int) -> None:
        """A row of a list, or a choice of a select."""
        if item.kind == "select":
            options = item.values.get("options", ())
            self.shut()
            if 0 <= row < len(options) and options[row] != item.values.get("value"):
                self.change(item, options[row])
        elif 0 <= row < len(item.values.get("items", ())) and row != item.values.get("value"):
            self.change(item, row)
            self.show_row(item, row)

    def show_row(self, item: Item, row: int) -> None:
        """Scrolls a list so that a row is seen."""
        view = next(box for box in self._screen.box(item).all() if box.scrolls)
        rows = view.children[0]
        tall = row_height(rows.look)
        high = min(tall * len(rows.rows) + 4, 11 * rows.look.size) - 4
        item.scroll = min(max(item.scroll, (row + 1) * tall - high), row * tall)
        self._screen.items.touch(item)

    def slide(self, item: Item, value: float) -> None:
        """A slider to the step that is nearest to a value."""
        low, high, step = (item.values[name] for name in ("low", "high", "step"))
        found = min(max(low + round((value - low) / step) * step, low), high)
        found = float(kinds.rounded(found, step / 1000)) if step >= 1e-3 else found
        if found != item.values.get("value"):
            self.change(item, found)

    def change(self, item: Item, value: Any) -> None:
        """A person gave it another value."""
        item.values["value"] = value
        self._screen.items.touch(item)
        self._tell({"id": item.number, "event": "value", "value": value})

    def _scroll(self, x: float, y: float, by: float) -> bool:
        found = self.hit(x, y)
        if found is None:
            return False
        item, box = found
        if self.popup is not None and item.number == self.popup.owner and box in self.popup.all():
            self.popup.scroll += by
            place(self.popup, self.popup.x, self.popup.y, self.popup.w, self.popup.h)
            self._screen.items.stale = True
            return True
        view = next((one for one in self._screen.box(item).all() if one.scrolls and one.has(x, y)), None)
        if view is not None and view.reach > view.h + 0.5:
            item.scroll = min(max(item.scroll + by, 0.0), view.reach - view.h)
            self._screen.items.touch(item)
        elif item.top.kind not in ("dialog", "at"):
            self._screen.scroll_region(item, by)
        return True

    def _hover(self, found: tuple[Item, Box] | None, y: float) -> None:
        state, items = self._screen.state, self._screen.items
        hot, row = (0, ""), -1
        if found is not None and found[0].enabled:
            hot = found[0].number, found[1].part
            if found[1].kind == ROWS:
                row = int((y - found[1].y) / row_height(found[1].look))
        if (hot, row) != (state.hot, state.hot_row):
            items.repaint(state.hot[0])
            items.repaint(hot[0])
            state.hot, state.hot_row = hot, row


def _deepest(box: Box, x: float, y: float) -> Box | None:
    """What takes the pointer there."""
    if box.scrolls and not box.has(x, y):
        return None
    for child in reversed(list(box.shown())):
        found = _deepest(child, x, y)
        if found is not None:
            return found
    return box if box.takes and box.has(x, y) else None
