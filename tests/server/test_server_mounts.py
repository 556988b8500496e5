"""Folders beside the program's own: `--mount NAME=FOLDER`."""

from __future__ import annotations

from pathlib import Path

import pytest

from layerw_server.cli.checks import folders
from layerw_server.cli.console import CommandError
from layerw_server.http.mounts import Mounts
from layerw_server.http.paths import PathNotFound, PathRefused


def make(tmp_path: Path) -> Mounts:
    for name in ("app", "models", "secret"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "file.glb").write_bytes(name.encode())
    (tmp_path / "app" / "hello.py").write_text("")
    return Mounts(program=tmp_path / "app" / "hello.py", runtime=tmp_path, web=tmp_path, engine=None, kernels=tmp_path,
                  folders={"models": tmp_path / "models"})


def test_a_mounted_folder_is_read_beside_the_programs_own(tmp_path: Path) -> None:
    mounts = make(tmp_path)
    assert mounts.find("/app/models/file.glb").load(99)[0] == b"models"
    assert mounts.find("/app/file.glb").load(99)[0] == b"app"


def test_nothing_outside_of_a_mounted_folder_is_reachable(tmp_path: Path) -> None:
    mounts = make(tmp_path)
    (tmp_path / "models" / "link.glb").symlink_to(tmp_path / "secret" / "file.glb")
    for path in ("/app/models/../secret/file.glb", "/app/models/link.glb", "/app/secret/file.glb", "/app/models"):
        with pytest.raises((PathNotFound, PathRefused)):
            mounts.find(path)


def test_the_option_names_what_is_wrong(tmp_path: Path) -> None:
    assert folders([f"a={tmp_path}"]) == {"a": tmp_path.resolve()}
    for bad in ("a", "=x", f"a/b={tmp_path}", f"..={tmp_path}", f"a={tmp_path / 'none'}"):
        with pytest.raises(CommandError, match="NAME=FOLDER"):
            folders([bad])
