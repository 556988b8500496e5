"""What an export starts with and what it leaves for later: read from sources, split into two zips each."""

from __future__ import annotations

import json
import sys
import zipfile
from pathlib import Path

import pytest

from layerw.hosts.rest import Rest
from layerw_server.runtime.imports import closure, module_of, reach, read_source, read_zips, sources_of
from layerw_server.runtime.wheel import engine_files
from layerw_server.tools import packing, slim

WHEEL = slim.NUMPY_WHEEL


def test_imports_of_a_source() -> None:
    text = b"""
from __future__ import annotations
import os.path
from typing import TYPE_CHECKING
from . import near
from ..far import thing
if TYPE_CHECKING:
    import never
else:
    import always
try:
    import maybe
except ImportError:
    import instead
class A:
    import inside
    def method(self, x=numpy.pi):
        import late
        return self.other
if __name__ == "__main__":
    import script
"""
    found = read_source(text, "a.b.c", is_package=False)
    assert found.top.imports == {"__future__", "__future__.annotations", "os.path", "typing", "typing.TYPE_CHECKING",
                                 "a.b", "a.b.near", "a.far", "a.far.thing", "always", "maybe", "instead", "inside"}
    assert found.functions["method"].imports == {"late"}
    assert "pi" in found.top.words and "other" in found.functions["method"].words
    assert read_source(b"from . import x", "a.b", is_package=True).top.imports == {"a.b", "a.b.x"}


@pytest.mark.parametrize(("member", "module"), [
    ("a/b.pyc", "a.b"), ("a/__init__.pyc", "a"), ("b.py", "b"), ("a/_c.cpython-314-wasm32-emscripten.so", "a._c"),
    ("a/data/x.json", "a.data"), ("README", "")])
def test_the_module_of_a_member(member: str, module: str) -> None:
    assert module_of(member) == module


def _sources(texts: dict[str, str]) -> dict[str, object]:
    return {name: [sorted(one.top.imports), {f: sorted(c.imports) for f, c in one.functions.items() if c.imports}]
            for name, text in texts.items() for one in [read_source(text.encode(), name, is_package=False)]}


def test_a_word_brings_what_its_function_imports() -> None:
    top = "import e.base\ndef physics(): import e.physics\ndef _x(): from e.ui import Kit"
    sources = sources_of(_sources({"e": top, "e.base": "", "e.physics": "import e.solver", "e.solver": "", "e.ui": ""}))
    assert closure({"e"}, sources) == {"e", "e.base"}
    assert reach({"e"}, set(), sources) == {"e", "e.base"}
    assert reach({"e"}, {"physics"}, sources) == {"e", "e.base", "e.physics", "e.solver"}
    assert reach({"e"}, {"Kit"}, sources) == {"e", "e.base", "e.ui"}


