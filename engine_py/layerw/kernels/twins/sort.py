"""geometry/sort.h in numpy."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]


def lw_sort_u32(keys: Array, payload: Array, keys_scratch: Array, payload_scratch: Array, count: int) -> None:
    """See geometry/sort.h; the scratch is not needed here."""
    order = np.argsort(keys[:count], kind="stable")
    keys[:count], payload[:count] = keys[:count][order], payload[:count][order]


lw_sort_u64 = lw_sort_u32
