"""The frame's uniforms: where patterns in space (noise of ground and sea) are looked up."""

from __future__ import annotations

import numpy as np

from layerw.frame.view import PATTERN_REACH_M, ViewWriter
from layerw.gpu.frame_block import FrameBlock
from layerw.scene.camera import Camera
from layerw.scene.environment import Environment


def pattern_camera(writer: ViewWriter, position: tuple[float, float, float]) -> np.ndarray:
    camera = Camera()
    camera.position = np.array(position)
    writer.write(camera.frame(160, 100), Environment(), 0.0)
    return writer.block.read("pattern_camera")[:3].astype(np.float64)


def test_near_the_origin_patterns_lie_in_the_scene() -> None:
    writer = ViewWriter(FrameBlock())
    assert np.allclose(pattern_camera(writer, (4000.5, 20.25, -300.0)), (4000.5, 20.25, -300.0))


def test_on_earth_a_millimetre_is_a_millimetre() -> None:
    """float32 steps are half a metre there."""
    writer = ViewWriter(FrameBlock())
    here = (1_215_107.7613, 4_081_926.0951, 4_736_682.9021)
    before = pattern_camera(writer, here)
    after = pattern_camera(writer, (here[0] + 0.001, here[1], here[2] - 2000.0))
    assert np.allclose(after - before, (0.001, 0, -2000), atol=2e-4)


def test_the_anchor_follows_a_journey_and_comes_back() -> None:
    writer = ViewWriter(FrameBlock())
    for x in (1e6, 1e6 + 2 * PATTERN_REACH_M, 5e6, 10.0):
        assert np.abs(pattern_camera(writer, (x, 0.0, 0.0))).max() <= PATTERN_REACH_M
    assert pattern_camera(writer, (10.0, 0.0, 0.0))[0] == 10.0
