"""KTX2 textures without a page: the texels that the page's transcoder makes, what is charged for them, and damage."""

from __future__ import annotations

import base64
import json
import random
import struct
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from layerw.hosts import ktx2
from layerw.hosts.containers import FormatError
from layerw.hosts.pictures import decode_ktx2
from tests.server.bake_extra import need_encoders
from tests.unit.test_app_contents import make
from tests.unit.test_native import shot

HERE = Path(__file__).parent
# Made by ktx2_texels.mjs of what is in the three files; "odd": 6 x 10 texels, by alktx2 0.1.7.
TEXELS = json.loads((HERE / "ktx2_texels.json").read_text())
FILES = {name: base64.b64decode(data) for name, data in (
    json.loads((HERE / "ktx2_files.json").read_text()) | TEXELS["files"]
    | {"normals": json.loads((HERE / "ktx2_normals.json").read_text())["uastc"]}).items()}  # fmt: skip
PROGRAM = """
import layerw as lw
app = lw.App(overlay=False)
app.camera.position = (0.0, 0.0, 4.0)
app.camera.look_at((0.0, 0.0, 0.0))
app.camera.projection = lw.Orthographic(height=2.0)
app.view.tone_map, app.view.dither, app.view.bloom = "neutral", 0.0, 0.0
app.load("left.gltf", position=(-0.75, 0.0, 0.0))
app.load("right.gltf", position=(0.75, 0.0, 0.0))
"""


def square(folder: Path, name: str, image: bytes, kind: str = "ktx2") -> None:
    """Writes name.gltf: a square of 1.2 metres that shows it unlit."""
    corners = [(-0.6, -0.6, 0), (0.6, -0.6, 0), (0.6, 0.6, 0), (-0.6, 0.6, 0)]
    uv = [(0, 1), (1, 1), (1, 0), (0, 0)]
    data = struct.pack("<12f8f6H", *np.ravel(corners), *np.ravel(uv), 0, 1, 2, 0, 2, 3)
    views = [{"buffer": 0, "byteOffset": at, "byteLength": size} for at, size in ((0, 48), (48, 32), (80, 12))]
    source = {"source": 0} if kind == "png" else {"extensions": {"KHR_texture_basisu": {"source": 0}}}

    def uri(data: bytes) -> str:
        return f"data:application/octet-stream;base64,{base64.b64encode(data).decode()}"

    document = {
        "asset": {"version": "2.0"}, "scenes": [{"nodes": [0]}], "scene": 0, "nodes": [{"mesh": 0}],
        "extensionsUsed": ["KHR_texture_basisu", "KHR_materials_unlit"],
        "meshes": [{"primitives": [{"attributes": {"POSITION": 0, "TEXCOORD_0": 1}, "indices": 2, "material": 0}]}],
        "materials": [{"pbrMetallicRoughness": {"baseColorTexture": {"index": 0}},
                       "extensions": {"KHR_materials_unlit": {}}}],
        "textures": [source], "images": [{"uri": uri(image), "mimeType": f"image/{kind}"}],
        "buffers": [{"byteLength": len(data), "uri": uri(data)}], "bufferViews": views,
        "accessors": [
            {"bufferView": view, "componentType": number, "count": count, "type": type_}
            | ({"min": [-0.6, -0.6, 0], "max": [0.6, 0.6, 0]} if view == 0 else {})
            for view, number, count, type_ in ((0, 5126, 4, "VEC3"), (1, 5126, 4, "VEC2"), (2, 5123, 6, "SCALAR"))],
    }  # fmt: skip
    (folder / f"{name}.gltf").write_text(json.dumps(document))


def loaded(folder: Path, data: bytes, **options: Any) -> tuple[Any, Any, Any]:
    """The model, host and App of a host that has no GPU but builds what one would show."""
    square(folder, "m", data)
    app, host = make(folder)
    host.transfers.settings.builds = True
    model = app.load("m.gltf", **options)
    host.step(app, 30)
    return model, host, app


@pytest.mark.parametrize("name", sorted(TEXELS["texels"]))
def test_every_level_has_the_texels_that_the_page_makes(name: str) -> None:
    need_encoders()
    levels = TEXELS["texels"][name]
    assert len(levels) == ktx2.read_header(FILES[name]).levels
    for level, (width, height, data) in enumerate(levels):
        made = np.frombuffer(decode_ktx2(FILES[name], level, width, height), np.uint8).astype(int)
        wanted = np.frombuffer(base64.b64decode(data), np.uint8)
        assert len(made) == len(wanted) and np.abs(made - wanted).max() <= 1, level


@pytest.mark.parametrize(("side", "level"), [(1024, 0), (8, 1)])
def test_plain_texels_are_charged_as_such(tmp_path: Path, side: int, level: int) -> None:
    need_encoders()
    model, host, app = loaded(tmp_path, FILES["etc1s"], max_texture_side=side)
    assert model.state == "ready" and model.warnings == [] and host.errors == [] and host.sink.compressed == {}
    width, height, _ = TEXELS["texels"]["etc1s"][level]
    kept = [texture for texture, (across, *_) in host.sink.textures.items() if across == width]
    (handle,) = kept
    texture = next(one for one in app._engine.store.textures.values() if one.width == width)
    assert (host.sink.textures[handle][:2], texture.family, texture.height) == ((width, height), 0, height)
    assert host.sink.gpu_bytes <= app._engine.store.committed.used_bytes


def test_without_the_decoder_a_sentence_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "alktx2", None)
    model, host, _ = loaded(tmp_path, FILES["uastc"])
    assert model.state == "ready" and host.errors == []
    (warning,) = [text for text in model.warnings if "images[0]" in text]
    assert "without alktx2" in warning and "pip install 'layerw[bake]'" in warning


def test_damage_is_refused_and_never_ends_otherwise() -> None:
    need_encoders()
    rng = random.Random(7)
    outcomes = set()
    for name in [*FILES] * 60:
        data = bytearray(FILES[name])
        for _ in range(rng.randint(1, 4)):
            data[rng.randrange(80, len(data))] = rng.randrange(256)
        try:
            header = ktx2.read_header(bytes(data))
            texels = decode_ktx2(bytes(data), 0, header.width, header.height)
            assert len(texels) == 4 * header.width * header.height
            outcomes.add("read")
        except FormatError as error:
            outcomes.add("damaged" if "is damaged" in str(error) else "refused")
    assert outcomes == {"read", "damaged", "refused"}


def test_a_picture_shows_it_as_it_shows_the_same_texels_of_a_png(
        adapter: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    need_encoders()
    import alktx2

    monkeypatch.setenv("PYTHONPATH", str(Path(alktx2.__file__).parents[1]))
    width, height, texels = TEXELS["texels"]["uastc zstd"][0]
    Image.frombytes("RGBA", (width, height), base64.b64decode(texels)).save(tmp_path / "same.png")
    square(tmp_path, "left", FILES["uastc zstd"])
    square(tmp_path, "right", (tmp_path / "same.png").read_bytes(), kind="png")
    report, picture = shot(tmp_path, PROGRAM, "--frames", "20")
    assert report["errors"] == []
    left, right = picture[16:48, 8:40, :3], picture[16:48, 56:88, :3]
    assert np.abs(left - right).max() <= 2 and np.ptp(left, axis=(0, 1)).min() > 20, "its texels differ"
