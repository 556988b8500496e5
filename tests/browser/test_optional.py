"""What a browser may lack: the page still starts, on its own thread, and says so."""

from __future__ import annotations

import pytest
from playwright.sync_api import BrowserContext

from .conftest import ServeProgram
from .harness import CUBE, HOST_JS, open_program

LACKING = """
for (const [holder, ...names] of [
  [HTMLCanvasElement.prototype, 'transferControlToOffscreen'], [ShadowRoot.prototype, 'adoptedStyleSheets'],
  [Promise, 'withResolvers', 'try'], [Atomics, 'waitAsync'], [WebAssembly, 'Suspending', 'promising'],
  [Navigator.prototype, 'locks', 'gpu', 'scheduling', 'hardwareConcurrency'], [Element.prototype, 'moveBefore'],
  [Document.prototype, 'startViewTransition'], [Array, 'fromAsync'], [Object, 'groupBy'],
  [globalThis, 'OffscreenCanvas', 'SharedArrayBuffer', 'CompressionStream', 'DecompressionStream',
   'requestIdleCallback', 'IntersectionObserver', 'scheduler', 'ImageDecoder', 'Float16Array', 'navigation'],
]) for (const name of names) if (!delete holder[name] || name in holder) throw new Error(`${name} is still there`);
"""
PROGRAM = CUBE + """
import numpy as np
app.show_image(np.full((4, 4, 3), 200, np.uint8))
"""


@pytest.mark.parametrize("isolate", [True, False])
def test_the_page_starts_without_every_optional_feature(context: BrowserContext, serve_program: ServeProgram,
                                                        isolate: bool) -> None:
    address = serve_program(PROGRAM, isolate=isolate)
    running = open_program(context, address, init=LACKING).wait_ready()
    report = running.report()
    assert (report["backend"], report["thread"], report["errors"]) == ("webgl2", "main", [])
    assert "On the page's thread: This browser gives a worker no canvas." in report["backend_note"]
    assert running.page.evaluate(f"getComputedStyle({HOST_JS}.notices.stage).position") == "absolute"
    assert running.page.evaluate(f"{HOST_JS}.notices.stage.querySelectorAll('canvas.panel').length") == 1
    running.check_leaks()
    assert running.errors.texts == []
