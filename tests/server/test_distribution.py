"""What is released: wheel and sdist as `make dist` makes them, and the wheel in clean environments, far from here."""

from __future__ import annotations

import datetime
import hashlib
import importlib.util
import json
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path
from types import ModuleType

import pytest

from layerw_server.runtime import wheel as page_wheel

from .pythons import VERSIONS, Python, pythons
from .test_packaging import BUILD_INPUT, ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
SLOW_S = 400  # pip on a busy machine
FALL = """import layerw as lw

app = lw.App()
box = app.spawn(lw.Mesh.box(), position=(0, 9, 0), body=lw.Body())


@app.frame
def look(dt):
    print(round(float(box.position[1])))
"""


def run(command: list[str | Path], cwd: Path, python: Python | None = None) -> str:
    done = subprocess.run([str(part) for part in command], cwd=cwd, capture_output=True, text=True, timeout=SLOW_S,
                          check=False, env=None if python is None else python.environment())  # fmt: skip
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that `make dist` makes, of a copy of the sources."""
    folder = tmp_path_factory.mktemp("sources")
    for name in BUILD_INPUT:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / name, folder / name)
    run([sys.executable, "-m", "build", "--no-isolation", "--outdir", folder / "dist", folder], folder)
    return folder / "dist"


@pytest.fixture(scope="module")
def built_wheel(dist: Path) -> Path:
    return next(dist.glob("*.whl"))


def test_the_registry_takes_both(dist: Path) -> None:
    names = sorted(path.name for path in dist.iterdir())
    version = PROJECT["version"]
    assert names == [f"layerw-{version}-py3-none-any.whl", f"layerw-{version}.tar.gz"]
    said = run([sys.executable, "-m", "twine", "--no-color", "check", "--strict", *dist.iterdir()], dist)
    assert said.count("PASSED") == 2 and "WARN" not in said


def test_it_says_what_it_is_and_under_which_licence(built_wheel: Path) -> None:
    with zipfile.ZipFile(built_wheel) as wheel:
        names = wheel.namelist()
        metadata = wheel.read(next(name for name in names if name.endswith("METADATA"))).decode()
    head, _, text = metadata.partition("\n\n")
    assert "License-Expression: MIT" in head and "Description-Content-Type: text/markdown" in head
    assert {name.rpartition("/")[2] for name in names if "/licenses/" in name} == {"LICENSE", "THIRD_PARTY.md"}
    assert text.startswith("# layerw") and "make run" in text
    assert re.findall(r"\]\((?!https?:)", text) == [], "a registry's page has no files beside it"
    assert "*[examples" not in text and "\n\n\n" not in text
    carried = (ROOT / "THIRD_PARTY.md").read_text()
    assert [name for name in names if "/LICENSE-" in name and name.split("/")[-2] not in carried] == []


def test_without_physics_nothing_is_released(tmp_path: Path) -> None:
    text = (ROOT / "Makefile").read_text().partition("\ndist:")[2].partition("\n\n")[0]
    assert "LAYERW_STRICT=1" in text
    folder = tmp_path / "engine_py/kernels"
    folder.mkdir(parents=True)
    (folder / "build.py").write_text("")
    (folder / "rigid.py").write_text("import sys; sys.exit('no physics' if '--strict' in sys.argv else 0)")
    (folder / "navigation.py").write_text("")
    code = ("import sys; sys.path.insert(0, sys.argv[1]); import hatch_build; "
            "hook = hatch_build.LayerwHook(sys.argv[2], {}, None, None, '', 'wheel'); "
            "data = {'force_include': {}}; hook.initialize('standard', data); print(data)")
    command = [sys.executable, "-c", code, str(ROOT), str(tmp_path)]
    for strict, status in (("0", 0), ("1", 1)):
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False,
                              env={"LAYERW_STRICT": strict, "PATH": "/usr/bin:/bin"})
        assert (done.returncode, "no physics" in done.stderr) == (status, status == 1), done.stderr


def test_every_extra_is_explained() -> None:
    text = (ROOT / "docs/releasing.md").read_text()
    assert [name for name in PROJECT["optional-dependencies"] if f"`layerw[{name}]`" not in text] == []


@pytest.mark.network
@pytest.mark.parametrize("version", VERSIONS)
def test_a_clean_environment_runs_it(version: str, built_wheel: Path, tmp_path: Path) -> None:
    """Installed, doctored, a program begun, tested and run, where no checkout is."""
    python = pythons().get(version)
    if python is None:
        pytest.skip(f"this machine has no Python {version}; LAYERW_PYTHONS=/path/to/python{version} names one")
    run([python.path, "-m", "venv", tmp_path / "env"], tmp_path, python)
    tools = tmp_path / "env/bin"
    pinned = ["--quiet", "--disable-pip-version-check", "--constraint", ROOT / "constraints.txt"]
    run([tools / "python", "-m", "pip", "install", *pinned, f"{built_wheel}[headless]", "pytest"], tmp_path, python)
    assert run([tools / "layerw", "--version"], tmp_path, python).split() == ["layerw", PROJECT["version"]]
    found = json.loads(run([tools / "layerw", "doctor", "--no-browser", "--json"], tmp_path, python))
    states = {line["name"]: line["state"] for line in found}
    assert states["Python"] == states["kernels"] == states["wasmtime"] == "ok" and "rigid" not in states
    assert next(line["text"] for line in found if line["name"] == "Python").startswith(version)
    run([tools / "layerw", "new", "game", "-t", "game"], tmp_path, python)
    assert "passed" in run([tools / "python", "-m", "pytest", "-q"], tmp_path / "game", python)
    (tmp_path / "fall.py").write_text(FALL)
    said = run([tools / "layerw", "run", "fall.py", "--headless", "--frames", "60"], tmp_path, python)
    assert "4" in said.split(), f"half a second of g leaves it at 4 m: {said}"


@pytest.mark.network
def test_every_extra_can_be_had(built_wheel: Path, tmp_path: Path) -> None:
    extras = ",".join(name for name in PROJECT["optional-dependencies"] if name not in ("dev", "docs"))
    run([sys.executable, "-m", "pip", "install", "--dry-run", "--quiet", "--disable-pip-version-check",
         f"{built_wheel}[{extras}]"], tmp_path)  # fmt: skip


@pytest.mark.network
def test_pyodide_build_packs_the_engine(tmp_path: Path) -> None:
    """Pyodide's own tool makes the lock file's entry that layerw writes by itself."""
    newer = [(version, one) for version, one in pythons().items() if version != "3.11"]
    if not newer:
        pytest.skip("pyodide-build needs Python 3.12 or newer, and this machine has none")
    _, python = newer[-1]
    run([python.path, "-m", "venv", tmp_path / "env"], tmp_path, python)
    wanted = [text.partition(";")[0].strip() for text in PROJECT["optional-dependencies"]["dev"] if "pyodide" in text]
    run([tmp_path / "env/bin/python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *wanted],
        tmp_path, python)
    engine = tmp_path / page_wheel.NAME
    engine.write_bytes(page_wheel.build_wheel(page_wheel.engine_files()))
    numpy = {"name": "numpy", "version": "2.4.3", "file_name": "numpy.whl", "install_dir": "site", "sha256": "0" * 64,
             "package_type": "package", "imports": ["numpy"], "depends": [], "unvendored_tests": False}
    info = {"abi_version": "2026_0", "arch": "wasm32", "platform": "emscripten_5_0_3", "python": "3.14.0"}
    (tmp_path / "lock.json").write_text(json.dumps({"info": info, "packages": {"numpy": numpy}}))
    run([tmp_path / "env/bin/pyodide", "lockfile", "add-wheels", "--input", "lock.json", "--output", "new.json",
         "--base-path", tmp_path, engine], tmp_path, python)
    entry = json.loads((tmp_path / "new.json").read_text())["packages"]["layerw"]
    assert entry["file_name"] == engine.name and entry["imports"] == ["layerw"] and entry["depends"] == ["numpy"]
    assert entry["sha256"] == hashlib.sha256(engine.read_bytes()).hexdigest()


@pytest.fixture(scope="module")
def releasing() -> ModuleType:
    """tools/release.py"""
    spec = importlib.util.spec_from_file_location("release", ROOT / "tools/release.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_version_stands_the_same_everywhere(releasing: ModuleType) -> None:
    assert set(releasing.versions().values()) == {PROJECT["version"]}


def test_the_changelog_is_by_versions(releasing: ModuleType) -> None:
    text = (ROOT / "CHANGELOG.md").read_text()
    headings = re.findall(r"(?m)^## (.+)$", text)
    assert headings[0] == "Unreleased"
    versions = releasing.released(text)
    assert len(versions) == len(headings) - 1, f"a heading that is no version with its day: {headings}"
    assert sorted(versions, key=releasing.key, reverse=True) == versions


def test_a_release_writes_every_place(releasing: ModuleType, tmp_path: Path) -> None:
    for name in [*releasing.PLACES, "CHANGELOG.md"]:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    day = datetime.date(2026, 12, 24)
    releasing.release("0.9.0", day, tmp_path)
    assert set(releasing.versions(tmp_path).values()) == {"0.9.0"}
    changes = (tmp_path / "CHANGELOG.md").read_text()
    assert "## Unreleased\n\n## 0.9.0 - 2026-12-24\n" in changes and releasing.released(changes)[0] == "0.9.0"
    assert changes.replace("\n## 0.9.0 - 2026-12-24\n", "", 1) == (ROOT / "CHANGELOG.md").read_text()
    for version, said in (("0.9", "expected MAJOR.MINOR.PATCH"), ("0.8.9", "0.9.0 was released"),
                          ("1.0.0", "nothing under Unreleased")):  # fmt: skip
        with pytest.raises(releasing.ReleaseError, match=re.escape(said)):
            releasing.release(version, day, tmp_path)
    assert set(releasing.versions(tmp_path).values()) == {"0.9.0"}
