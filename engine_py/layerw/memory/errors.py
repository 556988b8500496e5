"""What Layer memory refuses, as exceptions: one for each code of engine_py/kernels/layer/error.h."""

from __future__ import annotations

from layerw.base.errors import BudgetError, HandleError, LayerwError


class LayerMemoryError(LayerwError):
    """A request that Layer memory refused; `code` is LW_E_* of the kernels."""

    code = 0


class BadArgument(LayerMemoryError, ValueError):
    """A value outside of what the header promises."""


class OutOfBudget(LayerMemoryError, BudgetError):
    """The region or the whole budget has no room."""


class NoMemory(LayerMemoryError, MemoryError):
    """The budget has room, but the machine gave no more memory."""


class StaleHandle(LayerMemoryError, HandleError):
    """The block's slot is used again, or the handle was never given out."""


class DoubleFree(LayerMemoryError, HandleError):
    """The block was freed before."""


class WrongRegion(LayerMemoryError, ValueError):
    """The block lives in another region."""


class Protected(LayerMemoryError):
    """A held block, or a span of the ring that the GPU still reads."""


class Full(LayerMemoryError):
    """A fixed table has no free place."""


class TooLarge(LayerMemoryError, ValueError):
    """One request over a cap that nothing raises."""


class Cancelled(LayerMemoryError):
    """The job was cancelled."""


class Trapped(LayerMemoryError):
    """The job trapped, and its worker was replaced."""


class StackOverflow(LayerMemoryError):
    """A job needed more stack than its thread has."""


class NotStarted(LayerMemoryError):
    """The memory was never opened."""


class Corrupt(LayerMemoryError):
    """Bookkeeping contradicts itself: something wrote outside of its block."""


BY_CODE: dict[int, type[LayerMemoryError]] = {
    1: BadArgument, 2: OutOfBudget, 3: NoMemory, 4: StaleHandle, 5: DoubleFree, 6: WrongRegion, 7: Protected, 8: Full,
    9: TooLarge, 10: Cancelled, 11: Trapped, 12: StackOverflow, 13: NotStarted, 14: Corrupt,
}  # fmt: skip
for _code, _kind in BY_CODE.items():
    _kind.code = _code

_ADVICE = {2: "free something, or raise lw.Budgets(memory_mib=...)", 4: "drop the handle when you free the block",
           5: "free a block once", 7: "try again when the frame is done, or let the block go",
           6: "name the region that the block was allocated in"}  # fmt: skip


def error_of(code: int, text: str) -> LayerMemoryError:
    """The exception for a code; `text` is the kernels' sentence with value and limit."""
    kind = BY_CODE.get(code, LayerMemoryError)
    advice = f"; {_ADVICE[code]}" if code in _ADVICE else ""
    return kind(f"Layer memory refused: {text or f'error {code}'}{advice}.")
