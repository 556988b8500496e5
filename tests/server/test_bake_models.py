"""Models baked: smaller, valid, with levels of detail; many of them as one tileset; what is wrong is one sentence."""

from __future__ import annotations

import base64
import contextlib
import io
import json
import signal
import struct
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import layerw as lw
from layerw_server.bake import BakeError, codecs
from layerw_server.bake.command import cli_bake
from layerw_server.bake.models.command import bake_models
from layerw_server.bake.models.gltf import glb_bytes, one_sentence, read
from layerw_server.bake.models.meshes import _weights
from layerw_server.bake.models.pack import Options, bounds_of, pack

from .bake_extra import need_encoders
from .test_bake_tiles import _validator_errors


def ball(at: tuple[float, float, float] = (0.0, 0.0, 0.0), rings: int = 24, side: int = 64, **more: Any) -> bytes:
    """A textured sphere of 1 m as a .glb, each of its halves a primitive of one mesh."""
    theta, phi = np.meshgrid(np.linspace(0, np.pi, rings + 1), np.linspace(0, 2 * np.pi, 2 * rings + 1), indexing="ij")
    normals = np.stack([np.sin(theta) * np.cos(phi), np.cos(theta), np.sin(theta) * np.sin(phi)], -1).reshape(-1, 3)
    uvs = np.stack([phi / (2 * np.pi), theta / np.pi], -1).reshape(-1, 2)
    n = 2 * rings + 1
    a = (np.arange(rings)[:, None] * n + np.arange(2 * rings)[None, :]).reshape(-1)
    faces = np.stack([a, a + 1, a + n, a + 1, a + n + 1, a + n], -1).astype("<u2").reshape(-1)
    half = len(faces) // 2
    picture = np.zeros((side, side, 3), np.uint8)
    picture[..., 0], picture[: side // 2, :, 1] = 200, 200
    stream = io.BytesIO()
    Image.fromarray(picture).save(stream, "PNG")
    parts = [(normals * 1.0).astype("<f4").tobytes(), normals.astype("<f4").tobytes(), uvs.astype("<f4").tobytes(),
             faces.tobytes(), stream.getvalue()]
    blob, views = bytearray(), []
    for part in parts:
        blob += b"\0" * (-len(blob) % 4)
        views.append({"buffer": 0, "byteOffset": len(blob), "byteLength": len(part)})
        blob += part
    attributes = {"POSITION": 0, "NORMAL": 1, "TEXCOORD_0": 2}
    document = {
        "asset": {"version": "2.0"}, "scene": 0, "scenes": [{"nodes": [0]}],
        "nodes": [{"name": "ball", "mesh": 0, "translation": list(at)}],
        "meshes": [{"primitives": [{"attributes": attributes, "indices": 3, "material": 0},
                                   {"attributes": attributes, "indices": 4, "material": 0}]}],
        "materials": [{"pbrMetallicRoughness": {"baseColorTexture": {"index": 0}}}], "textures": [{"source": 0}],
        "images": [{"bufferView": 4, "mimeType": "image/png"}],
        "accessors": [{"bufferView": 0, "componentType": 5126, "count": len(normals), "type": "VEC3",
                       "min": [-1, -1, -1], "max": [1, 1, 1]},
                      {"bufferView": 1, "componentType": 5126, "count": len(normals), "type": "VEC3"},
                      {"bufferView": 2, "componentType": 5126, "count": len(normals), "type": "VEC2"},
                      {"bufferView": 3, "componentType": 5123, "count": half, "type": "SCALAR"},
                      {"bufferView": 3, "byteOffset": 2 * half, "componentType": 5123, "count": len(faces) - half,
                       "type": "SCALAR"}],
        "bufferViews": views, "buffers": [{"byteLength": len(blob)}], **more}
    return glb_bytes(document, bytes(blob))


def _write(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


def _loads(folder: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.chdir(folder)
    app = lw.App()
    model = app.load(name)
    for _ in range(300):
        app.host.step(app)
        if model.state != "loading":
            break
    assert (model.state, model.warnings) == ("ready", []), model.error
    box = model.radius
    app.close()
    return box


def test_a_model_gets_levels_and_loads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    need_encoders()
    source = _write(tmp_path / "ball.glb", ball((3.0, 0.0, 0.0)))
    made = bake_models([source], tmp_path / "out")
    assert made.triangles[0] == 2304 and len(made.triangles) >= 3 and made.triangles[-1] < 400
    model = tmp_path / "out/model.glb"
    assert model.stat().st_size < 0.5 * source.stat().st_size
    document = json.loads((tmp_path / "out/tileset.json").read_bytes())
    tile, errors = document["root"], []
    while True:
        errors.append(tile["geometricError"])
        assert (tmp_path / "out" / tile["content"]["uri"]).stat().st_size == tile["content"]["extras"]["byteLength"]
        assert tile["boundingVolume"]["box"][:3] == [3.0, 0.0, 0.0]
        if "children" not in tile:
            break
        tile = tile["children"][0]
    assert errors == sorted(errors, reverse=True) and errors[-1] == 0.0 and 0 < errors[0] < 0.3
    for path in (model, *(tmp_path / "out/tiles").iterdir()):
        assert _validator_errors([path])[0][0] == 0
    radius = _loads(tmp_path, "ball.glb", monkeypatch)
    assert _loads(tmp_path, "out/model.glb", monkeypatch) == pytest.approx(radius, 0.1)


def test_quantised_shapes_stay_where_they_were(tmp_path: Path) -> None:
    file = read(_write(tmp_path / "a.glb", ball((3.0, -2.0, 1.0))))
    packed = pack(file, Options())
    back = read(_write(tmp_path / "b.glb", packed.data))
    low, high = bounds_of(file)
    for a, b in zip(bounds_of(back), (low, high), strict=True):
        assert a == pytest.approx(b, abs=2e-5)
    assert back.json["extensionsRequired"] == ["KHR_mesh_quantization"]
    assert back.json["nodes"][0]["name"] == "ball" and "mesh" not in back.json["nodes"][0]
    assert _validator_errors([tmp_path / "b.glb"])[0][:2] == [0, 0]
    rows = _weights(np.array([[0.5, 0.3, 0.2, 0.0], [1 / 3, 1 / 3, 1 / 3, 0.0]], np.float32))
    assert rows.astype(int).sum(axis=1).tolist() == [255, 255]


def test_without_encoders_it_still_works_and_says_what_is_missed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(codecs, "has_ktx2", lambda: False)
    monkeypatch.setattr(codecs, "has_meshopt", lambda: False)
    source = _write(tmp_path / "Bälle 球.glb", ball())
    made = bake_models([source], tmp_path / "out dir 出")
    assert made.triangles == (2304,)
    assert any("KTX2 needs alktx2" in note for note in made.notes) and "layerw[bake]" in made.notes[1]
    assert _validator_errors([tmp_path / "out dir 出/model.glb"])[0][:2] == [0, 0]
    with pytest.raises(BakeError, match="Merging many models needs meshoptimizer"):
        bake_models([source, source], tmp_path / "many")
    assert not (tmp_path / "many").exists() and not list(tmp_path.glob(".*partial"))


def test_animations_and_skins_stay(shared_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    need_encoders()
    bake_models([shared_data / "models/Fox.glb"], tmp_path / "fox")
    before, after = (read(path) for path in (shared_data / "models/Fox.glb", tmp_path / "fox/model.glb"))
    assert [one["name"] for one in after.list("animations")] == ["Survey", "Walk", "Run"]
    for was, now in zip(before.list("animations")[1]["samplers"], after.list("animations")[1]["samplers"], strict=True):
        assert np.array_equal(before.raw(was["output"]), after.raw(now["output"]))
    skins = [file.raw(file.list("skins")[0]["inverseBindMatrices"]) for file in (before, after)]
    assert np.array_equal(*skins)
    _loads(tmp_path, "fox/model.glb", monkeypatch)


def test_many_models_become_one_tileset(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    need_encoders()
    places = [(20.0 * x, 0.0, 30.0 * z) for x in range(3) for z in range(2)]
    paths = [_write(tmp_path / f"house {n}.glb", ball(at)) for n, at in enumerate(places)]
    made = bake_models(paths, tmp_path / "city")
    assert made.files == 6 + 5
    document = json.loads((tmp_path / "city/tileset.json").read_bytes())
    leaves = []

    def walk(tile: dict[str, Any], at: np.ndarray, error: float) -> None:
        matrix = np.array(tile.get("transform", np.eye(4).T.reshape(-1))).reshape(4, 4).T
        at = at @ matrix
        assert tile["geometricError"] <= error
        if "children" not in tile:
            middle = at @ np.array([*tile["boundingVolume"]["box"][:3], 1.0])
            leaves.append((round(middle[0], 3), round(middle[2], 3) + 0.0, round(-middle[1], 3) + 0.0))
            assert np.allclose(at[:3, 3], 0), "a model stands by its own coordinates"
        for child in tile.get("children", ()):
            walk(child, at, tile["geometricError"])

    walk(document["root"], np.eye(4), np.inf)
    assert sorted(leaves) == sorted(places)
    groups = sorted((tmp_path / "city/tiles").glob("group-*"))
    assert len(groups) == 5 and all(errors == 0 for errors, _, _ in _validator_errors(groups))
    monkeypatch.chdir(tmp_path)
    app = lw.App()
    world = app.stream("city")
    distance = []
    for z in (2000.0, 36.0):
        app.camera.position = (20.0, 5.0, z)
        app.camera.look_at((20.0, 0.0, 15.0))
        for _ in range(150):
            app.host.step(app)
        assert world.settled and app.report()["errors"] == []
        distance.append(len(world._drawn.mesh))
    assert distance[0] == 1 and distance[1] > 2, "one proxy from afar, models near by"
    app.close()


def test_ctrl_c_is_heard_while_a_large_image_is_encoded(tmp_path: Path) -> None:
    need_encoders()
    noise = np.random.default_rng(1).integers(0, 255, (1536, 1536, 3), np.uint8)
    Image.fromarray(noise).save(tmp_path / "p.png", compress_level=1)
    document = {"asset": {"version": "2.0"}, "scene": 0, "scenes": [{"nodes": [0]}], "nodes": [{"mesh": 0}],
                "meshes": [{"primitives": [{"attributes": {"POSITION": 0}, "material": 0}]}],
                "materials": [{"pbrMetallicRoughness": {"baseColorTexture": {"index": 0}}}],
                "textures": [{"source": 0}], "images": [{"uri": "p.png"}],
                "accessors": [{"bufferView": 0, "componentType": 5126, "count": 3, "type": "VEC3", "min": [0, 0, 0],
                               "max": [1, 1, 0]}],
                "bufferViews": [{"buffer": 0, "byteLength": 36}], "buffers": [{"byteLength": 36}]}
    source = _write(tmp_path / "a.glb", glb_bytes(document, np.array([0, 0, 0, 1, 0, 0, 0, 1, 0], "<f4").tobytes()))
    program = (f"import sys; sys.path[:] = {sys.path!r}\nfrom pathlib import Path\n"
               "from layerw_server.bake.command import cli_bake\nprint('go', flush=True)\n"
               f"cli_bake([Path({str(source)!r})], Path({str(tmp_path / 'out')!r}), textures='etc1s')")
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          text=True) as process:
        assert process.stdout is not None and process.stderr is not None
        process.stdout.readline()
        deadline = time.monotonic() + 20
        while not (tmp_path / ".out.partial").is_dir() and time.monotonic() < deadline:
            time.sleep(0.05)
        time.sleep(1.5)  # well inside of the encoder
        asked = time.monotonic()
        process.send_signal(signal.SIGINT)
        text = process.stderr.read()
        assert process.wait(20) == 130 and time.monotonic() - asked < 6, "2 s on a quiet machine"
    assert "Stopped; " in text and "Traceback" not in text
    assert not (tmp_path / "out").exists() and not (tmp_path / ".out.partial").exists()


def _changed(change: Any) -> bytes:
    data = ball(rings=4, side=8)
    size = struct.unpack_from("<I", data, 12)[0]
    document = json.loads(data[20 : 20 + size])
    change(document)
    return glb_bytes(document, data[28 + size :])


def _set(path: str, value: Any) -> Any:
    def change(document: Any) -> None:
        *where, last = path.split("/")
        for name in where:
            document = document[int(name) if name.isdigit() else name]
        document[last] = value
    return change


@pytest.mark.parametrize(("data", "says"), [
    (b"", "its JSON is broken"),
    (b"glTF\2\0\0\0", "8 bytes, which is less"),
    (ball()[:500], "bytes, but it has 500"),
    (b"{}", "has no asset"),
    (_changed(_set("asset/version", "1.0")), "says version '1.0'"),
    (_changed(_set("accessors/0/count", 10**9)), "count 1000000000"),
    (_changed(_set("accessors/0/count", 90)), "reads 90 rows"),
    (_changed(_set("accessors/0/bufferView", 77)), r"bufferViews\[77\] of 5"),
    (_changed(_set("accessors/0/componentType", [])), "is no valid glTF file"),
    (_changed(_set("bufferViews/0/byteLength", 10**12)), "1,000,000,000,000 bytes at 0"),
    (_changed(_set("buffers/0/byteLength", 10**12)), r"buffers\[0\] says 1000000000000"),
    (_changed(_set("buffers/0/uri", "../../etc/passwd")), "only files beside the model"),
    (_changed(_set("buffers/0/uri", "http://x/y.bin")), "only files beside the model"),
    (_changed(_set("meshes/0/primitives/0/attributes", [])), "is no valid glTF file"),
    (_changed(_set("nodes/0/mesh", "x")), r"meshes\['x'\] of 1"),
    (_changed(_set("nodes/0/rotation", "x")), "transform can't be read"),
    (_changed(_set("scenes/0/nodes", [])), "no scene of it shows a mesh"),
    (_changed(_set("extensionsUsed", ["KHR_draco_mesh_compression"])), "packed by KHR_draco"),
])
def test_damaged_models_are_one_sentence(tmp_path: Path, data: bytes, says: str) -> None:
    source = _write(tmp_path / "a.glb", data)
    with pytest.raises(BakeError, match=says) as caught:
        bake_models([source], tmp_path / "out")
    assert "\n" not in str(caught.value) and len(str(caught.value)) < 500
    assert [path.name for path in tmp_path.iterdir()] == ["a.glb"], "nothing is left behind"


def test_any_byte_may_be_wrong(tmp_path: Path) -> None:
    rng = np.random.default_rng(5)
    good = ball(rings=4, side=8)
    for _ in range(150):
        data = bytearray(good)
        for at in rng.integers(12, len(data) if rng.random() < 0.3 else 1500, 3):
            data[at] = rng.integers(0, 256)
        path = _write(tmp_path / "a.glb", bytes(data))
        with contextlib.suppress(BakeError), one_sentence(path):
            file = read(path)
            bounds_of(file)
            pack(file, Options("keep"))


def test_the_command_takes_models(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    need_encoders()
    source = _write(tmp_path / "ball.glb", ball(rings=8, side=16))
    cli_bake([source], tmp_path / "out")
    assert "triangles" in capsys.readouterr().err
    with pytest.raises(SystemExit, match="several are baked together only when all are models"):
        cli_bake([source, tmp_path / "a.tif"], tmp_path / "w")
    with pytest.raises(SystemExit, match=r"There is no file .*no\.glb"):
        cli_bake([tmp_path / "no.glb"], tmp_path / "w")
    (tmp_path / "precious").mkdir()
    (tmp_path / "precious/a.txt").write_text("x")
    with pytest.raises(SystemExit, match="is no world made by layerw bake"):
        cli_bake([source], tmp_path / "precious")
    assert (tmp_path / "precious/a.txt").read_text() == "x"


def test_a_stop_and_a_full_disk_leave_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
) -> None:
    source = _write(tmp_path / "ball.glb", ball(rings=4, side=8))
    cli_bake([source], tmp_path / "out", textures="jpeg", meshopt=False)
    before = sorted(path.name for path in (tmp_path / "out").iterdir())
    capsys.readouterr()

    def stop(*_: Any) -> None:
        raise KeyboardInterrupt

    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    for fault, code in ((stop, 130), (full, "No space left on device")):
        monkeypatch.setattr(Path, "write_bytes", fault)
        with pytest.raises(SystemExit) as end:
            cli_bake([source], tmp_path / "out", textures="jpeg", meshopt=False)
        monkeypatch.undo()
        assert end.value.code == code or str(code) in str(end.value.code)
        assert sorted(path.name for path in (tmp_path / "out").iterdir()) == before
        assert not list(tmp_path.glob(".*"))
    assert "Stopped; " in capsys.readouterr().err


def test_a_stopped_bake_goes_on_with_the_images_that_it_had(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With an encoder of the test's own, which is stopped at the third image."""
    model, made = tmp_path / "ball.glb", list[bytes]()
    document = json.loads((data := ball())[20 : 20 + struct.unpack_from("<I", data, 12)[0]])
    for number in range(3):  # four images of different texels
        stream = io.BytesIO()
        Image.fromarray(np.full((8, 8, 3), 40 * number, np.uint8)).save(stream, "PNG")
        document["images"].append({"uri": "data:image/png;base64," + base64.b64encode(stream.getvalue()).decode()})
        document["textures"].append({"source": number + 1})
    model.write_bytes(glb_bytes(document, data[28 + struct.unpack_from("<I", data, 12)[0] :]))
    stop_at = 3

    def encode(pixels: Any, kind: str, **_: Any) -> bytes:
        made.append(pixels.tobytes())
        if len(made) == stop_at:
            raise KeyboardInterrupt
        return b"\xabKTX 20\xbb\r\n\x1a\n" + pixels.tobytes()[:8]

    monkeypatch.setattr(codecs, "ktx2", encode)
    monkeypatch.setattr(codecs, "has_ktx2", lambda: True)
    monkeypatch.setattr(codecs, "has_meshopt", lambda: False)
    out = tmp_path / "out"
    with pytest.raises(KeyboardInterrupt):
        bake_models([model], out)
    assert not out.exists() and len(list((tmp_path / ".out.partial" / "kept").iterdir())) == 2
    stop_at = 0
    bake_models([model], out)
    assert len(made) == 3 + 2 and sorted(path.name for path in out.iterdir()) == ["model.glb", "tileset.json"]
    assert not (tmp_path / ".out.partial").exists()
    bake_models([model], tmp_path / "anew")
    assert (tmp_path / "anew" / "model.glb").read_bytes() == (out / "model.glb").read_bytes()
