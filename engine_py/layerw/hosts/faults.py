"""What may go wrong on a network, and how long a fetch is waited for: the headless twin of patience.js and body.js.

Owns: the faults that tests plant, each a kind that was seen in the field, and the rule for stalled bodies. Does not
read files or count lanes (file_transfers.py).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from layerw.gpu import spec

KINDS = ("status", "refused", "reset", "no_head", "stall", "trickle", "cut", "flip", "html", "bomb")
PATIENT_TIMES = 4.0
PORTAL = b"<!DOCTYPE html><html><title>Sign in to the network</title></html>"


@dataclass(frozen=True, slots=True)
class Limits:
    """Of the `fetch_limits` command."""

    first_byte_s: float = math.inf
    stall_s: float = math.inf
    bytes_per_s_min: float = 0.0

    def patient(self) -> Limits:
        """As for fetches with FETCH_PATIENT."""
        return Limits(PATIENT_TIMES * self.first_byte_s, PATIENT_TIMES * self.stall_s, self.bytes_per_s_min)


@dataclass(frozen=True, slots=True)
class Fault:
    """How one attempt is answered.

    Args:
        kind: one of KINDS. "no_head": nothing comes; "stall": half of the body, then nothing; "trickle":
            `bytes_per_s`; "cut": half of the body and a proper end; "flip": one wrong byte; "html": a page with
            status 200; "bomb": a body that grows without an end when it is unpacked.
        status: of kind "status".
        bytes_per_s: of kind "trickle".
    """

    kind: str
    status: int = 503
    bytes_per_s: float = 1.0


class FetchFailed(Exception):
    """The values of a transfer_failed event."""

    def __init__(self, code: int, a: int, b: int, message: str) -> None:
        super().__init__(message)
        self.code, self.a, self.b, self.message = code, a, b, message


def waiting_s(fault: Fault | None, size_bytes: int, limits: Limits) -> float:
    """Seconds after its usual end in which a fetch ends, well or by a limit; infinite where it never does."""
    if fault is None:
        return 0.0
    if fault.kind == "no_head":
        return limits.first_byte_s
    if fault.kind == "stall":
        return limits.stall_s
    if fault.kind != "trickle":
        return 0.0
    whole_s = size_bytes / fault.bytes_per_s
    if fault.bytes_per_s >= limits.bytes_per_s_min:
        return whole_s
    # Credit begins at stall_s; time takes 1 a second from it, bytes give back their share of the least rate.
    return min(whole_s, limits.stall_s / (1.0 - fault.bytes_per_s / limits.bytes_per_s_min))


def answered(fault: Fault | None, url: str, data: bytes, max_bytes: int, limits: Limits) -> bytes:
    """The body as it arrives; raises FetchFailed where none does."""
    if fault is None:
        return data
    if fault.kind == "status":
        raise FetchFailed(spec.FAIL_NETWORK, fault.status, 0, f"{url} answered HTTP {fault.status}.")
    if fault.kind == "refused":
        raise FetchFailed(spec.FAIL_NETWORK, 0, 0, f"{url} could not be fetched: refused.")
    if fault.kind == "reset":
        raise FetchFailed(spec.FAIL_NETWORK, 0, 0, f"The connection broke while {url} was read: reset.")
    if fault.kind == "bomb":
        raise FetchFailed(spec.FAIL_TOO_LARGE, 2 * max_bytes, 0,
                          f"{url} needs {2 * max_bytes} bytes or more; {max_bytes} were allowed.")
    late_s = waiting_s(fault, len(data), limits)
    if fault.kind == "no_head":
        raise FetchFailed(spec.FAIL_TIMEOUT, 0, 0, f"{url} was not answered within {late_s:g} s.")
    if fault.kind == "stall" or (fault.kind == "trickle" and late_s < len(data) / fault.bytes_per_s):
        got = len(data) // 2 if fault.kind == "stall" else int(late_s * fault.bytes_per_s)
        raise FetchFailed(spec.FAIL_TIMEOUT, 0, 0, f"{url} stalled after {got} bytes: fewer than "
                          f"{limits.bytes_per_s_min:g} bytes a second arrived for {limits.stall_s:g} s.")
    return _damaged(fault, data)


def _damaged(fault: Fault, data: bytes) -> bytes:
    half = len(data) // 2
    if fault.kind == "cut":
        return data[:half]
    if fault.kind == "flip":
        return data[:half] + bytes([data[half] ^ 0x10]) + data[half + 1 :]
    return PORTAL if fault.kind == "html" else data
