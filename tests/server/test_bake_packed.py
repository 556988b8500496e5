"""Worlds with KTX2 textures and packed meshes: smaller, valid, and the same ground."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import layerw as lw
from layerw.hosts import ktx2
from layerw_server.bake import BakeError, bake, codecs

from .bake_extra import need_encoders
from .bake_worlds import files, read_glb, small_field, tileset
from .test_bake_tiles import _validator_errors


@pytest.mark.parametrize("images", ["etc1s", "uastc"])
def test_a_packed_world_is_small_valid_and_opens(tmp_path: Path, images: str, monkeypatch: pytest.MonkeyPatch) -> None:
    need_encoders()
    bake(small_field(2), tmp_path / "plain", jobs=1, texels=64)
    bake(small_field(2), tmp_path / "packed", jobs=1, texels=64, images=images, is_packed=True)
    plain, packed = (sum(map(len, files(tmp_path / name).values())) for name in ("plain", "packed"))
    assert packed < 0.6 * plain
    tiles = sorted((tmp_path / "packed/tiles").glob("*.glb"))
    for _, (errors, _warnings, messages) in zip(tiles, _validator_errors(tiles), strict=True):
        assert errors == 0, messages  # it warns of the formats that it does not know
    document, blob = read_glb(tiles[0])
    view = document["bufferViews"][document["images"][0]["bufferView"]]
    header = ktx2.read_header(blob[view.get("byteOffset", 0) :][: view["byteLength"]])
    assert (header.width, header.is_uastc) == (64, images == "uastc") and header.levels == 7
    monkeypatch.chdir(tmp_path)
    app = lw.App()
    world = app.stream("packed")
    app.camera.position = (0.0, 900.0, 0.1)
    app.camera.look_at((0.0, 0.0, 0.0))
    for _ in range(120):
        app.host.step(app)
    assert world.settled and app.report()["errors"] == [], app.host.logs
    app.close()


def test_packed_meshes_unpack_to_the_same_bytes(tmp_path: Path) -> None:
    need_encoders()
    import meshoptimizer

    for name, packed in (("plain", False), ("packed", True)):
        bake(small_field(1), tmp_path / name, jobs=1, texels=32, is_packed=packed)
    (plain, blob), (document, packed_blob) = (read_glb(next((tmp_path / n / "tiles").glob("*.glb")))
                                              for n in ("plain", "packed"))
    for number in (0, 1):
        was = plain["bufferViews"][number]
        bytes_ = blob[was.get("byteOffset", 0) :][: was["byteLength"]]
        how = document["bufferViews"][number]["extensions"]["EXT_meshopt_compression"]
        raw = packed_blob[how["byteOffset"] :][: how["byteLength"]]
        if how["mode"] == "ATTRIBUTES":
            rows = meshoptimizer.decode_vertex_buffer(how["count"], how["byteStride"], raw)
            assert np.asarray(rows).tobytes() == bytes_
        else:
            rows = np.asarray(meshoptimizer.decode_index_buffer(how["count"], 4, raw)).view(np.uint32).reshape(-1, 3)
            expected = np.frombuffer(bytes_, "<u2").reshape(-1, 3)
            turned = [np.roll(expected, k, axis=1) for k in range(3)]
            assert all(any((row == t[i]).all() for t in turned) for i, row in enumerate(rows)), "only corners turn"
    kept = tileset(tmp_path / "packed")["root"]["content"]["extras"]["byteLength"]
    assert kept < 0.5 * tileset(tmp_path / "plain")["root"]["content"]["extras"]["byteLength"]


def test_without_the_encoders_it_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(codecs, "has_ktx2", lambda: False)
    monkeypatch.setattr(codecs, "has_meshopt", lambda: False)
    with pytest.raises(BakeError, match=r"--textures etc1s needs the encoder alktx2.*layerw\[bake\]"):
        bake(small_field(1), tmp_path / "w", images="etc1s")
    with pytest.raises(BakeError, match="--meshopt needs meshoptimizer"):
        bake(small_field(1), tmp_path / "w", is_packed=True)
    with pytest.raises(BakeError, match="must be one of jpeg, etc1s, uastc"):
        bake(small_field(1), tmp_path / "w", images="png")
    assert not list(tmp_path.iterdir())
