"""Ledgers: bytes against a hard budget. Reserve before you ask for memory; release what you gave back.

Owns: three numbers whose sum never passes the budget: fixed bytes that never come back, used ones, and spare ones
that go as soon as a reservation needs them. Does not own the memory, nor decide what to evict: `evict` is asked to give
spare bytes up.
"""

from __future__ import annotations

from collections.abc import Callable

from layerw.base.errors import BudgetError


class HardLedger:
    """Counts reserved bytes; a reservation that does not fit is refused, never granted in part."""

    def __init__(self, name: str, budget_bytes: int) -> None:
        if budget_bytes < 0:
            raise BudgetError(f"The {name} budget is {budget_bytes} bytes; it must be 0 or more.")
        self.name = name
        self.budget_bytes = budget_bytes
        self.fixed_bytes = 0
        self.used_bytes = 0
        self.spare_bytes = 0
        self.evict: Callable[[int], None] | None = None  # releases at least so many spare bytes, or all
        self.claimed_bytes = 0  # somebody waits for them: who plans with what is left leaves them free
        self.peak_bytes = 0
        self.refused_count = 0

    @property
    def held_bytes(self) -> int:
        """Fixed, used and spare."""
        return self.fixed_bytes + self.used_bytes + self.spare_bytes

    @property
    def open_bytes(self) -> int:
        """The most that reservations can ever have: the budget without what is fixed."""
        return self.budget_bytes - self.fixed_bytes

    @property
    def left_bytes(self) -> int:
        """What can be reserved; spare bytes are in the way of nothing."""
        return self.open_bytes - self.used_bytes

    def try_reserve(self, size_bytes: int) -> bool:
        """Takes the bytes and returns True, or changes nothing and returns False."""
        if size_bytes < 0:
            raise ValueError(f"A reservation of {size_bytes} bytes was asked of the {self.name} ledger; "
                             f"it must be 0 or more.")
        if size_bytes > self.left_bytes:
            self.refused_count += 1
            return False
        self._push_out(size_bytes)
        self.used_bytes += size_bytes
        self.peak_bytes = max(self.peak_bytes, self.held_bytes)
        return True

    def try_fix(self, size_bytes: int) -> bool:
        """Takes bytes for as long as the program runs and returns True, or changes nothing and returns False."""
        if not 0 <= size_bytes <= self.left_bytes:
            return False
        self._push_out(size_bytes)
        self.fixed_bytes += size_bytes
        self.peak_bytes = max(self.peak_bytes, self.held_bytes)
        return True

    def unfix(self, size_bytes: int) -> None:
        """Gives fixed bytes back: what they were for could not be opened."""
        if not 0 <= size_bytes <= self.fixed_bytes:
            raise ValueError(f"{size_bytes} fixed bytes were released to the {self.name} ledger, which holds "
                             f"{self.fixed_bytes}; release exactly what was taken.")
        self.fixed_bytes -= size_bytes

    def _push_out(self, size_bytes: int) -> None:
        surplus = self.held_bytes + size_bytes - self.budget_bytes
        if surplus > 0 and self.evict is not None:
            self.evict(surplus)

    def try_spare(self, size_bytes: int) -> bool:
        """Takes spare bytes where nobody has reserved them; evicts nothing."""
        if self.evict is None or size_bytes < 0 or self.held_bytes + size_bytes > self.budget_bytes:
            return False
        self.spare_bytes += size_bytes
        self.peak_bytes = max(self.peak_bytes, self.held_bytes)
        return True

    def release_spare(self, size_bytes: int) -> None:
        """Gives spare bytes back; raises ValueError when that is more than there are."""
        if not 0 <= size_bytes <= self.spare_bytes:
            raise ValueError(f"{size_bytes} spare bytes were released to the {self.name} ledger, which holds "
                             f"{self.spare_bytes}; release exactly what was taken.")
        self.spare_bytes -= size_bytes

    def reserve(self, size_bytes: int, what: str) -> None:
        """Takes the bytes; raises BudgetError where they do not fit."""
        if not self.try_reserve(size_bytes):
            raise self.no_room(size_bytes, what)

    def no_room(self, size_bytes: int, what: str) -> BudgetError:
        """What to raise where a reservation was refused."""
        return BudgetError(
            f"{what} needs {size_bytes} bytes, but the {self.name} budget of {self.budget_bytes} bytes has "
            f"{self.left_bytes} left; raise it with lw.App(budgets=lw.Budgets({self.name}_mib=...)).",
            needed_bytes=size_bytes, left_bytes=self.left_bytes)

    def release(self, size_bytes: int) -> None:
        """Gives bytes back; raises ValueError when that is more than is reserved."""
        if not 0 <= size_bytes <= self.used_bytes:
            raise ValueError(f"{size_bytes} bytes were released to the {self.name} ledger, which holds "
                             f"{self.used_bytes}; release exactly what was reserved.")
        self.used_bytes -= size_bytes

    def check_invariants(self) -> None:
        """Raises AssertionError where the budget does not hold."""
        assert 0 <= self.fixed_bytes <= self.budget_bytes, (self.name, self.fixed_bytes, self.budget_bytes)
        assert 0 <= self.used_bytes <= self.open_bytes, (self.name, self.used_bytes, self.open_bytes)
        assert 0 <= self.spare_bytes <= self.left_bytes, (self.name, self.spare_bytes)
        assert self.held_bytes <= self.peak_bytes <= self.budget_bytes
