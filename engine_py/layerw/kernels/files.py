"""Where the compiled modules are, and a clear word when they are missing."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, cast

from layerw.base.errors import LayerwError

if TYPE_CHECKING:
    from importlib.abc import ResourceLoader

WASMTIME_MISSING = "Kernels on CPython need wasmtime: pip install layerw[headless]"
FETCHED = Path("/kernels")  # in the page: what web/engine/boot.js fetches for the programs that speak of it
FOLDER = Path(__file__).resolve().parents[1] / "_kernels"


class KernelsMissing(LayerwError):
    """A compiled module is not there."""


def file_of(name: str) -> Path:
    """As `path_of`; in the page, where the engine lies in no folder, a copy, for who needs a file of its own."""
    if FOLDER.is_dir():
        return path_of(name)
    fetched = FETCHED / f"{name}.wasm"
    if fetched.is_file():
        return fetched
    copy = Path(tempfile.gettempdir()) / f"{Path(name).name}.wasm"
    try:
        copy.write_bytes(cast("ResourceLoader", __spec__.loader).get_data(str(FOLDER / f"{name}.wasm")))
    except FileNotFoundError:
        return path_of(name)
    return copy


def path_of(name: str) -> Path:
    """The file of a module, say `side` or `rigid/rigid`.

    Raises:
        KernelsMissing: it was never built.
    """
    path = FOLDER / f"{name}.wasm"
    if not path.is_file():
        raise KernelsMissing(f"The kernel module {path} is missing; build it with `make kernels` in a checkout, or "
                             "install layerw again.")
    return path
