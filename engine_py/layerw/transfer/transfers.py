"""Asynchronous work in JavaScript: commands out, events back. Implements ports.Transfers.

Owns: transfer handles and who is called when one ends. Does not own bytes or budgets, and never waits.
Limits: a callback runs at the start of a later frame, at most once, and never after `release`. An exception in
one callback is collected (`take_errors`) and does not stop the others.
"""

from __future__ import annotations

import traceback
from typing import Protocol

from layerw.base.addresses import DATA_URI_BYTES_MAX, URL_BYTES_MAX
from layerw.base.config import Network
from layerw.base.errors import ConfigError
from layerw.base.handles import HandlePool
from layerw.base.ports import U32, OnDone, OnFailed, TransferDone, TransferFailed
from layerw.transfer.addresses import address


class Commands(Protocol):
    """The transfer commands of the generated encoder."""

    def fetch(self, transfer: int, kind: int, priority: float, max_bytes: int, url: int, url_bytes: int, sha256: int,
              sha256_bytes: int) -> None: ...  # fmt: skip
    def fetch_limits(self, lanes: int, first_byte_ms: float, stall_ms: float, bytes_per_s_min: float) -> None: ...
    def mesh_build(self, transfer: int, data: int, size_bytes: int) -> None: ...
    def mesh_build_in(self, transfer: int, data: int, size_bytes: int, block: int) -> None: ...
    def image_decode(self, transfer: int, source: int, offset: int, size_bytes: int, max_bytes: int,
                     max_side: int, directions: int) -> None: ...  # fmt: skip
    def bytes_read(self, transfer: int, data: int, size_bytes: int) -> None: ...
    def unpack(self, transfer: int, data: int, size_bytes: int) -> None: ...
    def transfer_priority(self, transfer: int, priority: float) -> None: ...
    def transfer_release(self, transfer: int) -> None: ...


class Keeper(Protocol):
    """Keeps data alive until the submit and says where it is (gpu/submission.py)."""

    def keep(self, array: U32) -> int: ...
    def keep_bytes(self, data: bytes) -> int: ...


class FrameTransfers:
    """Every transfer of the engine."""

    def __init__(self, commands: Commands, keeper: Keeper) -> None:
        self._commands = commands
        self._keeper = keeper
        self._handles = HandlePool("transfer")
        self._waiting: dict[int, tuple[OnDone, OnFailed]] = {}
        self._errors: list[str] = []
        self.stale_count = 0  # events of transfers that were released before

    @property
    def live_count(self) -> int:
        """Handles that were not released yet."""
        return self._handles.live_count

    @property
    def waiting_count(self) -> int:
        """Transfers that have not ended yet."""
        return len(self._waiting)

    def limit(self, network: Network, lanes: int) -> None:
        """How many fetches run at a time and how long each is waited for, from now on."""
        self._commands.fetch_limits(lanes, 1e3 * network.first_byte_s, 1e3 * network.stall_s, network.bytes_per_s_min)

    def _start(self, on_done: OnDone, on_failed: OnFailed) -> int:
        transfer = self._handles.alloc()
        self._waiting[transfer] = (on_done, on_failed)
        return transfer

    def fetch(self, url: str, kind: int, *, max_bytes: int, priority: float, on_done: OnDone, on_failed: OnFailed,
              sha256: str = "", flags: int = 0) -> int:  # fmt: skip
        """Starts a fetch; `url` is relative to the user's program; flags: FETCH_RELOAD and the like of gpu/spec.py."""
        url_data, hash_data = address(url).encode(), sha256.encode()
        limit = DATA_URI_BYTES_MAX if url.startswith("data:") else URL_BYTES_MAX
        if not 0 < len(url_data) <= limit:
            raise ConfigError(f"A URL of {len(url_data)} bytes was asked for; it must have 1 to {limit}.")
        transfer = self._start(on_done, on_failed)
        self._commands.fetch(transfer, kind | flags, priority, min(max_bytes, 0xFFFFFFFF),
                             self._keeper.keep_bytes(url_data), len(url_data),
                             self._keeper.keep_bytes(hash_data), len(hash_data))  # fmt: skip
        return transfer

    def build_mesh(self, descriptor: U32, *, block: int = 0, on_done: OnDone, on_failed: OnFailed) -> int:
        """Builds a mesh from a MESH_BUILD descriptor; what it reads must not be released before it ends.

        `block`: of Layer memory, as large as the result; it is the transfer's from now on and freed with it.
        """
        transfer = self._start(on_done, on_failed)
        data, size_bytes = self._keeper.keep(descriptor), descriptor.nbytes
        if block:
            self._commands.mesh_build_in(transfer, data, size_bytes, block)
        else:
            self._commands.mesh_build(transfer, data, size_bytes)
        return transfer

    def decode_image(self, source: int, *, offset: int, size_bytes: int, max_bytes: int, max_side: int,
                     on_done: OnDone, on_failed: OnFailed, directions: bool = False) -> int:  # fmt: skip
        """Decodes an image that lies in a finished transfer. directions: its texels are those of a normal map."""
        transfer = self._start(on_done, on_failed)
        self._commands.image_decode(transfer, source, offset, size_bytes, min(max_bytes, 0xFFFFFFFF), max_side,
                                    int(directions))  # fmt: skip
        return transfer

    def read(self, ranges: U32, *, on_done: OnDone, on_failed: OnFailed) -> int:
        """Brings bytes of finished transfers to Python, as the payload: (n, 3), see READ_RANGE in gpu/spec.py."""
        transfer = self._start(on_done, on_failed)
        self._commands.bytes_read(transfer, self._keeper.keep(ranges), ranges.nbytes)
        return transfer

    def unpack(self, words: U32, *, on_done: OnDone, on_failed: OnFailed) -> int:
        """Makes plain bytes of packed ones, from an UNPACK of gpu/spec.py."""
        transfer = self._start(on_done, on_failed)
        self._commands.unpack(transfer, self._keeper.keep(words), words.nbytes)
        return transfer

    def set_priority(self, transfer: int, priority: float) -> None:
        """Of a fetch that has not ended; of another it does nothing."""
        self._handles.check(transfer)
        if transfer in self._waiting:
            self._commands.transfer_priority(transfer, priority)

    def release(self, transfer: int) -> None:
        """Aborts it or frees what it holds; its callbacks are not called any more."""
        self._handles.free(transfer)
        self._waiting.pop(transfer, None)
        self._commands.transfer_release(transfer)

    def dispatch_done(self, event: TransferDone) -> None:
        """Calls the owner of a transfer that ended well."""
        callbacks = self._waiting.pop(event.transfer, None)
        if callbacks is None:
            self.stale_count += 1
            return
        self._call(callbacks[0], event)

    def dispatch_failed(self, event: TransferFailed) -> None:
        """Calls the owner of a transfer that failed."""
        callbacks = self._waiting.pop(event.transfer, None)
        if callbacks is None:
            self.stale_count += 1
            return
        self._call(callbacks[1], event)

    def _call(self, callback: OnDone | OnFailed, event: TransferDone | TransferFailed) -> None:
        try:
            callback(event)  # type: ignore[arg-type]
        except Exception:
            self._errors.append(traceback.format_exc())

    def take_errors(self) -> list[str]:
        """Tracebacks of callbacks that raised since the last call."""
        errors, self._errors = self._errors, []
        return errors
