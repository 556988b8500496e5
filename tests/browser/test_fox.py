"""examples/fox in the page: played by its own script, it ends as it does without a page, to the bit."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Browser

from layerw_server.tools.shot import ShotOptions, take_shot
from tests.unit.test_fox import HASH

from .conftest import ServeProgram

PROGRAM = Path(__file__).resolve().parents[2] / "examples/fox/main.py"
FRAMES = 1600  # of four steps each: it ends before


def test_the_game_ends_as_it_does_without_a_page(browser: Browser, serve_program: ServeProgram) -> None:
    query = {"play": "4", "fireflies": "1"}
    taken = take_shot(browser, serve_program(PROGRAM), ShotOptions("null", (96, 64), FRAMES, extra_query=query))
    assert taken.errors == []
    assert taken.report["states"]["game"] == HASH
