"""Cameras of a glTF file: which one a node has. One that breaks a rule is left out with a warning; the model stays.

Source: glTF 2.0, 3.10.
"""

from __future__ import annotations

import math

from layerw.assets.gltf import Document
from layerw.assets.items import GltfError, Item
from layerw.base.ports import CameraDesc

FOV_MAX = math.nextafter(math.pi, 0)


def camera_of(doc: Document, node: Item) -> CameraDesc | None:
    """The camera of a node, if it has one."""
    if "camera" not in node:
        return None
    try:
        _, item = doc.named(node, "camera", "cameras")
        kind = item.choice("type", "", ("perspective", "orthographic"))
        lens = item.object(kind)
        near = lens.number("znear", 0.1, 0.0)
        if kind == "perspective":
            size = lens.number("yfov", 1.0)
            if not 0.0 < size <= FOV_MAX:
                raise lens.wrong("yfov", "an angle between 0 and pi")
        else:
            size = 2 * abs(lens.number("ymag", 1.0))
            if size == 0:
                raise lens.wrong("ymag", "a number other than 0")
        return CameraDesc(item.label(), kind, size, near or 1e-3)
    except GltfError as error:
        doc.warn(f"A camera is left out: {error}")
        return None
