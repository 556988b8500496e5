"""`layerw doctor`: every check by itself, and the exit status."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from layerw_server import cli
from layerw_server.tools import doctor


def status_of(*arguments: str) -> int:
    with pytest.raises(SystemExit) as caught:
        cli.main(["doctor", *arguments])
    return int(caught.value.code or 0)


def test_a_machine_that_runs_the_tests_can_serve(capsys: pytest.CaptureFixture[str]) -> None:
    assert status_of("--no-browser", "--json") == 0
    found = {line["name"]: line for line in json.loads(capsys.readouterr().out)}
    assert found["Python"]["state"] == found["kernels"]["state"] == found["runtime"]["state"] == "ok"
    assert "Chromium" not in found


def test_it_asks_for_port_disk_node_and_what_draws_natively(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        monkeypatch.setattr(doctor, "PORT", taken.getsockname()[1])
        monkeypatch.setattr(doctor, "CACHE_MIB", 1 << 40)
        monkeypatch.setattr(doctor, "ADAPTER_CODE", "raise RuntimeError('No graphics adapter was found')")
        monkeypatch.setattr("layerw_server.runtime.node.try_node", lambda: None)
        found = {line.name: line for line in doctor.examine(browser=False)}
        assert found["port"].state == "missing" and str(doctor.PORT) in found["port"].text
    assert found["disk"].state == "fails" and "LAYERW_CACHE" in found["disk"].text
    assert found["node"].state == "missing" and "start slower" in found["node"].text
    if "native" in found:
        assert found["native"].text == "for --native and --host native: No graphics adapter was found"
    monkeypatch.setattr(doctor, "ADAPTER_CODE", "print('llvmpipe (LLVM 15) Vulkan')")
    found = {line.name: line for line in doctor.examine(browser=False)}
    assert found["port"].state == "ok"
    if "native" in found:
        assert found["native"].state == "ok" and "in software" in found["native"].text


def test_a_runtime_that_is_not_there_says_when_it_comes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LAYERW_CACHE", str(tmp_path))
    found = {line.name: line for line in doctor.examine(browser=False)}
    assert "obtained from the registries at the first start" in found["runtime"].text
    (tmp_path / "prepared/one").mkdir(parents=True)
    found = {line.name: line for line in doctor.examine(browser=False)}
    assert found["runtime"].text.startswith("Pyodide is kept in")


def test_what_is_missing_says_how_it_comes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(doctor.PIECES, "no_such_piece", ("nothing", "void"))
    found = {line.name: line for line in doctor.examine(browser=False)}
    wanted = doctor.Finding("no_such_piece", "missing", "for nothing: pip install 'layerw[void]'")
    assert found["no_such_piece"] == wanted


def test_a_check_that_breaks_leaves_the_others(monkeypatch: pytest.MonkeyPatch,
                                               capsys: pytest.CaptureFixture[str]) -> None:  # fmt: skip
    def broken() -> Iterator[doctor.Finding]:
        raise PermissionError("no")

    monkeypatch.setattr(doctor, "_runtime", broken)
    assert status_of("--no-browser") == 1
    out = capsys.readouterr().out
    assert "fails    runtime        PermissionError: no" in out and "playwright" in out


def test_no_browser_is_missing_but_nothing_fails(monkeypatch: pytest.MonkeyPatch,
                                                 capsys: pytest.CaptureFixture[str]) -> None:  # fmt: skip
    monkeypatch.setenv("LAYERW_CHROMIUM", "/no/such/browser")
    assert status_of("--json") == 0
    last = json.loads(capsys.readouterr().out)[-1]
    assert last["name"] == "browser" and last["state"] == "missing" and "/no/such/browser" in last["text"]


class Asked:
    """A Chromium that answers the probe, and the flags with which it was started."""

    def __init__(self, **answers: Any) -> None:
        self.flags: Sequence[str] | None = None
        self.answers = {"browser": "Chrome/1", "cores": 2, "timestamps": False, "textures": []} | answers

    @contextmanager
    def start(self, flags: Sequence[str] | None = None) -> Iterator[Any]:
        self.flags = flags
        page = SimpleNamespace(route=lambda *_: None, goto=lambda _: None, evaluate=lambda _: self.answers)
        yield SimpleNamespace(new_page=lambda: page)


@pytest.mark.parametrize(("webgl2", "webgpu", "lines"), [
    ("Card", None, {"webgl2": ("ok", "Card"), "webgpu": ("missing", "no device; WebGL2 draws")}),
    (None, "card", {"webgl2": ("missing", "no device; WebGPU draws"), "webgpu": ("ok", "card")}),
    (None, None, {"webgl2": ("missing", "no device"), "webgpu": ("missing", "no device"),
                  "drawing": ("fails", "neither WebGPU nor WebGL2 has a device: nothing can be drawn")}),
    ("ANGLE (SwiftShader)", "card", {"webgl2": ("ok", "ANGLE (SwiftShader); in software, slowly: it found no GPU"),
                                     "webgpu": ("ok", "card")})])  # fmt: skip
def test_the_browser_is_asked_as_its_user_has_it(webgl2: str | None, webgpu: str | None, lines: dict[str, Any],
                                                 monkeypatch: pytest.MonkeyPatch) -> None:  # fmt: skip
    asked = Asked(webgl2=webgl2, webgpu=webgpu)
    monkeypatch.setattr(doctor, "chromium", asked.start)
    monkeypatch.setattr(doctor, "find_chromium", lambda: "/chromium")
    found = {line.name: (line.state, line.text) for line in doctor.examine()}
    assert {name: found[name] for name in ("webgl2", "webgpu", "drawing") if name in found} == lines
    assert asked.flags is not None and not any("swiftshader" in flag for flag in asked.flags)
