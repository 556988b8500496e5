"""The command line: help, one-sentence errors, exit status."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from layerw_server import cli
from layerw_server.cli import checks, commands

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def program(tmp_path: Path) -> Path:
    path = tmp_path / "hello.py"
    path.write_text("import layerw\n")
    return path


def run(*arguments: str, capsys: pytest.CaptureFixture[str]) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as caught:
        cli.main([str(argument) for argument in arguments])
    out, err = capsys.readouterr()
    code = caught.value.code
    return (code if isinstance(code, int) else 0 if code is None else 1), out, re.sub(r"\s+", " ", err)


@pytest.mark.parametrize("command", ["", "new", "run", "shot", "bake", "inspect", "export", "build", "doctor",
                                     "runtime"])  # fmt: skip
def test_help(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    status, out, _ = run(*command.split(), "--help", capsys=capsys)
    assert status == 0
    assert f"layerw {command}".strip() in out


@pytest.mark.parametrize(("arguments", "sentence"), [
    (["run", "missing.py"], "There is no program missing.py"),
    (["shot", "missing.py"], "There is no program missing.py"),
    (["run", "{folder}"], "is not a Python program"),
    (["run", "{program}", "--connect", "http://127.0.0.1:1/"], "--connect goes with --headless"),
    (["run", "{program}", "--frames", "600"], "--frames goes with --headless"),
    (["run", "{program}", "--json"], "--json goes with --headless"),
    (["shot", "{program}", "--backend", "null", "--out", "a.png"], "null draws nothing, so a.png can't be written"),
    (["shot", "{program}", "--out", "a.gif"], "--out is a.gif, expected the name of a .png file"),
    (["shot", "{program}", "--out", "{program}/x/a.png"], "x/a.png can't be made"),
    (["bake", "x.npz", "w", "--heights-m", "9:3"], "expected LOW:HIGH in metres"),
    (["shot", "{program}", "--audio", "a.mp3"], "--audio is a.mp3, expected the name of a .wav file"),
    (["shot", "{program}", "--size", "wide"], "--size is 'wide', expected WIDTHxHEIGHT"),
    (["shot", "{program}", "--size", "9000x10"], "each side must be 1 to 8192 pixels"),
    (["shot", "{program}", "--budget", "gpu_mib=lots"], "--budget is 'gpu_mib=lots'"),
    (["shot", "{program}", "--budget", "cpu_mib=1"], "the names are heap_mib"),
    (["bake", "only-one"], "bake needs SOURCE OUT"),
    (["build", "{program}", "out"], "build needs one of --linux, --windows and --web"),
    (["build", "{program}", "out", "--linux", "--web"], "build needs one of --linux, --windows and --web"),
    (["build", "{program}", "out", "--web", "--python", "x.zip"], "--python goes with --linux and --windows"),
    (["build", "missing.py", "out", "--linux"], "There is no program missing.py"),
    (["build", "{program}", "{folder}/out", "--windows"], "embeddable package"),
    (["bake", "a.npz", "out", "--procedural", "island"], "bake needs SOURCE OUT"),
    (["bake", "missing.npz", "{folder}/out"], "missing.npz"),
])
def test_bad_input_is_one_sentence(arguments: list[str], sentence: str, program: Path,
                                   capsys: pytest.CaptureFixture[str]) -> None:
    filled = [text.format(folder=program.parent, program=program) for text in arguments]
    status, out, err = run(*filled, capsys=capsys)
    assert (status, out) == (1, "")
    assert sentence in err
    assert "Traceback" not in err


def test_taken_port_is_known_before_anything_is_obtained(program: Path, capsys: pytest.CaptureFixture[str],
                                                         monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(commands, "ensure_runtime", lambda: pytest.fail("the runtime was asked for"))
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        status, _, err = run("run", str(program), "--port", str(port), capsys=capsys)
    assert status == 1
    assert f"Port {port} on 127.0.0.1 is taken" in err


def test_run_hands_its_options_to_the_server(program: Path, monkeypatch: pytest.MonkeyPatch,
                                             capsys: pytest.CaptureFixture[str]) -> None:
    calls: list[tuple[Any, Any]] = []

    def serve(*args: Any, **options: Any) -> None:
        calls.append((args, options))
        options["on_ready"]("http://127.0.0.1:5/")

    fake = SimpleNamespace(serve=serve, has_browser=lambda: False)
    monkeypatch.setattr(checks, "piece", lambda _name: fake)
    monkeypatch.setattr(commands, "ensure_runtime", lambda: Path("/runtime"))
    status, out, _ = run("run", str(program), "--port", "0", "--backend", "webgl2", "--thread", "main",
                         "--allow-origin", "http://a.example", capsys=capsys)
    assert status == 0
    assert out == "layerw is ready at http://127.0.0.1:5/?backend=webgl2&thread=main (Ctrl-C ends it)\n"
    assert calls[0][0] == (program, 0, "127.0.0.1")
    assert calls[0][1]["allow_origins"] == ["http://a.example"]


def test_shot_hands_over_and_keeps_the_exit_status(program: Path, monkeypatch: pytest.MonkeyPatch,
                                                   capsys: pytest.CaptureFixture[str]) -> None:
    seen: dict[str, Any] = {}
    fake = SimpleNamespace(shot=lambda *_args, **options: seen.update(options) or 1)
    monkeypatch.setattr(checks, "piece", lambda _name: fake)
    monkeypatch.setattr(commands, "ensure_runtime", lambda: Path("/runtime"))
    status, _, _ = run("shot", str(program), "--size", "32x16", "--frames", "3", "--budget", "gpu_mib=64", "--json",
                       capsys=capsys)
    assert status == 1
    assert (seen["size"], seen["frames"], seen["budgets"], seen["json"]) == ((32, 16), 3, {"gpu_mib": 64.0}, True)


def test_missing_pieces_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(commands.CommandError, match=r"has no layerw_server\.no_such_piece"):
        checks.piece("no_such_piece")
    monkeypatch.setattr(checks.importlib.util, "find_spec", lambda _name: None)
    with pytest.raises(commands.CommandError, match="needs Playwright"):
        checks.playwright()


def test_unexpected_errors_keep_their_traceback(program: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any, **__: Any) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(commands.checks, "program", broken)
    with pytest.raises(ZeroDivisionError):
        cli.main(["run", str(program)])


def shell(script: str, **environment: str) -> tuple[int, str]:
    done = subprocess.run(["sh", f"tools/{script}.sh", "/nonexistent/venv"], cwd=ROOT, capture_output=True, text=True,
                          env={**os.environ, **environment}, timeout=60, check=False)
    return done.returncode, done.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="shell scripts")
def test_setup_says_what_is_missing(tmp_path: Path) -> None:
    assert shell("install", PYTHON="no-such-python")[1].startswith("error: no-such-python is not installed")
    old, bare = tmp_path / "old", tmp_path / "bare"
    old.write_text("#!/bin/sh\n[ \"$1\" = --version ] && echo Python 3.9.1 && exit 0\nexit 1\n")
    bare.write_text("#!/bin/sh\ncase \"$2\" in *ensurepip*) exit 1;; esac\nexit 0\n")
    for path in (old, bare):
        path.chmod(0o755)
    assert "Python 3.9.1 is too old" in shell("install", PYTHON=str(old))[1]
    assert "apt install python3-venv" in shell("install", PYTHON=str(bare))[1]


@pytest.mark.skipif(sys.platform == "win32", reason="shell scripts")
def test_chromium_messages(tmp_path: Path) -> None:
    assert shell("chromium", LAYERW_CHROMIUM="/no/chromium") == (
        1, "error: LAYERW_CHROMIUM names /no/chromium, which is not an executable file.\n")
    (tmp_path / "id").write_text("#!/bin/sh\necho 1000\n")
    (tmp_path / "id").chmod(0o755)
    (tmp_path / "sh").symlink_to("/bin/sh")
    status, err = shell("chromium", PATH=str(tmp_path), LAYERW_CHROMIUM="")
    assert status == 1
    assert "no Chromium was found" in err


def test_the_folder_of_a_picture_is_made(tmp_path: Path) -> None:
    checks.picture(tmp_path / "a/b/shot.png", checks.Backend.AUTO)
    assert (tmp_path / "a/b").is_dir()
    checks.picture(None, checks.Backend.NULL)


def test_python_m_layerw_is_the_command() -> None:
    done = subprocess.run([sys.executable, "-m", "layerw", "--version"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.split()[0], done.stderr) == (0, "layerw", "")


def test_a_wheel_never_advises_make(monkeypatch: pytest.MonkeyPatch) -> None:
    from layerw_server.http.serve import _bind_message
    from layerw_server.runtime import installation

    assert "make setup" in installation.repair()
    monkeypatch.setattr(installation, "is_checkout", lambda: False)
    monkeypatch.setattr("layerw_server.http.serve.is_checkout", lambda: False)
    taken = _bind_message("127.0.0.1", 8000, OSError(98, "in use"))
    for text in (installation.repair(), installation.repair("shot"), taken):
        assert not re.search(r"\bmake\b", text), text
    assert installation.repair("shot") == "run `pip install --upgrade 'layerw[shot]'`"


def test_ctrl_c_has_one_exit_status(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(checks, "program", stop)
    for command in ("run", "shot"):
        assert run(command, "x.py", capsys=capsys)[0] == 130


def test_a_folder_stands_for_its_main(tmp_path: Path) -> None:
    (tmp_path / "main.py").write_text("", encoding="utf-8")
    assert checks.program(tmp_path) == tmp_path / "main.py" == checks.program(tmp_path / "main.py")
