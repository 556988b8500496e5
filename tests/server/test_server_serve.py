"""`serve`: the ready line, a taken port, the end."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from layerw_server.http.serve import ServeError, answered, bind, page_address, serve

SCRIPT = """
import sys
from pathlib import Path
from layerw_server.http.serve import serve
root = Path(sys.argv[1])
serve(root / "app/hello.py", 0, runtime=root / "runtime", web=root / "web")
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Ctrl-C is sent as a POSIX signal")
def test_serves_until_ctrl_c(tree: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "CI": "1"}
    with subprocess.Popen([sys.executable, "-c", SCRIPT, str(tree)], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          text=True, env=environment) as process:
        assert process.stdout is not None
        found = re.fullmatch(r"layerw is ready at (http://127\.0\.0\.1:\d+/) \(Ctrl-C ends it\)\n",
                             process.stdout.readline())
        assert found
        with urllib.request.urlopen(found[1]) as answer:
            assert b"<!doctype html>" in answer.read()
        process.send_signal(signal.SIGINT)
        out, errors = process.communicate(timeout=10)
    assert (process.returncode, out, errors) == (0, "", "")


def test_a_taken_port_is_a_clear_message(tree: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(ServeError, match=rf"Port {port} on 127\.0\.0\.1 is taken .* --port {port + 1}"):
            serve(tree / "app/hello.py", port, runtime=tree / "runtime", web=tree / "web", open_browser=False)


@pytest.mark.parametrize(("host", "port"), [("127.0.0.1", 70000), ("127.0.0.1", -1), ("203.0.113.7", 0)])
def test_an_impossible_address_is_a_clear_message(host: str, port: int) -> None:
    with pytest.raises(ServeError, match=rf"Can't listen on {re.escape(host)}, port {port}"):
        bind(host, port)


def test_a_missing_program_is_a_clear_message(tree: Path) -> None:
    with pytest.raises(ServeError, match=r"There is no program .*none\.py"):
        serve(tree / "none.py", 0, runtime=tree, web=tree, open_browser=False)


def test_the_listener_names_its_protocol() -> None:
    # Without it asyncio leaves Nagle's algorithm on, and an answer in two writes waits 40 ms for an ACK.
    with bind("127.0.0.1", 0) as listener:
        assert listener.proto == socket.IPPROTO_TCP


def test_addresses() -> None:
    assert page_address("0.0.0.0", 80) == "http://127.0.0.1:80/"
    assert page_address("::1", 8000) == "http://[::1]:8000/"
    assert page_address("demo.local", 8000) == "http://demo.local:8000/"


def test_a_wildcard_address_answers_to_given_names_only(caplog: pytest.LogCaptureFixture) -> None:
    assert answered("192.0.2.7", ()) == ("192.0.2.7",)
    assert answered("::1", ("a.example",)) == ("a.example", "[::1]")
    assert answered("0.0.0.0", ("a.example",)) == ("a.example",)
    assert not caplog.records
    assert answered("0.0.0.0", ()) == ()
    assert "--allow-host" in caplog.text


def test_a_bad_allow_list_entry_is_a_clear_message(tree: Path) -> None:
    with pytest.raises(ServeError, match="not an accepted entry"):
        serve(tree / "app/hello.py", 0, runtime=tree, web=tree, allow_origins=["*"], open_browser=False)
