"""The files of a program's folder on the page: `open()` is plain Python, whatever the names, on either thread."""

from __future__ import annotations

import hashlib
import zipfile
from pathlib import Path

import pytest

from layerw_server.runtime.packages import PageWheel, PageWheels

from .conftest import RunProgram
from .harness import CUBE, Running, write_program

ODD_NAMES = ("50% off.glb", "a#b.glb", "my  box.glb", "кубик é.glb", "a%23b.glb")

READER = CUBE + """
import json, os
import hashlib
import zipfile
from pathlib import Path
assert json.load(open("level.json")) == {"name": "ä"}
assert os.path.getsize("late.bin") == 100_000, "known before it is fetched"
late = Path(__file__).parent / "late.bin"
assert late.read_bytes() == bytes(range(250)) * 400
assert late.read_bytes()[-1] == 249, "a second time from memory"
with open("fresh.bin", "wb") as file:
    file.write(b"new")
assert open("fresh.bin", "rb").read() == b"new"
assert np.load("data/deep/grid.npy").sum() == 6
assert sorted(os.listdir("data")) == ["deep", "empty.txt"] and open("data/empty.txt").read() == ""
assert open("elsewhere/notes.md").read() == "mounted"
for name in ("absent.json",):
    try:
        open(name)
    except FileNotFoundError as error:
        print("missing:", error.filename)
models = [app.load("models/" + name) for name in ODD_NAMES]
""".replace("import json", "import numpy as np\nimport json").replace("ODD_NAMES", repr(ODD_NAMES))

STATES = "import sys\n' '.join(m.error or m.state for m in sys.modules['__main__'].models)"
EMPTY = '{"asset":{"version":"2.0"},"scenes":[{"nodes":[]}],"scene":0}'


def write_files(folder: Path) -> Path:
    """A program that reads everything which lies beside it."""
    import numpy as np

    program = write_program(folder, {"main.py": READER, "level.json": '{"name": "ä"}', "data/empty.txt": "",
                                     "notes/notes.md": "mounted"})
    (folder / "late.bin").write_bytes(bytes(range(250)) * 400)
    (folder / "fresh.bin").write_bytes(b"old")
    (folder / "data/deep").mkdir()
    np.save(folder / "data/deep/grid.npy", np.arange(4))
    (folder / "models").mkdir()
    text = EMPTY.encode() + b" " * (-len(EMPTY) % 4)
    glb = (b"glTF" + (2).to_bytes(4, "little") + (20 + len(text)).to_bytes(4, "little")
           + len(text).to_bytes(4, "little") + b"JSON" + text)
    for name in ODD_NAMES:
        (folder / "models" / name).write_bytes(glb)
    return program


def check(running: Running) -> None:
    """Every line of the program held, and the odd names were loaded."""
    running.wait_ready()
    for _ in range(100):
        found = running.python(STATES)
        if "loading" not in found:
            break
        running.frames(1)
    assert found == " ".join(["ready"] * len(ODD_NAMES))
    running.baseline = running.counts()  # the loads of the first frames are over


@pytest.mark.parametrize("thread", ["worker", "main"])
def test_open_reads_what_lies_beside_the_program(
    run_program: RunProgram, tmp_path: Path, thread: str,
) -> None:
    program = write_files(tmp_path / "files")
    running = run_program(program, serve={"folders": {"elsewhere": tmp_path / "files/notes"}}, backend="null",
                          thread=thread)
    check(running)
    assert running.errors.texts == []


def test_a_package_of_the_program_is_imported(run_program: RunProgram, tmp_path: Path) -> None:
    """Its wheel is checked by the browser against the sum in the manifest; a compiled one takes the same way."""
    digest = hashlib.sha256()
    path = tmp_path / "wheels/noisy-1.0.whl"
    path.parent.mkdir()
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("noisy/__init__.py", "VERSION = '1.0'\n")
        archive.writestr("noisy-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: noisy\nVersion: 1.0\n")
        archive.writestr("noisy-1.0.dist-info/RECORD", "")
    digest.update(path.read_bytes())
    wheel = PageWheel("noisy", "1.0", path.name, digest.hexdigest(), path.stat().st_size, ["noisy"])
    program = CUBE + "\nimport noisy, importlib.metadata\nassert importlib.metadata.version('noisy') == noisy.VERSION\n"
    wheels = PageWheels(path.parent, (wheel,))
    run_program(program, serve={"wheels": wheels}, backend="null").wait_ready()
    path.write_bytes(path.read_bytes() + b"!")
    again = write_program(tmp_path / "again", program)  # a folder of its own: the first page reloads on changes
    running = run_program(again, serve={"wheels": wheels}, backend="null")
    assert "The package noisy could not be fetched" in running.wait_error()


def test_the_terminal_repeats_what_the_page_prints(run_program: RunProgram) -> None:
    said: list[tuple[int, str]] = []
    program = CUBE + """
import sys, warnings
print("gr\u00fc\u00dfe \U0001f3b2")
print("to stderr", file=sys.stderr)
warnings.warn("careful")
@app.frame
def planted(dt):
    raise RuntimeError("planted")
"""
    running = run_program(program, serve={"on_log": lambda level, text: said.append((level, text))}, backend="null")
    running.wait_error()
    for _ in range(50):
        if any("planted" in text for _, text in said):
            break
        running.page.wait_for_timeout(100)
    assert (0, "gr\u00fc\u00dfe \U0001f3b2") in said and (1, "to stderr") in said
    assert any(level == 1 and "careful" in text for level, text in said)
    (error,) = [text for level, text in said if level >= 2]
    assert "RuntimeError: planted" in error and "main.py" in error
