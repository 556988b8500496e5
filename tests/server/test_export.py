"""Export: what travels, what must not, and that it is served from any base path."""

from __future__ import annotations

import hashlib
import io
import json
import os
import re
import zipfile
from pathlib import Path
from typing import Any

import pytest

from layerw.kernels import files as kernels
from layerw_server.http.web import web_folder
from layerw_server.runtime import decoders
from layerw_server.tools import packing
from layerw_server.tools.export import (
    DEVELOPMENT_WEB,
    MARKER,
    RUNTIME_FILES,
    ExportError,
    ExportOptions,
    ExportReport,
    export_app,
)
from layerw_server.tools.needs import needed_entries

LOCK = {"info": {"python": "3.14.2"}, "packages": {
    "numpy": {"name": "numpy", "file_name": "numpy-2.whl"}, "layerw": {"name": "layerw", "file_name": "layerw-0.whl"},
    "scipy": {"name": "scipy", "file_name": "https://cdn.example.org/scipy.whl"},
    "absent": {"name": "absent", "file_name": "absent.whl"}, "out": {"name": "out", "file_name": "../secret.txt"}}}


@pytest.fixture
def ready(tree: Path) -> Path:
    """The stand-in tree with a complete runtime and a program that names a world."""
    for name in (*RUNTIME_FILES, "numpy-2.whl", "layerw-0.whl", "notes.txt"):
        (tree / "runtime" / name).write_bytes(name.encode())
    with zipfile.ZipFile(tree / "runtime" / "layerw-0.whl", "w") as wheel:
        for name in ("layerw/app.py", "layerw/debugging/x.py", "layerw/debugging/x.pyc", "layerw/inspecting/x.py",
                     "layerw/live/x.py"):
            wheel.writestr(name, name)
        wheel.writestr("layerw-0.dist-info/RECORD", "layerw/app.py,,\nlayerw/debugging/debugger.py,,\n")
    (tree / "runtime" / "pyodide-lock.json").write_text(json.dumps(LOCK))
    (tree / "app" / "hello.py").write_text("import util\napp.stream('world')\n")
    (tree / "app" / "unused.py").write_text("raise SystemExit\n")
    return tree


def _export(root: Path, out: str = "out", **options: Any) -> ExportReport:
    return export_app(root / "app/hello.py", root / out, runtime=root / "runtime", web=root / "web",
                      options=ExportOptions(**options))


