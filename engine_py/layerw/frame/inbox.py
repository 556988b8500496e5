"""The inbox: a buffer in Python's heap into which JavaScript writes the events before each frame call.

Owns: the buffer and its growth. Limits: what does not fit waits in JavaScript, which says how much room it needs.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from layerw.gpu.gen import events
from layerw.gpu.submission import Submission

INBOX_BYTES = 64 * 1024


class Inbox:
    """`array`: (n,) uint8, where the next events come."""

    def __init__(self, submission: Submission) -> None:
        self._submission = submission
        self.array = self._grown(INBOX_BYTES)

    def take(self, size_bytes: int, needed_bytes: int) -> list[events.Event]:
        """The events in the first `size_bytes`; makes room for what waits."""
        found = events.decode_events(self.array.data[:size_bytes]) if size_bytes else []
        if needed_bytes > self.array.nbytes:
            self.array = self._grown(needed_bytes)
        return found

    def _grown(self, size_bytes: int) -> npt.NDArray[np.uint8]:
        """A larger one and the command that names it; the old one stays valid until the submit."""
        array = np.zeros(1 << (size_bytes - 1).bit_length(), np.uint8)
        self._submission.encoder.inbox(self._submission.keep(array), array.nbytes)
        return array
