"""How bytes go between Layer memory and numpy: through the bridge in the page, by views under wasmtime."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from layerw.kernels.gen.api import LayerKernels


Array = npt.NDArray[Any]


class BridgePort:
    """The page: one call of the bridge a copy."""

    def __init__(self, kernels: LayerKernels) -> None:
        self._to_layer, self._to_python = kernels.lw_mts_copy, kernels.lw_stm_copy

    def read(self, address: int, out: Array) -> bool:
        return bool(self._to_python(out, address, out.nbytes))

    def write(self, address: int, data: Array) -> bool:
        return bool(self._to_layer(address, data, data.nbytes))

    def try_view(self, address: int, size_bytes: int) -> Array | None:
        """Two memories have no common view."""
        return None


class Viewed(Protocol):
    """A module whose memory numpy can see."""

    def view(self, address: int, count: int, dtype: npt.DTypeLike) -> Array: ...


class ViewPort:
    """CPython: numpy sees the memory."""

    def __init__(self, module: Viewed) -> None:
        self._module = module

    def read(self, address: int, out: Array) -> bool:
        view = self.try_view(address, out.nbytes)
        if view is not None:
            out.reshape(-1).view(np.uint8)[:] = view
        return view is not None

    def write(self, address: int, data: Array) -> bool:
        view = self.try_view(address, data.nbytes)
        if view is not None:
            view[:] = data.reshape(-1).view(np.uint8)
        return view is not None

    def try_view(self, address: int, size_bytes: int) -> Array | None:
        """The bytes themselves; None where they leave the memory."""
        try:
            return self._module.view(address, size_bytes, np.uint8)
        except IndexError:
            return None
