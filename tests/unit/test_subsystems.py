"""Subsystems: made where they are first asked for, called in the frame's order, heard from the page, ended alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import layerw as lw
from layerw.frame.subsystems import SubsystemPort
from layerw.hosts.headless import HeadlessHost
from layerw.messages.codec import decode_message, encode_own


class Toy:
    def __init__(self, port: SubsystemPort) -> None:
        self.port, self.seen, self.closed = port, [], False

    def hooks(self) -> Mapping[str, Callable[..., Any]]:
        def note(hook: str) -> Callable[..., Any]:
            return lambda *values: self.seen.append((hook, *values))

        return {hook: note(hook) for hook in ("before", "fixed", "after", "placed", "received")} | {
            "report": lambda: {"calls": len(self.seen)}}

    def close(self) -> None:
        self.closed = True


def test_a_subsystem_is_made_once_and_hears_the_frame_in_order() -> None:
    host = HeadlessHost()
    app = lw.App(host=host)
    engine = app._engine
    toy = engine.subsystems.get("toy", Toy)
    assert engine.subsystems.get("toy", Toy) is toy and engine.subsystems.find("toy") is toy
    app.frame(lambda dt: toy.seen.append(("program",)))
    app.fixed(lambda dt: toy.seen.append(("step",)))
    engine.page._receive(encode_own("toy", {"clicked": 3}))
    host.step(app, 2)
    frame = [("before",), ("step",), ("fixed", 1 / 60), ("program",), ("after", 1 / 60), ("placed",)]
    seen = [(name, *(round(value, 9) if isinstance(value, float) else value for value in values))
            for name, *values in toy.seen]
    rounded = [(name, *(round(value, 9) for value in values)) for name, *values in frame]
    assert seen == [("received", {"clicked": 3}), *rounded, *rounded]
    assert app.report()["toy"] == {"calls": len(seen)}
    app.close()
    assert toy.closed and engine.subsystems.find("toy") is None


def test_messages_to_the_page_are_its_halves() -> None:
    host = HeadlessHost()
    app = lw.App(host=host)
    toy = app._engine.subsystems.get("toy", Toy)
    toy.port.send({"n": 1})
    (message,) = app._engine.subsystems.take_messages()
    assert decode_message(message) == ("layerw-toy", {"n": 1})
    assert app._engine.subsystems.take_messages() == []


def test_one_that_fails_is_told_and_the_rest_goes_on() -> None:
    host = HeadlessHost()
    app = lw.App(host=host)
    toy = app._engine.subsystems.get("toy", Toy)

    class Bad(Toy):
        def hooks(self) -> Mapping[str, Callable[..., Any]]:
            return {"placed": lambda: 1 / 0}

    app._engine.subsystems.get("bad", Bad)
    host.step(app, 2)
    errors = app.report()["errors"]
    assert len(errors) == 1 and "division by zero" in errors[0] and "subsystem bad" in errors[0], errors
    assert ("placed",) in toy.seen and app.frame_number == 2
