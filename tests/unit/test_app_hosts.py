"""The browser host with a pretended glue, and the headless one's own checks."""

from __future__ import annotations

import importlib
import json
import sys
import types
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import layerw as lw
from layerw.base.host_port import Running
from layerw.gpu.gen import events as ev
from layerw.hosts import page_host
from layerw.hosts.event_writer import encode_event
from layerw.hosts.headless import HeadlessHost
from layerw.hosts.null_sink import SinkError


class Glue(types.ModuleType):
    """What web/glue.js registers."""

    def __init__(self) -> None:
        super().__init__("layerw_glue")
        self.calls: list[tuple[str, Any]] = []
        self.submit = lambda address, words: self.calls.append(("submit", (address, words)))
        self.setThreads = lambda count: self.calls.append(("setThreads", (count,)))
        self.openFar = lambda address, size_bytes, names: "null"
        self.setFarThreads = lambda count: 1
        self.start = lambda callback: self.calls.append(("start", callback))
        self.options = lambda: json.dumps({"backend": "null", "budgets": {"gpu_mib": 64}})
        self.fail = lambda text: self.calls.append(("fail", text))


@pytest.fixture
def glue(monkeypatch: pytest.MonkeyPatch) -> Iterator[Glue]:
    found = Glue()
    monkeypatch.setitem(sys.modules, "layerw_glue", found)
    monkeypatch.setattr(sys, "platform", "emscripten")
    monkeypatch.delitem(sys.modules, "layerw.hosts.browser", raising=False)
    yield found
    sys.modules.pop("layerw.hosts.browser", None)
    page_host.cache_clear()


def test_in_the_browser_each_frame_is_one_call_of_submit(glue: Glue) -> None:
    app = lw.App()
    assert (app.host.name, app._engine.config.budgets.gpu_mib) == ("browser", 64)
    importlib.import_module("layerw.hosts.browser").start()
    kind, frame = glue.calls.pop()
    assert kind == "start"
    for number in range(3):
        frame(number / 60, 1 / 60, 0, 0)
    assert [kind for kind, _ in glue.calls] == ["submit"] * 3
    address, words = glue.calls[-1][1]
    assert address > 0 and 0 < words < 64
    data = np.arange(4, dtype=np.uint32)
    assert app.host.address(data) == data.ctypes.data


def test_events_that_make_no_sense_are_shown_and_the_frame_is_submitted(glue: Glue) -> None:
    app = lw.App()
    app._engine.inbox.array[:4] = (9, 9, 9, 9)
    app.frame_step(0.0, 0.0, 4, 0)
    assert [kind for kind, _ in glue.calls] == ["submit"]
    assert any("does not exist" in text for text in app._engine.log.errors)


def test_a_program_without_an_app_is_told_so(glue: Glue, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Running, "app", None)
    with pytest.raises(lw.LayerwError, match=r"no lw\.App\(\)"):
        importlib.import_module("layerw.hosts.browser").start()


@pytest.mark.parametrize("size", [0, 1, 5, 70_000, 300_000])
def test_written_events_are_read_back(size: int) -> None:
    data = encode_event("transfer_done", 7, 8, 9, 10, bytes(range(256)) * (size // 256) + b"x" * (size % 256))
    (event,) = ev.decode_events(memoryview(data))
    assert isinstance(event, ev.TransferDone) and len(event.payload) == size and event.transfer == 7


def test_the_null_backend_refuses_what_no_backend_could_do() -> None:
    app = lw.App(host=HeadlessHost())
    app._engine.submission.encoder.mesh_destroy(5)
    with pytest.raises(SinkError, match="mesh 5 does not exist"):
        app.host.step(app)
    app._engine.submission.encoder.buffer_upload(3, 0, 1, 0, 4)
    with pytest.raises(SinkError, match="buffer 3"):
        app.host.step(app)
