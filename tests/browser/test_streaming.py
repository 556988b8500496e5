"""The whole engine streams: a small world settles within its budgets, survives broken tiles, and does not jitter."""

from __future__ import annotations

import json
import shutil
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import BrowserContext

from layerw_server.http.app import create_app
from layerw_server.http.background import background_server
from layerw_server.http.web import web_folder

from .conftest import RunProgram
from .harness import Running, open_program
from .worlds import DIFFERENT_MAX, TILES, AsgiApp, Pixels, Scope, copy_world, different, leaves, pixels, settle

SAMPLES = Path(__file__).resolve().parents[3] / "shared" / "data" / "tilesets"
MIB = 1 << 20

BEGIN = """
import numpy as np
import layerw as lw
app = lw.App(screen_error_px=0.5SETTINGS)
app.shadows.enabled = False
app.camera.position = np.array((10.0, 60.0, 120.0))
app.camera.look_at((0.0, 20.0, 0.0))
app.spawn(lw.Mesh.box(6, 6, 6), lw.Material(color="tomato"), position=(0, 45, 0))
worlds = []

def begin(url="world", **options):
    worlds.append(app.stream(url, **options))

def end():
    worlds.pop().close()
"""
FLY = BEGIN + """
import math
highest = {}
frames = [0]

def check(when):
    engine = app._engine
    for ledger in (engine.heap_ledger, engine.layer_ledger, engine.gpu_ledger, engine.store.committed):
        highest[ledger.name] = max(highest.get(ledger.name, 0), ledger.used_bytes)
        assert ledger.used_bytes <= ledger.budget_bytes, (when, ledger.name, ledger.used_bytes, ledger.budget_bytes)

@app.frame
def update(dt):
    check("in the frame")
    if worlds:
        frames[0] += 1
        turn = 0.4 * min(frames[0], 15)
        app.camera.position = np.array((70 * math.cos(turn), 45.0, 70 * math.sin(turn)))
        app.camera.look_at((0.0, 15.0, 0.0))

submit = app.host.submit
def checked(address, words):
    check("at the submit")
    submit(address, words)
app.host.submit = checked
"""
BALLAST = """
ledger, ballast = app._engine.gpu_ledger, []

def used():
    return ledger.used_bytes

def fill(left):
    for side in (512, 128):
        while ledger.left_bytes > left + 6 * side * side:
            texture = lw.Texture(np.zeros((side, side, 4), np.uint8))
            ballast.append(app.spawn(lw.Mesh.box(0.01), lw.Material(base_color_texture=texture)))

def empty():
    while ballast:
        ballast.pop().despawn()
"""


def start(tmp_path: Path, factory: pytest.TempPathFactory, run_program: RunProgram, program: str, settings: str = "",
          **query: str) -> Running:
    """Run a program beside a copy of the small world; nothing streams before begin()."""
    folder = tmp_path / "app"
    copy_world(factory, folder)
    (folder / "main.py").write_text(program.replace("SETTINGS", settings), encoding="utf-8")
    running = run_program(folder / "main.py", **query).wait_ready()
    running.python("import json, __main__; from __main__ import *")
    return running


def end(running: Running) -> None:
    """Close the world; the fixture then checks that all that it took is back."""
    running.python("end()\nstore = app._engine.store\n"
                   "for pages in (store._vertices, store._indices): pages.trim()  # kept for new meshes")
    running.frames(3)
    report = running.report()
    assert report["layer_bytes"] == report["layer_fixed_bytes"]
    assert report["backup_bytes"] == report["transfers"]["heldBytes"] == 0


def fly(running: Running, gpu_bytes_max: int, layer_bytes_max: int) -> dict[str, Any]:
    """Begin the world, turn around it in 15 frames and wait; returns the report."""
    running.python("frames[0] = 0\nbegin()")
    while running.python("frames[0]") <= 15:
        report = running.report()
        assert report["gpu_allocated_bytes"] <= gpu_bytes_max, "what JavaScript counts is within the budget as well"
        assert report["transfers"]["heldBytes"] <= layer_bytes_max
    return settle(running)


