"""The running page: exceptions in the frame function, input, resize, overlay, reload, hidden tab, clean ends."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import BrowserContext

from .conftest import RunProgram, ServeProgram
from .harness import BOOT_TIMEOUT_MS, CUBE, HOST_JS, Running, open_program
from .workers import alive, wait_workers

INPUT_PY = """
import json
from layerw.base.host_port import Running
i = Running.app.input
json.dumps({"w": i.key("KeyW"), "buttons": sorted(i.buttons), "pointer": list(i.pointer), "touches": i.touches,
            "axis": i.pad_axis(0), "pad_button": i.pad_buttons.get((0, 1), 0), "focused": i.focused,
            "wheel": WHEEL[:], "size": list(i.size), "surface": list(Running.app.size)})
"""
PROGRAM = CUBE + """
import builtins
builtins.WHEEL = []
@app.frame
def wheel(dt):
    if app.input.wheel_dy:
        builtins.WHEEL.append(app.input.wheel_dy)
"""


def read_input(running: Running) -> dict[str, Any]:
    """Return the program's view of the input after the events so far arrived."""
    running.frames(2)
    return dict(json.loads(running.python(INPUT_PY)))


def test_exception_in_the_frame_function_is_shown_and_the_loop_goes_on(run_program: RunProgram) -> None:
    program = CUBE.replace("cube.rotate(y=dt)", "cube.rotate(y=dt)\n    if app.frame_number == 5:\n        [][1]")
    running = run_program(program, backend="null")
    text = running.wait_error()
    assert "IndexError" in text
    assert 'File "/app/main.py", line 9, in update' in text
    before = running.report()["frame"]
    running.frames(3)
    assert running.report()["frame"] > before, "the engine must keep running"
    assert len(running.errors.texts) == 1, "one exception is one message"


def test_shape_error_names_the_shape(run_program: RunProgram) -> None:
    program = CUBE.replace("cube.rotate(y=dt)", "app.spawn_many(lw.Mesh.box(), 3).position = [[1, 2]]")
    text = run_program(program, backend="null").wait_error()
    assert "main.py" in text
    assert "ShapeError" in text


def test_what_a_page_is_told_reaches_the_program(run_program: RunProgram) -> None:
    """One page, one program, one after another."""
    running = run_program(PROGRAM, backend="null").wait_ready()
    keys_buttons_wheel_and_pointer(running)
    keys_are_up_after_the_window_lost_the_focus(running)
    touches_have_small_numbers_and_end(running)
    gamepad_axes_and_buttons_arrive(running)
    the_surface_follows_the_element(running)
    a_pixel_ratio_that_changes_alone_changes_the_surface(running)
    a_hidden_tab_keeps_running_slowly(running)


def keys_buttons_wheel_and_pointer(running: Running) -> None:
    page = running.page
    page.keyboard.down("w")
    page.mouse.move(30, 40)
    page.mouse.down(button="left")
    page.mouse.down(button="right")
    page.mouse.wheel(0, 12)
    state = read_input(running)
    assert state["w"] is True
    assert state["buttons"] == [0, 2]
    assert state["pointer"] == [30, 40]
    assert sum(state["wheel"]) == 12
    page.keyboard.up("w")
    page.mouse.up(button="left")
    page.mouse.up(button="right")
    state = read_input(running)
    assert (state["w"], state["buttons"]) == (False, [])


def keys_are_up_after_the_window_lost_the_focus(running: Running) -> None:
    running.page.keyboard.down("w")
    assert read_input(running)["w"] is True
    running.page.evaluate("dispatchEvent(new Event('blur'))")
    assert read_input(running)["w"] is False
    running.page.keyboard.up("w")


def touches_have_small_numbers_and_end(running: Running) -> None:
    send = f"([type, id, x, y]) => {HOST_JS}.notices.stage.dispatchEvent(new PointerEvent(type, " \
        "{ pointerType: 'touch', pointerId: id, clientX: x, clientY: y, bubbles: true, composed: true }))"
    running.page.evaluate(send, ["pointerdown", 71, 5, 6])
    running.page.evaluate(send, ["pointerdown", 99, 7, 8])
    running.page.evaluate(send, ["pointermove", 99, 17, 18])
    assert read_input(running)["touches"] == {"0": [5, 6], "1": [17, 18]}
    running.page.evaluate(send, ["pointerup", 71, 5, 6])
    running.page.evaluate(send, ["pointercancel", 99, 5, 6])
    assert read_input(running)["touches"] == {}


def gamepad_axes_and_buttons_arrive(running: Running) -> None:
    running.page.evaluate("""() => {
        globalThis.pad = { index: 0, axes: [0, 0], buttons: [{ value: 0 }, { value: 0 }] };
        navigator.getGamepads = () => [globalThis.pad, null]; }""")
    running.page.evaluate("dispatchEvent(new Event('gamepadconnected')); pad.axes[0] = -0.5; pad.buttons[1].value = 1")
    running.page.wait_for_timeout(100)
    state = read_input(running)
    assert state["axis"] == pytest.approx(-0.5)
    assert state["pad_button"] == 1


def the_surface_follows_the_element(running: Running) -> None:
    assert read_input(running)["surface"] == [160, 120]
    running.page.set_viewport_size({"width": 200, "height": 90})
    running.page.wait_for_timeout(200)
    assert read_input(running)["surface"] == [200, 90]


