"""The allocator on shared memory from several threads at once, and at the far end of 4 GiB."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from layerw.kernels.wasmtime_host import WasmtimeModule
from layerw.kernels.wasmtime_threads import ThreadedModule

from .test_threads import build_with_jobs, figures, live_bytes, until, zeroed

GIB = 1 << 30
CHUNKS = 64
NEAR = 2


@pytest.fixture(scope="module")
def wasm(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """worker.wasm with tests/kernels/jobs."""
    return build_with_jobs(tmp_path_factory.mktemp("jobs"))


@pytest.fixture
def module(wasm: Path) -> Iterator[ThreadedModule]:
    """Layer memory with a small budget, so that threads meet its end too."""
    made = ThreadedModule(wasm, budget_bytes=24 << 20)
    yield made
    made.stop()


@pytest.mark.parametrize("threads", [1, 2, 4])
def test_threads_that_alloc_and_free_at_once_never_share_a_byte(module: ThreadedModule, threads: int) -> None:
    module.start(threads - 1)
    until(lambda: figures(module)[0] == threads)
    before = live_bytes(module)
    at = zeroed(module, 12)
    module.test_hammer(at, CHUNKS)
    overwritten, refused, steps = module.view(at, 3, np.uint32).tolist()
    assert (overwritten, steps) == (0, CHUNKS * 424)
    assert refused < steps // 4
    module.lw_raw_free(at)
    assert live_bytes(module) == before, "every byte is back"


def test_blocks_above_two_gib_are_blocks_like_any_other() -> None:
    """Only touched pages take memory of the machine: a large block is passed by, not written."""
    module = WasmtimeModule()
    assert module.lw_memory_start(3 * GIB)
    large = module.lw_raw_alloc(0, 2 * GIB + 12_345)
    assert 0 < large < GIB
    random = np.random.default_rng(4)
    handles: dict[int, tuple[int, int]] = {}
    for tag in range(1, 400):
        size = int(random.integers(1, (64, 1024, 5000, 200_000)[tag % 4]))
        handle = module.lw_alloc(tag % 4, size, NEAR)
        assert handle and module.lw_address(handle) % 16 == 0
        handles[handle] = (size, tag % 251)
        module.view(module.lw_address(handle), size, np.uint8)[:] = tag % 251
        if tag % 3 == 0:
            gone = next(iter(handles))
            assert module.lw_free(gone, 255) >= handles.pop(gone)[0]
            assert module.lw_free(gone, 255) == 0
    above = [handle for handle in handles if module.lw_address(handle) > 2 * GIB]
    assert len(above) > 50, "they lie behind the large one"
    for region in range(4):
        module.lw_defragment(region, 64 << 20)
    for handle, (size, tag) in handles.items():
        assert (module.view(module.lw_address(handle), size, np.uint8) == tag).all()
        assert module.lw_free(handle, 255) >= size
    assert module.lw_raw_free(large) >= 2 * GIB
    assert module.lw_raw_alloc(1, 2 * GIB + 10_000), "the room is one piece again, for any region"


def test_the_last_wasm_page_of_four_gib_is_never_used() -> None:
    module = WasmtimeModule()
    assert module.lw_memory_start(4 * GIB - 65536)
    left = 4 * GIB - 65536
    while left >= 65536:
        address = module.lw_raw_alloc(0, left)
        if address:
            assert address + left <= 4 * GIB - 65536
        left = left // 2 if not address else left
        if address and left < 1 << 20:
            break
    assert module.lw_raw_alloc(0, 64 << 20) == 0 and module.lw_error_code() == 2


def test_large_arrays_that_come_and_go_do_not_grow_the_memory() -> None:
    """As simulations do: many arrays of many sizes, all dropped, made again."""
    module = WasmtimeModule()
    assert module.lw_memory_start(256 << 20)
    grown = []
    for _ in range(12):
        arrays = [module.lw_raw_alloc(0, size) for size in (40_000, 160_000, 41_000, 7_000_000, 40_000, 900_000)]
        assert all(arrays)
        for address in arrays:
            assert module.lw_raw_free(address)
        grown.append(module.memory.data_len(module.store))
    assert grown[-1] == grown[2] < 24 << 20
