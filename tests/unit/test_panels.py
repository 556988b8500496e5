"""Panels above the canvas on CPython: what a frame shows is what their memory holds at its end."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import layerw as lw
from layerw.hosts.headless import HeadlessHost
from layerw.physics import ShallowWater
from layerw.surface.panels import PAGE_BYTES_PER_PX, PANELS_MAX, SIDE_MAX

IMAGE = np.random.default_rng(3).integers(0, 255, (5, 7, 4), dtype=np.uint8)


def make(**budgets: float) -> tuple[lw.App, HeadlessHost]:
    pytest.importorskip("wasmtime")
    host = HeadlessHost(size=(16, 16))
    app = lw.App(host=host, budgets=lw.Budgets(**({"memory_mib": 4} | budgets)))
    host.step(app)
    return app, host


def test_an_image_is_shown_changed_hidden_and_closed() -> None:
    app, host = make()
    app.memory  # noqa: B018  opened: it stays charged
    before, live = app._engine.layer_ledger.used_bytes, app.memory.statistics().handle_count
    panel = app.show_image(IMAGE, left=4, top=-8, scale=2)
    assert app._engine.layer_ledger.used_bytes == before + 5 * 7 * PAGE_BYTES_PER_PX
    host.step(app)
    ((number, shown),) = host.shown.items()
    assert np.array_equal(shown, IMAGE) and np.array_equal(panel.read(), IMAGE)
    panel.write(IMAGE[::-1, :, :3])
    host.step(app)
    assert np.array_equal(host.shown[number], IMAGE), "until it is shown again"
    panel.show()
    host.step(app)
    assert np.array_equal(host.shown[number][..., :3], IMAGE[::-1, :, :3]) and (host.shown[number][..., 3] == 255).all()
    panel.hide()
    host.step(app)
    assert not host.shown
    panel.show()
    panel.show()
    host.step(app)
    assert number in host.shown
    panel.close()
    panel.close()
    host.step(app)
    assert not host.shown and app._engine.layer_ledger.used_bytes == before
    assert app.memory.statistics().handle_count == live
    for use in (panel.show, panel.hide, panel.read, lambda: panel.address):
        with pytest.raises(lw.HandleError, match="closed"):
            use()


def test_what_is_shown_is_the_memory_at_the_end_of_the_frame() -> None:
    app, host = make()
    panel = app.panel(7, 5)
    assert (panel.read() == 0).all()

    @app.frame
    def update(dt: float) -> None:
        panel.show()
        panel.write(IMAGE)

    submits = host.submits
    host.step(app, 3)
    assert all(np.array_equal(shown, IMAGE) for shown in host.shown.values()) and len(host.shown) == 1
    assert host.submits == submits + 3, "in the frame's one submit"


def test_a_kernel_draws_into_it_also_after_it_was_moved() -> None:
    app, host = make()
    first = app.memory.alloc(40_000, region="texture")
    panel, water = app.panel(60, 50), ShallowWater(app.memory, 60, 50, cell_m=1)
    water.depth = np.linspace(0, 1, 3000).reshape(50, 60)
    first.free()
    address = panel.address
    panel.show()
    assert app.memory.defragment("texture", 1 << 20) >= 12_000 and panel.address != address
    water.paint(panel, low=0, high=1, deep=0.5)
    host.step(app)
    (shown,) = host.shown.values()
    assert len(np.unique(shown.reshape(-1, 4), axis=0)) > 50 and np.array_equal(shown, panel.read())


@pytest.mark.parametrize("pixels", [np.zeros((5, 7), np.uint8), np.zeros((5, 7, 2), np.uint8),
                                    np.zeros((7, 5, 4), np.uint8), np.zeros((5, 7, 4), np.float32), 3])
def test_other_pixels_are_refused(pixels: Any) -> None:
    app, _ = make()
    with pytest.raises(lw.ShapeError, match=r"\(5, 7, 4 or 3\) uint8"):
        app.panel(7, 5).write(pixels)
    if np.shape(pixels) != (7, 5, 4):
        with pytest.raises(lw.ShapeError, match=r"give \(height, width, 4 or 3\) uint8"):
            app.show_image(pixels)


@pytest.mark.parametrize(("size", "place"), [((0, 4), {}), ((4, SIDE_MAX + 1), {}), ((True, 4), {}), ((2.5, 4), {}),
                                             ((4, 4), {"scale": 0}), ((4, 4), {"left": float("nan")}),
                                             ((4, 4), {"top": float("inf")})])
def test_impossible_sizes_and_places_are_refused(size: Any, place: Any) -> None:
    app, _ = make()
    with pytest.raises(lw.LayerwError, match=r"^Panel (width|height|scale|left|top) is "):
        app.panel(*size, **place)


def test_no_room_and_too_many_change_nothing() -> None:
    app, _ = make()
    app.memory  # noqa: B018
    before = app._engine.layer_ledger.used_bytes
    with pytest.raises(MemoryError):
        app.panel(2048, 2048)  # 16 MiB of a memory of 4
    assert app._engine.layer_ledger.used_bytes == before
    for _ in range(PANELS_MAX):
        app.panel(1, 1)
    with pytest.raises(lw.BudgetError, match=str(PANELS_MAX)):
        app.panel(1, 1)


def test_closing_the_app_takes_them_away() -> None:
    app, host = make()
    app.show_image(IMAGE)
    host.step(app)
    app.close()
    host.step(app)
    assert not host.shown


def test_a_place_that_is_no_number_is_shown_as_the_programs_error() -> None:
    app, host = make()
    panel = app.show_image(IMAGE)
    panel.left = "right"  # type: ignore[assignment]
    host.step(app)
    assert len(host.errors) == 1
    host.step(app)
