"""Rooms in Redis: a lease is a key that expires, a state a key, and their names a set. See bus.Bus."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from redis.asyncio import Redis
from redis.exceptions import RedisError

from .bus import LEASE_S, BusError

TIMEOUT_S = 1.0
# Who has it: the caller anew, whoever had it, or now the caller.
CLAIM = """
local owner = redis.call('GET', KEYS[1])
if owner and owner ~= ARGV[1] then return owner end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return ARGV[1]
"""
RELEASE = "if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end return 0"


class RedisBus:
    """address: redis://…; program: what its keys begin with."""

    def __init__(self, address: str, program: str) -> None:
        self._redis: Any = Redis.from_url(address, socket_timeout=TIMEOUT_S, socket_connect_timeout=TIMEOUT_S)
        self._prefix = f"layerw:{program}:"
        self._claim, self._release = (self._redis.register_script(one) for one in (CLAIM, RELEASE))

    async def open(self) -> None:
        """See Bus."""
        with told():
            await self._redis.ping()

    async def claim(self, room: str, owner: str) -> str:
        """See Bus."""
        with told():
            found: bytes = await self._claim(keys=[self._lease(room)], args=[owner, int(1000 * LEASE_S)])
        return found.decode()

    async def release(self, room: str, owner: str) -> None:
        """See Bus."""
        with told():
            await self._release(keys=[self._lease(room)], args=[owner])

    async def orphans(self) -> set[str]:
        """See Bus."""
        with told():
            names = sorted(name.decode() for name in await self._redis.smembers(f"{self._prefix}rooms"))
            owners = await self._redis.mget([self._lease(name) for name in names]) if names else []
        return {name for name, owner in zip(names, owners, strict=True) if owner is None}

    async def put(self, room: str, state: bytes) -> None:
        """See Bus."""
        with told():
            async with self._redis.pipeline(transaction=True) as both:
                both.set(f"{self._prefix}state:{room}", state)
                both.sadd(f"{self._prefix}rooms", room)
                await both.execute()

    async def get(self, room: str) -> bytes | None:
        """See Bus."""
        with told():
            found: bytes | None = await self._redis.get(f"{self._prefix}state:{room}")
        return found

    async def forget(self, room: str) -> None:
        """See Bus."""
        with told():
            await self._redis.srem(f"{self._prefix}rooms", room)
            await self._redis.delete(f"{self._prefix}state:{room}")

    async def close(self) -> None:
        """See Bus."""
        await self._redis.aclose()

    def _lease(self, room: str) -> str:
        return f"{self._prefix}lease:{room}"


@contextmanager
def told() -> Iterator[None]:
    """What goes wrong as a BusError."""
    try:
        yield
    except (RedisError, OSError, TimeoutError) as error:
        raise BusError(f"Redis: {error or type(error).__name__}") from error
