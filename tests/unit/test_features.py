"""Features of tiles: which one a ray meets, and its row."""

from __future__ import annotations

import io
import json
import math
import struct
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import DracoPy
import numpy as np
import pytest
from PIL import Image

import layerw as lw
from layerw.assets import id_textures
from layerw.assets.id_textures import read_png
from layerw.hosts.containers import split_model
from layerw.hosts.headless import HeadlessHost
from tests.gltf_features import File
from tests.unit.test_tile_colors import with_ids
from tests.unit.test_tile_formats import shown
from tests.unit.test_transfers import glb
from tests.unit.tile_files import TRIANGLE, cmpt, i3dm, pnts, tile


def answer(app: lw.App, origin: Any, direction: Any, **more: Any) -> Any:
    """Of a ray, some frames later."""
    (world,) = app._engine.contents.worlds
    found = world.feature(origin, direction, **more)
    for _ in range(60):
        if found.done():
            return found.result()
        app._engine.host.step(app)  # type: ignore[attr-defined]
    raise AssertionError("No answer came in 60 frames.")


def told(app: lw.App) -> str:
    """Everything that was logged."""
    host: Any = app._engine.host
    host.step(app, 2)
    return " ".join([*host.errors, *(text for _, text in host.logs)])


# The triangle's corners are (0, 0, 0), (1, 0, 0), (0, 1, 0): it faces +z, as the ray comes.
HIT = ((0.2, 0.3, 5.0), (0.0, 0.0, -2.0))


def test_the_row_of_a_batch_table(tmp_path: Path) -> None:
    app, _ = shown(tmp_path, with_ids([2, 2, 2], {"name": ["a", "b", "c"], "floors": [1, 2, 3]}), "a.b3dm")
    hit = answer(app, *HIT)
    assert (hit.id, hit.row) == (2, {"name": "c", "floors": 3}) and hit.tile.endswith("a.b3dm")
    assert hit.distance == pytest.approx(5.0) and hit.point == pytest.approx((0.2, 0.3, 0.0))
    assert answer(app, (0.9, 0.9, 5.0), (0, 0, -1)) is None, "beside the triangle, inside of its tile"
    assert answer(app, *HIT, max_distance=4.9) is None
    assert answer(app, (0.2, 0.3, -5.0), (0, 0, 1)).id == 2, "from behind"
    assert answer(app, (0.2, 900.0, 5.0), (0, 0, -1)) is None
    used = app._engine.layer_ledger.used_bytes
    app.close()
    assert app._engine.layer_ledger.used_bytes <= used
    assert not app._engine.host.errors  # type: ignore[attr-defined]


def test_columns_in_the_binary_part(tmp_path: Path) -> None:
    text, binary, _ = split_model(with_ids([1, 1, 1], {"name": ["a", "b"]}))
    assert text and binary
    data = struct.pack("<2d6f", 1.5, 2.5, *range(6))
    columns = {"height": {"byteOffset": 0, "componentType": "DOUBLE", "type": "SCALAR"},
               "at": {"byteOffset": 16, "componentType": "FLOAT", "type": "VEC3"},
               "far": {"byteOffset": 36, "componentType": "FLOAT", "type": "VEC3"},
               "odd": {"byteOffset": 0, "componentType": "TEXT", "type": "SCALAR"}}  # fmt: skip
    inner = with_ids([1, 1, 1], {"name": ["a", "b"]})
    model = inner[28 + sum(struct.unpack_from("<4I", inner, 12)) :]
    app, _ = shown(tmp_path, tile(b"b3dm", {"BATCH_LENGTH": 2}, batch=columns, batch_data=data, model=model), "a.b3dm")
    hit = answer(app, *HIT)
    assert hit.row["height"] == 2.5 and hit.row["at"].tolist() == [3, 4, 5]
    assert "far" not in hit.row and "odd" not in hit.row, "what its table does not hold is left out, and told"
    assert "'far'" in told(app) and "'odd'" in told(app)
    app.close()


