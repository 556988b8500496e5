"""The native host: pictures by wgpu without a browser. `adapter` skips where none can be had (tools/adapter.sh)."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

import layerw as lw
from layerw.base.errors import LayerwError
from layerw.gpu.passes import DRAW_PASSES, TARGETS, VIEW_FLAGS, flag
from layerw.hosts.local_files import local_path, read_local
from layerw.hosts.native import device
from layerw.hosts.native.host import native_host
from layerw.hosts.native.inputs import Inputs, key_code
from layerw.hosts.native.plan import plan_view
from layerw.hosts.native.programs import module_text, pieces_of, shaders_folder
from layerw.hosts.native.type_names import read_quickly
from layerw.hosts.native.window import open_canvas

ROOT = Path(__file__).resolve().parents[2]


def shot(tmp_path: Path, program: str, *options: str) -> tuple[dict[str, object], np.ndarray]:
    """The report and the picture of a program's source. In a process of its own: drivers print as they like."""
    from PIL import Image

    source, out = tmp_path / "program.py", tmp_path / "out.png"
    source.write_text(program)
    command = [sys.executable, "-m", "layerw_server", "shot", source, "--host", "native", "--size", "96x64", "--json",
               "--out", out, *options]
    done = subprocess.run(command, capture_output=True, text=True, timeout=240, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.strip().splitlines()[-1]), np.asarray(Image.open(out)).astype(int)


def test_a_cube_is_drawn_and_its_state_is_the_headless_hosts(adapter: None, tmp_path: Path) -> None:
    program = (ROOT / "examples" / "hello.py").read_text()
    report, picture = shot(tmp_path, program, "--frames", "4")
    assert report["host"] == "native" and report["backend"] == "wgpu" and report["errors"] == []
    red, green, blue = picture[32, 48]
    assert red > 200 and green < 140 and blue < 130, (red, green, blue)
    assert picture[4, 48, 2] > picture[4, 48, 0], "the sky is blue"
    done = subprocess.run([sys.executable, "-m", "layerw_server", "run", ROOT / "examples" / "hello.py", "--headless",
                           "--frames", "4", "--json"], capture_output=True, text=True, timeout=120, check=True)
    assert json.loads(done.stdout)["state_hash"] == report["state_hash"]


def test_every_program_is_text() -> None:
    table = json.loads((shaders_folder() / "gen" / "programs.json").read_text())
    for program in table["programs"]:
        text = module_text(program)
        assert "@fragment" in text or "@compute" in text or program == "tile_clear"
    assert pieces_of("pbr", posed=True)[-2:] == table["posed"]


def test_frames_that_nobody_sees_draw_only_what_later_ones_build_on() -> None:
    lists = (1 << len(DRAW_PASSES)) - 1
    unseen = plan_view(flag("shadows"), lists, seen=False)
    assert [name for group in unseen.groups for name in (*group.colors, group.depth)] == ["shadow_atlas"]
    assert (unseen.images, unseen.kept) == plan_view(flag("shadows"), lists)[1::2], "nothing is freed meanwhile"
    colors = {name for group in plan_view(flag("temporal"), lists, seen=False).groups for name in group.colors}
    assert "past" in colors and "scene" in colors and "picture" not in colors


def test_a_picture_does_not_depend_on_who_saw_those_before_it(adapter: None) -> None:
    done = subprocess.run([sys.executable, "-c", UNSEEN], capture_output=True, text=True, timeout=240, check=False)
    assert done.returncode == 0, done.stderr[-3000:]


# What lasts over frames: exposure, the air, shadows. The program itself looks at one frame in the middle.
UNSEEN = """
import numpy as np
import layerw as lw
from layerw.hosts.native.host import native_host

def pictures(is_watched):
    host = native_host(".", (96, 64))
    app = lw.App(host=host)
    app.view.exposure, app.view.bloom = "auto", 0.2
    app.spawn(lw.Mesh.plane(20, 20), lw.Material(color="gray"))
    box = app.spawn(lw.Mesh.box(), lw.Material(color="orange"))
    early = []

    @app.frame
    def move(dt):
        box.position = (0.1 * app.frame_number, 1, 0)
        if app.frame_number == 3:
            early.append(app.screenshot())

    host.sink.is_watched = is_watched
    host.step(app, 6)
    host.sink.is_watched = True
    host.step(app, 1)
    return early[0].pixels, host.sink.picture()

for seen, unseen in zip(pictures(True), pictures(False), strict=True):
    assert seen.std() > 10 and np.array_equal(seen, unseen)
"""


def test_plans_draw_every_target_before_it_is_read() -> None:
    outside = {target.name for target in TARGETS if target.lasts or target.end}
    for flags in (0, 1, (1 << len(VIEW_FLAGS)) - 1 - (1 << VIEW_FLAGS.index("picking"))):
        plan = plan_view(flags, (1 << len(DRAW_PASSES)) - 1)
        assert plan.groups and set(plan.image_of) <= {target.name for target in TARGETS} - outside
        for group in plan.groups:
            assert len(group.keeps_colors) == len(group.colors) == len(group.resolves)
            for name in (*group.colors, group.depth):
                assert not name or name in outside or name in plan.image_of, name


