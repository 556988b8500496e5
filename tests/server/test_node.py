"""A node: rooms by name in processes of their own, processes that die, the end, and who may read figures."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus

from layerw.net import wire

from .node_support import PROGRAM, RemotePlayer, ServedNode, wait

if not hasattr(os, "fork"):
    pytest.skip("processes hand sockets on, which this system has not", allow_module_level=True)

from layerw_server.net import state_files
from layerw_server.net.node import name_on_bus


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedNode]:
    folder = tmp_path_factory.mktemp("node")
    found = ServedNode(folder, "workers=2", "rooms=2", "metrics_token=secret", f"kept={folder / 'kept'}")
    yield found
    assert found.close() == 0


def room_pid(node: ServedNode, room: str = "main") -> int:
    """The process of a room, which is called after it."""
    return next(pid for pid in node.children("room_process")
                if Path(f"/proc/{pid}/comm").read_text() == f"room {room}\n")  # fmt: skip


def test_rooms_by_name_are_apart_and_no_more_than_there_may_be(node: ServedNode) -> None:
    main, arena = RemotePlayer(node), RemotePlayer(node, "arena")
    assert main.number == arena.number == 1
    assert main.counted("put", 1.0)[0] == 2
    wait(lambda: main.counted("ask") == [2, 1])  # the owner is written with the next tick
    assert arena.counted("ask") == [1, 0]
    third = RemotePlayer(node, "third")
    assert third.first == {"reason": "This server has 2 rooms already, and third is none of them."}
    with pytest.raises(ConnectionClosed):
        third.value()
    main.close()
    arena.close()


def test_the_rules_hold_for_connections_that_are_handed_on(node: ServedNode) -> None:
    from websockets.sync.client import connect

    for path, origin in (("/room", "http://evil.example"), ("/room/main", None), ("/room/NO", node_origin(node)),
                         ("/room/" + "a" * 33, node_origin(node))):  # fmt: skip
        with pytest.raises(InvalidStatus, match="403"):
            connect(f"ws://127.0.0.1:{node.port}{path}", origin=origin).__enter__()  # type: ignore[arg-type]


def node_origin(node: ServedNode) -> str:
    return f"http://127.0.0.1:{node.port}"


@pytest.mark.parametrize("how", ["killed", "by itself"])
def test_a_room_whose_process_dies_goes_on_with_all_that_it_kept(node: ServedNode, how: str) -> None:
    player = RemotePlayer(node)
    before = player.counted("put", 3.0)[0]
    wait(lambda: player.counted("ask") == [before, 1])
    file, now = node.folder / "kept" / "main.lw", time.time()
    wait(lambda: file.stat().st_mtime > now)
    died = time.monotonic()
    if how == "killed":
        os.kill(room_pid(node), signal.SIGKILL)
    else:
        player.call("leave_python")
    with pytest.raises(ConnectionClosed):
        player.value()
    again = RemotePlayer(node, token=player.token)
    took = time.monotonic() - died
    assert again.number == player.number and again.counted("ask") == [before, 1]
    assert took < 20, took  # of a machine that runs all tests at once; alone it is about a second
    again.close()


def test_players_stay_when_a_process_that_serves_files_dies(node: ServedNode) -> None:
    player = RemotePlayer(node)
    before = node.children("worker_process")
    for pid in before:
        os.kill(pid, signal.SIGKILL)
    assert player.counted("ask")
    with urllib.request.urlopen(f"{node_origin(node)}/", timeout=20) as answer:  # waits for the next one
        assert answer.status == 200
    after = wait(lambda: node.children("worker_process"))
    assert not set(before) & set(after)
    player.close()


def read_metrics(node: ServedNode, **headers: str) -> str:
    request = urllib.request.Request(f"{node_origin(node)}/metrics", headers=headers)
    with urllib.request.urlopen(request, timeout=20) as answer:
        return str(answer.read().decode())


def test_figures_are_for_this_machine_and_who_has_the_token(node: ServedNode) -> None:
    player = RemotePlayer(node)
    wait(lambda: 'layerw_connections{room="main"} 1' in read_metrics(node))
    text = read_metrics(node)
    assert 'layerw_frame_lateness_seconds_bucket{room="main",le="+Inf"}' in text and "layerw_workers 2" in text
    assert read_metrics(node, Authorization="Bearer secret", **{"X-Forwarded-For": "203.0.113.9"})
    for headers in ({"X-Forwarded-For": "203.0.113.9"}, {"Authorization": "Bearer wrong"}):
        with pytest.raises(urllib.error.HTTPError, match="403"):
            read_metrics(node, **headers)
    player.close()


def test_the_end_is_told_and_a_next_start_goes_on(tmp_path: Path) -> None:
    first = ServedNode(tmp_path, f"kept={tmp_path / 'kept'}")
    player = RemotePlayer(first)
    player.counted("put", 5.0)
    assert first.close() == 0
    with pytest.raises(ConnectionClosed, match="The room moves; connect again"):
        player.value(wire.REFUSED)
    second = ServedNode(tmp_path, f"kept={tmp_path / 'kept'}")
    again = RemotePlayer(second, token=player.token)
    assert again.number == player.number and again.counted("ask") == [2, 1]
    again.close()
    assert second.close() == 0


def test_a_state_is_for_the_servers_own_user(tmp_path: Path) -> None:
    file = tmp_path / "main.lw"
    file.with_suffix(".part").touch(0o644)  # left by a process that died
    state_files.write(file, b"secret")
    assert file.read_bytes() == b"secret" and file.stat().st_mode & 0o777 == 0o600


HANGS = PROGRAM.replace("app.connect()", '''@app.rpc(to="server")
def hang(player):
    print("hangs", flush=True)
    while True:
        pass

app.connect()''')


def test_no_process_outlives_a_killed_node_not_even_one_that_hangs(tmp_path: Path) -> None:
    node = ServedNode(tmp_path, program=HANGS)
    RemotePlayer(node).call("hang")
    node._line("hangs")
    children = node.children("_process")
    assert len(children) >= 2
    os.kill(node.process.pid, signal.SIGKILL)
    node.process.wait(10)
    assert node.process.stdout is not None
    node.process.stdout.close()
    wait(lambda: not any(runs(pid) for pid in children))


def runs(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.parametrize(("file", "name"), [
    ("pool.py", "pool"), ("fox/main.py", "fox"), ("my game/main.py", "my_game"), ("a/b.c.py", "b_c")])  # fmt: skip
def test_programs_of_one_bus_go_by_names_of_their_own(tmp_path: Path, file: str, name: str) -> None:
    assert name_on_bus(tmp_path / file) == name


def test_a_program_that_cannot_begin_is_told(tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match="ValueError: no"):
        ServedNode(tmp_path, program="import layerw as lw\napp = lw.App()\nraise ValueError('no')\n")


def test_settings_of_a_worker_are_read_as_they_were_written(tmp_path: Path) -> None:
    from layerw_server.net.worker_process import Files
    from layerw_server.runtime.packages import PageWheel, PageWheels

    wheel = PageWheel("a", "1", "a.whl", "0" * 64, 9, ["a"])
    files = Files(tmp_path, tmp_path / "r", tmp_path / "w", PageWheels(tmp_path, (wheel,)), ("a.example",), ("https://b",))
    assert Files.read(files.text()) == files and json.loads(files.text())


def test_a_swarm_visits_rooms_and_says_what_it_saw(node: ServedNode) -> None:
    command = [sys.executable, "-m", "layerw_server", "swarm", str(node.folder / "app" / "bricks.py"), "--connect",
               f"{node_origin(node)}/", "--seconds", "3", "--json"]  # fmt: skip
    done = subprocess.run([*command, "--clients", "12", "--room", "main", "--room", "arena", "--call", "put"],
                          capture_output=True, text=True, timeout=120, check=False)  # fmt: skip
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert report["joined"] == 12 and report["refused"] == report["lost"] == 0 and not report["why"]
    assert 5 < report["snapshots_a_second"] < 40 and report["bytes_a_second_a_client"] > 100
    assert report["there_and_back_ms"]["p99"] > 0 and report["room"]["share_of_a_core"] > 0
    player = RemotePlayer(node)
    assert player.counted("ask")[0] > 12  # each has put some
    player.close()
    for more, told in ((["--call", "jump"], "has no call 'jump' to the server; it has ask, count"),
                       (["--room", "third", "--clients", "1"], "This server has 2 rooms already")):  # fmt: skip
        done = subprocess.run([*command, *more], capture_output=True, text=True, timeout=120, check=False)
        assert done.returncode == 1 and told in done.stdout + done.stderr
