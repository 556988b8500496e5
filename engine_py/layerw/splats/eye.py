"""Where a cloud is, from the eye: what its order is made by."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from layerw.base.mathx import matrix_from_quat
from layerw.base.ports import F64
from layerw.scene.camera import CameraFrame
from layerw.scene.table import FrameColumns


def from_eye(columns: FrameColumns, row: int, camera: CameraFrame) -> tuple[F64, F64]:
    """The matrix and the offset that bring a place of a row to metres from the eye; along the line of sight only where
    the projection is parallel."""
    scale, shear = columns.scale[row].astype(np.float64), columns.shear[row].astype(np.float64)
    stretch = np.diag(scale)
    stretch[0, 1], stretch[0, 2], stretch[1, 2] = shear
    return seen_from(matrix_from_quat(columns.rotation[row]) @ stretch, columns.position[row], camera)


def seen_from(matrix: F64, place: npt.ArrayLike, camera: CameraFrame) -> tuple[F64, F64]:
    """As from_eye, of a matrix and a place."""
    offset = np.asarray(place, np.float64) - camera.position
    if camera.is_parallel:
        along = np.outer(camera.forward, camera.forward)
        return along @ matrix, along @ offset
    return matrix, offset
