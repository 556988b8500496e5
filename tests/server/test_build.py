"""`layerw build`: folders that run elsewhere, their sums and signatures, and what is refused."""

from __future__ import annotations

import errno
import io
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from importlib import resources
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from layerw.hosts.native import shipped
from layerw_server.tools.building import BuildError, BuildOptions, BuildReport, Target, build_app, interpreter, wheels
from layerw_server.tools.building.libraries import glibc_of, imported, lacking
from layerw_server.tools.building.seal import NAMESPACE, SIGNATURE, SUMS, seal
from layerw_server.tools.replace import sums

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = "import layerw as lw\napp = lw.App()\nprint(open('words.txt').read())\n"


@pytest.fixture
def program(tmp_path: Path) -> Path:
    folder = tmp_path / "game"
    folder.mkdir()
    (folder / "words.txt").write_text("hello")
    (folder / "unused.txt").write_text("")
    (folder / "main.py").write_text(PROGRAM)
    return folder / "main.py"


@pytest.fixture
def embedded(tmp_path: Path) -> Path:
    """Stands for python.org's embeddable package: the names are right, nothing runs."""
    path = tmp_path / "python-embed.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name in ("python.exe", "pythonw.exe", "python3.dll", "python311.dll", "python311.zip", "python311._pth"):
            archive.writestr(name, b"MZ")
    return path


