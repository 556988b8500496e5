"""A module of kernels on memory that threads share, called as if it were on Python's (engine_py/kernels/far.py).

Owns: finding NAME_shared.wasm and NAME_far.wasm, and linking them once for as long as the page lives. Python's own
memory can't be shared. Limits: in a page's worker, where the host has threads; elsewhere callers go on without.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from layerw.kernels import alone
from layerw.kernels.files import KernelsMissing, file_of

if TYPE_CHECKING:
    from layerw.base.host_port import MemoryHost

_opened: dict[str, tuple[Any, Threads]] = {}


class Threads(Protocol):
    """Starts and ends them."""

    def set(self, count: int) -> int:
        """`count` from now on, the caller's among them; returns how many it will be."""
        ...


def try_load(name: str, signatures: alone.Signatures, host: MemoryHost) -> tuple[Any, Threads] | None:
    """The module's functions and who starts its threads; None where there are none, or its files are not here."""
    if name not in _opened and sys.platform == "emscripten":
        try:
            module = np.frombuffer(file_of(f"{name}/{name}_shared").read_bytes(), np.uint8)
            far: Any = alone.extension(f"{name}_far", file_of(f"{name}/{name}_far"))
        except KernelsMissing:
            return None
        found = host.open_far(module, list(signatures))
        if found is None:
            return None
        far.link(np.asarray(found[0], np.uint32))
        _opened[name] = far, found[1]
    return _opened.get(name)
