"""Lights of a glTF file: which one a node has. A light that breaks a rule is left out with a warning; the model stays.

Source: KHR_lights_punctual.
"""

from __future__ import annotations

import math

from layerw.assets.gltf import Document
from layerw.assets.items import GltfError, Item
from layerw.base.ports import LightDesc

EXTENSION = "KHR_lights_punctual"
KINDS = ("directional", "point", "spot")
OUTER_ANGLE = math.pi / 4
ANGLE_STEP = 1e-3  # radians, between the angles of a cone


def light_of(doc: Document, node: Item) -> LightDesc | None:
    """The light of a node, if it has one."""
    try:
        used = node.extension(EXTENSION)
        if used is None:
            return None
        index = used.integer("light")
        lights = doc.root.extension(EXTENSION) or Item({}, f"extensions.{EXTENSION}")
        count = len(lights.array("lights"))
        if index >= count:
            raise GltfError(f"{used.at('light')} is {index}, but {lights.at('lights')} has {count} items.")
        return _light(lights.element("lights", index))
    except GltfError as error:
        doc.warn(f"A light is left out: {error}")
        return None


def _light(item: Item) -> LightDesc:
    kind = item.choice("type", "", KINDS)
    red, green, blue = (min(max(part, 0.0), 1.0) for part in item.numbers("color", (1.0, 1.0, 1.0)))
    spot = item.object("spot")
    outer = spot.number("outerConeAngle", OUTER_ANGLE, ANGLE_STEP, math.pi / 2)
    inner = min(spot.number("innerConeAngle", 0.0, 0.0, math.pi / 2), outer - ANGLE_STEP)
    reach = item.number("range", 0.0, 0.0) or None
    return LightDesc(kind, (red, green, blue), item.number("intensity", 1.0, 0.0), reach if kind != "directional" else
                     None, *((inner, outer) if kind == "spot" else (None, None)))  # fmt: skip
