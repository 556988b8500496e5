"""Packages for the page: what a program may ask for, what pip finds for it, and how it is served."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import time
import zipfile
from pathlib import Path

import pytest

from layerw_server.http.manifest import build_manifest
from layerw_server.http.mounts import Mounts
from layerw_server.http.paths import PathNotFound
from layerw_server.runtime import packages
from layerw_server.runtime.errors import PackagesUnavailable
from layerw_server.runtime.requirements import requirements

PURE, PAGE, HOST = "py3-none-any", "cp314-cp314-pyemscripten_2026_0_wasm32", "py3-none-linux_x86_64"


def wheel(folder: Path, name: str, version: str, tag: str, needs: tuple[str, ...] = ()) -> Path:
    """The smallest wheel that pip takes."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}-{version}-{tag}.whl"
    info = f"{name}-{version}.dist-info"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(f"{name}/__init__.py", f"VERSION = '{version}'\n")
        archive.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
                         + "".join(f"Requires-Dist: {need}\n" for need in needs))
        archive.writestr(f"{info}/WHEEL", f"Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: {tag}\n")
        archive.writestr(f"{info}/RECORD", "")
    return path


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that pip takes for its only index, and a cache of our own."""
    folder = tmp_path / "index"
    wheel(folder, "noisy", "1.0", PURE, ("numpy", "helper-of-it"))
    wheel(folder, "noisy", "0.9", PURE)
    wheel(folder, "helper_of_it", "2.0", PURE)
    wheel(folder, "fast", "3.1", PAGE)
    wheel(folder, "compiled", "1.0", HOST)
    wheel(tmp_path / "runtime", "numpy", "2.4.3", PAGE)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    monkeypatch.setenv("LAYERW_CACHE", str(tmp_path / "cache"))
    return folder


def _program(folder: Path, text: str) -> Path:
    path = folder / "main.py"
    path.write_bytes(text.encode("utf-8"))
    return path


BLOCK = '''# /// script
# requires-python = ">=3.11"
# dependencies = [
#   "noisy<2",
#   "layerw", "NumPy>=2",
# ]
# ///
'''


@pytest.mark.parametrize("text", [BLOCK, BLOCK.replace("\n", "\r\n"), "\ufeff" + BLOCK, "import x\n\n" + BLOCK,
                                  BLOCK.rstrip("\n")])
def test_a_block_and_the_option_add_up(tmp_path: Path, text: str) -> None:
    assert requirements(_program(tmp_path, text), ["fast==3.1", "noisy<2"]) == ["noisy<2", "fast==3.1"]


def test_a_program_without_a_block_asks_for_nothing(tmp_path: Path) -> None:
    assert requirements(_program(tmp_path, "# just /// script\nprint()\n")) == []
    assert packages.resolve([], tmp_path).wheels == ()


@pytest.mark.parametrize("asked", ["--index-url=https://example.org", "-r file", "x @ https://example.org/x.whl",
                                   "../x", "a b", "", "x;y@z"])
def test_a_program_can_not_choose_where_packages_come_from(tmp_path: Path, asked: str) -> None:
    with pytest.raises(PackagesUnavailable, match="is no requirement such as"):
        requirements(_program(tmp_path, f"# /// script\n# dependencies = [{asked!r}]\n# ///\n"))


@pytest.mark.parametrize(("block", "message"), [
    ("# /// script\n# dependencies = [\n# ///\n", "is no TOML"),
    ("# /// script\n# dependencies = 'noise'\n# ///\n", "expected a list"),
    ("# /// script\n# dependencies = [3]\n# ///\n", "3 is no requirement"),
    (BLOCK + "\n" + BLOCK, "has 2 `# /// script` blocks"),
])
def test_damaged_blocks_are_a_sentence(tmp_path: Path, block: str, message: str) -> None:
    with pytest.raises(PackagesUnavailable, match=message):
        requirements(_program(tmp_path, block))


def test_pure_and_page_wheels_come_with_what_they_need_but_not_numpy(index: Path, tmp_path: Path) -> None:
    found = packages.resolve(["noisy", "fast"], tmp_path / "runtime")
    assert [(one.name, one.version, one.modules) for one in found.wheels] == [
        ("fast", "3.1", ["fast"]), ("helper_of_it", "2.0", ["helper_of_it"]), ("noisy", "1.0", ["noisy"])]
    for one in found.wheels:
        data = (found.folder / one.file).read_bytes()
        assert hashlib.sha256(data).hexdigest() == one.sha256 and one.sha256[:16] in one.file
    assert sorted(path.suffix for path in found.folder.iterdir()) == [".json", ".whl", ".whl", ".whl"]


def test_a_set_is_kept_until_it_is_old_or_damaged(index: Path, tmp_path: Path) -> None:
    first = packages.resolve(["noisy"], tmp_path / "runtime")
    wheel(index, "noisy", "1.1", PURE)
    assert packages.resolve(["noisy"], tmp_path / "runtime") == first
    (first.folder / first.wheels[-1].file).write_bytes(b"damaged")
    second = packages.resolve(["noisy"], tmp_path / "runtime")
    assert [one.version for one in second.wheels if one.name == "noisy"] == ["1.1"]
    wheel(index, "noisy", "1.2", PURE)
    old = time.time() - 2 * packages.FRESH_S
    os.utime(second.folder / "wheels.json", (old, old))
    third = packages.resolve(["noisy"], tmp_path / "runtime")
    assert [one.version for one in third.wheels if one.name == "noisy"] == ["1.2"]


def test_an_old_set_serves_without_a_network(index: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = packages.resolve(["noisy"], tmp_path / "runtime")
    old = time.time() - 2 * packages.FRESH_S
    os.utime(first.folder / "wheels.json", (old, old))
    monkeypatch.setenv("PIP_NO_INDEX", "")
    monkeypatch.setenv("PIP_FIND_LINKS", "")
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    assert packages.resolve(["noisy"], tmp_path / "runtime") == first
    with pytest.raises(PackagesUnavailable, match="can't reach its package index for fast"):
        packages.resolve(["fast"], tmp_path / "runtime")


def test_what_has_no_wheel_for_the_page_is_said_so(index: Path, tmp_path: Path) -> None:
    with pytest.raises(PackagesUnavailable, match=r"compiled has no wheel .* pyemscripten_2026_0_wasm32"):
        packages.resolve(["compiled"], tmp_path / "runtime")
    with pytest.raises(PackagesUnavailable, match="There is no package absent"):
        packages.resolve(["noisy", "absent>=1"], tmp_path / "runtime")
    assert not list((tmp_path / "cache/wheels").glob(".part-*"))


def test_the_page_gets_wheels_with_their_sums(index: Path, tmp_path: Path) -> None:
    found = packages.resolve(["fast"], tmp_path / "runtime")
    program = _program(tmp_path, "")
    document = json.loads(build_manifest(program, engine="zip", wheels=found))
    (one,) = document["wheels"]
    assert base64.b64decode(one["integrity"].removeprefix("sha256-")).hex() == found.wheels[0].sha256
    mounts = Mounts(program=program, runtime=tmp_path, web=tmp_path, engine=None, kernels=tmp_path, wheels=found)
    assert mounts.find(f"/wheels/{one['file']}").load(1 << 20)[0] == (found.folder / one["file"]).read_bytes()
    without = Mounts(program=program, runtime=tmp_path, web=tmp_path, engine=None, kernels=tmp_path)
    with pytest.raises(PathNotFound):
        without.find(f"/wheels/{one['file']}")
