"""Every fault of the network, on every kind of file, on a virtual clock: it heals, and nothing is lost.

For some seconds files are answered wrongly. Ten seconds after that the world shows what it would have shown, is
settled, and the ledgers, handles and lanes are as if nothing had happened.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

import layerw as lw
from layerw.hosts.faults import KINDS, Fault
from layerw.hosts.headless import HeadlessHost
from tests.unit.world_files import GROUND, app_over, write_world

FRAMES_A_SECOND = 60
FAULT_S, HEAL_S = 6, 10
TARGETS = {"one tile": r"t/1-1-1\b", "all tiles": r"\.glb$", "the tileset": r"tileset\.json$", "the ground": GROUND}


class Fleeting:
    """The network: matching files fail so for the first FAULT_S seconds."""

    def __init__(self, kind: str, match: str, status: int = 503) -> None:
        self.fault_given, self.match, self.count = Fault(kind, status), match, 0
        self.host: HeadlessHost | None = None

    def fault(self, url: str, attempt: int) -> Fault | None:
        assert self.host is not None
        if self.host.frame >= FAULT_S * FRAMES_A_SECOND or not re.search(self.match, url):
            return None
        self.count += 1
        return self.fault_given


def figures(app: lw.App, host: HeadlessHost) -> dict[str, Any]:
    """What must be as in the undisturbed run."""
    engine = app._engine
    return {
        "draws": host.sink.draws, "triangles": host.sink.triangles, "tiles": engine.contents.counts(),
        "layer": engine.layer_ledger.used_bytes, "gpu": engine.gpu_ledger.used_bytes,
        "committed": engine.store.committed.used_bytes, "waiting": engine.transfers.waiting_count,
        "held": engine.transfers.live_count - len(engine.backups), "lanes": host.transfers.in_flight(),
        "settled": app.settled, "errors": host.errors,
    }


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    """A folder with a world, and its figures where nothing goes wrong."""
    folder = tmp_path_factory.mktemp("faults")
    write_world(folder / "w", levels=2, hashed=True)
    app, host = app_over(folder)
    app.stream("w")
    host.step(app, 120)
    found = figures(app, host)
    assert found["settled"] and found["tiles"] == {"resident": 5, "pending": 0, "failed": 0}
    return folder, found


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("kind", [*KINDS, "404"])
def test_a_fault_that_ends_leaves_no_trace(undisturbed: tuple[Path, dict[str, Any]], kind: str, target: str) -> None:
    folder, expected = undisturbed
    network = Fleeting("status", TARGETS[target], 404) if kind == "404" else Fleeting(kind, TARGETS[target])
    app, host = app_over(folder, fault=network.fault)
    network.host = host
    world, ready = app.stream("w"), []
    world.on_ready(lambda: ready.append(host.frame))
    host.step(app, FAULT_S * FRAMES_A_SECOND)
    assert network.count > 0 and not app.settled
    assert any(level > 0 for level, _ in host.logs), "it is said"
    opens = target in ("all tiles", "one tile")
    assert (world.state, world.error != "") == (("ready", False) if opens else ("retrying", True))
    assert (world.retry_in_s > 0) <= (world.state == "retrying")
    while host.frame < (FAULT_S + HEAL_S) * FRAMES_A_SECOND and figures(app, host) != expected:
        host.step(app, 10)
    assert figures(app, host) == expected
    assert world.state == "ready" and world.error == "" and len(ready) == 1 and world.height(0, 0) == 0.0
    if target != "all tiles" and (kind, target) != ("bomb", "the tileset"):  # which is asked for with ever more room
        assert network.count <= 8, "it was not hammered"


@pytest.mark.parametrize("kind", ["no_head", "stall", "trickle"])
def test_a_hanging_answer_keeps_its_lane_for_seconds_only(tmp_path: Path, kind: str) -> None:
    write_world(tmp_path / "w", hashed=True)
    app, host = app_over(tmp_path, {"network": lw.Network(first_byte_s=1.0, stall_s=1.0), "lanes": 2},
                         fault=lambda url, attempt: Fault(kind) if "t/2-0-" in url and attempt <= 2 else None)
    app.stream("w")
    lanes = []
    for _ in range(8 * FRAMES_A_SECOND):
        host.step(app)
        lanes.append(host.transfers.in_flight())
    assert max(lanes) <= 2 and lanes[-1] == 0 and app.settled
    assert app._engine.contents.counts()["failed"] == 0


def test_levels_that_were_left_out_are_tried_again(tmp_path: Path) -> None:
    write_world(tmp_path / "w", hashed=True)
    app, host = app_over(tmp_path, {"network": lw.Network(first_byte_s=1.0, stall_s=1.0), "lanes": 2},
                         fault=lambda url, attempt: Fault("no_head") if "t/1-" in url and host.frame < 300 else None)
    app.stream("w")
    host.step(app, 20 * FRAMES_A_SECOND)
    assert app.report()["tiles"] == {"resident": 21, "pending": 0, "failed": 0}


def test_online_ends_the_wait(tmp_path: Path) -> None:
    write_world(tmp_path / "w")
    down = [True]
    settings = {"network": lw.Network(retry_first_s=100.0, retry_max_s=100.0)}
    app, host = app_over(tmp_path, settings, fault=lambda url, attempt: Fault("refused") if down[0] else None)
    world = app.stream("w")
    host.step(app, 120)
    down[0] = False
    host.step(app, 120)
    assert world.state == "retrying" and 50 < world.retry_in_s <= 100
    host.send("online")
    host.step(app, 120)
    assert world.state == "ready" and app.settled and app._engine.contents.counts()["failed"] == 0


def test_a_tileset_that_changed_is_read_on_the_next_open(tmp_path: Path) -> None:
    write_world(tmp_path / "w", levels=1)
    app, host = app_over(tmp_path)
    first = app.stream("w")
    host.step(app, 60)
    first.close()
    text = (tmp_path / "w" / "tileset.json").read_text(encoding="utf-8")
    (tmp_path / "w" / "tileset.json").write_text(text.replace('"layerw": {', '"layerw": {"sea_level_m": 7.5, '))
    second = app.stream("w")
    host.step(app, 60)
    assert "sea_level_m" not in first.extras and second.extras["sea_level_m"] == 7.5
