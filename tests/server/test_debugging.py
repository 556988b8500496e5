"""The development server's debugger: who gets in, what a client of broken DAP hears, and pages that come and go."""

from __future__ import annotations

import io
import json
import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from layerw_server.debugging import adapter, whereabouts
from layerw_server.debugging.hub import TAKEN
from layerw_server.debugging.session import BROKEN_MAX
from layerw_server.debugging.sources import Sources

from .dap import DapClient, Refused
from .live import Live, running


@pytest.fixture
def editor(live: Live) -> Iterator[DapClient]:
    """One with the token."""
    client = DapClient(f"http://127.0.0.1:{live.port}/", live.app.debugger.token)
    yield client
    client.close()


@contextmanager
def page(live: Live, **body: Any) -> Iterator[ClientConnection]:
    """What a page does."""
    address = f"127.0.0.1:{live.port}"
    with connect(f"ws://{address}/dap/page", origin=f"http://{address}", compression=None) as socket:  # type: ignore[arg-type]
        socket.send(json.dumps({"event": "page", "body": {"lacks": "", "title": "hello", "stands": False} | body}))
        yield socket


def answer(socket: ClientConnection, **body: Any) -> dict[str, Any]:
    """Takes the next command, and answers it."""
    asked: dict[str, Any] = json.loads(socket.recv(5))
    if "id" in asked:
        socket.send(json.dumps({"id": asked["id"], "body": body}))
    return asked


def closed(socket: ClientConnection) -> str:
    """Reads what comes until the server ends it; says why it did."""
    try:
        while True:
            socket.recv(5)
    except ConnectionClosed as ended:
        return str(ended)


# -- who gets in -----------------------------------------------------------------------------------

def test_nobody_debugs_without_the_token(live: Live) -> None:
    good = {"Authorization": f"Bearer {live.app.debugger.token}"}
    url = f"ws://127.0.0.1:{live.port}/dap"
    for headers in ({}, {"Authorization": "Bearer x"}, {"Authorization": live.app.debugger.token},
                    good | {"Origin": "http://evil.example"}, good | {"Origin": "null"},
                    good | {"Host": "evil.example"}):
        with pytest.raises((InvalidStatus, ConnectionClosed)), connect(url, additional_headers=headers) as socket:
            socket.recv(5)
    with connect(url, additional_headers=good):
        pass


def test_no_page_of_elsewhere_is_debugged(live: Live, editor: DapClient) -> None:
    for origin in ("http://evil.example", None):
        with (pytest.raises((InvalidStatus, ConnectionClosed)),
              connect(f"ws://127.0.0.1:{live.port}/dap/page", origin=origin) as socket):  # type: ignore[arg-type]
            socket.recv(5)


def test_a_server_for_the_public_has_none(tree: Path) -> None:
    with running(tree, dev=False) as live:
        assert live.app.debugger is None
        with pytest.raises(InvalidStatus), connect(f"ws://127.0.0.1:{live.port}/dap"):
            pass


def test_the_token_lies_in_a_file_of_the_user_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LAYERW_CACHE", str(tmp_path))
    program = tmp_path / "main.py"
    (tmp_path / "debug").mkdir()
    (tmp_path / "debug" / "9.json").write_text("{")
    (tmp_path / "debug" / "8.json").write_text('{"address": "a", "token": "t", "program": "p", "pid": 99999999}')
    with whereabouts.published("http://127.0.0.1:8000/", "secret", program):
        [server] = whereabouts.running()
        assert (server.address, server.token, server.program) == ("http://127.0.0.1:8000/", "secret", str(program))
        file = tmp_path / "debug" / f"{os.getpid()}.json"
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert adapter.find(port=8000) == adapter.find(program) == server
        with pytest.raises(adapter.AdapterError, match="No layerw run on port 8001"):
            adapter.find(port=8001)
    assert whereabouts.running() == [] and not (tmp_path / "debug" / "8.json").exists(), "a killed server's"


# -- what is wrong ---------------------------------------------------------------------------------

BROKEN = ["", "{", "[]", "null", '"x"', "{}", '{"type": "request"}',
          '{"type": "request", "seq": "1", "command": "threads"}',
          '{"type": "request", "seq": 1, "command": "threads", "arguments": []}', "[" * 30_000]


def test_what_is_no_request_is_told_and_the_session_goes_on(editor: DapClient) -> None:
    for text in BROKEN:
        editor.socket.send(text)
    assert editor.ask("threads") == {"threads": []}
    said = [one["body"]["output"] for one in editor.heard if one["event"] == "output"]
    assert len(said) == len(BROKEN) and all(one.startswith("layerw: ") and one.count("\n") == 1 for one in said)
    for _ in range(BROKEN_MAX - len(BROKEN)):
        editor.socket.send("nonsense")
    assert "were no requests" in closed(editor.socket)


