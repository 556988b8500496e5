"""The keyboard on what is drawn: who has it, and what keys do there.

Tab goes from the picture into the widgets where there are some to go to, Escape back; a dialog keeps it while it is
shown, and gives it back. As web/page/subsystems/ui/focus.js and a page's own controls.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from layerw.gpu.spec import KEYS
from layerw.ui.native import editing
from layerw.ui.native.items import Item
from layerw.ui.native.kinds import FOCUSABLE, TYPED

if TYPE_CHECKING:
    from layerw.ui.native.screen import Drawn

REPEATS = ("ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown", "Backspace", "Delete", "PageUp", "PageDown")
REPEAT_S = (0.4, 0.05)  # first, then
BLINK_S = 0.5
PAGE_ROWS = 8
MODIFIERS = {"ShiftLeft": "shift", "ShiftRight": "shift", "ControlLeft": "control", "ControlRight": "control",
             "MetaLeft": "control", "MetaRight": "control"}  # fmt: skip
Tell = Callable[[dict[str, Any]], None]


class Keys:
    """`hears(event)` is true where it is no business of the program's."""

    def __init__(self, screen: Drawn, tell: Tell) -> None:
        self._screen, self._tell = screen, tell
        self._before = 0  # who had the keyboard before the first dialog
        self._modifiers: set[str] = set()
        self._held = ""  # the key that repeats
        self._next_s = 0.0
        self._blink_s = 0.0
        self.clipboard = ""

    @property
    def shift(self) -> bool:
        return any(MODIFIERS[code] == "shift" for code in self._modifiers)

    @property
    def control(self) -> bool:
        return any(MODIFIERS[code] == "control" for code in self._modifiers)

    @property
    def item(self) -> Item | None:
        """Who has the keyboard."""
        return self._screen.items.by_number.get(self._screen.state.focused)

    # -- who has it ----------------------------------------------------------------------------

    def focusable(self) -> list[Item]:
        """Those that Tab reaches, in its order."""
        return [item for root in self._screen.from_front()[::-1] for item in root.all()
                if item.kind in FOCUSABLE and item.enabled and item.is_shown]  # fmt: skip

    def give(self, item: Item | None) -> None:
        """The keyboard to a widget; None: to the picture."""
        state, items = self._screen.state, self._screen.items
        number = item.number if item is not None else 0
        if number == state.focused:
            return
        before = self.item
        if before is not None and before.kind == "input":
            before.caret = None
            items.touch(before)
        items.repaint(state.focused)
        state.focused = number
        items.repaint(number)
        if item is not None and item.kind == "input":
            end = len(item.values.get("value", ""))
            item.caret = end, 0
            items.touch(item)
        if item is not None:
            self._screen.reveal(item)
        self._held = ""

    def leave_for(self, pressed: Item | None) -> None:
        """The pointer pressed something: what is typed into keeps the keyboard only where that is it."""
        now = self.item
        if now is None or now is pressed or self._screen.dialog() is not None:
            return
        if pressed is None or now.kind in TYPED:
            self.give(None)

    def after_patch(self, before: Item | None) -> None:
        """Widgets came, went or changed. before: the dialog that was on top."""
        screen = self._screen
        for number in screen.items.ended:
            screen.hands.ended(number)
        now, top = self.item, screen.dialog()
        if now is not None and not (now.is_shown and now.enabled):
            screen.hands.ended(now.number)
            self.give(None)
        elif now is None:
            screen.state.focused = 0
        if top is not None and top is not before:
            if before is None:
                self._before = screen.state.focused
            if self.item is None or self.item.top is not top:
                self.give(next(iter(self._in(top)), None))
        elif top is None and before is not None:
            again = screen.items.by_number.get(self._before)
            self.give(again if again is not None and again.is_shown else None)
            self._before = 0
        wanted = screen.items.by_number.get(screen.items.focus)
        if wanted is not None:
            self.give(next(iter(self._in(wanted)), None))
        screen.items.focus = 0

    def _in(self, item: Item) -> list[Item]:
        return [one for one in item.all() if one.kind in FOCUSABLE and one.enabled and one.is_shown]

    # -- events --------------------------------------------------------------------------------

    def hears(self, event: Any) -> bool:
        """Of gpu/gen/events.py."""
        kind = type(event).__name__
        if kind == "Focus" and not event.focused:
            self._modifiers.clear()
            self._held = ""
        if kind == "Typed":
            return self._typed(event.text)
        if kind != "Key":
            return False
        code = KEYS[event.key]
        if code in MODIFIERS:
            (self._modifiers.add if event.down else self._modifiers.discard)(code)
            return False
        if not event.down:
            self._held = "" if self._held == code else self._held
            return False
        return self._down(code)

    def _down(self, code: str) -> bool:
        top = self._screen.dialog()
        if self.item is None and top is None:
            if code != "Tab" or not (all_ := self.focusable()):
                return False
            self.give(all_[-1 if self.shift else 0])
            return True
        if re.fullmatch(r"F\d+", code):
            return False
        if code in REPEATS:
            self._held, self._next_s = code, self._screen.now_s + REPEAT_S[0]
        self.act(code)
        return True

    def step(self, now_s: float) -> None:
        """Once a frame: keys that are held, and the caret."""
        if self._held and now_s >= self._next_s:
            self._next_s = now_s + REPEAT_S[1]
            self.act(self._held)
        now, state = self.item, self._screen.state
        if now is not None and now.kind == "input":
            shown = int((now_s - self._blink_s) / BLINK_S) % 2 == 0
            if shown != state.caret_on:
                state.caret_on = shown
                self._screen.items.repaint(now.number)

    def act(self, code: str) -> None:
        """What a key does where the keyboard is."""
        item, hands = self.item, self._screen.hands
        if code == "Tab":
            self._turn()
        elif code == "Escape":
            self.escape()
        elif item is None:
            return
        elif item.kind in ("button", "checkbox"):
            if code == "Space" or (code in ("Enter", "NumpadEnter") and item.kind == "button"):
                hands.click(item)
        elif item.kind == "slider":
            self._slide(item, code)
        elif item.kind in ("list", "select"):
            self._choose(item, code)
        elif item.kind == "input":
            self._edit(item, code)

    def escape(self) -> None:
        """Hides choices, dismisses a dialog, or goes back to the picture."""
        top = self._screen.dialog()
        if self._screen.hands.popup is not None:
            self._screen.hands.shut()
        elif top is not None:
            self._tell({"id": top.number, "event": "dismiss", "value": None})
        else:
            self.give(None)

    def _turn(self) -> None:
        all_ = self.focusable()
        self._screen.hands.shut()
        if not all_:
            return
        at = all_.index(self.item) if self.item in all_ else -1
        to = at - 1 if self.shift else at + 1
        if self._screen.dialog() is None and (to < 0 or to >= len(all_)):
            self.give(None)
        else:
            self.give(all_[to % len(all_)])

    def _slide(self, item: Item, code: str) -> None:
        low, high, step, value = (item.values[name] for name in ("low", "high", "step", "value"))
        by = {"ArrowLeft": -step, "ArrowDown": -step, "ArrowRight": step, "ArrowUp": step,
              "PageUp": (high - low) / 10, "PageDown": (low - high) / 10}.get(code)  # fmt: skip
        to = {"Home": low, "End": high}.get(code)
        if by is not None:
            to = value + by
        if to is not None:
            self._screen.hands.slide(item, to)

    def _choose(self, item: Item, code: str) -> None:
        hands = self._screen.hands
        is_list = item.kind == "list"
        rows = item.values.get("items" if is_list else "options", ())
        value = item.values.get("value")
        now = (-1 if value is None else value) if is_list else rows.index(value)
        if not is_list and code in ("Enter", "NumpadEnter", "Space"):
            return hands.open(item)
        sides = {} if is_list else {"ArrowLeft": now - 1, "ArrowRight": now + 1}
        to = {"ArrowUp": now - 1, "ArrowDown": now + 1, "Home": 0, "End": len(rows) - 1, "PageUp": now - PAGE_ROWS,
              "PageDown": now + PAGE_ROWS, **sides}.get(code)  # fmt: skip
        if to is None or not rows:
            return
        to = min(max(to, 0), len(rows) - 1)
        was_open = hands.popup is not None
        hands.choose(item, to)
        if was_open:
            hands.open(item)

    # -- typing --------------------------------------------------------------------------------

    def _typed(self, words: str) -> bool:
        item = self.item
        if item is None:
            return self._screen.dialog() is not None
        if item.kind == "input" and not self.control:
            self._put(item, editing.inserted(self._line(item), words))
        return True

    def _edit(self, item: Item, code: str) -> None:
        if code in ("Enter", "NumpadEnter"):
            self._tell({"id": item.number, "event": "enter", "value": None})
            return
        line = self._line(item)
        if self.control and code in ("KeyC", "KeyX", "KeyV"):
            picked = line.picked
            if code != "KeyV" and picked and not item.get("secret"):
                self.clipboard = picked
            if code == "KeyC":
                return
            new = editing.inserted(line, self.clipboard if code == "KeyV" else "")
        else:
            new = editing.edited(line, code, shift=self.shift, control=self.control)
        self._put(item, new)

    def _line(self, item: Item) -> editing.Line:
        value = item.values.get("value", "")
        to, begun = item.caret or (len(value), len(value))
        return editing.Line(value, min(to, len(value)), min(begun, len(value)))

    def _put(self, item: Item, line: editing.Line) -> None:
        line = editing.cut(line, item.values.get("length_max", 1000))
        changed = line.value != item.values.get("value", "")
        item.caret = line.to, line.begun
        self._seen(item, line)
        if changed:
            self._screen.hands.change(item, line.value)

    def caret_at(self, item: Item, x: float, *, keeps: bool) -> None:
        """The caret to a place in the picture. keeps: what lies between is selected."""
        line = self._line(item)
        to = editing.nearest(self._screen.field(item), line.value, x, secret=item.get("secret"))
        item.caret = to, (line.begun if keeps else to)
        self._seen(item, editing.Line(line.value, *item.caret))

    def _seen(self, item: Item, line: editing.Line) -> None:
        """The caret is in sight, and on."""
        item.scroll = editing.scrolled(self._screen.field(item), line, item.scroll, secret=item.get("secret"))
        self._blink_s = self._screen.now_s
        self._screen.state.caret_on = True
        self._screen.items.touch(item)
