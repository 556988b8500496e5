"""The bridge's promises hold in every variant, and each check fails on a fault that is planted for it."""

from __future__ import annotations

import pytest
import wasmtime

from layerw.kernels import wasmtime_bridge
from layerw.kernels.wasmtime_libraries import Libraries, TableSlots

from .bridge_checks import PAGES_ABOVE, TWO_GIB, all_hold, copies_arrive
from .bridge_pair import Edit, make_pair, planted, view

ADDRESS = "(i64.add (i64.extend_i32_u (local.get $address))"
SIGNED = "(i64.add (i64.extend_i32_s (local.get $address))"
FAULTS: dict[str, Edit] = {
    "an 8-bit setter writes 16": ("accessor", "i32.store8 align=1", "i32.store16 align=1"),
    "a 16-bit setter writes 32": ("accessor", "i32.store16 align=1", "i32.store align=1"),
    "a 16-bit getter reads 32": ("accessor", "i32.load16_u align=1", "i32.load align=1"),
    "a signed getter forgets the sign": ("accessor", "i32.load16_s", "i32.load16_u"),
    "an unsigned getter keeps a sign": ("accessor", "i32.load8_u", "i32.load8_s"),
    "a 64-bit getter reads 32": ("accessor", "i64.load align=1", "i64.load32_u align=1"),
    "a float getter is off by a byte": ("accessor", "(f64.load align=1", "(f64.load offset=1 align=1"),
    "names are not checked": ("accessor", "(i64.le_u\n", "(i64.ne\n"),
    "names are checked with a sign": ("accessor", ADDRESS, SIGNED),
    "the size is that of one page": ("accessor", "(i32.shl (memory.size) (i32.const 16))", "(i32.const 65536)"),
    "the bridge extends the sign": ("bridge", ADDRESS, SIGNED),
    "the bridge adds in 32 bits": (
        "bridge", "(i64.add (i64.extend_i32_u (local.get $address)) (i64.extend_i32_u (local.get $size)))",
        "(i64.extend_i32_u (i32.add (local.get $address) (local.get $size)))"),
    "the last byte is refused": ("bridge", "(i64.le_u\n", "(i64.lt_u\n"),
    "one byte short": ("bridge", "(memory.copy $side $main (local.get $to) (local.get $from) (local.get $size))",
                       "(memory.copy $side $main (local.get $to) (local.get $from) (i32.sub (local.get $size) "
                       "(i32.ne (local.get $size) (i32.const 0))))"),
    "one byte too many": ("bridge", "(memory.copy $main $side (local.get $to) (local.get $from) (local.get $size))",
                          "(memory.copy $main $side (local.get $to) (local.get $from) (i32.add (local.get $size) "
                          "(i32.lt_u (local.get $size) (i32.const 100))))"),
    "the wrong end is checked": ("bridge", "(local.get $from) (local.get $size) (memory.size $main)",
                                 "(local.get $from) (local.get $size) (memory.size $side)"),
    "the table's end is not checked": ("bridge", "(i32.ge_u (local.get $to) (table.size $side_table))",
                                       "(i32.gt_u (local.get $to) (table.size $side_table))"),
    "functions go the other way": ("bridge", "(table.set $main_table (local.get $to) (table.get $side_table",
                                   "(table.set $main_table (local.get $to) (table.get $main_table"),
    "the fallback extends the sign": ("bridge_fb", ADDRESS, SIGNED),
    "the fallback's end is signed": ("bridge_fb", "(i64.extend_i32_u (call $side_bytes))",
                                     "(i64.extend_i32_s (call $side_bytes))"),
    "a word too many": ("bridge_fb", "(i32.shr_u (i32.sub (local.get $size) (i32.const 1)) (i32.const 3))",
                        "(i32.shr_u (i32.add (local.get $size) (i32.const 7)) (i32.const 3))"),
    "overlaps in the wrong order": ("bridge_fb", "(if (i32.gt_u (local.get $to) (local.get $from))",
                                    "(if (i32.lt_u (local.get $to) (local.get $from))"),
    "the far word is read late": (
        "bridge_fb", "(call $set64 (i32.add (local.get $to) (local.get $kept_at)) (local.get $kept))",
        "(call $set64 (i32.add (local.get $to) (local.get $kept_at)) (i64.load align=1 (i32.add (local.get $from) "
        "(local.get $kept_at))))"),
    "four bytes by a word": ("bridge_fb", "(if (i32.ge_u (local.get $size) (i32.const 8))",
                             "(if (i32.ge_u (local.get $size) (i32.const 4))"),
    "one byte is lost": ("bridge_fb", "(call $set8 (local.get $to) (i32.load8_u align=1 (local.get $from)))", "(nop)"),
    "aligned loads": ("bridge_fb", "(i64.load align=1 (i32.add (local.get $from) (local.get $at)))",
                      "(i64.load (i32.and (i32.add (local.get $from) (local.get $at)) (i32.const -8)))"),
    "the host copies a byte less": ("bridge_fb", "(call $mts_bulk (local.get $to) (local.get $from) (local.get $size))",
                                    "(call $mts_bulk (local.get $to) (local.get $from) (i32.sub (local.get $size) "
                                    "(i32.const 1)))"),
}
FAILS = (AssertionError, wasmtime.Trap, wasmtime.WasmtimeError, pytest.fail.Exception)


@pytest.mark.parametrize("shared", [False, True])
@pytest.mark.parametrize("multi_memory", [True, False])
def test_every_promise_holds(multi_memory: bool, shared: bool) -> None:
    all_hold(multi_memory, shared=shared)


@pytest.mark.parametrize("fault", FAULTS)
def test_a_planted_fault_is_caught(fault: str, monkeypatch: pytest.MonkeyPatch) -> None:
    text = Libraries._text

    def within(self: Libraries, at: int, size: int) -> str:  # the real one would read outside of the memory
        assert (at & 0xFFFFFFFF) + (size & 0xFFFFFFFF) <= view(self.slots.store, self.end).size
        return text(self, at, size)

    monkeypatch.setattr(Libraries, "_text", within)
    with pytest.raises(FAILS):
        all_hold(FAULTS[fault][0] == "bridge", load=planted(FAULTS[fault]))


def test_a_slot_leak_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    give = TableSlots.give
    monkeypatch.setattr(TableSlots, "give", lambda self, slot: give(self, slot) or self._free.clear())
    with pytest.raises(AssertionError, match="slots leak"):
        all_hold(True)


def test_a_slot_that_keeps_its_function_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(TableSlots, "give", lambda self, slot: self._free.append(slot))
    with pytest.raises(AssertionError):
        all_hold(True)


def test_a_host_that_takes_addresses_as_signed_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    sizes: list[int] = []

    def signed(value: int) -> int:
        sizes.append(value)
        return value % 2**31  # a negative number would write outside of the process's own memory

    monkeypatch.setattr(wasmtime_bridge, "_unsigned", signed)
    pair = make_pair(multi_memory=False, pages=(PAGES_ABOVE, PAGES_ABOVE))
    with pytest.raises(AssertionError, match="200 bytes"):
        copies_arrive(pair, TWO_GIB, 1, (200,))
    assert sizes, "the host copied"