@pytest.mark.parametrize(("command", "arguments", "text"), [
    ("fly", {}, "no request 'fly'"), ("setBreakpoints", {}, "source is None"),
    ("setBreakpoints", {"source": {"path": "x"}, "breakpoints": [1]}, "no list of objects"),
    ("setBreakpoints", {"source": {"path": "x"}, "breakpoints": [{"line": "7"}]}, "line is '7'"),
    ("setBreakpoints", {"source": {"path": "x"}, "breakpoints": [{"line": 1}] * 501}, "the limit is 500"),
    ("stackTrace", {"threadId": True}, "no whole number"), ("stackTrace", {"threadId": 7}, "There is no page 7"),
    ("variables", {"variablesReference": -5}, "There is no page"), ("scopes", {"frameId": 1 << 62}, "There is no page"),
    ("evaluate", {"expression": "1"}, "The program runs"), ("setExceptionBreakpoints", {"filters": [1]}, "no list"),
])  # fmt: skip
def test_wrong_requests_are_refused_by_name(editor: DapClient, command: str, arguments: dict[str, Any],
                                            text: str) -> None:
    with pytest.raises(Refused, match=text):
        editor.ask(command, **arguments)


def test_a_second_editor_is_refused_and_a_later_one_is_not(live: Live, editor: DapClient) -> None:
    address = f"http://127.0.0.1:{live.port}/"
    second = DapClient(address, live.app.debugger.token)
    with pytest.raises(Refused, match=TAKEN[:40]):
        second.ask("initialize")
    second.close()
    assert editor.ask("threads") == {"threads": []}
    editor.ask("disconnect")
    with pytest.raises(ConnectionClosed):
        editor.socket.recv(5)
    third = DapClient(address, live.app.debugger.token)
    assert third.ask("initialize")["supportsConditionalBreakpoints"]
    third.close()


def test_pages_hear_that_somebody_debugs(live: Live, editor: DapClient) -> None:
    origin = f"http://127.0.0.1:{live.port}"
    with connect(f"ws://127.0.0.1:{live.port}/ws", origin=origin) as socket:  # type: ignore[arg-type]
        assert json.loads(socket.recv(5))["debugger"] is True
        editor.attach(str(live.app_folder / "hello.py"))
        assert json.loads(socket.recv(5)) == {"type": "debugger", "debugger": True}


# -- pages -----------------------------------------------------------------------------------------

def test_a_page_that_starts_gets_what_the_editor_wants(live: Live, editor: DapClient) -> None:
    path = str(live.app_folder / "hello.py")
    [waiting] = editor.attach(path, {"line": 2, "condition": "x > 1"})
    assert not waiting["verified"] and "No page" in waiting["message"]
    with page(live) as socket:
        first = json.loads(socket.recv(5))["first"]
        assert [one["command"] for one in first] == ["setExceptionBreakpoints", "setBreakpoints"]
        assert first[1]["arguments"]["source"] == {"path": "hello.py"}
        assert first[1]["arguments"]["breakpoints"] == [{"line": 2, "condition": "x > 1"}]
        answer(socket, breakpoints=[{"id": 9, "verified": True, "line": 3}])
        placed = editor.event("breakpoint")["breakpoint"]
        assert placed == {"id": waiting["id"], "verified": True, "line": 3}
        assert editor.ask("threads")["threads"] == [{"id": 1, "name": "hello"}]
        socket.send(json.dumps({"event": "stopped", "body": {"reason": "breakpoint", "hitBreakpointIds": [9]}}))
        assert editor.event("stopped")["hitBreakpointIds"] == [waiting["id"]]
    assert editor.event("thread", reason="exited")["threadId"] == 1
    with pytest.raises(Refused, match="There is no page 1; its program has ended or started again"):
        editor.ask("continue", threadId=1)


def test_an_editor_that_goes_away_ends_the_pages_sockets(live: Live, editor: DapClient) -> None:
    editor.attach(str(live.app_folder / "hello.py"))
    with page(live) as socket:
        editor.event("thread")
        editor.close()
        closed(socket)


def test_what_a_page_says_is_not_trusted(live: Live, editor: DapClient) -> None:
    editor.attach(str(live.app_folder / "hello.py"))
    with page(live, title=7, lacks=["x"], stands="no") as socket:
        for text in ("{", "[]", "{}", '{"event": 3}', '{"id": "x", "body": {}}', '{"id": 99, "body": {}}', "[" * 9999):
            socket.send(text)
        socket.recv(5)
        socket.send(json.dumps({"event": "stopped", "body": {"reason": 3, "hitBreakpointIds": ["x"]}}))
        assert editor.event("stopped")["reason"] == "3"


