"""The kernels on Pyodide's own memory: they read and write numpy's bytes where they lie, 0.06 µs a call.

Owns: loading inplace.wasm as a Python extension. Limits: under Pyodide only; elsewhere `load` returns None and the
numpy twins do the work.
"""

from __future__ import annotations

import importlib.machinery
import importlib.util
import sys
from typing import TYPE_CHECKING, cast

from layerw.kernels.files import file_of

if TYPE_CHECKING:
    from layerw.kernels.gen.api import Kernels

_NAME = "inplace"


def load() -> Kernels | None:
    """The module's functions, or None where there is no Pyodide.

    Raises:
        KernelsMissing: the module was never built.
        ImportError: the module does not fit this Pyodide.
    """
    if sys.platform != "emscripten":
        return None
    if _NAME not in sys.modules:
        loader = importlib.machinery.ExtensionFileLoader(_NAME, str(file_of(_NAME)))
        spec = importlib.util.spec_from_file_location(_NAME, loader.path, loader=loader)
        assert spec is not None
        sys.modules[_NAME] = importlib.util.module_from_spec(spec)
    return cast("Kernels", sys.modules[_NAME])
