"""`layerw doctor`: every check by itself, and the exit status."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from layerw_server import cli
from layerw_server.tools import doctor


def status_of(*arguments: str) -> int:
    with pytest.raises(SystemExit) as caught:
        cli.main(["doctor", *arguments])
    return int(caught.value.code or 0)


def test_a_machine_that_runs_the_tests_can_serve(capsys: pytest.CaptureFixture[str]) -> None:
    assert status_of("--no-browser", "--json") == 0
    found = {line["name"]: line for line in json.loads(capsys.readouterr().out)}
    assert found["Python"]["state"] == found["kernels"]["state"] == found["runtime"]["state"] == "ok"
    assert "Chromium" not in found


def test_what_is_missing_says_how_it_comes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(doctor.PIECES, "no_such_piece", ("nothing", "pip install nothing"))
    found = {line.name: line for line in doctor.examine(browser=False)}
    assert found["no_such_piece"] == doctor.Finding("no_such_piece", "missing", "for nothing: pip install nothing")


def test_a_check_that_breaks_leaves_the_others(monkeypatch: pytest.MonkeyPatch,
                                               capsys: pytest.CaptureFixture[str]) -> None:  # fmt: skip
    def broken() -> Iterator[doctor.Finding]:
        raise PermissionError("no")

    monkeypatch.setattr(doctor, "_runtime", broken)
    assert status_of("--no-browser") == 1
    out = capsys.readouterr().out
    assert "fails    runtime        PermissionError: no" in out and "playwright" in out


def test_no_browser_is_a_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LAYERW_CHROMIUM", "/no/such/browser")
    last = list(doctor.examine())[-1]
    assert last.name == "browser" and last.state == "fails" and "/no/such/browser" in last.text
