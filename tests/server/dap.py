"""A client of the debugger: plain JSON of the Debug Adapter Protocol over the development server's WebSocket."""

from __future__ import annotations

import json
import time
from typing import Any

from websockets.sync.client import ClientConnection, connect

Body = dict[str, Any]
PATIENCE_S = 60.0


class Refused(Exception):
    """The server answered with `success: false`."""


class DapClient:
    """An editor."""

    def __init__(self, address: str, token: str) -> None:
        self.socket: ClientConnection = connect(address.replace("http", "ws") + "dap", compression=None,
                                                additional_headers={"Authorization": f"Bearer {token}"}).__enter__()
        self.seq = 0
        self.events: list[Body] = []
        self.heard: list[Body] = []  # every event

    def ask(self, command: str, **arguments: Any) -> Body:
        """The body of the answer; raises Refused."""
        self.seq += 1
        self.socket.send(json.dumps({"seq": self.seq, "type": "request", "command": command, "arguments": arguments}))
        while True:
            message = self._next(PATIENCE_S)
            if message["type"] == "response" and message["request_seq"] == self.seq:
                if not message["success"]:
                    raise Refused(message["message"])
                return dict(message["body"])

    def event(self, name: str, timeout_s: float = PATIENCE_S, **having: Any) -> Body:
        """The next event of that name whose body has these values; earlier ones of that name are passed over."""
        end = time.monotonic() + timeout_s
        while True:
            for i, message in enumerate(self.events):
                if message["event"] == name and all(message["body"].get(key) == one for key, one in having.items()):
                    del self.events[: i + 1]
                    return dict(message["body"])
            self.events = [one for one in self.events if one["event"] != name]
            self._next(end - time.monotonic())

    def _next(self, timeout_s: float) -> Body:
        message: Body = json.loads(self.socket.recv(max(timeout_s, 0.01)))
        if message["type"] == "event":
            self.events.append(message)
            self.heard.append(message)
        return message

    def attach(self, path: str, *lines: Any) -> list[Body]:
        """Up to configurationDone, with breakpoints (lines, or whole ones) in one file; what is said of them."""
        self.ask("initialize", adapterID="layerw", linesStartAt1=True, pathFormat="path")
        self.ask("attach")
        self.event("initialized")
        placed = self.set(path, *lines)
        self.ask("setExceptionBreakpoints", filters=["uncaught"])
        self.ask("configurationDone")
        return placed

    def set(self, path: str, *lines: Any) -> list[Body]:
        """Breakpoints of one file."""
        wanted = [one if isinstance(one, dict) else {"line": one} for one in lines]
        return list(self.ask("setBreakpoints", source={"path": path}, breakpoints=wanted)["breakpoints"])

    def stack(self, thread: int) -> list[str]:
        """`function:line` of each frame, the innermost first."""
        return [f"{one['name']}:{one['line']}" for one in self.ask("stackTrace", threadId=thread)["stackFrames"]]

    def close(self) -> None:
        """Goes away without a word."""
        self.socket.close()
