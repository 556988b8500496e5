"""Reload with state: each kind of edit is taken in place, refused whole, or starts the program again and says why."""

from __future__ import annotations

import sys
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import layerw as lw
from layerw.hosts.headless import HeadlessHost
from layerw.live.reload import Reload, restore
from layerw.live.units import parse

HELPERS = '''
SPEED = 2.0

def ease(x):
    return x * SPEED

class Ring:
    size = 1
    def __init__(self):
        self.turns = 0
    def turn(self):
        self.turns += self.size
'''
MAIN = '''
import math
import layerw as lw
import helpers
from helpers import SPEED, Ring, ease
from dataclasses import dataclass

app = lw.App()
HEIGHT = 2
TWICE = HEIGHT * 2
counter = app.keep("counter", 0)
ring = Ring()
seen = []

@dataclass
class Hit:
    points: int = 1

class Walker:
    """Goes."""
    pace = 1
    def __init__(self, at):
        self.at = at
    def walk(self, by=1):
        self.at += by * self.pace
        return self.at
    @property
    def place(self):
        return self.at
    @staticmethod
    def name():
        return "walker"

def build():
    return Walker(place_of(3))

def place_of(row):
    return row * 10

def make():
    total = 0
    def add(amount):
        nonlocal total
        total += amount
        return total
    return add

def score(by=TWICE, *, bonus=0):
    return by + bonus

walker = build()
adder = make()
double = lambda x: x * 2

@app.frame
def update(dt):
    global counter
    counter += 1
    seen.append(("update", counter))

def later():
    return "old"

app.after(5, later)
'''


class Running:
    """A program that runs headless from a folder."""

    def __init__(self, folder: Path, main: str = MAIN, helpers: str = HELPERS) -> None:
        self.folder, self.host = folder, HeadlessHost()
        self.texts = {"main.py": main, "helpers.py": helpers}
        for name, text in self.texts.items():
            (folder / name).write_text(text)
        self.main: Any = types.ModuleType("__main__")
        self.main.__file__ = str(folder / "main.py")
        sys.modules["__main__"] = self.main
        exec(parse(main, self.main.__file__).code, vars(self.main))
        self.app, self.live = self.main.app, Reload(str(folder))
        self.host.step(self.app, 3)

    def edit(self, *changes: tuple[str, str], file: str = "main.py") -> dict[str, Any]:
        text = self.texts[file]
        for old, new in changes:
            assert old in text, old
            text = text.replace(old, new)
        outcome = self.live.apply({file: text})
        if outcome["outcome"] == "kept":
            self.texts[file] = text
        else:
            assert (self.folder / file).read_text() == self.texts[file]
        return outcome


@pytest.fixture
def running(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Running]:
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setitem(sys.modules, "__main__", sys.modules["__main__"])
    one = Running(tmp_path)
    yield one
    one.app.close()
    for name in ("helpers", "extra"):
        sys.modules.pop(name, None)


