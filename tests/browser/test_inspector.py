"""The inspector in a real page: list, fields, picking, axes, console, time, log, and edits of the source."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from playwright.sync_api import BrowserContext, Page, expect

from layerw_server.http.app import create_app
from layerw_server.http.background import background_server
from layerw_server.http.web import web_folder

from .harness import HOST_JS, Running, open_program, write_program

PROGRAM = """import layerw as lw

@lw.component
class Health:
    hp: lw.f32 = 100.0
    team: lw.u8 = 1

app = lw.App()
app.camera.position = (0, 0, 8)
app.camera.look_at((0, 0, 0))
box = lw.Mesh.box()
cube = app.spawn(box, lw.Material(color="tomato"), position=(0, 0, 0))  # the hero
cube.add(Health)
moved = app.spawn(box, position=(0.5 * 4, 0, 0))
crowd = app.spawn_many(box, 3000, position=(0, -50, 0))
steps = 0

@app.frame
def update(dt):
    global steps
    steps += 1
"""


def wait_python(page: Page, condition: str) -> None:
    page.wait_for_function(f"async () => {HOST_JS}.request('python', {json.dumps(f'bool({condition})')})")


def asked(running: Running, what: str, **more: Any) -> Any:
    return json.loads(running.request("inspect", json.dumps({"do": what, **more})))["value"]


def test_a_program_inspected(context: BrowserContext, runtime_dir: Path, tmp_path: Path) -> None:
    path = write_program(tmp_path, PROGRAM)
    app = create_app(program=path, runtime=runtime_dir, web=web_folder())
    assert app.debugger is not None
    with background_server(app) as address:
        running = open_program(context, address, backend="null")
        page = running.page
        fetched: list[str] = []
        page.on("request", lambda request: fetched.append(request.url))
        page.set_viewport_size({"width": 1000, "height": 700})
        running.wait_ready()
        assert running.python("import sys; any(name.startswith('layerw.inspecting') for name in sys.modules)") is False
        assert not any("/inspector/" in url for url in fetched), "nothing of it is fetched before it is opened"

        # The list: groups, thousands of lines of which few exist, search.
        page.keyboard.press("F9")
        panel = page.locator("layer-w .inspector")
        stage = page.locator("layer-w .stage")
        expect(panel).to_be_visible()
        widths = "stage => [stage.clientWidth, stage.getRootNode().querySelector('.inspector')?.offsetLeft]"
        assert stage.evaluate(widths) == [590, 590], "the picture lies beside it"
        page.set_viewport_size({"width": 600, "height": 700})
        assert stage.evaluate(widths) == [600, 190], "no room for both"
        page.set_viewport_size({"width": 1000, "height": 700})
        group = panel.get_by_role("treeitem", name="Health")
        group.click()
        panel.get_by_role("treeitem", name="cube").click()
        panel.get_by_role("treeitem", name="Without components").click()
        expect(panel.get_by_role("treeitem", name="crowd[0]", exact=True)).to_be_visible()
        assert panel.get_by_role("treeitem").count() < 80
        expect(panel).to_contain_text("3002 entities")
        panel.get_by_label("Find in the scene").fill("crowd[2999]")
        expect(panel.get_by_role("treeitem", name="crowd[2999]")).to_be_visible()

        # Fields: numbers, a slider, a colour; Python's sentence where one is refused.
        hp = panel.get_by_label("hp", exact=True)
        hp.fill("42")
        panel.get_by_label("color", exact=True).fill("#00ff80")
        panel.get_by_label("team, slider").fill("7")
        running.python("import json, __main__ as m; None")
        wait_python(page, "m.cube[m.Health].team == 7")
        found = running.python("json.dumps([m.cube[m.Health].hp, m.cube.color[0].tolist()])")
        assert json.loads(found) == [42.0, [0, 255, 128, 255]]
        running.python("m.cube[m.Health].hp = 7.0; None")
        hp.blur()
        expect(hp).to_have_value("7")
        panel.get_by_label("layer", exact=True).fill("99")
        expect(panel).to_contain_text("31")

        # Without the token nothing is written, and why is said.
        write = panel.get_by_label("Write position into the source")
        write.click()
        expect(panel).to_contain_text("layerw run --inspect")
        assert path.read_text() == PROGRAM

        # Picking, the box, the gizmo's x axis.
        panel.get_by_label("Find in the scene").fill("")
        panel.get_by_role("button", name="Pick").click()
        page.mouse.click(295, 350)
        expect(panel.locator(".fields > p")).to_contain_text("cube")
        expect(page.locator("layer-w .inspector-picture .box line")).to_have_count(12)
        grip = page.locator("layer-w .a0 .grip").bounding_box()
        assert grip is not None
        start = (grip["x"] + grip["width"] * 0.8, grip["y"] + grip["height"] / 2)
        page.mouse.move(*start)
        page.mouse.down()
        page.mouse.move(start[0] + 80, start[1], steps=4)
        wait_python(page, "m.cube.position[0] > 0.5")
        page.mouse.up()
        x, y, z = json.loads(running.python("json.dumps(m.cube.position.tolist())"))
        assert 0.6 < x < 1.6 and y == z == 0, "80 of 700 pixels, 8 m away"

        # The console.
        panel.get_by_role("tab", name="Console").click()
        line = panel.get_by_label("Python, in the running program")
        line.fill("cube.pos")
        line.press("Tab")
        expect(line).to_have_value("cube.position")
        line.fill("steps * 0 + 6 * 7")
        line.press("Enter")
        line.fill("print('_ is', _); chosen.position = (0, 1, 0); nothing")
        line.press("Enter")
        output = panel.get_by_label("Output of the console")
        expect(output).to_contain_text("_ is 42")
        expect(output).to_contain_text("NameError")
        assert json.loads(running.python("json.dumps(m.cube.position.tolist())")) == [0, 1, 0]

        # Figures, the log.
        panel.get_by_role("tab", name="Memory").click()
        expect(panel.get_by_role("meter", name="GPU")).to_have_attribute("aria-valuemax", "536870912")
        panel.get_by_role("tab", name="Frame").click()
        expect(panel).to_contain_text("The program")
        assert asked(running, "record", seconds=0.2) == {"lacks": ""}
        while (recorded := asked(running, "recorded")) is None:
            running.frames(1)
        events = json.loads(recorded)["traceEvents"]
        functions = {one["name"]: one["args"]["where"] for one in events if one.get("cat") == "function"}
        assert functions == {"update": "main.py:18"} and any(one["name"] == "The program" for one in events)
        running.python("print('hello from the program'); None")
        panel.get_by_role("tab", name="Log").click()
        expect(panel.get_by_role("log", name="What the program said")).to_contain_text("hello from the program")

        # Back in time: the cube is where it was, the program stands, and goes on from there.
        panel.get_by_label("Seconds back").fill(str(panel.get_by_label("Seconds back").get_attribute("min")))
        wait_python(page, "m.cube.position[1] == 0")
        steps = running.python("m.steps")
        running.frames(2)
        assert running.python("m.steps") == steps
        panel.get_by_role("button", name="Resume").click()
        wait_python(page, f"m.steps > {steps}")

        # Closed: nothing of it is left.
        panel.get_by_role("button", name="Close the inspector").click()
        expect(panel).to_have_count(0)
        assert stage.evaluate(widths) == [1000, None]
        assert running.python("from layerw.scene.table import Table; Table.spawn.__module__") == "layerw.scene.table"
        assert running.python("from layerw import engine; engine.STAGES[-1][0]") == "The messages"
        assert page.evaluate(f"{HOST_JS}.errors") == []
        running.check_leaks()

        # With the token: the new position is in the source, and the program is the one that ran before.
        page.goto("about:blank")
        page.goto(f"{address}?backend=null&quality=medium#inspect={app.debugger.token}")
        running.wait_ready()
        running.python("import json, __main__ as m; m.mark = 1; None")
        expect(panel).to_be_visible()
        panel.get_by_label("Find in the scene").fill("cube")
        panel.get_by_role("treeitem", name="cube").click()
        panel.get_by_label("position x").fill("2.5")
        panel.get_by_label("Write position into the source").click()
        expect(panel).to_contain_text("position is in line 12 of main.py now.")
        wanted = PROGRAM.replace('color="tomato"), position=(0, 0, 0)', 'color="tomato"), position=(2.5, 0, 0)')
        assert path.read_text() == wanted
        panel.get_by_label("Find in the scene").fill("moved")
        panel.get_by_role("treeitem", name="moved").click()
        panel.get_by_label("Write position into the source").click()
        expect(panel).to_contain_text("computed")
        assert path.read_text() == wanted
        assert running.python("m.mark") == 1, "nothing started again"
        page.close()
