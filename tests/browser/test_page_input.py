"""Input that is easily lost: drags that leave, keys under Cmd, taps, the wheel; what must not start the page again."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import BrowserContext

from .conftest import RunProgram, ServeProgram
from .harness import BOOT_TIMEOUT_MS, CUBE, HOST_JS, Running, open_program

PROGRAM = CUBE + """
import builtins
builtins.SEEN = SEEN = {"wheel": [], "taps": []}
@app.frame
def watch(dt):
    if app.input.wheel_dy:
        SEEN["wheel"].append(app.input.wheel_dy)
    SEEN["taps"] += app.input.touches.values()
"""
KEYS = "from layerw.base.host_port import Running; i = Running.app.input; "
STAGE = f"{HOST_JS}.notices.stage"


def test_what_is_easily_lost_arrives(run_program: RunProgram) -> None:
    """One page, one program, one after another."""
    running = run_program(PROGRAM, backend="null").wait_ready()
    a_tap_between_two_frames_is_seen_for_one(running)
    keys_are_up_after_cmd_and_repeats_are_one_press(running)
    the_wheel_is_taken_as_the_attribute_says(running)
    a_drag_goes_on_outside_of_the_element(running)


def a_drag_goes_on_outside_of_the_element(running: Running) -> None:
    page = running.page
    page.evaluate("scrollTo(0, 0); document.querySelector('layer-w').style.cssText = 'width: 60px'")
    page.mouse.move(30, 40)
    page.mouse.down()
    page.mouse.move(40, 45)
    page.mouse.move(140, 100)
    running.frames(2)
    assert running.python(KEYS + "str((*map(int, i.pointer), *i.buttons))") == "(140, 100, 0)"
    page.mouse.up()
    running.frames(2)
    assert running.python(KEYS + "str(i.buttons)") == "set()"
    page.mouse.move(150, 20)
    running.frames(2)
    assert running.python(KEYS + "int(i.pointer[0])") == 140, "without a button the pointer is the page's"


def keys_are_up_after_cmd_and_repeats_are_one_press(running: Running) -> None:
    """macOS reports no key that goes up while Cmd is down."""
    keyboard = running.page.keyboard
    held = KEYS + "str([name for name in ('KeyS', 'KeyW', 'ShiftLeft') if i.key(name)])"
    for key in ("Shift", "w", "Meta", "s"):
        keyboard.down(key)
    running.frames(2)
    assert running.python(held) == "['KeyS', 'KeyW', 'ShiftLeft']"
    keyboard.up("Meta")
    running.frames(2)
    assert running.python(held) == "['ShiftLeft']"
    keyboard.down("w")  # still held: it repeats, and is down again
    running.frames(2)
    assert running.python(held) == "['KeyW', 'ShiftLeft']"
    running.page.evaluate(f"{STAGE}.blur()")
    running.frames(2)
    assert running.python(held) == "[]"
    for key in ("Shift", "w", "s"):
        keyboard.up(key)
    running.page.evaluate(f"{STAGE}.focus()")


def a_tap_between_two_frames_is_seen_for_one(running: Running) -> None:
    running.page.evaluate(f"""() => {{ for (const type of ['pointerdown', 'pointerup']) {STAGE}.dispatchEvent(
        new PointerEvent(type, {{ pointerType: 'touch', pointerId: 5, clientX: 7, clientY: 9, bubbles: true,
                                  composed: true }})) }}""")
    running.frames(3)
    assert running.python("str(SEEN['taps'])") == "[(7.0, 9.0)]"


def the_wheel_is_taken_as_the_attribute_says(running: Running) -> None:
    page = running.page
    page.evaluate("""() => { document.body.append(Object.assign(document.createElement('div'), { id: 'below' }));
        below.style.height = '2000px'; globalThis.element = document.querySelector('layer-w'); }""")

    def turned() -> tuple[bool, bool]:
        """Whether the page scrolled, and whether the program saw it."""
        page.evaluate("scrollTo(0, 0)")
        running.python("SEEN['wheel'].clear()")
        page.mouse.move(20, 20)
        page.mouse.wheel(0, 50)
        page.wait_for_timeout(200)
        running.frames(2)
        return page.evaluate("scrollY") > 0, running.python("len(SEEN['wheel'])") > 0

    assert turned() == (False, True), "it fills the window"
    page.evaluate("element.wheel = 'page'")
    assert turned() == (True, False)
    page.evaluate(f"element.style.height = '50px'; element.wheel = 'auto'; {STAGE}.blur()")
    assert turned() == (True, False), "small and without the focus"
    page.evaluate("element.wheel = 'program'")
    assert turned() == (False, True)
    page.evaluate(f"element.wheel = 'auto'; {STAGE}.focus()")
    assert turned() == (False, True)
    assert running.python(KEYS + "Running.app.frame_number") > 10, "it was never started again"


def test_a_reload_socket_that_was_cut_reloads_nothing(context: BrowserContext, serve_program: ServeProgram,
                                                      tmp_path: Path) -> None:
    noted = """globalThis.sockets = []; const Plain = WebSocket;
        globalThis.WebSocket = class extends Plain { constructor(...a) { super(...a); sockets.push(this); } };"""
    running: Running = open_program(context, serve_program(CUBE), init=noted, backend="null").wait_ready()
    page = running.page
    page.wait_for_function("sockets[0]?.readyState === 1")
    page.evaluate("globalThis.before = true; sockets[0].close()")
    page.wait_for_function("sockets[1]?.readyState === 1")
    page.wait_for_timeout(500)
    assert page.evaluate("before") is True, "it only connected again"
    page.evaluate("sockets[1].close()")
    (tmp_path / "app" / "main.py").write_text(CUBE + "app.spawn(lw.Mesh.sphere())\n", encoding="utf-8")
    page.wait_for_function("!globalThis.before", timeout=BOOT_TIMEOUT_MS)  # it missed a change
