"""The physics module (engine_py/kernels/rigid); alone.py says how it runs."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from layerw.kernels import alone, far
from layerw.kernels.gen.rigid import SIGNATURES

if TYPE_CHECKING:
    from layerw.base.host_port import MemoryHost
    from layerw.kernels.gen.rigid import RigidKernels

_NAME = "rigid"
_MISSING = ("Physics was not built: Box3D's sources were not to be had when layerw was installed. In a checkout `make "
            "physics` fetches and builds it; elsewhere install layerw again with a network that reaches PyPI. A page "
            "fetches it for programs whose own files say physics, Body or Character.")


def is_built() -> bool:
    """Whether there is physics here."""
    return alone.is_built(_NAME)


@cache
def load() -> RigidKernels:
    """Its functions. Raises KernelsMissing."""
    return cast("RigidKernels", alone.load(_NAME, SIGNATURES, _MISSING))


def try_load_shared(host: MemoryHost) -> tuple[RigidKernels, far.Threads] | None:
    """Its functions on memory that threads share, and who starts them; None where a page has none."""
    return far.try_load(_NAME, SIGNATURES, host)


def pose_array(count: int) -> Any:
    """(count, 7) float32 of bodies at the origin."""
    poses = np.zeros((count, 7), np.float32)
    poses[:, 6] = 1
    return poses
