"""A small file of a world (tileset.json, subtree, ground grid) on its way, in the shape of ports.Content.

Owns: one fetch at a time, its reservation in the Layer ledger, and asking again with more room when the file
is larger than was guessed. The payload enters the Python heap. Does not parse or retry.
"""

from __future__ import annotations

from layerw.base.ports import Ledger, NodeDesc, Primitive, TransferDone, TransferFailed, Transfers
from layerw.gpu.spec import FAIL_NETWORK, FAIL_TOO_LARGE, FETCH_BYTES

FIRST_GUESS_BYTES = 1 << 20


class FileFetch:
    """States as in ports.Content: "loading", then "ready" (see `payload`) or "failed"."""

    def __init__(self, url: str, *, transfers: Transfers, ledger: Ledger, priority: float, bytes_max: int,
                 size_bytes: int = 0, sha256: str = "") -> None:
        self.url, self.state, self.error, self.retryable = url, "loading", "", False
        self.payload = b""
        self.layer_bytes = self.gpu_bytes = 0
        self.asset = -1  # nothing of it is kept
        self.primitives: list[Primitive] = []
        self.warnings: list[str] = []
        self.nodes: list[NodeDesc] = []
        self._transfers, self._ledger, self._bytes_max = transfers, ledger, bytes_max
        self._sha256, self._priority, self._transfer = sha256, priority, 0
        guess = min(FIRST_GUESS_BYTES, max(1, ledger.open_bytes // 4))
        self._needed_bytes = min(size_bytes or guess, bytes_max)
        self.step()

    def step(self) -> None:
        """Start the fetch as soon as the ledger has room for it."""
        if self.state != "loading" or self._transfer:
            return
        if not self._ledger.try_reserve(self._needed_bytes):
            if self._needed_bytes > self._ledger.open_bytes:
                self._fail(f"{self.url} has {self._needed_bytes} bytes; the layer budget of "
                           f"{self._ledger.budget_bytes} has {self._ledger.open_bytes} for files. Raise layer_mib.",
                           retryable=False)
            return
        self.layer_bytes = self._needed_bytes
        try:
            self._transfer = self._transfers.fetch(self.url, FETCH_BYTES, max_bytes=self.layer_bytes,
                                                   priority=self._priority, on_done=self._done,
                                                   on_failed=self._failed, sha256=self._sha256)
        except ValueError as error:
            self._fail(str(error), retryable=False)

    def set_priority(self, priority: float) -> None:
        """Of a fetch that has not started."""
        self._priority = priority
        if self._transfer and self.state == "loading":
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
        if failed.code == FAIL_TOO_LARGE and self._needed_bytes < self._bytes_max:
            self.release()
            self._needed_bytes = min(max(failed.a, 2 * self._needed_bytes), self._bytes_max)
            self.step()
            return
        message = failed.message or f"{self.url} failed with code {failed.code}."
        self._fail(message, retryable=failed.code == FAIL_NETWORK)

    def _fail(self, error: str, *, retryable: bool) -> None:
        self.release()
        self.state, self.error, self.retryable = "failed", error, retryable
