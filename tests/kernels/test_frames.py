"""Whole frames: CPython's numpy path and the kernels in Pyodide give the same draw lists and the same state."""

from __future__ import annotations

import pytest

from layerw.kernels.geometry import GEOMETRY
from layerw.kernels.twins.all import NumpyKernels

from . import frames
from .conftest import HERE, PyodideRun


def test_frames_are_equal_on_cpython_and_in_pyodide(in_pyodide: PyodideRun) -> None:
    assert isinstance(GEOMETRY, NumpyKernels)
    expected = frames.run()
    assert len(set(expected)) == len(expected) == 5
    printed = in_pyodide((HERE / "frames.py").read_text("utf-8") + "\nprint(*run())")
    assert printed.split() == expected


def test_another_picture_has_another_digest(monkeypatch: pytest.MonkeyPatch) -> None:
    expected = frames.run(1)
    radii = GEOMETRY.lw_sphere_radii

    def wrong(radius, scale, rows, count, out):  # type: ignore[no-untyped-def]
        radii(radius, scale, rows, count, out)
        out *= 2

    monkeypatch.setattr(GEOMETRY, "lw_sphere_radii", wrong)
    assert frames.run(1)[0] != expected[0]
