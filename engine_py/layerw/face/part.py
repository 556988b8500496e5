"""What every part of App has: the engine."""

from __future__ import annotations

from typing import TYPE_CHECKING

from layerw.base import checks
from layerw.scene.entity import Entities
from layerw.scene.row_values import check_owner

if TYPE_CHECKING:
    from layerw.engine import Engine
    from layerw.net.net import Net


class Part:
    """The engine of App, which is made of such parts, and what several of them ask of it; it holds nothing itself."""

    __slots__ = ()
    _engine: Engine

    def _net(self) -> Net:
        from layerw.net.net import Net

        return self._engine.subsystems.get("net", Net)

    def _own(self, name: str, entities: Entities) -> Entities:
        found = checks.instance(name, entities, Entities, "an Entity or Entities")
        check_owner(name, found, self._engine.table)
        return found
