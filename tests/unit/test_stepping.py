"""app.step(): everything moves on, nothing is drawn; the state is that of frames, and a later picture is right."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import numpy as np
import pytest

import layerw as lw
from layerw.base.errors import LayerwError
from layerw.hosts.begin import begin
from layerw.hosts.headless import HeadlessHost

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
PROGRAMS = [path for path in sorted([*EXAMPLES.glob("*.py"), *EXAMPLES.glob("*/main.py")])
            if "lw.App(" in path.read_text("utf-8")]  # others lie beside one
FRAMES = 8
SIZE = (96, 64)


def begun(program: Path) -> tuple[HeadlessHost, lw.App]:
    options = {"clock": "virtual", "frames": FRAMES, "quality": "medium", "width": SIZE[0], "height": SIZE[1]}
    host = HeadlessHost(program.parent, options=options, size=SIZE)
    return host, asyncio.run(begin(program, host))


def state(app: lw.App) -> tuple[object, object]:
    report = app.report(state_hash=True)
    app.close()
    return report["state_hash"], report["states"]


@pytest.mark.parametrize("program", PROGRAMS, ids=[str(path.relative_to(EXAMPLES)) for path in PROGRAMS])
def test_steps_leave_every_example_as_frames_do(program: Path) -> None:
    host, framed = begun(program)
    host.step(framed, FRAMES)
    other, stepped = begun(program)
    stepped.step(FRAMES)
    assert host.errors == other.errors and stepped.frame_number == FRAMES and stepped.time_s == framed.time_s
    assert state(stepped) == state(framed)


def crates(count: int = 100, host: HeadlessHost | None = None) -> tuple[HeadlessHost, lw.App, lw.Entities]:
    host = host or HeadlessHost()
    app = lw.App(host=host)
    app.spawn(lw.Mesh.box(60, 1, 60), position=(0, -0.5, 0), body=lw.Body("static", shape="box"))
    made = app.spawn_many(lw.Mesh.box(), count)
    made.position[:] = np.random.default_rng(1).uniform((-25, 1, -25), (25, 6, 25), (count, 3))
    app.physics.add(made, "dynamic", shape="box")
    return host, app, made


def test_what_moved_in_steps_is_in_the_next_picture() -> None:
    seen = []
    for unseen in (False, True):
        host, app, _ = crates(20)
        host.step(app, 2)
        app.camera.position = (0, 3, 30)
        app.spawn(lw.Mesh.sphere(), position=(0, 2, 0))
        (app.step if unseen else lambda count, host=host, app=app: host.step(app, count))(30)
        sent = host.submits
        host.step(app)
        assert host.submits == sent + 1
        seen.append((host.sink.draws, host.sink.triangles, app.report(state_hash=True)["state_hash"]))
    assert seen[0] == seen[1]


def test_still_steps_submit_nothing_and_screenshots_wait_for_a_picture() -> None:
    host, app, _ = crates(3)
    host.step(app, 2)
    sent = host.submits
    shot = app.screenshot()
    app.step(50)
    assert host.submits == sent and not shot.ready
    host.picture = np.zeros((4, 4, 4), np.uint8)
    host.step(app, 3)
    assert shot.ready


def test_keys_timers_and_callbacks_run_and_a_mistake_in_one_is_told() -> None:
    host = HeadlessHost()
    app = lw.App(host=host)
    happened: list[str] = []

    @app.frame
    def frame(dt: float) -> None:
        happened.append("frame")
        if app.input.key("Space"):
            happened.append("key")
        raise ValueError("planted")

    @app.fixed
    def fixed(dt: float) -> None:
        happened.append("fixed")

    app.after(2.5 / 60, lambda: happened.append("timer"))
    host.step(app)
    host.key("Space")
    app.step(2)
    assert happened == ["fixed", "frame", "fixed", "frame", "key", "timer", "fixed", "frame", "key"]
    assert any("planted" in text for text in app.report()["errors"])


def test_who_may_step() -> None:
    host = HeadlessHost()
    app = lw.App(host=host)
    for wrong in (0, -1, 1.5, "2", True):
        with pytest.raises(LayerwError, match=r"app\.step count"):
            app.step(wrong)  # type: ignore[arg-type]

    @app.frame
    def again(dt: float) -> None:
        app.step()

    app.step()
    assert any("A step was asked for by a function that runs in one" in text for text in app.report()["errors"])
    app._engine.host = object()  # type: ignore[assignment]  # as a page's, which has no step
    with pytest.raises(LayerwError, match=r"app\.step\(\) was called in a page.*@app\.frame"):
        app.step()


def test_worlds_in_one_process_know_nothing_of_each_other() -> None:
    one, two = crates(5), crates(5)
    for _ in range(20):
        one[1].step()
        two[1].step(2)
    assert not np.array_equal(one[2].position, two[2].position)
    one[1].step(20)
    assert np.array_equal(one[2].position, two[2].position)


def test_a_step_costs_a_fraction_of_a_frame() -> None:
    """A tenth of a millisecond for 100 bodies at rest; how many a second depends on the machine."""
    host, app, _ = crates()
    app.step(400)
    assert app.report()["physics"]["awake"] == 0

    def least_s(run: object) -> float:
        times = []
        for _ in range(8):
            begin_s = time.perf_counter()
            run(20)  # type: ignore[operator]
            times.append(time.perf_counter() - begin_s)
        return min(times)

    assert least_s(app.step) < 0.5 * least_s(lambda count: host.step(app, count))
