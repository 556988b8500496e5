"""The sea in the frame.

Owns: its mesh and material, made when a sea level is first set, and its one row. Waves are the shader's.
"""

from __future__ import annotations

import math

import numpy as np

from layerw.base.ports import F64, NO_TILES, MaterialDesc, TileDraw
from layerw.frame.resources import Resources
from layerw.gpu.spec import MATERIAL_BLEND, MATERIAL_NO_SHADOW
from layerw.scene.environment import Sea
from layerw.scene.sea import SNAP_M, sea_mesh
from layerw.scene.shapes import Mesh


class SeaSurface:
    """A level surface around the camera, out to the horizon."""

    def __init__(self, resources: Resources) -> None:
        self._resources = resources
        self._mesh: Mesh | None = None
        self._material = 0
        self._desc: MaterialDesc | None = None

    def draw(self, sea: Sea, camera: F64) -> TileDraw:
        """This frame's row; nothing where there is no sea level."""
        if sea.level is None:
            return NO_TILES
        self._mesh = self._mesh or sea_mesh()
        mesh = self._resources.mesh(self._mesh)
        self._refresh(sea)
        x, _, z = np.round(camera / SNAP_M) * SNAP_M
        origin = np.array([[x, sea.level, z]])
        # A sphere around it whose middle is the farthest of all that blends: words, smoke and glass above the sea are
        # drawn over it, wherever the middle of its own mesh happens to be.
        reach = self._mesh.data.radius
        middle, radius = origin - (0.0, reach, 0.0), math.sqrt(2.0) * reach
        return TileDraw(
            np.array([mesh], np.uint32), np.array([self._material], np.uint32), np.ones(1, np.bool_), origin,
            np.array([[0, 0, 0, 1]], np.float32), np.ones((1, 3), np.float32), middle,
            np.array([radius], np.float32),
        )  # fmt: skip

    def _refresh(self, sea: Sea) -> None:
        desc = MaterialDesc(kind="water", base_color=(*sea.color, 1.0), roughness=sea.roughness,
                            water_clarity_m=sea.clarity_m, flags=MATERIAL_BLEND | MATERIAL_NO_SHADOW)  # fmt: skip
        if desc == self._desc:
            return
        if self._material:
            self._resources.store.write_material(self._material, desc)
        else:
            self._material = self._resources.store.create_material(desc)
        self._desc = desc

    def close(self) -> None:
        """Frees the material; the mesh belongs to the resources."""
        if self._material:
            self._resources.store.destroy_material(self._material)
        self._material, self._desc, self._mesh = 0, None, None
