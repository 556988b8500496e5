"""The raw ASGI front: checks every request, answers files from memory, hands the rest to Starlette.

Owns: Host check, method and body limits, conditional and range requests, CORS, isolation headers. It stands
ahead of Starlette's routing because a cached tile then costs two dictionary lookups and one stat.
Limits: REQUEST_BODY_BYTES_MAX per request body.
Source: RFC 9110 (conditional requests, ranges), Fetch standard (CORS), docs/security.md.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import NamedTuple

from starlette.types import ASGIApp, Receive, Scope, Send

from .big_files import send_big_file
from .cache import Asset, AssetCache, FileInFlux, Headers
from .manifest import ManifestError
from .mounts import EXPOSED, IMMUTABLE, Mounts, has_digest_query, is_program, make_asset
from .origins import HostRules, OriginRules
from .paths import PathNotFound, PathRefused, decode_path, printable
from .ranges import RangeRefused, parse_range

REQUEST_BODY_BYTES_MAX = 64 * 1024
_SINGLE = (b"host", b"content-length", b"origin", b"range")
_METHODS = (b"allow", b"GET, HEAD, OPTIONS")
_ANY_ORIGIN = (b"access-control-allow-origin", b"*")
# By whether a page is isolated. Said also where it is not: a 304 leaves the headers that it lacks as they were cached.
_COEP = [(b"cross-origin-embedder-policy", value) for value in (b"unsafe-none", b"require-corp")]
_COOP = [(b"cross-origin-opener-policy", value) for value in (b"unsafe-none", b"same-origin")]
log = logging.getLogger("layerw.server")
RequestHeaders = Mapping[bytes, bytes]


class Request(NamedTuple):
    """What of a request decides its answer."""

    method: str
    raw_path: bytes
    query: bytes
    headers: RequestHeaders


class Answer(NamedTuple):
    """A whole answer; `headers` may be shared: don't change them."""

    status: int
    headers: Headers
    body: bytes | memoryview


