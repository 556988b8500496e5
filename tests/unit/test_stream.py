"""One streamed world on fakes: refinement, lanes, cancelling, failures, nested tilesets, budgets, loss, release."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from layerw.base.config import Network
from layerw.base.errors import ConfigError
from layerw.memory.tiers import FAR as FAR_TIER
from layerw.memory.tiers import NEAR as NEAR_TIER
from layerw.stream.config import StreamConfig
from layerw.stream.residency import FAILED, GPU
from tests.unit.stream_fakes import Rig, encoded, look, quadtree

CAMERA = look((0, 300, 0), (500, 0, 500))
FAR = look((0, 90_000, 0), (1, 0, 1))


def world(levels: int = 4, **change: Any) -> dict[str, Any]:
    return {"w/tileset.json": quadtree(levels, **change)}


def nested(**files: Any) -> dict[str, Any]:
    """A root tile over an external tileset."""
    document = quadtree(2)
    document["root"]["children"][0]["content"]["uri"] = "inner/tileset.json"
    document["root"]["children"][0]["geometricError"] = 30
    return {"w/tileset.json": document, **files}


# -- what is drawn -------------------------------------------------------------------------------------
def test_far_away_the_root_is_enough_and_near_it_is_replaced() -> None:
    rig = Rig(world())
    rig.settle(FAR)
    assert rig.drawn() == [0] and rig.streamer.counts() == {"resident": 1, "pending": 0, "failed": 0}
    rig.settle(CAMERA)
    assert 0 not in rig.drawn() and len(rig.drawn()) > 4
    assert rig.streamer.tree.state[0] == GPU, "the root stays as the fallback"


def test_add_draws_parents_with_their_children() -> None:
    rig = Rig(world(refine="ADD"))
    rig.settle(CAMERA)
    drawn = set(rig.drawn())
    assert 0 in drawn and len(drawn) > 5
    assert all(int(rig.streamer.tree.parent[row]) in drawn for row in drawn - {0})


def test_a_parent_stays_until_all_its_children_are_there() -> None:
    rig = Rig(world(2))
    rig.settle(FAR)
    rig.loader.uploads_per_frame = 0
    pictures = []
    for _ in range(30):
        rig.step(CAMERA)
        pictures.append(rig.drawn())
    assert all(picture == [0] for picture in pictures)
    rig.loader.uploads_per_frame = 1
    for _ in range(6):
        rig.step(CAMERA)
        pictures.append(rig.drawn())
    assert {tuple(picture) for picture in pictures} == {(0,), (1, 2, 3, 4)} or pictures[-1] != [0]
    assert not any(0 in picture and len(picture) > 1 for picture in pictures)


def test_draw_arrays_are_reused_until_something_changes() -> None:
    rig = Rig(world())
    rig.settle(CAMERA)
    draw, mesh, revision = rig.streamer.draw(), rig.streamer.draw().mesh, rig.streamer.draw_revision
    for _ in range(10):
        rig.step(CAMERA)
    assert rig.streamer.draw() is draw and draw.mesh is mesh and rig.streamer.draw_revision == revision
    assert len(draw.mesh) == len(draw.radius) == len(rig.drawn()) and draw.rotation[:, 3].min() == 1.0
    assert draw.mesh.dtype == np.uint32 and draw.origin.dtype == np.float64 and draw.scale.min() == 1.0
    assert len(set(draw.mesh.tolist())) == len(draw.mesh)


def test_a_settled_world_asks_the_ledgers_nothing() -> None:
    rig = Rig(world())
    rig.rest(CAMERA)
    opened, selection = len(rig.loader.opened), rig.streamer._selection
    for _ in range(50):
        rig.step(CAMERA)
    assert len(rig.loader.opened) == opened and rig.streamer._selection is selection


# -- requests ----------------------------------------------------------------------------------------
def test_lanes_limit_and_priorities_order_the_loads() -> None:
    rig = Rig(world(5), latency=(10, 10), config=StreamConfig(lanes=3, loads_per_lane=2, prefetch=False, skip=1))
    loading = 0
    for _ in range(120):
        rig.step(CAMERA)
        now = [load for load in rig.streamer._loads.loads.values() if not load.uploading]
        loading = max(loading, len(now))
    assert loading == 6
    levels = [int(content.url.split("/")[2].split("-")[0]) for content in rig.loader.opened]
    assert levels[0] == 0 and levels[1:4] == [1, 1, 1], "coarse tiles first"


def test_siblings_outside_of_the_view_are_prefetched_last() -> None:
    rig = Rig(world(3))
    rig.settle(CAMERA)
    tiers = [int(content.priority // 1e6) for content in rig.loader.opened]
    assert 1 in tiers and 2 in tiers
    plain = Rig(world(3), config=StreamConfig(prefetch=False))
    plain.settle(CAMERA)
    assert len(plain.loader.opened) < len(rig.loader.opened)
    assert plain.drawn() == rig.drawn()


def test_what_is_no_longer_wanted_is_cancelled_after_a_while() -> None:
    rig = Rig(world(5), latency=(200, 200), config=StreamConfig(loads_per_lane=1))
    for _ in range(230):
        rig.step(CAMERA)
    running = len(rig.loader.live)
    assert running == 6 + rig.streamer.residency.resident_count
    for _ in range(10):
        rig.step(FAR)
    assert len(rig.loader.live) == running, "a few frames of grace"
    for _ in range(20):
        rig.step(FAR)
    assert len(rig.loader.live) == rig.streamer.residency.resident_count and rig.streamer._loads.cancelled_count == 6
    assert rig.drawn() == [0]


def test_sizes_hashes_and_flatten_reach_the_loader() -> None:
    document = quadtree(1, hashed=True)
    document["root"]["content"]["extras"] = {"byteLength": 4321}
    rig = Rig({"w/tileset.json": document})
    rig.settle(CAMERA)
    content = rig.loader.opened[0]
    assert content.sha256 == "0123456789abcdef"  # type: ignore[attr-defined]
    assert np.array_equal(content.flatten, np.eye(4)), "Z-up and Y-up cancel, and the origin is near"
    assert rig.streamer.tree.size_bytes[0] == 4321


# -- files that are larger than thought ---------------------------------------------------------------
def test_a_tileset_larger_than_the_first_guess_is_asked_for_again() -> None:
    rig = Rig(world(7), layer=2 << 20)
    assert len(rig.transfers.files["w/tileset.json"]) > 512 << 10, "a quarter of the budget is the first guess"
    rig.settle(FAR)
    assert rig.transfers.asked == ["w/tileset.json"] * 2 and rig.layer.used_bytes == 0
    small = Rig(world(7), layer=100_000)
    for _ in range(20):
        small.step(FAR)
    assert small.streamer.state == "retrying"
    assert "files may take 100000 of the layer budget of 100000" in small.streamer.error


# -- nested tilesets ---------------------------------------------------------------------------------
def test_external_tilesets_open_in_place() -> None:
    inner = quadtree(2, size_m=2048)
    inner["root"]["content"]["uri"] = "a.glb"
    rig = Rig(nested(**{"w/inner/tileset.json": inner}))
    rig.settle(look((-1024, 200, 1024), (-1023, 0, 1023)))
    assert "w/inner/t/1-0-0.glb" in rig.drawn_urls() or "w/inner/a.glb" in rig.drawn_urls()
    tree = rig.streamer.tree
    assert tree.child_count[1] == 1 and tree.parent[tree.first_child[1]] == 1


@pytest.mark.parametrize("uri", ["../tileset.json", "../inner/tileset.json?again=1", "tileset.json"])
def test_a_cycle_of_tilesets_is_an_error_and_the_rest_goes_on(uri: str) -> None:
    inner = quadtree(1)
    inner["root"]["content"]["uri"] = uri
    rig = Rig(nested(**{"w/inner/tileset.json": inner}))
    for _ in range(400):
        rig.step(CAMERA)
    errors = rig.streamer.take_errors()
    assert len(errors) == 1 and "contains itself" in errors[0] and "w/inner/tileset.json" in errors[0]
    assert len(rig.transfers.asked) == 2 and rig.drawn() == [0] and rig.streamer.settled


def test_endless_nesting_ends() -> None:
    class Endless(dict[str, bytes]):
        def get(self, url: str, default: Any = None) -> Any:  # type: ignore[override]
            document = quadtree(1)
            document["root"]["content"]["uri"] = f"n/{url.count('n/')}.json"
            return encoded(document)

    rig = Rig({})
    rig.transfers.files = Endless()
    for _ in range(400):
        rig.step(CAMERA)
    assert "nested in 16 others" in rig.streamer.take_errors()[0] and len(rig.transfers.asked) == 16


def test_a_broken_external_tileset_keeps_its_parent() -> None:
    rig = Rig(nested(**{"w/inner/tileset.json": b"{]"}), config=StreamConfig(network=Network(retry_close_s=2.0)))
    assert rig.settle(CAMERA) > 100, "what it holds is waited for as long as it is looked for closely"
    assert rig.drawn() == [0] and rig.streamer.tree.state[1] == FAILED
    assert "w/inner/tileset.json: tileset.json is broken JSON" in rig.streamer.take_errors()[0]


# -- budgets and ends --------------------------------------------------------------------------------
def test_eviction_takes_the_oldest_and_deepest_first_and_never_what_is_wanted() -> None:
    rig = Rig(world(4))
    rig.settle(CAMERA)
    rig.settle(FAR)
    residency, tree = rig.streamer.residency, rig.streamer.tree
    resident = residency.resident_count
    assert resident > 5
    ages = []
    while residency.resident_count > 1:
        before = set(residency._contents)
        residency.make_room(0, 1)
        (gone,) = before - set(residency._contents)
        ages.append(int(tree.last_frame[gone]))
        assert not any(int(tree.parent[row]) == gone for row in residency._contents), "a tile goes before its parent"
    assert ages == sorted(ages) and tree.state[0] == GPU
    assert residency.make_room(0, 1) == 0, "the root is wanted: nothing left to evict"
    assert rig.gpu.used_bytes == 1000


def test_far_tiles_are_evicted_before_near_ones() -> None:
    """Here, then 1.5 km away, then here with another view: what lies close by stays longest, though it is older."""
    rig = Rig(world(6))
    here, away = np.array([800.0, 60.0, 0.0]), np.array([-700.0, 60.0, 0.0])
    for stand, ahead in ((here, (100.0, -60.0, 0.0)), (away, (-100.0, -60.0, 0.0)), (here, (0.0, -20.0, 400.0))):
        rig.settle(look(stand, stand + ahead))
    residency, order = rig.streamer.residency, []
    while True:
        tiers = {row: int(residency.tiers.tier[place]) for row, place in residency._places.items()}
        if residency.make_room(0, 1) == 0:
            break
        (gone,) = tiers.keys() - residency._places.keys()
        order.append((tiers[gone], int(rig.streamer.tree.last_frame[gone])))
    near = [tier for tier, _ in order].index(NEAR_TIER)
    assert 0 < near < len(order) and {tier for tier, _ in order[:near]} == {FAR_TIER}
    assert all(tier == NEAR_TIER for tier, _ in order[near:])
    for part in (order[:near], order[near:]):
        assert part == sorted(part, key=lambda item: item[1]), "of equal tiers the least recently wanted goes first"
    assert min(age for _, age in order[near:]) < max(age for _, age in order[:near]), "old, but near"
    assert len(residency.tiers.tier) - len(residency.tiers._free_rows) == residency.resident_count


def test_other_users_of_the_gpu_budget_make_the_world_coarser() -> None:
    rig = Rig(world(5), gpu=60_000)
    rig.settle(CAMERA)
    tiles = len(rig.drawn())
    while rig.gpu.used_bytes < 55_000:
        assert rig.gpu.try_reserve(1000)
    rig.settle(CAMERA)
    assert rig.streamer.screen_error_px >= 16.0 and tiles >= len(rig.drawn()) > 1
    rig.gpu.budget_bytes = 60_000


def test_a_tile_that_never_fits_the_layer_budget_keeps_its_parent() -> None:
    rig = Rig(world(2), layer=1 << 20)
    rig.settle(FAR)
    rig.loader.sizes["w/t/1-1-1.glb"] = 4 << 20
    for _ in range(400):
        rig.step(CAMERA)
    assert rig.drawn() == [0] and any("does not fit" in error for error in rig.streamer.take_errors())


def test_a_layer_budget_that_others_fill_is_waited_for() -> None:
    rig = Rig(world(2), layer=1 << 20)
    rig.settle(FAR)
    held = rig.layer.budget_bytes
    assert rig.layer.try_reserve(held)
    for _ in range(100):
        rig.step(CAMERA)
    assert rig.drawn() == [0] and not rig.streamer.take_errors() and not rig.streamer.settled
    rig.layer.release(held)
    rig.settle(CAMERA)
    assert len(rig.drawn()) > 1


def test_a_lost_device_loads_everything_again() -> None:
    rig = Rig(world(4))
    rig.settle(CAMERA)
    drawn, meshes = rig.drawn(), rig.streamer.draw().mesh.copy()
    rig.streamer.device_lost()
    assert rig.gpu.used_bytes == 0 and rig.layer.used_bytes == 0 and len(rig.streamer.draw().mesh) == 0
    rig.settle(CAMERA)
    assert rig.drawn() == drawn and not np.array_equal(rig.streamer.draw().mesh, meshes)
    assert rig.transfers.asked.count("w/tileset.json") == 1, "the tree stays"


@pytest.mark.parametrize("frames", [0, 1, 2, 5, 12, 40, 300])
def test_release_gives_everything_back_at_any_time(frames: int) -> None:
    rig = Rig(world(4))
    for _ in range(frames):
        rig.step(CAMERA)
    for _ in range(2):
        rig.streamer.release()
    assert rig.gpu.used_bytes == rig.layer.used_bytes == 0
    assert not rig.loader.live and not rig.transfers.live and len(rig.streamer.draw().mesh) == 0
    assert rig.streamer.state == "released" and rig.streamer.tree.count == 0
    rig.step(CAMERA)
    assert rig.streamer.settled and rig.streamer.counts() == {"resident": 0, "pending": 0, "failed": 0}


def test_settings_are_checked() -> None:
    for wrong in ({"place": "moon"}, {"lanes": 0}, {"screen_error_px": 0.0}):
        with pytest.raises(ConfigError, match="must be"):
            StreamConfig(**wrong)
