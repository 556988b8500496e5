"""The inspector's Python: lists of thousands, fields, drags, time, recordings, and that closing leaves nothing."""

from __future__ import annotations

import json
import sys
import types
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import layerw as lw
from layerw import engine as engine_module
from layerw.app import App
from layerw.base.mathx import quat_from_euler
from layerw.hosts import drive_with
from layerw.hosts.headless import HeadlessHost
from layerw.inspecting.fields import degrees
from layerw.inspecting.inspector import Inspector
from layerw.inspecting.spawns import Spawns
from layerw.live import reload
from layerw.scene.table import Table


@lw.component
class Health:
    hp: lw.f32 = 100.0
    team: lw.u8 = 1


class Inspected:
    """A program of the folder /app/ with an inspector."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.host = HeadlessHost()
        self.app = App(host=self.host)
        self.module = types.ModuleType("__main__")
        self.module.__file__ = "/app/main.py"
        monkeypatch.setitem(sys.modules, "__main__", self.module)
        self.spawns = Spawns()
        self.spawns.begin()
        self.inspector = Inspector(self.app, self.spawns)

    def ask(self, what: str, **more: Any) -> Any:
        answer = json.loads(json.dumps(self.inspector.answer({"do": what, **more}), allow_nan=False))
        assert "error" not in answer, answer
        return answer["value"]

    def refused(self, what: str, **more: Any) -> str:
        return str(self.inspector.answer({"do": what, **more})["error"])

    def chosen(self, entity: lw.Entity) -> dict[str, int]:
        return {"row": entity.first_row, "birth": int(self.app.table.birth[entity.first_row])}

    def lines(self, start: int = 0, count: int = 50, opened: tuple[str, ...] = (), find: str = "") -> Any:
        return self.ask("lines", start=start, count=count, open=opened, find=find)


@pytest.fixture
def inspected(monkeypatch: pytest.MonkeyPatch) -> Any:
    made = Inspected(monkeypatch)
    yield made
    made.inspector.close()
    made.spawns.end()
    made.app.close()
    assert Table.spawn.__module__ == "layerw.scene.table" and len(engine_module.STAGES) == STAGES_COUNT


STAGES_COUNT = len(engine_module.STAGES)


def test_a_list_of_thousands_gives_the_lines_in_sight(inspected: Inspected) -> None:
    crowd = inspected.app.spawn_many(lw.Mesh.box(), 5000)
    crowd[:3].add(Health)
    inspected.module.crowd, inspected.module.hero = crowd, crowd[1]
    closed = inspected.lines()
    assert [(one["name"], one["count"]) for one in closed["lines"]] == [("Without components", 4997), ("Health", 3)]
    found = inspected.lines(start=4000, count=3, opened=("Without components",))
    assert found["total"] == 4999 and [one["at"] for one in found["lines"]] == [4000, 4001, 4002]
    assert found["lines"][0]["name"] == "crowd[4002]"
    assert {one["name"] for one in inspected.lines(find="hero")["lines"]} == {"Health", "crowd[1]"}
    assert inspected.lines(find="health")["entities"] == 3
    assert inspected.ask("find", name="crowd[7]")["row"] == crowd[7].first_row
    inspected.module.crowd_leader = crowd[9]  # names that begin alike, and one that is a component's
    inspected.module.health = inspected.app.spawn(lw.Mesh.box()).add(Health)
    assert inspected.ask("find", name="crowd[0]")["row"] == crowd[0].first_row
    assert inspected.ask("find", name="health")["row"] == inspected.module.health.first_row
    assert inspected.ask("find", name="nobody") is None


def test_fields_are_edited_and_mistakes_are_told(inspected: Inspected) -> None:
    cube = inspected.app.spawn(lw.Mesh.box()).add(Health)
    who = inspected.chosen(cube)
    own, health = inspected.ask("fields", **who)["components"]
    assert health == {"name": "Health", "fields": [
        {"name": "hp", "type": "f32", "value": [100.0]},
        {"name": "team", "type": "u8", "value": [1], "most": 255, "least": 0}]}
    inspected.ask("put", **who, component="Health", field="hp", value=[3])
    inspected.ask("put", **who, component="", field="rotation", value=[10, 100, -30])
    inspected.ask("put", **who, component="", field="color", value=[255, 0, 0, 255])
    inspected.ask("put", **who, component="", field="visible", value=[False])
    assert cube[Health].hp == 3 and not cube.visible and cube.color[0].tolist() == [255, 0, 0, 255]
    assert [round(one, 2) for one in degrees(cube.rotation)] == [10, 100, -30]
    assert "31" in inspected.refused("put", **who, component="", field="layer", value=[99])
    assert "256" in inspected.refused("put", **who, component="Health", field="team", value=[256])
    cube.despawn()
    assert inspected.refused("fields", **who) == f"Entity {who['row']} was despawned."


@pytest.mark.parametrize("angles", [(0, 0, 0), (89, 20, 5), (-90, 45, 0), (90, -170, 0), (3, 179, -179)])
def test_degrees_are_what_quaternions_are_made_of(angles: tuple[float, float, float]) -> None:
    made = quat_from_euler(*np.radians(angles))
    again = quat_from_euler(*np.radians(degrees(made)))
    assert abs(float(made @ again)) > 1 - 1e-7


def test_a_drag_moves_turns_and_scales_in_the_world(inspected: Inspected) -> None:
    app = inspected.app
    app.camera.position = (0, 0, 10)
    app.camera.look_at((0, 0, 0))
    parent = app.spawn(lw.Mesh.box(), rotation=quat_from_euler(y=np.pi / 2), scale=2.0)
    cube = app.spawn(lw.Mesh.box(), parent=parent)
    inspected.host.step(app, 2)
    who = inspected.chosen(cube)
    looked = inspected.ask("look", **who, mode="move")
    assert len(looked["box"]) == 12 and [len(one) for one in looked["axes"]] == [1, 1, 1]
    x1, y1, x2, y2 = looked["axes"][0][0]
    assert (x1, y1) == pytest.approx((0.5, 0.5), abs=1e-3) and x2 > x1 and y2 == pytest.approx(y1, abs=1e-3)

    def drag(mode: str, start: tuple[float, float], now: tuple[float, float], axis: int = 0) -> None:
        inspected.ask("drag", **who, mode=mode, axis=axis, start=start, now=now, first=True)

    drag("move", (0.5, 0.5), (x2, y2))
    moved = cube.world_position
    assert moved[0] > 0.1 and moved[1:] == pytest.approx([0, 0], abs=1e-5), "along the world's x"
    inspected.host.step(app, 1)
    assert inspected.ask("look", **who, mode="move")["axes"][0][0][0] == pytest.approx(x2, abs=1e-3)
    cube.position = (0, 0, 0)
    drag("scale", (0.5, 0.6), (0.5, 0.7), axis=1)
    assert cube.scale == pytest.approx([1, 2, 1], rel=1e-3)
    drag("turn", (0.6, 0.5), (0.5, 0.4), axis=2)  # from the right to above
    assert 2 * np.arccos(abs(float(cube.rotation[3]))) == pytest.approx(np.pi / 2, abs=0.01)
    app.camera.look_at((0, 0, 20))
    inspected.host.step(app, 1)
    assert inspected.ask("look", **who, mode="turn") == {"box": [], "axes": [[], [], []]}, "behind the camera"


def test_time_goes_back_and_on_from_there(inspected: Inspected) -> None:
    app = inspected.app
    cube = app.spawn(lw.Mesh.box()).add(Health)
    gone = app.spawn(lw.Mesh.box())
    calls: list[float] = []
    assert "Nothing is kept" in inspected.refused("go", back=1)

    @app.frame
    def update(dt: float) -> None:
        cube.move(x=dt)
        cube[Health].hp -= 1
        calls.append(dt)

    inspected.host.step(app, 120)
    gone.despawn()
    fresh = app.spawn(lw.Mesh.box(), position=(5, 5, 5))
    before = float(cube.position[0]), cube[Health].hp
    shown = inspected.ask("go", back=1.0)
    assert shown["at"] == pytest.approx(1, abs=0.05) and shown["paused"]
    assert cube.position[0] == pytest.approx(before[0] - 1, abs=0.06) and cube[Health].hp > before[1] + 50
    assert fresh.position.tolist() == [5, 5, 5], "what was not there yet stays"
    stands, called = float(cube.position[0]), len(calls)
    inspected.host.step(app, 10)
    assert cube.position[0] == stands and len(calls) == called
    assert not inspected.ask("resume")["paused"]
    inspected.host.step(app, 60)
    assert cube.position[0] == pytest.approx(stands + 1, abs=0.05)


def test_a_recording_has_stages_and_transfers(inspected: Inspected) -> None:
    inspected.host.step(inspected.app, 1)
    assert "Nothing was recorded" in inspected.refused("recorded")
    inspected.ask("record", seconds=0.1)
    assert "already" in inspected.refused("record", seconds=1)
    found = None
    while found is None:
        inspected.host.step(inspected.app, 1)
        found = inspected.ask("recorded")
    events = json.loads(found)["traceEvents"]
    stages = [one for one in events if one.get("cat") == "stage"]
    assert {"The program", "The visibility"} <= {one["name"] for one in stages}
    assert all(one["dur"] >= 0 and one["ph"] == "X" for one in stages)
    assert inspected.ask("passes")["stages"]


def test_the_console_runs_in_the_program(inspected: Inspected) -> None:
    module = inspected.module
    module.speed = 3
    assert inspected.ask("run", text="speed + 1")["result"] == "4"
    assert inspected.ask("run", text="print(_)\nspeed = 9")["printed"] == "4\n" and module.speed == 9
    assert not {"_", "chosen"} & vars(module).keys()
    assert "ZeroDivisionError" in inspected.ask("run", text="1 / 0")["failed"]
    assert "SyntaxError" in inspected.ask("run", text="for")["failed"]
    assert inspected.ask("complete", text="x = spe") == ["speed"]


def test_figures_add_up(inspected: Inspected) -> None:
    inspected.app.spawn_many(lw.Mesh.sphere(), 7)
    inspected.host.step(inspected.app, 2)
    memory = inspected.ask("memory")
    assert [one["name"] for one in memory["ledgers"]] == ["heap", "layer", "gpu"]
    assert memory["assets"]["bytes"] == sum(one["bytes"] for one in memory["assets"]["list"])
    assert any(one["uses"] == 7 for one in memory["assets"]["list"])
    assert inspected.ask("worlds") == []


def test_spawns_are_heard_with_their_line(monkeypatch: pytest.MonkeyPatch) -> None:
    spawns = Spawns()
    spawns.begin()
    spawns.begin()
    try:
        app = App(host=HeadlessHost())
        names = {"app": app, "lw": lw}
        exec(compile("\n\ncube = app.spawn(lw.Mesh.box())", "/app/parts/ship.py", "exec"), names)
        cube: Any = names["cube"]
        site = spawns.site(int(app.table.birth[cube.first_row]))
        assert site is not None and site == ("parts/ship.py", 3)
        app.close()
    finally:
        spawns.end()
    assert Table.spawn.__module__ == "layerw.scene.table"


def test_a_text_that_is_adopted_starts_nothing_again(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    before = "import layerw as lw\napp = lw.App()\ncube = app.spawn(lw.Mesh.box(), position=(0, 1, 0))\n"
    after = before.replace("(0, 1, 0)", "(2, 1, 0)")
    file = tmp_path / "main.py"
    file.write_text(before)
    module = types.ModuleType("__main__")
    module.__file__ = str(file)
    monkeypatch.setitem(sys.modules, "__main__", module)
    with drive_with(HeadlessHost()):
        exec(compile(before, str(file), "exec"), vars(module))
    try:
        assert json.loads(reload.run(str(tmp_path), json.dumps({"main.py": after}), "[]"))["outcome"] == "restart"
        reload.adopt(str(tmp_path), "main.py", after)
        told = json.loads(reload.run(str(tmp_path), json.dumps({"main.py": after}), "[]"))
        assert told["outcome"] == "kept" and "nothing that runs" in told["text"] and file.read_text() == after
    finally:
        module.app.close()
