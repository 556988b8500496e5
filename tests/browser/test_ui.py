"""app.ui in a page: real keys and clicks, who hears what, under a strict policy, in a worker and on the main thread."""

from __future__ import annotations

import json

import pytest
from playwright.sync_api import BrowserContext, Route

from .conftest import ROOT, RunProgram
from .harness import HOST_JS, Running

POLICY = "default-src 'self'; script-src 'self' 'wasm-unsafe-eval' 'unsafe-eval'"  # which the test's own questions need
PROGRAM = """
import builtins
import layerw as lw
app = lw.App()
builtins.UI = UI = {"clicks": 0, "keys": [], "pointer": 0}
label = app.ui.text("<b>Score</b> 0", anchor="left")
knob = app.ui.slider("speed", 0.0, 10.0, value=1.0, anchor="top left", style={"width": 120})
@app.ui.button("Start", anchor="bottom")
def start():
    UI["clicks"] += 1
    label.text = f"Score {UI['clicks']}"
builtins.KNOB = knob
@app.frame
def watch(dt):
    UI["keys"] += [key for key in ("KeyW", "ArrowRight", "Tab", "Space") if app.input.pressed(key)]
    UI["pointer"] += app.input.clicked(0)
"""
LAYER = f"{HOST_JS}.notices.stage.querySelector('.ui').shadowRoot"
FOCUS_JS = f"{LAYER}.activeElement?.className ?? {HOST_JS}.notices.stage.getRootNode().activeElement?.className"


def seen(running: Running) -> tuple[int, list[str], int, float]:
    """Clicks, keys and presses that the program saw, and the slider's value."""
    running.frames(2)
    found = running.python("import json; json.dumps([UI['clicks'], UI['keys'], UI['pointer'], KNOB.value])")
    clicks, keys, pointer, value = json.loads(found)
    return clicks, keys, pointer, value


@pytest.mark.parametrize("thread", ["worker", "main"])
def test_widgets_are_used_as_a_person_does(context: BrowserContext, run_program: RunProgram, thread: str) -> None:
    def strict(route: Route) -> None:
        response = route.fetch()
        route.fulfill(response=response, headers=response.headers | {"content-security-policy": POLICY})

    context.route(lambda url: "/web/" not in url and "/runtime/" not in url and "?" in url, strict)
    running = run_program(PROGRAM, backend="null", thread=thread).wait_ready()
    page = running.page
    page.wait_for_function(f"{HOST_JS}.notices.stage.querySelector('.ui')?.shadowRoot.querySelector('button')")
    assert page.evaluate(f"{LAYER}.querySelector('.text').textContent") == "<b>Score</b> 0", "markup is text"
    assert page.evaluate(f"{LAYER}.querySelector('.slider').getBoundingClientRect().width") == 120, "styles hold"
    page.mouse.click(150, 20)  # on the picture
    page.keyboard.press("w")
    assert seen(running) == (0, ["KeyW"], 1, 1.0)
    page.keyboard.press("Tab")
    assert page.evaluate(FOCUS_JS) == "range"
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Tab")
    assert page.evaluate(FOCUS_JS) == "button"
    page.keyboard.press("Space")
    assert seen(running) == (1, ["KeyW"], 1, 1.1), "what a widget hears the program does not"
    assert page.evaluate(f"{LAYER}.querySelector('.text').textContent") == "Score 1"
    page.keyboard.press("Escape")
    assert page.evaluate(FOCUS_JS) == "stage"
    button = page.locator("layer-w button.button")
    button.click()
    assert page.evaluate(FOCUS_JS) == "stage", "a click leaves the keyboard where it was"
    track = page.locator("layer-w input.range").bounding_box()
    assert track is not None
    page.mouse.move(track["x"] + 10, track["y"] + track["height"] / 2)
    page.mouse.down()
    page.mouse.move(track["x"] + track["width"], track["y"] + 60)  # a drag goes on beside it
    page.mouse.up()
    page.keyboard.press("w")
    clicks, keys, presses, value = seen(running)
    assert (clicks, keys, presses, value) == (2, ["KeyW", "KeyW"], 1, 10.0)
    assert [text for text in running.errors.texts if "WebSocket" not in text] == [], "the policy refuses nothing"