KEPT: dict[str, tuple[list[tuple[str, str]], str, Any]] = {
    "the body of a frame callback": ([("counter += 1", "counter += 100")], "counter", 203),
    "a method's body": ([("self.at += by * self.pace", "self.at += 1000")], "walker.walk()", 1030),
    "a property": ([("        return self.at\n    @static", "        return -self.at\n    @static")],
                   "walker.place", -30),
    "a static method": ([('return "walker"', 'return "strider"')], "walker.name()", "strider"),
    "a function that waits as a callback": ([('return "old"', 'return "new"')], "later()", "new"),
    "a closure that lives": ([("total += amount\n", "total += amount * 10\n")], "(adder(1), adder(1))", (10, 20)),
    "a lambda": ([("lambda x: x * 2", "lambda x: x * 3")], "double(2)", 6),
    "a constant": ([("HEIGHT = 2", "HEIGHT = 7")], "(HEIGHT, TWICE, score())", (7, 14, 14)),
    "a default": ([("by=TWICE", "by=TWICE + 1")], "score()", 5),
    "a keyword's default": ([("bonus=0", "bonus=5")], "score()", 9),
    "a default of a method": ([("by=1)", "by=4)")], "walker.walk()", 34),
    "a value of a class": ([("pace = 1", "pace = 6")], "walker.walk()", 36),
    "a new method": ([("    @property",
                       "    def jump(self):\n        return super().__init__() or self.at + 5\n    @property")],
                     "walker.jump()", 35),
    "a method that is gone": ([("    @staticmethod\n    def name():\n        return \"walker\"\n", "")],
                              "hasattr(walker, 'name')", False),
    "a new function": ([("app.after(5, later)", "app.after(5, later)\n\ndef extra():\n    return HEIGHT")],
                       "extra()", 2),
    "a new frame callback": ([("app.after(5, later)",
                               "app.after(5, later)\n\n@app.frame\ndef more(dt):\n    seen.append('more')")],
                             "'more' in seen", True),
    "a new import": ([("import math", "import math\nimport cmath")], "cmath.pi > 3", True),
    "a new value": ([("TWICE =", "THRICE = HEIGHT * 3\nTWICE =")], "THRICE", 6),
    "a value that is gone": ([("seen = []\n", "seen = []\nunused = 3\n")], "unused", 3),
    "comments and lines": ([("import math", "# nothing\n\n\nimport math")], "counter > 3", True),
    "an annotation": ([("def later():", "def later() -> str:")], "later()", "old"),
    "a docstring": ([('"""Goes."""', '"""Goes on."""')], "walker.at", 30),
}


@pytest.mark.parametrize("edit", KEPT)
def test_what_is_taken_in_place(running: Running, edit: str) -> None:
    walker, camera = running.main.walker, running.app.camera.position.copy()
    changes, expression, expected = KEPT[edit]
    outcome = running.edit(*changes)
    assert outcome["outcome"] == "kept", outcome
    assert "main.py reloaded in" in outcome["text"]
    running.host.step(running.app, 2)
    assert eval(expression, vars(running.main)) == expected
    assert running.main.walker is walker and running.main.counter >= 5
    assert np.array_equal(running.app.camera.position, camera)


RESTARTS: dict[str, tuple[list[tuple[str, str]], str]] = {
    "what the start calls": ([("return Walker(place_of(3))", "return Walker(place_of(4))")], "build() runs when"),
    "what that calls": ([("return row * 10", "return row * 11")], "place_of() runs when"),
    "what makes an instance": ([("self.at = at", "self.at = at + 1")], "__init__() runs when"),
    "a line that acts": ([("walker = build()", "walker = build(); build()")], "runs at the start"),
    "a line that acts is gone": ([("app.after(5, later)\n", "")], "is gone"),
    "a call of the start": ([("app.after(5, later)", "app.after(HEIGHT, later)")], "runs at the start"),
    "a decorator": ([("@app.frame", "@app.fixed")], "decorators of update"),
    "a callback that is gone": ([("@app.frame\ndef update(dt):\n    global counter\n    counter += 1\n"
                                  "    seen.append((\"update\", counter))\n", "")], "its decorator had handed it on"),
    "a field of a dataclass": ([("points: int = 1", "points: int = 1\n    by: str = ''")], "class Hit"),
    "bases": ([("class Walker:", "class Walker(list):")], "other bases"),
    "a closure's names": ([("nonlocal total\n        total += amount\n        return total", "return amount")],
                          "uses other names"),
    "a default made by a call": ([("by=TWICE", "by=make()")], "a default of score"),
}


@pytest.mark.parametrize("edit", RESTARTS)
def test_what_starts_again_says_why(running: Running, edit: str) -> None:
    changes, why = RESTARTS[edit]
    running.app.camera.position = (1, 2, 3)
    outcome = running.edit(*changes)
    assert outcome["outcome"] == "restart" and why in outcome["text"], outcome
    assert outcome["state"]["values"] == {"counter": running.main.counter}
    assert outcome["state"]["camera"][:3] == [1, 2, 3]
    before = running.main.counter
    running.host.step(running.app, 1)
    assert running.main.counter == before + 1  # nothing was applied


