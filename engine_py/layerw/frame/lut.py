"""Colour grades: a (32, 32, 32, 3) cube of sRGB colours as the 1024 x 32 texture that web/shaders/tone.wgsl reads."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from layerw.base import checks
from layerw.base.errors import ShapeError
from layerw.scene.textures import Texture

LUT_SIDE = 32


def lut_texture(value: Texture | npt.ArrayLike) -> Texture:
    """A LUT as the texture that the shader reads. Raises ShapeError."""
    if isinstance(value, Texture):
        value.check_live()
        if (value.width, value.height) != (LUT_SIDE * LUT_SIDE, LUT_SIDE):
            raise ShapeError(f"View lut is a texture of {value.width} x {value.height} pixels; it takes 1024 x 32.")
        return value
    cube = checks.as_array(value)
    if cube.shape not in ((LUT_SIDE,) * 3 + (3,), (LUT_SIDE,) * 3 + (4,)) or cube.dtype.kind not in "uif":
        raise ShapeError(f"View lut is {checks.shown(value)} of shape {cube.shape}; it takes (32, 32, 32, 3) numbers.")
    if cube.dtype != np.uint8:
        if not np.isfinite(cube).all():
            raise ShapeError("View lut has NaN or infinity; it takes uint8, or floats from 0 to 1.")
        cube = np.clip(np.rint(cube.astype(np.float64) * 255), 0, 255).astype(np.uint8)
    rgba = np.full((LUT_SIDE, LUT_SIDE, LUT_SIDE, 4), 255, np.uint8)  # [green, blue, red]: rows, blocks, columns
    rgba[..., :3] = cube[..., :3].transpose(1, 2, 0, 3)
    return Texture(rgba.reshape(LUT_SIDE, LUT_SIDE * LUT_SIDE, 4), srgb=False, wrap="clamp")
