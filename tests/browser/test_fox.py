"""examples/fox in the page: by its own script it ends as it does without a page, to the bit; and keys and a fake pad
play it."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext

from layerw_server.tools.shot import ShotOptions, take_shot
from tests.unit.test_fox import HASH

from .conftest import ServeProgram
from .harness import Running, open_program
from .test_actions import PAD

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


@pytest.mark.own_profile
def test_keys_and_a_pad_play_it(context: BrowserContext, serve_program: ServeProgram) -> None:
    context.add_init_script(PAD)
    running = open_program(context, serve_program(PROGRAM), backend="null").wait_ready()
    page = running.page
    page.set_viewport_size({"width": 720, "height": 540})  # menus fit
    page.get_by_role("button", name="Noon").click()
    until(running, "fox and fox.body.on_ground")
    page.keyboard.down("w")
    until(running, "__import__('numpy').hypot(*fox.body.velocity[[0, 2]]) > 3")
    page.keyboard.press("Space")
    until(running, "fox.body.velocity[1] > 1")
    page.keyboard.up("w")
    until(running, "fox.body.on_ground and abs(fox.body.velocity).max() < 0.1")

    page.evaluate("dispatchEvent(Object.assign(new Event('gamepadconnected'), { gamepad: pad }))")
    page.evaluate("pad.axes[0] = 1; pad.buttons[0].value = 1")
    until(running, "fox.body.velocity[1] > 1")
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
