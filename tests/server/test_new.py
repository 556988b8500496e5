"""`layerw new`: programs that run as they are, and nothing overwritten."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from layerw_server.tools import new


@pytest.mark.parametrize("template", new.TEMPLATES)
def test_a_new_program_passes_its_own_test(template: str, tmp_path: Path) -> None:
    written = new.create(tmp_path / "my_game", template)
    assert written[0] == tmp_path / "my_game" / "main.py"
    done = subprocess.run([sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"], cwd=tmp_path / "my_game",
                          capture_output=True, text=True, timeout=120)  # fmt: skip
    assert done.returncode == 0 and "1 passed" in done.stdout, done.stdout + done.stderr


def test_its_settings_are_well_formed_and_name_it(tmp_path: Path) -> None:
    new.create(tmp_path / "my_game", "empty")
    project = tomllib.loads((tmp_path / "my_game/pyproject.toml").read_text())
    assert project["project"]["name"] == "my-game"
    assert json.loads((tmp_path / "my_game/.vscode/launch.json").read_text())["configurations"][0]["args"][0] == "run"
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
    with pytest.raises(new.NewError, match="no template gam; there are empty, game, viewer, data"):
        new.create(tmp_path / "a", "gam")
    assert not (tmp_path / "a").exists()
    (tmp_path / "file").write_text("")
    with pytest.raises(new.NewError, match="is a file"):
        new.create(tmp_path / "file", "empty")
