"""The importer of the engine's zip in the page (layerw/hosts/archive.py), on CPython."""

from __future__ import annotations

import importlib.util
import io
import linecache
import marshal
import sys
import traceback
import zipfile
from collections.abc import Iterator
from importlib import import_module

import pytest

from layerw.hosts.archive import Archive

ROOT = "/lib/some.whl"
SOURCES = {
    "parcel/__init__.py": b"from parcel.inner.deep import answer\n",
    "parcel/inner/__init__.py": b"",
    "parcel/inner/deep.py": b"def answer():\n    raise ValueError('planted')\n",
    "parcel/inner/data.bin": b"\x00\x01",
    "parcel/broken.py": b"def\n",
}


def pyc(source: bytes, magic: bytes = importlib.util.MAGIC_NUMBER) -> bytes:
    code = compile(source, f"{ROOT}/parcel/taken.py", "exec")
    return magic + (1).to_bytes(4, "little") + bytes(8) + marshal.dumps(code)


def archive(members: dict[str, bytes]) -> Archive:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as target:
        for name, data in members.items():
            target.writestr(name, data)
    whole = out.getvalue()
    return Archive(whole, {name: (whole.index(name.encode()) + len(name), len(data)) for name, data in members.items()},
                   ROOT)


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    yield monkeypatch
    for name in [name for name in sys.modules if name.split(".")[0] == "parcel"]:
        del sys.modules[name]


def test_packages_and_modules_come_from_the_archive(installed: pytest.MonkeyPatch) -> None:
    installed.setattr(sys, "meta_path", [archive(SOURCES), *sys.meta_path])
    parcel = import_module("parcel")
    assert parcel.__path__ == [f"{ROOT}/parcel"]
    assert sys.modules["parcel.inner.deep"].__file__ == f"{ROOT}/parcel/inner/deep.py"
    with pytest.raises(ModuleNotFoundError, match=r"parcel\.nothing"):
        import_module("parcel.nothing")
    with pytest.raises(SyntaxError):
        import_module("parcel.broken")


def test_tracebacks_show_the_lines(installed: pytest.MonkeyPatch) -> None:
    installed.setattr(sys, "meta_path", [archive(SOURCES), *sys.meta_path])
    linecache.clearcache()
    with pytest.raises(ValueError, match="planted") as caught:
        import_module("parcel").answer()
    text = "".join(traceback.format_exception(caught.value))
    assert f'"{ROOT}/parcel/inner/deep.py", line 2' in text and "raise ValueError('planted')" in text


def test_what_is_compiled_for_this_python_is_taken(installed: pytest.MonkeyPatch) -> None:
    members = {"parcel/__init__.py": b"", "parcel/taken.py": b"VALUE = 'source'\n",
               "parcel/taken.pyc": pyc(b"VALUE = 'compiled'\n"), "parcel/other.py": b"VALUE = 'source'\n",
               "parcel/other.pyc": pyc(b"VALUE = 'compiled'\n", b"\x00\x00\r\n")}
    installed.setattr(sys, "meta_path", [archive(members), *sys.meta_path])
    assert import_module("parcel.taken").VALUE == "compiled"
    assert import_module("parcel.other").VALUE == "source", "compiled by another Python"


def test_files_beside_the_modules_can_be_read() -> None:
    found = archive(SOURCES)
    assert found.get_data(f"{ROOT}/parcel/inner/data.bin") == b"\x00\x01"
    with pytest.raises(FileNotFoundError):
        found.get_data(f"{ROOT}/parcel/inner/none.bin")
