"""Bad input in a running program: each gives one clear message, and what else there is keeps being drawn.

Broken tiles are in test_streaming.py, missing and cut models in test_gltf.py, start errors in test_boot.py.
"""

from __future__ import annotations

import json
import struct
import zlib
from pathlib import Path
from typing import Any

from tests.unit.gltf_support import triangle

from .conftest import RunProgram
from .harness import Running
from .worlds import different, pixels

DEEP = 100_000
PROGRAM = """
import layerw as lw
app = lw.App()
box, look = lw.Mesh.box(), lw.Material(color="tomato")
cube = app.spawn(box, look)
turned = 0

@app.frame
def good(dt):
    global turned
    turned += 1
    cube.rotate(y=0.05)
"""
ADDED = """
@app.frame
def broken(dt):
    wrong()

@app.frame
def misshapen(dt):
    app.spawn_many(box, 3, look, position=[[1.0, 2.0]])
"""


def png_header(side: int) -> bytes:
    """A PNG that says how large it is, and ends there."""
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0))
            + chunk(b"IDAT", b"") + chunk(b"IEND", b""))


def tileset(uri: str) -> str:
    box = {"box": [0, 0, 0, 50, 0, 0, 0, 50, 0, 0, 0, 50]}
    root = {"boundingVolume": box, "geometricError": 100, "refine": "REPLACE", "content": {"uri": uri}}
    return json.dumps({"asset": {"version": "1.1"}, "geometricError": 200, "root": root})


def write_bad(folder: Path) -> None:
    """The program, a good model, and everything that is wrong."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "main.py").write_text(PROGRAM, encoding="utf-8")
    (folder / "t.bin").write_bytes(bytes(12) + b"\0\0\x80?" + bytes(20) + bytes([0, 0, 1, 0, 2, 0, 0, 0]))
    (folder / "good.gltf").write_text(json.dumps(triangle(uri="t.bin")))
    huge = triangle(uri="t.bin", textures=1)
    huge["accessors"].append({"bufferView": 0, "componentType": 5126, "count": 3, "type": "VEC2"})
    huge["meshes"][0]["primitives"][0]["attributes"]["TEXCOORD_0"] = 2
    (folder / "huge.gltf").write_text(json.dumps(huge))
    (folder / "t0.png").write_bytes(png_header(65_536))
    (folder / "none.png").write_bytes(b"")
    for name, uri in (("none.gltf", "none.png"), ("blank.gltf", "data:image/png;base64,")):
        (folder / name).write_text(json.dumps(huge | {"images": [{"uri": uri}]}))
    outside = triangle(uri="t.bin")
    outside["accessors"][0]["count"] = 400
    (folder / "outside.gltf").write_text(json.dumps(outside))
    (folder / "deep.gltf").write_text('{"asset":{"version":"2.0"},"extras":' + "[" * DEEP + "]" * DEEP + "}")
    (folder / "cut.glb").write_bytes(b"glTF" + struct.pack("<II", 2, 900) + bytes(20))
    for name, text in (("cycle", tileset("tileset.json")), ("deep", "[" * DEEP + "]" * DEEP), ("cut", '{"asset": {')):
        (folder / name).mkdir()
        (folder / name / "tileset.json").write_text(text)


MODELS = {"outside.gltf": "4800 bytes", "deep.gltf": "nest", "cut.glb": "900 bytes",
          "absent.glb": "HTTP 404"}
WORLDS = {"cycle": "itself", "deep": "nest", "cut": "JSON", "absent": "HTTP 404"}


def told(running: Running, words: dict[str, str], frames: int = 900) -> dict[str, Any]:
    """Wait until each was told; worlds that may heal never settle meanwhile."""
    for _ in range(frames):
        report = running.report()
        if all(any(url in text and word in text for text in report["errors"]) for url, word in words.items()):
            return report
    raise AssertionError(f"Not everything was told within {frames} frames: {report['errors']}.")


def message(report: dict[str, list[str]], *words: str) -> str:
    """The one error that has all the words."""
    found = [text for text in report["errors"] if all(word in text for word in words)]
    assert len(found) == 1, (words, report["errors"])
    return found[0]


def assert_draws_on(running: Running) -> None:
    """Later frames run, and show a cube that has turned."""
    turned = running.python("__main__.turned")
    before = pixels(running)
    for _ in range(10):  # it turns by time, and some frames are quick
        running.frames(8)
        if different(before, pixels(running)) > 0.002:
            break
    else:
        raise AssertionError("the cube stands still")
    assert running.python("__main__.turned") > turned
    height, width, _ = before.shape
    red, green, blue = before[height // 2, width // 2]
    assert red > 120 and red > 1.4 * green and red > 1.4 * blue, "the tomato cube is in the middle"


def test_everything_at_once_leaves_the_picture_alone(tmp_path: Path, run_program: RunProgram) -> None:
    write_bad(tmp_path / "app")
    running = run_program(tmp_path / "app" / "main.py", backend="webgl2").wait_ready()
    running.python("import __main__\nfrom __main__ import app\n"
                   f"models = [app.load(url, position=(50, 0, 0)) for url in {[*MODELS, 'huge.gltf', 'good.gltf']!r}]\n"
                   f"worlds = [app.stream(url) for url in {list(WORLDS)!r}]\nNone")
    report = told(running, {f"{url} ": word for url, word in MODELS.items()} | {
        f"{url}/tileset.json": word for url, word in WORLDS.items()})  # fmt: skip
    for _ in range(300):
        if running.python("' '.join(m.state for m in models[-2:])") == "ready ready":
            break
        running.frames(2)
    for url, words in MODELS.items():
        message(report, f"{url} ", words)
    for url, words in WORLDS.items():
        message(report, f"{url}/tileset.json", words)
    assert running.python("' '.join(m.state for m in models)") == "failed " * len(MODELS) + "ready ready"
    assert "65536" in running.python("' '.join(models[-2].warnings)"), "its image is left out, which is told"
    assert running.panel() == "" or "could not" in running.panel()
    assert_draws_on(running)
    running.python(f"exec(compile({ADDED!r}, '/app/main.py', 'exec'), __main__.__dict__)")
    running.frames(3)
    report = running.report()
    message(report, "NameError", "wrong", "in broken")
    message(report, "ShapeError", "in misshapen")
    assert "NameError" in running.panel(), "the first error stays on the page"
    assert_draws_on(running)
    running.python("for thing in (*models, *worlds): thing.close()\n"
                   "for pages in (app._engine.store._vertices, app._engine.store._indices): pages.trim()")
    running.frames(3)
    report = running.report()
    assert report["layer_bytes"] == report["layer_fixed_bytes"], "nothing is held for what was refused"
