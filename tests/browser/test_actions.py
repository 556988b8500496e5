"""Actions in a page: real keys, a fake pad that shakes, fingers on what is drawn for them."""

from __future__ import annotations

from playwright.sync_api import BrowserContext

from .conftest import ServeProgram
from .harness import CUBE, HOST_JS, Running, open_program

PROGRAM = CUBE + """
import builtins
jump = app.actions.bind("jump", "Space", "Gamepad.South", "Touch.A")
move = app.actions.axis("move", "WASD", "Gamepad.LeftStick", "Touch.LeftStick")
builtins.SEEN = SEEN = []
@app.frame
def watch(dt):
    if jump.pressed:
        SEEN.append([round(float(n), 3) for n in move.value])
        app.actions.rumble(1.0, 0.5, 0.3)
    if app.input.pressed("KeyN"):
        app.start(ask())
async def ask():
    SEEN.append(await app.actions.enter_text("Your name", "Ada", length=20))
"""
PAD = """globalThis.shaken = []; globalThis.pad = { index: 0, axes: [0, 0, 0, 0],
    buttons: Array.from({ length: 17 }, () => ({ value: 0, pressed: false })),
    vibrationActuator: { playEffect: async (kind, how) => shaken.push([kind, how]) } };
    navigator.getGamepads = () => [pad, null, null, null];"""
STAGE = f"{HOST_JS}.notices.stage"
FINGER = STAGE + """.dispatchEvent(new PointerEvent(type, { pointerType: 'touch', pointerId: id, clientX: x, clientY: y,
    bubbles: true, composed: true }))"""
MOVE = "from layerw.base.host_port import Running; str(Running.app.actions['move'].value)"
CIRCLES = f"[...{STAGE}.querySelectorAll('div[aria-hidden]')].filter((one) => one.style.borderRadius === '50%')"


def seen(running: Running, code: str, wanted: str) -> None:
    """Frames until the program says what is wanted: input comes to it a little later."""
    for _ in range(60):
        if running.python(code) == wanted:
            return
        running.frames(1)
    assert running.python(code) == wanted


def test_keys_a_pad_and_fingers_do_the_same(context: BrowserContext, serve_program: ServeProgram) -> None:
    running = open_program(context, serve_program(PROGRAM), init=PAD, backend="null").wait_ready()
    page = running.page
    page.keyboard.down("d")
    seen(running, MOVE, "[1. 0.]")
    page.keyboard.press("Space")
    seen(running, "str(SEEN)", "[[1.0, 0.0]]")
    page.keyboard.up("d")
    running.frames(2)
    page.evaluate("dispatchEvent(Object.assign(new Event('gamepadconnected'), { gamepad: pad }))")
    page.evaluate("pad.axes[1] = -1; pad.buttons[0].value = 1")
    seen(running, "str(SEEN)", "[[1.0, 0.0], [0.0, 1.0]]")
    page.wait_for_function("shaken.length === 2")
    assert page.evaluate("shaken[1]") == ["dual-rumble", {"duration": 300, "strongMagnitude": 1, "weakMagnitude": 0.5}]
    page.evaluate("dispatchEvent(Object.assign(new Event('gamepaddisconnected'), { gamepad: pad })); "
                  "navigator.getGamepads = () => [null, null, null, null]")
    seen(running, MOVE, "[0. 0.]")

    assert page.evaluate(CIRCLES + ".length") == 0, "no finger was here"
    width, height = page.evaluate(f"[{STAGE}.clientWidth, {STAGE}.clientHeight]")
    page.evaluate(f"{{ const [type, id, x, y] = ['pointerdown', 3, 10, 20]; {FINGER} }}")
    page.evaluate(f"{{ const [type, id, x, y] = ['pointermove', 3, 10, 100]; {FINGER} }}")
    running.frames(3)
    page.evaluate(f"{{ const [type, id, x, y] = ['pointerdown', 4, {width - 88}, {height - 88}]; {FINGER} }}")
    seen(running, "str(SEEN[2:])", "[[0.0, -1.0]]")
    page.wait_for_function(CIRCLES + ".length === 3")
    assert page.evaluate(CIRCLES + ".map((one) => one.textContent)") == ["jump", "", ""]
    page.keyboard.press("n")
    line = page.locator("input[aria-label='Your name']")
    line.wait_for()
    page.keyboard.type("Grace n ")
    page.keyboard.press("Enter")
    seen(running, "str(SEEN[3:])", "['Grace n ']")
    assert line.count() == 0
    running.check_leaks()
