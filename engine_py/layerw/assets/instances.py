"""Nodes whose mesh is shown many times: EXT_mesh_gpu_instancing, as numbers that Python reads.

Limits: INSTANCES_MAX a model.
"""

from __future__ import annotations

import numpy as np

from layerw.assets.accessors import Accessor, resolve_accessor
from layerw.assets.gltf import Document
from layerw.assets.items import GltfError, Item
from layerw.assets.numbers import Numbers
from layerw.base.ports import F32

NAME = "EXT_mesh_gpu_instancing"
INSTANCES_MAX = 1 << 20
_PARTS = (("TRANSLATION", "translation", 0, 3), ("ROTATION", "rotation", 3, 7), ("SCALE", "scale", 7, 10))
_REST = (0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0, 1.0, 1.0, 1.0)
Parts = tuple[tuple[int, int, Accessor], ...]  # columns of an instance, first and end


def instances_of(doc: Document, node: Item, numbers: Numbers) -> Parts:
    """Accessors of a node's instances; none where it is shown once. Raises GltfError."""
    held = node.extension(NAME)
    if held is None:
        return ()
    attributes = held.object("attributes")
    found = []
    for name, semantic, first, end in _PARTS:
        if name in attributes:
            accessor = resolve_accessor(doc, attributes.integer(name), semantic, attributes.at(name))
            found.append((first, end, numbers.add(accessor)))
    counts = {accessor.count for _, _, accessor in found}
    if len(counts) != 1 or max(counts) > INSTANCES_MAX:
        raise attributes.error(f"give {sorted(counts)} instances; all must be as many, 1 to {INSTANCES_MAX}.")
    return tuple(found)


def read_instances(parts: Parts, numbers: Numbers, payload: bytes) -> F32:
    """(n, 10): translation, rotation, scale. Raises GltfError."""
    count = parts[0][2].count
    rows = np.tile(np.array(_REST, np.float32), (count, 1))
    for first, end, accessor in parts:
        rows[:, first:end] = numbers.read(accessor, payload)
    lengths = np.linalg.norm(rows[:, 3:7], axis=1)
    if not np.isfinite(rows).all() or not (lengths > 0).all():
        raise GltfError("Instances have numbers that are not finite, or rotations of length 0.")
    rows[:, 3:7] /= lengths[:, None]
    return rows
