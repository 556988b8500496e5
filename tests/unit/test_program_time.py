"""The program's time: fixed steps, timers, waits, pause and scale; the same on every machine."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import pytest

import layerw as lw
from layerw.base.program_clock import FIXED_S, ProgramClock
from layerw.hosts.headless import FRAME_S, HeadlessHost


def make() -> tuple[lw.App, Callable[[int], None]]:
    host = HeadlessHost()
    app = lw.App(host=host)
    return app, lambda frames: host.step(app, frames)


def test_sixty_frames_are_sixty_steps() -> None:
    app, step = make()
    taken: list[float] = []
    app.fixed(taken.append)
    step(600)
    assert taken == [FIXED_S] * 600
    assert app.report()["dropped_s"] == 0


@pytest.mark.parametrize(
    ("dt", "steps"), [(1 / 30, 2), (1 / 120, 0.5), (1 / 144, 60 / 144), (4 / 60, 4), (1 / 59.94, 60 / 59.94)]
)
def test_steps_follow_the_time_of_frames(dt: float, steps: float) -> None:
    clock = ProgramClock()
    total = 0
    for _ in range(1000):
        clock.advance(dt)
        total += clock.steps()
    assert total == pytest.approx(1000 * steps, abs=1)
    assert clock.dropped_s == 0


def test_what_a_slow_frame_can_not_catch_up_with_is_dropped_and_told_once() -> None:
    app, _ = make()
    taken: list[float] = []
    app.fixed(taken.append)
    for _ in range(3):
        app._engine.user.run_frames(0.5, 0.0)
    assert len(taken) == 12
    assert app._engine.user.clock.dropped_s == pytest.approx(3 * (0.5 - 4 / 60), abs=0.04)
    assert app._engine.user.clock.dropped_s == app.report()["dropped_s"]
    assert sum("fixed steps" in text for _, text in app._engine.log.take()) == 1


def test_steps_come_before_the_frame_and_a_mistake_in_one_is_alone() -> None:
    app, step = make()
    calls: list[str] = []

    @app.fixed
    def broken(dt: float) -> None:
        raise ValueError("planted")

    app.frame(lambda dt: calls.append("frame"))
    app.fixed(lambda dt: calls.append("fixed"))
    step(2)
    assert calls == ["fixed", "frame"] * 2
    assert sum("planted" in text for text in app.report()["errors"]) == 1


def test_timers_are_called_in_their_order_and_once() -> None:
    app, step = make()
    calls: list[str] = []

    @app.after(0.5)
    def late() -> None:
        calls.append(f"late {app.frame_number}")

    app.after(0.25, lambda: calls.append("soon"))
    app.after(0.0, lambda: calls.append("now"))
    cancelled = app.after(0.1, lambda: calls.append("never"))
    cancelled.cancel()
    step(120)
    assert calls == ["now", "soon", "late 29"]
    assert late() is None and not cancelled.active


def test_every_repeats_until_it_is_cancelled() -> None:
    app, step = make()
    calls: list[int] = []
    timer = app.every(0.1, lambda: calls.append(app.frame_number))
    step(60)
    assert len(calls) == 10 and {b - a for a, b in pairwise(calls)} <= {5, 6, 7}
    timer.cancel()
    step(60)
    assert len(calls) == 10 and "over" in repr(timer)


def test_a_timer_of_less_than_a_frame_is_called_once_a_frame() -> None:
    app, step = make()
    calls: list[int] = []
    app.every(0.001, lambda: calls.append(app.frame_number))
    step(30)
    assert calls == list(range(30))


def test_timers_made_and_cancelled_by_timers() -> None:
    app, step = make()
    calls: list[str] = []
    second = app.after(0.2, lambda: calls.append("second"))

    @app.after(0.1)
    def first() -> None:
        second.cancel()
        app.after(0.0, lambda: calls.append("made"))

    step(60)
    assert calls == ["made"]


def test_a_pause_stops_steps_timers_waits_and_the_world_but_not_the_frames() -> None:
    app, step = make()
    calls: list[str] = []
    dts: list[float] = []
    app.frame(dts.append)
    app.fixed(lambda dt: calls.append("fixed"))
    app.after(0.5, lambda: calls.append("timer"))

    async def story() -> None:
        await app.seconds(0.5)
        calls.append("story")

    app.start(story())
    step(10)
    app.paused = True
    before = app.time_s
    step(100)
    assert calls == ["fixed"] * 10 and dts[-1] == 0 and app.time_s == pytest.approx(before)
    app.paused = False
    step(40)
    assert calls.count("timer") == calls.count("story") == 1 and calls.count("fixed") == 50
    assert dts[-1] == pytest.approx(FRAME_S)


def test_slow_motion() -> None:
    app, step = make()
    dts: list[float] = []
    taken: list[float] = []
    app.frame(dts.append)
    app.fixed(taken.append)
    app.time_scale = 0.25
    step(60)
    assert sum(dts) == pytest.approx(0.25) and len(taken) == 15
    assert app.time_s == pytest.approx(59 * FRAME_S - 60 * FRAME_S * 0.75)


def test_coroutines_end_with_their_result_and_tell_their_mistakes() -> None:
    app, step = make()

    async def story() -> int:
        for _ in range(3):
            await app.seconds(0.1)
        return app.frame_number

    async def wrong() -> None:
        await app.seconds(0.05)
        raise ValueError("planted")

    task, _ = app.start(story()), app.start(wrong())
    step(30)
    assert 17 <= task.result() <= 20
    assert any("planted" in text for text in app.report()["errors"])


def test_an_async_timer_and_a_cancelled_wait() -> None:
    app, step = make()
    calls: list[str] = []

    @app.after(0.1)
    async def later() -> None:
        await app.seconds(0.1)
        calls.append("later")

    async def story() -> None:
        await app.seconds(0.2)
        calls.append("cancelled")

    task = app.start(story())
    step(2)
    task.cancel()
    step(30)
    assert calls == ["later"] and task.cancelled()
    assert app.report()["errors"] == []


def test_what_is_closed_calls_nothing_any_more() -> None:
    app, step = make()
    calls: list[str] = []
    timer = app.every(0.01, lambda: calls.append("timer"))
    app.fixed(lambda dt: calls.append("fixed"))
    app.close()
    step(5)
    assert calls == [] and not timer.active


def test_bad_values_are_refused_at_their_line() -> None:
    app, _ = make()

    async def story() -> None:
        """Never run."""

    bad_calls: tuple[Callable[[], object], ...] = (
        lambda: app.after(-1),
        lambda: app.after("soon"),  # type: ignore[call-overload]
        lambda: app.after(1, 3),  # type: ignore[call-overload]
        lambda: app.every(0),
        lambda: app.every(float("nan"), print),
        lambda: app.every(1, lambda dt: None),  # type: ignore[misc,arg-type,call-overload]
        lambda: app.seconds("1"),  # type: ignore[arg-type]
        lambda: app.fixed(lambda: None),  # type: ignore[misc,arg-type,type-var]
        lambda: app.start(story),  # type: ignore[arg-type]
        lambda: setattr(app, "time_scale", -1),
        lambda: setattr(app, "paused", "yes"),
    )
    for bad in bad_calls:
        with pytest.raises(lw.LayerwError):
            bad()
    assert (app.paused, app.time_scale) == (False, 1.0)
