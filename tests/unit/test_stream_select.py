"""The traversal's memory of the last view changes its speed, never its result; and what a step costs."""

from __future__ import annotations

import random

import numpy as np
import pytest

from layerw.base.healing import Failure
from layerw.stream.config import StreamConfig
from layerw.stream.loads import VISIBLE
from layerw.stream.residency import ABSENT, FAILED, GPU
from layerw.stream.select import Memo, select
from layerw.stream.streamer import Streamer
from tests.unit.stream_fakes import Camera, Rig, look, quadtree, read_all
from tests.unit.test_stream_fly import path


def choose(streamer: Streamer, camera: Camera, memo: Memo, budget: float) -> tuple[list[float], ...]:
    found = select(streamer.tree, np.zeros(1, np.int64), camera, screen_error_px=12.0, keep_refined=1.25, skip=4.0,
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


WIDE = look((0, 700, 1500), (0, 0, 300))


def test_levels_between_are_left_out_and_come_when_all_that_is_seen_is_here() -> None:
    rig = Rig({"w/tileset.json": quadtree(4)}, latency=(3, 9))
    rig.settle(WIDE)
    seen = [content.url for content in rig.loader.opened if content.priority >= VISIBLE * 1e6]
    assert seen[0] == "w/t/0-0-0.glb" and set(seen) - rig.drawn_urls() == {"w/t/0-0-0.glb"}, "it stands in"
    assert any("t/3-" in url for url in seen)
    rig.rest(WIDE)
    later = [content.url for content in rig.loader.opened if content.url not in seen]
    assert [url for url in later if "t/1-" in url], "for when the camera draws back"
    all_levels = Rig({"w/tileset.json": quadtree(4)}, latency=(3, 9), config=StreamConfig(skip=1))
    all_levels.settle(WIDE)
    assert all_levels.drawn_urls() == rig.drawn_urls() and len(all_levels.loader.opened) > len(seen) + 2


def test_a_level_stands_in_where_much_more_is_to_come() -> None:
    rig = Rig({"w/tileset.json": quadtree(7)}, latency=(3, 9))
    rig.settle(look((0, 60, 300), (0, 0, 0)))
    before = {content.url.split("/")[2][0] for content in rig.loader.opened} - {
        url.split("/")[2][0] for url in rig.drawn_urls()}
    assert "0" in before
    loaded = [content.url for content in rig.loader.opened if content.url not in rig.drawn_urls()]
    assert 1 < len(loaded) < len(rig.drawn_urls()) / 4, "the root is not all that stands in, and little does"


def levels_drawn(rig: Rig, camera: Camera, frames: int = 90) -> list[set[str]]:
    found = []
    for _ in range(frames):
        rig.step(camera)
        found.append({url.split("/")[2][0] for url in rig.drawn_urls()})
    return found


def test_where_less_detail_will_do_what_is_finer_stays_until_the_level_is_here() -> None:
    rig = Rig({"w/tileset.json": quadtree(5)}, latency=(20, 30), config=StreamConfig(prefetch=False))
    rig.settle(look((0, 250, 300), (0, 0, 0)))
    levels = levels_drawn(rig, look((0, 250, 300), (0, 0, 0), height=100))
    assert rig.streamer.settled and levels[0] == levels[15] and max(levels[0]) > max(levels[-1]) > "0"
    assert all(min(drawn) > "0" for drawn in levels), "never the root in between"


def test_drawing_back_does_not_fall_back_to_the_root() -> None:
    rig = Rig({"w/tileset.json": quadtree(5)}, latency=(20, 30))
    rig.rest(look((0, 250, 300), (0, 0, 0)))
    levels = levels_drawn(rig, look((0, 1500, 2600), (0, 0, 0)))
    assert rig.streamer.settled and all(min(drawn) > "0" for drawn in levels)


def test_where_a_tile_fails_its_parent_comes_though_it_was_left_out() -> None:
    rig = Rig({"w/tileset.json": quadtree(4)})
    rig.settle(WIDE)
    lost = max(url for url in rig.drawn_urls() if "t/3-" in url)
    level, x, y = (int(part) for part in lost[4:-4].split("-"))
    rig = Rig({"w/tileset.json": quadtree(4)})
    rig.loader.broken = {lost: Failure.FINAL}
    rig.settle(WIDE)
    assert f"w/t/{level - 1}-{x // 2}-{y // 2}.glb" in rig.drawn_urls() and "w/t/0-0-0.glb" not in rig.drawn_urls()


def test_a_grown_tree_is_seen_at_once() -> None:
    inner = quadtree(3, size_m=2048)
    document = quadtree(2)
    document["root"]["children"][0]["content"]["uri"] = "inner.json"
    document["root"]["children"][0]["geometricError"] = 30
    rig = Rig({"w/tileset.json": document, "w/inner.json": inner})
    rig.settle(look((-1024, 200, 1024), (-1000, 0, 1000)))
    assert rig.streamer.tree.count > 5 + 5 and max(rig.drawn()) > 5
    assert any(url.startswith("w/t/2-") for url in rig.drawn_urls())