def test_instances_have_their_own_rows(tmp_path: Path) -> None:
    places = [(0.0, 0.0, 0.0), (5.0, 0.0, 0.0)]
    app, _ = shown(tmp_path, i3dm(places), "a.i3dm")
    # i3dm's places are Z up: x stays.
    assert answer(app, *HIT).id == 0
    assert answer(app, (5.2, 0.3, 5.0), (0, 0, -1)).id == 1
    app.close()


def test_points_and_parts_of_a_composite(tmp_path: Path) -> None:
    points = [(x, 0.0, z) for x in (0.0, 1.0, 2.0) for z in (0.0, 1.0, 2.0)]
    data = pnts(points)
    app, _ = shown(tmp_path, data, "a.pnts")
    hit = answer(app, (1.0, 1.0, 9.0), (0, 0, -1))
    assert hit.row == {} and hit.distance == pytest.approx(9.0)
    app.close()
    app, _ = shown(tmp_path, cmpt(with_ids([0, 0, 0], {"name": ["house"]}), i3dm([(5.0, 0.0, 0.0)])), "a.cmpt")
    assert answer(app, *HIT).row == {"name": "house"}
    assert answer(app, (5.2, 0.3, 5.0), (0, 0, -1)).row == {}
    app.close()


def with_table(ids: dict[str, Any]) -> bytes:
    """A triangle with EXT_mesh_features over a property table."""
    text, binary, _ = split_model(TRIANGLE)
    document = json.loads(text)
    start = len(binary) + -len(binary) % 4
    data = struct.pack("<3f", 1, 1, 1) + struct.pack("<2f", 12.5, 25.0)
    document["buffers"][0]["byteLength"] = start + len(data)
    views = document["bufferViews"]
    views += [{"buffer": 0, "byteOffset": start, "byteLength": 12},
              {"buffer": 0, "byteOffset": start + 12, "byteLength": 8}]
    document["accessors"].append({"bufferView": len(views) - 2, "componentType": 5126, "count": 3, "type": "SCALAR"})
    primitive = document["meshes"][0]["primitives"][0]
    primitive["attributes"]["_FEATURE_ID_0"] = len(document["accessors"]) - 1
    primitive["extensions"] = {"EXT_mesh_features": {"featureIds": [{"featureCount": 2, **ids}]}}
    document["extensionsUsed"] = ["EXT_mesh_features", "EXT_structural_metadata"]
    properties = {"height": {"type": "SCALAR", "componentType": "FLOAT32"}}
    document["extensions"] = {"EXT_structural_metadata": {
        "schema": {"id": "s", "classes": {"house": {"properties": properties}}},
        "propertyTables": [{"class": "house", "count": 2, "properties": {"height": {"values": len(views) - 1}}}]}}
    return glb(document, binary.ljust(start, b"\0") + data)


def test_feature_ids_of_vertices_and_a_property_table(tmp_path: Path) -> None:
    app, _ = shown(tmp_path, with_table({"attribute": 0, "propertyTable": 0}), "a.glb")
    hit = answer(app, *HIT[:1], (0, 0, -1)) or answer(app, (0.2, 5.0, -0.3), (0, -1, 0))
    assert (hit.id, hit.row) == (1, {"height": 25.0})
    app.close()