class Front:
    """ASGI application around `inner`, the Starlette routes."""

    def __init__(self, inner: ASGIApp, *, mounts: Mounts, cache: AssetCache, hosts: HostRules,
                 origins: OriginRules, isolate: bool) -> None:
        self.inner = inner
        self.mounts = mounts
        self.cache = cache
        self.hosts = hosts
        self.origins = origins
        self.isolate = isolate

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one HTTP request; the inner application checks WebSockets with the same rules."""
        if scope["type"] != "http":
            await self.inner(scope, receive, send)
            return
        headers: dict[bytes, bytes] = dict(scope["headers"])
        request = Request(scope["method"], scope["raw_path"], scope["query_string"], headers)
        port = (scope.get("server") or ("", 0))[1] or 0
        answer = self.at_once(request, scope["headers"], port)
        if answer is not None:
            await _send(send, answer)
        else:
            await self._slow(scope, request, receive, send)

    def at_once(self, request: Request, given: Headers, port: int) -> Answer | None:
        """What needs no waiting: a refusal, or a file that is held. None: ask the whole application.

        given: the headers as they came, one by one. port: that the server listens on.
        """
        refusal = self._refusal(request.headers, given, port)
        if refusal is not None:
            return text_answer(*refusal, head=request.method == "HEAD")
        # Only canonical spellings are keys, so that a hit needs no decoding.
        asset = self.cache.try_get(request.raw_path) if request.method in ("GET", "HEAD") else None
        return None if asset is None else self._answer_asset(request, asset)

    def _refusal(self, headers: RequestHeaders, given: Headers, port: int) -> tuple[int, str] | None:
        if not self.hosts.allows(headers.get(b"host"), port):
            return _host_refusal(headers.get(b"host"))
        if len(headers) != len(given):
            for single in _SINGLE:
                if sum(name == single for name, _ in given) > 1:
                    return 400, f"The request has more than one {single.decode()} header."
        return _body_refusal(headers)

    async def _slow(self, scope: Scope, request: Request, receive: Receive, send: Send) -> None:
        head, headers = request.method == "HEAD", request.headers
        try:
            path = decode_path(scope["raw_path"])
            if not self.mounts.owns(path):
                await self.inner(scope, receive, send)
                return
            if scope["method"] == "OPTIONS":
                await self._preflight(headers, path, send)
                return
            if scope["method"] not in ("GET", "HEAD"):
                await send_text(send, 405, "Files are read with GET or HEAD.", [_METHODS])
                return
            await self._load(request, path, receive, send)
        except PathRefused as refused:
            log.warning("refused %s: %s", printable(scope["raw_path"]), refused)
            await send_text(send, 400, str(refused), head=head)
        except FileInFlux as busy:
            await send_text(send, 503, str(busy), [(b"retry-after", b"1")], head=head)
        except (PathNotFound, OSError):
            # A page elsewhere that streams a world must see 404, not a failed request.
            extra = [] if is_program(path) else [_ANY_ORIGIN]
            await send_text(send, 404, "There is no such file.", extra, head=head)
        except ManifestError as error:
            log.error("%s", error)
            await send_text(send, 500, str(error), head=head)

    async def _load(self, request: Request, path: str, receive: Receive, send: Send) -> None:
        served = self.mounts.find(path)
        if served.path is not None and served.path.stat().st_size > self.cache.file_bytes_max:
            extra = self._extra_headers(request, served.restricted, served.name)
            await send_big_file(receive, send, served, request.headers, extra, head=request.method == "HEAD")
            return
        key = path.encode("utf-8")
        bytes_max = self.cache.file_bytes_max
        asset = await self.cache.ensure(key, lambda: make_asset(key, served, bytes_max))
        await _send(send, self._answer_asset(request, asset))

    def _answer_asset(self, request: Request, asset: Asset) -> Answer:
        headers, get = request.headers, request.method == "GET"
        range_header = headers.get(b"range") if get else None
        if range_header is not None and not _range_is_current(headers, asset):
            range_header = None
        encoding = "" if range_header is not None else self.cache.choose(asset, headers.get(b"accept-encoding", b""))
        answer = asset.headers_of(encoding)
        extra = self._extra_headers(request, asset.restricted, asset.page_name)
        if extra or request.query:
            answer = _merged(answer, extra, request.query)
        match = _matching_etag(headers, asset)
        if match is not None:
            return Answer(304, _not_modified(answer, match), b"")
        body = asset.variants[encoding] if encoding else asset.data
        if range_header is None:
            return Answer(200, answer, body if get else b"")
        return _range_answer(answer, body, range_header)

    def _extra_headers(self, request: Request, restricted: bool, name: str) -> Headers:
        extra: Headers = []
        isolated = self.isolate and b"isolate=0" not in request.query.split(b"&")
        if name.endswith((".html", ".js", ".mjs")):
            extra = [_COEP[isolated], _COOP[isolated]] if name.endswith(".html") else [_COEP[isolated]]
        origin = request.headers.get(b"origin")
        if restricted and origin is not None and self.origins.may_read_program(origin, request.headers[b"host"]):
            extra = [*extra, (b"access-control-allow-origin", origin), EXPOSED]
        return extra

    async def _preflight(self, headers: RequestHeaders, path: str, send: Send) -> None:
        origin = headers.get(b"origin", b"")
        allowed = b"*"
        if is_program(path):
            allowed = origin if self.origins.may_read_program(origin, headers[b"host"]) else b""
        answer: Headers = [_METHODS, (b"vary", b"Origin")]
        if allowed:
            answer += [(b"access-control-allow-origin", allowed), (b"access-control-allow-methods", b"GET, HEAD"),
                       (b"access-control-allow-headers", b"Range, If-Range, If-None-Match, If-Modified-Since"),
                       (b"access-control-max-age", b"600")]
        await _send(send, Answer(204, answer, b""))


def _body_refusal(headers: RequestHeaders) -> tuple[int, str] | None:
    if b"transfer-encoding" in headers:
        return 411, "The request has a body without Content-Length, which this server does not take."
    length = headers.get(b"content-length", b"0")
    if not length.isdigit() or len(length) > 18:
        return 400, "The Content-Length header is not a number."
    if int(length) > REQUEST_BODY_BYTES_MAX:
        return 413, f"The request body has {int(length)} bytes; the limit is {REQUEST_BODY_BYTES_MAX}."
    return None


def _host_refusal(host: bytes | None) -> tuple[int, str]:
    if host is None:
        return 400, "The request has no Host header."
    log.warning("refused a request for the host %s", printable(host))
    return 403, (f"This server does not answer to the host {printable(host)!r}; "
                 "start it with --allow-host to add one.")


def _range_is_current(headers: RequestHeaders, asset: Asset) -> bool:
    condition = headers.get(b"if-range")
    # A date can't tell two versions within one second apart: only the strong ETag counts.
    return condition is None or condition.strip() == asset.etag


def _matching_etag(headers: RequestHeaders, asset: Asset) -> bytes | None:
    condition = headers.get(b"if-none-match")
    if condition is None:
        return None
    # Any variant of the same content lets the client keep what it has.
    known = {asset.etag, *(asset.etag_of(encoding) for encoding in ("zstd", "br", "gzip"))}
    for item in condition.split(b","):
        tag = item.strip().removeprefix(b"W/")
        if tag in known:
            return tag
        if tag == b"*":
            return asset.etag
    return None


def _merged(answer: Headers, extra: Headers, query: bytes) -> Headers:
    if query and has_digest_query(query):
        answer = [(name, IMMUTABLE if name == b"cache-control" else value) for name, value in answer]
    return answer + extra


def _not_modified(answer: Headers, etag: bytes) -> Headers:
    dropped = (b"content-length", b"content-encoding", b"content-type", b"etag")
    return [pair for pair in answer if pair[0] not in dropped] + [(b"etag", etag)]


def _range_answer(answer: Headers, body: bytes, range_header: bytes) -> Answer:
    try:
        wanted = parse_range(range_header, len(body))
    except RangeRefused as refused:
        shared = [pair for pair in answer if pair[0].startswith(b"access-control-") or pair[0] == b"vary"]
        return text_answer(416, str(refused), [(b"content-range", b"bytes */%d" % len(body)), *shared])
    if wanted is None:
        return Answer(200, answer, body)
    headers = [pair for pair in answer if pair[0] != b"content-length"]
    headers += [(b"content-length", b"%d" % (wanted.stop - wanted.start)),
                (b"content-range", b"bytes %d-%d/%d" % (wanted.start, wanted.stop - 1, len(body)))]
    return Answer(206, headers, memoryview(body)[wanted.start : wanted.stop])  # no copy


async def _send(send: Send, answer: Answer) -> None:
    await send({"type": "http.response.start", "status": answer.status, "headers": answer.headers})
    await send({"type": "http.response.body", "body": bytes(answer.body)})


def text_answer(status: int, text: str, extra: Headers | None = None, *, head: bool = False) -> Answer:
    """A short plain answer that is never cached or sniffed; refused bodies also end the connection."""
    body = (text + "\n").encode("utf-8")
    headers: Headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"cache-control", b"no-store"),
                        (b"x-content-type-options", b"nosniff"), (b"content-length", b"%d" % len(body))]
    if status in (411, 413):
        headers.append((b"connection", b"close"))
    return Answer(status, headers + (extra or []), b"" if head else body)


async def send_text(send: Send, status: int, text: str, extra: Headers | None = None, *, head: bool = False) -> None:
    """Send such an answer."""
    await _send(send, text_answer(status, text, extra, head=head))
