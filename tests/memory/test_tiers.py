"""Tiers and eviction against a model in plain Python."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from layerw.base.errors import ConfigError, ShapeError
from layerw.memory.tiers import FAR, NEAR, PINNED, VISIBLE, Residents

assets = st.lists(st.tuples(st.integers(1, 1000), st.integers(0, 3), st.integers(0, 9)), min_size=1, max_size=40)


@given(assets, st.integers(0, 20_000))
def test_eviction_takes_far_before_near_and_the_least_recently_used_first(
        given_assets: list[tuple[int, int, int]], wanted: int) -> None:
    residents = Residents(100.0)
    rows = [residents.add(7, size, tier, frame) for size, tier, frame in given_assets]
    assert len(set(rows)) == len(rows)
    may_go = sorted((tier == NEAR, frame, row, size)
                    for row, (size, tier, frame) in zip(rows, given_assets, strict=True) if tier in (NEAR, FAR))
    expected, total = [], 0
    for _, _, row, size in may_go:
        if total < wanted:
            expected.append(row)
            total += size
    assert residents.choose(wanted).tolist() == (expected if total >= wanted > 0 else [])


@given(assets, st.lists(st.tuples(st.floats(0, 300, width=32), st.booleans()), min_size=64, max_size=64))
def test_tiers_follow_the_distance_with_hysteresis(
        given_assets: list[tuple[int, int, int]], views: list[tuple[float, bool]]) -> None:
    residents = Residents(100.0, margin=0.1)
    rows = [residents.add(7, size, tier, frame) for size, tier, frame in given_assets]
    count = len(residents.tier)
    distance = np.array([views[i][0] for i in range(count)], np.float32)
    seen = np.array([views[i][1] for i in range(count)])
    before = residents.tier.copy()
    changed = set(residents.update(distance, seen, 10).tolist())
    assert changed == {row for row in range(count) if residents.tier[row] != before[row]}
    for row in rows:
        if before[row] == PINNED:
            assert residents.tier[row] == PINNED
        elif seen[row]:
            assert residents.tier[row] == VISIBLE and residents.used_frame[row] == 10
        else:
            limit = 90.0 if before[row] == FAR else 110.0
            assert residents.tier[row] == (FAR if distance[row] > limit else NEAR)
    assert set(np.flatnonzero(residents.tier == 255).tolist()) == set(range(count)) - set(rows)


def test_a_distance_that_shakes_inside_of_the_margin_changes_nothing() -> None:
    residents = Residents(100.0, margin=0.1)
    residents.add(1, 10, FAR, 0)
    residents.add(2, 10, NEAR, 0)
    unseen = np.zeros(len(residents.tier), bool)
    for distance_m in (95.0, 105.0, 92.0, 109.0):
        assert not len(residents.update(np.full(len(unseen), distance_m, np.float32), unseen, 1))


def test_a_removed_row_is_given_again_and_wrong_calls_are_refused() -> None:
    residents = Residents(100.0)
    row = residents.add(5, 10, NEAR, 0)
    assert residents.remove(row) == 5
    with pytest.raises(ShapeError, match="holds no asset"):
        residents.remove(row)
    assert residents.add(6, 10, NEAR, 0) == row
    with pytest.raises(ShapeError, match="one a row"):
        residents.update(np.zeros(1, np.float32), np.zeros(1, bool), 0)
    with pytest.raises(ShapeError):
        residents.add(0, 10, NEAR, 0)
    with pytest.raises(ConfigError):
        Residents(0.0)
