"""WebTransport of a node: a UDP port for each room, since a QUIC connection can't be handed on as a TCP socket is.

    port, port + 1, … port + rooms - 1    the first that no running room has; the process of the room listens there

Owns: which room has which. Does not own: QUIC (quic.py). Firewalls let in as many UDP ports as there may be rooms.
"""

from __future__ import annotations

import socket
from collections.abc import Iterable
from dataclasses import dataclass

from .channel import Message

OFFER_S = 8.0  # that a room may take to begin, until its page is told to come by WebSocket


class PortsError(RuntimeError):
    """The ports can't be had; the text says why."""


@dataclass(frozen=True, slots=True)
class Doors:
    """host: where rooms listen. port: the HTTP server's, which Host and Origin say. rooms: how many there may be.
    hosts, origins: rules, see http.origins."""

    host: str
    port: int
    rooms: int
    hosts: tuple[str, ...] = ()
    origins: tuple[str, ...] = ()

    def free(self, taken: Iterable[Message | None]) -> Message | None:
        """What the process of the next room is told, JSON; None: every port has a room."""
        used = {one["port"] for one in taken if one}
        port = next((port for port in self._ports() if port not in used), None)
        if port is None:
            return None
        return {"host": self.host, "port": port, "page_port": self.port, "hosts": list(self.hosts),
                "origins": list(self.origins)}  # fmt: skip

    def check(self) -> None:
        """Whether all ports can be had now. Raises PortsError."""
        if self._ports().stop > 65_536:
            raise PortsError(f"WebTransport takes a UDP port a room from {self.port} on, {self.rooms} rooms go past "
                             "65535; take a lower --port or fewer --rooms.")  # fmt: skip
        for port in self._ports():
            family = socket.AF_INET6 if ":" in self.host else socket.AF_INET
            with socket.socket(family, socket.SOCK_DGRAM) as probe:
                try:
                    probe.bind((self.host, port))
                except OSError as error:
                    raise PortsError(f"WebTransport can't listen on UDP port {port}: {error.strerror or error}; it "
                                     f"takes {self.rooms} from {self.port} on, one a room.") from None  # fmt: skip

    def _ports(self) -> range:
        return range(self.port, self.port + self.rooms)
