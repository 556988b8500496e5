"""The debugger in a real page: an editor's client over the server's WebSocket, the page's own panel, endless loops."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, expect

from layerw_server.http.app import create_app
from layerw_server.http.background import background_server
from layerw_server.http.web import web_folder
from tests.server.dap import DapClient, Refused

from .harness import HOST_JS, open_program, write_program

PROGRAM = """import numpy as np
import layerw as lw

app = lw.App()
cubes = app.spawn_many(lw.Mesh.box(), 3, lw.Material(color="tomato"))
heights = np.arange(12.0).reshape(4, 3)
loops = stands = False
counts = []

@app.frame
def update(dt):
    step = dt * 2
    cubes.rotate(y=step)
    while loops:
        pass

@app.frame
def count(dt):
    global stands
    counts.append(dt)
    if stands:
        stands = False
        breakpoint()
"""


def test_an_editor_and_the_page(context: BrowserContext, runtime_dir: Path, tmp_path: Path) -> None:
    path = write_program(tmp_path, PROGRAM)
    app = create_app(program=path, runtime=runtime_dir, web=web_folder())
    assert app.debugger is not None
    with background_server(app) as address:
        editor = DapClient(address, app.debugger.token)
        assert not any(one["verified"] for one in editor.attach(str(path), 6, 13)), "no page is open yet"
        running = open_program(context, address, backend="null")
        page = running.page

        # The program's first lines, before there is a frame.
        thread = editor.event("stopped", reason="breakpoint")["threadId"]
        assert editor.stack(thread) == ["<module>:6"]
        editor.ask("continue", threadId=thread)

        # A callback: values, a step, the panel.
        editor.event("stopped", reason="breakpoint")
        [frame] = editor.ask("stackTrace", threadId=thread)["stackFrames"]
        assert (frame["name"], frame["line"], frame["source"]["path"]) == ("update", 13, str(path.resolve()))
        scopes = editor.ask("scopes", frameId=frame["id"])["scopes"]
        names = {one["name"]: one for scope in scopes
                 for one in editor.ask("variables", variablesReference=scope["variablesReference"])["variables"]}
        assert float(names["step"]["value"]) == pytest.approx(2 * float(names["dt"]["value"]))
        assert names["cubes"]["value"] == "3 entities" and "4×3, 0 to 11" in names["heights"]["value"]
        rows = editor.ask("variables", variablesReference=names["heights"]["variablesReference"])["variables"]
        assert [one["name"] for one in rows] == ["[0]", "[1]", "[2]", "[3]"]
        assert editor.ask("evaluate", expression="heights[1] + 1", frameId=frame["id"])["result"].endswith("[4. 5. 6.]")
        with pytest.raises(Refused, match="NameError"):
            editor.ask("evaluate", expression="nothing", frameId=frame["id"])
        assert page.locator("layer-w .debug h2").inner_text() == "Stopped in line 13 of main.py"
        editor.ask("next", threadId=thread)
        editor.event("stopped", reason="step")
        assert editor.stack(thread) == ["update:14"]

        # It goes on by the page's key, and the editor hears of that.
        editor.set(str(path))
        page.keyboard.press("F8")
        assert editor.event("continued")["threadId"] == thread
        running.wait_ready()
        expect(page.locator("layer-w .debug")).to_be_hidden()

        # An endless loop: told with its line, then stopped; everything else goes on.
        started = time.monotonic()
        running.python("import __main__; __main__.loops = True; None")
        bar = page.locator("layer-w .loop")
        expect(bar).to_contain_text("It is in line", timeout=15_000)
        assert time.monotonic() - started < 10, "2 s, on a busy machine"
        assert "of main.py" in bar.inner_text()
        bar.get_by_text("Stop it").click()
        running.python("import __main__; __main__.before = len(__main__.counts); None")
        running.frames(3)
        assert running.python("__main__.loops and len(__main__.counts) - __main__.before") >= 3
        assert page.evaluate(f"{HOST_JS}.errors") == []

        # An editor that goes away while it stands: the program goes on, and nothing is left.
        running.python("__main__.stands = True; None")
        editor.event("stopped")
        editor.close()
        running.frames(2)
        assert running.python("import sys; sys.monitoring.get_tool(0)") is None
        running.check_leaks()
        page.close()
