"""The navigation module (engine_py/kernels/navigation); alone.py says how it runs."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, cast

from layerw.kernels import alone
from layerw.kernels.gen.navigation import SIGNATURES

if TYPE_CHECKING:
    from layerw.kernels.gen.navigation import NavigationKernels

_NAME = "navigation"
_MISSING = ("Navigation was not built: Recast's sources were not to be had when layerw was installed. In a checkout "
            "`make navigation` fetches and builds it; elsewhere install layerw again with a network that reaches "
            "Debian's mirrors. A page fetches it for programs whose own files say navigation.")


def is_built() -> bool:
    """Whether there is navigation here."""
    return alone.is_built(_NAME)


@cache
def load() -> NavigationKernels:
    """Its functions. Raises KernelsMissing."""
    return cast("NavigationKernels", alone.load(_NAME, SIGNATURES, _MISSING))
