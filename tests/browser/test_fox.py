"""examples/fox in the page: by its own script it ends as it does without a page, to the bit; and keys, a fake pad and
real touches play it."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext

from layerw_server.tools.shot import take_shot
from layerw_server.tools.shot_result import ShotOptions
from tests.unit.test_fox import HASH

from .conftest import ServeProgram
from .harness import Running, open_program
from .test_actions import CIRCLES, PAD, STAGE

PROGRAM = Path(__file__).resolve().parents[2] / "examples/fox/main.py"
FRAMES = 1600  # of four steps each: it ends before


def test_the_game_ends_as_it_does_without_a_page(browser: Browser, serve_program: ServeProgram) -> None:
    query = {"play": "4", "fireflies": "1"}
    taken = take_shot(browser, serve_program(PROGRAM), ShotOptions("null", (96, 64), FRAMES, extra_query=query))
    assert taken.errors == []
    assert taken.report["states"]["game"] == HASH


def until(running: Running, what: str, frames: int = 240) -> None:
    """Frames until it is so; `app`, `fox` and `menu` are the game's."""
    names = "from layerw.base.host_port import Running; app = Running.app; level = app.scene; "
    fox = "fox = getattr(level, 'fox', None); menu = getattr(level, 'menu', None); "
    for _ in range(frames // 4):
        if running.python(f"{names}{fox}str(bool({what}))") == "True":
            return
        running.frames(4)
    raise AssertionError(f"After {frames} frames it was not so: {what}")


def note_leaps(running: Running) -> None:
    """LEAPS gets how fast the fox runs along +Z in each step in which it flies up: a look now and then may miss it."""
    running.python("import builtins; from layerw.base.host_port import Running; builtins.LEAPS = []; "
                   "Running.app.fixed(lambda dt, body=Running.app.scene.fox.body: "
                   "body.velocity[1] > 1 and LEAPS.append(float(body.velocity[2]))); str(LEAPS)")


@pytest.mark.own_profile
def test_keys_and_a_pad_play_it(context: BrowserContext, serve_program: ServeProgram) -> None:
    context.add_init_script(PAD)
    running = open_program(context, serve_program(PROGRAM), backend="null").wait_ready()
    page = running.page
    page.set_viewport_size({"width": 320, "height": 214})
    running.frames(4)
    assert page.evaluate(COVERED)[2] == [], "no words over words, be the picture as small as this"
    page.get_by_role("button", name="Options").focus()
    shown = page.get_by_role("button", name="Options").bounding_box()
    assert shown and 0 <= shown["y"] <= 214 - shown["height"], "and one comes to all of it"
    page.set_viewport_size({"width": 720, "height": 540})  # menus fit
    page.get_by_role("button", name="Noon").click()
    assert page.evaluate(f"{CIRCLES}.length") == 0, "there is nothing for fingers where there are none"
    until(running, "fox and fox.body.on_ground")
    note_leaps(running)
    page.keyboard.down("w")
    until(running, "__import__('numpy').hypot(*fox.body.velocity[[0, 2]]) > 3")
    page.keyboard.press("Space")
    until(running, "LEAPS")
    page.keyboard.up("w")
    until(running, "fox.body.on_ground and abs(fox.body.velocity).max() < 0.1")

    page.evaluate("dispatchEvent(Object.assign(new Event('gamepadconnected'), { gamepad: pad }))")
    running.python("LEAPS.clear()")
    page.evaluate("pad.axes[0] = 1; pad.buttons[0].value = 1")
    until(running, "LEAPS")
    page.evaluate("pad.axes[0] = 0; pad.buttons[0].value = 0; pad.buttons[9].value = 1")
    until(running, "app.paused and menu.visible")
    page.evaluate("pad.buttons[9].value = 0")
    page.get_by_role("button", name="Options").click()
    page.get_by_role("slider", name="Sounds", exact=True).press("ArrowLeft", timeout=15_000)
    until(running, "app.buses['sfx'].gain < 0.9 and app.store['sfx'] < 0.9")
    page.get_by_role("button", name="Back").click()
    page.get_by_role("button", name="Go on").click()
    until(running, "not app.paused and not menu.visible")
    assert running.report()["errors"] == []


STICK, JUMP, STOP = (150, 400), (610, 488), (610, 372)  # CSS pixels of a page of 720 x 540: actions/screen.py
PHONES = ((390, 844), (844, 390), (320, 568))
COVERED = f"""() => {{
    const lies = (one) => one.getBoundingClientRect();
    const meet = (a, b) => a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
    const words = [...{STAGE}.querySelector('[part=ui]').shadowRoot.querySelectorAll('.text, .title, .button')]
      .filter((one) => one.checkVisibility() && one.textContent !== '');
    const circles = {CIRCLES};
    const out = [...words, ...circles].filter((one) => lies(one).left < 0 || lies(one).right > innerWidth
      || lies(one).top < 0 || lies(one).bottom > innerHeight);
    return [out, words.filter((one) => circles.some((circle) => meet(lies(one), lies(circle)))),
      words.filter((one) => words.some((other) => one !== other && meet(lies(one), lies(other))))]
      .map((found) => found.map((one) => one.textContent));
}}"""  # what leaves the screen, words under circles, words over words


def test_fingers_play_it(browser: Browser, serve_program: ServeProgram) -> None:
    """Touches of the browser's own: a thumb runs while the other jumps, looks around and stops."""
    with browser.new_context(has_touch=True, viewport={"width": 720, "height": 540}) as context:
        running = open_program(context, serve_program(PROGRAM), backend="null").wait_ready()
        page, session = running.page, context.new_cdp_session(running.page)

        def touch(kind: str, *places: tuple[float, float]) -> None:
            points = [{"x": x, "y": y, "id": number} for number, (x, y) in enumerate(places)]
            session.send("Input.dispatchTouchEvent", {"type": f"touch{kind}", "touchPoints": points})

        page.touchscreen.tap(20, 300)
        running.frames(4)
        assert page.evaluate(f"{CIRCLES}.length") == 0, "there is nothing to run for in the menu"
        page.get_by_role("button", name="Noon").tap()
        until(running, "fox and fox.body.on_ground")
        note_leaps(running)
        page.wait_for_function(f"{CIRCLES}.length === 3")
        assert page.evaluate(f"{CIRCLES}.map((one) => one.textContent).sort().join()") == "jump,stop,use"
        touch("Start", STICK)
        touch("Move", (STICK[0], STICK[1] - 60))
        until(running, "fox.place[2] > 2 and abs(fox.place[0]) < 1")
        assert page.evaluate(f"{CIRCLES}.length") == 5, "a stick is where the thumb lies"
        touch("Start", (STICK[0], STICK[1] - 60), JUMP)
        until(running, "max(LEAPS, default=0) > 3")
        touch("End")
        until(running, "fox.body.on_ground and abs(fox.body.velocity).max() < 0.1")
        touch("Start", (500, 200))
        touch("Move", (560, 200))
        until(running, "level.chase.yaw < -0.5")
        touch("End")
        touch("Start", STOP)
        touch("End")
        until(running, "app.paused and menu.visible")
        page.wait_for_function(f"{CIRCLES}.length === 0")
        page.get_by_role("button", name="Go on").tap()
        until(running, "not app.paused and not menu.visible")
        page.wait_for_function(f"{CIRCLES}.length === 3")
        running.python("from layerw.base.host_port import Running; level = Running.app.scene; level.time_s = 0.0; "
                       "level.prompt.text = level.day.goal")
        for width, height in PHONES:
            page.set_viewport_size({"width": width, "height": height})
            running.frames(4)
            assert page.evaluate(COVERED) == [[], [], []], (width, height)
            goal = page.get_by_text("Catch the fireflies").bounding_box()
            assert goal and goal["width"] > min(500, 0.75 * width), "it may take the whole width"
        assert running.report()["errors"] == []