def with_texture(image: bytes, texture: dict[str, Any], **more: Any) -> bytes:
    """The same, with the ids in an image whose uvs are the positions' x and y."""
    text, binary, _ = split_model(with_table({"texture": {"index": 0, **texture}, "propertyTable": 0, **more}))
    document = json.loads(text)
    start = len(binary) + -len(binary) % 4
    data = struct.pack("<6f", 0, 0, 1, 0, 0, 1) + image
    document["buffers"][0]["byteLength"] = start + len(data)
    views = document["bufferViews"]
    views += [{"buffer": 0, "byteOffset": start, "byteLength": 24},
              {"buffer": 0, "byteOffset": start + 24, "byteLength": len(image)}]
    document["accessors"].append({"bufferView": len(views) - 2, "componentType": 5126, "count": 3, "type": "VEC2"})
    document["meshes"][0]["primitives"][0]["attributes"]["TEXCOORD_0"] = len(document["accessors"]) - 1
    document["images"] = [{"bufferView": len(views) - 1, "mimeType": "image/png"}]
    document["textures"] = [{"source": 0}]
    return glb(document, binary.ljust(start, b"\0") + data)


def png(texels: Any, format_: str = "png") -> bytes:
    out = io.BytesIO()
    Image.fromarray(np.array(texels, np.uint8)).save(out, format_)
    return out.getvalue()


@pytest.mark.parametrize(("texture", "more", "ids"), [
    ({"channels": [0]}, {}, (0, 1)), ({"channels": [1]}, {}, (1, 0)), ({"channels": [0, 1]}, {}, (256, 1)),
    ({"channels": [0]}, {"nullFeatureId": 1}, (0, -1)),
    ({"channels": [0], "extensions": {"KHR_texture_transform": {"offset": [0.5, 0]}}}, {}, (1, 0)),
])  # fmt: skip
def test_ids_in_textures(texture: dict[str, Any], more: dict[str, Any], ids: tuple[int, int], tmp_path: Path) -> None:
    left_right = png([[(0, 1, 0), (1, 0, 0)]] * 2)
    app, _ = shown(tmp_path, with_texture(left_right, texture, **more), "a.glb")
    rows = {0: {"height": 12.5}, 1: {"height": 25.0}}
    for (x, y), wanted in zip(((0.2, 0.3), (0.7, 0.1)), ids, strict=True):
        hit = answer(app, (x, y, 5.0), (0, 0, -1)) or answer(app, (x, 5.0, -y), (0, -1, 0))
        assert hit is not None, told(app)
        assert (hit.id, hit.row) == (wanted, rows.get(wanted, {}))
    app.close()


@pytest.mark.parametrize(("image", "texture", "says"), [
    (png([[0, 1]] * 2, "jpeg"), {}, "no PNG"), (png([[0, 1]] * 2)[:-27], {}, "of its 6 bytes"),
    (png([[0, 1]] * 2), {"channels": [3]}, "channel 3 of a PNG that has 3"),
    (png([[0, 1]] * 2), {"channels": [7]}, "[7]"),
    (png(np.zeros((1, 1025))), {}, "1025 x 1"),
    (png([[0, 1]] * 2), {"texCoord": 1}, "TEXCOORD_1"),
])  # fmt: skip
def test_ids_in_textures_that_lie_are_told(image: bytes, texture: dict[str, Any], says: str, tmp_path: Path) -> None:
    app, _ = shown(tmp_path, with_texture(image, texture), "a.glb")
    answer(app, *HIT)
    assert says in told(app)
    app.close()


def test_texels_of_a_png_are_those_that_it_was_made_of() -> None:
    rng = np.random.default_rng(1)
    slope = np.add.outer(np.arange(37) * 3, np.arange(53) * 5)[..., None]
    for channels in (2, 3, 4):
        texels = (slope + rng.integers(0, 9, (37, 53, channels))).astype(np.uint8)
        data = png(texels)  # whose lines have several filters
        whole = Image.open(io.BytesIO(data)).convert("RGB" if channels == 3 else "RGBA")
        assert np.array_equal(read_png(data), np.asarray(whole))


