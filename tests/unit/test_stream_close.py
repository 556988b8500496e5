"""World.close(): all that a world held is freed at that line, by counting alone."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from layerw.hosts.faults import Fault
from tests.unit.world_files import app_over, write_world


@pytest.fixture
def no_collector() -> Iterator[None]:
    """The cycle collector is off."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


def held(world: Any) -> list[weakref.ref[Any]]:
    """What weighs in a world."""
    streamer = world._streamer
    things = [streamer.tree, streamer.tree.geo, streamer.residency, streamer.residency.rows, streamer._loads]
    things += [content for contents in streamer.residency._contents.values() for content in contents]
    things += [content for load in streamer._loads.loads.values() for content in load.contents]
    things += [thing for thing in (streamer.ground, streamer._root_file, streamer._ground_file) if thing is not None]
    return [weakref.ref(thing) for thing in things]


@pytest.mark.parametrize("frames", [0, 1, 3, 6, 20, 120])
@pytest.mark.usefixtures("no_collector")
def test_a_closed_world_is_freed_although_the_program_keeps_it(tmp_path: Path, frames: int) -> None:
    write_world(tmp_path / "w")
    app, host = app_over(tmp_path)
    world = app.stream("w")
    host.step(app, frames)
    before = held(world)
    world.close()
    host.step(app, 2)
    alive = [ref() for ref in before if ref() is not None]
    assert alive == []
    assert len(before) > (20 if frames == 120 else 4), "tiles were among them"
    assert world.state == "closed" and world.settled


@pytest.mark.usefixtures("no_collector")
def test_many_worlds_leave_nothing_behind_them(tmp_path: Path) -> None:
    write_world(tmp_path / "w")
    faults = {"w/t/1-0-0.glb": Fault("html"), "w/t/2-0-0.glb": Fault("no_head")}
    app, host = app_over(tmp_path, fault=lambda url, attempt: faults.get(url))
    figures = []
    refs = []
    for _ in range(5):
        world = app.stream("w")
        refs.append(weakref.ref(world._streamer))
        host.step(app, 60)
        world.close()
        del world
        host.step(app, 3)
        engine = app._engine
        figures.append((engine.layer_ledger.used_bytes, engine.transfers.live_count - len(engine.backups),
                        engine.transfers.waiting_count, engine.table.rows_used, len(host.transfers.live)))
    assert [ref() for ref in refs] == [None] * 5
    assert figures[1:] == figures[:1] * 4
