"""Clouds of splats that threads sort: the same orders as in slices, in turn, and whatever ends meanwhile."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

import layerw as lw
from layerw.hosts.headless import HeadlessHost
from layerw.memory import LayerMemory, open_native
from layerw.splats import jobs
from layerw.splats.clouds import Clouds
from layerw.splats.splats import Splats

COUNT = jobs.COUNT_MIN + 1000
PLACES = np.random.default_rng(3).uniform(-5, 5, (COUNT, 3)).astype(np.float32)


class Threaded(HeadlessHost):
    """Its Layer memory has threads, as an isolated page's."""

    def open_layer(self, budget_bytes: int) -> LayerMemory:
        self._layer = open_native(budget_bytes, threads=3)
        return self._layer


@pytest.fixture
def host() -> Iterator[Threaded]:
    made = Threaded()
    yield made
    if made._layer is not None:
        made._layer.threads = 1


def make(host: HeadlessHost, threads: int = 2, **settings: Any) -> lw.App:
    app = lw.App(host=host, **settings)
    app.camera.position = np.array((0.0, 0.0, 20.0))
    app.memory.threads = threads
    until(lambda: app.memory.threads_running == threads)
    return app


def until(done: Callable[[], bool], step: Callable[[], object] = lambda: None) -> None:
    end = time.monotonic() + 20
    while not done():
        assert time.monotonic() < end, "nothing happened in 20 s"
        step()
        time.sleep(0.001)


def order_of(app: lw.App, cloud: Splats) -> npt.NDArray[Any]:
    """What is drawn of it; empty before it is in order."""
    mesh = int(app._engine.table.mesh[cloud.entity.first_row])
    return app._engine.store.meshes[mesh].kept[0].view(np.uint32)[: len(cloud)].copy() if mesh else np.zeros(0)


def sorts(app: lw.App) -> int:
    return int(app.report()["splats"]["sorts"])


def settle(app: lw.App, host: HeadlessHost, count: int) -> None:
    until(lambda: sorts(app) >= count, lambda: host.step(app))
    assert app.report()["errors"] == [] and host.errors == []


def clouds_of(app: lw.App) -> Clouds:
    found = app._engine.subsystems.find("splats")
    assert isinstance(found, Clouds)
    return found


def blocks(app: lw.App) -> int:
    """Of Layer memory, that threads have for clouds."""
    return app.memory.statistics().regions["mesh"].live_count["pinned"]


def test_threads_make_the_order_that_slices_make(host: Threaded) -> None:
    orders: list[list[bytes]] = []
    for one, threads in ((host, 3), (HeadlessHost(), 1)):
        app, made = make(one, threads), []
        cloud = app.splats(PLACES, scale=(0.1, 0.2, 0.1))
        cloud.entity.scale = (1, 2, 1)
        for place in ((0, 0, 20), (0, 3, -20), (1, 0, 0)):
            app.camera.position = np.array(place, np.float64)
            settle(app, one, len(made) + 1)
            made.append(order_of(app, cloud).tobytes())
        orders.append(made)
        assert bool(clouds_of(app)._jobs._held) == (threads > 1)
    assert orders[0] == orders[1] and len(set(orders[0])) == 3


def test_frames_go_on_with_the_order_before(host: Threaded) -> None:
    app = make(host)
    cloud = app.splats(PLACES)
    host.step(app)
    assert order_of(app, cloud).size == 0, "not drawn before it is in order"
    settle(app, host, 1)
    before = order_of(app, cloud)
    app.camera.position = np.array((0.0, 0.0, -20.0))
    host.step(app)
    assert (order_of(app, cloud) == before).all()
    settle(app, host, 2)
    assert PLACES[order_of(app, cloud)[-100:], 2].mean() < -2


def test_clouds_are_sorted_in_turn(host: Threaded) -> None:
    app = make(host)
    clouds = [app.splats(PLACES + np.float32(i)) for i in range(3)]

    def step() -> None:  # each time to another place, so that every order is old at once
        angle = host.submits * 1.0
        app.camera.position = 20 * np.array((np.sin(angle), 0.0, np.cos(angle)))
        host.step(app)

    until(lambda: sorts(app) >= 9, step)
    counts = [one.order.sorts for one in clouds_of(app)._clouds]
    assert max(counts) - min(counts) <= 1 and all(order_of(app, one).size for one in clouds)


def test_a_cloud_may_end_while_threads_are_at_it(host: Threaded) -> None:
    app = make(host)
    first = app.splats(PLACES)
    settle(app, host, 1)
    assert blocks(app) == 2, "its own, and one for all"
    first.destroy()
    host.step(app)
    assert blocks(app) == 1
    for _ in range(5):
        cloud = app.splats(PLACES)
        host.step(app)
        cloud.destroy()
        host.step(app, 2)
    last = app.splats(PLACES)
    until(lambda: order_of(app, last).size > 0, lambda: host.step(app))
    assert blocks(app) == 2
    app.camera.position = np.array((0.0, 0.0, -20.0))
    host.step(app)
    app._engine.subsystems.close()
    assert blocks(app) == 0, "all of it came back, and no thread writes there any more"


def test_threads_may_be_taken_away_meanwhile(host: Threaded) -> None:
    app = make(host)
    cloud = app.splats(PLACES)
    host.step(app)
    app.memory.threads = 1
    settle(app, host, 1)
    app.camera.position = np.array((0.0, 0.0, -20.0))
    settle(app, host, 2)
    assert PLACES[order_of(app, cloud)[-100:], 2].mean() < -2, "in slices"


def test_a_job_that_fails_is_told_and_slices_do_it(host: Threaded) -> None:
    app = make(host)
    cloud = app.splats(PLACES)
    clouds_of(app)._jobs._has_threads = lambda: True
    app.memory.threads = 1  # so that nothing of it ran
    host.step(app)
    state = np.empty(6, np.uint32)
    app.memory.read(clouds_of(app)._jobs._state(), state)
    assert app.memory.kernels.lw_job_cancel(int(state[3]))
    settle(app, host, 1)
    assert order_of(app, cloud).size and any("sorted without threads" in text for _, text in host.logs)


@pytest.mark.parametrize("mesh_mib", [0, 6])
def test_without_room_it_is_done_in_slices(host: Threaded, mesh_mib: float) -> None:
    app = make(host, budgets=lw.Budgets(mesh_mib=mesh_mib))
    cloud = app.splats(PLACES)
    settle(app, host, 1)
    assert order_of(app, cloud).size and not clouds_of(app)._jobs._held
