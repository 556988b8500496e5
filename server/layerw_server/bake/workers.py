"""Branches of the quadtree in several processes that map the same fields.

Owns: starting them, handing out branches, ending them at once when the bake ends early.
Limits: a process that is killed (or whose parent is) ends its work without a trace; its branch is simply not finished.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
from contextlib import contextmanager
from multiprocessing.connection import wait as wait_for
from pathlib import Path

from layerw_server.bake.fields import Fields
from layerw_server.bake.quadtree import Node
from layerw_server.bake.stage import save_branch
from layerw_server.bake.tilework import TileRecord, World, write_branch


def run(
    world: World, branches: list[Node], folder: Path, work: Path, workers: int,
) -> Iterator[tuple[str, dict[str, TileRecord]]]:
    """Make every branch and yield its records as it is finished.

    Raises:
        BrokenProcessPool: a process was killed.
    """
    if workers == 1 or len(branches) <= 1:
        fields = Fields.load(work)
        for branch in branches:
            yield branch.name, _make(world, fields, branch, folder, work)
        return
    yield from _run_pool(world, branches, folder, work, workers)


def _run_pool(
    world: World, branches: list[Node], folder: Path, work: Path, workers: int,
) -> Iterator[tuple[str, dict[str, TileRecord]]]:
    context = multiprocessing.get_context("spawn")  # the same on every system; no threads to inherit
    before = set(multiprocessing.active_children())
    pool = ProcessPoolExecutor(workers, mp_context=context, initializer=_start, initargs=(world, folder, work))
    try:
        largest_first = sorted(branches, key=lambda b: -len(b.walk()))
        with _deaf_children():
            names = {pool.submit(_worker_branch, b): b.name for b in largest_first}
        pending = set(names)
        while pending:
            done, pending = wait(pending, return_when=FIRST_COMPLETED)
            for future in sorted(done, key=lambda f: names[f]):
                yield names[future], future.result()
    except BaseException:
        for child in set(multiprocessing.active_children()) - before:
            child.kill()  # nothing is lost but the branches in hand
        raise
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


@contextmanager
def _deaf_children() -> Iterator[None]:
    """While processes start, Ctrl-C is ignored, which they inherit: only this process hears it from then on."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


_worker: tuple[World, Fields, Path, Path] | None = None


def _start(world: World, folder: Path, work: Path) -> None:
    global _worker
    _worker = (world, Fields.load(work), folder, work)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait_for([parent.sentinel])
        os._exit(1)


def _worker_branch(branch: Node) -> dict[str, TileRecord]:
    assert _worker is not None, "the pool's initializer did not run"
    world, fields, folder, work = _worker
    return _make(world, fields, branch, folder, work)


def _make(world: World, fields: Fields, branch: Node, folder: Path, work: Path) -> dict[str, TileRecord]:
    made = write_branch(world, fields, branch, folder)
    save_branch(work, branch.name, made)
    return made[0]
