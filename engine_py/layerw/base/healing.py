"""Why a file failed, and so whether it may heal: the one place that reads the codes of failed transfers for it."""

from __future__ import annotations

from enum import IntEnum

FAIL_NETWORK, FAIL_ABORTED, FAIL_TIMEOUT = 1, 5, 6  # as in gpu/spec.py; a test compares them
_BUSY = (408, 425, 429)
_GONE = (404, 410)


class Failure(IntEnum):
    """NONE: it did not fail. FINAL: the bytes are the right ones and can't be used. All others may heal.

    UNREACHABLE: no answer, an answer that ended too early or came too slowly, or a server's own error (HTTP 5xx).
    WRONG: an answer that is not the file (another hash, a page of HTML, a body without an end). GONE: HTTP 404 or 410.
    """

    NONE = 0
    FINAL = 1
    UNREACHABLE = 2
    WRONG = 3
    GONE = 4


def failure_of(code: int, status: int) -> Failure:
    """Of a transfer_failed event: its code, and its HTTP status or 0."""
    if code in (FAIL_TIMEOUT, FAIL_ABORTED):
        return Failure.UNREACHABLE
    if code != FAIL_NETWORK:
        return Failure.WRONG
    if status in _GONE:
        return Failure.GONE
    return Failure.WRONG if 400 <= status < 500 and status not in _BUSY else Failure.UNREACHABLE