FAILS: dict[str, tuple[list[tuple[str, str]], str]] = {
    "syntax": ([("counter += 1", "counter += ")], "SyntaxError"),
    "half a file": ([(MAIN[MAIN.index("def later"):], "def lat")], "SyntaxError"),
    "a value that can't be made": ([("HEIGHT = 2", "HEIGHT = 1 / 0")], "ZeroDivisionError"),
}


@pytest.mark.parametrize("edit", FAILS)
def test_what_is_wrong_leaves_the_old_program_running(running: Running, edit: str) -> None:
    changes, error = FAILS[edit]
    outcome = running.edit(*changes)
    assert outcome["outcome"] == "failed" and error in outcome["text"], outcome
    before = running.main.counter
    running.host.step(running.app, 1)
    assert running.main.counter == before + 1 and running.main.HEIGHT == 2
    assert running.edit(("counter += 1", "counter += 2"))["outcome"] == "kept"


def test_values_are_followed_into_other_files(running: Running) -> None:
    assert running.edit(("SPEED = 2.0", "SPEED = 5.0"), file="helpers.py")["outcome"] == "kept"
    assert running.main.SPEED == 5.0 and running.main.ease(1) == 5.0 and running.main.helpers.SPEED == 5.0


def test_a_class_that_was_imported_stays_the_same(running: Running) -> None:
    kind, ring = running.main.Ring, running.main.ring
    assert running.edit(("self.turns += self.size", "self.turns -= 1"), file="helpers.py")["outcome"] == "kept"
    ring.turn()
    assert ring.turns == -1 and running.main.Ring is kind


def test_a_file_that_is_gone_or_new(running: Running) -> None:
    live = running.live
    assert live.apply({"helpers.py": None})["outcome"] == "restart"
    outcome = live.apply({}, ["level.json"])
    assert (outcome["outcome"], outcome["state"]["values"]) == ("restart", {"counter": 3})
    outcome = live.apply({"extra.py": "TEN = 10\n", "main.py": running.texts["main.py"].replace(
        "import math", "import math\nfrom extra import TEN")})
    assert outcome["outcome"] == "kept" and running.main.TEN == 10


def test_lines_of_a_traceback_are_those_of_the_new_file(running: Running) -> None:
    assert running.edit(("@app.frame", "# one\n# two\n@app.frame"))["outcome"] == "kept"
    wanted = running.texts["main.py"].split("\n").index("def update(dt):") + 1
    assert running.main.update.__code__.co_firstlineno in (wanted, wanted - 1)


def test_a_callback_that_was_given_up_is_called_again(running: Running) -> None:
    assert running.edit(("counter += 1", "counter += 1 / 0"))["outcome"] == "kept"
    running.host.step(running.app, 70)
    before = running.main.counter
    assert running.edit(("counter += 1 / 0", "counter += 1"))["outcome"] == "kept"
    running.host.step(running.app, 2)
    assert running.main.counter == before + 2


def test_what_is_kept_comes_back_as_its_kind() -> None:
    host = HeadlessHost(options={"kept": {"values": {"n": 4, "grid": [1, 2], "odd": "text"}}})
    app = lw.App(host=host)
    grid = app.keep("grid", np.zeros(2, np.float32))
    assert app.keep("n", 0) == 4 and app.keep("odd", 7) == 7 and app.keep("new", "x") == "x"
    assert grid.dtype == np.float32 and grid.tolist() == [1, 2]
    restore([1, 2, 3, 0.5, -0.25])
    assert app.camera.position.tolist() == [1, 2, 3] and (app.camera.yaw, app.camera.pitch) == (0.5, -0.25)
    app.close()


