"""What an export finds out before it is written, and what it leaves alone when it replaces an older one."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from layerw_server.runtime import decoders
from layerw_server.runtime.packages import PageWheel, PageWheels
from layerw_server.runtime.wheel import build_wheel
from layerw_server.tools.export import MARKER, RUNTIME_FILES, ExportError, ExportOptions, ExportReport, export_app
from layerw_server.tools.program_checks import check_program

LOCK = {"packages": {name: {"file_name": f"{name}.whl"} for name in ("numpy", "layerw")}}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A complete runtime of empty files but for the engine, a page, and a program."""
    for folder in ("runtime", "web", "app"):
        (tmp_path / folder).mkdir()
    for name in (*RUNTIME_FILES, *decoders.FILES, "numpy.whl", "layerw.whl"):
        (tmp_path / "runtime" / name).write_bytes(name.encode())
    (tmp_path / "runtime/layerw.whl").write_bytes(build_wheel({"layerw/__init__.py": b""}))
    (tmp_path / "runtime/pyodide-lock.json").write_text(json.dumps(LOCK))
    (tmp_path / "web/index.html").write_text("<!doctype html>\n<body>\n")
    (tmp_path / "web/a.js").write_text("")
    (tmp_path / "app/main.py").write_text("import layerw as lw\napp = lw.App()\n")
    return tmp_path


def export(root: Path, options: ExportOptions | None = None) -> ExportReport:
    return export_app(root / "app/main.py", root / "out", runtime=root / "runtime", web=root / "web",
                      options=options or ExportOptions())


@pytest.mark.parametrize(("text", "fault"), [
    ("def f(:\n", r"main\.py, line 1: invalid syntax"),
    ("import scipy.spatial\n", r"main\.py, line 1 imports scipy\.spatial, which is neither .* --with scipy"),
    ("from pandas import DataFrame\n", "imports pandas"),
    ("import tkinter\n", "imports tkinter, which does not exist in a page"),
    ("import helper\n", r"helper\.py, line 2 imports requests"),
    ("from package import inner\n", r"package/inner\.py, line 1: "),
    ("from . import absent\n", "imports absent"),
    ("with open('x', 'w'):\n    import scipy\n", "line 2 imports scipy"),
    ("app.load('models/absent.glb')\n", r"reads 'models/absent\.glb', which is not among the files"),
    ("def f():\n    app.stream('world/')\n", "line 2 reads 'world/'"),
])
def test_a_program_that_would_fail_is_not_written(root: Path, text: str, fault: str) -> None:
    (root / "app/main.py").write_text(text)
    (root / "app/helper.py").write_text("\nimport requests\n")
    (root / "app/package").mkdir()
    (root / "app/package/inner.py").write_text("x = = 1\n")
    with pytest.raises(ExportError, match=fault) as caught:
        export(root)
    assert "--unchecked" in str(caught.value)
    assert not (root / "out").exists()
    report = export(root, ExportOptions(unchecked=True))
    assert report.notes and (root / "out/app/main.py").is_file()


@pytest.mark.parametrize("text", [
    "import json, os.path, numpy as np\nfrom js import window\nfrom pyodide.ffi import to_js\n",
    "try:\n    import scipy\nexcept ImportError:\n    scipy = None\n",
    "import sys\nif sys.platform != 'emscripten':\n    import pygame\n",
    "def plot():\n    import matplotlib\n",
    "import helper.deep.one\nfrom helper import deep\nfrom helper.deep import two\n",
    "app.load('models/my%20box.glb')\napp.load('models/my box.glb?v=1')\napp.stream('world/')\n",
    "app.load('https://example.org/x.glb')\napp.load('data:,')\nopen('made.txt', mode='w')\nopen('/etc/x')\n",
    "\ufeffimport noisy\r\nname = 'x'\r\napp.load(name)\r\n",
])
def test_what_may_be_right_is_written(root: Path, text: str) -> None:
    (root / "app/main.py").write_bytes(text.encode())
    for name in ("helper/deep/one.py", "helper/deep/two.py", "models/my box.glb", "world/tileset.json"):
        path = root / "app" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("")
    (root / "noisy.whl").write_bytes(b"wheel")
    noisy = PageWheels(root, (PageWheel("noisy", "1", "noisy.whl", "00" * 32, 5, ["noisy"]),))
    export(root, ExportOptions(everything=True, wheels=noisy))
    manifest = json.loads((root / "out/app/manifest.json").read_bytes())
    assert (root / "out/wheels" / manifest["wheels"][0]["file"]).read_bytes() == b"wheel"


