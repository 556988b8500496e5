"""What the bridge promises, each promise a function that fails when it is broken; test_bridge_faults.py breaks them."""

from __future__ import annotations

import itertools
import struct
from collections.abc import Callable

import numpy as np
import pytest
import wasmtime

from .bridge_pair import FORMATS, WASM_PAGE_BYTES, Pair, make_pair

Make = Callable[..., Pair]
TWO_GIB = 2**31
PAGES_ABOVE = 32_769  # 2 GiB and one wasm page
SIZES = (0, 1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 63, 64, 65, 175, 176, 177, 1000)


def copies_arrive(pair: Pair, near: int, alignments: int, sizes: tuple[int, ...] = SIZES) -> None:
    """Every size and alignment, both ways, right at `near`; the bytes beside stay."""
    low = max(near - 200, 0)
    main, side = (pair.bytes_of(name)[low : low + 4096] for name in ("main", "side"))
    noise = np.random.default_rng(near).integers(0, 256, 4096, np.uint8)
    at = near - low + 16
    for a, b, size in itertools.product(range(alignments), range(alignments), sizes):
        for call, target, origin in ((pair.bridge.lw_mts_copy, side, main), (pair.bridge.lw_stm_copy, main, side)):
            origin[:], target[:] = noise, 0xEE
            before = target.copy()
            before[at + a : at + a + size] = noise[at + b : at + b + size]
            assert call(low + at + a, low + at + b, size) == 1
            assert np.array_equal(target, before), f"{size} bytes from +{b} to +{a} near {near}"
            assert np.array_equal(origin, noise), "the source changed"


def overlaps_are_right(make: Make) -> None:
    """Where both ends are one memory, a copy is memmove."""
    pair = make(one_memory=True)
    own = pair.bytes_of("main")
    noise = np.random.default_rng(1).integers(0, 256, 2048, np.uint8)
    for by, size, call in itertools.product((-9, -8, -7, -1, 0, 1, 2, 3, 7, 8, 9, 31), SIZES,
                                            (pair.bridge.lw_mts_copy, pair.bridge.lw_stm_copy)):
        own[:2048] = noise
        expected = noise.copy()
        expected[500 + by : 500 + by + size] = noise[500 : 500 + size]
        assert call(500 + by, 500, size) == 1
        assert np.array_equal(own[:2048], expected), f"{size} bytes moved by {by}"


def ends_are_checked(make: Make) -> None:
    """To the last byte and not one further, on both ends, also where an address plus a size leaves 32 bits."""
    pair = make(pages=(1, 2))
    ends = {"main": WASM_PAGE_BYTES, "side": 2 * WASM_PAGE_BYTES}
    for name in ends:
        pair.bytes_of(name)[:] = 7
    for direction, target, origin in (("mts", "side", "main"), ("stm", "main", "side")):
        call = getattr(pair.bridge, f"lw_{direction}_copy")
        for size in (0, 1, 8, 200):
            assert call(ends[target] - size, 0, size) == 1, "the last bytes fit"
            assert call(0, ends[origin] - size, size) == 1
            for past in (1, 8, 2**31, 2**32 - 1 - ends["side"]):
                for to, start in ((ends[target] - size + past, 0), (0, ends[origin] - size + past)):
                    assert call(to, start, size) == 0, f"{size} bytes from {start} to {to}"
        for to, start, size in ((0, 0, 2**32 - 1), (2**32 - 16, 0, 32), (0, 2**32 - 16, 32), (1, 1, 2**32 - 1)):
            assert call(to, start, size) == 0
    assert (pair.bytes_of("main") == 7).all() and (pair.bytes_of("side") == 7).all()


def accessors_are_exact(pair: Pair, near: int, end: str = "side") -> None:
    """Each type's width, sign and place; what is beside stays."""
    low = max(near - 32, 0)
    window, get = pair.bytes_of(end)[low : low + 128], pair.get[end]
    for (kind, form), shift in itertools.product(FORMATS.items(), range(16)):
        width, at = struct.calcsize(form), near - low + 16 + shift
        for value in (0, 1, 100) if kind.startswith("u") else (-1, 0, 1, -100):
            raw = struct.pack(form, value)
            window[:] = 0xA5
            get[f"set_{kind}"](low + at, value)
            expected = np.full(128, 0xA5, np.uint8)
            expected[at : at + width] = np.frombuffer(raw, np.uint8)
            assert np.array_equal(window, expected), f"set_{kind} at {low + at}"
            got = get[f"get_{kind}"](low + at)
            mask = 2**64 - 1 if width == 8 else 2**32 - 1
            assert got == value or int(got) & mask == value & mask, f"get_{kind} at {low + at}: {got}"
        window[at : at + width] = 0xFF  # all bits: unsigned kinds are large, signed ones are -1
        got = get[f"get_{kind}"](low + at)
        if kind[0] in "ui":
            assert got & 2**32 - 1 == (2 ** (8 * min(width, 4)) - 1 if kind[0] == "u" else 2**32 - 1), kind


