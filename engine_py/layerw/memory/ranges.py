"""Range allocator: sub-allocates one big span (a GPU buffer, say) with all bookkeeping outside of it.

Owns: which units of `0..size` are taken. Does not touch the memory itself, and has no notion of bytes:
the caller picks the unit (a vertex, a 4-byte word). Neighbouring free ranges are always merged.

Free ranges are kept in two-level bins, as in TLSF (Masmano, Ripoll, Crespo, Real 2004): the first level is
the power of two, the second splits it into 8 equal steps. One bit a bin tells whether it is empty, so that
`alloc` and `free` are O(1) in the number of ranges. Order is deterministic: the latest freed range of the
smallest bin that surely fits.

    size 0b1_011_0110 -> power 7, step 0b011 -> bin (7 << 3) | 3
"""

from __future__ import annotations

STEP_BITS = 3
STEPS = 1 << STEP_BITS


def _bin_of(size: int) -> int:
    """The bin that holds free ranges of this size; bins are ordered by size."""
    power = size.bit_length() - 1
    if power < STEP_BITS:
        return size
    return (power << STEP_BITS) | (size >> (power - STEP_BITS)) & (STEPS - 1)


def _bin_that_fits(size: int) -> int:
    """The first bin of which every range is at least `size`."""
    power = size.bit_length() - 1
    if power < STEP_BITS:
        return size
    return _bin_of(size + (1 << (power - STEP_BITS)) - 1)


class RangeAllocator:
    """Ranges of `0..size`: `try_alloc` gives an offset, `free` takes it back."""

    def __init__(self, size: int) -> None:
        if size < 1:
            raise ValueError(f"A range allocator of {size} units was asked for; it needs at least 1.")
        self.size = size
        self.used = 0
        self._taken: dict[int, int] = {}  # offset -> size
        self._free: dict[int, int] = {}  # offset -> size
        self._free_by_end: dict[int, int] = {}  # end -> offset
        self._bins: dict[int, dict[int, None]] = {}  # bin -> offsets, in insertion order
        self._bin_mask = 0
        self._insert(0, size)

    @property
    def is_empty(self) -> bool:
        return not self._taken

    @property
    def taken_count(self) -> int:
        return len(self._taken)

    def largest_free(self) -> int:
        """The largest size that `try_alloc` is sure to grant now. O(ranges of the top bin)."""
        if not self._bin_mask:
            return 0
        top = self._bins[self._bin_mask.bit_length() - 1]
        return max(self._free[offset] for offset in top)

    def try_alloc(self, size: int) -> int | None:
        """The offset of `size` free units, now taken, or None where no free range is large enough."""
        if size < 1:
            raise ValueError(f"A range of {size} units was asked for; it needs at least 1.")
        offset = self._find(size)
        if offset is None:
            return None
        found = self._free[offset]
        self._remove(offset)
        if found > size:
            self._insert(offset + size, found - size)
        self._taken[offset] = size
        self.used += size
        return offset

    def free(self, offset: int) -> int:
        """Gives a range back and merges it with its free neighbours; returns its size."""
        size = self._taken.pop(offset, 0)
        if not size:
            raise ValueError(f"Offset {offset} was freed, but no range that is taken starts there "
                             f"(freed twice, or never allocated).")
        self.used -= size
        start, end = offset, offset + size
        before = self._free_by_end.get(start)
        if before is not None:
            self._remove(before)
            start = before
        after = self._free.get(end)
        if after is not None:
            self._remove(end)
            end += after
        self._insert(start, end - start)
        return size

    def _find(self, size: int) -> int | None:
        fits = self._bin_mask >> (first := _bin_that_fits(size))
        if fits:
            number = first + (fits & -fits).bit_length() - 1
            return next(reversed(self._bins[number]))
        own = self._bins.get(_bin_of(size), {})  # nearly full: ranges of the size's own bin may just fit
        return next((offset for offset in own if self._free[offset] >= size), None)

    def _insert(self, offset: int, size: int) -> None:
        number = _bin_of(size)
        self._free[offset] = size
        self._free_by_end[offset + size] = offset
        self._bins.setdefault(number, {})[offset] = None
        self._bin_mask |= 1 << number

    def _remove(self, offset: int) -> None:
        size = self._free.pop(offset)
        del self._free_by_end[offset + size]
        number = _bin_of(size)
        offsets = self._bins[number]
        del offsets[offset]
        if not offsets:
            self._bin_mask &= ~(1 << number)

    def check_invariants(self) -> None:
        """Raises AssertionError unless the ranges tile `0..size` and no two free ones touch. O(n log n)."""
        edges = sorted([(o, s, True) for o, s in self._taken.items()] + [(o, s, False) for o, s in self._free.items()])
        at, last_free = 0, False
        for offset, size, taken in edges:
            assert offset == at and size > 0, f"gap or overlap at {at}: {offset}, {size}"
            assert taken or not last_free, f"two free ranges touch at {offset}"
            at, last_free = offset + size, not taken
        assert at == self.size
        assert self.used == sum(self._taken.values())
        assert self._free_by_end == {o + s: o for o, s in self._free.items()}
        binned = {o: number for number, offsets in self._bins.items() for o in offsets}
        assert binned == {o: _bin_of(s) for o, s in self._free.items()}
        assert self._bin_mask == sum(1 << number for number, offsets in self._bins.items() if offsets)
