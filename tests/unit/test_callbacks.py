"""The program's callbacks and coroutines: mistakes, `async def`, tasks, sys.exit(), and one App a host."""

from __future__ import annotations

import asyncio
import gc
import sys
from collections.abc import Callable
from typing import Any

import pytest

import layerw as lw
from layerw.base.user_code import FAILURES_MAX
from layerw.hosts.headless import HeadlessHost


def make(**settings: Any) -> tuple[lw.App, HeadlessHost]:
    host = HeadlessHost()
    return lw.App(host=host, **settings), host


def test_a_callback_that_raises_once_is_told_with_its_line_and_called_again() -> None:
    app, host = make()
    frames = []

    @app.frame
    def update(dt: float) -> None:
        frames.append(dt)
        if len(frames) == 3:
            _ = {}["missing"]  # type: ignore[var-annotated]

    host.step(app, 10)
    assert len(frames) == 10 and len(host.errors) == 1
    line = update.__code__.co_firstlineno + 4
    assert f'{__file__}", line {line}' in host.errors[0] and "KeyError: 'missing'" in host.errors[0]


class Own(BaseException):
    """No Exception."""


@pytest.mark.parametrize("kind", [GeneratorExit, asyncio.CancelledError, Own])
@pytest.mark.parametrize("place", ["frame", "async frame", "task", "event"])
def test_what_is_no_exception_by_name_is_told_like_one(kind: type[BaseException], place: str) -> None:
    app, host = make()
    frames: list[float] = []

    async def later() -> None:
        raise kind("planted")

    def now(*_: object) -> None:
        raise kind("planted")

    if place == "frame":
        app.frame(now)
    elif place == "async frame":
        app.frame(lambda dt: later())
    elif place == "event":
        app.page.on("go", now)
        host.page_send("go")
    elif kind is not asyncio.CancelledError:  # how a task ends that its program cancelled: no mistake
        app.frame(lambda dt: None if frames else asyncio.ensure_future(later()))
    app.frame(frames.append)
    host.step(app, 5)
    assert len(frames) == 5
    if place != "task" or kind is not asyncio.CancelledError:
        assert len(host.errors) == 1 and "planted" in host.errors[0], host.errors
    app.close()


def test_a_key_press_in_the_terminal_passes() -> None:
    app, host = make()

    @app.frame
    def update(dt: float) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        host.step(app, 1)


def test_a_callback_that_never_works_is_paused_and_told() -> None:
    app, host = make()
    calls, others = [], []

    @app.frame
    def update(dt: float) -> None:
        calls.append(dt)
        raise ValueError(f"value {len(calls)}")

    app.frame(others.append)
    host.step(app, FAILURES_MAX + 20)
    assert (len(calls), len(others)) == (FAILURES_MAX, FAILURES_MAX + 20)
    assert len(host.errors) == 3  # three texts of one place, then silence
    assert f"raised in {FAILURES_MAX} frames running" in app.report()["errors"][-1]
    assert "update" in app.report()["errors"][-1] and __file__ in app.report()["errors"][-1]


@pytest.mark.parametrize("code", [None, 0, 3, "no lives left"])
def test_sys_exit_ends_the_program_with_a_note_and_keeps_the_picture(code: Any) -> None:
    app, host = make()
    app.spawn(lw.Mesh.box())
    calls: list[float] = []
    late: list[float] = []
    tasks: list[Any] = []

    async def task() -> None:
        await asyncio.sleep(0.2)
        late.append(1)

    @app.frame
    def update(dt: float) -> None:
        calls.append(dt)
        if len(calls) == 1:
            tasks.append(asyncio.ensure_future(task()))
        if len(calls) == 3:
            sys.exit(code)

    app.frame(lambda dt: calls.append(-dt))
    host.step(app, 30)
    assert len(calls) == 3 and late == [] and host.submits == 30 and host.sink.draws == 1
    assert host.errors == [] and app.report()["errors"] == []
    assert "sys.exit()" in app.report()["ended"] and ("lives" in app.report()["ended"]) == (code == "no lives left")
    assert sum("sys.exit()" in text for _, text in host.logs) == 1


