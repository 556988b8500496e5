"""Any JSON type at any path of a glTF file: the model is ready or failed with a sentence, and all else goes on."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from test_app_contents import glb, make

import layerw as lw
from tests.unit.gltf_mutations import GONE, RUNS, Loading, data_uri, edited, edits, png, whole

CORPUS = Path(__file__).resolve().parents[1] / "golden" / "gltf_mutations.jsonl"


def test_the_whole_document_is_ready_with_remarks_on_what_comes_later(tmp_path: Path) -> None:
    app, host = make(tmp_path)
    model = app.load(data_uri("model/gltf+json", edited([])))
    host.step(app, 20)
    assert model.state == "ready", model.error
    assert all("rigged" in text or "morph" in text or "uvs" in text for text in model.warnings)
    assert host.sink.draws + host.sink.casts > 4 and len(host.sink.textures) == 3


def test_the_corpus_is_ready_or_failed() -> None:
    mistakes = [json.loads(line) for line in CORPUS.read_text().splitlines()]
    assert len(mistakes) >= 300
    loading, wrong = Loading(), []
    for start in range(0, len(mistakes), RUNS):
        some = mistakes[start : start + RUNS]
        wrong += [(made, what) for made, what in zip(some, loading.outcomes([edited(m) for m in some]), strict=True)
                  if what]  # fmt: skip
    assert wrong == []


def test_new_mutations_are_ready_or_failed() -> None:
    loading = Loading()
    for start in range(0, 120, RUNS):
        assert loading.outcomes([edited(edits(seed)) for seed in range(start, start + RUNS)]) == [""] * RUNS


@pytest.mark.parametrize(("path", "value", "says"), [
    (["accessors", 0, "componentType"], [5126], "accessors[0].componentType is [5126]"),
    (["samplers", 0, "wrapT"], [10497], "samplers[0].wrapT is [10497]"),
    (["nodes", 0, "scale"], [1e308, 1, 1], "nodes[0].scale is [1e+308, 1, 1]"),
    (["nodes", 0, "scale"], [1e30, 1e30, 1e30], ""),
    (["meshes", 0, "primitives", 0, "material"], {"x": 1}, "meshes[0].primitives[0].material is {'x': 1}"),
    (["nodes", 1, "mesh"], [0], "nodes[1].mesh is [0]"),
    (["scenes", 0, "nodes"], [[0]], "scenes[0].nodes is [[0]]"),
    (["nodes", 0, "children"], [0], "nodes[0] is reached twice"),
    (["accessors", 0, "byteOffset"], 2**64 - 4, "accessors[0].byteOffset is 18446744073709551612"),
    (["accessors", 0, "count"], -1, "accessors[0].count is -1"),
    (["nodes", 0, "translation"], [10**400, 0, 0], "nodes[0].translation is [1000"),
    (["extensionsRequired"], ["VENDOR_secret_meshes"], "requires VENDOR_secret_meshes"),
    (["asset"], [], "asset is []"),
])  # fmt: skip
def test_a_failure_names_file_path_and_value(tmp_path: Path, path: list[str | int], value: Any, says: str) -> None:
    (tmp_path / "odd.gltf").write_bytes(edited([(path, value)]))
    (tmp_path / "good.glb").write_bytes(glb())
    app, host = make(tmp_path)
    app.spawn(lw.Mesh.box())
    odd, good = app.load("odd.gltf"), app.load("good.glb")
    host.step(app, 30)
    assert good.state == "ready" and host.errors == [] and host.sink.draws > 2
    if says:
        assert odd.state == "failed" and says in odd.error and "odd.gltf" in odd.error, odd.error
        assert app.report()["errors"] == [f"odd.gltf could not be loaded: {odd.error}"]
    else:
        assert odd.state == "ready"


@pytest.mark.parametrize("raw", [b"", b"{", b"[1]", b"null", b'{"asset":{"version":"2.0"},"x":NaN}', b"\xff\xfe",
                                 b'{"asset":{"version":"2.0"},"x":' + b"9" * 5000 + b"}",
                                 b'{"asset":{"version":"2.0"},"x":' + b"[" * 100_000])  # fmt: skip
def test_what_is_no_document_fails_with_a_sentence(tmp_path: Path, raw: bytes) -> None:
    (tmp_path / "odd.gltf").write_bytes(raw)
    app, host = make(tmp_path)
    odd = app.load("odd.gltf")
    host.step(app, 300)
    assert odd.state == "failed" and "odd.gltf" in odd.error and host.errors == []


# -- one image -------------------------------------------------------------------------------------


@pytest.mark.parametrize(("content", "reason"), [(b"", "image"), (b"no picture at all", "image"), (None, "not a file"),
                                                 (b"\x89PNG\r\n\x1a\n", "image")])  # fmt: skip
@pytest.mark.parametrize("embedded", [False, True])
def test_an_image_that_cannot_be_shown_is_left_out(
        tmp_path: Path, content: bytes | None, reason: str, embedded: bool) -> None:  # fmt: skip
    document = whole()
    document["images"][0] = {"uri": "wood.png"}
    if embedded and content is not None:
        document["images"][0] = {"uri": data_uri("image/png", content)}
    elif content is not None:
        (tmp_path / "wood.png").write_bytes(content)
    (tmp_path / "m.gltf").write_text(json.dumps(document))
    app, host = make(tmp_path)
    model = app.load("m.gltf")
    host.step(app, 300)
    assert model.state == "ready", model.error
    left_out = [text for text in model.warnings if "left out" in text]
    assert left_out and all("images[0]" in text and "'wood'" in text for text in left_out)
    assert any("base color" in text for text in left_out) and reason in left_out[0]
    assert len(host.sink.textures) == 1  # the normal map
    assert host.request_report(app)["models"][0]["warnings"] == model.warnings
    model.close()
    host.step(app, 2)
    assert app.report()["transfers"] == 0 and host.sink.textures == {}


def test_ktx2_and_images_without_a_place_are_left_out(tmp_path: Path) -> None:
    for image in ({"uri": "a.ktx2", "mimeType": "image/ktx2"}, {}, {"uri": 7}, {"bufferView": 99}, {"uri": "ftp://x"}):
        document = whole() | {"images": [image, {"uri": data_uri("image/png", png())}]}
        app, host = make(tmp_path)
        model = app.load(data_uri("model/gltf+json", json.dumps(document).encode()))
        host.step(app, 60)
        assert model.state == "ready" and any("images[0]" in text for text in model.warnings), (image, model.error)


def test_the_fuzzer_finds_what_it_looks_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """A reader that lets wrong kinds through is caught."""
    from layerw.assets.items import Item

    monkeypatch.setattr(Item, "numbers", lambda self, name, default: self._members.get(name, default))
    outcomes = Loading().outcomes([edited([(["nodes", 0, "scale"], "x")]), edited([(["nodes", 0, "scale"], GONE)])])
    assert outcomes[0] and not outcomes[1]
