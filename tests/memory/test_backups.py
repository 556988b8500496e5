"""Backups in blocks of real Layer memory and outside of it, against a model in plain Python."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from layerw.memory import LayerMemory, open_native
from layerw.memory.backups import Backups
from layerw.memory.blocks import Blocks
from layerw.memory.ledger import HardLedger
from layerw.memory.tiers import FAR, NEAR, VISIBLE

MESH_BYTES = 1 << 20
OUTSIDE_BYTES = 1 << 20
SIZES = st.integers(20_000, 400_000)


class Machine(RuleBasedStateMachine):
    """The model: what is kept, of whom, where, and with which contents."""

    @initialize()
    def start(self) -> None:
        self.memory: LayerMemory = open_native(8 << 20)
        self.memory.limit_region("mesh", MESH_BYTES)
        self.ledger = HardLedger("layer", OUTSIDE_BYTES)
        self.blocks_of: dict[int, int] = {}  # transfer -> block
        self.backups = Backups(self.ledger, self.release, lambda: Blocks(self.memory))
        self.assets = [self.backups.open_asset() for _ in range(4)]
        self.kept: dict[int, tuple[int, int]] = {}  # resource (and transfer) -> asset, size
        self.last = 0

    def release(self, transfer: int) -> None:
        """As the page: the block goes with its transfer."""
        self.kept.pop(transfer, None)
        block = self.blocks_of.pop(transfer, 0)
        if block:
            assert self.memory.kernels.lw_free(block, 255)

    def pattern(self, transfer: int, size: int) -> np.ndarray:
        return np.random.default_rng(transfer).integers(0, 256, size, np.uint8)

    @rule(which=st.integers(0, 3), size=SIZES)
    def build_and_keep(self, which: int, size: int) -> None:
        asset = self.assets[which]
        tiers = {row: int(self.backups.residents.tier[row]) for row in self.assets}
        before = dict(self.kept)
        block = self.backups.try_block(size)
        gone = before.keys() - self.kept.keys()
        assert not block or not gone, "a mesh that found room pushed nobody out"
        assert all(tiers[before[resource][0]] != VISIBLE for resource in gone)
        if gone and any(tiers[before[r][0]] == NEAR for r in gone):  # then no far one is left inside
            assert not any(tiers[a] == FAR and r in self.blocks_of for r, (a, _) in self.kept.items())
        self.last += 1
        if block:
            self.memory.write(self.memory.kernels.lw_address(block), self.pattern(self.last, size))
            self.blocks_of[self.last] = block
        self.kept[self.last] = (asset, size)
        assert self.backups.keep(asset, "mesh", self.last, self.last, size, block) is (self.last in self.kept)

    @rule(which=st.integers(0, 3), far=st.booleans(), seen=st.booleans())
    def place(self, which: int, far: bool, seen: bool) -> None:
        row = np.array([self.assets[which]])
        self.backups.place(row, np.array([100.0 if far else 0.5]), np.array([seen]))
        assert self.backups.residents.tier[row[0]] == (VISIBLE if seen else FAR if far else NEAR)

    @rule()
    def frame(self) -> None:
        self.backups.begin_frame()

    @rule(size=st.integers(1, OUTSIDE_BYTES))
    def reserve_and_give_back(self, size: int) -> None:
        inside = set(self.blocks_of)
        assert self.ledger.try_reserve(size), "nothing waits for a backup"
        assert set(self.blocks_of) == inside
        self.ledger.release(size)

    @rule(which=st.integers(0, 3))
    def end_an_asset(self, which: int) -> None:
        asset = self.assets[which]
        self.backups.close_asset(asset)
        assert not any(owner == asset for owner, _ in self.kept.values())
        self.assets[which] = self.backups.open_asset()

    @precondition(lambda self: self.kept)
    @rule(index=st.integers(0, 1 << 16))
    def drop(self, index: int) -> None:
        self.backups.drop("mesh", sorted(self.kept)[index % len(self.kept)])

    @invariant()
    def agrees(self) -> None:
        self.ledger.check_invariants()
        assert len(self.backups) == len(self.kept)
        assert self.backups.size_bytes == sum(size for _, size in self.kept.values())
        assert self.ledger.spare_bytes == sum(s for r, (_, s) in self.kept.items() if r not in self.blocks_of)
        statistics = self.memory.statistics()
        assert statistics.handle_count == len(self.blocks_of)
        assert statistics.regions["mesh"].committed_bytes <= MESH_BYTES
        for transfer, block in self.blocks_of.items():
            size = self.kept[transfer][1]
            found = np.empty(size, np.uint8)
            self.memory.read(self.memory.kernels.lw_address(block), found)
            assert np.array_equal(found, self.pattern(transfer, size)), "contents survive what moves them"


TestBackups = Machine.TestCase
TestBackups.settings = settings(max_examples=40, stateful_step_count=40, deadline=None)


def test_far_backups_make_room_before_near_ones_and_the_least_recently_used_first() -> None:
    memory = open_native(8 << 20)
    memory.limit_region("mesh", MESH_BYTES)
    released: list[int] = []
    blocks: dict[int, int] = {}

    def release(transfer: int) -> None:
        released.append(transfer)
        memory.kernels.lw_free(blocks.pop(transfer), 255)

    backups = Backups(HardLedger("layer", 1 << 20), release, lambda: Blocks(memory))
    assets = np.array([backups.open_asset() for _ in range(4)])
    for number, asset in enumerate(assets.tolist(), 1):
        blocks[number] = backups.try_block(240_000)
        assert blocks[number] and backups.keep(asset, "mesh", number, number, 240_000, blocks[number])
    for number in (3, 1):  # seen one after the other
        backups.begin_frame()
        backups.place(assets[[number - 1]], np.array([0.0]), np.array([True]))
    far, unseen = np.array([90.0, 90.0, 90.0, 1.0]), np.array([False, True, False, False])
    backups.place(assets, far, unseen)
    for expected in ([3], [3, 1], [3, 1, 4]):
        assert backups.try_block(240_000) == 0 and released == expected
        blocks[90 + len(expected)] = backups.try_block(240_000)
        assert blocks[90 + len(expected)], "what was given up is room now"
    assert backups.try_block(240_000) == 0 and released == [3, 1, 4], "the visible one stays"


def test_no_asset_row_is_left_behind() -> None:
    backups = Backups(HardLedger("layer", 100), lambda _: None)
    rows = {backups.open_asset() for _ in range(40)}
    assert len(rows) == 40
    held = len(backups.residents.tier)
    for row in rows:
        backups.close_asset(row)
    assert len({backups.open_asset() for _ in range(held)}) == len(backups.residents.tier) == held
    with pytest.raises(KeyError):
        backups.close_asset(10_000)
