"""Rays through a scene that changes in every way meet what trying everything meets: on CPython and in Pyodide."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from . import changes
from .conftest import HERE, PyodideRun


@given(st.integers(0, 2**32 - 1))
@settings(deadline=None, max_examples=8)
def test_whatever_changed_the_nearest_is_met(seed: int) -> None:
    changes.run(seed, 60, 12)


def test_compiled_trees_follow_what_changes(in_pyodide: PyodideRun) -> None:
    text = (HERE / "changes.py").read_text("utf-8")
    printed = in_pyodide(f"""
import types
made = types.ModuleType("changes")
exec(compile({text!r}, "changes", "exec"), made.__dict__)
from layerw.scene import box_tree
print(sum(made.run(seed, 60, 14) for seed in range(4)))
box_tree.MANY = 200  # along the curve, and up from what moved
print(sum(made.run(seed, 600, 12) for seed in range(2)))
""")
    few, many = map(int, printed.split())
    assert few > 40 and many > 40, "the rays met things"