@pytest.mark.parametrize("backend", ["webgpu", "webgl2"])
def test_settles_within_small_budgets_at_every_frame(
        tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, run_program: RunProgram, backend: str) -> None:
    """What the view wants is more than what is left beside other textures; the ledgers are checked twice a frame."""
    layer_mib, gpu_mib = 1, 20  # targets alone take 16 with shadows, which are off: textures take their room
    settings = f", budgets=lw.Budgets(heap_mib=64, layer_mib={layer_mib}, gpu_mib={gpu_mib}, upload_mib_per_frame=0.25)"
    running = start(tmp_path, tmp_path_factory, run_program, FLY + BALLAST, settings, backend=backend)
    without = running.python("used()")
    seen = fly(running, gpu_mib * MIB, layer_mib * MIB)["tiles"]["resident"]
    assert TILES - 4 <= seen <= TILES, "with room for all of them; levels between come where more is left"
    need = running.python("used()") - without
    end(running)
    running.python(f"fill({need} / 3)")  # a half holds what is in view, but for a tile
    report = fly(running, gpu_mib * MIB, layer_mib * MIB)
    assert report["errors"] == []
    assert 0 < report["tiles"]["resident"] < seen
    assert report["tiles"]["failed"] == 0
    assert report["draws"] > 0
    assert running.python("worlds[0]._streamer.screen_error_px") > 0.5, "the budget must bind: the view is coarser"
    highest = json.loads(running.python("json.dumps(highest)"))
    assert highest["gpu"] > 0.9 * gpu_mib * MIB
    assert highest["layer"] > 0.3 * layer_mib * MIB
    running.python("empty()")
    end(running)


FINER = """
config = worlds[0]._streamer.config
settings = {name: getattr(config, name) for name in config.__match_args__}
worlds[0]._streamer.config = type(config)(**settings | {"screen_error_px": 0.1})
app.camera.fov_y = 2.2
"""
MORE = "with wrong contents"
DRAWN = "s = worlds[0]._streamer; json.dumps([s.tree.content_of(r)[0][0] for r in s._selection.drawn.tolist()])"


def break_tiles(world: Path) -> dict[str, str]:
    """Break five leaves, each in its own way; returns the start of the file's name by way.

    Leaves come by fours of one parent, which shows while any of them is broken: the refused one, which comes in the
    end, has a parent of its own.
    """
    all_leaves = leaves(world)
    ways = {"missing": 0, "corrupt": 1, "wrong hash": 4, "cut": 8, "refused": 12}
    files = {way: world / all_leaves[index]["content"]["uri"] for way, index in ways.items()}
    files["missing"].unlink()
    files["wrong hash"].write_bytes(files["wrong hash"].read_bytes()[:-1] + b"!")
    text = (world / "tileset.json").read_text()
    for way, data in (("corrupt", b"glTF" + bytes(range(256)) * 8), ("cut", files["cut"].read_bytes()[:5000])):
        plain = files[way].name.split(".")[0] + ".glb"  # without a hash in its name
        files[way].with_name(plain).write_bytes(data)
        text = text.replace(files[way].name, plain)
    (world / "tileset.json").write_text(text)
    return {way: path.name.split(".")[0] + "." for way, path in files.items()}


def refuse(app: AsgiApp, names: set[str]) -> AsgiApp:
    """The server, but requests for files whose names begin so are answered with 503 while they are in the set."""
    async def serve(scope: Scope, receive: Any, send: Any) -> None:
        if not any(f"/{name}" in scope.get("path", "") for name in names):
            return await app(scope, receive, send)
        await send({"type": "http.response.start", "status": 503, "headers": [(b"content-length", b"0")]})
        await send({"type": "http.response.body", "body": b""})

    return serve


