"""Colours of tiles by a column of their tables."""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import layerw as lw
from layerw.assets.gltf import parse
from layerw.assets.packed import unpack_words
from layerw.assets.plan import make_plan
from layerw.base.errors import KindError, ShapeError
from layerw.base.tile_style import checked_style
from layerw.hosts.containers import split_model
from layerw.hosts.unpack import unpack
from tests.unit.test_tile_formats import shown
from tests.unit.test_transfers import glb
from tests.unit.tile_files import TRIANGLE, tile

RAMP = checked_style("height", [(0.0, "black"), (10.0, "red")], "blue")


def with_ids(ids: list[int], batch: dict[str, Any]) -> bytes:
    """A triangle whose vertices have ids."""
    text, binary, _ = split_model(TRIANGLE)
    document = json.loads(text)
    start = len(binary) + -len(binary) % 4
    data = struct.pack("<4H", *ids, 0)
    document["buffers"][0]["byteLength"] = start + len(data)
    document["bufferViews"].append({"buffer": 0, "byteOffset": start, "byteLength": len(data)})
    document["accessors"].append({"bufferView": len(document["bufferViews"]) - 1, "componentType": 5123, "count": 3,
                                  "type": "SCALAR"})  # fmt: skip
    document["meshes"][0]["primitives"][0]["attributes"]["_BATCHID"] = len(document["accessors"]) - 1
    model = glb(document, binary.ljust(start, b"\0") + data)
    return tile(b"b3dm", {"BATCH_LENGTH": len(next(iter(batch.values())))}, batch=batch, model=model)


def colors_of(data: bytes, style: Any) -> Any:
    text, binary, _ = split_model(data)
    plan = make_plan(parse(text, len(binary)), "a.b3dm", np.eye(4), None, style)
    (mesh,) = plan.meshes
    if "color" not in mesh.accessors:
        return None
    (packed,) = plan.packed.values()
    words = unpack_words(packed, dict.fromkeys(packed.buffers, 1)).tolist()
    return np.frombuffer(unpack(words, lambda _: binary), np.uint8).reshape(-1, 4).tolist()


def test_a_ramp_of_numbers() -> None:
    file = with_ids([0, 1, 2], {"height": [0, 5, 20], "use": ["a", "b", "c"]})
    black, half, red = colors_of(file, RAMP)
    assert black == [0, 0, 0, 255] and red == [255, 0, 0, 255]
    assert half[0] == round(255 * ((128 / 255 + 0.055) / 1.055) ** 2.4), "vertices hold linear colours"
    assert colors_of(file, None) is None


def test_values_by_name_and_all_else() -> None:
    style = checked_style("use", {"home": "red", 7: (0, 1, 0)}, "white")
    file = with_ids([0, 1, 9], {"use": ["home", 7]})
    assert colors_of(file, style) == [[255, 0, 0, 255], [0, 255, 0, 255], [255, 255, 255, 255]]
    assert colors_of(with_ids([0, 0, 0], {"else": [1]}), style) == [[255, 255, 255, 255]] * 3
    for odd in ([None, "7"], [10**400, -(10**400)], [[1], {"a": 1}], [True, False]):
        assert colors_of(with_ids([0, 1, 1], {"height": odd}), RAMP) == [[0, 0, 255, 255]] * 3


def test_a_world_is_coloured_and_uncoloured(tmp_path: Path) -> None:
    app, _ = shown(tmp_path, with_ids([0, 1, 1], {"height": [1, 2]}), "a.b3dm")
    (world,) = app._engine.contents.worlds
    host = app._engine.host
    for column in ("height", None):
        world.color_by(column, [(0, "black"), (9, "red")])
        assert not world.settled or not len(world._streamer.draw().mesh)
        host.step(app, 30)  # type: ignore[attr-defined]
        assert world.settled and len(world._streamer.draw().mesh) == 1 and not host.errors  # type: ignore[attr-defined]
    app.close()


@pytest.mark.parametrize(("values", "error", "message"), [
    ((3, {}), KindError, "column is 3"), (("a", 5), KindError, "colors is 5"), (("a", {}), ShapeError, "0 entries"),
    (("a", [(1, "red"), (1, "blue")]), ShapeError, "must rise"), (("a", {"x": "redd"}), ShapeError, "redd"),
    (("a", [("x", "red")]), KindError, "stop"), (("a", {"x": "red"}, 4), ShapeError, "other is 4"),
])  # fmt: skip
def test_odd_values(values: tuple[Any, ...], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        checked_style(*values[:2], values[2] if len(values) > 2 else "white")
    assert issubclass(error, lw.LayerwError)
