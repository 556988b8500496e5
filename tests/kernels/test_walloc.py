"""The allocator under wasmtime against a simple model: any order of requests keeps every promise of walloc.h."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from layerw.kernels.wasmtime_host import WasmtimeModule

MIB = 1 << 20
ANY = 255
OUT_OF_BUDGET, STALE, DOUBLE_FREE, WRONG_REGION, PROTECTED = 2, 4, 5, 6, 7
HEAD_WORDS, REGION_WORDS = 8, 12
sizes = st.one_of(st.integers(1, 64), st.integers(65, 1024), st.integers(1025, 70_000), st.integers(63_000, 65_600),
                  st.integers(65_536, 900_000))


@dataclass
class Block:
    region: int
    size: int
    tier: int
    tag: int


class Allocator(RuleBasedStateMachine):
    """Blocks with known contents, and what the statistics have to say of them."""

    @initialize(budget=st.sampled_from([2 * MIB, 4 * MIB, 16 * MIB]))
    def start(self, budget: int) -> None:
        self.module = WasmtimeModule()
        self.budget = budget
        assert self.module.lw_memory_start(budget) == 1
        self.blocks: dict[int, Block] = {}
        self.dead: list[int] = []
        self.scratch = self.module.lw_raw_alloc(0, 512)

    def bytes_of(self, handle: int) -> np.ndarray:
        return self.module.view(self.module.lw_address(handle), self.blocks[handle].size, np.uint8)

    @rule(region=st.integers(0, 3), size=sizes, tier=st.integers(0, 3), tag=st.integers(1, 255))
    def alloc(self, region: int, size: int, tier: int, tag: int) -> None:
        handle = self.module.lw_alloc(region, size, tier)
        if not handle:
            assert self.module.lw_error_code() == OUT_OF_BUDGET
            return
        assert handle not in self.blocks and handle not in self.dead
        self.blocks[handle] = Block(region, size, tier, tag)
        address = self.module.lw_address(handle)
        assert address >= self.module.heap_base and address % 16 == 0
        assert self.module.lw_size(handle) == size
        self.bytes_of(handle)[:] = tag

    @precondition(lambda self: self.blocks)
    @rule(data=st.data())
    def free(self, data: st.DataObject) -> None:
        handle = data.draw(st.sampled_from(list(self.blocks)))
        block = self.blocks[handle]
        assert (self.bytes_of(handle) == block.tag).all()
        assert self.module.lw_free(handle, (block.region + 1) % 4) == 0
        assert self.module.lw_error_code() == WRONG_REGION
        assert self.module.lw_free(handle, data.draw(st.sampled_from([block.region, ANY]))) >= block.size
        del self.blocks[handle]
        self.dead.append(handle)
        assert self.module.lw_free(handle, ANY) == 0
        assert self.module.lw_error_code() == DOUBLE_FREE

    @precondition(lambda self: self.dead)
    @rule(data=st.data())
    def use_after_free(self, data: st.DataObject) -> None:
        handle = data.draw(st.sampled_from(self.dead))
        for call in (self.module.lw_address, self.module.lw_size, lambda h: self.module.lw_set_tier(h, 1)):
            self.module.lw_error_clear()
            assert call(handle) == 0
            assert self.module.lw_error_code() in (STALE, DOUBLE_FREE)

    @precondition(lambda self: self.blocks)
    @rule(data=st.data(), tier=st.integers(0, 3))
    def set_tier(self, data: st.DataObject, tier: int) -> None:
        handle = data.draw(st.sampled_from(list(self.blocks)))
        assert self.module.lw_set_tier(handle, tier) == 1
        self.blocks[handle].tier = tier

    @precondition(lambda self: self.blocks)
    @rule(data=st.data(), region=st.integers(0, 3), bytes_max=st.integers(0, 2 * MIB))
    def defragment(self, data: st.DataObject, region: int, bytes_max: int) -> None:
        held = data.draw(st.sampled_from(list(self.blocks)))
        before = {handle: self.module.lw_address(handle) for handle in self.blocks}
        assert self.module.lw_hold(held) == 1
        assert self.module.lw_free(held, ANY) == 0 and self.module.lw_error_code() == PROTECTED
        assert self.module.lw_defragment(region, bytes_max) <= bytes_max
        assert self.module.lw_let_go(held) == 1 and self.module.lw_let_go(held) == 0
        for handle, block in self.blocks.items():
            address = self.module.lw_address(handle)
            if handle == held or block.tier == 0 or block.region != region or block.size <= 1024:
                assert address == before[handle]
            assert address <= before[handle]

    @invariant()
    def promises_hold(self) -> None:
        if not hasattr(self, "blocks"):
            return
        spans = sorted((self.module.lw_address(h), b.size) for h, b in self.blocks.items())
        for (start, size), (other, _) in zip(spans, spans[1:], strict=False):
            assert start + size <= other, "two blocks overlap"
        self.module.lw_memory_statistics_write(self.scratch)
        words = self.module.view(self.scratch, HEAD_WORDS + 4 * REGION_WORDS, np.uint32).tolist()
        assert words[1] <= self.budget, "memory past its budget"
        assert words[4] == len(self.blocks)
        for region in range(4):
            own = words[HEAD_WORDS + region * REGION_WORDS :][:REGION_WORDS]
            for tier in range(4):
                live = [b for b in self.blocks.values() if (b.region, b.tier) == (region, tier)]
                extra = region == tier == 0
                assert own[6 + tier] == len(live) + extra
                assert own[2 + tier] >= sum(b.size for b in live)
            assert sum(own[2:6]) + own[10] <= own[0], "live and free bytes are within what the region has"

    def teardown(self) -> None:
        if not hasattr(self, "blocks"):
            return
        for handle, block in self.blocks.items():
            assert (self.bytes_of(handle) == block.tag).all(), "contents survived growth and moving"
            assert self.module.lw_free(handle, block.region)
        self.module.lw_memory_statistics_write(self.scratch)
        words = self.module.view(self.scratch, HEAD_WORDS + 4 * REGION_WORDS, np.uint32)
        assert words[4] == 0
        assert [int(words[HEAD_WORDS + r * REGION_WORDS + 2 : HEAD_WORDS + r * REGION_WORDS + 6].sum())
                for r in range(4)] == [512, 0, 0, 0], "only the test's own block is left"


TestAllocator = Allocator.TestCase
TestAllocator.settings = settings(max_examples=40, stateful_step_count=60, deadline=None,
                                  suppress_health_check=[HealthCheck.too_slow])


def test_every_refusal_has_its_own_code(side: WasmtimeModule) -> None:
    assert side.lw_alloc(0, 16, 0) == 0 and side.lw_error_code() == 13, "not started"
    assert side.lw_memory_start(65536) == 0 and side.lw_error_code() == OUT_OF_BUDGET
    assert side.lw_memory_start(2 * MIB) == 1
    for arguments, code in (((4, 16, 0), 1), ((0, 0, 0), 1), ((0, 16, 4), 1), ((0, 3 * MIB, 0), OUT_OF_BUDGET),
                            ((0, 0xFFFFFFFF, 0), 9)):
        side.lw_error_clear()
        assert side.lw_alloc(*arguments) == 0
        assert side.lw_error_code() == code, arguments
    for address in (0, 8, side.heap_base, 0xFFFFFFF0):
        side.lw_error_clear()
        assert side.lw_raw_free(address) == 0 and side.lw_error_code() == 1, "null and static data are no blocks"
    block = side.lw_raw_alloc(1, 100)
    assert side.lw_raw_free(block + 16) == 0 and side.lw_error_code() == 1
    assert side.lw_raw_free(block) >= 100
    assert side.lw_raw_free(block) == 0 and side.lw_error_code() == DOUBLE_FREE


def test_a_region_keeps_its_limit_and_gives_room_back(side: WasmtimeModule) -> None:
    assert side.lw_memory_start(8 * MIB) == 1
    assert side.lw_region_limit(1, MIB) == 1
    handles = []
    while handle := side.lw_alloc(1, 100_000, 3):
        handles.append(handle)
    assert side.lw_error_code() == OUT_OF_BUDGET and 5 <= len(handles) <= 10
    assert side.lw_region_limit(1, 4 * MIB) == 1
    assert side.lw_alloc(1, 100_000, 3)
    for handle in handles:
        side.lw_free(handle, 1)
    assert side.lw_alloc(2, 5 * MIB, 3), "what one region no longer needs, another one gets"


def test_pairs_leak_nothing(side: WasmtimeModule) -> None:
    assert side.lw_memory_start(4 * MIB) == 1
    for _ in range(3):
        for size in (16, 100, 1024, 1025, 70_000):
            for _ in range(400):
                assert side.lw_free(side.lw_alloc(1, size, 2), 1)
    assert side.memory.data_len(side.store) <= 2 * MIB


def test_large_arrays_do_not_start_at_the_same_place_modulo_4_kib(side: WasmtimeModule) -> None:
    assert side.lw_memory_start(64 * MIB) == 1
    starts = [side.lw_raw_alloc(1, MIB) for _ in range(8)]
    assert len({start % 4096 for start in starts}) >= 6
    assert all(abs(a % 4096 - b % 4096) >= 64 for a, b in zip(starts, starts[1:], strict=False))


def test_a_handle_slot_retires_before_its_generations_repeat(side: WasmtimeModule) -> None:
    assert side.lw_memory_start(2 * MIB) == 1
    first = side.lw_alloc(0, 16, 0)
    index = first & 0xFFFFF
    seen = {first}
    side.lw_free(first, 0)
    for _ in range(4094):
        handle = side.lw_alloc(0, 16, 0)
        assert handle & 0xFFFFF == index and handle not in seen
        seen.add(handle)
        side.lw_free(handle, 0)
    assert side.lw_alloc(0, 16, 0) & 0xFFFFF != index


@pytest.mark.parametrize("size", [1, 4096])
def test_the_ring_protects_until_the_gpu_is_done(side: WasmtimeModule, size: int) -> None:
    assert side.lw_memory_start(4 * MIB) == 1
    assert side.lw_ring_take(16) == 0 and side.lw_error_code() == 13
    start = side.lw_ring_start(65_536)
    taken = [side.lw_ring_take(32_768)]
    assert side.lw_ring_end_frame(1) == 1
    taken.append(side.lw_ring_take(32_768))
    assert sorted(taken) == [start, start + 32_768]
    assert side.lw_ring_end_frame(2) == 1
    assert side.lw_ring_take(size) == 0 and side.lw_error_code() == PROTECTED
    assert side.lw_ring_stop() == 0 and side.lw_error_code() == PROTECTED
    assert side.lw_ring_end_frame(2) == 0 and side.lw_error_code() == 1
    assert side.lw_ring_done(1) == 32_768
    assert side.lw_ring_take(size) == taken[0]
    assert side.lw_ring_take(65_552) == 0 and side.lw_error_code() == 9
    side.lw_ring_end_frame(3)
    side.lw_ring_done(3)
    assert side.lw_ring_take(65_536) == start, "an empty ring is in one piece"
    side.lw_ring_end_frame(4)
    side.lw_ring_done(4)
    assert side.lw_ring_stop() == 1
