"""Small files of a world (tileset.json, subtree, ground grid) on their way.

Owns: one fetch at a time, its reservation in the Layer ledger, and asking again: with more room where the file is
larger than was guessed, and after a pause where the world can't do without it. The payload enters the Python heap. Does
not parse.
"""

from __future__ import annotations

import math
from typing import Protocol

from layerw.base.healing import Failure, failure_of
from layerw.base.ports import Ledger, NodeDesc, Primitive, Rig, TransferDone, TransferFailed, Transfers
from layerw.gpu.spec import FAIL_TOO_LARGE, FETCH_BYTES, FETCH_PATIENT, FETCH_RELOAD, FETCH_REVALIDATE
from layerw.stream.retry import Messages, Pauses

FIRST_GUESS_BYTES = 1 << 20
PATIENT_EVERY = 4  # of this many tries in a row one waits longer: a server may be slow, and not only now


def fetch_flags(attempts: int, failure: Failure, *, hashed: bool) -> int:
    """Of the next try: what its name's hash does not prove is never taken from a cache unasked, nor is anything that
    failed before."""
    if not attempts:
        return 0 if hashed else FETCH_REVALIDATE
    slow = failure == Failure.UNREACHABLE and attempts % PATIENT_EVERY == PATIENT_EVERY - 1
    return FETCH_RELOAD | (FETCH_PATIENT if slow else 0)


class FileFetch:
    """States as in ports.Content: "loading", then "ready" (see `payload`) or "failed"."""

    def __init__(self, url: str, *, transfers: Transfers, ledger: Ledger, priority: float, bytes_max: int,
                 size_bytes: int = 0, sha256: str = "", flags: int = 0) -> None:
        self.url, self.state, self.error, self.failure = url, "loading", "", Failure.NONE
        self.payload = b""
        self.layer_bytes = self.gpu_bytes = self.waits_for_gpu = 0
        self.asset = -1  # nothing of it is kept
        self.primitives: list[Primitive] = []
        self.rig: Rig | None = None
        self.warnings: list[str] = []
        self.nodes: list[NodeDesc] = []
        self._transfers, self._ledger, self._bytes_max = transfers, ledger, bytes_max
        self._sha256, self._flags, self._priority, self._transfer = sha256, flags, priority, 0
        self._size_known = bool(sha256 and size_bytes)  # a larger one is another file
        guess = min(FIRST_GUESS_BYTES, max(1, ledger.open_bytes // 4))
        self._needed_bytes = min(size_bytes or guess, bytes_max)
        self.step()

    def step(self) -> None:
        """Start the fetch as soon as the ledger has room for it."""
        if self.state != "loading" or self._transfer:
            return
        if not self._ledger.try_reserve(self._needed_bytes):
            if self._needed_bytes > self._ledger.open_bytes:
                self._fail(f"{self.url} needs {self._needed_bytes} bytes; files may take {self._ledger.open_bytes} of "
                           f"the layer budget of {self._ledger.budget_bytes}. Raise it with "
                           "lw.Budgets(layer_mib=...).", Failure.WRONG)
            return
        self.layer_bytes = self._needed_bytes
        try:
            self._transfer = self._transfers.fetch(self.url, FETCH_BYTES, max_bytes=self.layer_bytes,
                                                   priority=self._priority, on_done=self._done, flags=self._flags,
                                                   on_failed=self._failed, sha256=self._sha256)
        except ValueError as error:
            self._fail(str(error), Failure.FINAL)

    def set_priority(self, priority: float) -> None:
        """Of a fetch that has not started."""
        changed, self._priority = priority != self._priority, priority
        if changed and self._transfer and self.state == "loading":
            self._transfers.set_priority(self._transfer, priority)

    def release(self) -> None:
        """End it in any state."""
        if self._transfer:
            self._transfers.release(self._transfer)
            self._transfer = 0
        if self.layer_bytes:
            self._ledger.release(self.layer_bytes)
            self.layer_bytes = 0
        self.payload = b""

    def _done(self, done: TransferDone) -> None:
        payload = done.payload
        self.release()
        self.payload, self.state = payload, "ready"

    def _failed(self, failed: TransferFailed) -> None:
        if failed.code == FAIL_TOO_LARGE and self._needed_bytes < self._bytes_max and not self._size_known:
            self.release()
            self._needed_bytes = min(max(failed.a, 2 * self._needed_bytes), self._bytes_max)
            self.step()
            return
        message = failed.message or f"{self.url} failed with code {failed.code}."
        self._fail(message, failure_of(failed.code, failed.a))

    def _fail(self, error: str, failure: Failure) -> None:
        self.release()
        self.state, self.error, self.failure = "failed", error, failure


class OpenFile(Protocol):
    """Starts a fetch of one file with these flags."""

    def __call__(self, *, flags: int) -> FileFetch: ...


class NeededFile:
    """A file that a world can't do without: asked for again until it comes and is right.

    Args:
        name: of it in messages, "The world" say.
        hashed: its name states its hash.
    """

    def __init__(self, name: str, url: str, open_file: OpenFile, pauses: Pauses, messages: Messages,
                 *, hashed: bool) -> None:
        self.name, self.url, self.error, self.retry_at_s = name, url, "", 0.0
        self._open, self._pauses, self._messages, self._hashed = open_file, pauses, messages, hashed
        self._attempts, self._since_s, self._failure = 0, 0.0, Failure.NONE
        self._fetch: FileFetch | None = open_file(flags=fetch_flags(0, Failure.NONE, hashed=hashed))

    def step(self, now_s: float) -> bytes | None:
        """Its bytes in the frame in which they are here; `refuse` them where they are wrong."""
        if self._fetch is None:
            if now_s >= self.retry_at_s:
                self._fetch = self._open(flags=fetch_flags(self._attempts, self._failure, hashed=self._hashed))
            return None
        self._fetch.step()
        if self._fetch.state == "loading":
            return None
        fetch, self._fetch = self._fetch, None
        if fetch.state == "ready":
            return fetch.payload
        self.refuse(fetch.error, fetch.failure, now_s)
        return None

    def refuse(self, error: str, failure: Failure, now_s: float) -> None:
        """It failed, or its bytes can't be used."""
        self._since_s = self._since_s if self._attempts else now_s
        self._attempts, self._failure, self.error = self._attempts + 1, failure, f"{self.name} {self.url}: {error}"
        pause_s = self._pauses.after(failure, self._attempts, now_s - self._since_s)
        self.retry_at_s = now_s + pause_s
        self._messages.tell(failure, self.url, self.error, now_s, pause_s)

    @property
    def is_missing(self) -> bool:
        """Whether its server says that there is none (HTTP 404 or 410). It is asked for again all the same."""
        return self._attempts > 0 and self._failure == Failure.GONE

    def set_priority(self, priority: float) -> None:
        """Of the fetch that is on its way."""
        if self._fetch is not None:
            self._fetch.set_priority(priority)

    def hurry(self) -> None:
        """Ask at once, where it is asked for again at all."""
        if math.isfinite(self.retry_at_s):
            self.retry_at_s = 0.0

    def release(self) -> None:
        """End it in any state."""
        if self._fetch is not None:
            self._fetch.release()
            self._fetch = None
        self.retry_at_s = math.inf
