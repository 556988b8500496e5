"""Columns of numbers as they are packed: what is equal in all rows stands once, the rest byte by byte.

The first bytes of all numbers, then the second ones …: signs and exponents then lie together, which deflates well.
Lossless. Source: the shuffle filter of HDF5.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from layerw.base.errors import SaveError

DTYPES = frozenset(("bool", "uint8", "uint16", "uint32", "int32", "float32", "float64"))
Array = npt.NDArray[Any]


def encode_column(values: Array) -> dict[str, Any]:
    """(n,) or (n, width) as what packed.py takes."""
    count, width = len(values), values.shape[1] if values.ndim > 1 else 0
    head = {"dtype": values.dtype.name, "width": width, "count": count}
    if count and (values == values[:1]).all():
        return {**head, "all": np.ascontiguousarray(values[:1]).view(np.uint8).reshape(-1)}
    flat = np.ascontiguousarray(values).view(np.uint8).reshape(count, values.dtype.itemsize * max(width, 1))
    return {**head, "planes": np.ascontiguousarray(flat.T).reshape(-1)}


def decode_column(found: object, what: str, count: int | None = None) -> Array:
    """The values again. count: how many there must be. Raises SaveError."""
    try:
        assert isinstance(found, dict)
        dtype, width, rows = found["dtype"], found["width"], found["count"]
        assert dtype in DTYPES and type(width) is int and type(rows) is int
        assert 0 <= width <= 16 and rows >= 0 and (count is None or rows == count)
        shape = (rows, width) if width else (rows,)
        row_bytes = np.dtype(dtype).itemsize * max(width, 1)
        data = found["all"] if "all" in found else found["planes"]
        assert isinstance(data, np.ndarray) and data.dtype == np.uint8
        assert data.size == (row_bytes if "all" in found else row_bytes * rows)
        assert rows <= 1 << 24
    except (AssertionError, KeyError) as error:
        raise SaveError(f"{what} is damaged.") from error
    if "all" in found:
        flat = np.broadcast_to(data.reshape(1, row_bytes), (rows, row_bytes))
    else:
        flat = data.reshape(row_bytes, rows).T
    values: Array = np.ascontiguousarray(flat).reshape(-1).view(dtype).reshape(shape)
    if values.dtype.kind == "f" and not np.isfinite(values).all():
        raise SaveError(f"{what} has numbers that are not finite.")
    return values
