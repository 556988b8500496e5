"""A sentence for who is not let in: the WebSocket is answered, told why, and closed, so that a page can show it."""

from __future__ import annotations

import asyncio
import socket
import time

from layerw.net import wire

from .frames import RoomSocket

PATIENCE_S = 2.0


async def refuse(connection: socket.socket, request: bytes, reason: str, *, retry: bool = False) -> None:
    """retry: the client tries again by itself, as after a lost connection."""
    player = RoomSocket(request)
    try:
        await asyncio.get_running_loop().connect_accepted_socket(lambda: player, connection)
    except OSError:
        return
    if not retry:
        player.send(wire.value_message(wire.REFUSED, {"reason": reason}), reliable=True)
    end = time.monotonic() + PATIENCE_S
    while not player.closed and not player.take() and time.monotonic() < end:
        await asyncio.sleep(0.05)  # who is still greeting would not hear it
    player.close(reason)
