"""`lw.show` without a notebook: what a cell is as a program, what can't travel, and what is said without a cell."""

from __future__ import annotations

import linecache
import math
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import layerw as lw
from layerw import notebooks
from layerw_server.tools.notebook import cell

CELL = """
app = lw.App()
dots = app.spawn_many(lw.Mesh.box(0.1), len(points), position=points)

@app.frame
def turn(dt):
    dots.rotate(y=speed * dt * lean(dt))

lw.show(app)
"""


class Kernel:
    """A notebook's kernel, as far as cells go: code from nowhere, with its text in linecache."""

    def __init__(self) -> None:
        self.scope: dict[str, Any] = {"__name__": "__main__", "lw": lw, "np": np, "math": math}
        self.cells = 0

    def run(self, text: str) -> str:
        self.cells += 1
        file = f"<ipython-input-{self.cells}>"
        linecache.cache[file] = (len(text), None, text.splitlines(True), file)
        exec(compile(text, file, "exec"), self.scope)
        return file

    def program(self, text: str, **values: Any) -> dict[str, bytes]:
        file = self.run(text.replace("lw.show(app)", ""))
        return cell.program_of(cell.source_of(file), self.scope["app"], self.scope, values)


def headless(files: dict[str, bytes], folder: Path, frames: int = 5) -> subprocess.CompletedProcess[str]:
    for name, data in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    command = [sys.executable, "-m", "layerw_server", "run", "main.py", "--headless", "--frames", str(frames)]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120, check=False)


def test_a_cell_takes_along_what_it_uses_and_runs_alone(tmp_path: Path) -> None:
    kernel = Kernel()
    kernel.run("half = 0.5\ndef lean(dt):\n    return 1 + half * math.sin(dt)\nunused = object()")
    kernel.scope |= {"points": np.zeros((7, 3), np.float32), "speed": np.float32(2)}
    files = kernel.program(CELL)
    assert sorted(files) == ["kernel_values.py", "kernel_values/points.npy", "main.py"]
    text = files["kernel_values.py"].decode()
    assert "def lean(dt)" in text and "half = 0.5" in text and "import math" in text and "unused" not in text
    assert "speed = np.float32(2.0)" in text and "import layerw as lw" in text
    done = headless(files | {"main.py": files["main.py"] + b"\nprint(len(dots), speed)\n"}, tmp_path)
    assert done.returncode == 0 and "7 2.0" in done.stdout, done.stdout + done.stderr


def test_given_values_come_first_and_a_cell_alone_is_itself() -> None:
    kernel = Kernel()
    kernel.scope["points"] = np.zeros((1, 3))
    files = kernel.program("app = lw.App()\nmany = len(points)\n", points=np.ones((9, 3)))
    assert len(np.load(__import__("io").BytesIO(files["kernel_values/points.npy"]))) == 9
    alone = "import layerw as lw\napp = lw.App()\n"
    assert kernel.program(alone) == {"main.py": alone.encode()}


def test_members_of_modules_are_imported_and_classes_of_cells_copied(tmp_path: Path) -> None:
    kernel = Kernel()
    kernel.run("from collections import Counter as Tally\nclass Base:\n    many = 3\nclass Thing(Base):\n    pass")
    files = kernel.program("import layerw as lw\napp = lw.App()\ntold = Tally(a=Thing.many)\n")
    text = files["kernel_values.py"].decode()
    assert "from collections import Counter as Tally" in text
    assert text.index("class Base") < text.index("class Thing")
    assert headless(files, tmp_path).returncode == 0


@pytest.mark.parametrize(("value", "said"), [
    (object(), r"uses thing, <object object.*which can't go to the page: modules, functions"),
    (np.array([object()]), "uses thing"), ({"a": object()}, "uses thing"),
    (Counter.most_common, "within another function or class")])  # fmt: skip
def test_what_can_not_travel_is_told(value: object, said: str) -> None:
    kernel = Kernel()
    kernel.scope["thing"] = value
    with pytest.raises(lw.LayerwError, match=said):
        kernel.program("app = lw.App()\nuse = thing\n")


def test_the_cell_is_the_one_that_makes_the_app() -> None:
    kernel = Kernel()
    kernel.run("app = lw.App()")
    with pytest.raises(lw.LayerwError, match="belongs into the cell that makes the app"):
        cell.program_of("lw.show(app)", kernel.scope["app"], kernel.scope, {})
    with pytest.raises(lw.LayerwError, match="found no cell"):
        cell.source_of("<nothing>")
    kernel.scope["get_ipython"] = lambda: None
    with pytest.raises(lw.LayerwError, match="% or !"):
        kernel.program("app = lw.App()\nget_ipython\n".replace("get_ipython", "print(get_ipython)"))


@pytest.mark.parametrize(("options", "said"), [
    ({"height": 10}, "height is 10"), ({"backend": "vulkan"}, "backend is 'vulkan'"),
    ({"port": 99999}, "port is 99999"), ({"program": 5}, "it takes the cell's App"),
    ({"program": "none.py"}, "found no program at none.py"),
    ({"values": 3}, "it takes a dict")])  # fmt: skip
def test_wrong_arguments_are_told(options: dict[str, Any], said: str) -> None:
    given = {"program": Path(__file__)} | options
    with pytest.raises(lw.LayerwError, match=said):
        lw.show(given.pop("program"), **given)


def test_in_the_page_it_is_silent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(notebooks.sys, "platform", "emscripten")
    view = lw.show(object())
    view.send("a", 1)
    assert view.on("a")(len) is len
    view.close()


def test_nothing_of_it_is_imported_by_other_programs() -> None:
    code = ("import sys, layerw as lw; lw.App(); print([m for m in sys.modules if m == 'anywidget' or "
            "m.startswith(('layerw.notebooks', 'layerw_server'))])")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