MENU = """
import builtins
import numpy as np
import layerw as lw
app = lw.App()
with app.ui.column(anchor="top left", style={"width": 100}):
    builtins.LEVEL = level = app.ui.select("level", ["easy", "hard"])
    builtins.NAME = name = app.ui.input("name")
    builtins.ROWS = rows = app.ui.list("saves", [f"save {n}" for n in range(4)])
    sound = app.ui.checkbox("sound")
    app.ui.bar("health", value=0.5)
    app.ui.image(np.full((2, 3, 3), (10, 200, 30), np.uint8), "green")
    app.ui.image("missing.png", "a map")
    app.ui.markdown("# Help\\n- *one* <b>\\n\\n[more](https://example.org/)")
    app.ui.text("Title", look="title", live=True)
with app.ui.dialog("Paused", visible=False) as menu:
    power = app.ui.slider("power", 0, 10, value=5)
    with app.ui.row():
        resume = app.ui.button("Go on")
        leave = app.ui.button("Leave")
builtins.MENU, builtins.POWER, builtins.APP, builtins.LEAVE = menu, power, app, leave
@menu.on_dismiss
@resume
def go_on():
    menu.visible = False
with app.ui.at(app.spawn(lw.Mesh.box())):
    app.ui.text("a thing")
"""
PADS_JS = """() => {
    const button = () => ({ pressed: false, value: 0, touched: false });
    globalThis.pad = { index: 0, axes: [0, 0, 0, 0], buttons: Array.from({ length: 17 }, button) };
    navigator.getGamepads = () => [globalThis.pad];
    dispatchEvent(new Event('gamepadconnected'));
}"""


def press(running: Running, button: int) -> None:
    """A pad's button goes down and up, in pictures of their own."""
    for down in ("true", "false"):
        running.page.evaluate(f"""() => new Promise((seen) => {{ pad.buttons[{button}].pressed = {down};
            requestAnimationFrame(() => requestAnimationFrame(seen)); }})""")


def test_menus_are_used_with_keys_and_a_pad_and_axe_finds_nothing(run_program: RunProgram) -> None:
    running = run_program(MENU, backend="null").wait_ready()
    page = running.page
    page.set_viewport_size({"width": 400, "height": 300})
    page.wait_for_function(f"{HOST_JS}.notices.stage.querySelector('.ui')?.shadowRoot.querySelector('canvas')")

    def focused() -> str:
        return str(page.evaluate(f"{LAYER}.activeElement?.textContent || {LAYER}.activeElement?.className"))

    def says(code: str) -> str:
        running.frames(2)
        return str(running.python(f"str({code})"))

    page.evaluate(f"{HOST_JS}.notices.stage.focus()")
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Tab")
    page.keyboard.type("Zoë w")
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("End")
    assert says("(LEVEL.value, NAME.value, ROWS.value)") == "('hard', 'Zoë w', 3)"
    running.python("NAME.value = 'Ann'; MENU.visible = True")
    assert says("NAME.value") == "Ann"
    page.wait_for_function(f"{LAYER}.activeElement?.className === 'range'")
    assert page.evaluate(f"{LAYER}.querySelector('.regions').inert") is True
    page.keyboard.press("Shift+Tab")
    assert focused() == "Leave", "Tab turns round in a dialog"
    page.evaluate(PADS_JS)
    press(running, 12)  # up
    assert focused() == "range"
    press(running, 15)  # right
    press(running, 13)  # down
    assert focused() == "Leave" and says("POWER.value") == "5.1"
    press(running, 14)  # left
    assert focused() == "Go on"
    press(running, 15)
    press(running, 0)  # A
    running.python("LEAVE(lambda: setattr(POWER, 'value', 9)); None")
    press(running, 0)
    assert says("POWER.value") == "9.0"

    page.evaluate((ROOT / "node_modules" / "axe-core" / "axe.min.js").read_text("utf-8"))
    open_dialog = page.evaluate("axe.run('layer-w').then(({ violations }) => violations)")
    press(running, 1)  # B
    assert says("MENU.visible") == "False"
    page.wait_for_function(f"{LAYER}.activeElement?.className === 'rows'")  # who had the keyboard before
    closed = page.evaluate("axe.run('layer-w').then(({ violations, passes }) => [violations, passes.length])")
    assert [rule["id"] for rule in (*open_dialog, *closed[0])] == [] and closed[1] > 10
    assert running.report()["errors"] == []
    running.errors.texts.clear()  # missing.png