def _names(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def test_what_travels(ready: Path) -> None:
    report = _export(ready)
    names = _names(ready / "out")
    assert {"kernels/side.wasm.gz", "kernels/side.wasm.br"} < names
    report.files -= len([name for name in names if name.endswith(packing.FORMS)])
    report.size_bytes -= sum((ready / "out" / name).stat().st_size for name in names if name.endswith(packing.FORMS))
    names = {name for name in names if not name.endswith(packing.FORMS)}
    assert names == {
        "index.html", "sw.js", "app.webmanifest", "_headers", MARKER, "web/boot.js", "web/shaders/box.wgsl",
        *(f"kernels/{path.name}" for path in kernels.FOLDER.glob("*.wasm")),
        *(f"kernels/{own}/{path.name}" for own in ("rigid", "navigation") for path in kernels.FOLDER.glob(f"{own}/*")
          if path.name != f"{own}_side.wasm"),
        *(f"runtime/{name}" for name in RUNTIME_FILES), "runtime/pyodide-lock.json", "runtime/numpy-2.whl",
        "runtime/layerw-0.whl", "app/manifest.json", "app/hello.py", "app/util.py", "app/world/tileset.json",
        "app/world/5-3-7.1a2b3c4d5e6f.glb", "app/world/0.0.subtree"}
    assert report.left_out == ["100%.txt", "unused.py", "with space.glb"]
    assert report.files == len(names)
    assert report.size_bytes == sum((ready / "out" / name).stat().st_size for name in names)
    manifest = json.loads((ready / "out/app/manifest.json").read_text())
    assert (manifest["program"], manifest["modules"]) == ("hello.py", ["hello.py", "util.py"])
    assert manifest["engine"] == "wheel"


def test_nothing_of_the_development_server_travels(ready: Path) -> None:
    for name in sorted(DEVELOPMENT_WEB):
        assert (web_folder() / name).is_file(), "a file that was renamed would travel again"
        (ready / "web" / name).parent.mkdir(parents=True, exist_ok=True)
        (ready / "web" / name).write_text("export {};")
    _export(ready)
    assert not {f"web/{name}" for name in DEVELOPMENT_WEB} & _names(ready / "out")
    wheel = (ready / "out/runtime/layerw-0.whl").read_bytes()
    with zipfile.ZipFile(io.BytesIO(wheel)) as archive:
        assert archive.namelist() == ["layerw/app.py", "layerw-0.dist-info/RECORD"]
        assert archive.read("layerw-0.dist-info/RECORD") == b"layerw/app.py,,\n"
    lock = json.loads((ready / "out/runtime/pyodide-lock.json").read_text())
    assert lock["packages"]["layerw"]["sha256"] == hashlib.sha256(wheel).hexdigest()


def test_everything(ready: Path) -> None:
    assert _export(ready, everything=True).left_out == []
    names = _names(ready / "out/app")
    assert {"unused.py", "with space.glb"} <= names
    assert not [name for name in names if ".env" in name or ".git" in name or "__pycache__" in name]


def test_the_lock_names_only_files_that_are_there(ready: Path) -> None:
    _export(ready)
    lock = json.loads((ready / "out/runtime/pyodide-lock.json").read_text())
    assert sorted(lock["packages"]) == ["layerw", "numpy"]


def test_no_secret_travels_through_links(ready: Path) -> None:
    world = ready / "app" / "world"
    (world / "out.txt").symlink_to(ready / "secret.txt")
    (world / "folder").symlink_to(ready / "app_secret")
    (world / "env.txt").symlink_to(ready / "app" / ".env")
    (world / ".hidden").write_text("SECRET")
    (world / "inside.txt").symlink_to(ready / "app" / "util.py")
    _export(ready, everything=True)
    assert (ready / "out/app/world/inside.txt").read_text() == "VALUE = 1\n"
    for name in _names(ready / "out"):
        path = ready / "out" / name
        assert b"SECRET" not in path.read_bytes(), name
        assert not path.is_symlink()


def test_an_export_inside_of_the_programs_folder(ready: Path) -> None:
    _export(ready, "app/dist", everything=True)
    _export(ready, "app/second", everything=True)
    _export(ready, "app/dist", everything=True)  # replaced; neither holds the other
    for name in ("dist", "second"):
        assert not [path for path in _names(ready / "app" / name) if "dist" in path or "second" in path]
    assert not list((ready / "app").glob(".layerw-export-*"))


def test_an_older_export_is_replaced_as_a_whole(ready: Path) -> None:
    _export(ready)
    (ready / "app/util.py").rename(ready / "app/other.py")
    (ready / "app/hello.py").write_text("import other\n")
    _export(ready)
    assert "app/other.py" in _names(ready / "out") and "app/util.py" not in _names(ready / "out")


@pytest.mark.parametrize("out", ["secret.txt", "app_secret", "app", "."])
def test_nothing_else_is_overwritten(ready: Path, out: str) -> None:
    before = _names(ready)
    with pytest.raises(ExportError, match=r"give another|give a folder"):
        _export(ready, out)
    assert _names(ready) == before


@pytest.mark.parametrize("name", [*RUNTIME_FILES, "pyodide-lock.json", "layerw-0.whl", "numpy-2.whl"])
def test_an_incomplete_runtime_is_an_error(ready: Path, name: str) -> None:
    (ready / "runtime" / name).unlink()
    with pytest.raises(ExportError, match="run layerw runtime"):
        _export(ready)
    assert not (ready / "out").exists()
    assert not [entry for entry in os.listdir(ready) if entry.startswith(".layerw-export")]


def test_a_missing_program_is_an_error(ready: Path) -> None:
    (ready / "app/hello.py").unlink()
    with pytest.raises(ExportError, match=r"There is no program .*hello\.py"):
        _export(ready)


def test_headers_file(ready: Path) -> None:
    _export(ready)
    text = (ready / "out/_headers").read_text()
    assert "Document-Isolation-Policy: isolate-and-require-corp" in text
    assert re.search(r"(?m)^/\*$", text)


def test_needs_follow_imports_strings_and_gltf(tmp_path: Path) -> None:
    files = {"main.py": "from pkg import part\nimport importlib\nimportlib.import_module('plugin')\n"
                        "load('models/x.glb'); load('helmet.gltf'); name = f'sound{1}' + '.ogg'\n",
             "pkg/__init__.py": "", "pkg/part.py": "open('data.bin')", "plugin.py": "", "models/x.glb": "",
             "models/y.glb": "", "helmet.gltf": '{"buffers": [{"uri": "helmet_parts.bin"}]}', "helmet_parts.bin": "",
             "data.bin": "", "sound1.ogg": "", "other.py": "import big", "big/x.glb": "", "notes.md": ""}
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    needed, left_out = needed_entries(tmp_path / "main.py")
    assert [path.name for path in left_out] == ["big", "notes.md", "other.py"]
    assert [path.name for path in needed] == ["data.bin", "helmet.gltf", "helmet_parts.bin", "main.py", "models",
                                              "pkg", "plugin.py", "sound1.ogg"]


def test_odd_names_travel(tmp_path: Path) -> None:
    names = ["my  box.glb", "50% off.glb", "a#b.glb", "кубик é.glb", "level 1.json"]
    (tmp_path / "main.py").write_text(f"names = {names!r}\nfolder = 'my%20models/x.glb'\n", "utf-8")
    (tmp_path / "model.gltf").write_text('{"uri": "tex%20ture.png"}')
    (tmp_path / "also.py").write_text("import main\n'model.gltf'\n")
    for name in (*names, "tex ture.png"):
        (tmp_path / name).write_bytes(b"x")
    (tmp_path / "my models").mkdir()
    needed, left = needed_entries(tmp_path / "also.py")
    assert left == [] and len(needed) == len(names) + 5


@pytest.mark.parametrize(("data", "program", "wanted"), [
    (b"glTF KHR_draco_mesh_compression", "app.load('m.glb')", {"draco_decoder.mjs", "draco_decoder.wasm"}),
    (b"glTF EXT_meshopt_compression", "app.load('m.glb')", {"meshopt_decoder.mjs"}),
    (b"glTF KHR_meshopt_compression KHR_texture_basisu", "app.load('m.glb')",
     {"meshopt_decoder.mjs", "basis_transcoder.mjs", "basis_transcoder.wasm"}),
    (b"glTF", "app.load('m.glb')", set()),
    (b"glTF", "app.load('m.glb'), app.load('https://example.org/x.glb?a')", set(decoders.FILES)),
])
def test_decoders_that_files_need_travel(ready: Path, data: bytes, program: str, wanted: set[str]) -> None:
    for name in decoders.FILES:
        (ready / "runtime" / name).write_bytes(b"decoder")
    (ready / "app" / "m.glb").write_bytes(data)
    (ready / "app" / "hello.py").write_text(program + "\n")
    _export(ready, unchecked=True)
    assert {name for name in decoders.FILES if (ready / "out/runtime" / name).exists()} == wanted