@pytest.fixture
def no_network(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Packages are asked for, but none is obtained."""
    asked: list[Any] = []

    def install(wanted: list[str], python: str, platform: wheels.Platform, target: Path) -> dict[str, str]:
        asked.append((wanted, python, platform))
        (target / "numpy" / "tests").mkdir(parents=True)
        (target / "numpy" / "core.py").write_text("")
        (target / "numpy" / "tests" / "test_core.py").write_text("")
        return {"numpy": "2"}

    monkeypatch.setattr(wheels, "install", install)
    return asked


def windows(program: Path, out: Path, embedded: Path, **more: Any) -> BuildReport:
    return build_app(program, Target.WINDOWS, out, BuildOptions(python=embedded, **more))


def test_a_folder_for_windows(program: Path, tmp_path: Path, embedded: Path, no_network: list[Any]) -> None:
    out = tmp_path / "out"
    report = windows(program, out, embedded, packages=["noise>=1"])
    assert {entry.name for entry in out.iterdir()} == {"game.exe", "start.py", "python", "packages", "app", SUMS,
                                                       "layerw-build.json"}
    assert (report.start, report.python, report.glibc, report.left_out) == ("game.exe", "3.11", None, ["unused.txt"])
    assert (out / "app/words.txt").read_text() == "hello" and not (out / "app/unused.txt").exists()
    assert (out / "packages/layerw/_kernels/worker.wasm").is_file()
    assert (out / "packages/layerw_server/web/shaders/gen/programs.json").is_file()
    assert not list(out.glob("packages/layerw_server/*.py")) and not (out / "packages/numpy/tests").exists()
    data = (out / "game.exe").read_bytes()
    assert b"#!<launcher_dir>\\python\\pythonw.exe -I -B -X utf8\r\nPK" in data
    assert zipfile.ZipFile(io.BytesIO(data)).namelist() == ["__main__.py"]
    wanted, python, platform = no_network[0]
    assert "noise>=1" in wanted and python == "3.11" and platform.tags == ("win_amd64",)
    names = {re.split("[=<>]", text)[0] for text in wanted}
    assert {"numpy", "pillow", "wasmtime", "wgpu", "glfw", "rendercanvas", "sounddevice"} <= names
    assert not {"starlette", "uvicorn", "typer", "layerw", "pytest", "alktx2"} & names
    document = json.loads((out / "layerw-build.json").read_bytes())
    assert (document["target"], document["name"], document["packages"]) == ("windows", "game", {"numpy": "2"})
    subprocess.run(["sha256sum", "--check", "--strict", "--quiet", SUMS], cwd=out, check=True)


def test_a_second_build_replaces_its_own_files_only(program: Path, tmp_path: Path, embedded: Path,
                                                    no_network: list[Any]) -> None:
    out = tmp_path / "out"
    windows(program, out, embedded)
    (out / "save.dat").write_text("mine")
    (out / "app" / "words.txt").write_text("changed")
    (program.parent / "words.txt").write_text("newer")
    report = windows(program, out, embedded)
    assert report.kept == ["app/words.txt.mine", "save.dat"]
    assert (out / "app/words.txt").read_text() == "newer" and (out / "app/words.txt.mine").read_text() == "changed"
    assert not list(tmp_path.glob(".layerw*"))


def test_a_full_disk_changes_nothing(program: Path, tmp_path: Path, embedded: Path, no_network: list[Any],
                                     monkeypatch: pytest.MonkeyPatch) -> None:
    out = tmp_path / "out"
    windows(program, out, embedded)
    before = sorted(out.rglob("*"))

    def full(*_: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(wheels, "install", full)
    with pytest.raises(BuildError, match=r"The disk of .* is full .* nothing was changed"):
        windows(program, out, embedded)
    assert sorted(out.rglob("*")) == before and not list(tmp_path.glob(".layerw*"))


@pytest.mark.parametrize(("name", "is_right"), [
    ("My Game 2", True), ("a.b-c_d", True), ("con", False), ("nul.txt", False), ("app", False), ("../x", False),
    ("x" * 61, False), ("end.", False)])
def test_names(name: str, is_right: bool, program: Path, tmp_path: Path, embedded: Path, no_network: list[Any]) -> None:
    if is_right:
        assert windows(program, tmp_path / "out", embedded, name=name).start == f"{name}.exe"
        return
    with pytest.raises(BuildError, match="can't be a program's on every system; --name"):
        windows(program, tmp_path / "out", embedded, name=name)


def test_refusals(program: Path, tmp_path: Path, embedded: Path, no_network: list[Any]) -> None:
    out = tmp_path / "out"
    wrong = [
        (program.with_name("missing.py"), out, BuildOptions(python=embedded), "There is no program"),
        (program, program.parent, BuildOptions(python=embedded), "holds the program itself"),
        (program, program, BuildOptions(python=embedded), "holds the program itself"),
        (program, embedded, BuildOptions(python=embedded), "is a file; give a folder"),
        (program, out, BuildOptions(), "python.org's embeddable package"),
        (program, out, BuildOptions(python=tmp_path / "none.zip"), "There is no Python"),
        (program, out, BuildOptions(python=program), "is no archive that can be unpacked"),
        (program, out, BuildOptions(python=program.parent), "There is no Python for Windows"),
        (program, out, BuildOptions(python=embedded, key=tmp_path / "none"), "There is no key"),
    ]
    for source, target, options, sentence in wrong:
        with pytest.raises(BuildError, match=re.escape(sentence)):
            build_app(source, Target.WINDOWS, target, options)
    out.mkdir()
    (out / "thesis.txt").write_text("")
    with pytest.raises(BuildError, match="is not empty and no earlier build"):
        windows(program, out, embedded)
    assert [entry.name for entry in out.iterdir()] == ["thesis.txt"] and not list(tmp_path.glob(".layerw*"))


def test_pythons_that_are_given(tmp_path: Path) -> None:
    for version, is_right in (("3.12", True), ("3.9", False)):
        path, target = tmp_path / f"{version}.tar.gz", tmp_path / version
        target.mkdir()
        with tarfile.open(path, "w:gz") as archive:
            for name in (f"python/bin/python{version}", f"python/lib/python{version}/os.py",
                         f"python/lib/python{version}/test/test_os.py"):  # fmt: skip
                archive.addfile(tarfile.TarInfo(name), io.BytesIO())
        if is_right:
            assert interpreter.given(path, target, False) == interpreter.Interpreter("python/bin/python3.12", "3.12")
            assert [path.name for path in target.rglob("*.py")] == ["os.py"]
            assert os.access(target / "python/bin/python3.12", os.X_OK)
        else:
            with pytest.raises(BuildError, match=r"holds Python 3\.9, but layerw needs 3\.11"):
                interpreter.given(path, target, False)
    outside = tmp_path / "evil.tar.gz"
    with tarfile.open(outside, "w:gz") as archive:
        archive.addfile(tarfile.TarInfo("../../evil/bin/python3.12"), io.BytesIO())
    with pytest.raises(BuildError, match="is no archive that can be unpacked"):
        interpreter.given(outside, tmp_path, False)


@pytest.mark.skipif(shutil.which("ssh-keygen") is None, reason="ssh-keygen is not installed (openssh-client)")
def test_a_signature_is_of_this_author_and_of_these_files(tmp_path: Path) -> None:
    folder, key = tmp_path / "out", tmp_path / "key"
    folder.mkdir()
    (folder / "a file.txt").write_text("a")
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "me", "-f", key], check=True)
    seal(folder, key)
    (tmp_path / "authors").write_text(f"me@example.org {(tmp_path / 'key.pub').read_text()}")

    def verified() -> bool:
        command = ["ssh-keygen", "-Y", "verify", "-q", "-f", tmp_path / "authors", "-I", "me@example.org", "-n",
                   NAMESPACE, "-s", folder / SIGNATURE]
        told = (folder / SUMS).read_bytes()
        return subprocess.run(command, input=told, capture_output=True, check=False).returncode == 0

    assert verified()
    (folder / "a file.txt").write_text("b")
    seal(folder, None)
    assert not (folder / SIGNATURE).exists(), "an older signature is none of these sums"
    seal(folder, key)
    (folder / SUMS).write_text((folder / SUMS).read_text().replace("a file", "b file"))
    assert not verified()
    with pytest.raises(BuildError, match="signed nothing"):
        seal(folder, tmp_path / "authors")


def test_libraries_of_windows_that_are_lacking(tmp_path: Path) -> None:
    launcher = (resources.files("distlib") / "w64.exe").read_bytes()
    names = [name.lower() for name in imported(launcher)]
    assert "kernel32.dll" in names
    (tmp_path / "good.exe").write_bytes(launcher)
    assert lacking(tmp_path) == {}
    (tmp_path / "bad.pyd").write_bytes(launcher.replace(b"KERNEL32.dll", b"NOTTHERE.dll"))
    assert lacking(tmp_path) == {"notthere.dll": ["bad.pyd"]}
    (tmp_path / "NotThere.dll").write_bytes(b"MZ")
    assert lacking(tmp_path) == {}
    for end in range(0, len(launcher), 997):
        list(imported(launcher[:end]))  # nothing is raised


def test_the_oldest_glibc(tmp_path: Path) -> None:
    (tmp_path / "a.so").write_bytes(b"\x7fELF GLIBC_2.17 GLIBC_2.4")
    (tmp_path / "notes.txt").write_bytes(b"GLIBC_2.99")
    assert glibc_of(tmp_path) == "2.17"


def test_packages_that_only_the_target_asks_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rounds: list[list[str]] = []

    def pip(wanted: list[str], python: str, platform: wheels.Platform, target: Path) -> None:
        rounds.append(list(wanted))
        for name in wanted:
            folder = target / f"{name}-1.dist-info"
            folder.mkdir(exist_ok=True, parents=True)
            needs = "Requires-Dist: colorama; sys_platform == 'win32'\n" if name == "click" else ""
            (folder / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1\n{needs}")

    monkeypatch.setattr(wheels, "_pip", pip)
    assert wheels.install(["click"], "3.11", wheels.WINDOWS, tmp_path) == {"click": "1", "colorama": "1"}
    assert rounds == [["click"], ["click", "colorama"]]
    assert wheels.install(["click"], "3.11", wheels.linux("x86_64"), tmp_path / "linux") == {"click": "1"}


@pytest.mark.network
def test_what_has_no_wheel_is_said(tmp_path: Path) -> None:
    with pytest.raises(BuildError, match=r"uvloop.* has no wheel for win_amd64 and Python 3\.11"):
        wheels.install(["uvloop==0.22.1"], "3.11", wheels.WINDOWS, tmp_path)


def test_a_site_has_sums(program: Path, tmp_path: Path) -> None:
    def export(out: Path) -> SimpleNamespace:
        (out / "index.html").write_text("page")
        (out / "layerw-export.json").write_text(json.dumps({"files": sums(out)}))
        return SimpleNamespace(notes=["a note"], left_out=[])

    out = tmp_path / "site"
    report = build_app(program, Target.WEB, out, BuildOptions(), export=export)
    assert (report.start, report.notes) == ("index.html", ["a note"])
    subprocess.run(["sha256sum", "--check", "--strict", "--quiet", SUMS], cwd=out, check=True)
    assert json.loads((out / "layerw-export.json").read_bytes())["target"] == "web"
    assert build_app(program, Target.WEB, out, BuildOptions(), export=export).kept == []


@pytest.mark.parametrize(("arguments", "sentence"), [
    (["--size", "wide"], "is not WIDTHxHEIGHT"), (["--size", "9000x1"], "1 to 8192"), (["--frames", "0"], "1 or more")])
def test_options_of_what_was_built(arguments: list[str], sentence: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        shipped.main(Path("/nowhere"), "game", "main.py", arguments)
    assert sentence in capsys.readouterr().err


WHERE = """
import json, pathlib, sys

import layerw as lw

app = lw.App()
box = app.spawn(lw.Mesh.box(), position=(0, 1, 0))
app.store["visits"] = app.store.get("visits", 0) + 1

@app.frame
def frame(dt):
    files = [getattr(m, "__file__", None) for m in list(sys.modules.values())]
    mapped = [line.split()[-1] for line in open("/proc/self/maps") if ".so" in line]
    pathlib.Path.home().joinpath("seen.json").write_text(json.dumps([*filter(None, files), *mapped]))
"""


@pytest.mark.network
@pytest.mark.skipif(sys.platform != "linux", reason="this machine's Python is not Linux's")
def test_a_folder_for_linux_runs_alone(tmp_path: Path) -> None:
    """In an empty environment; every module, and every library but glibc and the driver's, is the folder's."""
    from PIL import Image

    found = subprocess.run([ROOT / "tools" / "adapter.sh"], capture_output=True, text=True, timeout=300, check=False)
    if found.returncode:
        pytest.skip(found.stderr.strip())
    program, out, home = tmp_path / "where.py", tmp_path / "made" / "out", tmp_path / "home"
    program.write_text(WHERE)
    home.mkdir()
    build = [sys.executable, "-m", "layerw_server", "build", program, out, "--linux"]
    done = subprocess.run(build, capture_output=True, text=True, timeout=500, check=False)
    assert done.returncode == 0, done.stderr
    assert re.search(r"players start where \(Python 3\.\d+, glibc 2\.\d+ or newer\)", done.stdout)
    program.unlink()
    folder = (out.parent / "moved to").absolute()
    out.rename(folder)

    def run(picture: Path) -> subprocess.CompletedProcess[str]:
        command = [folder / "where", "--picture", picture, "--size", "96x64", "--frames", "3"]
        return subprocess.run(command, env={"HOME": str(home), "PATH": "/usr/bin:/bin"}, cwd="/", capture_output=True,
                              text=True, timeout=240, check=False)  # fmt: skip

    ran = run(home / "a.png")
    assert ran.returncode == 0, ran.stderr
    red, green, blue = Image.open(home / "a.png").getpixel((48, 4))
    assert blue > red, "the sky is blue"
    names = json.loads((home / "seen.json").read_text())
    seen = {Path(os.path.normpath(name)) for name in names if name.startswith("/")}
    foreign = {str(path) for path in seen if not path.is_relative_to(folder)}
    assert {path for path in foreign if not re.match(r"(/usr)?/lib(64)?/", path)} == set()
    assert not [path for path in foreign if "python" in path]
    assert (home / ".local/share/where").is_dir(), "what it keeps has a place that does not move with the folder"
    subprocess.run(["sha256sum", "--check", "--strict", "--quiet", SUMS], cwd=folder, check=True)
    without = run(Path("/nowhere/a.png"))
    assert without.returncode == 1 and "error: " in without.stderr and "Traceback" not in without.stderr
