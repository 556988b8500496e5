"""What an editor starts to debug (`layerw dap`): its standard input and output, or a TCP port of this machine, to the
development server's WebSocket. Where the program does not run yet, it is served first.

Owns: the framing of the protocol ("Content-Length: …"). Does not: understand messages. Limits: MESSAGE_BYTES_MAX;
`--listen` takes one editor at a time, on 127.0.0.1 only, and whoever reaches that port on this machine may debug.
Source: the Debug Adapter Protocol 1.71, "Base Protocol".
"""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO
from urllib.parse import urlsplit

from websockets.exceptions import ConnectionClosed, WebSocketException
from websockets.sync.client import ClientConnection, connect

from .whereabouts import Server, running

MESSAGE_BYTES_MAX = 64 * 1024
HEADERS_MAX = 8
START_S = 120.0  # of the first start, which obtains the runtime


class AdapterError(Exception):
    """There is nothing to debug; the text says why and what to do."""


class Broken(Exception):
    """What came is no message of the protocol; the text says what is wrong."""


def read_message(stream: BinaryIO) -> bytes | None:
    """The next message's bytes; None at the end.

    Raises:
        Broken: there is no Content-Length, or the message is cut or too long. What follows can't be read either.
    """
    size = -1
    for _ in range(HEADERS_MAX):
        line = stream.readline(1024)
        if not line:
            return None
        name, colon, value = line.partition(b":")
        if line in (b"\r\n", b"\n"):
            break
        if not colon:
            raise Broken(f"{line[:60]!r} is no header of the protocol")
        if name.strip().lower() == b"content-length":
            text = value.strip()
            if not text.isdigit() or len(text) > 9:
                raise Broken(f"The Content-Length is {text[:20]!r}, no number")
            size = int(text)
    if size < 0:
        raise Broken("A message has no Content-Length")
    if size > MESSAGE_BYTES_MAX:
        raise Broken(f"A message has {size} bytes; the limit is {MESSAGE_BYTES_MAX}")
    data = stream.read(size)
    if len(data) < size:
        return None
    return data


def write_message(stream: BinaryIO, text: str) -> None:
    """With its header."""
    data = text.encode("utf-8")
    stream.write(b"Content-Length: %d\r\n\r\n" % len(data) + data)
    stream.flush()


def find(program: Path | None = None, port: int = 0) -> Server:
    """The server to debug: of a program, on a port, or the only one. Raises AdapterError."""
    servers = running()
    if port:
        servers = [one for one in servers if urlsplit(one.address).port == port]
    elif program is not None:
        servers = [one for one in servers if Path(one.program) == program.resolve()]
    if len({one.program for one in servers}) > 1:
        listed = ", ".join(f"{one.program} ({one.address})" for one in servers)
        raise AdapterError(f"More than one program runs: {listed}; name one: layerw dap APP, or --port.")
    if not servers:
        what = f"on port {port}" if port else str(program) if program else "of yours"
        raise AdapterError(f"No layerw run {what} is going on; start it: layerw run {program or 'APP'}.")
    return servers[0]


def ensure(program: Path | None, port: int) -> Server:
    """The same; where the program is named and does not run, it is served from now on, until this process ends."""
    try:
        return find(program, port)
    except AdapterError:
        if program is None or not program.is_file() or port:
            raise
    command = [sys.executable, "-m", "layerw_server", "run", str(program), "--port", "0"]
    child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=sys.stderr)
    _ends_with_us(child)
    for _ in range(int(START_S / 0.1)):
        with suppress(AdapterError):
            return find(program)
        if child.poll() is not None:
            raise AdapterError(f"layerw run {program} ended with status {child.returncode}; start it in a terminal to "
                               "see why.")  # fmt: skip
        time.sleep(0.1)
    raise AdapterError(f"layerw run {program} was not ready within {START_S:.0f} s.")


def _ends_with_us(child: subprocess.Popen[bytes]) -> None:
    import atexit

    atexit.register(child.terminate)


def open_server(server: Server) -> ClientConnection:
    """Its debugger. Raises AdapterError."""
    url = server.address.replace("http", "ws", 1) + "dap"
    try:
        return connect(url, additional_headers={"Authorization": f"Bearer {server.token}"}, compression=None,
                       proxy=None, max_size=1 << 20)  # fmt: skip
    except (OSError, WebSocketException) as error:
        raise AdapterError(f"The server at {server.address} does not let the debugger in ({error}).") from None


def carry(reader: BinaryIO, writer: BinaryIO, server: ClientConnection) -> None:
    """Messages both ways, until either side ends; what is no message is told to the editor, and ends it."""
    def outward() -> None:
        try:
            for text in server:
                write_message(writer, text if isinstance(text, str) else text.decode("utf-8", "replace"))
        except (ConnectionClosed, OSError, ValueError):
            pass
        finally:
            with suppress(OSError, ValueError):
                _say(writer, "terminated", {})

    thread = threading.Thread(target=outward, name="layerw-dap", daemon=True)
    thread.start()
    try:
        while (data := read_message(reader)) is not None:
            server.send(data.decode("utf-8", "replace"))
    except Broken as broken:
        _say(writer, "output", {"category": "important", "output": f"layerw: {broken}; the session ends.\n"})
    except (ConnectionClosed, OSError, ValueError):
        pass
    finally:
        server.close()
        thread.join(2)


def _say(writer: BinaryIO, event: str, body: dict[str, str]) -> None:
    write_message(writer, json.dumps({"seq": 0, "type": "event", "event": event, "body": body}))


def refuse(reader: BinaryIO, writer: BinaryIO, why: str) -> None:
    """Answers the editor's first request with the reason that there is nothing to debug."""
    with suppress(Broken, OSError, ValueError):
        asked = json.loads(read_message(reader) or b"{}")
        body = {"error": {"id": 1, "format": why, "showUser": True}}
        write_message(writer, json.dumps({"seq": 1, "type": "response", "request_seq": asked.get("seq", 0),
                                          "command": asked.get("command", ""), "success": False, "message": why,
                                          "body": body}))  # fmt: skip


def over_stdio(program: Path | None, port: int) -> int:
    """The editor that started this process; its exit status."""
    reader, writer = sys.stdin.buffer, sys.stdout.buffer
    try:
        server = open_server(ensure(program, port))
    except AdapterError as error:
        print(error, file=sys.stderr)
        refuse(reader, writer, str(error))
        return 1
    carry(reader, writer, server)
    return 0


def over_tcp(program: Path | None, port: int, listen: int, ready: Callable[[int], None]) -> None:
    """Editors that connect to a port, one after another, until Ctrl-C."""
    with socket.create_server(("127.0.0.1", listen)) as listener:
        ready(listener.getsockname()[1])
        while True:
            connection, _ = listener.accept()
            with connection, connection.makefile("rb") as reader, connection.makefile("wb") as writer:
                try:
                    server = open_server(ensure(program, port))
                except AdapterError as error:
                    refuse(reader, writer, str(error))
                    continue
                carry(reader, writer, server)


def main(program: str) -> None:
    """For `.vscode/layerw_debug.py`: debugs this program, which lies beside that folder."""
    raise SystemExit(over_stdio(Path(program), 0))