def test_a_png_of_very_many_chunks_is_read_as_quickly() -> None:
    rng = np.random.default_rng(1)
    texels = rng.integers(0, 256, (700, 700, 3)).astype(np.uint8)
    data = png(texels)
    start = data.index(b"IDAT") - 4
    packed = b"".join(body for name, body in chunks(data) if name == b"IDAT")
    empty = struct.pack(">I4sI", 0, b"IDAT", 0)
    parts = [struct.pack(">I4s", 8, b"IDAT") + packed[i : i + 8] + bytes(4) for i in range(0, len(packed) - 8, 8)]
    rest = packed[8 * len(parts) :]
    last = struct.pack(">I4s", len(rest), b"IDAT") + rest + bytes(4)
    many = data[:start] + b"".join(parts) + empty * 200_000 + last
    before = time.perf_counter()
    assert np.array_equal(read_png(many), texels)
    assert time.perf_counter() - before < 3.0


def chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = 8
    while at < len(data):
        (size,) = struct.unpack_from(">I", data, at)
        yield data[at + 4 : at + 8], data[at + 8 : at + 8 + size]
        at += 12 + size


@pytest.mark.parametrize("is_damaged", [False, True])
def test_an_image_that_several_primitives_show_is_decoded_once(is_damaged: bool, tmp_path: Path,
                                                               monkeypatch: pytest.MonkeyPatch) -> None:  # fmt: skip
    decoded: list[int] = []

    def counted(data: bytes) -> Any:
        decoded.append(len(data))
        return read_png(data)

    monkeypatch.setattr(id_textures, "read_png", counted)
    image = png([[(0, 1, 0), (1, 0, 0)]] * 2)
    one = with_texture(image[:-30] if is_damaged else image, {"channels": [0]})
    text, binary, _ = split_model(one)
    document = json.loads(text)
    (primitive,) = document["meshes"][0]["primitives"]
    other = json.loads(json.dumps(primitive))
    (ids,) = other["extensions"]["EXT_mesh_features"]["featureIds"]
    ids["texture"]["channels"] = [1]
    document["meshes"][0]["primitives"] = [other] * 3 + [primitive] * 3
    app, _ = shown(tmp_path, glb(document, binary), "a.glb")
    answer(app, *HIT)
    assert len(decoded) == 1
    app.close()


def test_odd_questions(tmp_path: Path) -> None:
    app, _ = shown(tmp_path, with_ids([0, 0, 0], {"name": ["a"]}), "a.b3dm")
    (world,) = app._engine.contents.worlds
    for origin, direction in (((0, 0), (0, 0, 1)), ((0, 0, 0), (0, 0, 0)), ((math.nan, 0, 0), (0, 0, 1)), ("a", None)):
        with pytest.raises(lw.LayerwError):
            world.feature(origin, direction)
    asked = [world.feature(*HIT) for _ in range(64)]
    with pytest.raises(lw.LayerwError, match="64"):
        world.feature(*HIT)
    world.close()
    assert all(one.cancelled() for one in asked)
    app.close()


def test_a_file_that_is_gone_by_then_is_told_and_answers_none(tmp_path: Path) -> None:
    app, _ = shown(tmp_path, with_ids([0, 0, 0], {"name": ["a"]}), "a.b3dm")
    (tmp_path / "a.b3dm").unlink()
    assert answer(app, *HIT) is None
    assert "can't be read" in told(app)
    app.close()


def test_of_two_tiles_the_nearer_one_answers(tmp_path: Path) -> None:
    for name, value in (("near", "n"), ("far", "f")):
        (tmp_path / f"{name}.b3dm").write_bytes(with_ids([0, 0, 0], {"name": [value]}))
    moved = [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 3.0, 0, 1]  # 3 m along the tileset's +y, away from the viewer
    kids = [{"boundingVolume": {"sphere": [0, 0, 0, 4]}, "geometricError": 0, "content": {"uri": f"{name}.b3dm"},
             **({"transform": moved} if name == "far" else {})} for name in ("far", "near")]  # fmt: skip
    root = {"boundingVolume": {"sphere": [0, 0, 0, 20]}, "geometricError": 99, "refine": "ADD", "children": kids}
    whole = {"asset": {"version": "1.0"}, "geometricError": 99, "root": root}
    (tmp_path / "tileset.json").write_text(json.dumps(whole))
    host = HeadlessHost(tmp_path)
    app = lw.App(host=host)
    app.camera.position = np.array((0.0, 5.0, 40.0))
    app.camera.look_at((0.0, 0.0, 0.0))
    app.stream("tileset.json")
    host.step(app, 60)
    hit = answer(app, *HIT)
    assert hit.row == {"name": "n"}
    back = answer(app, (0.2, 0.3, -9.0), (0, 0, 1))
    assert back.row == {"name": "f"} and back.distance == pytest.approx(6.0)
    app.close()


