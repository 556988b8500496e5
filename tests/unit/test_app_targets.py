"""Render targets stay within the GPU budget at every frame: smaller pictures, never more bytes."""

from __future__ import annotations

from pathlib import Path

import pytest
from test_app_contents import step_within_budgets, tileset

import layerw as lw
from layerw.frame.targets import FIXED_BYTES, SHARE_MAX, target_bytes
from layerw.hosts.headless import HeadlessHost

MIB = 1 << 20
SMALL_MIB = 24.0


def make(gpu_mib: float, size: tuple[int, int], root: Path | str = ".") -> tuple[lw.App, HeadlessHost]:
    host = HeadlessHost(root, size=size, options={"width": size[0], "height": size[1]})
    return lw.App(host=host, budgets=lw.Budgets(gpu_mib=gpu_mib)), host


def warnings(host: HeadlessHost) -> list[str]:
    return [text for level, text in host.logs if level == 1]


def test_a_canvas_that_fits_is_drawn_as_it_is() -> None:
    app, host = make(256, (1080, 720))
    assert app._engine.gpu_ledger.used_bytes >= target_bytes(135, 90), "room for the smallest is kept from the start"
    step_within_budgets(app, host, 3)
    assert app.size == host.sink.size == (1080, 720) and not warnings(host)


def test_a_canvas_over_the_budget_is_drawn_smaller_with_one_warning() -> None:
    app, host = make(SMALL_MIB, (1080, 720))
    app.spawn(lw.Mesh.box())
    step_within_budgets(app, host, 70)
    width, height = app.size
    assert host.sink.size == (width, height) and width < 1080
    assert width / height == pytest.approx(1.5, rel=0.01), "the shape stays"
    room = FIXED_BYTES + SHARE_MAX * (SMALL_MIB * MIB - FIXED_BYTES)
    assert 0.97 * room < target_bytes(width, height) <= room, "the largest that leaves content its quarter"
    (text,) = warnings(host)
    numbers = (str(target_bytes(1080, 720)), str(int(SMALL_MIB * MIB)))
    for part in ("1080 x 720", *numbers, f"{width} x {height}", "gpu_mib"):
        assert part in text


def test_a_canvas_that_grows_and_shrinks_again_gets_its_pixels_back() -> None:
    app, host = make(SMALL_MIB, (160, 120))
    step_within_budgets(app, host, 2)
    for size, reduced in (((1600, 1200), True), ((160, 120), False), ((8000, 100), True), ((1, 1), False)):
        host.send("resize", *size, 1.0)
        step_within_budgets(app, host, 2)
        assert (app.size != size) == reduced == app._engine.targets.is_reduced


def test_streamed_tiles_make_room_for_a_canvas_that_grows(tmp_path: Path) -> None:
    tileset(tmp_path, children=6, triangles=9000)
    app, host = make(SMALL_MIB, (64, 64), tmp_path)
    app.camera.position = (0.5, 3.0, 0.5)
    app.camera.look_at((0.5, 0.0, 0.4))
    world = app.stream("tileset.json")
    step_within_budgets(app, host, 60)
    before = world._streamer.residency.gpu_bytes
    host.send("resize", 512, 256, 1.0)
    step_within_budgets(app, host, 2)
    squeezed = app.size
    step_within_budgets(app, host, 200)
    assert before > 4 * MIB and squeezed[0] < 300, "tiles held nearly everything"
    assert target_bytes(*app.size) > 0.85 * min(target_bytes(512, 256), app._engine.targets._share_bytes())
    assert 0 < world._streamer.residency.gpu_bytes < before and app.settled


def test_a_budget_without_room_for_the_smallest_is_an_error_at_the_start() -> None:
    with pytest.raises(lw.BudgetError, match=r"smallest render targets .* \(135 x 90 pixels\) take \d{8} bytes, .* "
                                             r"8388608 bytes has 8388608 left; raise it .*gpu_mib"):
        make(8, (1080, 720))


def test_a_program_that_fills_the_budget_first_still_gets_the_smallest_targets() -> None:
    app, host = make(SMALL_MIB, (1080, 720))
    refused = 0
    while not refused:
        try:
            app.spawn(lw.Mesh.sphere(segments=64))
        except lw.BudgetError:
            refused += 1
    step_within_budgets(app, host, 3)
    assert app.size[0] >= 135