def test_an_async_frame_callback_runs_one_at_a_time() -> None:
    app, host = make()
    begun, ended = [], []

    @app.frame
    async def update(dt: float) -> None:
        begun.append(dt)
        await asyncio.sleep(4.5 / 60)
        ended.append(app.frame_number)

    host.step(app, 21)
    assert ended == [6, 12, 18] and len(begun) == 4
    assert sum(begun) == pytest.approx(21 / 60, abs=6 / 60)  # no second is lost
    app.close()
    assert host.errors == [] and app.report()["errors"] == []


@pytest.mark.parametrize("kept", [False, True])
def test_an_exception_in_a_task_is_told_like_one_in_a_callback(kept: bool) -> None:
    app, host = make()
    tasks: list[Any] = []

    async def load() -> None:
        await asyncio.sleep(0.01)
        raise ValueError("boom in a task")

    task = asyncio.ensure_future(load())  # at the program's top level
    if kept:
        tasks.append(task)
    del task
    host.step(app, 5)
    gc.collect()
    assert len(host.errors) == 1 and "ValueError: boom in a task" in host.errors[0] and __file__ in host.errors[0]


def test_an_exception_that_somebody_awaits_is_not_told() -> None:
    app, host = make()
    seen = []

    async def fails() -> None:
        await asyncio.sleep(0)
        raise ValueError("handled")

    async def waits() -> None:
        try:
            await asyncio.create_task(fails())
        except ValueError as error:
            seen.append(str(error))

    app.frame(lambda dt: None if seen else asyncio.create_task(waits()) and None)
    host.step(app, 5)
    assert "handled" in seen and host.errors == []


def test_async_failures_in_callbacks_are_told_and_the_rest_goes_on() -> None:
    app, host = make()
    calls: list[int] = []

    @app.frame
    async def update(dt: float) -> None:
        calls.append(1)
        await asyncio.sleep(0)
        raise RuntimeError("async boom")

    @app.frame
    def good(dt: float) -> None:
        calls.append(0)

    host.step(app, 20)
    assert calls.count(0) == 20 and calls.count(1) >= 9
    assert len(host.errors) == 1 and "async boom" in host.errors[0]
    app.close()


def test_timers_gather_and_timeouts_work_on_the_frames_clock() -> None:
    app, host = make()
    found: list[Any] = []

    async def part(n: int) -> int:
        await asyncio.sleep(n / 10)
        return n

    async def main() -> None:
        found.append(await asyncio.gather(part(1), part(2)))
        try:
            await asyncio.wait_for(asyncio.sleep(100), 0.1)
        except TimeoutError:
            found.append("late")
        queue: asyncio.Queue[int] = asyncio.Queue()
        asyncio.get_running_loop().call_later(0.1, queue.put_nowait, 5)
        found.append(await queue.get())

    app.frame(_once(lambda: asyncio.ensure_future(main())))
    host.step(app, 11)
    assert found == []
    host.step(app, 20)
    assert found == [[1, 2], "late", 5]


def _once(start: Callable[[], Any]) -> Callable[[float], None]:
    started: list[Any] = []
    return lambda dt: None if started else started.append(start())


def test_close_ends_the_tasks() -> None:
    app, host = make()
    ended = []

    async def forever() -> None:
        try:
            while True:
                await asyncio.sleep(0)
        finally:
            ended.append(1)

    task = asyncio.ensure_future(forever())
    host.step(app, 3)
    app.close()
    assert task.done()
    host.step(app, 3)
    assert ended == [1] and host.errors == []


# -- one App a host --------------------------------------------------------------------------------


def test_a_second_app_on_one_host_raises_at_its_line() -> None:
    app, host = make()
    app.spawn(lw.Mesh.box())
    with pytest.raises(lw.LayerwError, match="second"):
        lw.App(host=host)
    host.step(app, 3)
    assert host.sink.draws == 1 and app.report()["errors"] == []


def test_headless_hosts_are_their_own_and_close_gives_everything_back() -> None:
    assert lw.App().host is not lw.App().host
    app, host = make()
    app.spawn(lw.Mesh.box())
    host.step(app, 2)
    app.close()
    host.step(app, 1)
    assert host.sink.live_handles == 0 and host.sink.draws == 0
    second = lw.App(host=host)
    second.spawn(lw.Mesh.box())
    host.step(second, 2)
    assert host.sink.draws == 1


def test_a_dropped_app_leaves_its_host() -> None:
    app, host = make()
    del app
    gc.collect()
    lw.App()  # the last one is kept for its host
    gc.collect()
    lw.App(host=host)
