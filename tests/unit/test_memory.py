"""Ledgers and ranges against simple models."""

from __future__ import annotations

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from layerw.base.errors import BudgetError
from layerw.memory.backups import Backups
from layerw.memory.ledger import HardLedger
from layerw.memory.ranges import RangeAllocator, _bin_of, _bin_that_fits


class RangesAgainstAList(RuleBasedStateMachine):
    """The model is one byte a unit: who owns it."""

    @initialize(size=st.integers(1, 400))
    def start(self, size: int) -> None:
        self.ranges = RangeAllocator(size)
        self.units = [0] * size
        self.taken: dict[int, int] = {}
        self.serial = 0

    def longest_free(self) -> int:
        longest = run = 0
        for owner in self.units:
            run = run + 1 if owner == 0 else 0
            longest = max(longest, run)
        return longest

    @rule(size=st.integers(1, 120))
    def alloc(self, size: int) -> None:
        sure = self.ranges.largest_free()
        offset = self.ranges.try_alloc(size)
        if offset is None:
            assert sure < size
            return
        assert self.units[offset : offset + size] == [0] * size, "the range was free"
        self.serial += 1
        self.units[offset : offset + size] = [self.serial] * size
        self.taken[offset] = size

    @precondition(lambda self: self.taken)
    @rule(data=st.data())
    def free(self, data: st.DataObject) -> None:
        offset = data.draw(st.sampled_from(sorted(self.taken)))
        size = self.taken.pop(offset)
        assert self.ranges.free(offset) == size
        self.units[offset : offset + size] = [0] * size
        with pytest.raises(ValueError, match="freed twice"):
            self.ranges.free(offset)

    @invariant()
    def agrees(self) -> None:
        self.ranges.check_invariants()
        assert self.ranges.used == sum(owner != 0 for owner in self.units)
        assert self.ranges.largest_free() == self.longest_free()
        assert self.ranges.is_empty == (not self.taken)


class LedgerAgainstANumber(RuleBasedStateMachine):
    @initialize(budget=st.integers(0, 1000))
    def start(self, budget: int) -> None:
        self.ledger = HardLedger("gpu", budget)
        self.ended: list[int] = []
        self.backups = Backups(self.ledger, self.ended.append)
        self.assets = [self.backups.open_asset() for _ in range(3)]
        self.held: list[int] = []
        self.kept: dict[int, int] = {}

    @rule(size=st.integers(0, 700))
    def reserve(self, size: int) -> None:
        fits = sum(self.held) + size <= self.ledger.budget_bytes
        assert self.ledger.try_reserve(size) is fits
        if fits:
            self.held.append(size)
        else:
            with pytest.raises(BudgetError, match=f"{size} bytes"):
                self.ledger.reserve(size, "A thing")

    @rule(size=st.integers(1, 400))
    def keep(self, size: int) -> None:
        transfer = len(self.kept) + 1
        fits = self.ledger.held_bytes + size <= self.ledger.budget_bytes
        assert self.backups.keep(self.assets[transfer % 3], "mesh", transfer, transfer, size) is fits
        self.kept[transfer] = size

    @precondition(lambda self: self.kept)
    @rule(index=st.integers(0, 1 << 16))
    def drop(self, index: int) -> None:
        self.backups.drop("mesh", 1 + index % len(self.kept))

    @precondition(lambda self: self.held)
    @rule(index=st.integers(0, 1 << 16))
    def release(self, index: int) -> None:
        self.ledger.release(self.held.pop(index % len(self.held)))

    @rule()
    def release_too_much(self) -> None:
        with pytest.raises(ValueError, match="exactly what was reserved"):
            self.ledger.release(sum(self.held) + 1)

    @invariant()
    def agrees(self) -> None:
        self.ledger.check_invariants()
        assert self.ledger.used_bytes == sum(self.held)
        live = {transfer: size for transfer, size in self.kept.items() if transfer not in self.ended}
        assert len(self.ended) == len(set(self.ended)), "each ends once"
        assert self.ledger.spare_bytes == sum(live.values()) and len(self.backups) == len(live)
        assert all(self.backups.try_get("mesh", transfer) == transfer for transfer in live)


TestRanges = RangesAgainstAList.TestCase
TestRanges.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
TestLedger = LedgerAgainstANumber.TestCase
TestLedger.settings = settings(max_examples=40, stateful_step_count=30, deadline=None)


def test_the_oldest_backups_go_first_and_nothing_waits_for_them() -> None:
    ledger, ended = HardLedger("layer", 100), []
    backups = Backups(ledger, ended.append)
    asset = backups.open_asset()
    assert all(backups.keep(asset, "texture", number, number, 30) for number in (1, 2, 3))
    assert not backups.keep(asset, "texture", 4, 4, 30) and ended == [4], "backups push nobody out"
    assert ledger.left_bytes == 100 and ledger.try_reserve(50)
    assert ended == [4, 1, 2] and (ledger.used_bytes, ledger.spare_bytes) == (50, 30)
    assert (backups.try_get("texture", 2), backups.try_get("texture", 3), backups.evicted_count) == (0, 3, 2)
    with pytest.raises(ValueError, match="exactly what was taken"):
        ledger.release_spare(31)


def test_bins_are_ordered_and_every_range_of_a_bin_that_fits_does_fit() -> None:
    bins = [_bin_of(size) for size in range(1, 5000)]
    assert bins == sorted(bins)
    smallest = {number: size for size, number in reversed(list(enumerate(bins, 1)))}
    for size in range(1, 4000):
        assert smallest[_bin_that_fits(size)] >= size


def test_freed_neighbours_merge_to_the_whole() -> None:
    ranges = RangeAllocator(100)
    offsets = [ranges.try_alloc(10) for _ in range(10)]
    assert None not in offsets
    assert ranges.try_alloc(1) is None
    for offset in (offsets[i] for i in (3, 1, 2, 9, 0, 8, 4, 6, 5, 7)):
        assert offset is not None
        ranges.free(offset)
    assert ranges.try_alloc(100) == 0


def test_check_invariants_finds_planted_faults() -> None:
    overlap = RangeAllocator(64)
    overlap.try_alloc(8)
    overlap._taken[4] = 8
    with pytest.raises(AssertionError, match="overlap"):
        overlap.check_invariants()
    unmerged = RangeAllocator(64)
    unmerged._remove(0)
    unmerged._insert(0, 32)
    unmerged._insert(32, 32)
    with pytest.raises(AssertionError, match="touch"):
        unmerged.check_invariants()
    ledger = HardLedger("layer", 10)
    ledger.used_bytes = 11
    with pytest.raises(AssertionError, match="layer"):
        ledger.check_invariants()


def test_sizes_below_one_are_refused() -> None:
    with pytest.raises(ValueError, match="at least 1"):
        RangeAllocator(0)
    with pytest.raises(ValueError, match="at least 1"):
        RangeAllocator(4).try_alloc(0)
