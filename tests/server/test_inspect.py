"""`layerw inspect`: what a file holds, what is wrong with it, and the exit status."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from layerw_server.bake import bake
from layerw_server.bake.errors import BakeError
from layerw_server.cli import main
from layerw_server.tools.inspection import inspect
from layerw_server.tools.inspection.models import _tell
from layerw_server.tools.inspection.report import Report

from .bake_worlds import small_field, tileset
from .test_bake_models import _changed, _set, _write, ball


def test_a_model(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = _write(tmp_path / "ball 球.glb", ball(rings=8, side=16))
    report = inspect(path)
    facts = dict(report.facts)
    assert facts["shows"].startswith("256 triangles, 153 vertices in 2 primitives of 1 meshes")
    assert facts["on the GPU"].endswith("KB") and not report.failed and report.data["triangles"] == 256
    assert report.data["bytes"]["images"] > 0 and "image 0: 16 x 16 PNG" in "".join(report.tree)
    with pytest.raises(SystemExit) as end:
        main(["inspect", str(path), "--json"])
    assert end.value.code == 0 and json.loads(capsys.readouterr().out)["triangles"] == 256


@pytest.mark.parametrize(("change", "says"), [
    (_set("nodes/0/mesh", 7), "mesh"), (_set("accessors/0/count", 90), "accessors"),
    (_set("images/0/bufferView", 1), "can't be read"), (_set("nodes", {"a": 1}), ""),
])
def test_what_is_wrong_with_a_model_is_found(tmp_path: Path, change: object, says: str,
                                             capsys: pytest.CaptureFixture[str]) -> None:
    path = _write(tmp_path / "a.glb", _changed(change))
    with pytest.raises(SystemExit) as end:
        main(["inspect", str(path)])
    text = capsys.readouterr().out
    assert end.value.code == 1 and "error: " in text and says in text and "Traceback" not in text


def test_a_tileset_and_its_faults(tmp_path: Path) -> None:
    bake(small_field(2), tmp_path / "w", jobs=1, texels=16)
    report = inspect(tmp_path / "w")
    assert not report.findings and dict(report.facts)["tiles"] == "5 in 2 levels, version 1.1"
    assert report.data["levels"][1]["tiles"] == 4
    root = tileset(tmp_path / "w")["root"]
    (tmp_path / "w" / root["children"][0]["content"]["uri"]).unlink()
    with (tmp_path / "w" / root["children"][1]["content"]["uri"]).open("ab") as file:
        file.write(b"x")
    (tmp_path / "w" / root["children"][2]["content"]["uri"]).write_bytes(b"<html>")
    document = tileset(tmp_path / "w")
    document["root"]["children"][3]["geometricError"] = 1e9
    document["root"]["children"][3]["boundingVolume"] = {"box": [1, 2]}
    (tmp_path / "w/tileset.json").write_text(json.dumps(document))
    text = inspect(tmp_path / "w").text()
    for part in ("which is not there", "but the tileset says", "is no glTF and no tile", "a larger geometricError",
                 "no bounding box"):
        assert part in text


@pytest.mark.parametrize(("change", "says"), [
    ({"children": 5}, "children are 5"), ({"children": [5]}, "is int"), ({"geometricError": 10**400}, "geometricError"),
    ({"boundingVolume": {"sphere": [0, 0, 0, 10**400]}}, "finite numbers"), ({"boundingVolume": []}, "finite numbers"),
    ({"content": 7}, "without a uri"), ({"content": {"uri": 7}}, "without a uri"),
    ({"children": {"a": 1}}, "children are"), ({"content": {"uri": "tileset.json"}}, "itself"),
    ({"geometricError": True}, "geometricError"),
])  # fmt: skip
def test_odd_values_in_a_tileset_are_found(tmp_path: Path, change: dict[str, object], says: str) -> None:
    root = {"boundingVolume": {"sphere": [0, 0, 0, 1]}, "geometricError": 1, **change}
    path = tmp_path / "tileset.json"
    path.write_text(json.dumps({"asset": {"version": "1.1"}, "geometricError": 1, "root": root}), encoding="utf-8")
    assert says in " ".join(text for _, text in inspect(path).findings)


def test_other_files(tmp_path: Path) -> None:
    heights = np.full((40, 50), 7.0, np.float32)
    heights[3, 3] = np.nan
    np.savez(tmp_path / "a.npz", elevation=heights, dx=0.001, xmin=7.0, ymax=46.0)
    report = inspect(tmp_path / "a.npz")
    assert ("samples", "50 x 40") in report.facts and "1 of 2,000 samples" in report.findings[0][1]
    for name, data, says in (("a.tif", b"II*\0", "not a readable TIFF"), ("a.ktx2", b"\xabKTX", "ends inside")):
        assert says in inspect(_write(tmp_path / name, data)).findings[0][1]
    for path, says in ((tmp_path / "no.glb", "no file"), (tmp_path, "without a tileset.json"),
                       (_write(tmp_path / "a.txt", b""), "models")):
        with pytest.raises(BakeError, match=says):
            inspect(path)


def test_the_sample_tilesets(shared_data: Path, tmp_path: Path) -> None:
    for folder in sorted((shared_data / "tilesets").iterdir()):
        copy = shutil.copytree(folder, tmp_path / folder.name)
        if (copy / "tileset.json").is_file():
            errors = [text for level, text in inspect(copy).findings if level == "error"]
            assert all("dragon_high.b3dm, which is not there" in text for text in errors), "left out of the sample"


def test_what_the_validator_says_often_is_told_a_few_times() -> None:
    report = Report("glTF model", "a.glb")
    _tell([{"severity": 1, "code": "ZERO", "pointer": f"/a/{k}", "message": "Is zero."} for k in range(120)]
          + [{"severity": 0, "code": "BOUNDS", "pointer": f"/b/{k}", "message": "None."} for k in range(3)]
          + [{"severity": 2, "code": "UNUSED", "message": "Unused."}], report)  # fmt: skip
    texts = [text for _, text in report.findings]
    assert len(texts) == 7 and texts[-1] == "117 more of ZERO" and texts[0] == "/a/0: Is zero. (ZERO)"
    assert [level for level, _ in report.findings].count("error") == 3 and report.failed


def test_attributes_of_splats_are_no_faults_though_the_validator_knows_none_of_them() -> None:
    report = Report("glTF", "scan.glb", [])
    pointers = [f"/meshes/0/primitives/0/attributes/{name}" for name in ("KHR_gaussian_splatting:SCALE", "Scale")]
    _tell([{"severity": 0, "code": "MESH_PRIMITIVE_INVALID_ATTRIBUTE", "pointer": pointer,
            "message": "Invalid attribute name."} for pointer in pointers], report)  # fmt: skip
    assert [text for _, text in report.findings] == [
        "/meshes/0/primitives/0/attributes/Scale: Invalid attribute name. (MESH_PRIMITIVE_INVALID_ATTRIBUTE)"]
