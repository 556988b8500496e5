"""Kinds of ground by name, for bake, streaming and shaders: each a layer of a world's ground textures.

Owns: which there are, in the order of their layers, and what a shader needs to know of each besides its texels
(web/shaders/gen/ground_kinds.wgsl has the same). Colours are bake's. Appending is fine; a world states how many it has.
"""

from __future__ import annotations

from typing import NamedTuple


class GroundKind(NamedTuple):
    """metres: of the ground that its texture covers, 2 or 4. roughness: sixteenths."""

    name: str
    metres: int
    roughness: int


KINDS = (
    GroundKind("grass", 2, 13), GroundKind("dry_grass", 2, 14), GroundKind("moss", 2, 14), GroundKind("heath", 2, 14),
    GroundKind("soil", 2, 14), GroundKind("sand", 2, 14), GroundKind("wet_sand", 2, 9), GroundKind("gravel", 2, 13),
    GroundKind("pebbles", 2, 11), GroundKind("rock", 4, 13), GroundKind("cliff", 4, 13),
    GroundKind("scree", 4, 14), GroundKind("snow", 4, 9), GroundKind("mud", 2, 8),
    GroundKind("red_rock", 4, 14), GroundKind("asphalt", 2, 13),
)  # fmt: skip
NAMES = tuple(kind.name for kind in KINDS)
LAYERS_MAX = 16
SIDE = 512  # texels of a layer
CONTROL_CELLS = 128  # of a tile's control texture along a side; it has a texel more on each side, and one at its end
CONTROL_TEXELS = CONTROL_CELLS + 3
GRID = 4  # layers along a side of the two pictures that a world has of them


def number(name: str) -> int:
    """The layer of a kind. Raises ValueError where there is none of that name."""
    return NAMES.index(name)
