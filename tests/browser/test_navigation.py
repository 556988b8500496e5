"""Navigation in the page, in a worker: the bake and the 300 steps that CPython takes, to the bit."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext

from layerw.kernels import navigation
from tests.unit.navigation_scene import HASH, PROGRAM

from .conftest import ServeProgram
from .harness import open_program, write_program

pytestmark = pytest.mark.skipif(not navigation.is_built(), reason="layerw was built without it: `make navigation`")


def test_the_page_and_cpython_agree(context: BrowserContext, serve_program: ServeProgram, tmp_path: Path) -> None:
    address = serve_program(write_program(tmp_path, PROGRAM))
    running = open_program(context, address, backend="null").wait_ready()
    report = running.report(state_hash=True)
    assert report["errors"] == [] and report["navigation"]["agents"] == 60
    assert report["states"]["navigation"] == HASH
