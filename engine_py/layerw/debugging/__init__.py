"""The debugger of a program that `layerw run` serves: where it stands, stacks, values, steps.

Owns: what it imports is imported by the first `breakpoint()`, or where an editor asks; until then nothing of it costs
anything, and exports have nothing of it. Does not: run without a page whose engine has a worker that may wait.
"""

from __future__ import annotations

import sys
from typing import Any

from .debugger import Debugger as Debugger


def here(*_values: Any, **_named: Any) -> None:
    """What `breakpoint()` calls."""
    Debugger.of_page().here(sys._getframe(1))