def accessors_stop_at_the_end(make: Make) -> None:
    """The last value fits; one byte further traps and writes nothing."""
    pair = make()
    for kind, form in FORMATS.items():
        width = struct.calcsize(form)
        pair.get["side"][f"set_{kind}"](WASM_PAGE_BYTES - width, 1)
        assert pair.get["side"][f"get_{kind}"](WASM_PAGE_BYTES - width) == 1
        for address in (WASM_PAGE_BYTES - width + 1, TWO_GIB, 2**32 - 1):
            for call, arguments in ((f"get_{kind}", ()), (f"set_{kind}", (1,))):
                with pytest.raises((wasmtime.Trap, wasmtime.WasmtimeError)):
                    pair.get["side"][call](address, *arguments)
    assert pair.get["side"]["size_bytes"]() == WASM_PAGE_BYTES


def functions_move(make: Make) -> None:
    """Between the tables, checked at both ends."""
    pair = make()
    store, tables = pair.store, {"main": pair.main.table, "side": pair.side.table}
    for table in tables.values():
        table.grow(store, 3, None)
    tables["main"].set(store, 1, pair.accessors["side"]["size_bytes"])
    assert pair.bridge.lw_mts_function(3, 1) == 1 and pair.bridge.lw_stm_function(2, 3) == 1
    assert pair.called("side", 3) == pair.called("main", 2) == WASM_PAGE_BYTES
    for call in (pair.bridge.lw_mts_function, pair.bridge.lw_stm_function):
        for to, start in ((4, 1), (1, 4), (2**32 - 1, 1), (1, 2**31)):
            assert call(to, start) == 0
    assert pair.bridge.lw_mts_function(3, 3) == 1 and pair.is_empty("side", 3), "an empty slot empties"


def libraries_end(make: Make) -> None:
    """From wasm too: open by name, one slot a symbol, all of them back at the close, 0 for what is not there."""
    pair = make()
    pair.libraries.add("side", pair.accessors["side"])
    names = {name: 100 * place for place, name in enumerate(("side", "size_bytes", "get_u8", "nothing", "\xe4"))}
    for name, at in names.items():
        data = np.frombuffer(name.encode(), np.uint8)
        pair.bytes_of("main")[at : at + data.size] = data
    wasm = pair.get["main"]
    for _ in range(5):
        library = wasm["library_open"](names["side"], 4)
        assert library
        slots = {name: wasm["library_symbol"](library, names[name], len(name)) for name in ("size_bytes", "get_u8")}
        assert len({0, *slots.values()}) == 3
        assert wasm["library_symbol"](library, names["get_u8"], 6) == slots["get_u8"]
        assert pair.called("main", slots["size_bytes"]) == WASM_PAGE_BYTES
        for handle, at, size in ((library, names["nothing"], 7), (library, names["\xe4"], 1), (library + 1, 200, 6),
                                 (0, 200, 6), (library, WASM_PAGE_BYTES - 3, 6), (library, 2**32 - 2, 6)):
            assert wasm["library_symbol"](handle, at, size) == 0
        assert wasm["library_close"](library) == 1 and wasm["library_close"](library) == 0
        assert all(pair.is_empty("main", slot) for slot in slots.values())
    assert wasm["library_open"](names["nothing"], 7) == 0 == wasm["library_open"](WASM_PAGE_BYTES, 1)
    assert pair.main.table.size(pair.store) == 3, "slots leak"


def all_hold(multi_memory: bool, **options: object) -> None:
    """Every promise, in small memories and right at and above 2 GiB."""
    def make(**more: object) -> Pair:
        return make_pair(multi_memory=multi_memory, **{**options, **more})  # type: ignore[arg-type]

    copies_arrive(make(), 0, 8)
    ends_are_checked(make)
    functions_move(make)
    libraries_end(make)
    accessors_stop_at_the_end(make)
    if not options.get("shared"):  # main's memory is not shared, so the two are never one
        overlaps_are_right(make)
    high = make(pages=(PAGES_ABOVE, PAGES_ABOVE))
    end = PAGES_ABOVE * WASM_PAGE_BYTES
    for call in (high.bridge.lw_mts_copy, high.bridge.lw_stm_copy):
        assert call(end - 9, end - 9, 9) == 1
        assert call(end - 8, 0, 9) == call(0, end - 8, 9) == 0
    for near in (TWO_GIB, TWO_GIB + 4096):
        copies_arrive(high, near, 4, (1, 9, 200))
        accessors_are_exact(high, near)
    accessors_are_exact(high, TWO_GIB - 24, "main")
