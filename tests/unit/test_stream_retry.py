"""What a world does about files that fail: when it asks again, what it says, and when it counts as settled."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from layerw.base import healing
from layerw.base.config import Network
from layerw.base.healing import Failure, failure_of
from layerw.gpu import spec
from layerw.stream.config import StreamConfig
from layerw.stream.residency import FAILED
from layerw.stream.retry import JITTER, Messages, Pauses
from tests.unit.stream_fakes import Rig, encoded, look, quadtree
from tests.unit.test_implicit import full, implicit_world

CAMERA = look((0, 300, 0), (500, 0, 500))
NETWORK = Network(retry_first_s=0.5, retry_max_s=4.0, retry_close_s=30.0, retry_slow_max_s=120.0)


def world(levels: int) -> dict[str, Any]:
    return {"w/tileset.json": quadtree(levels)}


def tries(rig: Rig, url: str, frames: int) -> list[int]:
    """Run; returns the frames in which a tile was asked for."""
    found = []
    for frame in range(frames):
        before = len(rig.loader.opened)
        rig.step(CAMERA)
        found += [frame for content in rig.loader.opened[before:] if content.url == url]
    return found


# -- the pauses --------------------------------------------------------------------------------------
def test_the_codes_of_transfers_say_what_may_heal() -> None:
    assert (healing.FAIL_NETWORK, healing.FAIL_ABORTED, healing.FAIL_TIMEOUT) == (
        spec.FAIL_NETWORK, spec.FAIL_ABORTED, spec.FAIL_TIMEOUT)  # fmt: skip
    reached = {status: failure_of(spec.FAIL_NETWORK, status) for status in (0, 401, 404, 410, 429, 500, 503)}
    assert reached == {0: Failure.UNREACHABLE, 401: Failure.WRONG, 404: Failure.GONE, 410: Failure.GONE,
                       429: Failure.UNREACHABLE, 500: Failure.UNREACHABLE, 503: Failure.UNREACHABLE}
    assert failure_of(spec.FAIL_TIMEOUT, 0) == failure_of(spec.FAIL_ABORTED, 0) == Failure.UNREACHABLE
    assert {failure_of(code, 0) for code in (spec.FAIL_HASH, spec.FAIL_FORMAT, spec.FAIL_TOO_LARGE)} == {Failure.WRONG}


def test_pauses_double_to_a_limit_then_grow_slowly_for_what_answers_wrongly() -> None:
    pauses = Pauses(NETWORK, "w")

    def between(failure: Failure, attempts: int, failing_s: float, most: float) -> bool:
        return (1 - JITTER) * most <= pauses.after(failure, attempts, failing_s) <= most

    assert all(between(Failure.WRONG, n + 1, 0, most) for n, most in enumerate((0.5, 1, 2, 4, 4, 4)))
    assert between(Failure.WRONG, 20, 50.0, 20.0) and between(Failure.GONE, 99, 1e6, 120.0)
    assert between(Failure.UNREACHABLE, 255, 1e6, 4.0), "a server that is back is found at once"
    assert math.isinf(pauses.after(Failure.FINAL, 1, 0.0))


def test_the_same_seed_gives_the_same_pauses_and_others_spread() -> None:
    def drawn(seed: str) -> list[float]:
        pauses = Pauses(NETWORK, seed)
        return [pauses.after(Failure.WRONG, 4, 0.0) for _ in range(20)]

    assert drawn("a") == drawn("a") != drawn("b")
    assert max(drawn("a")) - min(drawn("a")) > 0.5


# -- tiles -------------------------------------------------------------------------------------------
@pytest.mark.parametrize("failure", [Failure.UNREACHABLE, Failure.WRONG, Failure.GONE])
def test_a_failed_tile_keeps_its_parent_and_comes_when_it_heals(failure: Failure) -> None:
    rig = Rig(world(2), config=StreamConfig(network=NETWORK))
    url = "w/t/1-0-0.glb"
    rig.loader.broken[url] = failure
    frames = tries(rig, url, 1500)
    pauses = np.diff(frames)
    assert (pauses[1:3] > 1.3 * pauses[:2]).all() and pauses.max() <= 4.0 * 60 + 20
    assert rig.drawn() == [0] and rig.streamer.counts()["failed"] == 1 and rig.streamer.settled
    errors = rig.streamer.take_errors()
    assert len(errors) == 1 and errors[0].startswith(f"{url}: {failure.name.lower()}. It is asked for again in 0.")
    rig.loader.broken.clear()
    for _ in range(300):
        rig.step(CAMERA)
    assert 0 not in rig.drawn() and rig.streamer.counts()["failed"] == 0 and rig.streamer.settled


def test_what_its_hash_proves_and_can_not_be_used_is_not_tried_again() -> None:
    rig = Rig(world(3))
    rig.loader.broken["w/t/2-2-2.glb"] = Failure.FINAL
    rig.settle(CAMERA)
    assert tries(rig, "w/t/2-2-2.glb", 1000) == []
    drawn = rig.drawn_urls()
    assert "w/t/1-1-1.glb" in drawn and not {f"w/t/2-{x}-{y}.glb" for x in (2, 3) for y in (2, 3)} & drawn
    assert "w/t/1-0-1.glb" not in drawn, "only its own parent stays coarse"
    assert rig.streamer.take_errors() == ["w/t/2-2-2.glb: final."]


def test_a_retry_passes_the_cache_over_and_sometimes_waits_longer() -> None:
    rig = Rig(world(1), config=StreamConfig(network=NETWORK))
    rig.loader.broken["w/t/0-0-0.glb"] = Failure.UNREACHABLE
    tries(rig, "w/t/0-0-0.glb", 1500)
    flags = [content.flags for content in rig.loader.opened]  # type: ignore[attr-defined]
    assert flags[:5] == [0, spec.FETCH_RELOAD, spec.FETCH_RELOAD, spec.FETCH_RELOAD | spec.FETCH_PATIENT,
                         spec.FETCH_RELOAD]


def test_nothing_is_settled_while_nothing_shows_and_more_may_come() -> None:
    rig = Rig(world(1))
    rig.loader.broken["w/t/0-0-0.glb"] = Failure.GONE
    for _ in range(1200):
        rig.step(CAMERA)
        assert not rig.streamer.settled
    rig.loader.broken["w/t/0-0-0.glb"] = Failure.FINAL
    rig.settle(CAMERA)


def test_one_that_comes_brings_all_others_back_and_an_outage_is_probed_one_at_a_time() -> None:
    rig = Rig(world(4), config=StreamConfig(network=NETWORK))
    rig.settle(look((0, 90_000, 0), (1, 0, 1)))
    everything = {f"w/t/{level}-{x}-{y}.glb": Failure.WRONG
                  for level in (1, 2, 3) for x in range(1 << level) for y in range(1 << level)}
    rig.loader.broken = dict(everything)
    for _ in range(60 * 35):
        rig.step(CAMERA)
    failed = int(np.count_nonzero(rig.streamer.tree.state[:rig.streamer.tree.count] == FAILED))
    before = len(rig.loader.opened)
    for _ in range(60 * 10):
        rig.step(CAMERA)
    assert failed > 10 and len(rig.loader.opened) - before <= 10 / NETWORK.retry_first_s + 1
    rig.loader.broken.clear()
    for _ in range(60 * 10):
        rig.step(CAMERA)
    assert rig.streamer.counts() == {"resident": len(rig.streamer.residency._contents), "pending": 0, "failed": 0}
    assert rig.streamer.settled, "10 s after more than half a minute of outage"


def test_an_outage_is_not_settled_and_one_broken_tile_is_after_a_while() -> None:
    rig = Rig(world(3))
    rig.settle(look((0, 90_000, 0), (1, 0, 1)))
    rig.loader.broken["w/t/2-3-1.glb"] = Failure.UNREACHABLE
    assert 8 * 60 <= rig.settle(CAMERA) <= 9 * 60
    rig.loader.broken = dict.fromkeys(rig.loader.sizes, Failure.UNREACHABLE) | {
        f"w/t/2-{x}-{y}.glb": Failure.UNREACHABLE for x in range(4) for y in range(4)}
    rig.streamer.residency.release()
    for _ in range(12 * 60):
        rig.step(CAMERA)
        assert not rig.streamer.settled


def test_online_asks_at_once() -> None:
    rig = Rig(world(1), config=StreamConfig(network=NETWORK))
    rig.loader.broken["w/t/0-0-0.glb"] = Failure.WRONG
    assert len(tries(rig, "w/t/0-0-0.glb", 60 * 60)) > 5
    rig.loader.broken.clear()
    rig.streamer.online()
    assert rig.settle(CAMERA) < 30


# -- the files that a world needs at once --------------------------------------------------------------
@pytest.mark.parametrize(("data", "part"), [
    (b'{"asset"', "broken JSON"), (b"<!DOCTYPE html>", "broken JSON"), (b"wrong hash", "hash differs"),
    (b"", "broken JSON"), (b"[]", "JSON list"), (b"{}", "asset None"), (None, "HTTP 404")])
def test_a_world_that_can_not_be_opened_is_asked_for_until_it_heals(data: bytes | None, part: str) -> None:
    rig = Rig({"w/tileset.json": data} if data is not None else {})
    for _ in range(360):
        rig.step(CAMERA)
        assert not rig.streamer.settled
    assert rig.streamer.state == "retrying" and part in rig.streamer.error and "w/tileset.json" in rig.streamer.error
    assert 4 <= len(rig.transfers.asked) <= 6 and rig.streamer.retry_in_s <= 5.0
    assert len(rig.streamer.take_errors()) == 1, "said once, not at every try"
    rig.transfers.files["w/tileset.json"] = encoded(quadtree(1))
    assert rig.settle(CAMERA) < 6 * 60
    assert rig.drawn() == [0] and (rig.streamer.state, rig.streamer.error) == ("ready", "")
    assert not rig.transfers.live and rig.layer.used_bytes == rig.loader.opened[0].layer_bytes


def test_a_world_that_came_whole_and_can_not_be_used_has_failed_but_is_looked_at_again() -> None:
    rig = Rig({"w/tileset.json": {"asset": {"version": "1.1"}}})
    for _ in range(10):
        rig.step(CAMERA)
    assert rig.streamer.state == "failed" and "root" in rig.streamer.error and rig.streamer.settled
    assert rig.drawn() == [] and not rig.transfers.live and rig.layer.used_bytes == 0
    rig.transfers.files["w/tileset.json"] = encoded(quadtree(1))
    for _ in range(6 * 60):
        rig.step(CAMERA)
    assert rig.streamer.state == "ready" and rig.drawn() == [0]


def test_the_tileset_is_revalidated_on_each_open_and_what_has_a_hash_is_not() -> None:
    document = quadtree(1)
    document["extras"] = {"layerw": {"ground": {"uri": "ground.0123456789abcdef.bin", "samples": 2, "scale_m": 1,
                                                "offset_m": 0, "spacing_x_m": 1, "spacing_z_m": 1, "west_m": 0,
                                                "north_m": 0}}}
    rig = Rig({"w/tileset.json": document, "w/ground.0123456789abcdef.bin": bytes(8)})
    rig.settle(CAMERA)
    assert rig.transfers.flags == {"w/tileset.json": spec.FETCH_REVALIDATE, "w/ground.0123456789abcdef.bin": 0}
    assert rig.transfers.hashes["w/ground.0123456789abcdef.bin"] == "0123456789abcdef"


def test_a_file_larger_than_its_hash_and_size_allow_is_another_file() -> None:
    document = quadtree(1)
    document["extras"] = {"layerw": {"ground": {"uri": "ground.0123456789abcdef.bin", "samples": 2, "scale_m": 1,
                                                "offset_m": 0, "spacing_x_m": 1, "spacing_z_m": 1, "west_m": 0,
                                                "north_m": 0}}}
    rig = Rig({"w/tileset.json": document, "w/ground.0123456789abcdef.bin": bytes(1 << 20)})
    for _ in range(40):
        rig.step(CAMERA)
    assert rig.transfers.asked.count("w/ground.0123456789abcdef.bin") <= 2 and rig.layer.peak_bytes < 1 << 21
    assert "too large" in rig.streamer.error and rig.streamer.ground_pending


@pytest.mark.parametrize("bad", [None, b"<!DOCTYPE html>", b"", b"cut"])
@pytest.mark.parametrize("file", ["w/inner/tileset.json", "w/s/0.0.0.0.subtree"])
def test_a_file_that_other_tiles_come_from_is_asked_for_until_it_heals(file: str, bad: bytes | None) -> None:
    if file.endswith(".json"):
        document = quadtree(2)
        document["root"]["children"][0]["content"]["uri"] = "inner/tileset.json"
        camera, good = CAMERA, encoded(quadtree(1))
    else:
        box = {"box": [0, 0, 8, 8, 0, 0, 0, 8, 0, 0, 0, 8]}
        document, camera, good = implicit_world("OCTREE", 3, 3, box), look((0, 8, 30), (0, 8, 0)), full()
    rig = Rig({"w/tileset.json": document} | ({file: bad} if bad is not None else {}))
    for _ in range(360):
        rig.step(camera)
        assert not rig.streamer.settled
    assert 4 <= rig.transfers.asked.count(file) <= 6 and len(rig.streamer.take_errors()) == 1
    rig.transfers.files[file] = good
    assert rig.settle(camera) < 6 * 60
    undisturbed = Rig({"w/tileset.json": document, file: good})
    undisturbed.settle(camera)
    assert rig.drawn_urls() == undisturbed.drawn_urls() and rig.streamer.counts()["failed"] == 0


# -- words -------------------------------------------------------------------------------------------
def test_a_kind_and_host_is_told_once_with_the_count_of_the_others() -> None:
    messages = Messages()
    for number in range(5):
        messages.tell(Failure.WRONG, f"https://a.org/t/{number}.glb", f"{number} is HTML.", 0.0, 0.5)
        messages.tell(Failure.WRONG, f"https://a.org/t/{number}.glb", f"{number} is HTML.", 1.0, 1.0)
    messages.tell(Failure.GONE, "https://a.org/t/9.glb", "9 is 404.", 0.0, 0.5)
    messages.tell(Failure.WRONG, "https://b.org/t/0.glb", "b is HTML.", 0.0, 0.5)
    assert messages.take(1.0) == ["0 is HTML. It is asked for again in 0.5 s.",
                                  "9 is 404. It is asked for again in 0.5 s.",
                                  "b is HTML. It is asked for again in 0.5 s."]
    assert messages.take(2.0) == ["4 more files of a.org with wrong contents: 1.glb, 2.glb, 3.glb and 1 others. "
                                  "All are asked for again."]
    assert messages.take(30.0) == []


def test_after_healing_it_is_news_again_but_not_more_often_than_once_a_minute() -> None:
    messages = Messages()
    told = []
    for second in range(0, 180, 5):
        messages.tell(Failure.UNREACHABLE, "w/a.glb", "a.", float(second), 0.5)
        messages.healed()
        told += [second] * len(messages.take(float(second)))
    assert told == [0, 60, 120]
    for second in range(200, 600, 5):
        messages.tell(Failure.WRONG, "w/a.glb", "a.", float(second), 0.5)
        told += [second] * len(messages.take(float(second)))
    assert told == [0, 60, 120, 200], "what never heals is said once"