TWO = """
@app.frame
def _(dt):
    seen.append("one")

@app.frame
def _(dt):
    seen.append("two")
"""
KINDS = """
from typing import NamedTuple
class Place(NamedTuple):
    row: int = 7
class Outer:
    class Inner:
        size = 1
class Plain:
    @property
    def part(self):
        return 1
    @part.setter
    def part(self, value):
        pass
plain = Plain()
ROW = 1
LOST = ROW
ROW = 2
tell = lambda: counter
BIG = SPEED * 2
FAST = Walker.pace * 2
def built(): return ROWS
ROWS = 4
built()
made = [built()]
"""
MORE = MAIN + TWO + KINDS
AFTER = "app.after(5, later)\n"
ODD: dict[str, tuple[list[tuple[str, str]], str, Any, str]] = {  # expected in place: expression and value; else why
    "a value set twice": ([("counter += 1", "counter += 2")], "(LOST, ROW)", (1, 2), ""),
    "one of two": ([("ROW = 2", "ROW = 3")], "", None, "bound more than once"),
    "a setter": ([("        pass\nplain", "        self.to = value\nplain")],
                 "(setattr(plain, 'part', 9), plain.to)[1]", 9, ""),
    "a call twice": ([(AFTER, AFTER * 2)], "", None, "runs at the start"),
    "an act that became a value": ([("walker = build()", "walker = None")], "", None, "order or number"),
    "a callback that became a value": ([(MAIN[MAIN.index("@app.frame"):MAIN.index("def later")], "update = 3\n")], "",
                                       None, "another kind of thing"),
    "a value that the start used": ([("ROWS = 4", "ROWS = 5")], "", None, "built() runs when"),
    "a class's value in others": ([("pace = 1", "pace = 6")], "FAST", 12, ""),
    "a class in a class": ([("size = 1", "size = 2")], "", None, "inside of Outer"),
    "a named tuple": ([("row: int = 7", "row: int = 8")], "", None, "other fields"),
    "a lambda before another": ([("double =", "triple = lambda x: x * 3\ndouble =")], "(triple(1), double(1))", (3, 2),
                                ""),
    "a lambda that uses globals": ([("lambda: counter", "lambda: -counter")], "tell() == -counter", True, ""),
    "a callback before one of its name": ([(TWO, TWO.replace("one", "zero").split("\n\n")[0] + TWO)], "", None, "is "),
    "an import and what uses it": ([("import math", "import math, cmath\nROOT = cmath.pi")], "ROOT > 3", True, ""),
    "a class and what uses it": ([("def later", "class New: pass\nBOTH = (New, Walker)\ndef later")], "len(BOTH)", 2,
                                 ""),
    "a first __init__": ([("class Plain:", "class Plain:\n    def __init__(self): self.at = 1")], "", None,
                         "__init__()"),
    "a default from the class": ([("by=1)", "by=pace)")], "walker.walk()", 31, ""),
    "an annotation of a value": ([("seen = []", "seen: list = []")], "len(seen) > 6", True, ""),
}


@pytest.mark.parametrize("edit", ODD)
def test_odd_edits_are_right_or_start_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, edit: str) -> None:
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setitem(sys.modules, "__main__", sys.modules["__main__"])
    sys.modules.pop("helpers", None)
    running = Running(tmp_path, MORE)
    monkeypatch.setitem(sys.modules, "helpers", running.main.helpers)
    changes, expression, expected, why = ODD[edit]
    outcome = running.edit(*changes)
    running.host.step(running.app, 1)
    if why:
        assert outcome["outcome"] == "restart" and why in outcome["text"], outcome
    else:
        assert outcome["outcome"] == "kept" and eval(expression, vars(running.main)) == expected, outcome
    assert running.edit(("SPEED = 2.0", "SPEED = 5.0"), file="helpers.py")["outcome"] == "kept"
    assert running.main.BIG == 10.0
    running.app.close()
    sys.modules.pop("helpers", None)


def test_what_was_remembered_of_old_code_is_calculated_again(running: Running) -> None:
    more = "import functools\n@functools.cache\ndef table(n):\n    return n\n"
    assert running.edit(("import math\n", "import math\n" + more))["outcome"] == "kept"
    assert running.main.table(3) == 3
    assert running.edit(("    return n\n", "    return n * 2\n"))["outcome"] == "kept"
    assert running.main.table(3) == 6
