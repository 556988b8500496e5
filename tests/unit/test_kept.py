"""What a start of the page keeps from the one before: it comes back as it was, or it is told."""

from __future__ import annotations

import ast
import json
import math
from typing import Any

import numpy as np

from layerw.saves.kept import Kept


def test_kept_values_come_back_equal_from_json() -> None:
    values: dict[str, Any] = {"far": math.inf, "byNumber": {1: {2, 3}}, "nested": (1, (2, [3])),
                              "none": np.zeros((0, 3), np.float32), "half": 3.5, "sign": {"layerw.kind": 1}}
    defaults: dict[str, Any] = {"far": 0.0, "byNumber": {}, "nested": (), "none": np.zeros((0, 3)), "half": 0,
                                "sign": {}}
    kept = Kept({})
    for name, default in defaults.items():
        kept.take(name, default)
    tree = ast.parse("\n".join(f'{name} = app.keep("{name}", 0)' for name in values))
    now, lost = kept.values([(tree, dict(values))])
    assert not lost
    again = Kept(json.loads(json.dumps(now, allow_nan=False)))
    for name, value in values.items():
        found = again.take(name, defaults[name])
        assert (found.shape == value.shape) if isinstance(value, np.ndarray) else (found == value)


def test_what_can_not_be_kept_is_told() -> None:
    kept = Kept({})
    ring: list[Any] = []
    ring.append(ring)
    for name, value in {"ring": ring, "act": print, "at": 5, "a": 1, "b": 2}.items():
        kept.take(name, value)
    tree = ast.parse('a, b = app.keep("a", 1), app.keep("b", 2)')
    now, lost = kept.values([(tree, {"a": 7, "b": 8})])
    assert now == {"at": 5, "a": 7, "b": 8} and len(lost) == 3
    assert '"at") is kept as it was at the start' in " ".join(lost)