def test_what_only_may_fail_is_a_note(root: Path) -> None:
    (root / "app/main.py").write_text("def f():\n    import scipy\n    return open('save.json')\n")
    first, second = export(root).notes
    assert "imports scipy" in first and "reads 'save.json'" in second


def test_the_examples_pass() -> None:
    examples = Path(__file__).parents[2] / "examples"
    for program in sorted([*examples.glob("*.py"), examples / "television" / "main.py"]):
        files = {path.relative_to(program.parent).as_posix() for path in program.parent.rglob("*") if path.is_file()}
        files |= {"worlds/island/tileset.json", "worlds/alps/tileset.json"}  # baked by make run, and by hand
        assert [one.text for one in check_program(program, files) if one.fault] == []


def test_links_out_of_the_folder_are_told_and_mounts_bring_them(root: Path) -> None:
    (root / "elsewhere").mkdir()
    (root / "elsewhere/tileset.json").write_text("{}")
    (root / "app/world").symlink_to(root / "elsewhere")
    (root / "app/main.py").write_text("app.stream('world/')\n")
    with pytest.raises(ExportError, match=rf"world is a link to {root}/elsewhere, .* --mount world={root}/elsewhere"):
        export(root)
    (root / "app/world").unlink()
    export(root, ExportOptions(folders={"world": root / "elsewhere"}))
    assert (root / "out/app/world/tileset.json").is_file()


def test_links_inside_of_the_folder_are_followed_but_not_in_circles(root: Path) -> None:
    (root / "app/real").mkdir()
    (root / "app/real/x.glb").write_bytes(b"x")
    (root / "app/real/loop").symlink_to(root / "app/real")
    (root / "app/assets").mkdir()
    (root / "app/assets/again").symlink_to(root / "app/real")
    report = export(root, ExportOptions(everything=True))
    assert (root / "out/app/assets/again/x.glb").read_bytes() == b"x" and report.notes == []


def test_the_page_starts_as_asked(root: Path) -> None:
    export(root, ExportOptions(attributes={"thread": "main", "backend": "webgl2"}))
    assert '<body data-thread="main" data-backend="webgl2"' in (root / "out/index.html").read_text()


def test_what_others_put_into_an_export_stays(root: Path) -> None:
    export(root)
    out = root / "out"
    (out / ".git/objects").mkdir(parents=True)
    (out / ".git/HEAD").write_text("ref")
    for name in ("CNAME", "app/extra.txt", "web/mine.js"):
        (out / name).parent.mkdir(exist_ok=True)
        (out / name).write_text(name)
    (out / "_headers").write_text("changed")
    (root / "app/new.json").write_text("1")
    (root / "app/main.py").write_text("open('new.json')\n")
    report = export(root)
    assert report.kept == [".git", "CNAME", "_headers.mine", "app/extra.txt", "web/mine.js"]
    assert (out / ".git/HEAD").read_text() == "ref" and (out / "CNAME").read_text() == "CNAME"
    assert (out / "_headers.mine").read_text() == "changed" and "Isolation" in (out / "_headers").read_text()
    assert (out / "app/new.json").is_file()
    assert export(root).kept == [".git", "CNAME", "_headers.mine", "app/extra.txt", "web/mine.js"]
    assert sorted(path.name for path in root.iterdir()) == ["app", "out", "runtime", "web"]


def test_an_export_of_an_earlier_version_keeps_what_is_not_its_own(root: Path) -> None:
    export(root)
    (root / "out" / MARKER).write_text('{"layerw": "0.0.9"}')
    (root / "out/CNAME").write_text("example.org")
    (root / "out/app/old.py").write_text("")
    assert export(root).kept == ["CNAME"]
    assert not (root / "out/app/old.py").exists()
