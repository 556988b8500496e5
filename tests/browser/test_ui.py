"""app.ui in a page: real keys and clicks, who hears what, under a strict policy, in a worker and on the main thread."""

from __future__ import annotations

import json

import pytest
from playwright.sync_api import BrowserContext, Route

from .conftest import RunProgram
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
