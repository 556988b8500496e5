"""examples/viewer.py without a page: what it says of a file, and that one follows another."""

from __future__ import annotations

import base64
import json
import runpy
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from layerw.hosts.headless import HeadlessHost
from tests.unit.gltf_support import triangle

VIEWER = Path(__file__).resolve().parents[2] / "examples/viewer.py"
FRAMES_MAX = 200


def moving(folder: Path) -> None:
    """A triangle with a clip, a variant, and an extension that nobody draws."""
    corners = np.array([(0, 0, 0), (1, 0, 0), (0, 2, 0)], np.float32).tobytes()
    times, places = np.array((0, 1), np.float32).tobytes(), np.zeros((2, 3), np.float32).tobytes()
    data = corners + np.array((0, 1, 2, 0), np.uint16).tobytes() + times + places
    doc = triangle() | {"extensionsUsed": ["KHR_materials_variants", "KHR_materials_toy"]}
    doc["buffers"] = [{"byteLength": len(data), "uri": "data:;base64," + base64.b64encode(data).decode()}]
    doc["bufferViews"] += [{"buffer": 0, "byteOffset": 44, "byteLength": 8},
                           {"buffer": 0, "byteOffset": 52, "byteLength": 24}]  # fmt: skip
    doc["accessors"] += [
        {"bufferView": 2, "componentType": 5126, "count": 2, "type": "SCALAR", "min": [0], "max": [1]},
        {"bufferView": 3, "componentType": 5126, "count": 2, "type": "VEC3"}]  # fmt: skip
    doc["animations"] = [{"name": "Rise", "samplers": [{"input": 2, "output": 3}],
                          "channels": [{"sampler": 0, "target": {"node": 0, "path": "translation"}}]}]  # fmt: skip
    doc["extensions"] = {"KHR_materials_variants": {"variants": [{"name": "Red"}]}}
    doc["materials"] = [{}, {"extensions": {"KHR_materials_toy": {}}}]
    doc["meshes"][0]["primitives"][0]["extensions"] = {
        "KHR_materials_variants": {"mappings": [{"material": 1, "variants": [0]}]}}  # fmt: skip
    (folder / "moving.gltf").write_text(json.dumps(doc))


def test_it_shows_one_file_after_the_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    moving(tmp_path)
    host = HeadlessHost(tmp_path, size=(320, 200))
    monkeypatch.setattr("layerw.app.default_host", lambda: host)
    monkeypatch.setattr(host, "options", lambda: {"query": {"model": "moving.gltf"}})
    names: dict[str, Any] = runpy.run_path(str(VIEWER))
    app, shown, said = names["app"], names["shown"], names["said"]

    def until(state: str) -> None:
        for _ in range(FRAMES_MAX):
            host.step(app)
            if shown.model.state == state:
                break
        assert shown.model.state == state, shown.model.error
        host.step(app, 40)

    until("ready")
    assert names["clips"].items == ("as it stands", "Rise") and names["clips"].value == 1
    assert names["variant"].options == ("as made", "Red") and names["variant"].visible
    assert said.text == "Nodes: 1, materials: 2"
    assert names["left_out"].visible and "KHR_materials_toy" in names["warnings"][0].text
    assert "1 of 2 things in view" in names["costs"].text
    names["dress"]("Red")
    names["play"](0)
    host.step(app, 2)
    assert shown.model.variant == "Red" and app.report()["errors"] == []
    names["go"](" missing.gltf ")
    until("failed")
    assert "missing.gltf" in said.text and not names["clips"].visible and not names["left_out"].visible
    assert app.report()["entities"] <= 2, "the first one is gone; a box stands where this would"
    names["go"]("moving.gltf")
    until("ready")
    app.close()
