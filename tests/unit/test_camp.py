"""examples/camp: what it makes from numbers, and that it runs, without a page."""

from __future__ import annotations

import runpy
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from layerw.hosts.headless import HeadlessHost

CAMP = Path(__file__).resolve().parents[2] / "examples/camp"
OWN = ("hearth", "patterns", "woods")


@pytest.fixture
def camp(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[HeadlessHost, dict[str, Any]]]:
    host = HeadlessHost(CAMP, size=(320, 200))
    monkeypatch.setattr("layerw.app.default_host", lambda: host)
    monkeypatch.syspath_prepend(str(CAMP))
    yield host, runpy.run_path(str(CAMP / "main.py"))
    for name in OWN:
        sys.modules.pop(name, None)


def test_it_runs_and_nothing_stands_on_the_path(camp: tuple[HeadlessHost, dict[str, Any]]) -> None:
    host, names = camp
    app = names["app"]
    for _ in range(3):
        host.step(app)
    report = app.report()
    assert report["errors"] == []
    assert report["lights"]["count"] == 8
    x, z = names["places"][:, 0], names["places"][:, 2]
    assert (np.hypot(x, z) >= 6.5).all()
    assert (np.abs(x - 1.3 * np.sin(0.3 * z))[z > 0] > 2.0).all()
    before = names["fire"].intensity
    for _ in range(5):
        host.step(app)
    assert names["fire"].intensity != before


def test_patterns_repeat_without_a_seam(camp: tuple[HeadlessHost, dict[str, Any]]) -> None:
    noise = sys.modules["patterns"].noise
    field = noise(np.random.default_rng(1), side=64)
    assert field.min() == 0.0
    assert field.max() == 1.0
    inside = np.abs(np.diff(field, axis=0)).mean()
    assert np.abs(field[0] - field[-1]).mean() < 2 * inside
    assert np.abs(field[:, 0] - field[:, -1]).mean() < 2 * np.abs(np.diff(field, axis=1)).mean()
