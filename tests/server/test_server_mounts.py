"""Folders beside the program's own: `--mount NAME=FOLDER`."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from layerw_server.cli.checks import folders
from layerw_server.cli.console import CommandError
from layerw_server.http.engine_zip import build_engine_zip, engine_zip
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


def test_the_compiled_engine_is_sent_while_its_sources_are_the_package_s(tmp_path: Path) -> None:
    package, runtime = tmp_path / "layerw", tmp_path / "runtime"
    for folder in (package, runtime):
        folder.mkdir()
    (package / "app.py").write_text("VALUE = 1\n")
    sources = build_engine_zip(package)
    assert engine_zip(package, runtime) == sources
    wheel = runtime / "layerw-0.1.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("layerw/app.py", "VALUE = 1\n")
        archive.writestr("layerw/app.pyc", b"compiled")
        archive.writestr("layerw-0.1.0.dist-info/METADATA", "")
    assert engine_zip(package, runtime) == wheel.read_bytes()
    (package / "app.py").write_text("VALUE = 2\n")
    assert engine_zip(package, runtime) == build_engine_zip(package) != sources
    wheel.write_bytes(b"damaged")
    assert engine_zip(package, runtime) == build_engine_zip(package)
