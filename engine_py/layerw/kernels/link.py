"""Layer memory's kernels as Python calls them in the page: through Pyodide's table, 0.06 µs a call and no crossing.

Owns: handing the table indices to the stubs of the in-place module. Does not open the memory (web/kernels/layer.js).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import numpy as np

from layerw.base.errors import LayerwError
from layerw.kernels import inplace
from layerw.kernels.gen.api import LAYER_NAMES, LayerKernels


def link(indices: Sequence[int]) -> LayerKernels:
    """The kernels by table index, in the order of LAYER_NAMES.

    Raises:
        LayerwError: no Pyodide, or the page's kernels are of another build.
    """
    module: Any = inplace.load()
    if module is None or len(indices) != len(LAYER_NAMES):
        raise LayerwError(f"The page linked {len(indices)} kernels, but this engine has {len(LAYER_NAMES)}; the files "
                          "in kernels/ are of another build: reload without the cache, or export again.")
    module.link(np.asarray(indices, np.uint32))
    return cast("LayerKernels", module)
