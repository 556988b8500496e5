"""What a program sees that has no mesh: decals. Made when the first one is asked for.

Owns: the parts, their order in a frame, and their end.
"""

from __future__ import annotations

from layerw.effects.decals import Decals
from layerw.frame.resources import Resources
from layerw.scene.table import Table


class Effects:
    """`step` once a frame, before visibility."""

    def __init__(self, table: Table, resources: Resources) -> None:
        self.decals = Decals(table, resources)

    def step(self) -> None:
        """Lets go of what nobody has any more."""
        self.decals.step()

    def close(self) -> None:
        """Ends everything; no entity may be left."""
        self.decals.close()
