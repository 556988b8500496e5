"""Colour grades: a (32, 32, 32, 3) cube of sRGB colours as the 1024 x 32 texture that web/shaders/tone.wgsl reads."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from layerw.base import checks
from layerw.base.errors import ConfigError, ShapeError
from layerw.scene.textures import Texture

LUT_SIDE = 32


def lut_texture(value: Texture | npt.ArrayLike) -> Texture:
    """A LUT as the texture that the shader reads. Raises ShapeError."""
    if isinstance(value, Texture):
        if value.check_live().state in ("waiting", "loading"):
            raise ConfigError("View lut is a texture that is not here yet; set it in a function that texture.on_ready "
                              "calls, once something shows it.")
        if (value.width, value.height) != (LUT_SIDE * LUT_SIDE, LUT_SIDE):
            raise ShapeError(f"View lut is a texture of {value.width} x {value.height} pixels; it takes 1024 x 32.")
        return value
    cube = checks.as_array(value)
    if cube.shape not in ((LUT_SIDE,) * 3 + (3,), (LUT_SIDE,) * 3 + (4,)) or not (
            cube.dtype == np.uint8 or cube.dtype.kind == "f"):  # fmt: skip
        raise ShapeError(f"View lut has shape {cube.shape} and dtype {cube.dtype}; it takes (32, 32, 32, 3), uint8 or "
                         f"floats from 0 to 1.")
    if cube.dtype != np.uint8:
        if not (np.isfinite(cube) & (cube >= 0) & (cube <= 1)).all():
            raise ShapeError(f"View lut has floats from {cube.min():g} to {cube.max():g}; it takes uint8, or floats "
                             f"from 0 to 1.")
        cube = np.rint(cube.astype(np.float64) * 255).astype(np.uint8)
    rgba = np.full((LUT_SIDE, LUT_SIDE, LUT_SIDE, 4), 255, np.uint8)  # [green, blue, red]: rows, blocks, columns
    rgba[..., :3] = cube[..., :3].transpose(1, 2, 0, 3)
    return Texture(rgba.reshape(LUT_SIDE, LUT_SIDE * LUT_SIDE, 4), srgb=False, wrap="clamp")
