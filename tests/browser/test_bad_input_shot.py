"""Bad input on the command line: `layerw shot` of each ends with status 1 and names the fault once, on stderr."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.unit.gltf_support import triangle

from .test_bad_input import tileset, write_bad

BEGIN = "import layerw as lw\napp = lw.App()\napp.spawn(lw.Mesh.box(), lw.Material(color='tomato'))\n"
FRAME = BEGIN + "@app.frame\ndef update(dt):\n    "
# Everything wrong in one program, by the words of its one message; a process for what the frame function raises.
CONTENT = {
    "app.stream('missing')": ["missing/no.glb", "HTTP 404"],
    "app.stream('corrupt')": ["corrupt/tile.glb", "version"],
    "app.stream('hash')": ["hash/tile.0123456789abcdef.glb", "sha256"],
    "app.stream('cycle')": ["cycle/tileset.json", "itself"],
    "app.load('cut.glb')": ["cut.glb", "900 bytes"],
    "app.load('outside.gltf')": ["outside.gltf", "4800 bytes"],
}
RAISED = {
    "wrong_name": ["NameError", "main.py", "in update"],
    "app.spawn_many(lw.Mesh.box(), 3, position=[[1.0, 2.0]])": ["ShapeError", "in update"],
}


def write_broken(folder: Path) -> None:
    write_bad(folder)
    for name, tile in (("missing", "no.glb"), ("corrupt", "tile.glb"), ("hash", "tile.0123456789abcdef.glb")):
        (folder / name).mkdir()
        (folder / name / "tileset.json").write_text(tileset(tile))
    (folder / "corrupt" / "tile.glb").write_bytes(b"glTF" + bytes(range(256)) * 8)
    text = json.dumps(triangle()).encode()
    (folder / "hash" / "tile.0123456789abcdef.glb").write_bytes(text)


def run_shot(folder: Path, program: str) -> subprocess.CompletedProcess[str]:
    """The program beside everything that is broken, in a process of its own."""
    write_broken(folder)
    (folder / "main.py").write_text(program, encoding="utf-8")
    command = [sys.executable, "-m", "layerw_server", "shot", str(folder / "main.py"), "--backend", "null",
               "--size", "96x64", "--frames", "5", "--settled", "--json"]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


def says_what_is_wrong(ended: subprocess.CompletedProcess[str], faults: list[list[str]]) -> None:
    """Each once, in the report and on stderr; the rest ran."""
    assert ended.returncode == 1, ended.stderr
    report = json.loads(ended.stdout)
    for words in faults:
        found = [text for text in report["errors"] if all(word in text for word in words)]
        assert len(found) == 1 and found[0] in ended.stderr, (words, report["errors"])
    assert len(report["errors"]) == len(faults)
    assert report["frames"] >= 5 and report["draws"] >= 1, "the rest keeps running"


def test_a_shot_of_bad_content_says_what_is_wrong(tmp_path: Path, runtime_dir: Path) -> None:
    says_what_is_wrong(run_shot(tmp_path, BEGIN + "\n".join(CONTENT)), list(CONTENT.values()))


@pytest.mark.parametrize("line", RAISED)
def test_a_shot_of_a_raising_frame_function_says_what_is_wrong(tmp_path: Path, runtime_dir: Path, line: str) -> None:
    says_what_is_wrong(run_shot(tmp_path, FRAME + line), [RAISED[line]])


def test_a_shot_of_a_model_with_an_image_left_out_says_so(tmp_path: Path, runtime_dir: Path) -> None:
    """One that is too large, a file without bytes, a data URI without any."""
    names = ["huge.gltf", "none.gltf", "blank.gltf"]
    ended = run_shot(tmp_path, BEGIN + "\n".join(f"app.load({name!r})" for name in names))
    report = json.loads(ended.stdout)
    assert ended.returncode == 0, ended.stderr
    models = {model["url"]: model for model in report["models"]}
    assert [(models[name]["state"], models[name]["error"]) for name in names] == [("ready", "")] * 3
    assert all("images[0]" in " ".join(models[name]["warnings"]) for name in names), models
    assert "65536" in " ".join(models["huge.gltf"]["warnings"])


def test_a_shot_of_good_input_ends_with_status_0(tmp_path: Path, runtime_dir: Path) -> None:
    """Else the statuses above show nothing."""
    ended = run_shot(tmp_path, BEGIN + "app.load('good.gltf')")
    assert (ended.returncode, ended.stderr) == (0, ""), ended.stderr
