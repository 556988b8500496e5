"""Gaussian splats in glTF: primitives of points with KHR_gaussian_splatting.

Owns: which accessors are theirs, checked as every accessor is. Does not: read or draw them (layerw.splats does).
Source: KHR_gaussian_splatting (2026): scale and opacity are linear, rotation xyzw; harmonics by degree and order.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from layerw.assets.accessors import Accessor, resolve_accessor
from layerw.assets.gltf import Document
from layerw.assets.items import Item
from layerw.base.ports import F64

EXTENSION = "KHR_gaussian_splatting"
DEGREE_MAX = 3
SPACES = ("srgb_rec709_display", "lin_rec709_display")
_NAMES = {"rotation": "ROTATION", "scale": "SCALE", "opacity": "OPACITY", "color": "SH_DEGREE_0_COEF_0"}
_CHECKED_AS = {"rotation": "rotation", "scale": "scale", "opacity": "morph_weights", "color": "translation"}


@dataclass(slots=True)
class SplatPlan:
    """Of one primitive. accessors: by position, rotation, scale, opacity, color, and harmonics as "degree order"."""

    path: str
    accessors: dict[str, Accessor]
    degree: int
    is_linear: bool
    nodes: list[int] = field(default_factory=list)  # that show it; -1: the tile
    matrix: F64 | None = None  # of a tile: brings them to its axes

    @property
    def count(self) -> int:
        """Of its splats."""
        return self.accessors["position"].count


def plan_splats(doc: Document, primitive: Item, shown: Item, degree: int = DEGREE_MAX) -> SplatPlan:
    """shown: the extension; degree: of the harmonics that are wanted, at most. Raises GltfError."""
    if primitive.integer("mode", 4) != 0:
        raise primitive.wrong("mode", f"0 (points), as {EXTENSION} says")
    if shown.text("kernel", "ellipse") != "ellipse":
        raise shown.wrong("kernel", "ellipse")
    space = shown.choice("colorSpace", SPACES[0], SPACES)
    attributes = primitive.object("attributes")
    wanted = {"position": ("POSITION", "position")}
    wanted |= {name: (f"{EXTENSION}:{said}", _CHECKED_AS[name]) for name, said in _NAMES.items()}
    found_degree = 0
    for one in range(1, degree + 1):
        orders = {f"{one} {order}": f"{EXTENSION}:SH_DEGREE_{one}_COEF_{order}" for order in range(2 * one + 1)}
        if not any(said in attributes for said in orders.values()):
            break
        wanted |= {name: (said, "translation") for name, said in orders.items()}
        found_degree = one
    found = {name: resolve_accessor(doc, attributes.integer(said), semantic, attributes.at(said))
             for name, (said, semantic) in wanted.items()}  # fmt: skip
    count = found["position"].count
    for name, accessor in found.items():
        if accessor.count != count:
            raise attributes.error(f"has {accessor.count} of {name}, but {count} positions.")
    return SplatPlan(primitive.path, found, found_degree, space == SPACES[1])
