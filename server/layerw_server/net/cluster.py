"""A node among others: rooms that it has by a lease, rooms that others have, and those whose node is gone.

    who comes for a room that another node has goes there through a tunnel, bytes as they are
    a room that has a state and no lease is taken over by whoever claims it first

Owns: leases and their renewal, states on the bus, takeovers and tunnels. While the bus can't be reached rooms go on,
and none is begun; who finds afterwards that another node has the room ends its own. Limits: a state is put as often as
the room keeps one, the newest only; WAITING_MAX connections whose room is looked for; TUNNELS_MAX tunnels.
"""

from __future__ import annotations

import asyncio
import logging
import os
import re
import socket
from contextlib import suppress
from pathlib import Path
from typing import Any

from layerw.net.keeping import ROOM_NAME

from . import state_files
from .bus import LEASE_S, STATE_BYTES_MAX, Bus, BusError
from .rooms import WAITING_MAX, Arrival, Rooms, refuse_later

RENEW_S = LEASE_S / 4
PIPE_BYTES = 64 * 1024
TUNNELS_MAX = 4000
TUNNELLED = b"x-layerw-tunnel: 1\r\n"
_RULED = re.compile(rb"^(host|origin):[^\r]*\r\n", re.IGNORECASE | re.MULTILINE)
log = logging.getLogger("layerw.server")


