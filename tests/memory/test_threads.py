"""LayerMemory.threads on CPython: how many, from when to when, and the same bits."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from layerw.base.errors import ConfigError
from layerw.memory import LayerMemory, open_native
from layerw.physics import Particles, ShallowWater

MIB = 1 << 20


@pytest.fixture
def memory() -> Iterator[LayerMemory]:
    """With up to two threads."""
    made = open_native(16 * MIB, threads=2)
    yield made
    made.threads = 1


def running(memory: LayerMemory, count: int) -> None:
    """Wait until so many take part."""
    end = time.monotonic() + 20
    while memory.threads_running != count:
        assert time.monotonic() < end, f"{memory.threads_running} threads run, not {count}"
        time.sleep(0.001)


def states(memory: LayerMemory) -> list[str]:
    """Hashes of simulations after some steps."""
    fluid = Particles(memory, 1000, spacing=0.1, low=(0, 0, 0), high=(2, 2, 2))
    fluid.spawn((np.argwhere(np.ones((10, 10, 10))) + 0.7) * 0.1)
    lake = ShallowWater(memory, 100, 80, cell_m=1.0)
    lake.depth = np.random.default_rng(1).random((80, 100)).astype(np.float32)
    for _ in range(5):
        fluid.step(1 / 120)
        lake.step(1 / 60)
    found = [fluid.state_hash(), lake.state_hash()]
    fluid.close()
    lake.close()
    return found


def test_threads_come_and_go_and_change_no_bit(memory: LayerMemory) -> None:
    alone = open_native(16 * MIB)
    expected = states(alone)
    running(memory, 2)
    assert states(memory) == expected
    memory.threads = 1
    running(memory, 1)
    assert states(memory) == expected
    memory.threads = 2
    running(memory, 2)
    assert states(memory) == expected


def test_more_than_there_can_be_is_the_most(memory: LayerMemory) -> None:
    memory.threads = 33
    assert (memory.threads, memory.threads_max) == (2, 2)
    alone = open_native(4 * MIB)
    assert (alone.threads, alone.threads_max, alone.threads_running) == (1, 1, 1)
    alone.threads = 4
    assert (alone.threads, alone.threads_running) == (1, 1)


@pytest.mark.parametrize("wrong", [0, -1, 34, 1.5, True, "2", None])
def test_what_is_no_number_of_threads_is_refused(memory: LayerMemory, wrong: Any) -> None:
    with pytest.raises(ConfigError, match="a whole number from 1 to 33"):
        memory.threads = wrong
    assert memory.threads == 2


def test_a_kernel_that_traps_on_a_thread_is_told(memory: LayerMemory) -> None:
    running(memory, 2)
    with pytest.warns(RuntimeWarning, match="its result is not whole"):
        job = trap(memory)
    running(memory, 2)
    assert memory.kernels.lw_job_error(job) == 11


def trap(memory: LayerMemory) -> int:
    """A job that traps, until its thread is replaced."""
    job = memory.kernels.lw_job_new(0xFFFF, 0, 1, 1)  # no such function in the table
    memory.kernels.lw_job_start(job)
    running(memory, 1)
    while memory.threads_running == 1:
        memory.threads = 2  # joins the thread that ended, and starts another
        time.sleep(0.001)
    return job
