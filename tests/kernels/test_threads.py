"""Jobs on threads under wasmtime: the same bits as one thread, order, cancellation, traps, stacks."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from layerw.kernels.wasmtime_threads import ThreadedModule

from .splat_sort import begun
from .test_build import load

ADD, NOTE, TRAP, OVERFLOW, UNTIL_CANCELLED, NESTED, LEAP, STAY, STAY_NESTED, HOLD, TRAP_NESTED = range(11)
READY, DONE, FAILED, CANCELLED = 3, 4, 5, 6
STACK_BYTES = 16 * 1024
WAIT_S_MAX = 20.0


def build_with_jobs(out: Path, defines: tuple[str, ...] = ()) -> Path:
    """worker.wasm with tests/kernels/jobs linked in."""
    build = load("build")
    out.mkdir(exist_ok=True)
    worker = next(variant for variant in build.VARIANTS if variant.name == "worker")
    made = build.build_variant(replace(worker, folders=(*worker.folders, "../../tests/kernels/jobs")), out, defines)
    assert isinstance(made, Path)
    return made


@pytest.fixture(scope="module")
def wasm(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The release build with the jobs below."""
    return build_with_jobs(tmp_path_factory.mktemp("jobs"))


@pytest.fixture(scope="module")
def checked_wasm(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The stack-checked build."""
    return build_with_jobs(tmp_path_factory.mktemp("checked"), load("build").STACK_CHECKED)


@pytest.fixture
def module(wasm: Path) -> Iterator[ThreadedModule]:
    """A fresh memory; its threads end with the test."""
    made = ThreadedModule(wasm)
    yield made
    made.stop()


def until(done: Callable[[], bool]) -> None:
    """Wait for a thread, with a limit."""
    end = time.monotonic() + WAIT_S_MAX
    while not done():
        assert time.monotonic() < end, f"nothing happened in {WAIT_S_MAX} s"
        time.sleep(0.001)


def zeroed(module: ThreadedModule, size_bytes: int) -> int:
    """A block of zeros; its address."""
    address = int(module.lw_raw_alloc(0, size_bytes))
    module.view(address, size_bytes, np.uint8)[:] = 0
    return address


def job(module: ThreadedModule, which: int, context: int, count: int = 1, grain: int = 1) -> int:
    """A new job of jobs_under_test.c."""
    return int(module.lw_job_new(module.test_job(which), context, count, grain))


def live_bytes(module: ThreadedModule) -> list[int]:
    """Live bytes of the allocator, by region and tier; the block it is written to is counted every time."""
    at = zeroed(module, 512)
    module.lw_memory_statistics_write(at)
    words = module.view(at, 128, np.uint32)
    found = [int(words[8 + region * 12 + 2 + tier]) for region in range(4) for tier in range(4)]
    module.lw_raw_free(at)
    return found


@pytest.mark.parametrize("threads", [1, 2, 4])
def test_parallel_for_is_equal_to_one_thread_bit_for_bit(module: ThreadedModule, threads: int) -> None:
    count = 20_001
    alone, together = zeroed(module, count * 4), zeroed(module, count * 4)
    module.test_mix(alone, count, 100)
    module.start(threads - 1)
    until(lambda: figures(module)[0] == threads)
    module.test_mix(together, count, 100)
    assert module.view(alone, count, np.uint32).tobytes() == module.view(together, count, np.uint32).tobytes()
    assert module.view(alone, count, np.float32)[1:].all()


def figures(module: ThreadedModule) -> list[int]:
    """Width, waits of the main thread, chunks by thread."""
    at = zeroed(module, 140)
    assert module.lw_threads_figures_write(at) == 140
    found = module.view(at, 35, np.uint32).tolist()
    module.lw_raw_free(at)
    return found


@pytest.mark.parametrize("threads", [0, 1, 3])
def test_a_graph_runs_in_its_order_and_alone_by_polling(module: ThreadedModule, threads: int) -> None:
    module.start(threads)
    board, jobs = zeroed(module, 512), []
    for tag in range(20):
        place = zeroed(module, 8)
        module.view(place, 2, np.uint32)[:] = (board, tag)
        jobs.append(job(module, NOTE, place))
    for later, earlier in zip(jobs, jobs[1:], strict=False):  # the last one made runs first
        assert module.lw_job_after(later, earlier)
    for each in jobs:
        assert module.lw_job_start(each)
    until(lambda: (threads == 0 and module.lw_jobs_poll(100) < 0) or module.lw_job_state(jobs[0]) == DONE)
    assert module.view(board, 24, np.uint32)[4:].tolist() == list(range(19, -1, -1))
    assert figures(module)[1] == 0  # the main thread never waited
    assert all(module.lw_job_free(each) for each in jobs)
    assert module.lw_job_state(jobs[0]) == 0  # stale
    assert module.lw_error_code() == 4


@pytest.mark.parametrize("threads", [0, 1, 3])
@pytest.mark.parametrize(("count", "stretch"), [(1, 1.0), (9, 1.0), (100_003, 1.0), (70_000, 1e-12), (70_000, 1e25)])
def test_splats_are_in_the_order_that_numpy_makes(
    module: ThreadedModule, threads: int, count: int, stretch: float
) -> None:
    module.start(threads)
    until(lambda: figures(module)[0] == 1 + threads)
    sort = begun(module, count, stretch)
    until(lambda: (threads == 0 and module.lw_jobs_poll(1) < 0) or module.lw_splat_sort_state(sort.state) == DONE)
    assert (sort.order == sort.wanted).all()
    assert module.lw_splat_sort_nearest(sort.state) ** 0.5 == sort.nearest
    assert module.lw_splat_sort_end(sort.state) == 1 == module.lw_splat_sort_end(sort.state)


@pytest.mark.parametrize("chunks", [0, 3, 8, 9, 12, 17])
def test_a_sort_of_splats_ends_wherever_it_is(module: ThreadedModule, chunks: int) -> None:
    for _ in range(100):  # more than the table has room for, if one was left
        sort = begun(module, 64)
        assert module.lw_jobs_poll(chunks) == chunks
        assert module.lw_splat_sort_end(sort.state)
        for block in sort.blocks:
            module.lw_raw_free(block)


def test_a_sort_of_splats_that_finds_no_room_for_its_jobs_leaves_none(module: ThreadedModule) -> None:
    jobs = [job(module, ADD, 0) for _ in range(254)]
    with pytest.raises(AssertionError):
        begun(module, 64)  # takes two, and wants three
    assert module.lw_error_code() == 8
    jobs += [job(module, ADD, 0) for _ in range(2)]
    assert all(module.lw_job_free(one) for one in jobs)


def test_a_mutex_loses_no_addition(module: ThreadedModule) -> None:
    module.start(3)
    board = zeroed(module, 512)
    adding = job(module, ADD, board, 20_000, 50)
    module.lw_job_start(adding)
    until(lambda: module.lw_jobs_poll(1) < 0 or module.lw_job_state(adding) == DONE)
    assert module.view(board, 2, np.uint32).tolist() == [0, 20_000]


def test_polling_runs_no_more_chunks_than_asked(module: ThreadedModule) -> None:
    board = zeroed(module, 512)
    adding = job(module, ADD, board, 1000, 5)
    module.lw_job_start(adding)
    assert [module.lw_jobs_poll(chunks) for chunks in (1, 7, 0)] == [1, 7, 0]
    assert module.view(board, 2, np.uint32)[1] == 40
    assert module.lw_jobs_poll(1000) == 192
    assert module.lw_job_state(adding) == DONE


def test_messages_come_in_order_and_a_full_channel_says_so(module: ThreadedModule) -> None:
    channel, out = zeroed(module, 16 + 4 * 3), zeroed(module, 4)
    assert not module.lw_channel_start(channel, 0)
    assert module.lw_channel_start(channel, 3)
    for turn in range(5):  # around the end of the ring
        assert [module.lw_channel_send(channel, turn * 10 + k) for k in range(4)] == [1, 1, 1, 0]
        assert module.lw_error_code() == 8
        got = []
        while module.lw_channel_take(channel, out):
            got.append(int(module.view(out, 1, np.uint32)[0]))
        assert got == [turn * 10 + k for k in range(3)]


def test_cancelling_drops_what_nobody_began_and_what_comes_after(module: ThreadedModule) -> None:
    module.start(1)
    began, board = zeroed(module, 4), zeroed(module, 512)
    long, later = job(module, UNTIL_CANCELLED, began, 100), job(module, ADD, board)
    module.lw_job_after(later, long)
    module.lw_job_start(later)
    module.lw_job_start(long)
    until(lambda: bool(module.view(began, 1, np.uint32)[0] == 1))
    assert module.lw_job_cancel(long)
    until(lambda: module.lw_job_state(long) == CANCELLED)
    assert module.view(began, 1, np.uint32)[0] == 1  # 99 chunks never began
    assert (module.lw_job_state(later), module.lw_job_error(later)) == (CANCELLED, 10)
    assert module.view(board, 2, np.uint32)[1] == 0


def test_a_trap_is_reported_its_worker_replaced_and_later_jobs_run(module: ThreadedModule) -> None:
    module.start(1)
    before = live_bytes(module)
    board = zeroed(module, 512)
    bad = job(module, TRAP, board, 8)
    module.view(board, 3, np.uint32)[2] = 3
    module.lw_job_start(bad)
    until(lambda: module.lw_job_state(bad) == FAILED)
    assert module.lw_job_error(bad) == 11
    until(lambda: module.replaced_count == 1 and module.tend() == 1)
    assert "unreachable" in module.errors[0]
    good = job(module, ADD, board, 100)  # takes the mutex that the trapped one held
    module.lw_job_start(good)
    until(lambda: module.lw_job_state(good) == DONE)
    assert module.view(board, 2, np.uint32)[1] == 100
    module.lw_raw_free(board)
    assert live_bytes(module) == before


@pytest.mark.parametrize(("which", "size", "end"), [(OVERFLOW, 20, DONE), (OVERFLOW, 66, FAILED)])
def test_a_stack_that_overflows_is_caught(module: ThreadedModule, which: int, size: int, end: int) -> None:
    overflow(module, which, size, end)


@pytest.mark.parametrize(("which", "size", "end"), [(OVERFLOW, 20, DONE), (OVERFLOW, 66, FAILED), (LEAP, 0, FAILED)])
def test_the_checked_build_catches_a_frame_that_leaps_over_the_guard(
        checked_wasm: Path, which: int, size: int, end: int) -> None:
    module = ThreadedModule(checked_wasm)
    try:
        overflow(module, which, size, end)
    finally:
        module.stop()


def overflow(module: ThreadedModule, which: int, size: int, end: int) -> None:
    """Run a job that needs more or less stack than its thread has."""
    below = zeroed(module, 512 * 1024)  # what a deep overflow writes over, in this order of addresses
    module.start(1, STACK_BYTES)
    word = zeroed(module, 4)
    module.view(word, 1, np.uint32)[0] = size
    deep = job(module, which, word)
    module.lw_job_start(deep)
    until(lambda: module.lw_job_state(deep) == end)
    assert module.lw_job_error(deep) == (12 if end == FAILED else 0)
    assert not module.view(below, 512 * 1024, np.uint8).any()
    until(lambda: len(module.errors) == (end == FAILED))


def test_nested_parallel_for_in_jobs(module: ThreadedModule) -> None:
    module.start(2)
    values = zeroed(module, 8 * 4000)
    outer = job(module, NESTED, values, 8)
    module.lw_job_start(outer)
    until(lambda: module.lw_jobs_poll(1) < 0 or module.lw_job_state(outer) == DONE)
    rows = module.view(values, 8000, np.uint32).reshape(8, 1000)
    assert (rows == rows[0]).all() and rows[0].any()


def test_a_chunk_that_traps_in_a_nested_parallel_for_keeps_nobody_waiting(module: ThreadedModule) -> None:
    module.start(2)
    board = zeroed(module, 512)
    module.view(board, 3, np.uint32)[2] = 70
    outer = job(module, TRAP_NESTED, board)
    module.lw_job_start(outer)
    until(lambda: module.lw_job_state(outer) >= DONE)
    until(lambda: module.replaced_count > 0)
    alone = job(module, ADD, board, 10)
    module.lw_job_start(alone)
    until(lambda: module.lw_jobs_poll(1) < 0 or module.lw_job_state(alone) == DONE)


def test_a_thousand_threads_start_and_stop_and_leave_nothing(module: ThreadedModule) -> None:
    before, board = live_bytes(module), zeroed(module, 512)
    started = live_bytes(module)
    for turn in range(250):
        module.start(4, STACK_BYTES)
        if turn % 50 == 0:
            adding = job(module, ADD, board, 100, 1)
            module.lw_job_start(adding)
            until(lambda: bool(module.lw_job_state(adding) == DONE))  # noqa: B023
            module.lw_job_free(adding)
        module.stop()
        assert live_bytes(module) == started
        if turn == 9:
            pages = module.memory.size()
    assert module.memory.size() == pages
    assert module.view(board, 2, np.uint32)[1] == 500
    module.lw_raw_free(board)
    assert live_bytes(module) == before


def test_a_main_thread_that_may_not_wait_runs_all_itself(module: ThreadedModule) -> None:
    module.start(1)
    until(lambda: figures(module)[0] == 2)
    values = zeroed(module, 4 * 20_000)
    module.lw_threads_main_waits(0)
    module.test_mix(values, 20_000, 100)
    assert figures(module)[1] == 0  # it had nobody to wait for
    assert figures(module)[3] == 0, "the worker took no chunk"
    module.test_park_here(zeroed(module, 4))  # returns, though nobody wakes it
    assert figures(module)[1] == 1  # the counter sees an attempt
    module.lw_threads_main_waits(1)
    until(lambda: module.test_mix(values, 20_000, 100) is None and figures(module)[3] > 0)


def test_a_main_thread_that_spins_long_for_a_mutex_is_counted(module: ThreadedModule) -> None:
    board = zeroed(module, 512)
    module.lw_threads_main_waits(0)
    module.start(1)
    module.lw_job_start(job(module, HOLD, board))  # holds the mutex until the counter moves
    until(lambda: bool(module.view(board, 2, np.uint32)[0] == 1))
    adding = job(module, ADD, board)
    module.lw_job_start(adding)
    module.lw_jobs_poll(1)
    assert figures(module)[1] == 1


def test_without_wasmtime_the_error_says_what_to_install() -> None:
    program = "import sys; sys.modules['wasmtime'] = None; import layerw.kernels.wasmtime_threads"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "ModuleNotFoundError: Kernels on CPython need wasmtime: pip install layerw[headless]" in done.stderr


@pytest.mark.parametrize(("call", "code"), [
    (lambda m: m.lw_thread_new(100), 1), (lambda m: m.lw_thread_stack(0), 1), (lambda m: m.lw_thread_free(40), 1),
    (lambda m: m.lw_job_start(77), 4), (lambda m: [m.lw_job_new(0, 0, 1, 1) for _ in range(257)][-1], 8)])
def test_refusals_have_codes(module: ThreadedModule, call: Callable[[Any], int], code: int) -> None:
    assert call(module) == 0
    assert module.lw_error_code() == code