SQUARE = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0], [1, 1, 0]], "<f4")


def square(mode: int, corners: list[int], ids: list[int]) -> bytes:
    """Four vertices with ids, drawn as a strip or a fan."""
    made = File(SQUARE)
    made.primitive["attributes"]["_FEATURE_ID_0"] = made.add(np.array(ids, "<u2"))
    made.primitive |= {"mode": mode, "indices": made.add(np.array(corners, "<u2"))}
    made.primitive["extensions"] = {"EXT_mesh_features": {"featureIds": [{"featureCount": 9, "attribute": 0}]}}
    made.use("EXT_mesh_features")
    made.doc["buffers"] = [{"byteLength": len(made.data)}]
    return glb(made.doc, made.data + bytes(-len(made.data) % 4))


@pytest.mark.parametrize(("mode", "corners"), [(5, [0, 1, 2, 3]), (6, [0, 1, 3, 2])])
def test_strips_and_fans_name_features(mode: int, corners: list[int], tmp_path: Path) -> None:
    app, _ = shown(tmp_path, square(mode, corners, [7, 7, 7, 7]), "a.glb")
    for x, y in ((0.2, 0.1), (0.8, 0.9), (0.1, 0.8), (0.9, 0.2)):
        hit = answer(app, (x, y, 5.0), (0, 0, -1))
        assert hit is not None and hit.id == 7, (x, y, told(app))
    assert answer(app, (1.2, 0.5, 5.0), (0, 0, -1)) is None
    app.close()


@pytest.mark.parametrize(("mode", "corners"), [(5, [0, 1]), (6, []), (5, [0])])
def test_too_few_corners_of_strips_hurt_nobody(mode: int, corners: list[int], tmp_path: Path) -> None:
    from layerw.assets.surfaces import _listed

    assert len(_listed(np.array(corners, np.int64), mode)) == 0


def test_what_draco_packed_names_features(tmp_path: Path) -> None:
    ids = np.array([[3], [3], [3], [3]], np.uint8)
    data = DracoPy.encode(SQUARE, np.array([[0, 1, 2], [1, 3, 2]], np.uint32), quantization_bits=14,
                          generic_attributes={5: ids})  # fmt: skip
    doc: dict[str, Any] = {
        "asset": {"version": "2.0"}, "scene": 0, "scenes": [{"nodes": [0]}], "nodes": [{"mesh": 0}],
        "bufferViews": [{"buffer": 0, "byteLength": len(data)}], "buffers": [{"byteLength": len(data)}],
        "accessors": [{"componentType": 5126, "count": 4, "type": "VEC3", "min": [0, 0, 0], "max": [1, 1, 0]},
                      {"componentType": 5121, "count": 6, "type": "SCALAR"},
                      {"componentType": 5121, "count": 4, "type": "SCALAR"}],
        "extensionsUsed": ["KHR_draco_mesh_compression", "EXT_mesh_features"],
        "meshes": [{"primitives": [{"attributes": {"POSITION": 0, "_FEATURE_ID_0": 2}, "indices": 1, "extensions": {
            "EXT_mesh_features": {"featureIds": [{"featureCount": 4, "attribute": 0}]},
            "KHR_draco_mesh_compression": {"bufferView": 0, "attributes": {"POSITION": 6, "_FEATURE_ID_0": 5}}}}]}],
    }  # fmt: skip
    app, _ = shown(tmp_path, glb(doc, data + bytes(-len(data) % 4)), "a.glb")
    hit = answer(app, (0.8, 0.9, 5.0), (0, 0, -1))
    assert hit is not None and hit.id == 3, told(app)
    assert "names no feature" not in told(app)
    app.close()


