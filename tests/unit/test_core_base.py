"""Handles, settings, messages: the bottom layer."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from layerw.base.config import Budgets, Config
from layerw.base.errors import ConfigError, HandleError, LayerwError
from layerw.base.handles import GENERATIONS_MAX, HandlePool, handle_generation, handle_index
from layerw.base.log import MESSAGES_PER_FRAME_MAX, Log


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 1 << 16), max_size=120))
def test_handles_are_never_0_never_twice_and_stale_ones_are_refused(choices: list[int]) -> None:
    pool, live, dead = HandlePool("mesh"), [], set()
    for choice in choices:
        if choice % 3 and live:
            handle = live.pop(choice % len(live))
            pool.free(handle)
            dead.add(handle)
        else:
            handle = pool.alloc()
            assert handle != 0 and handle not in live and handle not in dead
            live.append(handle)
        pool.check_invariants()
    assert pool.live_count == len(live)
    assert all(pool.is_live(h) for h in live) and not any(pool.is_live(h) for h in dead)
    for handle in list(dead)[:5]:
        with pytest.raises(HandleError, match="has ended"):
            pool.free(handle)


def test_a_slot_retires_instead_of_wrapping() -> None:
    pool = HandlePool("texture")
    seen = set()
    for _ in range(GENERATIONS_MAX):
        handle = pool.alloc()
        assert handle_index(handle) == 1
        seen.add(handle_generation(handle))
        pool.free(handle)
    assert len(seen) == GENERATIONS_MAX
    assert handle_index(pool.alloc()) == 2


def test_handle_0_says_none() -> None:
    with pytest.raises(HandleError, match="is 0"):
        HandlePool("buffer").check(0)


def test_settings_outside_of_their_limits_name_value_and_limit() -> None:
    with pytest.raises(ConfigError, match=r"gpu_mib is 0; .* from 1 to 65536"):
        Budgets(gpu_mib=0)
    with pytest.raises(ConfigError, match="lanes is 100"):
        Config(lanes=100)
    with pytest.raises(LayerwError, match="number"):
        Budgets(heap_mib="big")  # type: ignore[arg-type]


def test_budgets_are_replaced_by_name() -> None:
    replaced = Budgets(gpu_mib=64).replaced({"layer_mib": 32})
    assert (replaced.gpu_mib, replaced.layer_mib, replaced.layer_bytes) == (64, 32, 32 << 20)
    with pytest.raises(ConfigError, match="no budget named 'ram_mib'"):
        Budgets().replaced({"ram_mib": 1})


def test_the_log_keeps_a_bounded_number_of_messages_and_counts_the_rest() -> None:
    log = Log()
    for number in range(MESSAGES_PER_FRAME_MAX + 7):
        log.error(f"error {number}")
    assert len(log.take()) == MESSAGES_PER_FRAME_MAX
    assert (log.dropped_count, log.error_count) == (7, MESSAGES_PER_FRAME_MAX + 7)
    assert log.take() == []