def fly_over(running: Running) -> set[str]:
    """Settle above each quarter; returns the files of all tiles that were drawn."""
    drawn: set[str] = set()
    for x, z in ((-64, -64), (64, -64), (64, 64), (-64, 64)):
        running.python(f"app.camera.position = np.array(({x}.0, 60.0, {z}.0)); app.camera.pitch = -1.57")
        settle(running)
        drawn.update(json.loads(running.python(DRAWN)))
    return drawn


def test_broken_tiles_keep_their_parents_and_the_rest_goes_on(
        tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, context: BrowserContext, runtime_dir: Path) -> None:
    world = copy_world(tmp_path_factory, tmp_path)
    names = break_tiles(world)
    network = ", network=lw.Network(retry_max_s=1.0, settle_s=1.0)"
    (tmp_path / "main.py").write_text(BEGIN.replace("SETTINGS", network), encoding="utf-8")
    app = create_app(program=tmp_path / "main.py", runtime=runtime_dir, web=web_folder(), dev=True)
    refused = {names["refused"]}
    with background_server(refuse(app, refused)) as address:
        running = open_program(context, address, backend="null").wait_ready()
        running.python("import json, __main__; from __main__ import *\nbegin()")
        running.python(FINER)
        drawn = fly_over(running)
        report = settle(running)
        assert report["tiles"] == {"resident": TILES - 5, "pending": 0, "failed": 5}
        for _ in range(1500):  # the others of a kind are gathered before they are counted
            if all(any(name in text for text in report["errors"]) for name in names.values()):
                break
            report = running.report()
        texts = {way: "".join(text for text in report["errors"] if name in text) for way, name in names.items()}
        for way, words in (("missing", ("HTTP 404",)), ("refused", ("HTTP 503",)), ("wrong hash", ("sha256", MORE)),
                           ("corrupt", ("version", MORE)), ("cut", ("126", MORE))):  # fmt: skip
            assert any(word in texts[way] for word in words), (way, report["errors"])
        assert len(report["errors"]) <= 5, "told once a kind, the others counted"
        for way, name in names.items():
            parent = name[0].replace("2", "1") + "-" + "-".join(str(int(n) // 2) for n in name[2:5].split("-")) + "."
            assert any(f"/{parent}" in url for url in drawn), (way, name, parent, drawn)
            assert not any(f"/{name}" in url for url in drawn), (way, name, drawn)
        refused.clear()
        name = names["refused"]
        for _ in range(200):  # it is tried again within a second of being in view
            drawn = fly_over(running)
            if any(f"/{name}" in url for url in drawn):
                break
        assert settle(running)["tiles"] == {"resident": TILES - 4, "pending": 0, "failed": 4}
        assert any(f"/{name}" in url for url in drawn), "served again, it comes by itself"
        end(running)
        running.check_leaks()


@pytest.mark.skipif(not SAMPLES.is_dir(), reason="the shared data folder is not beside this repository")
def test_opens_tilesets_that_others_made(tmp_path: Path, run_program: RunProgram) -> None:
    """1.1 with implicit tiling and subtrees; 1.0 with b3dm under an Earth-centred transform."""
    for name in ("SparseImplicitQuadtree", "TilesetWithDiscreteLOD"):
        shutil.copytree(SAMPLES / name, tmp_path / name)
    (tmp_path / "main.py").write_text(BEGIN.replace("SETTINGS", ""), encoding="utf-8")
    running = run_program(tmp_path / "main.py", backend="webgl2").wait_ready()
    running.python("import json, __main__; from __main__ import *")
    empty = pixels(running)
    for name, away in (("SparseImplicitQuadtree", (0.3, 1.0, 0.6)), ("TilesetWithDiscreteLOD", (0.5, 0.6, 1.2))):
        running.python(f"begin('{name}/tileset.json', place='local')")
        settle(running)
        running.python(f"w = worlds[0]; app.camera.position = w.center + np.array({away}) * w.radius\n"
                       "app.camera.near = 0.001; app.camera.look_at(w.center)")
        report = settle(running)
        absent = [text for text in report["errors"] if "dragon_high.b3dm answered HTTP 404" in text]
        assert report["errors"] == absent, "the shared folder has two of the dragon's three levels"
        assert report["tiles"]["resident"] >= 2 and report["tiles"]["failed"] == len(absent), (name, report["tiles"])
        assert different(empty, pixels(running)) > 0.02, f"{name} is in the picture"
        end(running)


EARTH = (1215107.7612304366, -4736682.902037748, 4081926.095098698)  # a place on Earth, metres
TURN = 0.7  # about the up axis
STEPS_MM = range(0, 15, 5)
JITTER = """
import copy, math
earth, turn = np.array(EARTH), TURN
c, s = math.cos(turn), math.sin(turn)
placed = np.array(((c, -s, 0, earth[0]), (s, c, 0, earth[1]), (0, 0, 1, earth[2]), (0, 0, 0, 1)))
to_world = lambda p: np.array((p[0], p[2], -p[1]))  # of tilesets, which are Z-up
far, noise = [False], [False]
PITCH = -0.85  # no sky in the picture: its clouds do not turn with the world
app.fog.density = 0.0
create = app._engine.store.create_material
def plain(desc):
    desc = copy.copy(desc)
    desc.kind = "pbr"
    return desc
app._engine.store.create_material = lambda desc: create(desc if noise[0] else plain(desc))

def look(offset_m):
    eye = np.array((offset_m, 45.0, 30.0 + offset_m))
    if not far[0]:
        app.camera.position, app.camera.yaw, app.camera.pitch = eye, 0.2, PITCH
        app.sun.azimuth = 2.0
    else:
        x, y, z = eye
        app.camera.position = to_world((placed @ (x, -z, y, 1))[:3])
        app.camera.yaw, app.camera.pitch = 0.2 + turn, PITCH
        app.sun.azimuth = 2.0 - turn
"""


def walk(running: Running, *, far: bool, noise: bool) -> list[Pixels]:
    """Stream the world here or on Earth, and take a picture after each step of some millimetres."""
    running.python(f"far[0], noise[0] = {far}, {noise}; look(0.0); begin(transform=placed if far[0] else None)")
    assert settle(running)["tiles"]["resident"] == TILES
    taken = []
    for step_mm in STEPS_MM:
        running.python(f"look({step_mm / 1000})")
        taken.append(pixels(running))
    running.python("look(0.25)")
    taken.append(pixels(running))
    assert running.report()["errors"] == []
    end(running)
    return taken


def test_nothing_jitters_where_the_world_is_earth_centred(
        tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, run_program: RunProgram) -> None:
    """A float32 position there is off by up to half a metre; 5 mm steps must give the same pictures as here."""
    program = BEGIN.replace("(0, 45, 0)", "(0, -900, 0)") + JITTER.replace("EARTH", str(EARTH)).replace(
        "TURN", str(TURN))
    running = start(tmp_path, tmp_path_factory, run_program, program, backend="webgl2")
    near, far = (walk(running, far=where, noise=False) for where in (False, True))
    shares = [different(a, b) for a, b in zip(near, far, strict=True)]
    print(f"Earth-centred and local pictures differ in at most {max(shares):.3%} of the pixels.")
    assert max(shares) <= DIFFERENT_MAX
    assert different(near[0], near[-1]) > 4 * DIFFERENT_MAX, "25 cm must show, else this test shows nothing"
    # The ground's noise lies elsewhere in a turned world; it must move as little as here.
    near, far = (walk(running, far=where, noise=True) for where in (False, True))
    moved = [max(float(np.abs(a - b).mean()) for a, b in pairwise(taken[:-1])) for taken in (near, far)]
    grain = [float(np.abs(np.diff(taken[0], axis=1)).mean()) for taken in (near, far)]
    print(f"Change from step to step: {moved[0]:.2f}/255 here, {moved[1]:.2f}/255 there; grain {grain}.")
    assert moved[1] <= 1.5 * moved[0] + 0.1
    assert grain[0] / 1.5 <= grain[1] <= grain[0] * 1.5
