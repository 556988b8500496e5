"""A camera flies for thousands of frames under tiny budgets, random latency and failures; every frame is checked.

At each frame: both budgets hold, no tile is drawn with an ancestor it replaces, every visible leaf area is
covered exactly once as soon as the root is there, and what is drawn is resident. When the camera stops, the drawn
set becomes constant.
"""

from __future__ import annotations

import math
import random
from typing import Any

import numpy as np
import pytest

from layerw.base.config import Network
from layerw.base.healing import Failure
from layerw.stream.config import StreamConfig
from layerw.stream.residency import GPU
from layerw.stream.select import measure
from tests.unit.stream_fakes import Camera, Rig, look, quadtree


def check_cover(rig: Rig, camera: Camera) -> None:
    """Each visible leaf of the REPLACE tree has exactly one drawn tile among itself and its ancestors."""
    tree = rig.streamer.tree
    drawn = np.zeros(tree.count, np.int64)
    rows = np.array(rig.drawn(), np.int64)
    drawn[rows] = 1
    assert (tree.state[rows] == GPU).all(), "a tile is drawn that is not resident"
    if tree.state[0] != GPU:
        return
    total = drawn.copy()
    for row in range(1, tree.count):  # parents come first
        total[row] += total[tree.parent[row]]
    assert total.max() <= 1, "a tile is drawn together with its ancestor"
    leaves = np.flatnonzero(tree.first_child[:tree.count] < 0)
    _, visible = measure(tree.geo[:tree.count], camera)
    needed = leaves[visible[leaves]]
    assert (total[needed] == 1).all(), f"hole: {needed[total[needed] != 1]}"


def path(frame: int, seed: int) -> Camera:
    t = frame / 90 + seed
    x, z = 1700 * math.sin(0.31 * t), 1700 * math.sin(0.23 * t + 1)
    y = 150 + 900 * (0.5 + 0.5 * math.sin(0.17 * t)) ** 2
    turn = 2.2 * math.sin(0.4 * t) + (math.pi if (frame // 400) % 3 == 1 else 0)
    return look((x, y, z), (x + 800 * math.cos(turn), y - 350, z + 800 * math.sin(turn)))


@pytest.mark.parametrize(("seed", "gpu", "layer", "failures"), [
    (1, 60_000, 6_000, 0.15), (2, 25_000, 3_000, 0.0), (3, 200_000, 4_000, 0.3), (4, 9_000, 2_500, 0.05)])
def test_budgets_and_cover_hold_at_every_frame(seed: int, gpu: int, layer: int, failures: float) -> None:
    rig = Rig({"w/tileset.json": quadtree(6)}, gpu=gpu, layer=layer, seed=seed, failure_rate=failures,
              gpu_bytes=(400, 1800), config=StreamConfig(network=Network(retry_first_s=0.1, retry_max_s=1.0)))
    broken = random.Random(seed)
    rig.loader.broken = {f"w/t/{level}-{broken.randrange(1 << level)}-{broken.randrange(1 << level)}.glb": Failure.FINAL
                         for level in (2, 3, 4, 5, 5, 5)}
    rig.layer.budget_bytes = 1 << 20  # for the tileset.json itself
    while rig.streamer.state == "loading":
        rig.step(path(0, seed))
    rig.layer.budget_bytes = max(layer, rig.layer.used_bytes)
    rig.layer.peak_bytes = rig.layer.used_bytes
    most_refined = 0
    for frame in range(2000):
        camera = path(frame, seed)
        rig.step(camera)
        check_cover(rig, camera)
        most_refined = max(most_refined, len(rig.drawn()))
    assert most_refined >= 4, "the budget would have held more than the root"
    check_rest(rig, camera)


def check_rest(rig: Rig, camera: Camera) -> None:
    """The camera stands: after a while nothing changes, and no more than a few changes were needed."""
    rig.loader.failure_rate = 0.0
    changes, last_change, before = 0, 0, rig.drawn()
    for frame in range(1500):
        rig.step(camera)
        check_cover(rig, camera)
        if rig.drawn() != before:
            changes, last_change, before = changes + 1, frame, rig.drawn()
    assert last_change < 1000, f"still changing after {last_change} frames ({changes} changes)"
    assert changes < 60
    assert rig.streamer.settled, rig.streamer.counts()


def test_holes_in_the_buffers_below_the_budget_stall_nothing() -> None:
    rig = Rig({"w/tileset.json": quadtree(6)}, gpu=60_000, gpu_bytes=(400, 1800), seed=5)
    rig.loader.committed_bytes = 40_000
    for frame in range(1500):
        camera = path(frame, 5)
        rig.step(camera)
        check_cover(rig, camera)
    near = look((100, 120, 100), (600, 0, 600))
    check_rest(rig, near)
    assert len(rig.drawn()) > 4 and rig.streamer.screen_error_px < 200


def shake(camera_at: Any, frame: int) -> Camera:
    x, y, z = camera_at
    return look((x + 0.02 * math.sin(frame), y + 0.02 * math.cos(frame * 1.7), z), (x + 700, 0, z + 500))


@pytest.mark.parametrize("gpu", [20_000, 45_000, 1 << 30])
def test_a_shaking_camera_does_not_flicker(gpu: int) -> None:
    rig = Rig({"w/tileset.json": quadtree(6)}, gpu=gpu, gpu_bytes=(500, 1500))
    for frame in range(800):
        rig.step(shake((-300, 250, 40), frame))
    revisions = set()
    for frame in range(400):
        rig.step(shake((-300, 250, 40), frame))
        revisions.add(tuple(rig.drawn()))
    assert len(revisions) <= 2, f"{len(revisions)} different pictures of a camera that shakes by 2 cm"


def test_the_budget_decides_how_fine_it_gets() -> None:
    camera = look((0, 200, 0), (600, 0, 500))
    errors, tiles = [], []
    for gpu in (8_000, 30_000, 1 << 30):
        rig = Rig({"w/tileset.json": quadtree(7, error_m=128)}, gpu=gpu)
        rig.settle(camera)
        errors.append(rig.streamer.screen_error_px)
        tiles.append(len(rig.drawn()))
    assert errors[0] > errors[1] > errors[2] == 16.0
    assert tiles[0] < tiles[1] < tiles[2]
