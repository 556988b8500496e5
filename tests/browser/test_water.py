"""examples/water.py is one program: the page's kernels and wasmtime's come to the same state, to the bit."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext

from .conftest import ServeProgram
from .harness import open_program

PROGRAM = Path(__file__).resolve().parents[2] / "examples" / "water.py"
STEPS = 8


@pytest.mark.parametrize(("isolate", "threads"), [("1", "2"), ("1", "1"), ("0", "2")])
def test_the_page_and_cpython_agree(
        context: BrowserContext, serve_program: ServeProgram, isolate: str, threads: str) -> None:
    command = [sys.executable, str(PROGRAM), "--headless", "--steps", str(STEPS), "--threads", threads]
    printed = subprocess.run(command, check=True, capture_output=True, text=True, timeout=120).stdout
    address = serve_program(PROGRAM)
    running = open_program(context, address, backend="null", isolate=isolate, steps=str(STEPS),
                           threads=threads).wait_ready()  # fmt: skip
    running.frames(STEPS)
    report = running.report(state_hash=True)
    assert report["errors"] == []
    assert len(report["states"]["water"]) == 64
    assert report["states"]["water"] in printed