def test_a_property_table_colours_by_ids_of_vertices(tmp_path: Path) -> None:
    app, _ = shown(tmp_path, with_table({"attribute": 0, "propertyTable": 0}), "a.glb")
    (world,) = app._engine.contents.worlds
    host: Any = app._engine.host

    def palette() -> list[list[int]]:
        host.step(app, 30)
        assert world.settled and len(world._streamer.draw().mesh) == 1 and not host.errors, host.errors
        (tile,) = world._streamer.residency.rows.drawn.tolist()
        content: Any = world._streamer.residency.contents_of(tile)[0]
        (source,) = [one for key, one in content._sources.items() if key[0] == "packed"]
        return np.array(source.packed.rows, "<u4").view(np.uint8).reshape(-1, 4).tolist()

    world.color_by("height", [(12.5, "black"), (25.0, "red")])
    assert palette() == [[0, 0, 0, 255], [255, 0, 0, 255]]
    world.color_by("width", [(12.5, "black"), (25.0, "red")], other="blue")
    assert palette() == [[0, 0, 255, 255]] * 2, "no such column"
    world.color_by(None)
    host.step(app, 30)
    assert world.settled and not host.errors
    app.close()


def test_one_job_at_a_time_reads_the_column_first(tmp_path: Path) -> None:
    app, _ = shown(tmp_path, with_table({"attribute": 0, "propertyTable": 0}), "a.glb")
    (world,) = app._engine.contents.worlds
    host: Any = app._engine.host
    loader = app._engine.opening.loader
    opened = loader.try_open

    def serial(*given: Any, **more: Any) -> Any:
        content = opened(*given, **more)
        if content is not None:
            content.serial = True
        return content

    loader.try_open = serial  # type: ignore[method-assign]
    world.color_by("height", [(12.5, "black"), (25.0, "red")])
    host.step(app, 60)
    assert world.settled and len(world._streamer.draw().mesh) == 1 and not host.errors
    app.close()


def beside(data: bytes, uri: str) -> bytes:
    """The same, with its image in a file of its own."""
    text, binary, _ = split_model(data)
    document = json.loads(text)
    document["images"] = [{"uri": uri}]
    return glb(document, binary)


def test_ids_in_an_image_beside_a_tile(tmp_path: Path) -> None:
    image = png([[(0, 1, 0), (1, 0, 0)]] * 2)
    (tmp_path / "ids.png").write_bytes(image)
    app, _ = shown(tmp_path, beside(with_texture(image, {"channels": [0]}), "ids.png"), "a.glb")
    for (x, y), wanted in zip(((0.2, 0.3), (0.7, 0.1)), (0, 1), strict=True):
        hit = answer(app, (x, y, 5.0), (0, 0, -1)) or answer(app, (x, 5.0, -y), (0, -1, 0))
        assert hit is not None and hit.id == wanted, told(app)
    app.close()
    assert app._engine.layer_ledger.used_bytes == 0


@pytest.mark.parametrize(("uri", "data", "says"), [
    ("ids.png", b"no picture", "no PNG"), ("away.png", None, "away.png"), ("", b"", "uri"),
])  # fmt: skip
def test_an_image_beside_a_tile_that_is_none_is_told(uri: str, data: bytes | None, says: str, tmp_path: Path) -> None:
    if data:
        (tmp_path / uri).write_bytes(data)
    app, _ = shown(tmp_path, beside(with_texture(png([[0, 1]] * 2), {}), uri), "a.glb")
    answer(app, *HIT)
    assert says in told(app)
    app.close()
