"""Lights of a model that a tile shows many times (i3dm): one where each of its instances stands.

Owns: the plan (what is read) and the nodes made of it. Limits: nodes.py's TILE_LIGHTS_MAX a tile, all of its lights.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from layerw.assets.gltf import Document
from layerw.assets.items import GltfError
from layerw.assets.nodes import TILE_LIGHTS_MAX, Tree
from layerw.assets.numbers import Numbers
from layerw.assets.placements import TilePlaces, plan_tile_places, tile_matrices
from layerw.base.mathx import decompose
from layerw.base.ports import F64, LightDesc, NodeDesc


@dataclass(slots=True)
class InstanceLight:
    """`frame` @ each of `places` @ `inner`."""

    frame: F64
    places: TilePlaces
    inner: F64
    light: LightDesc
    name: str


def plan_instance_lights(doc: Document, tree: Tree, flatten: F64, numbers: Numbers) -> list[InstanceLight]:
    """Of a tile. Raises GltfError."""
    found = []
    for row, (above, item), light in tree.instance_lights:
        if row not in tree.hidden:
            inner = np.linalg.inv(tree.worlds[above]) @ tree.worlds[row]
            found.append(InstanceLight(flatten @ tree.worlds[above], plan_tile_places(doc, item, numbers), inner, light,
                                       tree.nodes[row].name))  # fmt: skip
    return found


def read_instance_lights(plans: list[InstanceLight], numbers: Numbers, payload: bytes, room: int,
                         warnings: list[str]) -> list[NodeDesc]:  # fmt: skip
    """Nodes that shine, `room` at most, in the tile's own frame; those that are left out are told."""
    found: list[NodeDesc] = []
    wanted = 0
    for plan in plans:
        wanted += plan.places.count
        try:
            rows = tile_matrices(plan.places, numbers, payload)[: max(room - len(found), 0)]
            matrices = plan.frame @ rows @ plan.inner
        except GltfError as error:
            warnings.append(f"Lights of instances are left out: {error}")
            continue
        for matrix in matrices:
            place, turn, _ = decompose(matrix)
            x, y, z = (float(value) for value in place)
            i, j, k, w = (float(value) for value in turn)
            found.append(NodeDesc(-1, (x, y, z), (i, j, k, w), (1.0, 1.0, 1.0), plan.name, plan.light))
    if wanted > room:
        warnings.append(f"{wanted - room} lights of instances are left out: a tile has at most {TILE_LIGHTS_MAX}.")
    return found
