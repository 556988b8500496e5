"""What tilesets may say beside tiles: several nested ones, buffers of subtrees elsewhere, volumes, gzip."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import layerw as lw
from layerw.gpu import spec
from layerw.hosts.faults import FetchFailed
from layerw.hosts.gzipped import unzipped
from layerw.hosts.headless import HeadlessHost
from tests.unit.stream_fakes import Rig, look, quadtree
from tests.unit.test_implicit import full, subtree_file
from tests.unit.tile_files import TRIANGLE, pnts

CAMERA = look((0, 900, 1200), (0, 0, 0))


def test_a_tile_may_hold_several_tilesets_and_a_model() -> None:
    outer = quadtree(1)
    del outer["root"]["content"]
    outer["root"]["contents"] = [{"uri": name} for name in ("a/tileset.json", "own.glb", "b/tileset.json")]
    rig = Rig({"w/tileset.json": outer, "w/a/tileset.json": quadtree(2), "w/b/tileset.json": quadtree(2)})
    rig.settle(CAMERA)
    tree = rig.streamer.tree
    assert tree.child_count[0] == 2 and tree.parent[1:3].tolist() == [0, 0] and tree.count == 11
    assert tree.parent[tree.first_child[1]] == 1 and tree.parent[tree.first_child[2]] == 2
    drawn = rig.drawn_urls()
    assert any(url.startswith("w/a/t/") for url in drawn) and any(url.startswith("w/b/t/") for url in drawn)
    assert not rig.streamer.take_errors() and tree.count == len(set(range(tree.count)))


@pytest.mark.parametrize("as_json", [False, True])
def test_a_subtree_may_have_its_buffers_in_other_files(as_json: bool) -> None:
    document: dict[str, Any] = {
        "buffers": [{"byteLength": 2, "uri": "bits 0.bin"}], "bufferViews": [{"buffer": 0, "byteOffset": 1,
                                                                            "byteLength": 1}],
        "tileAvailability": {"bitstream": 0}, "contentAvailability": [{"bitstream": 0}],
        "childSubtreeAvailability": {"constant": 0}}  # fmt: skip
    root = {"boundingVolume": {"box": [0, 0, 8, 8, 0, 0, 0, 8, 0, 0, 0, 8]}, "geometricError": 64, "refine": "REPLACE",
            "content": {"uri": "c/{level}.{x}.{y}.glb"},
            "implicitTiling": {"subdivisionScheme": "QUADTREE", "subtreeLevels": 2, "availableLevels": 2,
                               "subtrees": {"uri": "s/{level}.{x}.{y}.subtree"}}}  # fmt: skip
    file = json.dumps(document).encode() if as_json else subtree_file(document)
    rig = Rig({"w/tileset.json": {"asset": {"version": "1.1"}, "geometricError": 99, "root": root},
               "w/s/0.0.0.subtree": file, "w/s/bits 0.bin": bytes([0xFF, 0b01011])})  # fmt: skip
    rig.settle(look((0, 30, 30), (0, 0, 0)))
    assert rig.drawn_urls() == {"w/c/1.0.0.glb", "w/c/1.0.1.glb"} and not rig.streamer.take_errors()
    assert rig.layer.used_bytes == 0 or not rig.streamer._loads.loads


def test_a_lost_buffer_of_a_subtree_keeps_the_parent() -> None:
    files: dict[str, Any] = {"w/tileset.json": {"asset": {"version": "1.1"}, "geometricError": 99, "root": {
        "boundingVolume": {"box": [0, 0, 8, 8, 0, 0, 0, 8, 0, 0, 0, 8]}, "geometricError": 64, "refine": "REPLACE",
        "content": {"uri": "root.glb"}, "children": [{
            "boundingVolume": {"box": [0, 0, 8, 8, 0, 0, 0, 8, 0, 0, 0, 8]}, "geometricError": 64,
            "content": {"uri": "c/{level}.{x}.{y}.glb"},
            "implicitTiling": {"subdivisionScheme": "QUADTREE", "subtreeLevels": 2, "availableLevels": 2,
                               "subtrees": {"uri": "s/{level}.{x}.{y}.subtree"}}}]}},
        "w/s/0.0.0.subtree": full(buffers=[{"byteLength": 2, "uri": "gone.bin"}])}  # fmt: skip
    rig = Rig(files)
    for _ in range(120):
        rig.step(look((0, 30, 30), (0, 0, 0)))
    assert rig.drawn_urls() == {"w/root.glb"}
    assert "gone.bin" in " ".join(rig.streamer.take_errors())


def with_volume(**more: Any) -> dict[str, Any]:
    outer = quadtree(1)
    outer["root"]["geometricError"], outer["root"]["refine"] = 64, "ADD"
    child = quadtree(1)["root"]
    child["content"] = {"uri": "inside.glb", **more.pop("content", {})}
    outer["root"]["children"] = [{**child, **more}]
    return outer


def test_a_request_volume_hides_a_tile_from_who_is_outside() -> None:
    rig = Rig({"w/tileset.json": with_volume(viewerRequestVolume={"sphere": [0, 0, 0, 700]})})
    rig.settle(CAMERA)
    assert rig.drawn_urls() == {"w/t/0-0-0.glb"}
    rig.settle(look((0, 400, 300), (0, 0, 0)))
    assert rig.drawn_urls() == {"w/t/0-0-0.glb", "w/inside.glb"}


def test_a_contents_volume_says_whether_it_is_loaded() -> None:
    bounds = {"boundingVolume": {"sphere": [0, 1500, 0, 10]}}  # far in front of the camera's back
    rig = Rig({"w/tileset.json": with_volume(content=bounds)})
    rig.settle(look((0, 300, -1200), (0, 0, 1000)))  # north is -Z
    assert rig.drawn_urls() == {"w/t/0-0-0.glb"} and "w/inside.glb" not in {c.url for c in rig.loader.opened}
    rig.settle(look((0, 300, 0), (0, 0, -1500)))
    assert "w/inside.glb" in rig.drawn_urls()


@pytest.mark.parametrize("where", ["content", "tile"])
def test_volumes_are_checked(where: str) -> None:
    wrong = {"sphere": [0, 0, 0, -1]}
    document = with_volume(content={"boundingVolume": wrong}) if where == "content" else with_volume(
        viewerRequestVolume=wrong)  # fmt: skip
    rig = Rig({"w/tileset.json": document})
    rig.step(CAMERA)
    for _ in range(10):
        rig.step(CAMERA)
    assert rig.streamer.state == "ready" and rig.drawn() == [0], "the tiles above stay"
    errors = rig.streamer.take_errors()
    assert len(errors) == 1 and "root.children[" in errors[0] and "radius -1" in errors[0]


def test_gzip_is_unpacked_within_what_was_allowed() -> None:
    data = bytes(range(256)) * 40
    packed = gzip.compress(data)
    assert unzipped(packed, "a", len(packed) + len(data)) == data
    assert unzipped(data, "a", 1) == data
    with pytest.raises(FetchFailed, match=f"{len(data)} unpacked") as caught:
        unzipped(packed, "a", len(data))
    assert (caught.value.code, caught.value.a) == (spec.FAIL_TOO_LARGE, len(packed) + len(data))
    bomb = packed[:-4] + (16).to_bytes(4, "little")
    with pytest.raises(FetchFailed, match="states 16 bytes"):
        unzipped(bomb, "a", 1 << 20)
    with pytest.raises(FetchFailed, match="damaged gzip"):
        unzipped(packed[:40] + b"????" + packed[44:], "a", 1 << 20)


def test_worlds_stored_as_gzip_and_names_of_any_script(tmp_path: Path) -> None:
    names = ["Häuser  im   Tal.pnts", "東京 100%.glb", "a#b?.glb"]
    for name, data in zip(names, (pnts([(0.0, 0.0, 0.0)] * 500), TRIANGLE, TRIANGLE), strict=True):
        (tmp_path / name).write_bytes(gzip.compress(data))
    document = {"asset": {"version": "1.1"}, "geometricError": 1, "root": {
        "boundingVolume": {"sphere": [0, 0, 0, 20]}, "geometricError": 0,
        "contents": [{"uri": names[0]}, {"uri": names[1].replace("%", "%25")}, {"uri": "a%23b%3F.glb"}]}}  # fmt: skip
    (tmp_path / "tileset.json").write_bytes(gzip.compress(json.dumps(document).encode()))
    host = HeadlessHost(tmp_path)
    app = lw.App(host=host)
    app.camera.position = (0.0, 5.0, 40.0)
    app.camera.look_at((0.0, 0.0, 0.0))
    world = app.stream("tileset.json")
    host.step(app, 90)
    assert world.settled and not host.errors, host.errors
    assert len(world._streamer.draw().mesh) == 3 and np.isfinite(world._streamer.draw().origin).all()
    app.close()
