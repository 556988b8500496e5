"""`layerw new`: programs that run as they are, and nothing overwritten."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from layerw_server import cli
from layerw_server.cli.checks import Template
from layerw_server.tools import new
from tests.unit.test_app_contents import glb

from .test_notebook import Kernel, headless


@pytest.mark.parametrize("template", Template)
def test_a_new_program_passes_its_own_test(template: Template, tmp_path: Path) -> None:
    written = new.create(tmp_path / "my_game", template)
    assert written[0] == tmp_path / "my_game" / "main.py"
    done = subprocess.run([sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"], cwd=tmp_path / "my_game",
                          capture_output=True, text=True, timeout=120)  # fmt: skip
    assert done.returncode == 0 and re.search(r"[12] passed", done.stdout), done.stdout + done.stderr
    assert "failed" not in done.stdout and "skipped" not in done.stdout


def test_its_settings_are_well_formed_and_name_it(tmp_path: Path) -> None:
    new.create(tmp_path / "my_game", "empty")
    project = tomllib.loads((tmp_path / "my_game/pyproject.toml").read_text())
    assert project["project"]["name"] == "my-game"
    first = json.loads((tmp_path / "my_game/.vscode/launch.json").read_text())["configurations"][0]
    adapter = tmp_path / first["debugAdapterPath"].replace("${workspaceFolder}", "my_game")
    ast.parse(adapter.read_text())
    assert "main.py" in adapter.read_text() and first["program"].endswith("/main.py")
    settings = json.loads((tmp_path / "my_game/.vscode/settings.json").read_text())
    assert settings["python.testing.pytestEnabled"] is True
    assert json.loads((tmp_path / "my_game/.vscode/extensions.json").read_text())["recommendations"]
    assert "# My game" in (tmp_path / "my_game/README.md").read_text()


NAMES = ('a"b', '""" + evil', "$name ${x}", "{title}", "\\", "  ", "ümlaut", "x" * 120, "-", "a\nb")


@pytest.mark.parametrize("name", NAMES)
def test_a_folder_of_any_name_gives_a_program(name: str, tmp_path: Path) -> None:
    folder = tmp_path / name
    new.create(folder, "game")
    tree = ast.parse((folder / "main.py").read_text("utf-8"))
    assert ast.get_docstring(tree) and "catch the golden ball" in ast.get_docstring(tree)
    assert tomllib.loads((folder / "pyproject.toml").read_text("utf-8"))["project"]["name"]


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("mine")
    with pytest.raises(new.NewError, match=r"already has README\.md; nothing was written"):
        new.create(tmp_path, "empty")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["README.md"]
    assert (tmp_path / "README.md").read_text() == "mine"


def test_what_can_not_be_is_told(tmp_path: Path) -> None:
    with pytest.raises(new.NewError, match="no template gam; there are data, empty, game, multiplayer, notebook, vie"):
        new.create(tmp_path / "a", "gam")
    assert not (tmp_path / "a").exists()
    (tmp_path / "file").write_text("")
    with pytest.raises(new.NewError, match="is a file"):
        new.create(tmp_path / "file", "empty")


def status_of(*arguments: str) -> int:
    with pytest.raises(SystemExit) as caught:
        cli.main(["new", *arguments])
    return int(caught.value.code or 0)


def test_its_help_says_what_every_template_is(capsys: pytest.CaptureFixture[str], tmp_path: Path,
                                              monkeypatch: pytest.MonkeyPatch) -> None:  # fmt: skip
    assert sorted(one.value for one in Template) == new.templates()
    monkeypatch.setenv("COLUMNS", "400")
    assert status_of("--help") == 0
    shown = re.sub(r"[\s│]+", " ", capsys.readouterr().out)
    assert all(f"{one.value}: {one.says}" in shown for one in Template)
    assert status_of(str(tmp_path / "a"), "-t", "gam") == 2
    assert "'gam' is not one of" in re.sub(r"[\s│]+", " ", capsys.readouterr().err)


