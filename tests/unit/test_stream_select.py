"""The traversal's memory of the last view changes its speed, never its result; and what a step costs."""

from __future__ import annotations

import random

import numpy as np
import pytest

from layerw.stream.residency import ABSENT, FAILED, GPU
from layerw.stream.select import Memo, select
from layerw.stream.streamer import Streamer
from tests.unit.stream_fakes import Camera, Rig, look, quadtree, read_all
from tests.unit.test_stream_fly import path


def choose(streamer: Streamer, camera: Camera, memo: Memo, budget: float) -> tuple[list[float], ...]:
    found = select(streamer.tree, np.zeros(1, np.int64), camera, screen_error_px=12.0, keep_refined=1.25,
                   estimates=streamer.residency.estimates, budget_bytes=budget, memo=memo)
    return tuple(np.atleast_1d(np.asarray(part)).tolist() for part in found)


@pytest.mark.parametrize(("seed", "budget"), [(1, 1e9), (2, 2.0e6), (3, 6.0e6)])
def test_the_memo_never_changes_the_choice(seed: int, budget: float) -> None:
    rig = Rig({"w/tileset.json": quadtree(6)})
    for _ in range(4):
        rig.step(look((0, 50_000, 0), (1, 0, 1)))
    tree, rng, memo = rig.streamer.tree, random.Random(seed), Memo()
    read_all(tree)
    tree.state[:tree.count] = GPU
    drawn = set()
    for frame in range(300):
        for _ in range(5):
            tree.state[rng.randrange(1, tree.count)] = rng.choice((GPU,) * 14 + (ABSENT, FAILED))
        tree.state[0] = GPU
        camera = path(frame // 3 * 3, seed)
        before = tree.refined.copy()
        plain = choose(rig.streamer, camera, Memo(), budget)
        tree.refined[:] = before
        assert choose(rig.streamer, camera, memo, budget) == plain
        drawn.add(tuple(plain[0]))
    assert len(drawn) > 5, "the path shows many different pictures"


def test_a_grown_tree_is_seen_at_once() -> None:
    inner = quadtree(3, size_m=2048)
    document = quadtree(2)
    document["root"]["children"][0]["content"]["uri"] = "inner.json"
    document["root"]["children"][0]["geometricError"] = 30
    rig = Rig({"w/tileset.json": document, "w/inner.json": inner})
    rig.settle(look((-1024, 200, 1024), (-1000, 0, 1000)))
    assert rig.streamer.tree.count > 5 + 5 and max(rig.drawn()) > 5
    assert any(url.startswith("w/t/2-") for url in rig.drawn_urls())