def a_pixel_ratio_that_changes_alone_changes_the_surface(running: Running) -> None:
    emulation = running.page.context.new_cdp_session(running.page)
    for ratio in (2, 1.5):
        screen = {"width": 160, "height": 120, "deviceScaleFactor": ratio, "mobile": False}
        emulation.send("Emulation.setDeviceMetricsOverride", screen)
        running.page.wait_for_function(f"devicePixelRatio === {ratio}")
        running.page.evaluate("new Promise((told) => requestAnimationFrame(() => requestAnimationFrame(told)))")
        state = read_input(running)
        assert state["surface"] == [160 * ratio, 120 * ratio]
        assert state["size"] == [160, 120]


def a_hidden_tab_keeps_running_slowly(running: Running) -> None:
    page = running.page
    page.evaluate("""() => { Object.defineProperty(document, 'hidden', { value: true, configurable: true });
        document.dispatchEvent(new Event('visibilitychange')) }""")
    running.frames(1)
    start = running.report()["frame"]
    page.wait_for_timeout(1500)
    ran = running.report()["frame"] - start
    assert 3 <= ran <= 12, "about 4 frames a second"


def test_pointer_lock_is_taken_by_a_click_only_where_the_program_wants_it(run_program: RunProgram) -> None:
    running = run_program(CUBE.replace("lw.App()", "lw.App(pointer_lock=True)"), backend="null").wait_ready()
    locked = "document.pointerLockElement !== null"
    assert running.page.evaluate(locked) is False
    running.page.mouse.click(40, 40)
    running.page.wait_for_function(locked)
    running.python("from layerw.base.host_port import Running; Running.app.pointer_lock = False")
    running.page.wait_for_function("document.pointerLockElement === null")


def test_overlay_shows_figures_and_the_key_hides_it(run_program: RunProgram) -> None:
    running = run_program(CUBE.replace("lw.App()", "lw.App(overlay=True)"), backend="null").wait_ready()
    text = f"{HOST_JS}.overlay.text.innerText"
    running.page.wait_for_function(f"{text}.includes('gpu')")
    shown = running.page.evaluate(text)
    assert "draws" in shown
    assert re.search(r"gpu +\d+\.\d / +512\.0 MiB", shown), "bytes stand against their budget"
    running.page.keyboard.press("F3")
    assert running.page.evaluate(f"{HOST_JS}.overlay.shown") is False


LIVE = """
import layerw as lw
app = lw.App()
count = app.keep("count", 5)
cube = app.spawn(lw.Mesh.box())
@app.frame
def update(dt):
    cube.position = (1, 0, 0)
"""


def test_a_saved_file_is_taken_in_place_or_the_page_starts_again(run_program: RunProgram, tmp_path: Path) -> None:
    running = run_program(LIVE, backend="null").wait_ready()
    page, file = running.page, tmp_path / "app" / "main.py"
    place = "import __main__; str([*map(float, __main__.cube.position)])"
    page.evaluate("globalThis.before = true")
    file.write_text(LIVE.replace("(1, 0, 0)", "(2, 0"), encoding="utf-8")
    assert "SyntaxError" in running.wait_error()
    assert running.python(place) == "[1.0, 0.0, 0.0]"

    file.write_text(LIVE.replace("(1, 0, 0)", "(2, 0, 0)"), encoding="utf-8")
    page.wait_for_function(f"{HOST_JS}.notices.note.textContent.includes('update()')")
    running.frames(2)
    assert running.python(place) == "[2.0, 0.0, 0.0]"
    assert running.panel() == "" and page.evaluate("globalThis.before")
    assert running.python("import __main__ as m; m.count += 1; m.app.camera.position = (3, 4, 5); m.count") == 6
    assert running.counts() == running.baseline, "an edit leaves nothing behind"

    file.write_text(LIVE + "app.spawn(lw.Mesh.sphere())\n", encoding="utf-8")
    page.wait_for_function("!globalThis.before && document.querySelector('layer-w')?.host?.report?.entities === 2",
                           timeout=BOOT_TIMEOUT_MS)
    running.wait_ready()
    kept = running.python("import __main__ as m; str([m.count, *map(int, m.app.camera.position)])")
    assert kept == "[6, 3, 4, 5]"


@pytest.mark.usefixtures("counted_workers")
def test_removing_the_element_ends_its_worker_and_a_second_start_works(run_program: RunProgram) -> None:
    running = run_program(CUBE, backend="null").wait_ready()
    page = running.page
    assert "engine-worker.js" in alive(page)
    page.evaluate("globalThis.element = document.querySelector('layer-w'); element.remove()")
    wait_workers(page, 0)
    page.evaluate("document.body.append(element)")
    running.wait_ready()
    assert running.report()["entities"] == 1


def test_unknown_attribute_value_is_a_warning_and_the_default(context: BrowserContext,
                                                              serve_program: ServeProgram) -> None:
    note = "globalThis.warned = []; console.warn = (...said) => warned.push(said.join(' '));"
    running = open_program(context, serve_program(CUBE), init=note, backend="null", thread="fibre").wait_ready()
    assert running.report()["thread"] == "worker"
    assert any("fibre" in text for text in running.page.evaluate("warned"))
