"""Processes that a node starts: what they are given, and that they are gone when they are told to.

Owns: starting and ending. They have a process group of their own (Ctrl-C is the node's to hear) and end by themselves
when the node is gone, since their channel ends (orphans.py).
"""

from __future__ import annotations

import asyncio
import socket
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress

from .channel import Channel, Heard, Message

ENDS_S = 5.0  # that one may take before it is killed


class Child:
    """One process with its channel, made by `start`."""

    def __init__(self, process: asyncio.subprocess.Process, channel: Channel, gone: Callable[[int], None]) -> None:
        self._process, self._channel, self._gone = process, channel, gone
        self._waiter = asyncio.create_task(self._wait())

    @classmethod
    async def start(cls, module: str, arguments: list[str], heard: Heard, gone: Callable[[int], None],
                    sockets: tuple[socket.socket, ...] = ()) -> Child:  # fmt: skip
        """gone(exit status): called once, when it has ended. sockets: that it gets, numbers first in its arguments."""
        ours, theirs = socket.socketpair()
        channel = Channel(ours, heard, lambda: None)
        given = [theirs.fileno(), *(one.fileno() for one in sockets)]
        with theirs:
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", f"{__package__}.{module}", *map(str, given), *arguments, pass_fds=given,
                stdin=subprocess.DEVNULL, process_group=0)  # fmt: skip
        return cls(process, channel, gone)

    def give(self, heard: Heard, gone: Callable[[int], None]) -> None:
        """Somebody else has it from now on."""
        self._channel.heard, self._gone = heard, gone

    @property
    def has_ended(self) -> bool:
        """Whether the process is gone."""
        return self._process.returncode is not None

    @property
    def pid(self) -> int:
        """Of the process."""
        return self._process.pid

    def send(self, message: Message, sockets: list[int] | None = None) -> None:
        """See Channel."""
        self._channel.send(message, sockets)

    async def end(self, message: Message | None = None) -> None:
        """Tells it to end, and kills it where it does not."""
        if message:
            self._channel.send(message)
        else:
            self._channel.close()
        with suppress(TimeoutError):
            await asyncio.wait_for(asyncio.shield(self._waiter), ENDS_S)
        self.kill()
        await self._waiter

    def kill(self) -> None:
        """At once."""
        with suppress(ProcessLookupError):
            self._process.kill()

    async def _wait(self) -> None:
        status = await self._process.wait()
        end = asyncio.get_running_loop().time() + 1
        while not self._channel.closed and asyncio.get_running_loop().time() < end:
            await asyncio.sleep(0.005)  # what it said last is read before
        self._channel.close()
        self._gone(status)
