"""manifest.json: what a program finds beside itself on the page."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from layerw_server.http import manifest
from layerw_server.http.manifest import ManifestError, build_manifest, list_files


def _files(folder: Path, *names: str) -> None:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(name.encode())


def test_every_file_that_may_be_served_is_listed_with_its_size(tmp_path: Path) -> None:
    _files(tmp_path / "app", "main.py", "helpers/__init__.py", "level.json", "deep/er/50% off é.csv", ".env", "id_rsa",
           ".git/config", "__pycache__/x.pyc", "world/tileset.json", "world/tiles/0.glb", "env/pyvenv.cfg", "env/a.py")
    (tmp_path / "secret.json").write_bytes(b"1")
    (tmp_path / "app/link.json").symlink_to(tmp_path / "secret.json")
    found = list_files(tmp_path / "app")
    assert found.modules == ["helpers/__init__.py", "main.py"]
    assert found.files == {"deep/er/50% off é.csv": 22, "id_rsa": 6, "level.json": 10}


def test_mounted_folders_are_listed_under_their_names(tmp_path: Path) -> None:
    _files(tmp_path, "app/main.py", "models/box.glb", "models/tool.py", "baked/tileset.json")
    folders = {"m": tmp_path / "models", "w": tmp_path / "baked"}
    document = json.loads(build_manifest(tmp_path / "app/main.py", engine="zip", folders=folders))
    assert document == {"program": "main.py", "modules": ["main.py"], "engine": "zip", "files": {"m/box.glb": 14}}


def test_a_folder_of_too_many_files_says_how_many_are_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _files(tmp_path, "main.py", *(f"{k}.txt" for k in range(5)))
    monkeypatch.setattr(manifest, "FILES_MAX", 3)
    document = json.loads(build_manifest(tmp_path / "main.py", engine="zip"))
    assert (len(document["files"]), document["files_left_out"]) == (3, 2)
    monkeypatch.setattr(manifest, "MODULES_MAX", 0)
    with pytest.raises(ManifestError, match="holds more than 0 Python files"):
        list_files(tmp_path)
