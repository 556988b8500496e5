"""Tiers and eviction against a model in plain Python."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from layerw.base.errors import ConfigError, ShapeError
from layerw.memory.tiers import FAR, NEAR, PINNED, VISIBLE, Residents

assets = st.lists(st.tuples(st.integers(1, 1000), st.integers(0, 3), st.integers(0, 9)), min_size=1, max_size=40)


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(assets, st.integers(0, 20_000))
def test_eviction_takes_far_before_near_and_the_least_recently_used_first(
        given_assets: list[tuple[int, int, int]], wanted: int) -> None:
    residents = Residents(100.0)
    rows = [residents.add(tier, frame, size) for size, tier, frame in given_assets]
    assert len(set(rows)) == len(rows)
    may_go = sorted((tier == NEAR, frame, row, size)
                    for row, (size, tier, frame) in zip(rows, given_assets, strict=True) if tier in (NEAR, FAR))
    expected, total = [], 0
    for _, _, row, size in may_go:
        if total < wanted:
            expected.append(row)
            total += size
    assert residents.choose(wanted).tolist() == (expected if total >= wanted > 0 else [])


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(assets, st.lists(st.tuples(st.floats(0, 300, width=32), st.booleans()), min_size=64, max_size=64))
def test_tiers_follow_the_distance_with_hysteresis(
        given_assets: list[tuple[int, int, int]], views: list[tuple[float, bool]]) -> None:
    residents = Residents(100.0, margin=0.1)
    rows = [residents.add(tier, frame, size) for size, tier, frame in given_assets]
    placed = rows[::2]  # the others stay as they are
    distance = np.full(len(residents.tier), 1e9)
    seen = np.zeros(len(residents.tier), bool)
    distance[placed], seen[placed] = (np.array([views[row][item] for row in placed]) for item in (0, 1))
    before = residents.tier.copy()
    where = np.array(placed, np.int64)
    changed = set(residents.update(where, distance[where], seen[where], 10).tolist())
    assert changed == {row for row in range(len(before)) if residents.tier[row] != before[row]}
    assert changed <= set(placed)
    for row in placed:
        if before[row] == PINNED:
            assert residents.tier[row] == PINNED
        elif seen[row]:
            assert residents.tier[row] == VISIBLE and residents.used_frame[row] == 10
        else:
            limit = 90.0 if before[row] == FAR else 110.0
            assert residents.tier[row] == (FAR if distance[row] > limit else NEAR)
    assert set(np.flatnonzero(residents.tier == 255).tolist()) == set(range(len(before))) - set(rows)


def test_a_distance_that_shakes_inside_of_the_margin_changes_nothing() -> None:
    residents = Residents(100.0, margin=0.1)
    rows = np.array([residents.add(FAR, 0), residents.add(NEAR, 0)])
    for distance in (95.0, 105.0, 92.0, 109.0):
        assert not len(residents.update(rows, np.full(2, distance), np.zeros(2, bool), 1))


def test_a_removed_row_is_given_again_and_wrong_calls_are_refused() -> None:
    residents = Residents(100.0)
    row = residents.add(NEAR, 0, 10)
    residents.remove(row)
    with pytest.raises(ShapeError, match="holds no asset"):
        residents.remove(row)
    assert residents.add(NEAR, 0, 10) == row
    with pytest.raises(ShapeError, match="one a row"):
        residents.update(np.array([row]), np.zeros(2), np.zeros(1, bool), 0)
    with pytest.raises(ShapeError):
        residents.add(4, 0)
    with pytest.raises(ConfigError):
        Residents(0.0)
