"""The engine's wheel, the lock file and the compiler, on plain CPython."""

from __future__ import annotations

import importlib
import io
import json
import re
import sys
import traceback
import zipfile
from pathlib import Path

import pytest

from layerw_server.runtime import lockfile, prepare, wheel
from layerw_server.runtime.compile_zip import compile_zip
from layerw_server.runtime.pins import NUMPY_WHEEL

SOURCES = {"layerw/__init__.py": b"VALUE = 1\n", "layerw/py.typed": b""}


def zipped(members: dict[str, bytes], path: Path) -> Path:
    with zipfile.ZipFile(path, "w") as target:
        for name, data in members.items():
            target.writestr(name, data)
    return path


def test_wheel_holds_only_the_engine_and_requires_only_numpy() -> None:
    with zipfile.ZipFile(io.BytesIO(wheel.build_wheel(wheel.engine_files()))) as built:
        names = built.namelist()
        metadata = built.read(f"layerw-{wheel.__version__}.dist-info/METADATA").decode()
    assert "layerw/base/ports.py" in names
    assert {name.split("/")[0].split("-")[0] for name in names} == {"layerw"}
    assert [name for name in names if "__pycache__" in name or "layerw_server" in name] == []
    assert re.findall(r"Requires-Dist: (.+)", metadata) == ["numpy"]


def test_wheel_is_reproducible_and_its_record_is_right() -> None:
    first = wheel.build_wheel(SOURCES)
    assert first == wheel.build_wheel(dict(SOURCES))
    assert first != wheel.build_wheel({**SOURCES, "layerw/__init__.py": b"VALUE = 2\n"})
    with zipfile.ZipFile(io.BytesIO(first)) as built:
        record = built.read(f"layerw-{wheel.__version__}.dist-info/RECORD").decode().splitlines()
        listed = {line.split(",")[0]: line.split(",")[2] for line in record}
        assert set(listed) == set(built.namelist())
        assert listed["layerw/__init__.py"] == str(len(SOURCES["layerw/__init__.py"]))


def test_digest_follows_names_and_bytes() -> None:
    digests = {wheel.engine_digest(SOURCES), wheel.engine_digest({"layerw/__init__.py": b"VALUE = 2\n"}),
               wheel.engine_digest({"layerw/other.py": b"VALUE = 1\n"})}
    assert len(digests) == 3


@pytest.fixture
def lock_parts(tmp_path: Path) -> tuple[Path, Path, Path]:
    info = {"abi_version": "2026_0", "arch": "wasm32", "platform": "emscripten_5_0_3", "python": "3.14.0"}
    numpy = {"name": "numpy", "version": "2.4.3", "file_name": NUMPY_WHEEL, "install_dir": "site", "sha256": "0" * 64,
             "package_type": "package", "imports": ["numpy"], "depends": [], "unvendored_tests": False}
    other = {**numpy, "name": "other", "file_name": "other-1-py3-none-any.whl", "imports": ["other"]}
    shipped = tmp_path / "shipped.json"
    shipped.write_text(json.dumps({"info": info, "packages": {"numpy": numpy, "other": other}}))
    numpy_wheel, own = tmp_path / NUMPY_WHEEL, tmp_path / wheel.NAME
    numpy_wheel.write_bytes(b"slimmed")
    own.write_bytes(wheel.build_wheel(SOURCES))
    return shipped, numpy_wheel, own


def test_plain_lock_has_two_packages_with_sums(lock_parts: tuple[Path, Path, Path], tmp_path: Path) -> None:
    lockfile.write_plain(*lock_parts, tmp_path / "lock.json")
    lock = json.loads((tmp_path / "lock.json").read_text())
    assert set(lock["packages"]) == {"layerw", "numpy"}
    assert lock["packages"]["layerw"]["depends"] == ["numpy"]
    assert lock["packages"]["layerw"]["file_name"] == wheel.NAME
    assert lock["packages"]["numpy"]["sha256"] == lockfile.sha256_of(b"slimmed")


def test_library_writes_the_same_lock(lock_parts: tuple[Path, Path, Path], tmp_path: Path) -> None:
    if not lockfile.has_library():
        pytest.skip(f"pyodide-lock with wheel support needs Python 3.12+, this is {sys.version.split()[0]}")
    lockfile.write_plain(*lock_parts, tmp_path / "plain.json")
    lockfile.write_with_library(*lock_parts, tmp_path / "library.json")
    plain, library = (json.loads((tmp_path / name).read_text()) for name in ("plain.json", "library.json"))
    assert library["info"] == plain["info"]
    for name, entry in plain["packages"].items():
        assert {key: library["packages"][name][key] for key in entry} == entry


def test_library_is_not_asked_on_python_311(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lockfile.sys, "version_info", (3, 11, 9))
    assert lockfile.has_library() is False


def test_replaced_sources_import_without_source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = zipped({"bare_part.py": b"def f():\n    return 7\n", "data.txt": b"kept", "broken.py": b"def"},
                    tmp_path / "in.zip")
    compile_zip(str(source), str(tmp_path / "out.zip"), "/lib/x.zip", False)
    monkeypatch.syspath_prepend(str(tmp_path / "out.zip"))
    with zipfile.ZipFile(tmp_path / "out.zip") as out:
        assert sorted(out.namelist()) == ["bare_part.pyc", "broken.py", "data.txt"]
        assert {info.compress_type for info in out.infolist()} == {zipfile.ZIP_STORED}
    module = importlib.import_module("bare_part")
    assert module.f() == 7
    assert module.f.__code__.co_filename == "/lib/x.zip/bare_part.py"


def test_beside_keeps_sources_for_tracebacks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = zipped({"beside_part.py": b"def f():\n    raise ValueError('planted')\n"}, tmp_path / "in.zip")
    compile_zip(str(source), str(tmp_path / "out.zip"), str(tmp_path / "out.zip"), True)
    with zipfile.ZipFile(tmp_path / "out.zip") as out:
        assert sorted(out.namelist()) == ["beside_part.py", "beside_part.pyc"]
    monkeypatch.syspath_prepend(str(tmp_path / "out.zip"))
    module = importlib.import_module("beside_part")
    assert module.__file__.endswith("out.zip/beside_part.pyc"), "the compiled one is taken"
    with pytest.raises(ValueError, match="planted") as caught:
        module.f()
    assert "raise ValueError('planted')" in "".join(traceback.format_exception(caught.value))


def test_slim_leaves_out_what_matches(tmp_path: Path) -> None:
    names = ("numpy/a.py", "numpy/a.pyi", "numpy/f2py/x.py", "numpy/core/tests/t.py", "numpy/b.so",
             "numpy/testing/u.py")
    source = zipped(dict.fromkeys(names, b""), tmp_path / "in.zip")
    with zipfile.ZipFile(io.BytesIO(prepare.slim(source.read_bytes(), prepare.NUMPY_LEFT_OUT))) as out:
        assert out.namelist() == ["numpy/a.py", "numpy/b.so", "numpy/testing/u.py"]
