"""Turns DRAW_RECORDs of a pass into runs: what one draw call draws; the twin of web/backends/common/runs.js.

Skips records whose mesh or material is not ready; joins neighbours of one mesh, material and flags whose instances
follow each other. Keeps the order.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from layerw.gpu.spec import DRAW_STILL, MATERIAL_NO_SHADOW
from layerw.hosts.native.records import MaterialRecord, MeshRecord

Records = npt.NDArray[np.uint32]


class Known(NamedTuple):
    """How many rows draws may index: the still ones lie first in the buffer."""

    visible: int
    still: int


@dataclass(slots=True)
class Run:
    """One draw."""

    mesh: MeshRecord
    material: MaterialRecord
    first: int
    instances: int
    flags: int


@dataclass(slots=True)
class Runs:
    """Of one list; outside: draws past the rows that there are."""

    all: list[Run] = field(default_factory=list)
    triangles: int = 0
    outside: int = 0


def collect(records: Records, meshes: dict[int, MeshRecord], materials: dict[int, MaterialRecord], known: Known,
            shadow: bool) -> Runs:  # fmt: skip
    """The runs of a list; shadow: without what throws none."""
    found = Runs()
    last: Run | None = None
    for mesh_handle, material_handle, first, count, flags in records[:, :5].tolist():
        mesh, material = meshes.get(mesh_handle), materials.get(material_handle)
        if mesh is None or material is None or not mesh.ready or not material.ready:
            continue
        if shadow and material.flags & MATERIAL_NO_SHADOW:
            continue
        is_still = flags & DRAW_STILL
        if first + count > (known.still if is_still else known.visible):
            found.outside += 1
            continue
        if count == 0:
            continue
        start, flags = first if is_still else known.still + first, flags & ~DRAW_STILL
        found.triangles += count * mesh.triangles
        if (last is not None and last.mesh is mesh and last.material is material and last.flags == flags
                and start == last.first + last.instances):  # fmt: skip
            last.instances += count
        else:
            last = Run(mesh, material, start, count, flags)
            found.all.append(last)
    return found
