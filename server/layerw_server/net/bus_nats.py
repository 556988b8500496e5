"""Rooms in NATS: buckets of JetStream's key-value store, leases in memory with an age, states in files. See bus.Bus.

Limits: a state has as many bytes as one message of the server may have, 1 MB unless it is set otherwise (max_payload).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import nats
from nats.errors import Error as NatsError
from nats.js.api import StorageType
from nats.js.errors import KeyNotFoundError, KeyWrongLastSequenceError, NoKeysError

from .bus import LEASE_S, BusError

TIMEOUT_S = 1.0


class NatsBus:
    """address: nats://…; program: what its buckets are called after."""

    def __init__(self, address: str, program: str) -> None:
        self._address, self._name = address, f"layerw_{program}"
        self._nats: Any = None
        self._leases: Any = None
        self._states: Any = None
        self._revisions: dict[str, int] = {}

    async def open(self) -> None:
        """See Bus."""
        with told():
            self._nats = await nats.connect(self._address, connect_timeout=2, max_reconnect_attempts=-1,
                                            reconnect_time_wait=0.25, error_cb=_quiet)  # fmt: skip
            await self._make()

    async def _make(self) -> None:
        stream = self._nats.jetstream(timeout=TIMEOUT_S)
        self._leases = await stream.create_key_value(bucket=f"{self._name}_leases", ttl=LEASE_S,
                                                     storage=StorageType.MEMORY)  # fmt: skip
        self._states = await stream.create_key_value(bucket=f"{self._name}_states")

    async def claim(self, room: str, owner: str) -> str:
        """See Bus."""
        with told():
            try:
                if room in self._revisions:
                    self._revisions[room] = await self._leases.update(room, owner.encode(), last=self._revisions[room])
                else:
                    self._revisions[room] = await self._leases.create(room, owner.encode())
            except KeyWrongLastSequenceError:
                return await self._owner(room, owner)
            except NatsError:
                if self._nats.is_connected:
                    await self._make()  # it began anew, with nothing in memory
                raise
        return owner

    async def _owner(self, room: str, asks: str) -> str:
        self._revisions.pop(room, None)
        try:
            lease = await self._leases.get(room)
        except KeyNotFoundError:
            return ""  # it ended just now
        owner = str(lease.value.decode())
        if owner == asks:  # by a claim at the same time, or one whose answer was lost
            self._revisions[room] = lease.revision
        return owner

    async def release(self, room: str, owner: str) -> None:
        """See Bus."""
        revision = self._revisions.pop(room, None)
        if revision is not None:
            with told():
                await self._leases.delete(room, last=revision)

    async def orphans(self) -> set[str]:
        """See Bus."""
        return await self._keys(self._states) - await self._keys(self._leases)

    async def _keys(self, bucket: Any) -> set[str]:
        with told():
            try:
                return set(await bucket.keys())
            except NoKeysError:
                return set()

    async def put(self, room: str, state: bytes) -> None:
        """See Bus."""
        if len(state) > self._nats.max_payload:
            raise BusError(f"The state of the room {room} has {len(state)} bytes, and the NATS server takes "
                           f"{self._nats.max_payload} (max_payload).")  # fmt: skip
        with told():
            await self._states.put(room, state)

    async def get(self, room: str) -> bytes | None:
        """See Bus."""
        with told():
            try:
                found: bytes = (await self._states.get(room)).value
            except KeyNotFoundError:
                return None
        return found

    async def forget(self, room: str) -> None:
        """See Bus."""
        with told():
            await self._states.purge(room)

    async def close(self) -> None:
        """See Bus."""
        await self._nats.close()


async def _quiet(error: Exception) -> None:
    """Calls tell what goes wrong."""


@contextmanager
def told() -> Iterator[None]:
    """What goes wrong as a BusError."""
    try:
        yield
    except (NatsError, OSError, TimeoutError) as error:
        raise BusError(f"NATS: {error or type(error).__name__}") from error
