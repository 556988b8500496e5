"""Threads that are killed in the midst of a kernel: their chunks are run again, and nobody waits for them in vain."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import wasmtime

from layerw.kernels.wasmtime_threads import ThreadedModule

from .splat_sort import begun
from .test_threads import (
    ADD,
    DONE,
    READY,
    STACK_BYTES,
    STAY,
    STAY_NESTED,
    build_with_jobs,
    figures,
    job,
    live_bytes,
    until,
    zeroed,
)

GATE_STUCK_AT, GATE_OPEN, GATE_BEGUN, GATE_OUTER, GATE_STUCK_SLOT, GATE_HELD = range(6)


@pytest.fixture(scope="module")
def wasm(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The release build with tests/kernels/jobs."""
    return build_with_jobs(tmp_path_factory.mktemp("jobs"))


class Killable(ThreadedModule):
    """Threads that `kill` ends in the midst of a kernel, as a browser ends a worker: nothing is cleaned up."""

    mortal = True

    def _config(self) -> wasmtime.Config:
        config = super()._config()
        config.epoch_interruption = True
        self.dead: list[int] = []
        self._main_store = True
        return config

    def _new_store(self) -> wasmtime.Store:
        store = super()._new_store()
        store.set_epoch_deadline(2**40 if self._main_store or not self.mortal else 1)
        self._main_store = False
        return store

    def _run(self, instance: Any, slot: int) -> None:
        try:
            instance.lw_worker_run(slot)
        except wasmtime.Trap:
            self.dead.append(slot)

    def kill(self) -> int:
        """End the one mortal thread where it is; returns its slot."""
        self.engine.increment_epoch()
        until(lambda: bool(self.dead))
        slot = self.dead.pop()
        self._threads.pop(slot).join()
        return slot


@pytest.fixture
def killable(wasm: Path) -> Iterator[Killable]:
    """A fresh memory whose threads can be killed."""
    made = Killable(wasm)
    yield made
    made.stop()


def gate_of(module: ThreadedModule, stuck_at: int) -> tuple[int, Any]:
    """A gate of jobs_under_test.c whose chunk at `stuck_at` stays until it opens; its address and words."""
    address = zeroed(module, 4 * 1006)
    words = module.view(address, 1006, np.uint32)
    words[GATE_STUCK_AT] = stuck_at
    return address, words


def test_a_killed_threads_chunk_is_run_again(killable: Killable) -> None:
    address, gate = gate_of(killable, 250)
    killable.start(1)
    work = job(killable, STAY, address, 1000, 50)
    killable.lw_job_start(work)
    until(lambda: gate[GATE_BEGUN] == 6)  # chunks 0 to 5, the last one stays
    slot = killable.kill()
    gate[GATE_OPEN] = 1
    killable.lw_jobs_poll(100)
    assert killable.lw_job_state(work) == READY, "a chunk is missing until somebody says that its thread is lost"
    assert killable.lw_thread_lost(slot)
    killable.lw_jobs_poll(100)
    assert killable.lw_job_state(work) == DONE
    assert gate[GATE_BEGUN] == 21
    assert (gate[6:] == np.arange(1, 1001)).all()
    assert killable.lw_thread_free(slot)


def test_a_thread_killed_inside_a_nested_parallel_for_keeps_nobody_waiting(killable: Killable) -> None:
    before = live_bytes(killable)
    address, gate = gate_of(killable, 250)
    killable.start(1)
    until(lambda: figures(killable)[0] == 2)
    outer, later = job(killable, STAY_NESTED, address), job(killable, ADD, zeroed(killable, 512))
    killable.lw_job_after(later, outer)
    killable.lw_job_start(later)
    killable.lw_job_start(outer)
    until(lambda: gate[GATE_BEGUN] == 6)  # of the inner job; 14 chunks are unclaimed
    slot = killable.kill()
    gate[GATE_OPEN] = 1
    assert killable.lw_thread_lost(slot)
    killable.lw_jobs_poll(100)
    assert killable.lw_job_state(later) == DONE
    assert (gate[GATE_OUTER], gate[GATE_BEGUN]) == (2, 26)
    assert (gate[6:] == np.arange(1, 1001)).all()
    assert killable.lw_thread_free(slot)
    assert sum(live_bytes(killable)) - sum(before) < 8192  # gate and board; no stack


def test_what_a_killed_thread_made_is_over_before_its_chunk_runs_again(killable: Killable) -> None:
    address, gate = gate_of(killable, 5000)
    gate[GATE_STUCK_SLOT] = 2
    killable.start(1)
    until(lambda: figures(killable)[0] == 2)
    outer = job(killable, STAY_NESTED, address)
    killable.lw_job_start(outer)
    until(lambda: gate[GATE_BEGUN] == 1)
    killable.mortal = False
    killable.start(1)  # takes part, and stays in its chunk; the maker runs all others and waits for it
    until(lambda: gate[GATE_BEGUN] == 20)
    slot = killable.kill()
    killable.lw_thread_lost(slot)
    with_stack = live_bytes(killable)
    assert killable.lw_thread_free(slot)
    killable.lw_jobs_poll(100)
    assert gate[GATE_OUTER] == 1, "the inner job still writes where the chunk would write"
    assert live_bytes(killable) == with_stack, "the inner job still reads from the dead thread's stack"
    gate[GATE_STUCK_SLOT] = 0
    gate[GATE_OPEN] = 1
    until(lambda: killable.lw_jobs_poll(100) < 0 or killable.lw_job_state(outer) == DONE)
    assert gate[GATE_OUTER] == 2
    assert (gate[6:] == np.arange(1, 1001)).all()
    figures(killable)
    assert sum(with_stack) - sum(live_bytes(killable)) > STACK_BYTES


@pytest.mark.parametrize("phase", [0, 2])
def test_a_sort_of_splats_survives_its_thread(killable: Killable, phase: int) -> None:
    killable.start(1)
    until(lambda: figures(killable)[0] == 2)
    sort = begun(killable, 1_000_000)
    work = int(killable.view(sort.state, 6, np.uint32)[3 + phase])
    while killable.lw_job_state(work) < READY:
        pass
    slot = killable.kill()
    killable.lw_thread_lost(slot)  # at a chunk, mostly, or before it took one
    until(lambda: killable.lw_jobs_poll(1) == 0)
    assert killable.lw_splat_sort_state(sort.state) == DONE
    assert (sort.order == sort.wanted).all()
    assert killable.lw_splat_sort_end(sort.state) and killable.lw_thread_free(slot)
