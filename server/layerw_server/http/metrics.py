"""`/metrics`: how the rooms are, for Prometheus.

Owns: who may read it: this machine itself under a loopback name (a proxy in front asks with the public one), and
whoever gives the token. Does not know any figure.
"""

from __future__ import annotations

import hmac
import ipaddress
from typing import Protocol

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from .origins import LOOPBACK_NAMES


class MetricsPort(Protocol):
    """Who knows how the rooms are: layerw_server.net."""

    async def text(self) -> str:
        """In Prometheus' text format. Raises TimeoutError."""


class Metrics:
    """The endpoint. token: "": only this machine may read."""

    def __init__(self, source: MetricsPort, token: str) -> None:
        self._source, self._token = source, token

    def route(self) -> Route:
        """For Starlette."""
        return Route("/metrics", self._answer)

    async def _answer(self, request: Request) -> Response:
        if not self._may_read(request):
            return PlainTextResponse("Metrics are for this machine itself, or with a token.\n", 403)
        try:
            text = await self._source.text()
        except TimeoutError:
            return PlainTextResponse("The node does not answer.\n", 503)
        return Response(text, media_type="text/plain; version=0.0.4; charset=utf-8",
                        headers={"cache-control": "no-store"})  # fmt: skip

    def _may_read(self, request: Request) -> bool:
        scheme, _, given = request.headers.get("authorization", "").partition(" ")
        if self._token and scheme.lower() == "bearer":
            return hmac.compare_digest(given.strip().encode(), self._token.encode())
        name = request.headers.get("host", "").lower()
        name = name if name.endswith("]") else name.rpartition(":")[0] or name
        forwarded = any(one in request.headers for one in ("forwarded", "x-forwarded-for", "x-real-ip"))
        return _is_loopback(request.client.host if request.client else "") and name in LOOPBACK_NAMES and not forwarded


def _is_loopback(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False
