"""`layerw new FOLDER`: a program with its tests, its CI and its editor's settings, from a template.

Owns: the files beside the program. The programs are templates/NAME.py.in; cli/checks.py says what each is.
Does not: overwrite anything.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from string import Template
from typing import Any

from .. import __version__

SUFFIX = ".py.in"
TITLE_MAX = 60
_UNSAFE = re.compile(r"[^0-9A-Za-z _.\-]")


class NewError(Exception):
    """The folder can't be made; the text says why."""


TEST = '''"""Runs the program without a browser, a second of it. `layerw shot main.py` tries it in Chromium."""

import main


def test_it_runs_for_a_second():
    main.app.host.step(main.app, frames=60)
    assert main.app.report()["errors"] == []
'''
NUMPY = "import main", "import numpy as np\n\nimport main"
PLAYERS_TEST = TEST.replace(*NUMPY) + '''

def test_nobody_leaves_the_field_or_runs_faster_to_a_corner():
    place = (0.0, 0.45, 0.0)
    for _ in range(600):
        before, place = place, main.stepped(place, np.array([1.0, 1.0]), 1 / 60)
        assert np.linalg.norm(np.subtract(place, before)) <= main.SPEED / 60 + 1e-6
    assert place[0] == main.SIDE_M / 2 - 0.5 == -place[2]
'''
PROJECT = """[project]
name = "$name"
version = "0.1.0"
requires-python = ">=3.11"
dependencies = ["$layerw>=$version"]

[project.optional-dependencies]
dev = ["layerw[shot]", "pytest>=8"]

[tool.pytest.ini_options]
pythonpath = ["."]
"""
CI = """name: test
on: [push, pull_request]
jobs:
  test:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - uses: actions/setup-python@v5
        with: {python-version: "3.12"}
      - run: pip install '$layerw' pytest
      - run: pytest -q
"""
README = """# $title

    pip install '$all' pytest
$start    pytest                      # a second of it without a browser
    layerw shot main.py --out picture.png
    layerw export main.py site  # a folder for any static host
"""
SETTINGS = {"python.testing.pytestEnabled": True, "python.testing.unittestEnabled": False,
            "python.testing.pytestArgs": ["-q"], "files.exclude": {"**/__pycache__": True}}  # fmt: skip
EXTENSIONS = {"recommendations": ["ms-python.python", "ms-python.debugpy"]}
RUN = "    layerw run main.py          # in the browser; what you save is running a moment later\n"


@dataclass(frozen=True)
class Kind:
    """What differs between templates. extra: of layerw, that the program needs; command: that shows it."""

    extra: str = ""
    command: str = "run"
    start: str = RUN
    test: str = TEST


SERVE = "    layerw serve main.py        # open its address twice; `layerw swarm main.py` sends more players\n"
NOTEBOOK = "    pip install jupyterlab && jupyter lab notebook.ipynb\n" + RUN
NOTEBOOK_TEST = TEST + '''

def test_what_the_notebook_sends_is_shown():
    main.app.host.page_send("points", np.zeros((50, 3), np.float32))
    main.app.host.step(main.app, frames=2)
    assert len(main.boxes) == 50
'''
KINDS = {  # those that differ
    "multiplayer": Kind(extra="headless", command="serve", start=SERVE, test=PLAYERS_TEST),
    "notebook": Kind(extra="notebook", start=NOTEBOOK, test=NOTEBOOK_TEST.replace(*NUMPY)),
}
# What the debugger of "debug in the browser" is.
ADAPTER = '''\
"""VS Code starts this for "debug in the browser": it serves main.py, where `layerw run` does not yet, and debugs it."""

from pathlib import Path

from layerw_server.debugging.adapter import main

main(str(Path(__file__).resolve().parents[1] / "main.py"))
'''


def create(folder: Path, template: str) -> list[Path]:
    """Write the files of a program into `folder`, which is made; return them, the program first.

    Raises:
        NewError: the folder has files that would be overwritten, or is a file; or there is no such template.
    """
    if template not in templates():
        raise NewError(f"There is no template {template}; there are {', '.join(templates())}.")
    if folder.exists() and not folder.is_dir():
        raise NewError(f"{folder} is a file; give a folder that is new or empty.")
    texts = _texts(_title(folder), template)
    taken = [name for name in texts if (folder / name).exists()]
    if taken:
        raise NewError(f"{folder} already has {', '.join(taken)}; nothing was written. Give another folder.")
    for name, text in texts.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8", newline="\n")
    return [folder / name for name in texts]


def command(template: str) -> str:
    """What shows a program of this template, typed in its folder."""
    return f"layerw {KINDS.get(template, Kind()).command} main.py"


def templates() -> list[str]:
    """The names of those that there are, sorted."""
    return sorted(path.name.removesuffix(SUFFIX) for path in _folder().iterdir() if path.name.endswith(SUFFIX))


def _folder() -> Traversable:
    return files("layerw_server.tools").joinpath("templates")


def _title(folder: Path) -> str:
    """Of the folder's name, without what would end a string of Python or a name of TOML."""
    name = _UNSAFE.sub(" ", folder.resolve().name).strip(" ._-")[:TITLE_MAX]
    return (name[:1].upper() + name[1:].replace("_", " ").replace("-", " ")) or "Program"


def _texts(title: str, template: str) -> dict[str, str]:
    kind = KINDS.get(template, Kind())
    words = {"title": title, "name": re.sub(r"[^0-9a-z]+", "-", title.lower()).strip("-") or "program",
             "version": __version__, "start": kind.start, "layerw": _layerw(kind.extra),
             "all": _layerw(kind.extra, "shot")}  # fmt: skip
    program = _folder().joinpath(f"{template}{SUFFIX}").read_text("utf-8")
    shapes = {"main.py": program, "tests/test_main.py": kind.test, "pyproject.toml": PROJECT, "README.md": README,
              ".github/workflows/test.yml": CI, ".gitignore": "__pycache__/\n.venv/\nsite/\n"}  # fmt: skip
    texts = {name: Template(text).substitute(words) for name, text in shapes.items()}
    beside = _folder().joinpath(f"{template}.ipynb.in")
    if beside.is_file():
        texts["notebook.ipynb"] = Template(beside.read_text("utf-8")).substitute(words)
    settings = {"launch": _launch(kind.command), "settings": SETTINGS, "extensions": EXTENSIONS}
    texts |= {f".vscode/{name}.json": json.dumps(value, indent=2) + "\n" for name, value in settings.items()}
    return texts | {".vscode/layerw_debug.py": ADAPTER}


def _layerw(*extras: str) -> str:
    wanted = ",".join(extra for extra in extras if extra)
    return f"layerw[{wanted}]" if wanted else "layerw"


def _launch(command: str) -> dict[str, Any]:
    """What VS Code's "Run and Debug" offers."""
    return {"version": "0.2.0", "configurations": [
        {"name": "debug in the browser", "type": "debugpy", "request": "launch",
         "program": "${workspaceFolder}/main.py",
         "debugAdapterPath": "${workspaceFolder}/.vscode/layerw_debug.py"},
        {"name": f"layerw {command}", "type": "debugpy", "request": "launch", "module": "layerw_server",
         "args": [command, "main.py"], "console": "integratedTerminal"},
        {"name": "tests", "type": "debugpy", "request": "launch", "module": "pytest", "args": ["-q"]},
    ]}  # fmt: skip
