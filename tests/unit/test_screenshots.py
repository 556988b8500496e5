"""app.screenshot on CPython: pixels through an ephemeral result under wasmtime, budgets, limits, failures."""

from __future__ import annotations

import gc
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import layerw as lw
from layerw.gpu import spec
from layerw.gpu.gen.events import ReadbackDone
from layerw.hosts.headless import HeadlessHost
from layerw.surface.screenshots import PENDING_MAX, WAIT_FRAMES_MAX

WIDTH, HEIGHT = 24, 16
PICTURE = np.random.default_rng(7).integers(0, 255, (HEIGHT, WIDTH, 4), dtype=np.uint8)
PIXELS_BYTES = WIDTH * HEIGHT * 4


def make(size: tuple[int, int] = (WIDTH, HEIGHT), **budgets: float) -> tuple[lw.App, HeadlessHost]:
    pytest.importorskip("wasmtime")
    host = HeadlessHost(size=size, options={"width": size[0], "height": size[1]})
    host.picture = PICTURE
    app = lw.App(host=host, budgets=lw.Budgets(**({"memory_mib": 4} | budgets)))
    host.step(app, 2)  # the canvas's size comes with the first inbox
    return app, host


def used(app: lw.App) -> tuple[int, int, int]:
    gc.collect()
    return app._engine.gpu_ledger.used_bytes, app._engine.layer_ledger.used_bytes, app._engine.heap_ledger.used_bytes


def scratch_bytes(app: lw.App) -> int:
    return sum(app.memory.statistics().regions["scratch"].live_bytes.values())


def test_pixels_come_some_frames_later_and_nothing_stays_behind() -> None:
    app, host = make()
    app.memory  # noqa: B018  opened: it stays charged
    before, scratch = used(app), scratch_bytes(app)
    shot = app.screenshot()
    assert not shot.ready and not shot.failed
    host.step(app)
    assert used(app)[0] >= before[0] + PIXELS_BYTES, "the GPU's copy is charged while it is on its way"
    host.step(app)
    assert shot.ready and (shot.pixels == PICTURE).all() and shot.pixels.dtype == np.uint8
    assert used(app)[2] == before[2] + PIXELS_BYTES, "the pixels are the heap's while somebody has them"
    kept = shot.pixels[2:, 3:]
    del shot
    assert used(app)[2] == before[2] + PIXELS_BYTES and (kept == PICTURE[2:, 3:]).all()
    del kept
    assert used(app) == before and scratch_bytes(app) == scratch and app._engine.surface.screenshots.pending_count == 0


def test_each_frame_is_one_submit_whatever_is_on_its_way() -> None:
    app, host = make()
    submits, frames = host.submits, host.frame
    for _ in range(4):
        app.screenshot("a.png")
        host.step(app)
    host.step(app, 8)
    assert host.submits - submits == host.frame - frames


def test_a_function_is_called_with_it() -> None:
    app, host = make()
    called: list[lw.Screenshot] = []
    shot = app.screenshot(called.append)
    host.step(app, 3)
    assert called == [shot] and shot.ready
    app.screenshot(lambda shot: 1 / 0)
    host.step(app, 3)
    assert "ZeroDivisionError" in host.errors[0], "a mistake of the program is shown, and the frames go on"
    host.step(app)


def test_a_path_makes_a_file() -> None:
    app, host = make()
    shots = [app.screenshot("a.png"), app.screenshot(Path("sub/b.PNG"))]
    host.step(app, 4)
    assert [shot.saved for shot in shots] == [True, True] and list(host.files) == ["a.png", "sub/b.PNG"]
    assert all((shot.pixels == PICTURE).all() for shot in shots)
    assert app._engine.surface.screenshots.pending_count == 0


@pytest.mark.parametrize("path", ["", "a.jpg", "/a.png", "../a.png", "a/../../b.png", "c:a.png", "a\\b.png", "a\n.png",
                                  "x" * 252 + ".png", ".png", 5])
def test_other_paths_are_refused(path: Any) -> None:
    app, _ = make()
    with pytest.raises(lw.ConfigError, match=r"\.png"):
        app.screenshot(path)


