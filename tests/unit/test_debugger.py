"""The debugger itself, in Pyodide: one run of debugged.py, whose stops and answers are looked at here."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.kernels.conftest import PyodideRun, in_pyodide  # noqa: F401 - a fixture

Result = dict[str, Any]
_kept: list[Result] = []


@pytest.fixture
def said(in_pyodide: PyodideRun) -> Result:  # noqa: F811 - the fixture
    """What the run found, once for all tests."""
    if not _kept:
        source = Path(__file__).with_name("debugged.py").read_text("utf-8")
        _kept.append(json.loads(in_pyodide(source).splitlines()[-1]))
    return _kept[0]


def test_breakpoints_steps_and_the_stack(said: Result) -> None:
    assert said["placed"] == [{"breakpoints": [{"verified": True, "id": 1, "line": 3}]}]
    assert said["steps"] == ["breakpoint add:3", "step add:4", "step loop:8"] + ["breakpoint add:3"] * 4
    assert said["stack"] == ["add:3", "loop:9", "<module>:12"]
    assert said["here"] == ["breakpoint <module>:12", "step loop:7", "step loop:8", "step <module>:13"]


def test_a_step_over_await_ends_behind_it(said: Result) -> None:
    assert said["await"] == ["breakpoint wait:5", "step wait:6", "step wait:7"]


def test_values_are_seen_and_assigned(said: Result) -> None:
    assert [(one["name"], one["value"]) for one in said["variables"]["variables"]] == [("a", "0"), ("b", "1")]
    one, listed, wrong, statement = said["evaluated"]
    assert one["result"] == "1" and one["type"] == "int" and one["variablesReference"] == 0
    assert listed["result"] == "[0, 0]" and listed["variablesReference"] > 0
    assert wrong == "NameError: name 'nothing' is not defined"
    assert statement["result"] == "" and said["found"] == [42, 2, 3, 4, 5], "a = 41 was typed at the first stop"


def test_conditions_counts_and_log_points(said: Result) -> None:
    assert said["conditional"] == ["breakpoint add:3"] and said["hits"] == 2
    assert said["logged"] == [[f"a is {a:02d} of x\n" for a in range(5)], []]
    condition, line, count = said["refused"]
    assert not (condition["verified"] or line["verified"] or count["verified"])
    assert "'a ==' is no Python expression" in condition["message"]
    assert line["message"] == "There is no code on line 99 or after it."
    assert "'often' is none" in count["message"]


def test_exceptions(said: Result) -> None:
    stops, value, raised = said["uncaught"]
    assert stops == ["exception inner:3"] and value == "0" and "division by zero" in raised
    assert said["raised"] == ["exception inner:3", "exception inner:3"], "also the one that is caught, each once"


def test_a_callback_is_given_up(said: Result) -> None:
    assert said["killed"] == "line 3 of main.py"


def test_wrong_commands_are_answered_and_the_program_goes_on(said: Result) -> None:
    errors, stops = said["wrong"]
    assert [error.split(" ")[0] for error in errors] == ["There", "The", "That", "There", "The"]
    assert "There is no command 'nonsense'." in errors and stops == ["breakpoint add:3"]


def test_nothing_is_watched_until_somebody_asks(said: Result) -> None:
    assert said["idle"] == [None] * 6 and said["armed"] == "layerw" and said["left"] == [None] * 6


def test_a_loop_beside_a_breakpoint_runs_at_its_own_speed(said: Result) -> None:
    assert said["ms"]["elsewhere"] < 2.0 * said["ms"]["plain"] + 20


def test_tables(said: Result) -> None:
    rows = said["tables"]
    assert rows["array"]["value"] == "float64 4×3, 0 to 11: [[ 0. 1. 2.] [ 3. 4. 5.] [ 6. 7. 8.] [ 9. 10. 11.]]"
    assert rows["rows"][1]["name"] == "[1]" and rows["rows"][1]["value"] == "float64 3: [3. 4. 5.]"
    assert rows["large"]["indexedVariables"] == 1000 and len(rows["page"]) == 10 and rows["page"][0]["name"] == "[500]"
    assert rows["group"]["value"] == "3 entities"
    assert [one["name"] for one in rows["fields"]][:4] == ["position", "rotation", "scale", "color"]
    assert rows["fields"][0]["value"].startswith("float32 3×3") and "Health" in [one["name"] for one in rows["fields"]]
    assert rows["entity"]["value"].endswith("at [1. 2. 3.]") and rows["health"]["value"] == "hp=7.0"
    assert "Liar instance" in rows["liar"]["value"], "whose repr() raises"