def test_keys_buttons_and_pads_are_named_as_in_the_page() -> None:
    sent: list[tuple[object, ...]] = []
    inputs = Inputs(lambda *event: sent.append(event))
    names = {"a": "KeyA", "A": "KeyA", "5": "Digit5", " ": "Space", "ArrowUp": "ArrowUp", "Shift": "ShiftLeft",
             "F11": "F11", ";": "Semicolon", chr(324): "Numpad4", chr(335): "NumpadEnter", "CapsLock": ""}
    assert {name: key_code(name) for name in names} == names
    for event in ({"event_type": "key_down", "key": "a"}, {"event_type": "key_down", "key": "a"},
                  {"event_type": "key_up", "key": "A"}, {"event_type": "key_down", "key": "CapsLock"},
                  {"event_type": "pointer_move", "x": 10, "y": 5}, {"event_type": "pointer_move", "x": 13, "y": 4},
                  {"event_type": "pointer_down", "button": 2, "x": 13, "y": 4},
                  {"event_type": "pointer_up", "button": 9, "x": 13, "y": 4},
                  {"event_type": "wheel", "dx": 0, "dy": -100}, {"event_type": "char", "data": "ß"},
                  {"event_type": "resize", "width": 100, "height": 50, "pixel_ratio": 1.5}):
        inputs.handle(event)
    assert sent == [("key", 0, 1), ("key", 0, 0), ("pointer_move", 10, 5, 0, 0), ("pointer_move", 13, 4, 3, -1),
                    ("pointer_button", 2, 1, 13, 4), ("wheel", 0, -100), ("typed", "ß"),
                    ("resize", 150, 75, 1.5)]
    sent.clear()
    inputs.pad(1, [1, *[0] * 7, 1, *[0] * 6], [0.5, 0.0, 0.0, 0.0, 1.0, -1.0])
    inputs.pad(1, [0] * 15, [0.0, 0.0, 0.0, 0.0, -1.0, -1.0])
    assert sent == [("gamepad_button", 1, 0, 1.0), ("gamepad_button", 1, 16, 1.0), ("gamepad_axis", 1, 0, 0.5),
                    ("gamepad_button", 1, 6, 1.0), ("gamepad_button", 1, 0, 0.0), ("gamepad_button", 1, 16, 0.0),
                    ("gamepad_axis", 1, 0, 0.0), ("gamepad_button", 1, 6, 0.0)]  # fmt: skip


def test_a_pad_that_is_unplugged_lets_go_of_everything() -> None:
    sent: list[tuple[object, ...]] = []
    inputs = Inputs(lambda *event: sent.append(event))
    for number in (0, 1):
        inputs.pad(number, [1, *[0] * 14], [0.5, 0.0, 0.0, 0.0, 1.0, -1.0])
    sent.clear()
    inputs.pad_gone(1)
    assert sent == [("gamepad_button", 1, 0, 0.0), ("gamepad_axis", 1, 0, 0.0), ("gamepad_button", 1, 6, 0.0)]
    inputs.pad_gone(1)
    inputs.pad(0, [1, *[0] * 14], [0.5, 0.0, 0.0, 0.0, 1.0, -1.0])
    assert len(sent) == 3  # there was nothing more, and the other one holds what it held


def test_a_shader_that_binds_what_is_not_there_is_told_and_frames_go_on(adapter: None, tmp_path: Path) -> None:
    host = native_host(tmp_path, (32, 32))
    app = lw.App(host=host)
    shader = lw.Shader("""
@group(1) @binding(77) var<uniform> mine: vec4f;
fn surface(in: SurfaceIn) -> Surface { var s = default_surface(in); s.base_color = mine; return s; }
""")
    app.spawn(lw.Mesh.box(), lw.Material(shader=shader))
    host.step(app, 3)
    (error,) = app.report()["errors"]
    assert "does not fit what is bound" in error and "binding: 77" in error and "test_native.py" in error
    app.close()


def test_a_program_runs_in_a_window_off_the_screen(adapter: None, tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, "-c", WINDOW, tmp_path], capture_output=True, text=True, timeout=240,
                          check=False)
    assert done.returncode == 0, done.stderr[-3000:]


WINDOW = """
import asyncio, sys
from pathlib import Path
import numpy as np
from rendercanvas.offscreen import OffscreenRenderCanvas
from layerw.hosts.begin import begin
from layerw.hosts.native.window import Window

program = Path(sys.argv[1]) / "program.py"
program.write_text('''
import layerw as lw
app = lw.App(title="Test")
app.view.tone_map = "neutral"
paint = lw.Material(color="red", unlit=True)
app.spawn(lw.Mesh.box(3, 3, 3), paint)

@app.frame
def update(dt):
    if app.input.key("KeyA"):
        paint.color = "blue"
''')
canvas = OffscreenRenderCanvas(size=(96, 64), pixel_ratio=1)
window = Window(program, (96, 64), {"sound": "off"}, canvas)
window._app = asyncio.run(begin(program, window.host))
canvas.request_draw(window.frame)

def middle():
    return [np.asarray(canvas.draw()) for _ in range(4)][-1][32, 48].astype(int)

red = middle()
assert red[0] > 200 and red[2] < 60, red
window.inputs.handle({"event_type": "key_down", "key": "a"})
blue = middle()
assert blue[2] > 200 and blue[0] < 60, blue
window.host.lose_device()
assert (middle() == blue).all(), "a lost device comes back with all that was there"
assert window.host.errors == [], window.host.errors
"""


