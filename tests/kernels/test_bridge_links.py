"""Two kernel modules joined under wasmtime, and modules that reach the bridge by imports or by a handle."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import wasmtime

from layerw.kernels.wasmtime_bridge import Bridge, End, link, make_accessor
from layerw.kernels.wasmtime_host import WasmtimeModule
from layerw.kernels.wasmtime_libraries import Libraries

CLIENTS = Path(__file__).parent / "clients"
COUNT = 50_000
MIB = 1 << 20


def end_of(module: WasmtimeModule) -> End:
    return End(module.memory, module.table)


def client(store: wasmtime.Store, name: str) -> wasmtime.Module:
    return wasmtime.Module(store.engine, wasmtime.wat2wasm((CLIENTS / f"{name}.wat").read_text("utf-8")))


@pytest.mark.parametrize("multi_memory", [True, False])
def test_a_module_sorts_what_lies_in_anothers_memory(side: WasmtimeModule, multi_memory: bool) -> None:
    other = WasmtimeModule(store=side.store)
    bridge = Bridge(side.store, end_of(side), end_of(other), multi_memory=multi_memory)
    values = np.random.default_rng(3).integers(0, 2**32, COUNT, np.uint32)
    places: dict[WasmtimeModule, list[int]] = {}
    for module in (side, other):
        assert module.lw_memory_start(16 * MIB) == 1
        places[module] = [module.lw_raw_alloc(0, 4 * COUNT) for _ in range(4)]
    keys = side.view(places[side][0], COUNT, np.uint32)
    keys[:] = values
    assert bridge.lw_mts_copy(places[other][0], places[side][0], 4 * COUNT) == 1
    other.lw_sort_u32(*places[other], COUNT)
    assert (keys == values).all(), "only the other memory was sorted"
    assert bridge.lw_stm_copy(places[side][0], places[other][0], 4 * COUNT) == 1
    assert (side.view(places[side][0], COUNT, np.uint32) == np.sort(values)).all()


def test_a_kernel_is_called_through_the_others_table(side: WasmtimeModule) -> None:
    other = WasmtimeModule(store=side.store)
    bridge = Bridge(side.store, end_of(side), end_of(other))
    libraries = Libraries(side.store, end_of(side))
    library = libraries.open("kernels", {name: other._exports[name] for name in ("lw_sum", "lw_version")})
    slot = libraries.symbol(library, "lw_sum")
    other.view(other.heap_base, 3, np.float32)[:] = (1, 2, 3.5)
    function = side.table.get(side.store, slot)
    assert isinstance(function, wasmtime.Func) and function(side.store, other.heap_base, 3) == 6.5
    target = other.table.grow(side.store, 1, None)
    assert bridge.lw_mts_function(target, slot) == 1
    moved = other.table.get(side.store, target)
    libraries.close(library)
    assert isinstance(moved, wasmtime.Func) and moved(side.store, other.heap_base, 2) == 3.0, "it outlives the slot"
    size = side.table.size(side.store)
    for _ in range(100):
        library = libraries.open("kernels", {"lw_sum": other._exports["lw_sum"]})
        libraries.symbol(library, "lw_sum")
        libraries.close(library)
    assert side.table.size(side.store) == size


@pytest.mark.parametrize("way", ["imported", "handed"])
@pytest.mark.parametrize("multi_memory", [True, False])
def test_both_ways_of_linking_reach_the_same_functions(side: WasmtimeModule, multi_memory: bool, way: str) -> None:
    store = side.store
    main = End(wasmtime.Memory(store, wasmtime.MemoryType(wasmtime.Limits(1, None))),
               wasmtime.Table(store, wasmtime.TableType(wasmtime.ValType.funcref(), wasmtime.Limits(1, None)), None))
    bridge = Bridge(store, main, end_of(side), multi_memory=multi_memory)
    given = {("env", "memory"): main.memory, ("env", "table"): main.table}
    if way == "imported":
        exports = link(store, client(store, way), given, {"lw_sum": None}, bridge.exports)
        with pytest.raises(LookupError, match=r"env\.lw_stm_copy is imported, but neither given nor in one of 1"):
            link(store, client(store, way), given, {})
    else:
        exports = link(store, client(store, way), given)
        libraries = Libraries(store, main)
        accessor = make_accessor(store, main, libraries=libraries.imports())
        library = libraries.open("bridge", bridge.exports)
        lookup = libraries.hand_over(exports["init"], library, accessor)
        assert main.table.size(store) == 4 and lookup == 1
        empty = libraries.open("nothing", {})
        with pytest.raises(LookupError, match="refused the library nothing"):
            libraries.hand_over(exports["init"], empty, accessor)
        assert main.table.size(store) == 5
        libraries.hand_over(exports["init"], library, accessor)
        assert main.table.size(store) == 5, "a refused init gave its slot back"
    values = side.view(side.heap_base, 100, np.uint32)
    values[:] = np.arange(100)
    add_one: Any = exports["add_one"]
    assert add_one(store, side.heap_base, 100) == 1
    assert (values == np.arange(1, 101)).all()
    assert add_one(store, -4, 100) == 0, "past the end of the memory: refused, nothing trapped"
