"""Edits of the inspector in the source: what is changed is the one value, what can't be is refused, and who may."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from layerw_server.inspecting.edits import EditRefused, Target, edit_call

from .live import Live, running

MOVED = [1.0, 2.5, -3.0]
WRITTEN = [
    ("cube = app.spawn(box, position=(0, 1, 0))", "cube = app.spawn(box, position=(1, 2.5, -3))"),
    ("cube = app.spawn(box, position=[0, 1, 0],  # ü\n   color='red')",
     "cube = app.spawn(box, position=[1, 2.5, -3],  # ü\n   color='red')"),
    ("ü = 'ü'; cube = app.spawn( box,position = ( 0,\n 1, -0.5 ) , static=True)",
     "ü = 'ü'; cube = app.spawn( box,position = (1, 2.5, -3) , static=True)"),
    ("cube = app.spawn(box)", "cube = app.spawn(box, position=(1, 2.5, -3))"),
    ("cube = app.spawn(\n    box,\n    color=('red'),  # why\n)",
     "cube = app.spawn(\n    box,\n    color=('red'), position=(1, 2.5, -3),  # why\n)"),
    ("cube = app.spawn((box))\r\nx = 1\r\n", "cube = app.spawn((box), position=(1, 2.5, -3))\r\nx = 1\r\n"),
    ("cube: lw.Entity = app.spawn(box, position=(0, 0, 0)).add(A)",
     "cube: lw.Entity = app.spawn(box, position=(1, 2.5, -3)).add(A)"),
]
REFUSED = [
    ("cube = app.spawn(box, position=(2 * x, 0, 0))", r"computed \(`\(2 \* x, 0, 0\)`\)"),
    ("cube = app.spawn(box, position=place)", "computed"),
    ("cube = app.spawn(box, **values)", r"\*\*"),
    ("cube = [app.spawn(box, position=(0, 0, 0)) for _ in range(3)]", "comprehension"),
    ("for i in range(3):\n    cube = app.spawn(box, position=(0, 0, 0))", "loop of line 1"),
    ("cube = app.spawn_many(box, 3, position=(0, 0, 0))", "many at once"),
    ("cube = app.spawn(box); other = app.spawn(box)", "2 such calls"),
    ("cube = make()", "no call of spawn"),
    ("cube = app.spawn(box", "no Python"),
    ("cube = app.spawn(box)\nx = " + "+".join(["1"] * 3000), "nests too deep"),
    ("cube = app.spawn(box)\nx = " + "-" * 50_000 + "1", "nests too deep"),
]


@pytest.mark.parametrize(("before", "after"), WRITTEN)
def test_one_value_changes_and_nothing_else(before: str, after: str) -> None:
    edited = edit_call(before, Target(1, ""), "position", MOVED)
    assert edited.text == after and edited.is_top
    assert edit_call(edited.text, Target(1, ""), "position", MOVED).text == after, "again: the same"


@pytest.mark.parametrize(("source", "why"), REFUSED)
def test_what_can_not_be_written_is_told(source: str, why: str) -> None:
    line = 2 if source.startswith("for") else 1
    with pytest.raises(EditRefused, match=why):
        edit_call(source, Target(line, ""), "position", MOVED)


def test_a_variable_names_the_call_where_no_line_does() -> None:
    source = "def make():\n    return app.spawn(box)\ncube = app.spawn(box, color='red')\nother = make()\n"
    edited = edit_call(source, Target(0, "cube"), "color", "#00ff80")
    assert edited.text == source.replace("'red'", '"#00ff80"') and edited.before == "'red'"
    with pytest.raises(EditRefused, match="layerw run --inspect"):
        edit_call(source, Target(0, "other"), "color", "#00ff80")
    assert not edit_call(source, Target(2, ""), "color", "red").is_top, "a function may run again"


def test_who_may_write(live: Live) -> None:
    program = live.app_folder / "main.py"
    source = "cube = app.spawn(box, position=(0, 1, 0))\n"
    program.write_text(source)
    good = {"Authorization": f"Bearer {live.app.debugger.token}"}
    asked: dict[str, Any] = {"file": "main.py", "line": 1, "name": "", "argument": "position", "value": MOVED,
                             "sha256": hashlib.sha256(source.encode()).hexdigest()}

    def write(headers: dict[str, str] = good, **more: Any) -> httpx.Response:
        return post(json.dumps({**asked, **more}), headers)

    def post(body: str, headers: dict[str, str] = good) -> httpx.Response:
        return httpx.post(f"http://127.0.0.1:{live.port}/inspect/write", content=body, headers=headers)

    assert write({}).status_code == 403 and "--inspect" in write({}).json()["error"]
    assert write({"Authorization": "Bearer x"}).status_code == 403
    assert write({**good, "Origin": "http://evil.example"}).status_code == 403
    assert write(sha256="0").status_code == 409, "another file than the one that runs"
    assert write(file="../main.py").status_code == 409 and write(file="/etc/passwd").status_code == 409
    assert write(value="x" * 20_000).status_code == 413
    for wrong in ({"value": {"a": 1}}, {"value": [True]}, {"value": []}, {"line": "x"}, {"value": "\ud800"},
                  {"file": "\ud800.py"}):
        assert write(**wrong).status_code == 400, wrong
    for body in ("[]", "null", "1", '{"line": Infinity}'):
        assert post(body).status_code == 400 and "not understood" in post(body).json()["error"], body
    assert write(file="a" * 5000 + ".py").status_code == 409, "longer than names of files are"
    assert write(argument="\uff50osition").status_code == 409, "Python reads `position`, which would be twice there"
    assert write(value=[1e300, 0, 0]).status_code == 409
    assert program.read_text() == source
    answer = write()
    assert answer.status_code == 200 and answer.json()["line"] == 1
    assert program.read_text() == source.replace("(0, 1, 0)", "(1, 2.5, -3)") == answer.json()["text"]


def test_a_server_for_the_public_writes_nothing(tree: Path) -> None:
    with running(tree, dev=False) as live:
        assert httpx.post(f"http://127.0.0.1:{live.port}/inspect/write", json={}).status_code in (404, 405)