def test_broken_sources_are_passed_over(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
        archive.writestr("good.py", "import json")
        archive.writestr("bad.py", "import (")
    assert json.loads(read_zips([str(tmp_path / "x.zip")])) == {"good": [["json"], {}]}


def test_what_words_bring_exists() -> None:
    files = engine_files()
    for module in {*slim.START, *(one for many in slim.SAID.values() for one in many)}:
        if module.startswith("layerw"):
            path = module.replace(".", "/")
            assert f"{path}.py" in files or f"{path}/__init__.py" in files, module


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Small stand-ins for what runtime/slim.py makes; the engine's imports are the real ones."""
    folder = tmp_path_factory.mktemp("parts")
    members = {
        "stdlib.zip": ["json/__init__.pyc", "email/__init__.pyc", "email/mime.pyc", "secrets.pyc", "hmac.pyc",
                       "notes.txt"],
        "numpy.zip": ["numpy/__init__.pyc", "numpy/core.so", "numpy/random/__init__.pyc", "numpy/random/_mt.so",
                      "numpy/fft/__init__.pyc", "numpy/fft/LICENSE",
                      "numpy-2.dist-info/RECORD", "numpy-2.dist-info/METADATA",
                      "numpy-2.dist-info/licenses/LICENSE"],
        "layerw.zip": [name.replace(".py", ".pyc") if name.endswith(".py") else name for name in engine_files()],
    }
    for name, inside in members.items():
        with zipfile.ZipFile(folder / name, "w") as archive:
            for member in inside:
                archive.writestr(member, member)
    engine = folder / "engine.src"
    with zipfile.ZipFile(engine, "w") as archive:
        for name, data in engine_files().items():
            archive.writestr(name, data)
    sources = json.loads(read_zips([str(engine)])) | _sources({
        "json": "import json.decoder", "email": "", "email.mime": "import email", "secrets": "import hmac", "hmac": "",
        "numpy": "", "numpy.random": "", "numpy.fft": ""})
    (folder / "trace.json").write_text(json.dumps({
        "boot": ["json", "numpy", "numpy.core"], "sources": sources,
        "groups": {f"numpy.{name}": ["secrets"] if name == "random" else [] for name in slim.NUMPY_LATER}}))
    return folder


def _write(parts: Path, folder: Path, program: str) -> dict[str, set[str]]:
    (folder / "main.py").write_text(program)
    lock = {"packages": {"numpy": {"sha256": ""}, "layerw": {"sha256": ""}}}
    slim.write(parts, [folder / "main.py"], folder, lock)
    assert len(lock["packages"]["numpy"]["sha256"]) == 64
    zips = [*folder.glob("*.zip"), *folder.glob("*.whl")]
    return {path.name: set(zipfile.ZipFile(path).namelist()) for path in zips}


def test_a_small_program_leaves_out_most(parts: Path, tmp_path: Path) -> None:
    zips = _write(parts, tmp_path, "import layerw as lw\napp = lw.App()\n")
    assert zips["python_stdlib.zip"] == {"json/__init__.pyc", "notes.txt"}
    info = {"numpy-2.dist-info/RECORD", "numpy-2.dist-info/METADATA"}
    assert zips[WHEEL] == {"numpy/__init__.pyc", "numpy/core.so", *info}
    engine = zips[slim.ENGINE_WHEEL]
    assert {"layerw/app.pyc", "layerw/hosts/browser.pyc", "layerw/hosts/archive.py", "layerw/rest.json"} <= engine
    assert "layerw/_kernels/inplace.wasm" in engine
    assert not [name for name in engine if name.startswith(("layerw/physics", "layerw/net", "layerw/assets/gltf"))]
    index = json.loads(zipfile.ZipFile(tmp_path / slim.ENGINE_WHEEL).read("layerw/rest.json"))
    assert index["rest-python.zip"].split() == ["email", "email.mime", "hmac", "secrets"]
    assert "layerw.physics.physics" in index["rest-layerw.zip"].split()
    assert zips["rest-numpy.zip"] >= {"numpy/fft/LICENSE", "numpy/random/_mt.so", "numpy-2.dist-info/licenses/LICENSE"}


def test_nothing_is_lost_and_nothing_twice(parts: Path, tmp_path: Path) -> None:
    zips = _write(parts, tmp_path, "import email.mime\n")
    for name, rest, source in (("python_stdlib.zip", "rest-python.zip", "stdlib.zip"),
                               (WHEEL, "rest-numpy.zip", "numpy.zip"),
                               (slim.ENGINE_WHEEL, "rest-layerw.zip", "layerw.zip")):
        whole = {one for one in zipfile.ZipFile(parts / source).namelist() if not one.startswith(slim.DEVELOPMENT)}
        assert (zips[name] | zips[rest]) - {"layerw/rest.json", "layerw/hosts/archive.py"} == whole
        assert not zips[name] & zips[rest]
    assert {"email/__init__.pyc", "email/mime.pyc"} <= zips["python_stdlib.zip"]


@pytest.mark.parametrize("program", ["import numpy as np\nnp.random.rand()", "from numpy import random",
                                     "import numpy.random", "def f():\n    import numpy.random as r"])
def test_a_group_of_numpy_comes_with_what_it_imports(parts: Path, tmp_path: Path, program: str) -> None:
    zips = _write(parts, tmp_path, program)
    assert {"numpy/random/__init__.pyc", "numpy/random/_mt.so"} <= zips[WHEEL]
    assert "numpy/fft/__init__.pyc" not in zips[WHEEL]
    assert {"secrets.pyc", "hmac.pyc"} <= zips["python_stdlib.zip"]


@pytest.mark.parametrize(("program", "module"), [
    ("app.load('a.glb')", "assets/loader"), ("app.stream('w')", "stream/streamer"), ("app.physics", "physics/physics"),
    ("app.lines([])", "drawing/drawings"), ("lw.Sound('a')", "audio/audio"), ("lw.Emitter()", "effects/effects"),
    ("lw.Character(app, x)", "physics/character"), ("app.ui.text('x')", "ui/ui"), ("app.connect()", "net/net"),
    ("app.pointer.pick()", "pointing/picker"), ("import layerw.splats.splats", "splats/splats")])
def test_a_program_starts_with_what_it_speaks_of(parts: Path, tmp_path: Path, program: str, module: str) -> None:
    assert f"layerw/{module}.pyc" in _write(parts, tmp_path, program)[slim.ENGINE_WHEEL]


def test_the_rest_is_fetched_once_and_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("layerw.hosts.rest.FOLDER", str(tmp_path))
    with zipfile.ZipFile(tmp_path / "made.zip", "w") as archive:
        archive.writestr("lw_rest_a/__init__.py", "VALUE = 1")
        archive.writestr("lw_rest_a/b.py", "VALUE = 2")
    asked: list[str] = []
    told: list[str] = []

    def fetch(name: str) -> bytes:
        asked.append(name)
        return (tmp_path / "made.zip").read_bytes()

    places = dict.fromkeys(("lw_rest_a", "lw_rest_a.b"), "rest-python.zip")
    monkeypatch.setattr(sys, "meta_path", [*sys.meta_path, Rest(places, fetch, told.append)])
    import lw_rest_a.b  # type: ignore[import-not-found]

    assert lw_rest_a.b.VALUE == 2
    assert asked == ["rest-python.zip"]
    assert len(told) == 1 and "lw_rest_a is imported" in told[0] and "rest-python.zip" in told[0]
    with pytest.raises(ModuleNotFoundError):
        import lw_rest_nowhere  # type: ignore[import-not-found]  # noqa: F401
    for name in places:
        sys.modules.pop(name)


def test_compressed_forms(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import gzip

    import brotli

    monkeypatch.setenv("LAYERW_CACHE", str(tmp_path / "cache"))
    big, noise, small, other = (tmp_path / name for name in ("a.js", "b.js", "c.js", "d.glb"))
    big.write_bytes(b"let x = 1;\n" * 40_000)
    noise.write_bytes(__import__("random").Random(1).randbytes(4000))
    small.write_bytes(b"1;")
    other.write_bytes(b"0" * 4000)
    found = packing.pack([big, noise, small, other], lambda text, done: None)
    assert list(found) == [big] and found[big] == (tmp_path / "a.js.gz").stat().st_size
    assert gzip.decompress((tmp_path / "a.js.gz").read_bytes()) == big.read_bytes()
    assert brotli.decompress((tmp_path / "a.js.br").read_bytes()) == big.read_bytes()
    assert packing.packed_size(big) < 1000 and packing.packed_size(small) == 2
    assert len(list((tmp_path / "cache" / "packed").iterdir())) == 2
    first = (tmp_path / "a.js.gz").read_bytes()
    packing.pack([big], lambda text, done: None)
    assert (tmp_path / "a.js.gz").read_bytes() == first
