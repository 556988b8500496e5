"""What animation asks of a model to change beside its nodes and materials. content/staged.py is one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol


class Stage(Protocol):
    """What stands at the nodes of a model, for clips to change; `node` is a row of its nodes."""

    def show(self, node: int, visible: bool) -> None: ...
    def shine(self, node: int, name: str, values: Sequence[float]) -> None: ...
    def see(self, node: int, name: str, value: float) -> None: ...
