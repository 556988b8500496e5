"""What a source may claim before it is believed.

Limits: 8 to 32,768 samples a side; no more bytes than half of the machine's memory; packed data may grow
INFLATION_MAX-fold, past which it is taken for a decompression bomb (elevations shrink 2- to 20-fold).
"""

from __future__ import annotations

import os
from pathlib import Path

from layerw_server.bake.errors import BakeError

SIDE_MIN, SIDE_MAX = 8, 32_768
INFLATION_MAX = 100
INFLATION_FREE_BYTES = 64 << 20  # small files may be as flat as they like
FLOAT32_BYTES = 4


def check_shape(shape: tuple[int, ...], what: str) -> tuple[int, int]:
    """Refuse a shape that is no elevation model, or more than this machine holds."""
    if len(shape) != 2:
        raise BakeError(f"{what} has {len(shape)} dimensions (shape {_short(shape)}), but a DEM has 2.")
    if min(shape) < SIDE_MIN or max(shape) > SIDE_MAX:
        raise BakeError(f"{what} has shape {_short(shape)}, but each side must have {SIDE_MIN} to {SIDE_MAX} samples.")
    need, memory = shape[0] * shape[1] * FLOAT32_BYTES, memory_bytes()
    if need > memory // 2:
        raise BakeError(f"{what} takes {need / 2**30:.1f} GiB as heights, but at most half of this machine's "
                        f"{memory / 2**30:.1f} GiB may be used; cut or thin it out first.")
    return shape[0], shape[1]


def fits(shape: tuple[int, int]) -> bool:
    """Whether `check_shape` lets it pass."""
    return min(shape) >= SIDE_MIN and max(shape) <= SIDE_MAX and (
        shape[0] * shape[1] * FLOAT32_BYTES <= memory_bytes() // 2)


def check_inflation(packed_bytes: int, bytes_: int, what: str) -> None:
    """Refuse data that grows beyond what elevations do when it is unpacked."""
    if bytes_ > INFLATION_FREE_BYTES and bytes_ > INFLATION_MAX * packed_bytes:
        raise BakeError(f"{what} unpacks {packed_bytes:,} bytes to {bytes_:,}, {bytes_ // max(packed_bytes, 1)} times "
                        f"as many, but the limit is {INFLATION_MAX} times above {INFLATION_FREE_BYTES >> 20} MiB; "
                        "store it with less compression if it is real.")


def memory_bytes() -> int:
    """The machine's memory; 8 GiB where the system does not say."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return 8 << 30


def unreadable(path: Path, what: str, error: Exception) -> BakeError:
    """One sentence for a file whose bytes are not what its kind promises."""
    text = " ".join(str(error).split())[:160].rstrip(".") or type(error).__name__
    return BakeError(f"{path} is not a readable {what} ({text}).")


def _short(shape: tuple[int, ...]) -> str:
    return str(shape) if len(shape) <= 4 else f"{str(shape[:4])[:-1]}, ...)"