def test_what_it_says_to_type_can_be_typed(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    folder = tmp_path / "my game; rm"
    assert status_of(str(folder), "-t", "data") == 0
    err = capsys.readouterr().err.replace("\n", "")
    assert f"Now: cd '{folder}' && layerw run main.py" in err
    assert "pip install 'layerw[shot]' pytest" in (folder / "README.md").read_text("utf-8")


def test_the_viewer_shows_a_model_at_its_size(tmp_path: Path) -> None:
    folder = tmp_path / "viewer"
    program, *_ = new.create(folder, "viewer")
    (folder / "thing.glb").write_bytes(glb())
    program.write_text(program.read_text("utf-8").replace('MODEL = ""', 'MODEL = "thing.glb"'), "utf-8")
    with (folder / "tests/test_main.py").open("a", encoding="utf-8") as tests:
        tests.write("    assert main.model.state == \"ready\", main.model.error\n"
                    "    assert main.distance == 2.2 * main.model.radius != 4.0\n")
    done = subprocess.run([sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"], cwd=folder,
                          capture_output=True, text=True, timeout=120)  # fmt: skip
    assert done.returncode == 0 and "1 passed" in done.stdout, done.stdout + done.stderr


@pytest.mark.parametrize(("template", "extra", "command"), [("empty", "layerw", "run"),
                                                            ("notebook", "layerw[notebook]", "run"),
                                                            ("multiplayer", "layerw[headless]", "serve")])  # fmt: skip
def test_it_says_everywhere_what_it_needs(template: str, extra: str, command: str, tmp_path: Path) -> None:
    new.create(tmp_path, template)
    project = tomllib.loads((tmp_path / "pyproject.toml").read_text())["project"]
    assert project["dependencies"][0].startswith(f"{extra}>=")
    assert f"pip install '{extra}' pytest" in (tmp_path / ".github/workflows/test.yml").read_text()
    assert f"    layerw {command} main.py" in (tmp_path / "README.md").read_text()
    offered = json.loads((tmp_path / ".vscode/launch.json").read_text())["configurations"]
    assert [one["args"][0] for one in offered if one["name"].startswith("layerw ")] == [command]
    assert new.command(template) == f"layerw {command} main.py"


def test_cells_of_a_new_notebook_are_programs(tmp_path: Path) -> None:
    """All of its code runs in a kernel, but for what needs a notebook's page: there a test of its own plays it."""
    new.create(tmp_path, "notebook")
    cells = json.loads((tmp_path / "notebook.ipynb").read_text("utf-8"))["cells"]
    texts = ["".join(one["source"]) for one in cells if one["cell_type"] == "code"]
    kernel = Kernel()
    kernel.run(texts[2])
    files = kernel.program(texts[3])
    assert sorted(files) == ["kernel_values.py", "kernel_values/walk.npy", "main.py"]
    assert headless(files, tmp_path / "cell").returncode == 0
    assert cells[0]["source"][0].strip() == f"# {tmp_path.name[:1].upper()}{tmp_path.name[1:].replace('_', ' ')}"


def test_players_of_a_new_program_meet(tmp_path: Path) -> None:
    """Its server and a player, as its README starts them."""
    program, *_ = new.create(tmp_path, "multiplayer")
    with subprocess.Popen([sys.executable, "-m", "layerw_server", "serve", str(program), "--port", "0"],
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as serve:  # fmt: skip
        assert serve.stdout is not None
        try:
            told = next(line for line in serve.stdout if "serves main.py at" in line)
            address = told.split(" at ")[1].split()[0]
            done = subprocess.run([sys.executable, "-m", "layerw_server", "run", str(program), "--headless",
                                   "--connect", address, "--frames", "120", "--json"], capture_output=True, text=True,
                                  timeout=120, check=False)  # fmt: skip
        finally:
            serve.terminate()
    assert done.returncode == 0, done.stdout + done.stderr
    report = json.loads(done.stdout)
    assert report["entities"] == 1 + 12 + 1 and report["errors"] == [], "the field, the gems and the player"
