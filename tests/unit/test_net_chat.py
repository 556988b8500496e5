"""The chat of a room: everyone reads what one writes, later ones too, as text and not too much of it."""

from __future__ import annotations

import math
from typing import Any

import pytest

import layerw as lw
from layerw.net import wire
from layerw.net.chat import Chat
from layerw.net.packing import Damaged
from tests.unit.net_scene import Side, Together


def empty(app: lw.App) -> None:
    """A room with nothing in it."""


def texts(side: Side) -> list[str]:
    return [line.text for line in side.app.net.chat.lines]


def test_everyone_reads_it_and_who_comes_later_too() -> None:
    room = Together(empty, 2)
    room.clients[0].app.net.name = "Ada"
    heard: list[Any] = []
    room.clients[1].app.net.chat.on_line(heard.append)
    room.step(10)
    assert room.clients[0].app.net.chat.say("<b>hello</b>\n\u202eworld ")
    room.step(5)
    assert room.server.app.net.chat.say("Round 2")
    room.step(5)
    late = room.add()
    room.step(10)
    for side in (room.server, *room.clients):
        assert texts(side) == ["<b>hello</b> world", "Round 2"]
    assert [(line.player, line.name) for line in late.app.net.chat.lines] == [(1, "Ada"), (0, "")]
    assert [line.text for line in heard] == ["<b>hello</b> world", "Round 2"]
    room.lines[0][1].close("a cable")
    room.step(60)
    assert texts(room.clients[0]) == ["<b>hello</b> world", "Round 2"], "nothing twice"
    assert room.errors() == []


def test_the_panel_reads_and_writes() -> None:
    room = Together(empty, 2)
    one, two = room.clients
    panel = one.app.net.chat.show(one.app.ui, lines=3)
    two.app.net.chat.show(two.app.ui)
    room.step(10)
    shown = one.app.net.chat._panels[0]
    for number in range(4):
        shown._field.change(f"line {number}")
        shown._field._heard("enter", None)
        assert shown._field.value == ""
    room.step(5)
    assert [text.text for text in shown._texts] == [f"Player 1: line {number}" for number in (1, 2, 3)]
    assert [text.live for text in shown._texts] == [False, False, True]
    assert [text.visible for text in two.app.net.chat._panels[0]._texts] == [False] * 4 + [True] * 4
    for number in range(3):
        shown._field.change(f"more {number}")
        shown._field._heard("enter", None)
    assert "Not sent" in shown._note.text and shown._field.value == "more 2", "it can be sent later"
    panel.close()
    two.app.net.chat.say("anyone?")
    room.step(5)
    assert one.app.net.chat._panels == [] and texts(one)[-1] == "anyone?"
    assert room.errors() == []


def test_the_servers_program_changes_and_refuses_lines() -> None:
    def program(app: lw.App) -> None:
        @app.net.chat.filter
        def polite(player: lw.Player, text: str) -> Any:
            return None if "spam" in text else 1 / 0 if "bug" in text else text.upper()

    room = Together(program, 1)
    room.step(10)
    for text in ("spam", "hi", "bug", "there"):
        room.clients[0].app.net.chat.say(text)
    room.step(5)
    assert texts(room.clients[0]) == ["HI", "THERE"] == texts(room.server)
    assert len(room.server.host.errors) == 1 and "ZeroDivisionError" in room.server.host.errors[0]


def test_nobody_writes_more_than_anybody_reads_whatever_is_sent() -> None:
    room = Together(empty, 0)
    line = room.line()
    line.send(wire.value_message(wire.HELLO, {"schema": room.server.room.schema.hash, "token": ""}), reliable=True)
    room.step(2)
    for value in ({"text": "x" * 5000}, {"text": ""}, {"text": 3}, 3, *[{"text": "again"}] * 20):
        line.send(wire.value_message(wire.SAY, value), reliable=True)
    room.step(2)
    assert [len(text) for text in texts(room.server)] == [300, 5], "three of the five were none"
    assert not line.closed
    for _ in range(60):
        line.send(wire.value_message(wire.SAY, {"text": "again"}), reliable=True)
    room.step(2)
    assert "anybody reads" in line.closed and len(texts(room.server)) == 2


@pytest.mark.parametrize("value", [{}, {"lines": 3}, {"lines": [1]}, {"lines": [[1, 2]]}, {"lines": [["x", "a", "b"]]},
                                   {"lines": [[math.inf, "a", "b"]]}])  # fmt: skip
def test_lines_that_are_none_are_left_out(value: dict[str, Any]) -> None:
    chat = Chat(lw.App()._engine.user, lambda text: True)
    with pytest.raises(Damaged):
        chat._taken(value)
    assert chat.lines == []


def test_numbers_without_end_are_left_out_as_what_else_is_none() -> None:
    """Not an exception in the frame of who hears them."""
    room = Together(lambda app: None)
    side, server = room.clients[0], room.lines[0][1]
    server.send(wire.value_message(wire.LINES, {"lines": [[math.inf, "a", "b"]]}), reliable=True)
    server.send(wire.value_message(wire.PLAYERS, {"players": [1], "pings": [math.inf]}), reliable=True)
    server.send(wire.value_message(wire.WELCOME, {"player": math.inf, "tick_rate": 1}), reliable=True)
    room.step(5)
    assert side.client.damaged == 3 and side.app.net.chat.lines == [] and room.errors() == []


def test_alone_nobody_is_there_to_read() -> None:
    app = lw.App()
    assert app.net.chat.say("hello?") is False and app.net.chat.lines == []


@pytest.mark.parametrize(("act", "error"), [
    (lambda chat, app: chat.say(3), "say text"),
    (lambda chat, app: chat.say(""), "say text"),
    (lambda chat, app: chat.say("x" * 301), "301 characters"),
    (lambda chat, app: chat.on_line(lambda: 0), "on_line's function"),
    (lambda chat, app: chat.filter(lambda text: 0), "filter's function"),
    (lambda chat, app: chat.show(3), "takes app.ui"),
    (lambda chat, app: chat.show(app.ui, lines=0), "show lines"),
    (lambda chat, app: chat.show(app.ui, anchor="middle"), "anchor"),
    (lambda chat, app: setattr(chat, "lines", []), "cannot be assigned"),
    (lambda chat, app: chat.sy("x"), "say"),
])  # fmt: skip
def test_what_cannot_be_is_refused_where_it_is_said(act: Any, error: str) -> None:
    app = lw.App()
    with pytest.raises((lw.LayerwError, AttributeError), match=error):
        act(app.net.chat, app)
