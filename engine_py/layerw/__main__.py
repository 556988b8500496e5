"""`python -m layerw` is the command `layerw`, on CPython. The engine itself knows nothing of it."""

from __future__ import annotations

import runpy
import sys
from importlib.util import find_spec

if __name__ == "__main__":
    if find_spec("layerw_server") is None:
        sys.exit("layerw: the command line (layerw_server) is not installed beside the engine.")
    runpy.run_module("layerw_server", run_name="__main__", alter_sys=True)
