"""Points of a file as DISC elements (gpu/spec.py): the twin of web/transfer/decode/discs.js.

Owns: the size of points: how far they lie from each other, if they cover the largest side of their box evenly.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from layerw.hosts.containers import FormatError
from layerw.hosts.meshes.descriptor import F64, Plan, Source
from layerw.hosts.meshes.vertices import turned

DISC = np.dtype({"names": ["position", "color", "size"], "offsets": [0, 12, 16],
                 "formats": [("<f4", 3), ("<u1", 4), "<f4"], "itemsize": 20})  # fmt: skip
_SIZE_MIN_M = 1e-6


def build_discs(plan: Plan) -> tuple[npt.NDArray[Any], npt.NDArray[np.float32]]:
    """The elements; least and greatest position, and the radius around their middle. Raises FormatError."""
    if (plan.vertices, plan.indices) != (plan.count, 0):
        raise FormatError(f"Discs were planned as {plan.vertices} points and {plan.indices} indices, but there are "
                          f"{plan.count} points.")
    out = np.zeros(plan.count, DISC)
    out["position"] = turned(plan.matrix, plan.attributes["position"].floats, 1.0)
    if not np.isfinite(out["position"]).all():
        raise FormatError("The position of a point is not finite.")
    color = plan.attributes.get("color")
    out["color"] = 255 if color is None else _colors(color, plan.srgb_colors)
    positions = out["position"].astype(np.float64)
    low, high = positions.min(0, initial=np.inf), positions.max(0, initial=-np.inf)
    sides = np.sort(high - low)[::-1]
    size = max(float(np.sqrt(2 * sides[0] * sides[1] / plan.count)), sides[0] / plan.count, _SIZE_MIN_M)
    out["size"] = size
    square = ((positions - (low + high) / 2) ** 2).sum(1).max(initial=0.0)
    return out, np.array([*low, *high, np.sqrt(square) + size], np.float32)


def _colors(source: Source, srgb: bool) -> npt.NDArray[np.uint8]:
    values = source.floats
    if values.shape[1] == 1:
        packed = np.floor(values[:, 0] * 65535 + 0.5 if source.normalized else values[:, 0]).astype(np.int64)
        red, green, blue = packed >> 11, packed >> 5 & 63, packed & 31
        return np.stack([red << 3 | red >> 2, green << 2 | green >> 4, blue << 3 | blue >> 2,
                         np.full(len(packed), 255)], 1).astype(np.uint8)  # fmt: skip
    scale = 255 if source.normalized or source.items.dtype == np.float32 else 1
    made = np.full((len(values), 4), 255, np.uint8)
    shares = np.clip(values[:, :3] * scale / 255, 0, 1)
    made[:, :3] = np.floor(255 * (shares if srgb else _encoded(shares)) + 0.5)
    if values.shape[1] == 4:
        made[:, 3] = np.floor(np.clip(values[:, 3] * scale, 0, 255) + 0.5)
    return made


def _encoded(linear: F64) -> F64:
    return np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
