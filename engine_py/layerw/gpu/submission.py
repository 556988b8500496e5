"""One frame's command buffer: resource commands as they come, then the frame's own, then exactly one submit.

Owns: the encoder and the arrays that its addresses point at, kept alive until the submit. Does not know what
the commands draw. Limits: an address is read during the submit only, so an array may change until then.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np

from layerw.base.errors import ShapeError
from layerw.base.host_port import AddressPort, AnyArray, HostPort
from layerw.base.log import Message
from layerw.base.ports import F32, U32
from layerw.gpu import spec
from layerw.gpu.gen.encoder import Encoder
from layerw.gpu.passes import DRAW_PASSES

PASS_IDS = {name: number for number, name in enumerate(DRAW_PASSES)}
DRAW_WORDS = len(spec.DRAW_RECORD)


class Columns(Protocol):
    """The world-space arrays of the rows, in spec.COLUMNS' order and widths."""

    @property
    def position(self) -> F32: ...
    @property
    def rotation(self) -> F32: ...
    @property
    def scale(self) -> F32: ...
    @property
    def color(self) -> U32: ...
    @property
    def shear(self) -> F32: ...


class Submission:
    """The words of the frame being made."""

    def __init__(self, addresses: AddressPort) -> None:
        self.encoder = Encoder()
        self.rows_uploaded = 0  # in the frame being made
        self.words_submitted = 0  # of the last frame
        self._addresses = addresses
        self._kept: list[Any] = []
        self._begun = False

    def keep(self, array: AnyArray) -> int:
        """The array's address; the array lives until the submit. 0 for an empty one."""
        if not array.flags.c_contiguous:
            raise ShapeError(f"An array of shape {array.shape} is not C-contiguous; only contiguous memory has one "
                             f"address, so pass numpy.ascontiguousarray(...).")
        if array.size == 0:
            return 0
        self._kept.append(array)
        return self._addresses.address(array)

    def keep_bytes(self, data: bytes) -> int:
        """The address of bytes that live until the submit."""
        return self.keep(np.frombuffer(data, np.uint8)) if data else 0

    def begin(self, frame: int) -> None:
        """The frame's head: after the resource commands of this frame, before rows and views."""
        self.rows_uploaded = 0
        self._begun = True
        self.encoder.frame_begin(frame)

    def view(self, index: int, texture: int, area: tuple[int, int, int, int], flags: int, block: F32, *,
             drawn: tuple[int, int] | None = None) -> None:  # fmt: skip
        """A view: where it is drawn (0 = the picture; x, y, width, height in pixels), its uniforms; draws follow.
        drawn: of how many pixels, where not of all that it fills."""
        self.encoder.view(index, texture, *area, *(drawn or area[2:]), flags)
        self.encoder.frame_block(self.keep(block), block.nbytes)

    def rows(self, columns: Columns, runs: Sequence[tuple[int, int, int]]) -> None:
        """Uploads row blocks: (column of spec.COLUMNS, first row, rows), multiples of spec.ROWS_STEP."""
        for column, first_row, rows in runs:
            name, width, _ = spec.COLUMNS[column]
            part = getattr(columns, name)[first_row : first_row + rows]
            if part.shape[0] != rows or part.nbytes != 4 * width * rows:
                raise ShapeError(
                    f"Column {name} gave {part.nbytes} bytes for rows {first_row} to {first_row + rows - 1}; "
                    f"{rows} rows of {width} 4-byte values were to be uploaded."
                )
            self.encoder.rows_write(column, first_row, rows, self.keep(part))
            self.rows_uploaded += rows

    def visible(self, rows: U32) -> None:
        """The row numbers that the draws index."""
        self.encoder.visible_rows(self.keep(rows), len(rows))

    def still(self, rows: U32) -> None:
        """The row numbers that draws with DRAW_STILL index, from now on."""
        self.encoder.still_rows(self.keep(rows), len(rows))

    def draws(self, pass_name: str, records: U32) -> None:
        """The DRAW_RECORDs of one pass; an empty list costs nothing."""
        if len(records) == 0:
            return
        self._check(f"pass {pass_name!r}", records)
        self.encoder.draw_list(PASS_IDS[pass_name], self.keep(records), len(records))

    def _check(self, what: str, records: U32) -> None:
        if records.shape[1] != DRAW_WORDS or records.dtype != np.uint32:
            raise ShapeError(f"Draw records of {what} have shape {records.shape} and dtype {records.dtype}; they must "
                             f"be (n, {DRAW_WORDS}) uint32.")  # fmt: skip

    def tile(self, place: tuple[int, int, int], matrix: int, records: U32, *, clear: bool = True) -> None:
        """A tile of the shadow atlas (x, y, side) that the current view draws before its picture."""
        self._check(f"shadow tile {matrix}", records)
        self.encoder.shadow_tile(*place, matrix, int(clear), self.keep(records), len(records))

    def log(self, messages: Sequence[Message]) -> None:
        """Sends log lines to the page."""
        for level, text in messages:
            data = text.encode("utf-8", "replace")
            self.encoder.log(level, self.keep_bytes(data), len(data))

    def report(self, text: str) -> None:
        """Sends the report, a JSON object."""
        data = text.encode()
        self.encoder.report(self.keep_bytes(data), len(data))

    def message(self, data: bytes) -> None:
        """Sends a message to the page around the element (messages/codec.py)."""
        self.encoder.page_send(self.keep_bytes(data), len(data))

    def flush(self, host: HostPort) -> None:
        """Between frames: sends the resource commands that there are."""
        words = self.words_submitted
        if self.encoder.address_and_words()[1]:
            self.end(host)
        self.words_submitted = words

    def end(self, host: HostPort) -> None:
        """Ends the frame (if it began) and crosses to JavaScript once, whatever happens there."""
        if self._begun:
            self.encoder.frame_end()
        self._begun = False
        address, words = self.encoder.address_and_words()
        self.words_submitted = words
        try:
            host.submit(address, words)
        finally:
            self.encoder.reset()
            self._kept.clear()
