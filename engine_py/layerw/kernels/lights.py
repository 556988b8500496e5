"""The kernels that sort lights into clusters: in place where there is Pyodide, numpy elsewhere. As geometry.py.

The contract is in engine_py/kernels/lights/clusters.h.
"""

from __future__ import annotations

from typing import Any, Protocol

from layerw.kernels import inplace

Address = Any


class LightKernels(Protocol):
    """The part of gen.api.Kernels that lights need."""

    def lw_lights_seen(self, view: Address, spheres: Address, power: Address, count: int, keys: Address,
                       order: Address, found: Address) -> int: ...
    def lw_light_lists(self, frame: Address, edges: Address, grid: Address, lights: Address, spheres: Address,
                       order: Address, count: int, everywhere: int, rows: Address, table: Address, lists: Address,
                       found: Address) -> None: ...


def _chosen() -> LightKernels:
    found = inplace.load()
    if found is not None:
        return found
    from layerw.kernels.twins.lights import NumpyLightKernels

    return NumpyLightKernels()


LIGHTS: LightKernels = _chosen()
