"""The bridge under wasmtime against a simple model: two arrays of bytes, and tables whose slots are counted."""

from __future__ import annotations

import math
import struct

import numpy as np
import pytest
import wasmtime
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from .bridge_pair import FORMATS, WASM_PAGE_BYTES, make_pair

PAGES_MAX = 3
ends = st.sampled_from(["main", "side"])
sizes = st.one_of(st.integers(0, 24), st.integers(90, 400), st.integers(1000, 3000), st.integers(60_000, 140_000),
                  st.sampled_from([2**31, 2**32 - 1]))
symbols = st.sampled_from(["get_u8", "get_i16", "get_u32", "size_bytes"])


@st.composite
def addresses(draw: st.DrawFn) -> int:
    """Near the start, near the ends of memories of 1 to 3 wasm pages, anywhere, and where a sign would show."""
    edge = draw(st.sampled_from([0, 0, 1, 2, 3])) * WASM_PAGE_BYTES
    return draw(st.one_of(st.integers(max(edge - 300, 0), edge + 300), st.integers(0, 3 * WASM_PAGE_BYTES),
                          st.integers(2**31 - 8, 2**31 + 8), st.integers(2**32 - 300, 2**32 - 1)))


class TwoMemories(RuleBasedStateMachine):
    """Any order of sets, gets, copies, growth, libraries and moved functions."""

    multi_memory, shared, one_memory = True, False, False

    @initialize(seed=st.integers(0, 2**32 - 1), pages=st.tuples(st.integers(1, 2), st.integers(1, 2)))
    def start(self, seed: int, pages: tuple[int, int]) -> None:
        self.pair = make_pair(multi_memory=self.multi_memory, shared=self.shared, one_memory=self.one_memory,
                              pages=pages)
        self.model: dict[str, np.ndarray] = {}
        for place, name in enumerate(("main", "side")):
            if not (self.one_memory and name == "side"):
                own = np.random.default_rng([seed, place]).integers(0, 256, pages[place] * WASM_PAGE_BYTES, np.uint8)
                self.model[name] = own
                self.pair.bytes_of(name)[:] = own
        self.open: dict[int, dict[str, int]] = {}
        self.moved: dict[int, str] = {}  # slot of side -> the function in it
        self.free_of_side: list[int] = []
        self.most_slots = 0

    def of(self, name: str) -> np.ndarray:
        return self.model["main" if self.one_memory else name]

    @rule(end=ends, kind=st.sampled_from(sorted(FORMATS)), address=addresses(), raw=st.binary(min_size=8, max_size=8))
    def set_and_get(self, end: str, kind: str, address: int, raw: bytes) -> None:
        width = struct.calcsize(FORMATS[kind])
        value = struct.unpack(FORMATS[kind], raw[:width])[0]
        if isinstance(value, float) and math.isnan(value):
            value = 1.5  # which bits a NaN keeps is the host's business
        get, put = self.pair.get[end][f"get_{kind}"], self.pair.get[end][f"set_{kind}"]
        if address + width > self.of(end).size:
            for call, arguments in ((get, (address,)), (put, (address, value))):
                with pytest.raises((wasmtime.Trap, wasmtime.WasmtimeError)):
                    call(*arguments)
            return
        got, before = get(address), struct.unpack_from(FORMATS[kind], self.of(end), address)[0]
        if isinstance(before, float):
            assert got == before or (math.isnan(got) and math.isnan(before))
        else:
            mask = 2**64 - 1 if width == 8 else 2**32 - 1
            assert got & mask == before & mask
        put(address, value)
        struct.pack_into(FORMATS[kind], self.of(end), address, value)

    @rule(direction=st.sampled_from(["mts", "stm"]), to=addresses(), source=addresses(), size=sizes)
    def copy(self, direction: str, to: int, source: int, size: int) -> None:
        target, origin = ("side", "main") if direction == "mts" else ("main", "side")
        fits = to + size <= self.of(target).size and source + size <= self.of(origin).size
        assert getattr(self.pair.bridge, f"lw_{direction}_copy")(to, source, size) == int(fits)
        if fits:
            self.of(target)[to : to + size] = self.of(origin)[source : source + size].copy()

    @rule(direction=st.sampled_from(["mts", "stm"]), near=st.integers(0, 4000), by=st.integers(-40, 40),
          size=st.integers(0, 500))
    def copy_close_by(self, direction: str, near: int, by: int, size: int) -> None:
        """Every alignment; where both ends are one memory, spans that overlap."""
        self.copy(direction, max(near + by, 0), near, size)

    @rule(end=ends)
    def grow(self, end: str) -> None:
        own = self.of(end)
        if own.size >= PAGES_MAX * WASM_PAGE_BYTES:
            return
        memory = getattr(self.pair, end).memory
        memory.grow(1) if isinstance(memory, wasmtime.SharedMemory) else memory.grow(self.pair.store, 1)
        self.model["main" if self.one_memory else end] = np.append(own, np.zeros(WASM_PAGE_BYTES, np.uint8))

    @rule()
    def open_library(self) -> None:
        handle = self.pair.libraries.open("side", self.pair.accessors["side"])
        assert handle not in self.open
        self.open[handle] = {}

    @precondition(lambda self: self.open)
    @rule(data=st.data(), name=symbols)
    def look_up(self, data: st.DataObject, name: str) -> None:
        handle = data.draw(st.sampled_from(sorted(self.open)))
        slot = self.pair.libraries.symbol(handle, name)
        assert slot > 0 and self.open[handle].setdefault(name, slot) == slot, "the same slot every time"
        self.most_slots = max(self.most_slots, sum(map(len, self.open.values())))
        self.agrees("main", slot, name)
        with pytest.raises(LookupError, match="exports no function"):
            self.pair.libraries.symbol(handle, "nothing")

    @precondition(lambda self: self.open)
    @rule(data=st.data())
    def close_library(self, data: st.DataObject) -> None:
        handle = data.draw(st.sampled_from(sorted(self.open)))
        self.pair.libraries.close(handle)
        for slot in self.open.pop(handle).values():
            assert self.pair.is_empty("main", slot), "a slot that was given back is empty"
        with pytest.raises(LookupError, match="is not open"):
            self.pair.libraries.close(handle)

    @precondition(lambda self: any(self.open.values()))
    @rule(data=st.data())
    def move_function(self, data: st.DataObject) -> None:
        names = [(slot, name) for own in self.open.values() for name, slot in own.items()]
        slot, name = data.draw(st.sampled_from(sorted(names)))
        table, store = self.pair.side.table, self.pair.store
        target = self.free_of_side.pop() if self.free_of_side else table.grow(store, 1, None)
        assert self.pair.bridge.lw_mts_function(target, slot) == 1
        self.moved[target] = name
        assert self.pair.bridge.lw_mts_function(table.size(store), slot) == 0
        assert self.pair.bridge.lw_stm_function(2**32 - 1, target) == 0
        assert self.pair.bridge.lw_stm_function(slot, target) == 1, "and back to where it came from"
        self.agrees("main", slot, name)

    @precondition(lambda self: self.moved)
    @rule(data=st.data())
    def give_moved_back(self, data: st.DataObject) -> None:
        slot = data.draw(st.sampled_from(sorted(self.moved)))
        del self.moved[slot]
        self.pair.side.table.set(self.pair.store, slot, None)
        self.free_of_side.append(slot)

    def agrees(self, table: str, slot: int, name: str) -> None:
        own = self.of("side")
        arguments = () if name == "size_bytes" else (123,)
        expected = {"get_u8": own[123], "get_i16": struct.unpack_from("<h", own, 123)[0],
                    "get_u32": struct.unpack_from("<i", own, 123)[0], "size_bytes": own.size}[name]
        assert self.pair.called(table, slot, *arguments) == expected

    @invariant()
    def memories_equal_the_model(self) -> None:
        if not hasattr(self, "pair"):
            return
        for name, own in self.model.items():
            assert np.array_equal(self.pair.bytes_of(name), own), f"{name} differs from the model"
        for slot, name in self.moved.items():
            self.agrees("side", slot, name)
        assert self.pair.main.table.size(self.pair.store) <= 1 + self.most_slots, "slots leak"


class Fallback(TwoMemories):
    multi_memory = False


class Shared(TwoMemories):
    shared = True


class SharedFallback(TwoMemories):
    multi_memory, shared = False, True


class OneMemory(TwoMemories):
    one_memory = True


class OneMemoryFallback(TwoMemories):
    multi_memory, one_memory = False, True


@pytest.mark.parametrize("machine", [TwoMemories, Fallback, Shared, SharedFallback, OneMemory, OneMemoryFallback])
def test_any_order_of_calls_agrees_with_the_model(machine: type[RuleBasedStateMachine]) -> None:
    run_state_machine_as_test(machine, settings=settings(
        max_examples=25, stateful_step_count=50, deadline=None, suppress_health_check=[HealthCheck.too_slow]))