class Cluster:
    """`run()` renews and takes over; `connect` takes a connection for any room."""

    def __init__(self, bus: Bus, owner: str, rooms: Rooms) -> None:
        """owner: name@host:port, where other nodes reach this one."""
        self._bus, self.owner, self._rooms = bus, owner, rooms
        self._owned, self._putting = set[str](), set[str]()
        self._again = dict[str, Path]()
        self._taking = dict[str, asyncio.Task[str]]()
        self._looked_for = self._tunnels = 0
        self._reachable, self._ends = True, False
        self._tasks = set[asyncio.Task[Any]]()

    def connect(self, name: str, arrival: Arrival) -> None:
        """A connection for the room of that name, wherever it is."""
        if name in self._rooms.running and name in self._owned:
            return self._rooms.connect(name, arrival)
        if self._looked_for >= WAITING_MAX or self._tunnels >= TUNNELS_MAX:
            return os.close(arrival[0])
        self._looked_for += 1
        self._beside(self._find(name, arrival))

    async def _find(self, name: str, arrival: Arrival) -> None:
        try:
            owner = await self.take(name)
            reason = "" if owner != self.owner or name in self._rooms.running else self._rooms.refusal(name)
            if reason:  # nor keeps it from nodes where it can run
                self._owned.discard(name)
                await self._bus.release(name, self.owner)
                return refuse_later(*arrival, reason)
        except BusError as error:
            log.warning("Nobody knows where the room %s is: %s", name, error)
            return refuse_later(*arrival, "The rooms can't be found now; connect again.", retry=True)
        finally:
            self._looked_for -= 1
        if owner == self.owner:
            return self._rooms.connect(name, arrival)
        if not owner or TUNNELLED in arrival[1]:
            return refuse_later(*arrival, "The room moves; connect again.", retry=True)
        self._tunnels += 1
        try:
            await self._tunnel(arrival, owner.partition("@")[2])
        finally:
            self._tunnels -= 1

    async def take(self, name: str) -> str:
        """Claims a room and fetches its state, unless another node has it; who has it. Raises BusError."""
        task = self._taking.get(name)
        if task is None:  # who comes meanwhile waits for the state as well
            task = self._taking[name] = asyncio.create_task(self._take(name))
            task.add_done_callback(lambda _: self._taking.pop(name, None))
        return await asyncio.shield(task)

    async def _take(self, name: str) -> str:
        owner = await self._bus.claim(name, self.owner)
        if owner == self.owner and name not in self._owned:
            state = None if name in self._rooms.running else await self._bus.get(name)
            if state is not None:
                try:
                    await asyncio.to_thread(state_files.write, self._rooms.file(name), state)
                except OSError as error:
                    raise BusError(f"Its state can't be kept here: {error}") from error
            self._owned.add(name)  # not before: without its state it would begin anew
        return owner

    async def run(self) -> None:
        """Until it is cancelled."""
        while True:
            await asyncio.sleep(RENEW_S)
            try:
                await self._renew()
                await self._take_over()
            except BusError as error:
                if self._reachable:
                    log.error("The bus can't be reached, the rooms go on: %s", error)
                self._reachable = False
            else:
                if not self._reachable:
                    log.warning("The bus is there again.")
                self._reachable = True

    async def _renew(self) -> None:
        for name in list(self._owned):
            owner = await self._bus.claim(name, self.owner)
            if owner and owner != self.owner:
                log.error("The room %s is another node's by now; it ends here.", name)
                self._owned.discard(name)
                room = self._rooms.running.get(name)
                if room is not None:
                    self._beside(room.end())

    async def _take_over(self) -> None:
        """Rooms that have a state and no node."""
        for name in sorted(filter(ROOM_NAME.fullmatch, await self._bus.orphans() - self._owned)):
            if self._rooms.is_full():
                return
            if await self.take(name) == self.owner and name not in self._rooms.running:
                log.warning("The room %s has no node; it goes on here.", name)
                self._rooms.begin(name)

    def saved(self, name: str, file: Path) -> None:
        """A room kept its state."""
        if name not in self._owned or not self._reachable:
            return  # who was cut off asks first whether another node has the room: its state is older
        if name in self._putting:
            self._again[name] = file
        else:
            self._beside(self._put(name, file))

    async def _put(self, name: str, file: Path) -> None:
        self._putting.add(name)
        try:
            state = await asyncio.to_thread(file.read_bytes)
            if len(state) > STATE_BYTES_MAX:
                raise BusError(f"It has {len(state)} bytes; {STATE_BYTES_MAX} are taken.")
            await self._bus.put(name, state)
        except (BusError, OSError) as error:
            if self._reachable:
                log.warning("The state of the room %s is not on the bus: %s", name, error)
        finally:
            self._putting.discard(name)
        if name in self._again:
            await self._put(name, self._again.pop(name))

    def ended(self, name: str, failed: bool) -> None:
        """A room ended here: nobody was there, or it can't run."""
        if not self._ends and name in self._owned:
            self._owned.discard(name)
            self._beside(self._give_up(name, failed))

    async def _give_up(self, name: str, failed: bool) -> None:
        while name in self._putting:
            await asyncio.sleep(0.01)
        with suppress(BusError):
            if not failed:  # what can't run here keeps its state
                await self._bus.forget(name)
            await self._bus.release(name, self.owner)

    async def drain(self) -> None:
        """Ends the rooms, which keep their last states: others may have them."""
        self._ends = True
        await self._rooms.end()
        while self._putting:
            await asyncio.sleep(0.01)
        for name in sorted(self._owned):
            with suppress(BusError):
                await self._bus.release(name, self.owner)
        with suppress(Exception):
            await self._bus.close()

    async def _tunnel(self, arrival: Arrival, address: str) -> None:
        """Bytes to and fro between a player and the node that has the room."""
        host, _, port = address.rpartition(":")
        try:
            far, theirs = await asyncio.wait_for(asyncio.open_connection(host.strip("[]"), int(port)), LEASE_S)
        except (OSError, TimeoutError) as error:
            log.warning("The node %s can't be reached: %s", address, error or type(error).__name__)
            return refuse_later(*arrival, "The room moves; connect again.", retry=True)
        theirs.write(_retold(arrival[1], address.encode()))
        try:
            near, ours = await asyncio.open_connection(sock=socket.socket(fileno=arrival[0]))
        except OSError:  # it left on the way
            return theirs.close()
        await asyncio.gather(_pipe(near, theirs), _pipe(far, ours))

    def _beside(self, work: Any) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _retold(request: bytes, address: bytes) -> bytes:
    """The request as the other node takes it: its rules were kept here, by the names that players use."""
    head = _RULED.sub(b"", request).removesuffix(b"\r\n")
    return head + b"host: " + address + b"\r\norigin: http://" + address + b"\r\n" + TUNNELLED + b"\r\n"


async def _pipe(source: asyncio.StreamReader, into: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while data := await source.read(PIPE_BYTES):
            into.write(data)
            await into.drain()
    into.close()
