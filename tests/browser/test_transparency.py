"""Transparency without order against its closed form, and against sorted drawing where one layer is all there is."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from .conftest import RunProgram
from .harness import Running
from .worlds import Pixels, pixels

PROGRAM = Path(__file__).parent / "pages" / "transparency.py"
SIZE = {"width": 120, "height": 80}
FRAMES = 3  # until targets are reserved
LAYERS = ((0.6, 0.5), (0.35, 0.25), (0.5, 0.8))  # light, alpha


def shown(running: Running, call: str, frames: int = FRAMES) -> Pixels:
    running.python(f"import __main__\n__main__.{call}\nNone")
    running.frames(frames)
    return pixels(running)


def middle_light(picture: Pixels) -> float:
    """Linear light of the middle: the neutral tone map takes 0.04 off greys from 0.08 to 0.76."""
    s = picture[picture.shape[0] // 2, picture.shape[1] // 2].astype(np.float64).mean() / 255
    return float(s / 12.92 if s <= 0.04045 else ((s + 0.055) / 1.055) ** 2.4) + 0.04


def weighted(layers: tuple[tuple[float, float], ...], behind: float) -> float:
    """Of layers at one distance, whose weights are the same."""
    through = np.prod([1 - alpha for _, alpha in layers])
    mean = sum(light * alpha for light, alpha in layers) / sum(alpha for _, alpha in layers)
    return float(mean * (1 - through) + behind * through)


@pytest.mark.parametrize("backend", ["webgpu", "webgl2"])
def test_transparency_without_order(run_program: RunProgram, backend: str) -> None:
    running = run_program(PROGRAM, backend=backend, clock="virtual").wait_ready()
    running.baseline = None  # the scenes' meshes and materials stay until the page ends
    running.page.set_viewport_size(SIZE)
    one = shown(running, f"layers('weighted', {LAYERS[:1]})")
    assert middle_light(one) == pytest.approx(weighted(LAYERS[:1], 0.2), abs=0.004)
    turned = LAYERS[::-1]
    three, other = (shown(running, f"layers('weighted', {order})") for order in (LAYERS, turned))
    assert middle_light(three) == pytest.approx(weighted(LAYERS, 0.2), abs=0.004)
    assert np.abs(three - other).max() <= 1, "another order shows the same"
    ordered = [middle_light(shown(running, f"layers('sorted', {order})")) for order in (LAYERS, turned)]
    assert abs(ordered[0] - ordered[1]) > 0.02, "these layers show which of them was drawn last"
    for antialias, frames, most in (("msaa", FRAMES, 2), ("temporal", 12, 8)):
        plain = shown(running, f"kinds('sorted', {antialias!r})", frames)
        free = shown(running, f"kinds('weighted', {antialias!r})", frames)
        assert len(np.unique(plain.reshape(-1, 3), axis=0)) > 50
        away = np.abs(plain - free).max(axis=2)
        assert (away > most).mean() < 0.002, f"{antialias}: one layer is what it is sorted, {np.unique(away)}"
    assert running.report()["errors"] == []