def test_where_there_is_no_vulkan_what_to_install_is_named(adapter: None, tmp_path: Path) -> None:
    (tmp_path / "main.py").write_text("import layerw as lw\napp = lw.App()\napp.spawn(lw.Mesh.box())\n")
    command = [sys.executable, "-m", "layerw_server", "shot", str(tmp_path / "main.py"), "--host", "native",
               "--size", "32x32", "--frames", "1", "--out", str(tmp_path / "out.png")]  # fmt: skip
    none = dict.fromkeys(("VK_DRIVER_FILES", "VK_ICD_FILENAMES"), str(tmp_path / "none"))
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False, env={**os.environ, **none})
    if done.returncode:  # on some machines OpenGL does
        assert "mesa-vulkan-drivers" in done.stderr and "Traceback" not in done.stderr


def test_no_adapter_no_display_and_no_wgpu_are_said_kindly(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(**_: object) -> None:
        raise RuntimeError("no suitable adapter")

    device.import_wgpu.cache_clear()
    monkeypatch.setitem(sys.modules, "wgpu", SimpleNamespace(gpu=SimpleNamespace(request_adapter_sync=refuse)))
    monkeypatch.setitem(sys.modules, "wgpu.backends.wgpu_native", SimpleNamespace())
    with pytest.raises(LayerwError, match=r"No graphics adapter .* \(no suitable adapter\).*mesa-vulkan-drivers"):
        device.find_adapter()
    device.import_wgpu.cache_clear()
    monkeypatch.setitem(sys.modules, "wgpu", None)
    with pytest.raises(LayerwError, match=r"needs wgpu-py .*layerw\[window\]"):
        device.import_wgpu()
    monkeypatch.setitem(sys.modules, "rendercanvas.glfw", None)
    with pytest.raises(LayerwError, match=r"No window could be opened .*it takes a display"):
        open_canvas("Test", (96, 64))


def test_what_app_ui_shows_is_in_the_picture(adapter: None, tmp_path: Path) -> None:
    program = ('import layerw as lw\napp = lw.App()\n'
               'app.ui.panel("", style={"width": 40, "height": 30, "background": "#336699"})\n')  # fmt: skip
    report, picture = shot(tmp_path, program, "--frames", "3")
    assert report["errors"] == [] and report["ui"] == {"patches": 1, "widgets": 1}
    assert np.abs(picture[25, 70, :3] - (0x33, 0x66, 0x99)).max() <= 1, "colours are shown as given"
    assert picture[25, 30, 2] > picture[25, 30, 0], "beside it is the sky"


def test_files_of_other_folders_are_found_by_the_first_part_of_their_address(tmp_path: Path) -> None:
    root, models = tmp_path / "app", tmp_path / "elsewhere"
    for folder in (root, models):
        folder.mkdir()
        (folder / "a.bin").write_bytes(folder.name.encode())
    folders = {"models": models}
    assert local_path(root, "models/a.bin", folders) == models / "a.bin"
    assert local_path(root, "a.bin", folders) == root / "a.bin"
    assert local_path(root, "models/a.bin") is None and local_path(root, "models/b.bin", folders) is None
    assert read_local(root, "models/a.bin", 100, folders) == b"elsewhere"


def test_types_that_are_read_quickly_are_those_of_the_header() -> None:
    cffi = pytest.importorskip("cffi", reason="pip install layerw[window]")
    header = "typedef struct A { int x; } A; typedef enum B { B_one } B; typedef struct CImpl *C; struct D { A a; };"
    names = ("A", "A *", "B[]", "C[4]", "struct D *", "unsigned int *", "void(*)(C, B)", "uint8_t[]", "struct New *")
    slow, quick = cffi.FFI(), cffi.FFI()
    for one in (slow, quick):
        one.cdef(header)
    read_quickly(quick)
    for name in names:
        assert str(quick.typeof(name)) == str(slow.typeof(name))
        assert quick.typeof(name) is quick.typeof(name)
    assert quick.typeof("A *").item is quick.typeof("struct D").fields[0][1].type
    with pytest.raises(cffi.CDefError, match="Missing"):
        quick.typeof("Missing *")
    with pytest.raises(cffi.CDefError):
        quick.cdef("typedef struct A { int y; } A;")
    read_quickly(SimpleNamespace(_parser=SimpleNamespace()))  # of another cffi: nothing happens


def test_who_asks_for_an_adapter_reads_types_quickly() -> None:
    native = pytest.importorskip("wgpu.backends.wgpu_native", reason="pip install layerw[window]")
    with suppress(LayerwError):  # where there is none
        device.find_adapter()
    assert "parse_type" in vars(native.ffi._parser), "a first picture takes half as long again"
