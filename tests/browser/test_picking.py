"""Picking in real Chromium: the page's kernels answer as CPython's twins do, and a click selects what is under it."""

from __future__ import annotations

import json
import runpy
from pathlib import Path

import pytest

from .conftest import RunProgram
from .harness import SIZE

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "picking.py"
PROGRAM = """
import numpy as np
import layerw as lw

app = lw.App()
rng = np.random.default_rng(8)
turns = rng.uniform(-1, 1, (500, 4)).astype(np.float32)
turns /= np.sqrt((turns * turns).sum(axis=1))[:, None]
things = [app.spawn_many(mesh, 250, position=rng.uniform(-20, 20, (250, 3)), rotation=turns[k::2],
                         scale=rng.uniform(0.3, 2, (250, 3)), static=static)
          for k, (mesh, static) in enumerate(((lw.Mesh.box(), True), (lw.Mesh([(-1, 0, -1), (1, 0, 0), (0, 1, 1)],
                                                                           [0, 1, 2]), False)))]
origins = np.round(rng.uniform(-40, 40, (60, 3)))
targets = np.round(rng.uniform(-9, 9, (60, 3)))

def answers():
    found = []
    for origin, target in zip(origins, targets):
        hit = app.raycast(origin, target - origin)
        found.append(hit and [hit.entity.first_row, hit.distance, hit.point.tolist(), hit.normal.tolist()])
    return found

first = answers()
things[1].position[:, 1] += np.float32(3)

@app.frame
def update(dt):
    pass
"""


@pytest.mark.parametrize("thread", ["worker", "main"])
def test_the_page_and_cpython_meet_the_same_entities(run_program: RunProgram, tmp_path: Path, thread: str) -> None:
    running = run_program(PROGRAM, backend="null", thread=thread).wait_ready()
    found = json.loads(running.python("import json, __main__ as m; json.dumps([m.first, m.answers()])"))
    assert running.report()["crossings_per_frame"] == {"py_to_js": 1, "js_to_py": 1}
    program = tmp_path / "same.py"
    program.write_text(PROGRAM, "utf-8")
    wanted = runpy.run_path(str(program))
    assert found == json.loads(json.dumps([wanted["first"], wanted["answers"]()]))
    hits = [hit for hit in found[0] if hit]
    assert 15 < len(hits) < 60 and len({hit[0] for hit in hits}) > 10
    assert found[0] != found[1], "what moved is met elsewhere"


def test_a_click_selects_what_is_under_the_pointer(run_program: RunProgram) -> None:
    running = run_program(EXAMPLE, backend="null", thread="main").wait_ready()
    # Where a thing is in the picture, as the camera sees it now; one that nothing else hides.
    place = running.python("""
from __main__ import *
import json
frame = app._engine.frame_camera()
found = None
for thing in things[1:]:
    x, y, z, w = frame.view_projection.astype(float) @ np.append(thing.position - frame.position, 1)
    at = ((x / w + 1) / 2 * app.input.size[0], (1 - y / w) / 2 * app.input.size[1])
    hit = app.pick(*at)
    if hit and hit.entity.first_row == thing.first_row:
        found = (*at, thing.first_row)
        break
json.dumps(found)
""")
    x, y, row = json.loads(place)
    assert 0 <= x <= SIZE["width"] and 0 <= y <= SIZE["height"]
    running.page.mouse.move(x, y)
    running.frames(2)
    running.page.mouse.down()
    running.frames(2)
    assert running.python("import __main__ as m; m.State.selected and m.State.selected.first_row") == row
    assert running.python("str(m.State.selected.color[0].tolist())") == "[255, 215, 0, 255]"
    running.page.mouse.up()
    assert running.report()["errors"] == []