def test_too_many_at_once_fail_kindly_and_the_rest_come_in_order() -> None:
    app, host = make()
    order: list[lw.Screenshot] = []
    shots = [app.screenshot(order.append) for _ in range(PENDING_MAX + 2)]
    assert [shot.failed for shot in shots] == [False] * PENDING_MAX + [True] * 2
    assert str(PENDING_MAX) in shots[-1].error
    with pytest.raises(lw.LayerwError, match="limit"):
        shots[-1].pixels  # noqa: B018
    host.step(app, PENDING_MAX + 1)
    assert order == shots[:PENDING_MAX]
    again = app.screenshot()
    host.step(app, 2)
    assert again.ready
    assert any("limit" in text for level, text in host.logs if level == 1), "and it is loud"


def test_pixels_before_they_are_there_say_what_to_do() -> None:
    app, _ = make()
    with pytest.raises(lw.LayerwError, match="ready"):
        app.screenshot().pixels  # noqa: B018


def test_a_lost_gpu_fails_what_is_on_its_way_and_the_next_comes() -> None:
    app, host = make()
    before = used(app)[0]
    shot = app.screenshot("a.png")
    host.step(app)
    host.lose_device()
    host.step(app)
    assert shot.failed and "lost" in shot.error and not shot.ready and used(app)[0] == before
    again = app.screenshot()
    host.step(app, 2)
    assert again.ready


def test_a_host_without_a_picture_says_so() -> None:
    app, host = make()
    host.picture = None
    shot = app.screenshot()
    host.step(app, 2)
    assert shot.failed and "headless" in shot.error


def test_without_room_it_waits_then_fails_with_both_numbers() -> None:
    app, host = make()
    left = app._engine.gpu_ledger.left_bytes
    app._engine.gpu_ledger.reserve(left, "The test")
    shot, held = app.screenshot(), app._engine.gpu_ledger.used_bytes
    host.step(app, 5)
    assert not shot.failed and app._engine.gpu_ledger.used_bytes == held
    assert app._engine.gpu_ledger.claimed_bytes >= PIXELS_BYTES, "streamed content is asked to make room"
    app._engine.gpu_ledger.release(left)
    host.step(app, 2)
    assert shot.ready
    app._engine.layer_ledger.reserve(app._engine.layer_ledger.left_bytes, "The test")
    shot = app.screenshot()
    host.step(app, WAIT_FRAMES_MAX + 1)
    assert str(PIXELS_BYTES) in shot.error and str(app._engine.layer_ledger.budget_bytes) in shot.error
    assert "layer_mib" in shot.error


def test_no_room_for_the_memory_itself_is_the_screenshots_failure() -> None:
    app, _ = make(layer_mib=3)
    shot = app.screenshot()
    assert shot.failed and "memory_mib" in shot.error


def test_no_room_in_the_heap_leaves_nothing_charged() -> None:
    app, host = make()
    app._engine.heap_ledger.reserve(app._engine.heap_ledger.left_bytes - 10, "The test")
    shot, before = app.screenshot(), app._engine.gpu_ledger.used_bytes
    host.step(app, 3)
    engine = app._engine
    assert "heap_mib" in shot.error and engine.gpu_ledger.used_bytes == before and engine.heap_ledger.left_bytes == 10


def test_a_result_that_was_overwritten_is_noticed() -> None:
    app, host = make()
    shot = app.screenshot()
    host.step(app)
    heap = app._engine.heap_ledger.used_bytes
    (number,) = app._engine.surface.screenshots._reading
    payload = app.memory.kernels.lw_result_room(spec.READBACK_CONTEXT, 16)
    app._engine.surface.screenshots.receive(ReadbackDone(number, payload, WIDTH, HEIGHT))
    assert f"16 bytes, expected {PIXELS_BYTES}" in shot.error and app._engine.heap_ledger.used_bytes == heap


def test_a_program_that_never_asks_imports_nothing_of_it() -> None:
    app, host = make()
    host.step(app, 3)
    assert "screenshots" not in app._engine.surface.__dict__ and app._engine.layer.memory is None
