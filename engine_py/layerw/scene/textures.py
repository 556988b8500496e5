"""Textures of programs: pixels that they give, or that a view draws.

Owns: CPU data and settings; frame/resources.py turns each into one GPU texture when it is first used.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from layerw.base import checks
from layerw.base.errors import ShapeError
from layerw.gpu import spec

SIDE_MAX = 8192
FILTERS = ("linear", "nearest")
WRAPS = {"repeat": 0, "clamp": spec.SAMPLER_CLAMP_S | spec.SAMPLER_CLAMP_T,
         "mirror": spec.SAMPLER_MIRROR_S | spec.SAMPLER_MIRROR_T}  # fmt: skip
U8 = npt.NDArray[np.uint8]


class Texture:
    """An image for materials.

    Args:
        pixels: (height, width, 3 or 4) uint8, upper row first; copied.
        filter: "linear" or "nearest".
        wrap: beyond its edges: "repeat", "clamp" or "mirror".
        srgb: whether the numbers are sRGB (colours) or linear (everything else).

    Raises:
        ShapeError: pixels of another shape or type, or more than 8192 on a side.

    A texture that views draw is made by `Texture.target(width, height)`.
    """

    __slots__ = ("__weakref__", "height", "is_target", "pixels", "sampler", "srgb", "width")

    def __init__(self, pixels: npt.ArrayLike, *, filter: str = "linear", wrap: str = "repeat",
                 srgb: bool = True) -> None:  # fmt: skip
        given = checks.as_array(pixels)
        if given.ndim != 3 or given.shape[2] not in (3, 4) or given.dtype != np.uint8 or 0 in given.shape:
            raise ShapeError(f"Texture pixels has shape {given.shape} and dtype {given.dtype}; it takes (height, "
                             f"width, 3 or 4) uint8.")
        if max(given.shape[:2]) > SIDE_MAX:
            raise ShapeError(f"Texture pixels has {given.shape[1]} x {given.shape[0]} pixels; a side takes at most "
                             f"{SIDE_MAX}.")
        rgba = np.full((*given.shape[:2], 4), 255, np.uint8)
        rgba[..., : given.shape[2]] = given
        self._set(rgba, filter, wrap, srgb, is_target=False)

    @classmethod
    def target(cls, width: int, height: int, *, filter: str = "linear", wrap: str = "clamp") -> Texture:
        """A texture that a view draws (`app.add_view(camera, target=...)`): black until then.

        Args:
            width, height: pixels, 1 to 8192.
        """
        size = (checks.whole("Texture height", height, 1, SIDE_MAX), checks.whole("Texture width", width, 1, SIDE_MAX))
        made = cls.__new__(cls)
        made._set(np.broadcast_to(np.array((0, 0, 0, 255), np.uint8), (*size, 4)), filter, wrap, True, is_target=True)
        return made

    def _set(self, rgba: U8, filter: str, wrap: str, srgb: bool, *, is_target: bool) -> None:
        nearest = checks.one_of("Texture filter", filter, FILTERS) == "nearest"
        wraps = WRAPS[checks.one_of("Texture wrap", wrap, WRAPS)]
        self.pixels, self.srgb, self.is_target = rgba, checks.flag("Texture srgb", srgb), is_target
        self.height, self.width = rgba.shape[:2]
        self.sampler = wraps | (spec.SAMPLER_NEAREST if nearest else 0)
