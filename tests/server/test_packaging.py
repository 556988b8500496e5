"""The distribution: two source roots, web/ inside, typed, reproducible, nothing of this machine in git."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

import layerw_server

ROOT = Path(__file__).resolve().parents[2]
BUILD_INPUT = ("engine_py", "server", "web", "hatch_build.py", "pyproject.toml", "README.md", "CHANGELOG.md", "LICENSE",
               "THIRD_PARTY.md", "SECURITY.md", "CITATION.cff")


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy to build in, so that the checkout stays clean."""
    folder = tmp_path_factory.mktemp("source")
    for name in BUILD_INPUT:
        path = ROOT / name
        if path.is_dir():
            shutil.copytree(path, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(path, folder / name)
    return folder


def build(source: Path, target: str, out: Path) -> Path:
    command = [sys.executable, "-m", "hatchling", "build", "--target", target, "--directory", str(out)]
    subprocess.run(command, cwd=source, check=True, capture_output=True, timeout=120)
    return next(out.iterdir())


@pytest.fixture(scope="module")
def built(source: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(source, "wheel", tmp_path_factory.mktemp("wheel"))


def test_wheel_has_both_packages_and_web(built: Path) -> None:
    with zipfile.ZipFile(built) as wheel:
        names = set(wheel.namelist())
        metadata = wheel.read(next(name for name in names if name.endswith("METADATA"))).decode()
        entry_points = wheel.read(next(name for name in names if name.endswith("entry_points.txt"))).decode()
    assert names >= {"layerw/py.typed", "layerw/base/ports.py", "layerw_server/cli/__init__.py",
                     "layerw_server/runtime/compile.mjs", "layerw_server/web/index.html",
                     "layerw_server/web/gen/commands.js"}
    assert {name.split("/")[0] for name in names if ".dist-info/" not in name} == {"layerw", "layerw_server"}
    assert "layerw = layerw_server.cli:main" in entry_points
    assert "Requires-Python: >=3.11" in metadata


def test_web_in_the_wheel_equals_the_checkout(built: Path, source: Path) -> None:
    with zipfile.ZipFile(built) as wheel:
        packed = {name.removeprefix("layerw_server/web/") for name in wheel.namelist() if "_server/web/" in name}
    here = {path.relative_to(source / "web").as_posix() for path in (source / "web").rglob("*") if path.is_file()}
    assert packed == here


def test_rebuild_and_sdist_give_the_same_wheel(built: Path, source: Path, tmp_path: Path) -> None:
    assert build(source, "wheel", tmp_path / "again").read_bytes() == built.read_bytes()
    sdist = build(source, "sdist", tmp_path / "sdist")
    shutil.unpack_archive(sdist, tmp_path / "unpacked", filter="data")
    from_sdist = build(next((tmp_path / "unpacked").iterdir()), "wheel", tmp_path / "wheel")
    with zipfile.ZipFile(from_sdist) as one, zipfile.ZipFile(built) as other:
        assert sorted(one.namelist()) == sorted(other.namelist())


def test_installed_wheel_finds_its_web_folder(built: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(built) as wheel:
        wheel.extractall(tmp_path)
    code = ("import sys; sys.path.insert(0, sys.argv[1]); from layerw_server.cli.checks import web_folder; "
            "import layerw; print(web_folder()); print(layerw.__file__)")
    done = subprocess.run([sys.executable, "-I", "-c", code, str(tmp_path)], capture_output=True, text=True, timeout=60,
                          check=True)
    found = [Path(line) for line in done.stdout.split()]
    assert found == [tmp_path / "layerw_server/web", tmp_path / "layerw/__init__.py"]


def test_versions_agree() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert project["version"] == layerw_server.__version__


def test_every_pinned_tool_has_one_exact_version() -> None:
    lines = [line for line in (ROOT / "constraints.txt").read_text().splitlines() if line and not line.startswith("#")]
    assert [line for line in lines if not re.match(r"^[A-Za-z0-9._-]+==[^=\s;]+(; .+)?$", line)] == []
    pinned = {re.split("==", line)[0].lower().replace("_", "-") for line in lines}
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = [*project["dependencies"], *project["optional-dependencies"]["dev"]]
    names = {re.split(r"[\[<>=; ]", text)[0].lower() for text in wanted} - {"layerw"}
    assert names <= pinned


def test_npm_lock_names_no_host_and_exact_versions() -> None:
    text = (ROOT / "package-lock.json").read_text()
    tools = json.loads((ROOT / "package.json").read_text())["devDependencies"]
    assert "resolved" not in text
    assert "://" not in text
    assert [version for version in tools.values() if not version[0].isdigit()] == []


def test_no_committed_file_names_a_registry_host() -> None:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode != 0:
        pytest.skip("not a git checkout")
    hosts = [".".join(parts) for parts in (("registry", "npmjs"), ("pythonhosted", "org"), ("pypi", "org/simple"))]
    guilty = []
    for name in listed.stdout.split("\0"):
        path = ROOT / name
        if name and path.is_file() and path.stat().st_size < 2_000_000:
            text = path.read_text(encoding="utf-8", errors="ignore")
            guilty += [f"{name}: {host}" for host in hosts if host in text]
    assert guilty == []