# -- files and framing -----------------------------------------------------------------------------

def test_only_files_of_the_program_are_of_the_page(tmp_path: Path) -> None:
    for name in ("game/parts", "models"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "link").symlink_to(tmp_path / "game")
    sources = Sources(tmp_path / "game/main.py", {"models": tmp_path / "models"})
    assert sources.in_page(str(tmp_path / "game/parts/ship.py")) == "parts/ship.py"
    assert sources.in_page((tmp_path / "game/main.py").as_uri()) == "main.py"
    assert sources.in_page(str(tmp_path / "link/main.py")) == "main.py"
    assert sources.in_page(str(tmp_path / "models/x.py")) == "models/x.py"
    for other in (str(tmp_path / "game_2/main.py"), "/etc/passwd", "x\0y", str(tmp_path / "game/../secret.py")):
        assert sources.in_page(other) is None
    assert sources.on_disk("parts/ship.py") == str(tmp_path / "game/parts/ship.py")
    assert sources.on_disk("models/x.py") == str(tmp_path / "models/x.py")
    assert sources.on_disk("../secret.py") is None and sources.on_disk("models/../../secret") is None


def test_the_framing_of_the_protocol() -> None:
    whole = b"Content-Length: 2\r\nX: y\r\n\r\n{}content-length:3\r\n\r\n{ }"
    stream = io.BytesIO(whole)
    assert [adapter.read_message(stream) for _ in range(3)] == [b"{}", b"{ }", None]
    for text in (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", b"POST / HTTP/1.1\r\n", b"X: y\r\n\r\n{}", b"a" * 5000,
                 b"Content-Length: x\r\n\r\n", b"Content-Length: -2\r\n\r\n",
                 b"Content-Length: 99999999\r\n\r\n", b"X: y\r\n" * 20):
        with pytest.raises(adapter.Broken):
            adapter.read_message(io.BytesIO(text))
    assert adapter.read_message(io.BytesIO(b"Content-Length: 20\r\n\r\n{}")) is None, "cut"


def test_the_adapter_without_a_program_says_so(tmp_path: Path) -> None:
    asked = json.dumps({"seq": 5, "type": "request", "command": "initialize"}).encode()
    done = subprocess.run([sys.executable, "-m", "layerw_server", "dap"], capture_output=True, timeout=60,
                          input=b"Content-Length: %d\r\n\r\n" % len(asked) + asked,
                          env=os.environ | {"LAYERW_CACHE": str(tmp_path)})
    said = json.loads(adapter.read_message(io.BytesIO(done.stdout)) or b"")
    assert done.returncode == 1 and said["request_seq"] == 5 and not said["success"]
    assert "No layerw run of yours is going on; start it: layerw run APP." in said["body"]["error"]["format"]


def test_the_adapter_carries_messages_both_ways(live: Live, tmp_path: Path) -> None:
    """An editor that starts `layerw dap`: through standard input and output, to the server that it finds."""
    environment = os.environ | {"LAYERW_CACHE": str(tmp_path / "cache")}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LAYERW_CACHE", environment["LAYERW_CACHE"])
        published = whereabouts.published(f"http://127.0.0.1:{live.port}/", live.app.debugger.token,
                                          live.app_folder / "hello.py")
        with published, subprocess.Popen([sys.executable, "-m", "layerw_server", "dap"], env=environment,
                                         stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
            assert process.stdin and process.stdout
            said = []
            for seq, command in enumerate(("initialize", "attach", "threads", "fly"), 1):
                adapter.write_message(process.stdin, json.dumps({"seq": seq, "type": "request", "command": command}))
                while True:
                    message = json.loads(adapter.read_message(process.stdout) or b"null")
                    said.append(message.get("event") or f"{message['command']} {message['success']}")
                    if message["type"] == "response":
                        break
            assert said[0] == "initialize True" and "attach True" in said and "threads True" in said
            assert said[-1] == "fly False" and "initialized" in said
            process.stdin.write(b"GET / HTTP/1.1\r\n\r\n")
            process.stdin.close()
            rest = []
            while (data := adapter.read_message(process.stdout)) is not None:
                rest.append(json.loads(data))
            assert [one["event"] for one in rest] == ["output", "terminated"]
            assert "no header of the protocol; the session ends" in rest[0]["body"]["output"]
            assert process.wait(20) == 0
