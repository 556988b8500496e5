"""What several nodes know in common: which of them has which room, and the rooms' states. NATS or Redis keep it.

Owns: the port, and which kind an address means. A lease ends by itself LEASE_S after its node said for the last time
that it is there. Every call may raise BusError: the bus can't be reached now.
"""

from __future__ import annotations

from importlib.util import find_spec
from typing import Protocol
from urllib.parse import urlsplit

LEASE_S = 1.0
STATE_BYTES_MAX = 16 * 1024 * 1024


class BusError(RuntimeError):
    """The bus can't be reached, or refused; the text says which."""


class Bus(Protocol):
    """One connection. owner: a text without spaces that says which node, and where it is."""

    async def open(self) -> None:
        """Connects. Raises BusError."""

    async def claim(self, room: str, owner: str) -> str:
        """Takes a room that nobody has; who has it now. A claim of one's own lasts LEASE_S from now."""

    async def release(self, room: str, owner: str) -> None:
        """Gives a room up that one has."""

    async def orphans(self) -> set[str]:
        """Rooms that have a state, and no node."""

    async def put(self, room: str, state: bytes) -> None:
        """Keeps a room's state instead of the one before."""

    async def get(self, room: str) -> bytes | None:
        """The last state that was put."""

    async def forget(self, room: str) -> None:
        """The room ended: it has no state."""

    async def close(self) -> None:
        """Disconnects."""


def bus_of(address: str, program: str) -> Bus:
    """The bus at nats://… or redis://…, for the rooms of one program. Raises BusError."""
    scheme = urlsplit(address).scheme
    packages = {"nats": "nats", "tls": "nats", "redis": "redis", "rediss": "redis"}
    if scheme not in packages:
        raise BusError(f"{address!r} is no bus; give for example nats://127.0.0.1:4222 or redis://127.0.0.1:6379.")
    if find_spec(packages[scheme]) is None:
        raise BusError(f'For {scheme}:// install layerw with its extra: pip install "layerw[net]".')
    if packages[scheme] == "nats":
        from .bus_nats import NatsBus

        return NatsBus(address, program)
    from .bus_redis import RedisBus

    return RedisBus(address, program)
