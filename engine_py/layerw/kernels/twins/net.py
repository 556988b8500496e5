"""net/pack.h in numpy."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
LARGEST, TOKEN_BYTES, DAMAGED = 2147483647.0, 5, 0xFFFFFFFF


class NumpyNetKernels:
    """What kernels/net.py chooses where there is no Pyodide."""

    def lw_net_quantise(self, values: Array, count: int, per_unit: Array, words: Array) -> None:
        """See net/pack.h."""
        with np.errstate(all="ignore"):
            wanted = np.rint(values.reshape(-1)[:count].astype(np.float64) * per_unit[0])
            held = np.where(wanted > LARGEST, LARGEST, np.where(wanted < -LARGEST, -LARGEST, wanted))
            words.reshape(-1)[:count] = np.where(np.isnan(held), 0.0, held).astype(np.int32)

    def lw_net_restore(self, words: Array, count: int, per_unit: Array, values: Array) -> None:
        """See net/pack.h."""
        with np.errstate(all="ignore"):
            values.reshape(-1)[:count] = (words.reshape(-1)[:count].astype(np.float64) / per_unit[0]).astype(np.float32)

    def lw_net_delta(self, words: Array, base: Array, count: int, delta: Array) -> None:
        """See net/pack.h."""
        step = words.reshape(-1)[:count] - base.reshape(-1)[:count]
        delta.reshape(-1)[:count] = (step << np.uint32(1)) ^ -(step >> np.uint32(31))

    def lw_net_undelta(self, delta: Array, base: Array, count: int, words: Array) -> None:
        """See net/pack.h."""
        given = delta.reshape(-1)[:count]
        words.reshape(-1)[:count] = base.reshape(-1)[:count] + ((given >> np.uint32(1)) ^ -(given & np.uint32(1)))

    def lw_net_pack(self, words: Array, ends: Array, blocks: int, out: Array, out_ends: Array) -> int:
        """See net/pack.h."""
        ends = ends.reshape(-1)[:blocks].astype(np.intp)
        count = int(ends[-1]) if blocks else 0
        given = words.reshape(-1)[:count]
        zero = given == 0
        begins = np.zeros(count + 1, np.bool_)  # of blocks
        begins[0] = True
        begins[ends] = True
        first = zero & (begins[:-1] | np.concatenate([[True], ~zero[:-1]]))[:count]
        starts = np.flatnonzero(first)
        goes_on = zero & ~first
        # A token for each word other than 0, two for each run: its tokens stand where its first zero is.
        tokens_of = np.where(goes_on, 0, np.where(first, 2, 1))
        after = np.cumsum(tokens_of)
        tokens = np.empty(int(after[-1]) if count else 0, np.uint32)
        plain = np.flatnonzero(~zero)
        tokens[after[plain] - 1] = given[plain]
        stops = np.flatnonzero(~goes_on)  # where a run that began before has ended
        next_stop = np.append(stops, count)[np.searchsorted(stops, starts, side="right")]
        tokens[after[starts] - 2] = 0
        tokens[after[starts] - 1] = next_stop - starts
        sizes = np.ones(len(tokens), np.intp)
        for bits in (7, 14, 21, 28):
            sizes += tokens >= np.uint32(1 << bits)
        bytes_after = np.cumsum(sizes)
        flat = out.reshape(-1)
        at = bytes_after - sizes
        for number in range(TOKEN_BYTES):
            has = np.flatnonzero(sizes > number)
            if not len(has):
                break
            seven = (tokens[has] >> np.uint32(7 * number)) & np.uint32(127)
            flat[at[has] + number] = seven | ((sizes[has] > number + 1).astype(np.uint32) << np.uint32(7))
        total = np.concatenate([[0], bytes_after])
        before = np.concatenate([[0], after])
        out_ends.reshape(-1)[:blocks] = total[before[ends]]
        return int(total[-1])

    def lw_net_unpack(self, bytes: Array, size: int, words: Array, room: int) -> int:
        """See net/pack.h."""
        given = bytes.reshape(-1)[:size]
        if not size:
            return 0
        stops = np.flatnonzero(given < 128)
        if not len(stops) or stops[-1] != size - 1:
            return DAMAGED
        begins = np.concatenate([[0], stops[:-1] + 1])
        sizes = stops - begins + 1
        if int(sizes.max()) > TOKEN_BYTES or (given[stops[sizes == TOKEN_BYTES]] > 15).any():
            return DAMAGED
        shift = np.arange(size) - np.repeat(begins, sizes)
        tokens = np.bitwise_or.reduceat((given & 127).astype(np.uint32) << (7 * shift).astype(np.uint32), begins)
        zero = tokens == 0
        if zero[-1] or (zero[1:] & zero[:-1]).any():
            return DAMAGED
        is_run = np.concatenate([[False], zero[:-1]])
        counts = np.where(zero, 0, np.where(is_run, tokens, 1)).astype(np.int64)
        total = int(counts.sum())
        if total > room:
            return DAMAGED
        words.reshape(-1)[:total] = np.repeat(np.where(is_run, 0, tokens), counts)
        return total
