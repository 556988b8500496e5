"""Loading ahead: what a flying camera will want is there before it arrives, and nothing visible waits for it."""

from __future__ import annotations

from typing import Any

import numpy as np

from layerw.stream.ahead import Ahead
from layerw.stream.config import StreamConfig
from tests.unit.stream_fakes import Rig, look, quadtree

FRAME_S = 1 / 60


def flight(prefetch: bool) -> tuple[Rig, list[int]]:
    """Flies over a world; how many wanted tiles were not there, by frame."""
    rig = Rig({"w/tileset.json": quadtree(6, size_m=8192.0, error_m=256.0)},
              config=StreamConfig(prefetch=prefetch), latency=(12, 30))  # fmt: skip
    missing = []
    for frame in range(900):
        x = -3500.0 + 8.0 * max(frame - 200, 0)  # 480 m/s, once it is settled
        camera = look((x, 160.0, 0.0), (x + 100.0, 120.0, 0.0))
        rig.step(camera)
        if frame > 220:
            missing.append(rig.streamer.counts()["pending"] - sum(
                load.priority < 2e6 for load in rig.streamer._loads.loads.values()))  # fmt: skip
    return rig, missing


def test_a_flight_misses_less_with_a_look_ahead() -> None:
    _, without = flight(prefetch=False)
    rig, ahead = flight(prefetch=True)
    assert np.mean(ahead) < 0.6 * np.mean(without), (np.mean(ahead), np.mean(without))
    assert rig.gpu.used_bytes <= rig.gpu.budget_bytes and not rig.streamer.take_errors()


def test_the_look_goes_where_the_camera_flies_and_not_after_jumps() -> None:
    ahead, found = Ahead(1.0), []
    for frame in range(120):
        camera: Any = look((10.0 * frame * FRAME_S, 5.0, 0.0), (10.0 * frame * FRAME_S, 0.0, -1.0))
        later = ahead.look(camera, frame * FRAME_S, 100.0)
        found += [later.position - camera.position] if later is not None else []
    assert 8 <= len(found) <= 10, "a few times a second"
    np.testing.assert_allclose(found[-1], (10.0, 0.0, 0.0), atol=0.1)
    for frame in range(120, 180):
        still: Any = look((5000.0, 5.0, 0.0), (5000.0, 0.0, -1.0))
        assert ahead.look(still, frame * FRAME_S, 100.0) is None


def test_a_camera_that_stands_looks_nowhere() -> None:
    ahead = Ahead(1.0)
    assert all(ahead.look(look((0, 5, 0), (0, 0, -1)), frame * FRAME_S, 10.0) is None for frame in range(60))
