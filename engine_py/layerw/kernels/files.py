"""Where the compiled modules are, and a clear word when they are missing."""

from __future__ import annotations

from pathlib import Path

from layerw.base.errors import LayerwError

WASMTIME_MISSING = "Kernels on CPython need wasmtime: pip install layerw[headless]"
FOLDER = Path(__file__).resolve().parents[1] / "_kernels"


class KernelsMissing(LayerwError):
    """A compiled module is not there."""


def path_of(name: str) -> Path:
    """The file of a module, say `side`.

    Raises:
        KernelsMissing: it was never built.
    """
    path = FOLDER / f"{name}.wasm"
    if not path.is_file():
        raise KernelsMissing(f"The kernel module {path} is missing; build it with `make kernels` in a checkout, or "
                             "install layerw again.")
    return path
