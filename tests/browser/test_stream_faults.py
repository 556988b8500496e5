"""One page, one world, every fault of a network, one after another: after each the picture is the undisturbed one."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import BrowserContext

from layerw_server.http.app import create_app
from layerw_server.http.background import background_server
from layerw_server.http.web import web_folder

from .fault_proxy import KINDS, FaultProxy, Trouble, fault_proxy
from .harness import Running, open_program
from .worlds import Pixels, copy_world, different, pixels, settle

HEAL_S = 90.0  # on a machine that draws in software and does much else
SEEN_S_MAX = 90.0
TILES, TILESET, GROUND = r"/world/tiles/", r"/world/tileset\.json", r"/world/ground\."
PROGRAM = """
import layerw as lw
app = lw.App(screen_error_px=0.5, network=lw.Network(
    first_byte_s=1.5, stall_s=1.0, bytes_per_s_min=2000, retry_first_s=0.2, retry_max_s=1.0))
app.shadows.enabled = False
app.camera.position = (0.0, 90.0, 60.0)
app.camera.look_at((0.0, 20.0, 0.0))  # no sky in the picture: its clouds move
worlds, ready = [], []

def begin():
    worlds.append(app.stream("world"))
    worlds[-1].on_ready(lambda: ready.append(worlds[-1].state))

def end():
    worlds.pop().close()
    ready.clear()
"""
LEDGERS = """
engine, store = app._engine, app._engine.store
for pages in (store._vertices, store._indices): pages.trim()
str((engine.layer_ledger.used_bytes, engine.heap_ledger.used_bytes, engine.gpu_ledger.used_bytes,
     store.committed.used_bytes, engine.transfers.live_count - len(engine.backups), engine.table.rows_used))
"""


class Bench:
    """The page, the proxy before its server, and what an undisturbed opening of the world looks like."""

    def __init__(self, running: Running, proxy: FaultProxy) -> None:
        self.running, self.proxy = running, proxy
        self.python("import __main__; from __main__ import *")
        for _ in range(2):  # the first makes what stays
            self.python("begin()")
            settle(running)
            self.picture: Pixels = pixels(running)
            self.resident = running.report()["tiles"]["resident"]
            self.full = self.python(LEDGERS)
            self.empty = self.close()

    def python(self, code: str) -> Any:
        return self.running.python(code)

    def close(self) -> str:
        """Closes the world; returns the ledgers then."""
        self.python("end()")
        self.running.frames(3)
        ledgers = str(self.python(LEDGERS))
        self.running.frames(3)  # which carry the pages that it gave back
        return ledgers

    def healed(self) -> dict[str, Any]:
        """The first report that is whole again, at most HEAL_S from now."""
        end_s = time.monotonic() + HEAL_S
        while True:
            report = self.running.report()
            tiles = report["tiles"]
            if report["settled"] and tiles == {"resident": self.resident, "pending": 0, "failed": 0}:
                return report
            assert time.monotonic() < end_s, (report["settled"], tiles, self.python("str(worlds[0].error)"))


@pytest.fixture(scope="module")
def bench(browser: Any, runtime_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    folder = tmp_path_factory.mktemp("faults")
    copy_world(tmp_path_factory, folder)
    (folder / "main.py").write_text(PROGRAM, encoding="utf-8")
    app = create_app(program=folder / "main.py", runtime=runtime_dir, web=web_folder(), dev=False)
    context: BrowserContext = browser.new_context(viewport={"width": 160, "height": 120}, device_scale_factor=1)
    with background_server(app) as upstream, fault_proxy(upstream) as proxy:
        running = open_program(context, proxy.address, backend="webgl2").wait_ready()
        yield Bench(running, proxy)
        running.check_leaks()
        context.close()


@pytest.mark.parametrize(("kind", "match"), [
    *((kind, TILES) for kind in KINDS), ("html", TILESET), ("cut", TILESET), ("status 404", TILESET),
    ("status 404", TILES), ("flip", GROUND)])
def test_after_a_fault_everything_is_as_if_it_had_not_been(bench: Bench, kind: str, match: str) -> None:
    proxy, running = bench.proxy, bench.running
    proxy.met.clear()
    name, _, status = kind.partition(" ")
    proxy.trouble = Trouble(name, match, int(status or 503))
    bench.python("begin()")
    end_s = time.monotonic() + SEEN_S_MAX
    while max(proxy.met.values(), default=0) < (1 if name == "slow_start" else 2):  # something was asked for again
        assert time.monotonic() < end_s, f"no file was asked for twice: {proxy.met}"
        assert name == "slow_start" or not running.report()["settled"]
    if match == TILESET:
        assert bench.python("worlds[0].state") == "retrying" and not bench.python("bool(ready)")
    proxy.trouble = None
    bench.healed()
    assert different(bench.picture, pixels(running)) == 0.0
    assert bench.python("ready[0]") == "ready" and bench.python("worlds[0].error") == ""
    assert bench.python(LEDGERS) == bench.full
    assert running.report()["transfers"]["inFlight"] == 0
    assert bench.close() == bench.empty
    assert proxy.held == 0, "what hung was aborted"
    assert [text for text in running.errors.texts if "Uncaught" in text] == []


def test_the_online_event_ends_the_wait(bench: Bench) -> None:
    proxy, running = bench.proxy, bench.running
    slow = "worlds[0]._streamer._pauses.network = lw.Network(retry_first_s=500, retry_max_s=500, retry_slow_max_s=500)"
    proxy.trouble = Trouble("offline", "/world/")
    bench.python(f"begin()\n{slow}")
    while not bench.python("worlds[0].retry_in_s > 100"):
        running.frames(2)
    proxy.trouble = None
    running.page.evaluate("window.dispatchEvent(new Event('online'))")
    bench.healed()
    assert different(bench.picture, pixels(running)) == 0.0
    bench.close()
