"""Who may ask: the exact allow-lists of Host and Origin.

Owns: the two decisions. A listed name is compared whole, never by prefix or suffix, so that
`good.com.evil.com` and DNS rebinding get nothing. Does not send anything.
Limits: entries are `host`, `host:port` (hosts) and `scheme://host[:port]` (origins).
Source: RFC 6454, RFC 9110 section 7.2; Vite CVE-2025-24010, Starlette CVE-2026-48710.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

LOOPBACK_NAMES = ("localhost", "127.0.0.1", "[::1]")
_HOST = re.compile(r"(\[[0-9a-f:.]+\]|[a-z0-9_-]+(?:\.[a-z0-9_-]+)*)(:[0-9]{1,5})?")
_ORIGIN = re.compile(r"https?://(\[[0-9a-f:.]+\]|[a-z0-9_-]+(?:\.[a-z0-9_-]+)*)(:[0-9]{1,5})?")
_LOOPBACK_ORIGIN = re.compile(rb"https?://(localhost|127\.0\.0\.1|\[::1\])(:[0-9]{1,5})?")


class RuleError(ValueError):
    """An entry of an allow-list is malformed."""


class HostRules:
    """The Host headers that this server answers to: loopback names and the given ones."""

    def __init__(self, allow_hosts: Iterable[str] = ()) -> None:
        self._given = [_checked(_HOST, host, "host, like example.org or example.org:8000") for host in allow_hosts]
        self._by_port: dict[int, frozenset[bytes]] = {}

    def allowed(self, port: int) -> frozenset[bytes]:
        """Return every accepted Host header, lower case, of a server that listens on `port`."""
        found = self._by_port.get(port)
        if found is None:
            names = {host if _HOST.fullmatch(host)[2] else f"{host}:{port}"  # type: ignore[index]
                     for host in (*LOOPBACK_NAMES, *self._given)}
            # A proxy in front, or port 80 itself, leaves the port out.
            names.update(self._given)
            if port == 80:
                names.update(LOOPBACK_NAMES)
            found = self._by_port[port] = frozenset(name.encode("ascii") for name in names)
        return found

    def allows(self, host: bytes | None, port: int) -> bool:
        """Tell whether a request with this Host header is answered."""
        return host is not None and (host in self.allowed(port) or host.lower() in self.allowed(port))


class OriginRules:
    """The origins that may use control endpoints and the WebSocket: the server's own and the listed ones."""

    def __init__(self, allow_origins: Iterable[str] = ()) -> None:
        wanted = "origin, like https://example.org or http://localhost:3000"
        self._listed = frozenset(_checked(_ORIGIN, origin, wanted).encode("ascii") for origin in allow_origins)

    def allows(self, origin: bytes, host: bytes) -> bool:
        """Tell whether `origin` is listed or the server's own; `host` is the Host header, already allowed."""
        origin = origin.lower()
        return origin in self._listed or origin in (b"http://" + host.lower(), b"https://" + host.lower())

    def may_control(self, headers: Mapping[bytes, bytes]) -> bool:
        """Tell whether a request may reach a control endpoint.

        Browsers send `Origin` or, on a plain GET, `Sec-Fetch-Site`; a command-line tool sends neither.
        """
        origin = headers.get(b"origin")
        if origin is not None:
            return self.allows(origin, headers.get(b"host", b""))
        return headers.get(b"sec-fetch-site", b"none") in (b"none", b"same-origin")

    def may_read_program(self, origin: bytes, host: bytes) -> bool:
        """Tell whether a page of `origin` may read the user's sources: listed, own, or of this machine."""
        return self.allows(origin, host) or _LOOPBACK_ORIGIN.fullmatch(origin.lower()) is not None


def may_connect(hosts: HostRules, origins: OriginRules, headers: Mapping[bytes, bytes], port: int) -> bool:
    """Tell whether a WebSocket with these headers is taken; a browser always sends Origin, so one without is not."""
    host, origin = headers.get(b"host", b""), headers.get(b"origin", b"")
    return hosts.allows(host, port) and origins.allows(origin, host)


def _checked(pattern: re.Pattern[str], text: str, wanted: str) -> str:
    lowered = text.strip().lower()
    if not pattern.fullmatch(lowered):
        raise RuleError(f"{text!r} is not an accepted entry; give a {wanted}.")
    return lowered
